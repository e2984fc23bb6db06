"""Approximation by shallow ReLU networks with N neurons."""

from sympy import Rational

from boundcalc.statement import Assumption, Bound, Quantity, Side, Status, Theorem
from boundcalc.statements.extra_symbols import N
from boundcalc.statements.sources import WEIGHTED_VARIATION
from boundcalc.symbols import d

THEOREM = Theorem(
    key="n-term-approximation",
    title="Approximation by N neurons in (weighted) variation spaces",
    statement="Every function in the unit ball of the (weighted) variation space is within this of a shallow ReLU "
    "network with N neurons, in L2 of the ball.",
    bounds={
        "error": Bound(
            N ** (-Rational(1, 2) - Rational(3) / (2 * d)),
            Side.UPPER,
            Quantity.APPROXIMATION,
            constant_known=False,
            remark="sharp in the unweighted case (Siegel & Xu)",
        )
    },
    assumptions=(Assumption("variation norm at most 1"),),
    source=WEIGHTED_VARIATION,
    status=Status.PAPER,
    symbols={N: "number of neurons"},
)
