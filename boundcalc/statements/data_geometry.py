"""Generalization gap of stable minima for other laws of the data."""

from sympy import Rational, Symbol

from boundcalc.statement import Assumption, Quantity, Side, Status, Theorem
from boundcalc.statements.assumptions import D_AT_LEAST_2, ETA_BELOW_2, IN_UNIT_BALL, STABLE
from boundcalc.statements.extra_symbols import J, alpha, m
from boundcalc.statements.sources import DATA_GEOMETRY
from boundcalc.symbols import M, d, eta, n

# At alpha = 1 (the uniform ball) this is n^{-1/(2d+2)}, better than Thm 3.5: it needs a relative deviation bound for the
# weight, such as Theorem D. With an additive one it is justified only for alpha (2d - 3) >= 3d.
RADIAL = Assumption(
    "x = (1 - (1-r)^{1/alpha}) u, r uniform on [0, 1], u uniform on the sphere: P(|x| > 1 - eps) = eps^alpha"
)

RADIAL_GAP_UPPER = Theorem(
    key="radial-gap-upper",
    title="Generalization gap of stable minima for radial laws, upper bound",
    statement="The less mass near the boundary (the larger alpha), the faster the gap of stable minima shrinks.",
    bounds={
        "gap": Side.UPPER.rate(
            Quantity.GAP,
            n ** (-alpha * (d + 3) / (2 * (d**2 + 4 * alpha * d + 3 * alpha))),
            "with a relative deviation bound for the weight; with an additive one only for alpha (2d - 3) >= 3d",
        )
    },
    assumptions=(RADIAL, STABLE, ETA_BELOW_2),
    source=DATA_GEOMETRY,
    status=Status.PAPER,
    symbols={alpha: "P(|x| > 1 - eps) = eps^alpha"},
)

RADIAL_GAP_LOWER = Theorem(
    key="radial-gap-lower",
    title="Generalization gap of stable minima for radial laws, lower bound",
    statement="Caps that hold no sample: no estimator of the risk does better than this over stable minima.",
    bounds={"gap": Side.LOWER.rate(Quantity.GAP, n ** (-2 * alpha / (d - 1 + 2 * alpha)))},
    assumptions=(D_AT_LEAST_2, RADIAL, STABLE, ETA_BELOW_2),
    source=DATA_GEOMETRY,
    status=Status.PAPER,
    symbols={alpha: "P(|x| > 1 - eps) = eps^alpha"},
)

_A = 1 / eta - Rational(1, 2) + 4 * M

SUBSPACE_MIXTURE_GAP = Theorem(
    key="subspace-mixture-gap",
    title="Generalization gap of stable minima for mixtures of low-dimensional balls",
    statement="For a mixture of J uniform balls in subspaces of dimension m the gap has the exponent of dimension m, "
    "whatever the dimension of the space around them.",
    bounds={
        "gap": Side.UPPER.rate(
            Quantity.GAP,
            _A ** (m / (m**2 + 4 * m + 3)) * M**2 * J ** (Rational(4) / m) * n ** (-1 / (2 * m + 4)),
            "A = 1/eta - 1/2 + 4M",
        )
    },
    assumptions=(Assumption("x from a mixture of J uniform balls in m-dimensional subspaces"), STABLE, ETA_BELOW_2),
    source=DATA_GEOMETRY,
    status=Status.PAPER,
    symbols={J: "number of components", m: "dimension of the subspaces"},
)

OUTSIDE = Symbol("P_T", positive=True)
SMALLEST_WEIGHT = Symbol("g_min", positive=True)

HALF_SPACE_DEPTH_GAP = Theorem(
    key="half-space-depth-gap",
    title="Generalization gap of stable minima by half-space depth",
    statement="For every depth T: the mass outside the points of half-space depth at least T, plus the bound for the "
    "unweighted class with the smallest weight that a hyperplane through the deep points can have.",
    bounds={
        "gap": Side.UPPER.rate(
            Quantity.GAP,
            OUTSIDE + SMALLEST_WEIGHT ** (-d / (2 * d + 3)) * n ** (-(d + 3) / (2 * (2 * d + 3))),
            "the first term does not decay in n at fixed T: minimise over T",
        )
    },
    assumptions=(IN_UNIT_BALL, STABLE, ETA_BELOW_2),
    source=DATA_GEOMETRY,
    status=Status.PAPER,
    symbols={
        OUTSIDE: "P(X outside the region of depth T)",
        SMALLEST_WEIGHT: "smallest weight on the region of depth T",
    },
)
