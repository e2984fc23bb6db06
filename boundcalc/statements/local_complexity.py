"""Squared critical radius of the unweighted variation class."""

from boundcalc.statement import Assumption, Bound, Quantity, Side, Status, Theorem
from boundcalc.statements.assumptions import GAUSSIAN_NOISE
from boundcalc.statements.sources import LQWP25
from boundcalc.symbols import C, d, n, sigma

THEOREM = Theorem(
    key="local-complexity",
    title="Local Gaussian complexity of the unweighted variation class",
    statement="The squared radius at which the local Gaussian complexity of the class with unweighted variation norm "
    "at most C meets the radius: the mean squared error of least squares over that class.",
    bounds={
        "squared radius": Bound(
            C ** (2 * d / (2 * d + 3)) * (sigma**2 / n) ** ((d + 3) / (2 * d + 3)),
            Side.TIGHT,
            Quantity.MSE,
            constant_known=False,
            remark="C bounds the unweighted variation norm here",
        )
    },
    assumptions=(GAUSSIAN_NOISE, Assumption("unweighted variation norm at most C")),
    source=LQWP25.at("Lemma G.2"),
    status=Status.PAPER,
)
