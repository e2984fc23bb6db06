"""Minimax mean squared error over the weighted variation class, lower bound, d = 1."""

from sympy import Min, Rational

from boundcalc.statement import Bound, Quantity, Side, Status, Theorem
from boundcalc.statements.assumptions import D_IS_1, GAUSSIAN_NOISE, UNIFORM_BALL
from boundcalc.statements.sources import LQWP25
from boundcalc.symbols import B, C, n, sigma

THEOREM = Theorem(
    key="minimax-lower-1d",
    title="Minimax mean squared error over the weighted variation class, lower bound, d = 1",
    statement="No estimator does better than this over functions on the interval with sup norm at most B and weighted "
    "variation norm at most C: bumps stacked towards the ends of the interval.",
    bounds={
        "mse": Bound(
            Min(B, C) * sigma * n ** Rational(-1, 2),
            Side.LOWER,
            Quantity.MSE,
            constant_known=False,
            remark="population norm",
        )
    },
    assumptions=(D_IS_1, UNIFORM_BALL, GAUSSIAN_NOISE),
    source=LQWP25.at("Thm 3.7, H.8, H.9"),
    status=Status.PAPER,
    errata=(7, 8),
)
