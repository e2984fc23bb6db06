"""Mean squared error of stable minima on the line, strictly inside the support."""

from sympy import Rational

from boundcalc.statement import Assumption, Bound, Quantity, Side, Status, Theorem
from boundcalc.statements.assumptions import D_IS_1, ETA_BELOW_2, GAUSSIAN_NOISE, STABLE
from boundcalc.statements.sources import QIAO
from boundcalc.symbols import n

THEOREM = Theorem(
    key="univariate-interior-mse",
    title="Mean squared error of stable minima on the line, interior",
    statement="On an interval strictly inside the support of the data, where the weight is bounded below, optimized "
    "stable minima have the rate of functions with a second derivative of bounded variation norm.",
    bounds={
        "mse": Bound(
            n ** Rational(-4, 5), Side.UPPER, Quantity.MSE, constant_known=False, remark="up to logarithms; interior"
        )
    },
    assumptions=(D_IS_1, STABLE, ETA_BELOW_2, GAUSSIAN_NOISE, Assumption("error on a fixed interior interval")),
    source=QIAO,
    status=Status.PAPER,
)
