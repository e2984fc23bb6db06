"""The inputs of the command, read exactly and checked before any work."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from boundcalc.exact import describe, exact_rational
from boundcalc.packing_numbers import PackingNumber, packing_number
from boundcalc.symbols import VARIABLES
from constructions.codes import FAMILIES

__all__ = ["AUTO", "CodesSetting"]

_LARGEST_DIM = 4096
_LARGEST_SIZE = 1_000_000
AUTO = "auto"


@dataclass(frozen=True)
class CodesSetting:
    """Inputs of the command.

    Attributes
    ----------
    d : int
    number : PackingNumber
        Bounds at the angle, and its cosine enclosed: codes keep the lower end, upper bounds the upper one.
    asked : str
        The angle as it was given.
    points : int
        Number of points needed.
    family : str
        A family, or "auto".
    thorough : bool
        Whether the slow families are tried too.
    max_size : int or None
    seed : int
    """

    d: int
    number: PackingNumber
    asked: str
    points: int
    family: str
    thorough: bool
    max_size: int | None
    seed: int

    @classmethod
    def parse(
        cls,
        dim: object,
        angle: object = None,
        *,
        cosine: object = None,
        points: object = 1,
        family: str = AUTO,
        thorough: bool = False,
        max_size: object = None,
        seed: object = 0,
    ) -> CodesSetting:
        """Read every input exactly, and refuse what no code can do.

        Raises
        ------
        ValueError, TypeError
            Naming the argument, what arrived and what to pass; for more points than an upper bound allows, the bound.

        Examples
        --------
        >>> CodesSetting.parse(8, 60).number.upper
        240
        """
        d = _whole("dim", VARIABLES["d"].exact(dim, "dim"), dim, 1, _LARGEST_DIM)
        if angle is None and cosine is None:
            angle = 60
        number = packing_number(d, angle, cosine=cosine)
        asked = f"{angle} degrees" if cosine is None else f"cosine {cosine}"
        needed = _whole("points", exact_rational("points", points), points, 1, 10**18)
        if needed > number.upper:
            raise ValueError(
                f"points must be at most {number.upper_bounds[0]}: no code in dimension {d} at {asked} has more, "
                f"got {describe(points)}; pass a smaller angle, or fewer points"
            )
        known = [AUTO, *(member.name for member in FAMILIES)]
        if family not in known:
            raise ValueError(f"family must be one of {', '.join(known)}, got {describe(family)}")
        most = (
            None
            if max_size is None
            else _whole("max_size", exact_rational("max_size", max_size), max_size, 1, _LARGEST_SIZE)
        )
        own_seed = _whole("seed", exact_rational("seed", seed), seed, 0, 2**63 - 1)
        return cls(d, number, asked, needed, family, thorough, most, own_seed)

    @property
    def cosine(self) -> Fraction:
        """Largest inner product that the code may have: cos(angle), rounded down where it is irrational."""
        return self.number.cosine[0]

    def as_json(self) -> dict[str, object]:
        """Every input; exact numbers as text."""
        return {
            "dim": self.d,
            "angle": self.asked,
            "cosine": str(self.cosine),
            "points": self.points,
            "family": self.family,
            "thorough": self.thorough,
            "max_size": self.max_size,
            "seed": self.seed,
        }


def _whole(name: str, value: Any, given: object, least: int, most: int) -> int:
    if not value.is_Integer or not least <= value <= most:
        raise ValueError(f"{name} must be an integer from {least} to {most}, got {describe(given)}")
    return int(value)
