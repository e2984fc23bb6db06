"""Generalization gap for radial laws, upper bound.

At alpha = 1 (the uniform ball) this is n^{-1/(2d+2)}, better than Thm 3.5: it needs a relative deviation bound for the
weight, such as Theorem D. With an additive one it is justified only for alpha (2d - 3) >= 3d.
"""

from boundcalc.statement import Assumption, Bound, Quantity, Side, Status, Theorem
from boundcalc.statements.assumptions import ETA_BELOW_2, STABLE
from boundcalc.statements.extra_symbols import alpha
from boundcalc.statements.sources import DATA_GEOMETRY
from boundcalc.symbols import d, n

RADIAL = Assumption(
    "x = (1 - (1-r)^{1/alpha}) u, r uniform on [0, 1], u uniform on the sphere: P(|x| > 1 - eps) = eps^alpha"
)

THEOREM = Theorem(
    key="radial-gap-upper",
    title="Generalization gap of stable minima for radial laws, upper bound",
    statement="The less mass near the boundary (the larger alpha), the faster the gap of stable minima shrinks.",
    bounds={
        "gap": Bound(
            n ** (-alpha * (d + 3) / (2 * (d**2 + 4 * alpha * d + 3 * alpha))),
            Side.UPPER,
            Quantity.GAP,
            constant_known=False,
            remark="with a relative deviation bound for the weight; with an additive one only for alpha (2d - 3) >= 3d",
        )
    },
    assumptions=(RADIAL, STABLE, ETA_BELOW_2),
    source=DATA_GEOMETRY,
    status=Status.PAPER,
    symbols={alpha: "P(|x| > 1 - eps) = eps^alpha"},
)
