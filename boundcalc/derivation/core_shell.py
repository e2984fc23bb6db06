"""The split of the ball into a core, where the weight is bounded below, and a shell, which is given up."""

from __future__ import annotations

from collections.abc import Callable

from sympy import Expr, Integer, Rational

from boundcalc.derivation.balance import balance
from boundcalc.derivation.caps import samples_in_caps, weight
from boundcalc.derivation.derivation import Derivation, Derived
from boundcalc.derivation.entropy import critical_square, net_deviation
from boundcalc.derivation.exponents import tidy
from boundcalc.derivation.formula import Formula, Relation, Step
from boundcalc.positivity import Domain
from boundcalc.statement import Side
from boundcalc.symbols import C, eps, h, n

_ONE = Integer(1)
# The empirical weight is within n^{-1/2} of the population weight, uniformly: it is bounded below where that is
# smaller.
ADDITIVE = {"weight at the shell exceeds its additive deviation": tidy(weight().subs(h, eps) * n ** Rational(1, 2))}


def core_shell(
    unweighted: Expr, conditions: dict[str, Expr], *, radial: Expr = _ONE, domain: Domain | None = None
) -> Derived:
    """Balance over the width of the shell; ``unweighted`` is the bound for the unweighted class of norm C."""
    at_shell = weight(radial).subs(h, eps)
    core = tidy(unweighted.subs(C, 1 / at_shell))
    found = balance({"shell": eps**radial, "core": core}, [eps], conditions=conditions, domain=domain)
    words = Step(
        "Give up the shell of width epsilon. On the core the weight is at least that of depth epsilon, so the "
        "unweighted variation norm is at most its inverse, and the bound for the unweighted class applies.",
        (
            Formula("weight on the core", Relation.AT_LEAST_ORDER, at_shell),
            Formula("bound for the unweighted class", Relation.AT_MOST_ORDER, unweighted),
        ),
    )
    return found.after(words)


def _derivation(
    key: str, title: str, unweighted: Callable[[], tuple[Expr, Derived]], conditions: dict[str, Expr]
) -> Derivation:
    return Derivation(key, title, Side.UPPER, lambda: core_shell(unweighted()[0], conditions))


_GAP = "Generalization gap of stable minima: shell against core"
_MSE = "Mean squared error of optimized stable minima: shell against core"
# 1/(2d+4) twice with the additive bound; 1/(2d+2) and (d+3)/(2d^2+6d+3) with the relative bound of Theorem D.
DERIVATIONS = (
    _derivation("gap-upper", f"{_GAP}, additive deviation", net_deviation, ADDITIVE),
    _derivation("mse-upper", f"{_MSE}, additive deviation", critical_square, ADDITIVE),
    _derivation("gap-core-shell", f"{_GAP}, relative deviation", net_deviation, samples_in_caps(eps)),
    _derivation("mse-core-shell", f"{_MSE}, relative deviation", critical_square, samples_in_caps(eps)),
)
