"""Generalization gap of low-norm networks, upper bound."""

from sympy import Rational

from boundcalc.statement import Assumption, Bound, Quantity, Side, Status, Theorem
from boundcalc.statements.sources import BACH
from boundcalc.symbols import n

THEOREM = Theorem(
    key="low-norm-gap",
    title="Generalization gap of low-norm networks, upper bound",
    statement="With an unweighted variation (path) norm kept bounded, as weight decay does, the gap shrinks at this rate in "
    "every dimension, up to logarithms.",
    bounds={
        "gap": Bound(
            n ** Rational(-1, 4),
            Side.UPPER,
            Quantity.GAP,
            constant_known=False,
            remark="up to logarithms; as quoted by LQWP25 beside Thm 3.5",
        )
    },
    assumptions=(Assumption("variation norm bounded"),),
    source=BACH,
    status=Status.PAPER,
)
