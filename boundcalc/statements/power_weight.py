"""Theorem G: the minimax mean squared error for every power of the depth as weight; the trace is one of them."""

from sympy import Expr, Integer, Min, Piecewise, Pow, Rational, expand
from sympy.core.relational import Ge, Le

from boundcalc.powers import power_exponent
from boundcalc.statement import Assumption, Quantity, Side, Status, Theorem
from boundcalc.statements.assumptions import (
    D_AT_LEAST_2,
    ETA_BELOW_2,
    GAUSSIAN_NOISE,
    OPTIMIZED,
    OUTPUTS_AT_MOST_M,
    SUP_NORM_B,
    TRACE_FLAT,
    UNIFORM_BALL,
)
from boundcalc.statements.extra_symbols import power
from boundcalc.statements.sources import BOUNDCALC
from boundcalc.symbols import B, C, d, n, sigma

# Below it the weight costs nothing: at every depth the cells of the best net cost less than at depth 1.
CRITICAL_POWER = (d**2 + 2 * d + 3) / (4 * d)
# From here on few caps of full amplitude are worse than all caps of small amplitude (d >= 4) ...
FEW_CAPS_POWER = (d + 5) / 4
# ... and from here on all caps bear full amplitude, and wave packets besides.
PACKETS_POWER = (d + 1) / 2

_relative_noise = sigma**2 / (n * B**2)
_small_noise = sigma**2 / (n * C**2)


def packets_on_caps(gamma: Expr, noise: Expr = _relative_noise) -> Expr:
    """B^2 [noise (C/B)^{2d/(d+3)}]^{2(d+3)/(4 d gamma + 2d + 3 - d^2)}, the minimax error for gamma >= (d+1)/2.

    ``noise`` is sigma^2/(n B^2), or (sigma^2 + B^2)/(n B^2) from above. At gamma = d+2 it is that of Theorems B and C.
    """
    return B**2 * (noise * (C / B) ** (2 * d / (d + 3))) ** (2 * (d + 3) / expand(4 * d * gamma + 2 * d + 3 - d**2))


# What the worst functions are, with the orders of their errors (docs/proofs.md, Theorem G).
_INTERIOR = C**2 * _small_noise ** ((d + 3) / (2 * d + 3))
_SINGLE_CAPS = C**2 * _small_noise ** (2 * (d + 2 - 2 * power) / (3 * (d + 1) - 4 * power))
_FEW_CAPS = B * C * _relative_noise ** ((d + 3 - 2 * power) / (d + 1))
_PACKETS = packets_on_caps(power)


def _decay(expr: Expr) -> Expr:
    return -power_exponent(expr, n)


# Written once: each exponent is that of its phase's bound.
EXPONENT = Piecewise(
    (_decay(_INTERIOR), Le(power, CRITICAL_POWER, evaluate=False)),
    (_decay(_PACKETS), Ge(power, PACKETS_POWER, evaluate=False)),
    (_decay(_SINGLE_CAPS), Le(power, FEW_CAPS_POWER, evaluate=False)),
    (_decay(_FEW_CAPS), True),
    evaluate=False,
)
_LARGE_N = Assumption("n >= n_0(d, gamma, B, C, sigma)")

POWER_WEIGHT_MINIMAX = Theorem(
    key="power-weight-minimax",
    title="Theorem G: minimax mean squared error for every power of the depth",
    statement="Over functions with sup norm at most B and variation norm with weight (1-|t|)^gamma at most C: below the "
    "critical power (d^2+2d+3)/(4d) the weight costs nothing, above it dimension does. gamma = 0 is weight decay, "
    "(d+3)/2 the trace, d+1 localised flatness, d+2 the canonical weight.",
    bounds={
        "mse": Side.TIGHT.rate(
            Quantity.MSE, Pow(n, -EXPONENT, evaluate=False), "population norm; from above up to powers of log n"
        ),
        "interior": Side.LOWER.rate(Quantity.MSE, _INTERIOR, "gamma <= (d^2+2d+3)/(4d); packets in the bulk"),
        "single caps": Side.LOWER.rate(
            Quantity.MSE, _SINGLE_CAPS, "up to min((d+5)/4, (d+1)/2), d >= 2; one atom of small amplitude on every cap"
        ),
        "few full caps": Side.LOWER.rate(
            Quantity.MSE, _FEW_CAPS, "(d+5)/4 <= gamma <= (d+1)/2, d >= 4; full amplitude on a part of the caps"
        ),
        "packets on caps": Side.LOWER.rate(
            Quantity.MSE, _PACKETS, "gamma >= (d+1)/2 (3/2 at d = 1); wave packets of full amplitude on every cap"
        ),
    },
    assumptions=(UNIFORM_BALL, GAUSSIAN_NOISE, _LARGE_N),
    source=BOUNDCALC.at("Theorem G"),
    status=Status.DERIVED,
    symbols={power: "power of the depth in the weight, at least 0"},
)

