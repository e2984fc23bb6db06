"""Generalization gap of stable minima, lower bound."""

from boundcalc.statement import Bound, Quantity, Side, Status, Theorem
from boundcalc.statements.assumptions import D_AT_LEAST_2, ETA_BELOW_2, STABLE, UNIFORM_BALL
from boundcalc.statements.sources import LQWP25
from boundcalc.symbols import B, d, n

THEOREM = Theorem(
    key="gap-lower",
    title="Estimating the risk of stable minima, lower bound",
    statement="No estimator of the risk does better than this over stable minima with sup norm at most B (B is the paper's L).",
    bounds={"gap": Bound(B**2 * n ** (-2 / (d + 1)), Side.LOWER, Quantity.GAP, constant_known=False)},
    assumptions=(D_AT_LEAST_2, STABLE, ETA_BELOW_2, UNIFORM_BALL),
    source=LQWP25.at("Thm 3.5, I.4"),
    status=Status.PAPER,
    errata=(3, 4),
)
