"""Generalization gap for radial laws, lower bound."""

from boundcalc.symbols import d, n
from boundcalc.theorem import Bound, Quantity, Side, Status, Theorem
from boundcalc.theorems.assumptions import D_AT_LEAST_2, ETA_BELOW_2, STABLE
from boundcalc.theorems.extra_symbols import alpha
from boundcalc.theorems.radial_gap_upper import RADIAL
from boundcalc.theorems.sources import DATA_GEOMETRY

THEOREM = Theorem(
    key="radial-gap-lower",
    title="Generalization gap of stable minima for radial laws, lower bound",
    statement="Caps that hold no sample: no estimator of the risk does better than this over stable minima.",
    bounds={"gap": Bound(n ** (-2 * alpha / (d - 1 + 2 * alpha)), Side.LOWER, Quantity.GAP, constant_known=False)},
    assumptions=(D_AT_LEAST_2, RADIAL, STABLE, ETA_BELOW_2),
    source=DATA_GEOMETRY,
    status=Status.PAPER,
    symbols={alpha: "P(|x| > 1 - eps) = eps^alpha"},
)
