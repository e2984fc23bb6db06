"""Theorem C: minimax upper bound over the weighted variation class, by metric entropy.

Proof in outline. Split the neurons by depth h_k = 2^{-k} and the directions into ~ h_k^{-(d-1)/2} cells of radius
sqrt(h_k). Rescaled, the neurons of a cell lie in a variation ball on a fixed domain, of log covering number
(variation/resolution)^{2d/(d+3)} (Siegel & Xu). The best allocation of the resolution over cells and depths gives,
outside the shell of width h, log N(e) of order h^{-q} (C/e)^alpha, alpha = 2d/(d+3), q = 3(d^2+2d-1)/(2(d+3)). Least
squares over a net, with e = B sqrt(h) and the shell set to 0, gives the rate. The allocation, the affine part and
clipping add the second and third terms of the form for every n.
"""

from sympy import E, log

from boundcalc.statement import Assumption, Bound, Quantity, Side, Status, Theorem
from boundcalc.statements.assumptions import GAUSSIAN_NOISE, UNIFORM_BALL
from boundcalc.statements.sources import BOUNDCALC
from boundcalc.symbols import B, C, d, n, sigma

_noise = (sigma**2 + B**2) / (n * B**2)
_main = B**2 * (_noise * (C / B) ** (2 * d / (d + 3))) ** (2 / (3 * d + 1))

THEOREM = Theorem(
    key="theorem-c",
    title="Theorem C: minimax upper bound over the weighted variation class",
    statement="Least squares over a net reaches this mean squared error over functions with sup norm at most B and "
    "canonical weighted variation norm at most C. Modulo the quoted metric entropy of variation balls.",
    bounds={
        "mse": Bound(
            _main,
            Side.UPPER,
            Quantity.MSE,
            constant_known=False,
            remark="population norm; for n >= n_0(d, B, C, sigma); false for C -> 0 at fixed n",
        ),
        "mse, every n": Bound(
            _main + B**2 * _noise ** (2 / (d + 1)) + (sigma**2 + B**2) * (d + 1) * log(E * n * (B + C) / B) / n,
            Side.UPPER,
            Quantity.MSE,
            constant_known=False,
            remark="population norm; the last two terms pay for the cells and for the affine part",
        ),
    },
    assumptions=(UNIFORM_BALL, GAUSSIAN_NOISE, Assumption("n >= n_0(d, B, C, sigma), for the first form")),
    source=BOUNDCALC.at("Theorem C"),
    status=Status.DERIVED,
)
