"""L2 norm of a normalised cap atom, with explicit constants.

The squared norm is c_1 times the integral over the depth s in [0, h] of (2s - s^2)^{(d-1)/2} (1 - s/h)^2. Bounding
2 - s between 2 - h and 2 leaves a Beta integral: Beta((d+1)/2, 3) = 16/((d+1)(d+3)(d+5)).
"""

from sympy import Integer

from boundcalc.cap import marginal_constant
from boundcalc.statement import Assumption, Bound, Quantity, Side, Status, Theorem
from boundcalc.statements.assumptions import UNIFORM_BALL
from boundcalc.statements.sources import LQWP25
from boundcalc.symbols import d, eps

_beta = 16 / ((d + 1) * (d + 3) * (d + 5))
_power = marginal_constant.expr * _beta * eps ** (d + 1)

THEOREM = Theorem(
    key="cap-atom-norm",
    title="L2 norm of a cap atom",
    statement="The cap atom of height epsilon^2 and sup norm 1 has squared L2(P) norm of order epsilon^{d+1}; the constants "
    "are derived.",
    bounds={
        "upper": Bound(Integer(2) ** ((d - 1) / 2) * _power, Side.UPPER, Quantity.NORM, constant_known=True),
        "lower": Bound((2 - eps**2) ** ((d - 1) / 2) * _power, Side.LOWER, Quantity.NORM, constant_known=True),
    },
    assumptions=(UNIFORM_BALL, Assumption("epsilon <= 1")),
    source=LQWP25.at("Lemma H.1"),
    status=Status.PAPER,
)
