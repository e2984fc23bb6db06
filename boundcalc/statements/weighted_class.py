"""Minimax mean squared error over the weighted variation class; Theorem A has a file of its own."""

from sympy import E, Min, Rational, log

from boundcalc.statement import Assumption, Quantity, Side, Status, Theorem
from boundcalc.statements.assumptions import D_AT_LEAST_2, D_IS_1, GAUSSIAN_NOISE, UNIFORM_BALL
from boundcalc.statements.sources import BOUNDCALC, LQWP25
from boundcalc.symbols import B, C, d, n, sigma

MINIMAX_LOWER = Theorem(
    key="minimax-lower",
    title="Minimax mean squared error over the weighted variation class, lower bound",
    statement="No estimator does better than this over functions with sup norm at most B and weighted variation norm at "
    "most C: signs on a packing of disjoint caps of height (sigma^2/n)^{2/(d+1)}, by Fano's inequality.",
    bounds={
        "mse": Side.LOWER.rate(
            Quantity.MSE, Min(B, C) ** (2 * (d - 1) / (d + 1)) * (sigma**2 / n) ** (2 / (d + 1)), "population norm"
        )
    },
    assumptions=(D_AT_LEAST_2, UNIFORM_BALL, GAUSSIAN_NOISE),
    source=LQWP25.at("Thm 3.7, H.5, H.6"),
    status=Status.PAPER,
    errata=(7, 8, 10),
)

MINIMAX_LOWER_1D = Theorem(
    key="minimax-lower-1d",
    title="Minimax mean squared error over the weighted variation class, lower bound, d = 1",
    statement="No estimator does better than this over functions on the interval with sup norm at most B and weighted "
    "variation norm at most C: bumps stacked towards the ends of the interval.",
    bounds={"mse": Side.LOWER.rate(Quantity.MSE, Min(B, C) * sigma * n ** Rational(-1, 2), "population norm")},
    assumptions=(D_IS_1, UNIFORM_BALL, GAUSSIAN_NOISE),
    source=LQWP25.at("Thm 3.7, H.8, H.9"),
    status=Status.PAPER,
    errata=(7, 8),
)

# Proof in outline. In every one of the ~ h^{-(d-1)/2} disjoint caps of height h, in the coordinates in which the cap has
# size 1, take an orthonormal lattice of band-limited packets of scale kappa h with spectrum in a cone about the axis. By
# Plancherel the seminorm of every signed sum in a cap is O(h^{d+1} (kappa h)^{-(d+3)/2}), so kappa fixes it to C in
# total; the Gram matrix is diagonal up to superpolynomially small terms; Assouad's lemma with neighbours at relative
# entropy 1/2 gives risk of order B^2 h at h^{(3d+1)/2} = sigma^2 / (n B^2 kappa^d).
THEOREM_B = Theorem(
    key="theorem-b",
    title="Theorem B: sharp minimax lower bound from wave packets",
    statement="No estimator does better than this over functions with sup norm at most B and canonical weighted "
    "variation norm at most C. Theorem C has the same exponent from above: it is the minimax exponent of the class.",
    bounds={
        "mse": Side.LOWER.rate(
            Quantity.MSE,
            B**2 * (sigma**2 / (n * B**2) * (C / B) ** (2 * d / (d + 3))) ** (2 / (3 * d + 1)),
            "population norm; for n >= n_0(d, B, C, sigma), which is not explicit",
        )
    },
    assumptions=(UNIFORM_BALL, GAUSSIAN_NOISE, Assumption("n >= n_0(d, B, C, sigma)")),
    source=BOUNDCALC.at("Theorem B"),
    status=Status.DERIVED,
)

# Proof in outline. Split the neurons by depth h_k = 2^{-k} and the directions into ~ h_k^{-(d-1)/2} cells of radius
# sqrt(h_k). Rescaled, the neurons of a cell lie in a variation ball on a fixed domain, of log covering number
# (variation/resolution)^{2d/(d+3)} (Siegel & Xu). The best allocation of the resolution over cells and depths gives,
# outside the shell of width h, log N(e) of order h^{-q} (C/e)^alpha, alpha = 2d/(d+3), q = 3(d^2+2d-1)/(2(d+3)). Least
# squares over a net, with e = B sqrt(h) and the shell set to 0, gives the rate. The allocation, the affine part and
# clipping add the second and third terms of the form for every n.
_noise = (sigma**2 + B**2) / (n * B**2)
_main = B**2 * (_noise * (C / B) ** (2 * d / (d + 3))) ** (2 / (3 * d + 1))

THEOREM_C = Theorem(
    key="theorem-c",
    title="Theorem C: minimax upper bound over the weighted variation class",
    statement="Least squares over a net reaches this mean squared error over functions with sup norm at most B and "
    "canonical weighted variation norm at most C. Modulo the quoted metric entropy of variation balls.",
    bounds={
        "mse": Side.UPPER.rate(
            Quantity.MSE, _main, "population norm; for n >= n_0(d, B, C, sigma); false for C -> 0 at fixed n"
        ),
        "mse, every n": Side.UPPER.rate(
            Quantity.MSE,
            _main + B**2 * _noise ** (2 / (d + 1)) + (sigma**2 + B**2) * (d + 1) * log(E * n * (B + C) / B) / n,
            "population norm; the last two terms pay for the cells and for the affine part",
        ),
    },
    assumptions=(UNIFORM_BALL, GAUSSIAN_NOISE, Assumption("n >= n_0(d, B, C, sigma), for the first form")),
    source=BOUNDCALC.at("Theorem C"),
    status=Status.DERIVED,
)
