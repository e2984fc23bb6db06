"""The printed proof that a choice of exponents is the best one."""

from __future__ import annotations

from sympy import Expr, Integer

from boundcalc.derivation.formula import Formula, Relation, Step
from boundcalc.derivation.program import Optimum

__all__ = ["certificate_step"]


def certificate_step(objective: Expr, best: Optimum, *, maximal: bool) -> Step:
    """Weak duality, written out: a combination of the constraints that no choice can beat."""
    combination = sum((y * c.slack for c, y in best.multipliers.items()), Integer(0))
    left = best.value - objective if maximal else objective - best.value
    names = ", ".join(c.words for c in best.multipliers)
    ranges = ", ".join(f"{symbol} >= {start}" for symbol, start in best.domain.items())
    return Step(
        f"No choice is better{' for ' + ranges if ranges else ''}: with every parameter p = n^(-x_p), multiply the "
        f"conditions ({names}), each of the form slack >= 0, by the nonnegative multipliers shown and add.",
        (Formula(left, Relation.EQUAL, combination),),
    )
