"""Minimax mean squared error over the weighted variation class, lower bound, d >= 2."""

from sympy import Min

from boundcalc.statement import Bound, Quantity, Side, Status, Theorem
from boundcalc.statements.assumptions import D_AT_LEAST_2, GAUSSIAN_NOISE, UNIFORM_BALL
from boundcalc.statements.sources import LQWP25
from boundcalc.symbols import B, C, d, n, sigma

THEOREM = Theorem(
    key="minimax-lower",
    title="Minimax mean squared error over the weighted variation class, lower bound",
    statement="No estimator does better than this over functions with sup norm at most B and weighted variation norm at "
    "most C: signs on a packing of disjoint caps of height (sigma^2/n)^{2/(d+1)}, by Fano's inequality.",
    bounds={
        "mse": Bound(
            Min(B, C) ** (2 * (d - 1) / (d + 1)) * (sigma**2 / n) ** (2 / (d + 1)),
            Side.LOWER,
            Quantity.MSE,
            constant_known=False,
            remark="population norm",
        )
    },
    assumptions=(D_AT_LEAST_2, UNIFORM_BALL, GAUSSIAN_NOISE),
    source=LQWP25.at("Thm 3.7, H.5, H.6"),
    status=Status.PAPER,
    errata=(7, 8, 10),
)
