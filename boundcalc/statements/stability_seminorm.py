"""Sharpness bounds the weighted variation norm of the network (paper constant)."""

from sympy import Rational, sqrt

from boundcalc.statement import Bound, Quantity, Side, Status, Theorem
from boundcalc.statements.assumptions import DATA_IN_BALL, TWICE_DIFFERENTIABLE
from boundcalc.statements.sources import LQWP25
from boundcalc.symbols import L, R, lam

THEOREM = Theorem(
    key="stability-seminorm",
    title="Sharpness bounds the weighted variation norm",
    statement="The weighted variation norm of a two-layer ReLU network, with the weight of the data, is at most half its "
    "sharpness minus one half, plus a multiple of the root of twice the loss.",
    bounds={
        "seminorm": Bound(
            lam / 2 - Rational(1, 2) + (R + 1) * sqrt(2 * L), Side.UPPER, Quantity.SEMINORM, constant_known=True
        )
    },
    assumptions=(DATA_IN_BALL, TWICE_DIFFERENTIABLE),
    source=LQWP25.at("Thm 3.2"),
    status=Status.PAPER,
    errata=(9,),
)
