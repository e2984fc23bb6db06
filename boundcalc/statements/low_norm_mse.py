"""Minimax mean squared error over the unweighted variation class."""

from boundcalc.statement import Assumption, Bound, Quantity, Side, Status, Theorem
from boundcalc.statements.assumptions import GAUSSIAN_NOISE
from boundcalc.statements.sources import PARHI_NOWAK
from boundcalc.symbols import d, n

THEOREM = Theorem(
    key="low-norm-mse",
    title="Minimax mean squared error over the unweighted variation class",
    statement="With an unweighted variation (path) norm kept bounded, as weight decay does, the minimax mean squared error "
    "has this rate up to logarithms: never slower than n^{-1/2}, in every dimension.",
    bounds={
        "mse": Bound(
            n ** (-(d + 3) / (2 * d + 3)), Side.TIGHT, Quantity.MSE, constant_known=False, remark="up to logarithms"
        )
    },
    assumptions=(Assumption("variation norm bounded"), GAUSSIAN_NOISE),
    source=PARHI_NOWAK,
    status=Status.PAPER,
)
