"""Noise-level-aware minimax rates over Besov balls.

The noise term is the one of the dense zone: a wavelet-type sieve of resolution r has bias r^s and standard deviation
(sigma^2/(n r^d))^{1/2}, equal at (sigma^2/n)^{s/(2s+d)}. For error norms with q at or beyond p (2s + d)/d sparse
alternatives are harder, so the range of q is guarded.
"""

from sympy import Max, Min
from sympy.core.relational import Ge, Gt, Lt

from boundcalc.statement import Assumption, Bound, Quantity, Side, Status, Theorem
from boundcalc.statements.extra_symbols import p, q, s
from boundcalc.statements.sources import OPTIMAL_RECOVERY
from boundcalc.symbols import d, n, sigma

# Comparisons are left unevaluated: no assumption on the symbols decides them.
RECOVERY = n ** (-s / d + Max(0, 1 / p - 1 / q, evaluate=False))
NOISE = (sigma**2 / n) ** (s / (2 * s + d))

THEOREM = Theorem(
    key="besov-minimax",
    title="Noise-level-aware minimax rates over Besov balls",
    statement="From n noisy point samples of a function in the unit ball of the Besov space of smoothness s in L_p, "
    "the best error in L_q: the rate of optimal recovery without noise, plus what the noise costs.",
    bounds={
        "error": Bound(
            RECOVERY + Min(1, NOISE, evaluate=False), Side.TIGHT, Quantity.APPROXIMATION, constant_known=False
        ),
        "without noise": Bound(RECOVERY, Side.TIGHT, Quantity.APPROXIMATION, constant_known=False),
        "noise": Bound(NOISE, Side.UPPER, Quantity.APPROXIMATION, constant_known=False, remark="and at most 1"),
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
