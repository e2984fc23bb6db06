"""Stable interpolating minima on the line have a bounded weighted second derivative."""

from sympy import Rational

from boundcalc.statement import Assumption, Bound, Quantity, Side, Status, Theorem
from boundcalc.statements.assumptions import D_IS_1, ETA_BELOW_2, STABLE, TWICE_DIFFERENTIABLE
from boundcalc.statements.sources import MULAYOFF
from boundcalc.symbols import eta

THEOREM = Theorem(
    key="univariate-seminorm",
    title="Stable interpolating minima on the line",
    statement="A stable network on the line that interpolates its data has integral of |f''| g at most this, g the "
    "weight of the data.",
    bounds={"seminorm": Bound(1 / eta - Rational(1, 2), Side.UPPER, Quantity.SEMINORM, constant_known=True)},
    assumptions=(D_IS_1, STABLE, ETA_BELOW_2, TWICE_DIFFERENTIABLE, Assumption("zero training loss")),
    source=MULAYOFF.at("Thm 1"),
    status=Status.PAPER,
)
