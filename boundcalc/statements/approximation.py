"""Approximation and recovery in variation and Besov spaces, and the gap to kernel spaces: three neighbouring papers."""

from sympy import Abs, Integral, Max, Min, Rational, Symbol, beta, exp, hyper, oo, sqrt
from sympy.core.relational import Ge, Gt, Lt

from boundcalc.statement import Assumption, Quantity, Side, Status, Theorem
from boundcalc.statements.extra_symbols import N, p, power, q, s
from boundcalc.statements.sources import GAUSSIAN_GAP, OPTIMAL_RECOVERY, WEIGHTED_VARIATION
from boundcalc.symbols import d, n, sigma

# The noise term is the one of the dense zone: a wavelet-type sieve of resolution r has bias r^s and standard deviation
# (sigma^2/(n r^d))^{1/2}, equal at (sigma^2/n)^{s/(2s+d)}. For error norms with q at or beyond p (2s + d)/d sparse
# alternatives are harder, so the range of q is guarded.
#
# With x = (1/p - 1/q)_+ both terms are equal where sigma^2/n = n^{-(s/d - x)(2s + d)/s}, sigma = n^{-s/d + x (2s + d)/(2s)}.
#
# Comparisons are left unevaluated: no assumption on the symbols decides them.
_sparse = Max(0, 1 / p - 1 / q, evaluate=False)
RECOVERY = n ** (-s / d + _sparse)
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
        "balance": Side.TIGHT.rate(
            Quantity.NOISE, n ** (-s / d + _sparse * (2 * s + d) / (2 * s)), "where both terms are equal; derived"
        ),
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

# f = sqrt(1 - x^2) has f'' = -(1 - x^2)^{-3/2}, so the norms are differences of f' and Beta functions. On a piece of length h
# with curvature k the best line is off by k h^{5/2}/sqrt(720) in L2 and by k h^2/16 in the sup norm. With N pieces the best
# knots give equal errors, density proportional to k^{2/5} and k^{1/2}, and the errors
# N^{-2} (int k^{2/5})^{5/2}/sqrt(720) and N^{-2} (int k^{1/2})^2/16; errors at neighbouring ends agree in the limit, so that
# continuity costs nothing.
#
# In d = 1 the weight (1 - |t|)^gamma keeps the rate N^{-2} in L2 for gamma < 3/2: choose N pieces on which the integrals of
# |f''| (1 - |t|)^gamma and of (1 - |t|)^{-2 gamma/3} are at most 2/N of the whole; an interpolant is off by
# h^{3/2} int |f''| there, and by int |f''| (1 - t)^{3/2} at the boundary.
CUT_AT = Symbol("c", positive=True)

