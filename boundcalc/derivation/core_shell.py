"""The split of the ball into a core, where the weight is bounded below, and a shell, which is given up."""

from __future__ import annotations

from sympy import Expr, Integer, Rational

from boundcalc.derivation.balance import Balance, balance
from boundcalc.derivation.caps import weight
from boundcalc.derivation.entropy import critical_square, net_deviation
from boundcalc.derivation.exponents import tidy
from boundcalc.derivation.formula import Formula, Relation, Step
from boundcalc.derivation.positivity import Domain
from boundcalc.symbols import C, eps, h, n

__all__ = ["ADDITIVE", "core_shell_gap", "core_shell_mse"]

_ONE = Integer(1)
# The empirical weight is within n^{-1/2} of the population weight, uniformly: it is bounded below where that is
# smaller.
ADDITIVE = {"weight at the shell exceeds its additive deviation": tidy(weight().subs(h, eps) * n ** Rational(1, 2))}


def core_shell_gap(
    conditions: dict[str, Expr], *, radial: Expr = _ONE, domain: Domain | None = None
) -> tuple[Balance, tuple[Step, ...]]:
    """Balance of the generalization gap over the width of the shell."""
    return _split(net_deviation()[0], conditions, radial, domain)


def core_shell_mse(
    conditions: dict[str, Expr], *, radial: Expr = _ONE, domain: Domain | None = None
) -> tuple[Balance, tuple[Step, ...]]:
    """Balance of the mean squared error over the width of the shell."""
    return _split(critical_square()[0], conditions, radial, domain)


def _split(
    unweighted: Expr, conditions: dict[str, Expr], radial: Expr, domain: Domain | None
) -> tuple[Balance, tuple[Step, ...]]:
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
    return found, (words, *found.steps)
