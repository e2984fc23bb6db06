"""A number that a search claims on purpose a little below what its design gives, so that claims are monotone.

A search in floats finds the largest value over a fixed set of designs, whatever the problem. That maximum is monotone in
n, sigma, B and C; the designs' exact values in the order in which rounding and interpolation picked them need not be. So
the search claims its maximum less a margin for its own errors, and the design certifies the claim: in ball arithmetic
its value is no less. Where it is less (an error of the search beyond the margin), its own value counts.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

from boundcalc.arb import Ball, ball
from boundcalc.explicit.family import Design
from boundcalc.explicit.problem import Problem

__all__ = ["Claim"]

_LOG_2 = math.log(2)


@dataclass(frozen=True)
class Claim:
    """A design, and the bound that it is to certify.

    Attributes
    ----------
    design : Design
    log_level : float
        Natural logarithm of the claimed bound, in units of B^2.
    """

    design: Design
    log_level: float

    @property
    def level(self) -> Fraction:
        """The claimed bound; also where its logarithm leaves the floats' range."""
        exponent = math.floor(self.log_level / _LOG_2)
        return Fraction(math.exp(self.log_level - exponent * _LOG_2)) * Fraction(2) ** exponent

    def bits(self, problem: Problem) -> int:
        """Working precision."""
        return self.design.bits(problem)

    def bound(self, problem: Problem) -> Ball:
        """The claimed bound if the design certifies it, else the design's own.

        Raises
        ------
        ArithmeticError
            As the design's own bound does.
        """
        value = self.design.bound(problem)
        level = ball(self.level)
        return level if value >= level else value
