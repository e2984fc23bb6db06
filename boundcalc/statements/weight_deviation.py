"""Additive deviation of the empirical weight from the population weight."""

from sympy import log, sqrt

from boundcalc.statement import Assumption, Bound, Quantity, Side, Status, Theorem
from boundcalc.statements.sources import LQWP25
from boundcalc.symbols import d, delta, n

THEOREM = Theorem(
    key="weight-deviation",
    title="Additive deviation of the empirical weight",
    statement="With probability at least 1 - delta the empirical weight of every neuron is within this of the "
    "population weight, whatever the distribution in the ball.",
    bounds={
        "deviation": Bound(
            sqrt((d + log(1 / delta)) / n),
            Side.UPPER,
            Quantity.DEVIATION,
            constant_known=False,
            remark="up to logarithms; says nothing at depths h with h^{d+2} below n^{-1/2}",
        )
    },
    assumptions=(Assumption("x_1, ..., x_n independent and identically distributed in the unit ball"),),
    source=LQWP25.at("Thm E.5"),
    status=Status.PAPER,
)
