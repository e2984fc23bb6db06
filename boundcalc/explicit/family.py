"""What a family of lower bounds is: a statement, its conditions, a proof, and a search whose results are re-evaluated."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from boundcalc.arb import Ball
from boundcalc.explicit.caps import Caps
from boundcalc.explicit.problem import Effort, Problem
from boundcalc.shown import Shown

__all__ = ["Design", "Family", "NotApplicable", "Search"]


class Design(Protocol):
    """A prior, or a proof's parameters, that gives a bound at every problem of its dimension where it is feasible."""

    def bits(self, problem: Problem) -> int:
        """Working precision for :meth:`bound`."""

    def bound(self, problem: Problem) -> Ball:
        """A ball all of whose points are at most the minimax risk in units of B^2, or that encloses such a number.

        Side conditions are checked in the same arithmetic; ArithmeticError if one of them fails.
        """


@dataclass(frozen=True)
class NotApplicable:
    """Why a family gives no bound at a problem; falsy."""

    reason: str

    def __bool__(self) -> bool:
        return False

    def __str__(self) -> str:
        return self.reason


Search = Callable[[Problem, Effort, tuple[Caps, ...]], "Design | NotApplicable"]


@dataclass(frozen=True, repr=False)
class Family(Shown):
    """A family of lower bounds.

    Attributes
    ----------
    key, title : str
    statement : str
        In words, with the formula.
    conditions : tuple of str
    proof : str
        Sketch.
    boundary_localised : bool
        Whether its functions live near the sphere, where the weight is small.
    search : callable
        (problem, effort, extra caps) → design, by floating point; it need not be right, only good.
    """

    key: str
    title: str
    statement: str
    conditions: tuple[str, ...]
    proof: str
    boundary_localised: bool
    search: Search

    def __str__(self) -> str:
        return f"{self.title}: {self.statement}"
