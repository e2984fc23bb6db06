"""Share of the samples in the boundary annulus, corrected.

Bernstein's inequality for a Binomial(n, p): P(share >= p + t) <= exp(-n t^2 / (2 (p (1 - p) + t/3))). With
l = log(1/delta)/n the right side is at most delta once t^2 - 2 t l/3 - 2 p (1 - p) l >= 0, and the larger root
l/3 + sqrt(l^2/9 + 2 p (1 - p) l) is at most sqrt(2 p l) + 2 l/3.
"""

from sympy import log, sqrt

from boundcalc.statement import Bound, Quantity, Side, Status, Theorem
from boundcalc.statements.annulus_share import MASS
from boundcalc.statements.assumptions import UNIFORM_BALL
from boundcalc.statements.sources import BOUNDCALC
from boundcalc.symbols import delta, n

_deviation = log(1 / delta) / n

THEOREM = Theorem(
    key="annulus-share-sharp",
    title="Share of the samples in the boundary annulus",
    statement="With probability at least 1 - delta the annulus of width epsilon, of mass p = 1 - (1 - epsilon)^d, "
    "holds at most this share of the samples.",
    bounds={
        "share of the samples": Bound(
            MASS + sqrt(2 * MASS * _deviation, evaluate=False) + 2 * _deviation / 3,
            Side.UPPER,
            Quantity.PROBABILITY,
            constant_known=True,
        )
    },
    assumptions=(UNIFORM_BALL,),
    source=BOUNDCALC.at("Lemma F.7, corrected"),
    status=Status.DERIVED,
    errata=(2,),
)
