"""Theorem D: the empirical weight is at least a multiple of the canonical weight, down to a small depth.

Proof. Half-spaces have VC dimension d + 1, so by the relative deviation inequality, with probability at least 1 -
delta, every half-space of mass at least 16 Lambda/n holds at least half its share of the samples. Let h = 1 - |t| <= 1
and t' = (1 + |t|)/2, of depth h/2. The empirical weight is at least (share beyond t) * (mean of (u.x - t)_+), and the
mean is at least (h/2) * (share beyond t'). Both shares are at least half the masses, and the mass beyond t is at least
c_1 (1 - t^2)^{(d+1)/2}/(d+1), where 1 - t^2 >= h and 1 - t'^2 >= 3h/4. The product is gamma_d h^{d+2}; the mass beyond
t' is at least 16 Lambda/n exactly when h >= rho_n by this bound. The opposite side of the hyperplane weighs no less.
"""

from sympy import E, Integer, Pow, Rational, log
from sympy.core.relational import Ge, Le

from boundcalc.cap import marginal_constant
from boundcalc.statement import Assumption, Bound, Quantity, Side, Status, Theorem
from boundcalc.statements.assumptions import UNIFORM_BALL
from boundcalc.statements.sources import BOUNDCALC
from boundcalc.symbols import d, delta, h, n

_c1 = marginal_constant.expr
GAMMA = _c1**2 / (8 * (d + 1) ** 2) * Rational(3, 4) ** ((d + 1) / 2)
LAMBDA = (d + 1) * log(2 * E * n / (d + 1)) + log(4 / delta)
SMALLEST_DEPTH = Rational(4, 3) * Pow(16 * (d + 1) * LAMBDA / (_c1 * n), Integer(2) / (d + 1), evaluate=False)

THEOREM = Theorem(
    key="theorem-d",
    title="Theorem D: relative deviation of the empirical weight",
    statement="With probability at least 1 - delta the empirical weight of every neuron whose depth h = 1 - |t| is "
    "at least rho_n is at least this multiple of the canonical weight.",
    bounds={
        "weight at depth h": Bound(GAMMA * h ** (d + 2), Side.LOWER, Quantity.WEIGHT, constant_known=True),
        "depth rho_n": Bound(
            SMALLEST_DEPTH,
            Side.UPPER,
            Quantity.WEIGHT,
            constant_known=True,
            remark="from this depth on the weight obeys the bound; of order (log n / n)^{2/(d+1)}",
        ),
    },
    assumptions=(
        UNIFORM_BALL,
        Assumption("n >= (d+1)/2", Ge(n, (d + 1) / 2, evaluate=False)),
        Assumption("depth h at most 1 (it is 1 - |t|)", Le(h, 1, evaluate=False)),
    ),
    source=BOUNDCALC.at("Theorem D"),
    status=Status.DERIVED,
)