SEMICIRCLE_FREE_KNOTS = Theorem(
    key="semicircle-free-knots",
    title="The semicircle: weighted norms and free knots",
    statement="sqrt(1 - x^2) on [-1, 1] has infinite unweighted variation norm, the integral of |f''|, and finite norm with "
    "the weight (1 - x^2)^gamma, gamma > 1/2; functions of finite norm with gamma < 3/2 keep the rate N^-2 in L2, d = 1. Its "
    "error by continuous functions with N linear pieces and free knots, times 1 + o(1) as N grows:",
    bounds={
        "error": Side.TIGHT.bound(
            Quantity.APPROXIMATION, beta(Rational(1, 2), Rational(2, 5)) ** Rational(5, 2) / sqrt(720) / N**2, "in L2"
        ),
        "sup error": Side.TIGHT.bound(
            Quantity.APPROXIMATION, beta(Rational(1, 2), Rational(1, 4)) ** 2 / 16 / N**2, "in the sup norm"
        ),
        "norm up to c": Side.TIGHT.bound(
            Quantity.NORM, 2 * CUT_AT / sqrt(1 - CUT_AT**2), "the integral of |f''| over [-c, c], 0 < c < 1"
        ),
        "weighted norm": Side.TIGHT.bound(
            Quantity.NORM, beta(power - Rational(1, 2), Rational(1, 2)), "the integral of |f''| (1 - x^2)^gamma"
        ),
    },
    assumptions=(Assumption("gamma > 1/2 (for the weighted norm)", Gt(power, Rational(1, 2), evaluate=False)),),
    source=WEIGHTED_VARIATION,
    status=Status.DERIVED,
    symbols={N: "number of linear pieces", CUT_AT: "end of the interval", power: "power of the weight"},
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

# A sum of Gaussians w_i exp(-|x - c_i|^2/2) has the density sum of w_i g(t - u.c_i) over directions u and offsets t, and its
# norm is the L1 norm of that. The triangle inequality gives the upper bound. If the offsets u.c_i are at least 2a apart, cut
# the line into cells about them: in the cell of i the density is at least w_i |g_i| minus the others, so the integral is at
# least sum of w_i (|g|_1 - 2 tail(a)), tail(a) the integral of |g| beyond distance a. With g the derivative of
# He_d(t) exp(-t^2/2), up to sign, tail(a) = 2 |He_d(a)| exp(-a^2/2) from the largest zero of He_{d+1} on. In d = 1 the centres
# themselves are the offsets, a = D/2. In d = 3 the component of u along the line of centres is uniform on [-1, 1]
# (Archimedes), so all but a share 2a/D of the directions keep the offsets 2a apart; on the others the integral is at least 0.
#
# The kernel's Gram matrix is Toeplitz: its largest eigenvalue is at most 1 + 2 sum over k of exp(-k^2 D^2/2), where k^2 >= k.
SPACING = Symbol("D", positive=True)
CUT = Symbol("a", positive=True)
WEIGHTS = Symbol("W_1", positive=True)
WEIGHTS_2 = Symbol("W_2", positive=True)

_norms = {name: bound.expr.subs(s, 1) for name, bound in GAUSSIAN_VARIATION_NORM.bounds.items()}
_tail = 4 * CUT * (CUT**2 - 3) * exp(-(CUT**2) / 2)

SEPARATED_GAUSSIANS = Theorem(
    key="separated-gaussians",
    title="Norms of a sum of separated Gaussians",
    statement="For the sum of w_i exp(-|x - c_i|^2/2) with positive weights and centres c_i at spacing D on a line: its "
    "variation norm on all of R^d is the sum of the weights times the norm of one Gaussian, up to a share that vanishes as D "
    "grows, and its norm in the reproducing kernel Hilbert space of the Gaussian exp(-|x - y|^2/2) is the l2 norm of the "
    "weights, up to such a factor. Weights 1/i have an infinite sum and a finite l2 norm.",
    bounds={
        "norm, d = 1": Side.UPPER.bound(Quantity.NORM, WEIGHTS * _norms["norm, d = 1"], "any centres and weights"),
        "norm, d = 1, lower": Side.LOWER.bound(
            Quantity.NORM,
            WEIGHTS * (_norms["norm, d = 1"] - 2 * SPACING * exp(-(SPACING**2) / 8)),
            "D >= 2: the gap is exponentially small",
        ),
        "norm, d = 3": Side.UPPER.bound(Quantity.NORM, WEIGHTS * _norms["norm, d = 3"], "any centres and weights"),
        "norm, d = 3, lower": Side.LOWER.bound(
            Quantity.NORM,
            WEIGHTS * (1 - 2 * CUT / SPACING) * (_norms["norm, d = 3"] - _tail),
            "for every a with 6 + 2 sqrt(6) <= 2 a^2 and 2a <= D: the gap is of order 1/D at most",
        ),
        "kernel norm": Side.UPPER.bound(
            Quantity.NORM, WEIGHTS_2 * sqrt(1 + 2 / (exp(SPACING**2 / 2) - 1)), "in every dimension"
        ),
        "kernel norm, lower": Side.LOWER.bound(Quantity.NORM, WEIGHTS_2, "in every dimension"),
    },
    assumptions=(Assumption("the whole space R^d, not a ball"), Assumption("c_i = i D e for a unit vector e, w_i > 0")),
    source=GAUSSIAN_GAP,
    status=Status.DERIVED,
    symbols={
        SPACING: "distance of neighbouring centres",
        CUT: "any number from the largest zero of He_4 to D/2",
        WEIGHTS: "sum of the weights",
        WEIGHTS_2: "l2 norm of the weights",
    },
)
