"""Stable minima have a bounded weighted variation norm."""

from boundcalc.symbols import eta, lam
from boundcalc.theorem import Bound, Quantity, Side, Status, Theorem
from boundcalc.theorems.assumptions import DATA_IN_BALL, ETA_BELOW_2, STABLE, TWICE_DIFFERENTIABLE
from boundcalc.theorems.sources import LQWP25
from boundcalc.theorems.stability_seminorm import THEOREM as STABILITY
from boundcalc.theorems.stability_seminorm_sharp import THEOREM as SHARPER

THEOREM = Theorem(
    key="stable-minima-seminorm",
    title="Stable minima have a bounded weighted variation norm",
    statement="Thm 3.2 at the edge of stability lambda_max = 2/eta.",
    bounds={
        "seminorm": Bound(STABILITY.bound.expr.subs(lam, 2 / eta), Side.UPPER, Quantity.SEMINORM, constant_known=True),
        "seminorm, sharper constant": Bound(
            SHARPER.bound.expr.subs(lam, 2 / eta),
            Side.UPPER,
            Quantity.SEMINORM,
            constant_known=True,
            remark="derived: the sharper form of Thm 3.2",
        ),
    },
    assumptions=(STABLE, ETA_BELOW_2, DATA_IN_BALL, TWICE_DIFFERENTIABLE),
    source=LQWP25.at("Cor 3.3"),
    status=Status.PAPER,
    errata=(6, 9),
)
