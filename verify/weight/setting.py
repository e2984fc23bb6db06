"""The inputs of the weight study."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from boundcalc.options import integer
from verify.command import Setting, asked

_MOST_WORK = 2 * 10**10


@dataclass(frozen=True)
class WeightSetting(Setting):
    """Inputs of the weight study: ``samples`` independent samples of each of the sizes ``n``, in increasing order.

    In each sample ``directions`` random directions u are tried and as many to its outermost points, with every threshold t;
    ``draws`` are the points of the Monte Carlo check of the closed form, ``delta`` the failure probability of Theorem D.

    Examples
    --------
    >>> WeightSetting.parse(5, [1000])
    Traceback (most recent call last):
    ...
    ValueError: n must hold at least two sample sizes to fit an exponent, got 1000
    """

    dim: int = asked("dim", 5, reader=integer(1, 1000))
    n: tuple[int, ...] = asked("n", (1024, 4096, 16384, 65536), reader=integer(2, 10**7), many=True)
    samples: int = asked("samples")
    directions: int = asked("directions")
    draws: int = asked("draws")
    delta: Fraction = asked("delta")
    seed: int = asked("seed")

    def __post_init__(self) -> None:
        if len(self.n) < 2:
            raise ValueError(f"n must hold at least two sample sizes to fit an exponent, got {self.n[0]}")
        if 2 * sum(self.n) * self.samples * self.directions * (self.dim + 4) > _MOST_WORK:
            raise ValueError(
                f"n, samples and directions must have a product of at most {_MOST_WORK:.0e} / (2 (dim + 4)), "
                f"got {sum(self.n)} * {self.samples} * {self.directions}"
            )

    @classmethod
    def complete(cls, values: dict[str, object]) -> dict[str, object]:
        """The sizes in increasing order."""
        return values | {"n": tuple(sorted(values["n"]))}  # type: ignore[call-overload]
