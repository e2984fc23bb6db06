"""The inputs of the study of lower bounds."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from boundcalc.exact import describe
from boundcalc.explicit.problem import Problem, Weight
from boundcalc.options import Reader, choice, integer
from boundcalc.symbols import VARIABLES
from verify.command import Setting, asked
from verify.lower_bound.series import LARGEST_LOG10_N
from verify.power_law import LEAST_POINTS, sizes_between

_PER_DECADE = 4


def _size(name: str, value: object) -> int:
    n = VARIABLES["n"].exact(value, name)
    if not n.is_Integer or n > 10**LARGEST_LOG10_N:
        raise ValueError(f"{name} must be whole numbers from 1 to 1e{LARGEST_LOG10_N}, got {describe(value)}")
    return int(n)


def _sizes(name: str, value: object) -> tuple[int, ...]:
    """The sample sizes of "a", "a,b,c" or "a..b" (a logarithmic grid)."""
    if isinstance(value, str) and "," in value:
        return tuple(size for part in value.split(",") for size in _sizes(name, part))
    if isinstance(value, str) and ".." in value:
        low, high = (_size(name, part) for part in value.split("..", 1))
        if not low < high:
            raise ValueError(f"{name} must be a range a..b with a < b, got {describe(value)}")
        logs = math.log10(low), math.log10(high)
        count = max(LEAST_POINTS, round(_PER_DECADE * (logs[1] - logs[0])) + 1)
        return (low, *sizes_between(*logs, count)[1:-1], high)
    return (_size(name, value),)


@dataclass(frozen=True)
class LowerBoundSetting(Setting):
    """Inputs of the study: dimensions, sample sizes (each a number, a list a,b,c or a range a..b), noise level and class.

    Examples
    --------
    >>> LowerBoundSetting.parse([2], ["1e2..1e4"]).n
    (100, 178, 316, 562, 1000, 1778, 3162, 5623, 10000)
    """

    dims: tuple[int, ...] = asked("dims", (1, 2, 3, 5), reader=integer(1, 64))
    n: tuple[int, ...] = asked("n", ("1e2..1e8",), reader=Reader("integer", _sizes), many=True)
    sigma: Fraction = asked("sigma")
    B: Fraction = asked("B")
    C: Fraction = asked("C")
    weight: Weight = asked("weight", reader=choice(Weight))

    @classmethod
    def complete(cls, values: dict[str, Any]) -> dict[str, Any]:
        """All sample sizes, in increasing order."""
        return values | {"n": tuple(sorted({size for sizes in values["n"] for size in sizes}))}

    def __post_init__(self) -> None:
        if len(self.n) < LEAST_POINTS:
            raise ValueError(
                f"n must give at least {LEAST_POINTS} sample sizes, from which an exponent is fitted, got {len(self.n)}; "
                "pass a range such as 1e2..1e8"
            )

    def base(self, d: int) -> Problem:
        """The problem in one dimension, at n = 1."""
        return Problem(d, Fraction(1), self.sigma, self.B, self.C, self.weight)

    def as_json(self) -> dict[str, object]:
        """Every input; exact numbers and the sample sizes, which may be huge, as text."""
        return super().as_json() | {"n": [str(n) for n in self.n]}
