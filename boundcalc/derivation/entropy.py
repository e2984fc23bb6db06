"""Metric entropy of variation balls, from approximation by few neurons."""

from __future__ import annotations

from sympy import Expr, Rational, factor, together

from boundcalc.derivation.balance import balance_monomial
from boundcalc.derivation.derivation import Derived
from boundcalc.derivation.formula import Formula, Relation, Step
from boundcalc.derivation.parameters import resolution
from boundcalc.symbols import C, d, n

# N neurons approximate the unit variation ball in L2 to within N^{-(1/2 + 3/(2d))} (Siegel & Xu).
_APPROXIMATION = Rational(1, 2) + Rational(3) / (2 * d)
# So resolution r needs (C/r)^{1/_APPROXIMATION} neurons; the logarithm of the covering number is of that order.
ENTROPY_EXPONENT: Expr = factor(together(1 / _APPROXIMATION))


def entropy(bound: Expr, radius: Expr) -> Expr:
    """Order of the log covering number in L2 of functions with variation norm at most ``bound``.

    Examples
    --------
    >>> entropy(C, resolution)
    (C/r)**(2*d/(d + 3))
    """
    return (bound / radius) ** ENTROPY_EXPONENT


ENTROPY_STEP = Step(
    "Metric entropy of the ball of radius C in the unweighted variation norm, at resolution r in L2: N neurons "
    "approximate to within C N^(-1/2 - 3/(2d)) (Siegel & Xu), and the log covering number is of order N.",
    (Formula("log covering number", Relation.ORDER, entropy(C, resolution)),),
)


def net_deviation() -> tuple[Expr, Derived]:
    """Uniform deviation over the unweighted class by a union bound over one net, in n and C.

    Examples
    --------
    >>> net_deviation()[0]
    C**(d/(2*d + 3))/n**((d + 3)/(2*(2*d + 3)))
    """
    terms = {
        "resolution of the net": resolution,
        "fluctuation over the net": (entropy(C, resolution) / n) ** Rational(1, 2),
    }
    return balance_monomial(terms, [resolution], C)


def critical_square() -> tuple[Expr, Derived]:
    """Squared critical radius of the unweighted class: where entropy / n meets the squared radius, in n and C.

    Examples
    --------
    >>> critical_square()[0]
    C**(2*d/(2*d + 3))/n**((d + 3)/(2*d + 3))
    """
    terms = {"squared radius": resolution**2, "entropy over n": entropy(C, resolution) / n}
    return balance_monomial(terms, [resolution], C)
