"""The estimators behind ``boundcalc.explicit_upper``, which evaluates the forms for every n; proofs: docs/proofs.md."""

from sympy import Rational, Symbol, log, sqrt

from boundcalc.statement import Assumption, Quantity, Side, Status, Theorem
from boundcalc.statements.assumptions import D_AT_LEAST_2, D_IS_1, GAUSSIAN_NOISE, UNIFORM_BALL
from boundcalc.statements.sources import BOUNDCALC
from boundcalc.symbols import B, C, d, eps, n, sigma

OUTSIDE = Symbol("q", positive=True)
BIAS = Symbol("b", positive=True)
VARIANCE = Symbol("v", positive=True)
WIDTH = Symbol("w", positive=True)
TERMS = Symbol("N", integer=True, positive=True)
ATOM = Symbol("Gamma", positive=True)
ROUNDING = Symbol("E_0", positive=True)
MESH = Symbol("s", positive=True)
LOG_SIZE = Symbol("L", positive=True)

_CORE = "share of the data outside the core {|x| <= 1 - eps}, 1 - (1-eps)^d"
_EVERY_N = "population norm; for every choice of the estimator's parameters"
_FOR_RATE = Assumption("n >= n_0(d, sigma, B, C), for the rate")
_power = sigma**2 + B**2
_noise = _power / (n * B**2)

# The estimate 0 outside the core; in it the squared bias is at most B C b and the integrated variance (sigma^2 + B^2) v/n.
_linear = B**2 * OUTSIDE + B * C * BIAS + _power * VARIANCE / n
# Shell B^2 eps, squared bias B C delta^2 eps^{-(d+1)/2}, delta^{-d} eps^{-(d-1)/2} cells: equal at delta^2 = (B/C) eps^{(d+3)/2}.
_linear_rate = B**2 * (_noise * (C / B) ** (d / 2)) ** (4 / (d**2 + 5 * d + 2))
# Shell B^2 eps, squared bias C^2 eps^{-(3d+3)/2}/N and N log(n) (sigma^2 + B^2)/n, equal up to the logarithm.
_mixture_rate = B**2 * (_noise * (C / B) ** 2) ** (2 / (3 * d + 7))


_CLASS = (
    "over functions with sup norm at most B and weighted variation norm at most C, with the canonical weight or that of the "
    "population"
)

SMOOTHER_UPPER = Theorem(
    key="smoother-upper",
    title="Proposition L: minimax upper bound by linear smoothers",
    statement="A self-adjoint smoother S of finite rank on the core that reproduces affine functions, applied to the data and "
    f"set to 0 outside the core, has at most this mean squared error {_CLASS}. The smoothers that explicit_upper knows are "
    "tabulated, with constants certified and rounded up.",
    bounds={
        "mse": Side.UPPER.rate(
            Quantity.MSE, _linear_rate, "population norm; the best S, such as the projection on cells"
        ),
        "mse, every n": Side.UPPER.bound(Quantity.MSE, _linear, _EVERY_N),
    },
    assumptions=(UNIFORM_BALL, GAUSSIAN_NOISE, _FOR_RATE),
    source=BOUNDCALC.at("Proposition L"),
    status=Status.DERIVED,
    symbols={
        OUTSIDE: _CORE,
        BIAS: "largest L1(P) norm on the core of (I-S)^2 applied to a ReLU, over the weight at its depth",
        VARIANCE: "squared Hilbert-Schmidt norm of S",
    },
)

CELLS_UPPER = Theorem(
    key="cells-upper",
    title="Minimax upper bound by projection on polar cells",
    statement="The empirical projection on the functions that are affine in each cell of a polar partition of the core, set to 0 "
    f"outside it, has at most this mean squared error {_CLASS}.",
    bounds={
        "mse": Side.UPPER.rate(Quantity.MSE, _linear_rate, "population norm"),
        "mse, every n": Side.UPPER.bound(Quantity.MSE, _linear, _EVERY_N),
    },
    assumptions=(D_AT_LEAST_2, UNIFORM_BALL, GAUSSIAN_NOISE, _FOR_RATE),
    source=BOUNDCALC.at("Explicit upper bounds, polar cells"),
    status=Status.DERIVED,
    symbols={
        OUTSIDE: _CORE,
        BIAS: "a quarter of the largest sum, over the cells that a hyperplane meets, of mass times width, over the weight at its "
        "depth",
        VARIANCE: "d+1 times the number of cells",
    },
)

# Each side of the interval has at most 1 + (1+w)^{3/2} (2/w) (eps^{-1/2} - 1) cells, with two functions each; the residual of a
# kink in a cell of width l has L1(P) norm at most l^2/32, and l^2 <= w^2 z^3 at depth z.
CELLS_UPPER_1D = Theorem(
    key="cells-upper-1d",
    title="Minimax upper bound by piecewise linear projection, d = 1",
    statement="The empirical projection on the functions that are linear in each cell, where a cell that starts at depth z is "
    "w z^{3/2} wide, set to 0 at depths below eps, has at most this mean squared error over functions on the interval with sup "
    "norm at most B and canonical weighted variation norm at most C; for the weight g_P of the population, with C/g_P(0) in the "
    "place of C.",
    bounds={
        "mse": Side.UPPER.rate(Quantity.MSE, _linear_rate.subs(d, 1), "population norm"),
        "mse, every n": Side.UPPER.bound(
            Quantity.MSE,
            _linear.subs(
                {
                    OUTSIDE: eps,
                    BIAS: WIDTH**2 / 32,
                    VARIANCE: 4 * (1 + (1 + WIDTH) ** Rational(3, 2) * (2 / WIDTH) * (1 / sqrt(eps) - 1)),
                }
            ),
            _EVERY_N,
        ),
    },
    assumptions=(D_IS_1, UNIFORM_BALL, GAUSSIAN_NOISE, _FOR_RATE),
    source=BOUNDCALC.at("Explicit upper bounds, the interval"),
    status=Status.DERIVED,
    symbols={WIDTH: "width of a cell at depth 1"},
)

MIXTURE_UPPER = Theorem(
    key="mixture-upper",
    title="Minimax upper bound by exponential weights over sums of ridge functions",
    statement="Exponential weights of temperature 2 sigma^2 + 8 B^2 over the means of N ridge functions on a grid, plus an "
    f"affine function from a net, in the core, set to 0 outside it, have at most this mean squared error {_CLASS}.",
    bounds={
        "mse": Side.UPPER.rate(Quantity.MSE, _mixture_rate, "population norm; times (log n)^{2/(3d+7)}"),
        "mse, every n": Side.UPPER.bound(
            Quantity.MSE,
            B**2 * OUTSIDE
            + ATOM**2 / TERMS
            + ROUNDING**2
            + B**2 * MESH**2
            + (2 * sigma**2 + 8 * B**2) / (n + 1) * (LOG_SIZE + (d + 1) * log(1 + 2 * sqrt(1 - OUTSIDE) / MESH)),
            _EVERY_N,
        ),
    },
    assumptions=(D_AT_LEAST_2, UNIFORM_BALL, GAUSSIAN_NOISE, _FOR_RATE),
    source=BOUNDCALC.at("Explicit upper bounds, exponential weights"),
    status=Status.DERIVED,
    symbols={
        OUTSIDE: _CORE,
        TERMS: "number of ridge functions in a mean",
        ATOM: "C times the largest L2(P) norm on the core of a ReLU over the weight at its depth",
        ROUNDING: "L2(P) error on the core from rounding directions and offsets to the grid",
        MESH: "mesh of the net of affine functions, over B",
        LOG_SIZE: "logarithm of the number of means",
    },
)
