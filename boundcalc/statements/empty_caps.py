"""At the critical height a constant fraction of the caps holds no sample.

The mass Q of a cap of height h is c_1 times the integral over [0, h] of (2s - s^2)^{(d-1)/2}, so Q <= U_d h^{(d+1)/2} with
U_d = c_1 2^{(d+1)/2}/(d+1). A cap is empty with probability (1-Q)^n, and ((1-Q) e^Q)^n >= (1-Q^2)^n >= 1 - n Q^2 gives
(1-Q)^n >= e^{-nQ} - n Q^2 >= e^{-lambda} - lambda^2/n for lambda = n U_d epsilon^{d+1} >= nQ: exact at every n, where the
paper passes through Poisson variables.
"""

from sympy import Integer, exp

from boundcalc.cap import marginal_constant
from boundcalc.statement import Assumption, Bound, Quantity, Side, Status, Theorem
from boundcalc.statements.assumptions import D_AT_LEAST_2, UNIFORM_BALL
from boundcalc.statements.sources import LQWP25
from boundcalc.symbols import d, eps, n

MASS_CONSTANT = marginal_constant.expr * Integer(2) ** ((d + 1) / 2) / (d + 1)
_expected_count = n * MASS_CONSTANT * eps ** (d + 1)

# The height at which the bound on the expected number of samples per cap is 1.
CRITICAL_HEIGHT = (MASS_CONSTANT * n) ** (-2 / (d + 1))

THEOREM = Theorem(
    key="empty-caps",
    title="A constant fraction of critical caps is empty",
    statement="With epsilon = kappa n^{-1/(d+1)}, the expected share of disjoint caps of height epsilon^2 that hold no sample "
    "is at least q_* = exp(-lambda), lambda = U_d kappa^{d+1}, up to lambda^2/n.",
    bounds={
        "expected share": Bound(
            exp(-_expected_count) - _expected_count**2 / n, Side.LOWER, Quantity.PROBABILITY, constant_known=True
        )
    },
    assumptions=(D_AT_LEAST_2, UNIFORM_BALL, Assumption("epsilon <= 1")),
    source=LQWP25.at("Prop I.1"),
    status=Status.PAPER,
    errata=(3, 4),
)
