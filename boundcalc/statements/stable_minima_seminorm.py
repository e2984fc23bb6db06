"""Stable minima have a bounded weighted variation norm."""

from boundcalc.statement import Bound, Quantity, Side, Status, Theorem
from boundcalc.statements.assumptions import DATA_IN_BALL, ETA_BELOW_2, STABLE, TWICE_DIFFERENTIABLE
from boundcalc.statements.sources import LQWP25
from boundcalc.statements.stability_seminorm import THEOREM as STABILITY
from boundcalc.statements.stability_seminorm_sharp import THEOREM as SHARPER
from boundcalc.symbols import eta, lam

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
