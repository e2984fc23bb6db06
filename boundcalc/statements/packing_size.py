"""Number of disjoint caps (rate)."""

from boundcalc.statement import Bound, Quantity, Side, Status, Theorem
from boundcalc.statements.assumptions import D_AT_LEAST_2
from boundcalc.statements.sources import LQWP25
from boundcalc.symbols import d, eps

THEOREM = Theorem(
    key="packing-size",
    title="Number of disjoint caps of height epsilon^2",
    statement="The largest number of pairwise disjoint caps of height epsilon^2 on the unit sphere is of this order. With "
    "explicit constants: at least 1/sigma_d(2 theta) and at most 1/sigma_d(theta), theta = arccos(1 - epsilon^2), sigma_d "
    "the normalised surface measure of a spherical cap.",
    bounds={"size": Bound(eps ** (-(d - 1)), Side.TIGHT, Quantity.SIZE, constant_known=False)},
    assumptions=(D_AT_LEAST_2,),
    source=LQWP25.at("Lemma H.3"),
    status=Status.PAPER,
)
