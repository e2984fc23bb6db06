"""Constants and rates of neighbouring papers."""

from sympy import Abs, Integral, Max, Min, Rational, Symbol, exp, gamma, hyper, oo, pi, sqrt
from sympy.core.relational import Ge, Gt, Lt

from boundcalc.statement import Assumption, Quantity, Side, Status, Theorem
from boundcalc.statements.extra_symbols import N, k, p, q, s
from boundcalc.statements.sources import (
    GAUSSIAN_GAP,
    K_PLANE,
    OPTIMAL_RECOVERY,
    RANDOM_RELU,
    WEIGHTED_VARIATION,
)
from boundcalc.symbols import d, n, sigma

# The noise term is the one of the dense zone: a wavelet-type sieve of resolution r has bias r^s and standard deviation
# (sigma^2/(n r^d))^{1/2}, equal at (sigma^2/n)^{s/(2s+d)}. For error norms with q at or beyond p (2s + d)/d sparse
# alternatives are harder, so the range of q is guarded.
#
# Comparisons are left unevaluated: no assumption on the symbols decides them.
RECOVERY = n ** (-s / d + Max(0, 1 / p - 1 / q, evaluate=False))
NOISE = (sigma**2 / n) ** (s / (2 * s + d))

BESOV_MINIMAX = Theorem(
    key="besov-minimax",
    title="Noise-level-aware minimax rates over Besov balls",
    statement="From n noisy point samples of a function in the unit ball of the Besov space of smoothness s in L_p, "
    "the best error in L_q: the rate of optimal recovery without noise, plus what the noise costs.",
    bounds={
        "error": Side.TIGHT.rate(Quantity.APPROXIMATION, RECOVERY + Min(1, NOISE, evaluate=False)),
        "without noise": Side.TIGHT.rate(Quantity.APPROXIMATION, RECOVERY),
        "noise": Side.UPPER.rate(Quantity.APPROXIMATION, NOISE, "and at most 1"),
    },
    assumptions=(
        Assumption("s > d/p (point values make sense)", Gt(s, d / p, evaluate=False)),
        Assumption("p >= 1 and q >= 1", Ge(Min(p, q, evaluate=False), 1, evaluate=False)),
        Assumption("q < p (2s + d)/d (the dense zone)", Lt(q, p * (2 * s + d) / d, evaluate=False)),
        Assumption("y_i = f(x_i) + independent N(0, sigma^2) noise at points of the domain"),
    ),
    source=OPTIMAL_RECOVERY,
    status=Status.PAPER,
    symbols={p: "integrability of the Besov space", q: "exponent of the error norm", s: "smoothness"},
)

N_TERM_APPROXIMATION = Theorem(
    key="n-term-approximation",
    title="Approximation by N neurons in (weighted) variation spaces",
    statement="Every function in the unit ball of the (weighted) variation space is within this of a shallow ReLU "
    "network with N neurons, in L2 of the ball.",
    bounds={
        "error": Side.UPPER.rate(
            Quantity.APPROXIMATION,
            N ** (-Rational(1, 2) - Rational(3) / (2 * d)),
            "sharp in the unweighted case (Siegel & Xu)",
        )
    },
    assumptions=(Assumption("variation norm at most 1"),),
    source=WEIGHTED_VARIATION,
    status=Status.PAPER,
    symbols={N: "number of neurons"},
)

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

# The norm of a smooth f is gamma_d times the L1 norm over sphere and line of R(-Laplace)^{(d+1)/2} f,
# gamma_d = 1/(2 (2 pi)^{d-1}). The Radon transform of exp(-|x|^2/2) is (2 pi)^{(d-1)/2} exp(-t^2/2) in every direction,
# and the filter multiplies its transform sqrt(2 pi) exp(-w^2/2) by |w|^{d+1}:
#
#     (1/2 pi) int |w|^{d+1} sqrt(2 pi) e^{-w^2/2} cos(w t) dw = 2^{(d+1)/2} Gamma(d/2 + 1)/sqrt(pi) * 1F1(d/2 + 1; 1/2;
#     -t^2/2).
#
# With the sphere's area 2 pi^{d/2}/Gamma(d/2) all constants collapse to d. For odd d the filter is a derivative,
# 1F1 is (up to a constant) the Hermite function He_{d+1}(t) exp(-t^2/2), and the integral is a sum over the zeros of
# He_{d+1}. Width s scales the norm by 1/s: f(x/s) has slopes 1/s times those of f at points that are s times as far.
_t = Symbol("t", real=True)
_root = sqrt(6)
_outer, _inner = 3 + _root, 3 - _root

GAUSSIAN_VARIATION_NORM = Theorem(
    key="gaussian-variation-norm",
    title="Variation norm of a Gaussian",
    statement="The variation norm on all of R^d of exp(-|x|^2/(2 s^2)): it falls like 1/s.",
    bounds={
        "norm": Side.TIGHT.bound(
            Quantity.NORM, d / s * Integral(Abs(hyper((d / 2 + 1,), (Rational(1, 2),), -(_t**2) / 2)), (_t, -oo, oo))
        ),
        "norm, d = 1": Side.TIGHT.bound(Quantity.NORM, 4 * exp(-Rational(1, 2)) / s),
        "norm, d = 3": Side.TIGHT.bound(
            Quantity.NORM,
            4 * _root * (sqrt(_outer) * exp(-_outer / 2) + sqrt(_inner) * exp(-_inner / 2)) / s,
            "the sum over the zeros of the Hermite polynomial He_4",
        ),
    },
    assumptions=(Assumption("the whole space R^d, not a ball"),),
    source=GAUSSIAN_GAP,
    status=Status.DERIVED,
    symbols={s: "width of the Gaussian"},
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
