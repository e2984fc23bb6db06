"""The inputs of the command for spherical codes."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from boundcalc.cached import cached_property
from boundcalc.options import integer, number
from boundcalc.packing_numbers import PackingNumber, packing_number
from verify.command import Setting, asked

AUTO = "auto"
_LARGEST_DIM = 4096
_ANY = number("a number", lambda _: True)


@dataclass(frozen=True)
class CodesSetting(Setting):
    """The dimension and the angle (or its cosine), how many ``points`` are needed, and which family may be built.

    ``thorough`` says whether the slow families are tried too.

    Examples
    --------
    >>> CodesSetting.parse(8, 60).number.upper
    240
    >>> CodesSetting.parse(8, 60, points=241)
    Traceback (most recent call last):
    ...
    ValueError: points must be at most 240 (...): no code in dimension 8 at 60 degrees has more, got 241; ...
    """

    dim: int = asked("dim", 12, reader=integer(1, _LARGEST_DIM))
    angle: Fraction | None = asked("angle", reader=_ANY)
    cosine: Fraction | None = asked("cosine", reader=_ANY)
    points: int = asked("points")
    code: str = asked("code")
    thorough: bool = asked("thorough")
    max_size: int | None = asked("max_size")
    seed: int = asked("seed")

    def __post_init__(self) -> None:
        if self.points > self.number.upper:
            raise ValueError(
                f"points must be at most {self.number.upper_bounds[0]}: no code in dimension {self.dim} at {self.asked} has "
                f"more, got {self.points}; pass a smaller angle, or fewer points"
            )

    @classmethod
    def complete(cls, values: dict[str, object]) -> dict[str, object]:
        """60 degrees where neither an angle nor a cosine is given."""
        return values | {"angle": Fraction(60)} if values["angle"] is values["cosine"] is None else values

    @cached_property
    def number(self) -> PackingNumber:
        """Bounds at the angle, and its cosine enclosed: codes keep the lower end, upper bounds the upper one."""
        return packing_number(self.dim, self.angle, cosine=self.cosine)

    @property
    def largest(self) -> Fraction:
        """Largest inner product that the code may have: cos(angle), rounded down where it is irrational."""
        return self.number.cosine[0]

    @property
    def asked(self) -> str:
        """The angle as it was given."""
        return f"{self.angle} degrees" if self.cosine is None else f"cosine {self.cosine}"

    def as_json(self) -> dict[str, object]:
        """Every input; exact numbers as text."""
        return {**super().as_json(), "angle": self.asked, "cosine": str(self.largest)}
