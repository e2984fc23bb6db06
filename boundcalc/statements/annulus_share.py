"""Mass of the boundary annulus, and the paper's bound on the share of samples in it (which fails as stated)."""

from sympy import log, sqrt

from boundcalc.statement import Bound, Quantity, Side, Status, Theorem
from boundcalc.statements.assumptions import UNIFORM_BALL
from boundcalc.statements.sources import LQWP25
from boundcalc.symbols import d, delta, eps, n

MASS = 1 - (1 - eps) ** d

THEOREM = Theorem(
    key="annulus-share",
    title="Share of the samples in the boundary annulus, as stated in the paper",
    statement="The annulus of width epsilon has mass p = 1 - (1 - epsilon)^d, and holds at most the share below of the "
    "samples with probability at least 1 - delta. The second part fails for n p of order 1 or less: use "
    "annulus-share-sharp.",
    bounds={
        "mass": Bound(MASS, Side.TIGHT, Quantity.PROBABILITY, constant_known=True),
        "share of the samples": Bound(
            MASS + sqrt(3 * MASS * log(1 / delta) / n, evaluate=False),
            Side.UPPER,
            Quantity.PROBABILITY,
            constant_known=True,
            remark="false in general: see the errata",
        ),
    },
    assumptions=(UNIFORM_BALL,),
    source=LQWP25.at("Lemma F.7"),
    status=Status.PAPER,
    errata=(2,),
)
