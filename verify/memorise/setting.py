"""The inputs of the memorisation study, read exactly and checked before any work."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from sympy import Rational

from boundcalc.exact import describe, exact_rational, fraction
from boundcalc.symbols import VARIABLES

__all__ = ["MemoriseSetting"]

_LARGEST_DIM = 1000
_LARGEST_N = 20_000
_LARGEST_BOUND = 10**6
_STREAMS = ("sample", "sphere", "labels", "monte carlo", "scaling")


@dataclass(frozen=True)
class MemoriseSetting:
    """Inputs of ``python -m verify.memorise``; everything random follows from ``seed``.

    Attributes
    ----------
    d, n : int
    eta : sympy.Rational
        Step size in (0, 2).
    bound : sympy.Rational
        L: sup norm of the pair, largest label of the interpolator.
    seed : int
    """

    d: int
    n: int
    eta: Rational
    bound: Rational
    seed: int

    @classmethod
    def parse(
        cls, dim: object, n: object, *, eta: object = "0.5", bound: object = 1, seed: object = 0
    ) -> MemoriseSetting:
        """Read every input exactly and check it.

        Raises
        ------
        ValueError, TypeError
            Naming the argument, what arrived and what to pass.

        Examples
        --------
        >>> MemoriseSetting.parse(20, "1e3").n
        1000
        >>> MemoriseSetting.parse(20, 1000, eta=2)
        Traceback (most recent call last):
        ...
        ValueError: eta must be a number with 0 < eta < 2 (above 2 nothing is stable), got 2 (int)
        """
        d = _whole("dim", VARIABLES["d"].exact(dim, "dim"), dim, _LARGEST_DIM)
        size = _whole("n", VARIABLES["n"].exact(n, "n"), n, _LARGEST_N)
        step = exact_rational("eta", eta)
        if not 0 < step < 2:
            raise ValueError(f"eta must be a number with 0 < eta < 2 (above 2 nothing is stable), got {describe(eta)}")
        largest = exact_rational("bound", bound)
        if not Rational(1, _LARGEST_BOUND) <= largest <= _LARGEST_BOUND:
            raise ValueError(f"bound must lie between 1e-6 and 1e6, got {describe(bound)}")
        number = exact_rational("seed", seed)
        if not number.is_Integer or not 0 <= number < 2**63:
            raise ValueError(f"seed must be an integer from 0 to 2^63 - 1, got {describe(seed)}")
        return cls(d, size, step, largest, int(number))

    def stream(self, use: str, index: int = 0) -> np.random.Generator:
        """The random stream of one use; different uses are independent."""
        return np.random.default_rng([self.seed, _STREAMS.index(use), index])

    @property
    def edge(self) -> Fraction:
        """2/eta."""
        return 2 / fraction(self.eta)

    def as_json(self) -> dict[str, object]:
        """Every input; exact numbers as text."""
        return {"dim": self.d, "n": self.n, "eta": str(self.eta), "bound": str(self.bound), "seed": self.seed}


def _whole(name: str, value: Rational, given: object, most: int) -> int:
    if not value.is_Integer or not 1 <= value <= most:
        raise ValueError(f"{name} must be an integer from 1 to {most}, got {describe(given)}")
    return int(value)
