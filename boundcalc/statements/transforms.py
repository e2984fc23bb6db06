"""Random ReLU processes, the k-plane transform, and activations of several variables."""

from sympy import Expr, Integer, Rational, Symbol, exp, gamma, pi
from sympy.core.relational import Lt

from boundcalc.statement import Assumption, Quantity, Side, Status, Theorem
from boundcalc.statements.extra_symbols import N, alpha, k, s
from boundcalc.statements.sources import K_PLANE, MULTIVARIATE, RANDOM_RELU
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


def _absolute_moment(m: Expr) -> Expr:
    """The integral of |u.e|^m over the unit sphere, for a unit vector e."""
    return 2 * pi ** ((d - 1) / 2) * gamma((m + 1) / 2) / gamma((m + d) / 2)


# By Campbell's formula the cumulants of the value at x are the intensity times E V^m times the integral of the m-th power
# of the corrected ReLU, which is the distance of t from a = u.x for t between 0 and a: |u.x|^{m+1}/(m+1), integrated over
# the sphere. The excess kurtosis is the fourth cumulant over the square of the second.
FOURTH_MOMENT = Symbol("V_4", positive=True)

RELU_PROCESS_KURTOSIS = Theorem(
    key="relu-process-kurtosis",
    title="How far a random ReLU process is from Gaussian",
    statement="The excess kurtosis of the value at x of the random ReLU process: it falls like 1/intensity, and like "
    "1/|x|. The variance grows like |x| to twice the Hurst exponent.",
    bounds={
        "excess kurtosis": Side.TIGHT.bound(
            Quantity.CONSTANT,
            FOURTH_MOMENT * _absolute_moment(Integer(5)) / 5
            / (INTENSITY * SECOND_MOMENT**2 * (_absolute_moment(Integer(3)) / 3) ** 2 * NORM_X),
        ),
        "Hurst exponent": Side.TIGHT.bound(Quantity.CONSTANT, Rational(3, 2), "of second moments only"),
    },
    assumptions=(Assumption("output weights independent of the neurons, mean 0, finite fourth moment"),),
    source=RANDOM_RELU,
    status=Status.DERIVED,
    symbols={
        INTENSITY: "intensity of the Poisson process",
        SECOND_MOMENT: "E V^2",
        FOURTH_MOMENT: "E V^4",
        NORM_X: "|x|",
    },
)  # fmt: skip

# With weights lambda^{-1/alpha} V, V symmetric stable: E exp(i xi V) = exp(-|xi|^alpha), the logarithm of the characteristic
# function is lambda times the integral of exp(-|xi g|^alpha/lambda) - 1, and tends to minus the integral of |xi g|^alpha. As
# 0 <= exp(-z) - 1 + z <= z^2/2, it exceeds the limit by at most the integral of |xi g|^{2 alpha} over 2 lambda.
FREQUENCY = Symbol("xi", positive=True)


def _stable_integral(power: Expr) -> Expr:
    return FREQUENCY**power * NORM_X ** (power + 1) * _absolute_moment(power + 1) / (power + 1)


RELU_PROCESS_STABLE_LIMIT = Theorem(
    key="relu-process-stable-limit",
    title="The limit of random ReLU processes with heavy-tailed weights",
    statement="With symmetric alpha-stable output weights of scale intensity^(-1/alpha) the value at x converges to a "
    "symmetric stable law, not to a Gaussian one. Its characteristic function at xi, and a bound on the logarithm's excess.",
    bounds={
        "characteristic function": Side.TIGHT.bound(Quantity.CONSTANT, exp(-_stable_integral(alpha))),
        "excess of the logarithm": Side.UPPER.bound(Quantity.CONSTANT, _stable_integral(2 * alpha) / (2 * INTENSITY)),
    },
    assumptions=(
        Assumption("0 < alpha < 2", Lt(alpha, 2, evaluate=False)),
        Assumption("E exp(i xi V) = exp(-|xi|^alpha)"),
    ),
    source=RANDOM_RELU,
    status=Status.DERIVED,
    symbols={
        INTENSITY: "intensity of the Poisson process",
        FREQUENCY: "frequency",
        NORM_X: "|x|",
        alpha: "index of stability",
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

# The fundamental solution of (-Laplace)^s on R^k is a multiple of |x|^{2s-k} unless 2s - k is an even number >= 0, and then
# one of |x|^{2s-k} log|x|. The multiple is the constant of Riesz potentials, continued to s > k/2; where it has a pole, the
# residue gives the logarithm's. 2s = k + 1 is the norm; k = 1 the ReLU, which is |x|/2 up to an affine function.
HALF_POWER = Symbol("m", integer=True, nonnegative=True)

ACTIVATION_OPERATORS = Theorem(
    key="activation-operators",
    title="Activations of several variables and the operators they belong to",
    statement="A power s of minus the Laplacian on R^k turns this multiple of |x|^(2s-k) into a point mass at 0: of the norm "
    "for 2s = k + 1, whose case k = 1 is the ReLU up to an affine function; of the thin-plate spline |x|^(2m) log|x| for "
    "2s = k + 2m.",
    bounds={
        "factor of |x|^(2s-k)": Side.TIGHT.bound(
            Quantity.CONSTANT, gamma(k * Rational(1, 2) - s) / (4**s * pi ** (k * Rational(1, 2)) * gamma(s))
        ),
        "factor of |x|": Side.TIGHT.bound(
            Quantity.CONSTANT, -(2**-k) * pi ** ((1 - k) * Rational(1, 2)) / gamma((k + 1) * Rational(1, 2))
        ),
        "factor of |x|^(2m) log|x|": Side.TIGHT.bound(
            Quantity.CONSTANT,
            (-1) ** (HALF_POWER + 1) * 2 / (4 ** (HALF_POWER + k * Rational(1, 2)) * pi ** (k * Rational(1, 2))
            * gamma(HALF_POWER + 1) * gamma(HALF_POWER + k * Rational(1, 2))),
        ),
    },
    assumptions=(Assumption("2s > k"),),
    source=MULTIVARIATE,
    status=Status.DERIVED,
    symbols={k: "dimension of the activation's argument", s: "power of minus the Laplacian", HALF_POWER: "half the power"},
)  # fmt: skip

# The least total mass under N linear conditions is attained by a combination of extreme points; conditions that the skip
# connection alone can meet cost nothing, which leaves N minus its dimension (on the data) for the neurons: a vertex of the
# linear program.
SKIP_DIMENSION = Symbol("N_0", integer=True, nonnegative=True)

MULTIVARIATE_WIDTH = Theorem(
    key="multivariate-width",
    title="Width of optimal networks with activations of several variables",
    statement="Interpolating N points at the least norm has a solution with at most N - N_0 neurons rho(Ax - t), rows of A "
    "orthonormal, beside a skip connection: a polynomial, from a space of dimension N_0 on the data.",
    bounds={"width": Side.UPPER.bound(Quantity.SIZE, N - SKIP_DIMENSION)},
    assumptions=(Assumption("rho is the fundamental solution that defines the norm"),),
    source=MULTIVARIATE,
    status=Status.PAPER,
    symbols={N: "number of data points", SKIP_DIMENSION: "dimension of the skip connections on the data"},
)
