"""The inputs of the study of lower bounds, read exactly and checked before any work."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from sympy import Rational

from boundcalc.exact import describe
from boundcalc.explicit.lower import parse, problem_of
from boundcalc.explicit.problem import Problem, Weight
from boundcalc.setting import Setting
from boundcalc.symbols import VARIABLES
from verify.lower_bound.series import LARGEST_LOG10_N
from verify.power_law import LEAST_POINTS, sizes_between

__all__ = ["LowerBoundSetting"]

_PER_DECADE = 4
_LARGEST_DIM = 64


@dataclass(frozen=True)
class LowerBoundSetting:
    """Inputs of the study, exact.

    Attributes
    ----------
    dims : tuple of int
    sizes : tuple of int
        Sample sizes, increasing.
    sigma, B, C : sympy.Rational
    weight : Weight
    """

    dims: tuple[int, ...]
    sizes: tuple[int, ...]
    sigma: Rational
    B: Rational
    C: Rational
    weight: Weight

    @classmethod
    def parse(
        cls,
        dims: Sequence[object],
        n: Sequence[object],
        *,
        noise: object = 1,
        sup: object = 1,
        norm: object = 1,
        weight: object = Weight.CANONICAL,
    ) -> LowerBoundSetting:
        """Read every input exactly and check it.

        Raises
        ------
        ValueError, TypeError
            Naming the argument, what arrived and what to pass.

        Examples
        --------
        >>> LowerBoundSetting.parse([2], ["1e2..1e4"]).sizes
        (100, 178, 316, 562, 1000, 1778, 3162, 5623, 10000)
        """
        chosen = []
        for value in dims:
            d = VARIABLES["d"].exact(value, "dims")
            if not d.is_Integer or not 1 <= d <= _LARGEST_DIM:
                raise ValueError(f"dims must be integers from 1 to {_LARGEST_DIM}, got {describe(value)}")
            chosen.append(int(d))
        if not chosen:
            raise ValueError("dims must hold at least one dimension, got none")
        sizes = sorted({size for token in n for size in _sizes(token)})
        if len(sizes) < LEAST_POINTS:
            raise ValueError(
                f"n must give at least {LEAST_POINTS} sample sizes, from which an exponent is fitted, got {len(sizes)}; "
                "pass a range such as 1e2..1e8"
            )
        return cls(
            tuple(dict.fromkeys(chosen)),
            tuple(sizes),
            VARIABLES["sigma"].exact(noise, "noise"),
            VARIABLES["B"].exact(sup, "sup"),
            VARIABLES["C"].exact(norm, "norm"),
            parse("weight", Weight, weight),
        )

    def base(self, d: int) -> Problem:
        """The problem in one dimension, at n = 1."""
        return problem_of(Setting.parse(d=d, n=1, sigma=self.sigma, B=self.B, C=self.C), self.weight)

    def as_json(self) -> dict[str, object]:
        """Every input; exact numbers as text."""
        return {
            "dims": list(self.dims),
            "n": [str(n) for n in self.sizes],
            "sigma": str(self.sigma),
            "B": str(self.B),
            "C": str(self.C),
            "weight": self.weight.value,
        }


def _sizes(token: object) -> list[int]:
    """The sample sizes of "a", "a,b,c" or "a..b" (a logarithmic grid)."""
    if isinstance(token, str) and "," in token:
        return [size for part in token.split(",") for size in _sizes(part)]
    if isinstance(token, str) and ".." in token:
        ends = [_size(part) for part in token.split("..", 1)]
        if not ends[0] < ends[1]:
            raise ValueError(f"n must be a range a..b with a < b, got {describe(token)}")
        logs = [math.log10(end) for end in ends]
        count = max(LEAST_POINTS, round(_PER_DECADE * (logs[1] - logs[0])) + 1)
        inner = sizes_between(logs[0], logs[1], count)[1:-1]
        return [ends[0], *inner, ends[1]]
    return [_size(token)]


def _size(token: object) -> int:
    n = VARIABLES["n"].exact(token, "n")
    if not n.is_Integer or n > 10**LARGEST_LOG10_N:
        raise ValueError(f"n must be whole numbers from 1 to 1e{LARGEST_LOG10_N}, got {describe(token)}")
    return int(n)