# 2 sqrt(E[1_act (|x|^2 + 1)] E[(u.x - t)_+^2]) is of the order of the square root of h^{(d+1)/2} h^{2 + (d+1)/2}.
TRACE_POWER = (d + 3) / 2
_trace_exponent = _decay(packets_on_caps(TRACE_POWER))

TRACE_MINIMAX = Theorem(
    key="trace-minimax",
    title="Minimax mean squared error over trace-flat functions",
    statement="Theorem G with gamma = (d+3)/2, the power of g_tr in Theorem F: functions with sup norm at most B and "
    "g_tr-variation norm at most C. Networks with trace at most 2/eta realise the worst ones, so SGD's flatness is cursed "
    "by dimension, too, only less than GD's.",
    bounds={
        "mse": Side.LOWER.rate(Quantity.MSE, packets_on_caps(TRACE_POWER), "population norm"),
        "mse from above": Side.UPPER.rate(
            Quantity.MSE,
            packets_on_caps(TRACE_POWER, (sigma**2 + B**2) / (n * B**2)),
            "population norm; up to powers of log n, or modulo the quoted metric entropy of variation balls",
        ),
    },
    assumptions=(UNIFORM_BALL, GAUSSIAN_NOISE, Assumption("n >= n_0(d, B, C, sigma)")),
    source=BOUNDCALC.at("Theorem G"),
    status=Status.DERIVED,
)

TRACE_MSE_UPPER = Theorem(
    key="trace-mse-upper",
    title="Mean squared error of optimized trace-flat minima, upper bound",
    statement="An optimized minimum with trace at most 2/eta (a global minimum that is linearly stable for SGD has no "
    "larger one: Wu & Su 2023) and sup norm at most B has this mean squared error, by Theorem F and Lemma S.",
    bounds={
        "mse": Side.UPPER.rate(
            Quantity.MSE,
            n**-_trace_exponent,
            "empirical norm; times (log n)^{1/6} at d = 1; the constant depends on d, eta, sigma and B",
        )
    },
    assumptions=(TRACE_FLAT, ETA_BELOW_2, UNIFORM_BALL, GAUSSIAN_NOISE, OPTIMIZED, SUP_NORM_B),
    source=BOUNDCALC.at("Theorem F, rates"),
    status=Status.DERIVED,
)

TRACE_GAP_UPPER = Theorem(
    key="trace-gap-upper",
    title="Generalization gap of trace-flat minima, upper bound",
    statement="Networks with trace at most 2/eta and outputs at most M have at most this generalization gap, with high "
    "probability: n^{-1/2} at d = 1. The gap bounds nothing from below.",
    bounds={
        "gap": Side.UPPER.rate(
            Quantity.GAP,
            Pow(n, -Min(Rational(1, 2), _trace_exponent, evaluate=False), evaluate=False),
            "up to powers of log n; the constant depends on d, eta and M",
        )
    },
    assumptions=(TRACE_FLAT, ETA_BELOW_2, UNIFORM_BALL, OUTPUTS_AT_MOST_M),
    source=BOUNDCALC.at("Theorem F, rates"),
    status=Status.DERIVED,
)

# The two networks of LQWP25 Cor I.3 have no active neuron on the data: Prop I.2 gives them sharpness 1, and Theorem F
# trace 1.
TRACE_GAP_LOWER = Theorem(
    key="trace-gap-lower",
    title="Estimating trace-flat minima without noise, lower bound",
    statement="Networks that interpolate the same noiseless data, with no neuron active on it, have trace exactly 1 and "
    "differ by this: no estimator of the risk, or of the function, does better over minima of trace 1 with sup norm at "
    "most B.",
    bounds={
        "gap": Side.LOWER.rate(Quantity.GAP, B**2 * n ** (-Integer(2) / (d + 1))),
        "mse without noise": Side.LOWER.rate(Quantity.MSE, B**2 * n ** (-Integer(2) / (d + 1)), "population norm"),
    },
    assumptions=(D_AT_LEAST_2, UNIFORM_BALL),
    source=BOUNDCALC.at("Theorem F, rates"),
    status=Status.DERIVED,
)
