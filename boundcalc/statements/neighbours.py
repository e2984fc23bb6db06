"""Constants and rates of neighbouring papers."""

from sympy import Rational, Symbol, gamma, pi
from sympy.core.relational import Lt

from boundcalc.statement import Assumption, Quantity, Side, Status, Theorem
from boundcalc.statements.extra_symbols import k
from boundcalc.statements.sources import K_PLANE, RANDOM_RELU
from boundcalc.symbols import d

# For one direction u, with a = u.x, b = u.y, the corrected ReLU phi(a - t) - phi(-t) - a 1[t < 0] vanishes unless t lies
# between 0 and a; integrating its product with that of b over t gives
# (|a - b|^3 - |a|^3 - |b|^3 + 3ab(|a| + |b|))/12. The integral of |u.z|^3 over the sphere is
# c_d |z|^3, c_d = 2 pi^{(d-1)/2} / Gamma((d+3)/2), and that of 3 (u.x)(u.y)|u.x| is its derivative at x towards y,
# 3 c_d |x| x.y. The variance of a Poisson sum is the intensity times E V^2 times the integral (Campbell).
INTENSITY = Symbol("lambda", positive=True)
SECOND_MOMENT = Symbol("V_2", positive=True)
NORM_X = Symbol("r_x", nonnegative=True)
NORM_Y = Symbol("r_y", nonnegative=True)
DISTANCE = Symbol("r_xy", nonnegative=True)
INNER = Symbol("p_xy", real=True)

_c = 2 * pi ** ((d - 1) / 2) / gamma((d + 3) / 2)
_geometry = DISTANCE**3 - NORM_X**3 - NORM_Y**3 + 3 * INNER * (NORM_X + NORM_Y)

RELU_PROCESS_COVARIANCE = Theorem(
    key="relu-process-covariance",
    title="Autocovariance of a random ReLU process",
    statement="Neurons from a Poisson process in (u, t), sphere times line, with independent zero-mean output "
    "weights, the process corrected so that its value and gradient at 0 vanish: the covariance of its values at x "
    "and y.",
    bounds={
        "covariance": Side.TIGHT.bound(
            Quantity.COVARIANCE,
            INTENSITY * SECOND_MOMENT * _c * Rational(1, 12) * _geometry,
            "intensity per unit of surface measure and length; at d = 1 the sphere is two points",
        )
    },
    assumptions=(Assumption("output weights independent of the neurons, mean 0, finite second moment"),),
    source=RANDOM_RELU,
    status=Status.DERIVED,
    symbols={
        INTENSITY: "intensity of the Poisson process",
        SECOND_MOMENT: "E V^2",
        NORM_X: "|x|",
        NORM_Y: "|y|",
        DISTANCE: "|x - y|",
        INNER: "x.y",
    },
)

# The composition commutes with translations and rotations and is homogeneous of degree k in scale, so it is a multiple of
# (-Laplace)^{-k/2}; one function gives the multiple. Test on exp(-|x|^2/2) at 0: the transform integrates over k-planes,
# (2 pi)^{k/2} for every plane through 0, and the dual averages over directions, so the left side is (2 pi)^{k/2}. On the
# right (-Laplace)^{-k/2} gives E |Z|^{-k} = 2^{-k/2} Gamma((d-k)/2)/Gamma(d/2), Z standard normal in R^d. The quotient
# is the constant.
K_PLANE_CONSTANT = Theorem(
    key="k-plane-constant",
    title="Constant of the k-plane transform and its dual",
    statement="The k-plane transform followed by its dual (the average over all directions) is this constant times "
    "the power -k/2 of minus the Laplacian.",
    bounds={
        "constant": Side.TIGHT.bound(
            Quantity.CONSTANT, (4 * pi) ** (k * Rational(1, 2)) * gamma(d / 2) / gamma((d - k) / 2)
        )
    },
    assumptions=(Assumption("1 <= k < d", Lt(k, d, evaluate=False)),),
    source=K_PLANE,
    status=Status.DERIVED,
    symbols={k: "dimension of the planes"},
)
