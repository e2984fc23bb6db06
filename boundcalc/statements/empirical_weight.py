"""How the sample represents the ball: the share of it in the boundary annulus, the weight of neurons."""

from sympy import E, Integer, Pow, Rational, log, sqrt
from sympy.core.relational import Ge, Le

from boundcalc.cap import marginal_constant
from boundcalc.statement import Assumption, Quantity, Side, Status, Theorem
from boundcalc.statements.assumptions import UNIFORM_BALL
from boundcalc.statements.sources import BOUNDCALC, LQWP25
from boundcalc.symbols import d, delta, eps, h, n

MASS = 1 - (1 - eps) ** d

ANNULUS_SHARE = Theorem(
    key="annulus-share",
    title="Share of the samples in the boundary annulus, as stated in the paper",
    statement="The annulus of width epsilon has mass p = 1 - (1 - epsilon)^d, and holds at most the share below of the "
    "samples with probability at least 1 - delta. The second part fails for n p of order 1 or less: use "
    "annulus-share-sharp.",
    bounds={
        "mass": Side.TIGHT.bound(Quantity.PROBABILITY, MASS),
        "share of the samples": Side.UPPER.bound(
            Quantity.PROBABILITY,
            MASS + sqrt(3 * MASS * log(1 / delta) / n, evaluate=False),
            "false in general: see the errata",
        ),
    },
    assumptions=(UNIFORM_BALL,),
    source=LQWP25.at("Lemma F.7"),
    status=Status.PAPER,
    errata=(2,),
)

# Bernstein's inequality for a Binomial(n, p): P(share >= p + t) <= exp(-n t^2 / (2 (p (1 - p) + t/3))). With
# l = log(1/delta)/n the right side is at most delta once t^2 - 2 t l/3 - 2 p (1 - p) l >= 0, and the larger root
# l/3 + sqrt(l^2/9 + 2 p (1 - p) l) is at most sqrt(2 p l) + 2 l/3.
_deviation = log(1 / delta) / n

ANNULUS_SHARE_SHARP = Theorem(
    key="annulus-share-sharp",
    title="Share of the samples in the boundary annulus",
    statement="With probability at least 1 - delta the annulus of width epsilon, of mass p = 1 - (1 - epsilon)^d, "
    "holds at most this share of the samples.",
    bounds={
        "share of the samples": Side.UPPER.bound(
            Quantity.PROBABILITY, MASS + sqrt(2 * MASS * _deviation, evaluate=False) + 2 * _deviation / 3
        )
    },
    assumptions=(UNIFORM_BALL,),
    source=BOUNDCALC.at("Lemma F.7, corrected"),
    status=Status.DERIVED,
    errata=(2,),
)

WEIGHT_DEVIATION = Theorem(
    key="weight-deviation",
    title="Additive deviation of the empirical weight",
    statement="With probability at least 1 - delta the empirical weight of every neuron is within this of the "
    "population weight, whatever the distribution in the ball.",
    bounds={
        "deviation": Side.UPPER.rate(
            Quantity.DEVIATION,
            sqrt((d + log(1 / delta)) / n),
            "up to logarithms; says nothing at depths h with h^{d+2} below n^{-1/2}",
        )
    },
    assumptions=(Assumption("x_1, ..., x_n independent and identically distributed in the unit ball"),),
    source=LQWP25.at("Thm E.5"),
    status=Status.PAPER,
)

# Proof. Half-spaces have VC dimension d + 1, so by the relative deviation inequality, with probability at least 1 -
# delta, every half-space of mass at least 16 Lambda/n holds at least half its share of the samples. Let h = 1 - |t| <= 1
# and t' = (1 + |t|)/2, of depth h/2. The empirical weight is at least (share beyond t) * (mean of (u.x - t)_+), and the
# mean is at least (h/2) * (share beyond t'). Both shares are at least half the masses, and the mass beyond t is at least
# c_1 (1 - t^2)^{(d+1)/2}/(d+1), where 1 - t^2 >= h and 1 - t'^2 >= 3h/4. The product is gamma_d h^{d+2}; the mass beyond
# t' is at least 16 Lambda/n exactly when h >= rho_n by this bound. The opposite side of the hyperplane weighs no less.
_c1 = marginal_constant.expr
GAMMA = _c1**2 / (8 * (d + 1) ** 2) * Rational(3, 4) ** ((d + 1) / 2)
LAMBDA = (d + 1) * log(2 * E * n / (d + 1)) + log(4 / delta)
SMALLEST_DEPTH = Rational(4, 3) * Pow(16 * (d + 1) * LAMBDA / (_c1 * n), Integer(2) / (d + 1), evaluate=False)

THEOREM_D = Theorem(
    key="theorem-d",
    title="Theorem D: relative deviation of the empirical weight",
    statement="With probability at least 1 - delta the empirical weight of every neuron whose depth h = 1 - |t| is "
    "at least rho_n is at least this multiple of the canonical weight.",
    bounds={
        "weight at depth h": Side.LOWER.bound(Quantity.WEIGHT, GAMMA * h ** (d + 2)),
        "depth rho_n": Side.UPPER.bound(
            Quantity.WEIGHT,
            SMALLEST_DEPTH,
            "from this depth on the weight obeys the bound; of order (log n / n)^{2/(d+1)}",
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
