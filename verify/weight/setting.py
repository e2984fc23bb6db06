"""The inputs of the weight study, read exactly and checked before any work."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from boundcalc.exact import describe, exact_rational
from verify.command import read_integer

__all__ = ["WeightSetting"]

_MOST_WORK = 2 * 10**10


def read_integers(name: str, values: object, least: int, most: int) -> tuple[int, ...]:
    """Distinct integers in [least, most], at least one."""
    if isinstance(values, (str, bytes)) or not isinstance(values, Sequence):
        raise TypeError(f"{name} must be a sequence of integers, got {describe(values)}")
    found = tuple(read_integer(name, value, least, most) for value in values)
    if not found or len(set(found)) < len(found):
        raise ValueError(f"{name} must hold at least one number and none twice, got {list(values)!r}")
    return found


@dataclass(frozen=True)
class WeightSetting:
    """Inputs of ``python -m verify.weight``.

    Attributes
    ----------
    dim : int
    sizes : tuple of int
        Sample sizes n, increasing, at least two.
    samples : int
        Independent samples of each size.
    directions : int
        Random directions u per sample; as many point to its outermost points. Every threshold t is looked at.
    points : int
        Points of the Monte Carlo check of the closed form.
    delta : Fraction
        Failure probability of Theorem D.
    seed : int
    """

    dim: int
    sizes: tuple[int, ...]
    samples: int
    directions: int
    points: int
    delta: Fraction
    seed: int

    @classmethod
    def parse(
        cls,
        dim: object = 5,
        sizes: object = (1024, 4096, 16384, 65536),
        *,
        samples: object = 8,
        directions: object = 24,
        points: object = 10**6,
        delta: object = "0.01",
        seed: object = 0,
    ) -> WeightSetting:
        """Read every input exactly and check it.

        Raises
        ------
        ValueError, TypeError
            Naming the argument, what arrived and what to pass.

        Examples
        --------
        >>> WeightSetting.parse(5, [1000])
        Traceback (most recent call last):
        ...
        ValueError: n must hold at least two sample sizes to fit an exponent, got [1000]
        """
        d = read_integer("dim", dim, 1, 1000)
        found = read_integers("n", sizes, 2, 10**7)
        if len(found) < 2:
            raise ValueError(f"n must hold at least two sample sizes to fit an exponent, got {list(found)!r}")
        share = exact_rational("delta", delta)
        if not 0 < share < 1:
            raise ValueError(f"delta must lie in (0, 1), got {describe(delta)}")
        count = read_integer("samples", samples, 2, 10**4)
        tried = read_integer("directions", directions, 1, 10**5)
        work = 2 * sum(found) * count * tried * (d + 4)
        if work > _MOST_WORK:
            raise ValueError(
                f"n, samples and directions must have a product of at most {_MOST_WORK:.0e} / (2 (dim + 4)), "
                f"got {sum(found)} * {count} * {tried}"
            )
        return cls(
            dim=d,
            sizes=tuple(sorted(found)),
            samples=count,
            directions=tried,
            points=read_integer("points", points, 1000, 10**9),
            delta=Fraction(int(share.p), int(share.q)),
            seed=read_integer("seed", seed, 0, 2**63 - 1),
        )

    def as_json(self) -> dict[str, object]:
        """The inputs, exact, as JSON types."""
        return {
            "dim": self.dim,
            "n": list(self.sizes),
            "samples": self.samples,
            "directions": self.directions,
            "points": self.points,
            "delta": str(self.delta),
            "seed": self.seed,
        }
