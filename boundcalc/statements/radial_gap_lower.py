"""Generalization gap for radial laws, lower bound."""

from boundcalc.statement import Bound, Quantity, Side, Status, Theorem
from boundcalc.statements.assumptions import D_AT_LEAST_2, ETA_BELOW_2, STABLE
from boundcalc.statements.extra_symbols import alpha
from boundcalc.statements.radial_gap_upper import RADIAL
from boundcalc.statements.sources import DATA_GEOMETRY
from boundcalc.symbols import d, n

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
