"""What a family of lower bounds is: a statement, its conditions, a proof, and a search whose results are re-evaluated."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar

from boundcalc.arb import Ball, ball
from boundcalc.explicit.caps import Caps
from boundcalc.explicit.problem import Effort, Problem
from boundcalc.shown import Shown


class Design:
    """A prior, or a proof's parameters, that gives a bound at every problem of its dimension where it is feasible."""

    BITS: ClassVar[int] = 256

    def bits(self, problem: Problem) -> int:
        """Working precision for :meth:`bound`."""
        return self.BITS

    def bound(self, problem: Problem) -> Ball:
        """A ball all of whose points are at most the minimax risk in units of B^2, or that encloses such a number.

        Side conditions are checked in the same arithmetic; ArithmeticError if one of them fails.
        """
        raise NotImplementedError

    def within(self, problem: Problem) -> Design:
        """The design that :meth:`bound` values: itself, or one that is scaled until it keeps the budget."""
        return self


@dataclass(frozen=True)
class Claim(Design):
    """A design, and the natural logarithm of the bound, in units of B^2, that it is to certify: a little below its own.

    A search in floats finds the largest value over a fixed set of designs, whatever the problem. That maximum is monotone in
    n, sigma, B and C; the designs' exact values in the order in which rounding and interpolation picked them need not be. So
    the search claims its maximum less a margin for its own errors, and the design certifies the claim: in ball arithmetic
    its value is no less. Where it is less (an error of the search beyond the margin), its own value counts.
    """

    design: Design
    log_level: float

    @property
    def level(self) -> Fraction:
        """The claimed bound; also where its logarithm leaves the floats' range."""
        log_2 = math.log(2)
        exponent = math.floor(self.log_level / log_2)
        return Fraction(math.exp(self.log_level - exponent * log_2)) * Fraction(2) ** exponent

    def bits(self, problem: Problem) -> int:
        """Working precision."""
        return self.design.bits(problem)

    def bound(self, problem: Problem) -> Ball:
        """The claimed bound if the design certifies it, else the design's own."""
        value = self.design.bound(problem)
        level = ball(self.level)
        return level if value >= level else value


@dataclass(frozen=True)
class NotApplicable:
    """Why a family gives no bound at a problem; falsy."""

    reason: str

    def __bool__(self) -> bool:
        return False

    def __str__(self) -> str:
        return self.reason


Search = Callable[[Problem, Effort, tuple[Caps, ...], float], Design | NotApplicable]
_LARGEST = 10**100


@dataclass(frozen=True, repr=False)
class Family(Shown):
    """A family of lower bounds: its statement in words, with the formula, its conditions and a sketch of its proof.

    Attributes
    ----------
    boundary_localised : bool
        Whether its functions live near the sphere, where the weight is small.
    search : callable
        (problem, effort, extra caps, floor) → design, by floating point; it need not be right, only good. Designs of at most
        the floor, a logarithm in units of B^2, aren't wanted.
    ceiling : callable, optional
        (problem, extra caps) → a quick number, in the same unit, that no claim of the search exceeds.
    dimensions : tuple of int
        The smallest and the largest that are searched.
    """

    key: str
    title: str
    statement: str
    conditions: tuple[str, ...]
    proof: str
    boundary_localised: bool
    search: Search
    ceiling: Callable[[Problem, tuple[Caps, ...]], float] | None = None
    dimensions: tuple[int, int] = (1, _LARGEST)

    def find(
        self, problem: Problem, effort: Effort, extra: tuple[Caps, ...] = (), floor: float = -math.inf
    ) -> Design | NotApplicable:
        """The best design found; it need not be better than the floor, but then isn't wanted."""
        smallest, largest = self.dimensions
        if problem.d < smallest:
            return NotApplicable(f"needs d >= {smallest}")
        if problem.d > largest:
            return NotApplicable(f"searched up to d = {largest} only")
        if self.ceiling is not None and floor > -math.inf and self.ceiling(problem, extra) <= floor:
            return NotApplicable("another family gives more")
        return self.search(problem, effort, extra, floor)

    def __str__(self) -> str:
        return f"{self.title}: {self.statement}"
