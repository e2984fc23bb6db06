"""Generalization gap and mean squared error of stable minima, uniform data in the ball."""

from sympy import Min, Pow, Rational, sqrt

from boundcalc.statement import Assumption, Quantity, Side, Status, Theorem
from boundcalc.statements.assumptions import (
    D_AT_LEAST_2,
    D_IS_1,
    ETA_BELOW_2,
    GAUSSIAN_NOISE,
    OPTIMIZED,
    OUTPUTS_AT_MOST_M,
    STABLE,
    SUP_NORM_B,
    UNIFORM_BALL,
)
from boundcalc.statements.sources import BOUNDCALC, LQWP25, QIAO
from boundcalc.symbols import B, M, d, eta, n, sigma

# The core term of the proof is eps^{-d(d+2)/(2d+3)} A^{d/(2d+3)} M^{3(d+2)/(2d+3)} n^{-(d+3)/(4d+6)}, the shell term
# M^2 eps. Both forms below come from the same proof with different eps.
_GAP_NORM = 1 / eta - Rational(1, 2) + 4 * M
_GAP_RATE = n ** (-1 / (2 * d + 4))

GAP_UPPER = Theorem(
    key="gap-upper",
    title="Generalization gap of stable minima, upper bound",
    statement="The gap between risk and empirical risk of a stable minimum shrinks at least at this rate, with high "
    "probability; the shell of width epsilon at the boundary of the ball is given up.",
    bounds={
        "gap": Side.UPPER.rate(
            Quantity.GAP,
            _GAP_NORM ** (d / (d**2 + 4 * d + 3)) * M**2 * _GAP_RATE,
            "shell width A^{d/(d^2+4d+3)} n^{-1/(2d+4)}, A = 1/eta - 1/2 + 4M",
        ),
        "gap, two terms": Side.UPPER.rate(
            Quantity.GAP,
            M**2 * _GAP_RATE
            + _GAP_NORM ** (d / (2 * d + 3)) * M ** (3 * (d + 2) / (2 * d + 3)) * n ** (-Rational(3) / (4 * d + 6)),
            "the same proof with shell width n^{-1/(2d+4)}",
        ),
    },
    assumptions=(STABLE, ETA_BELOW_2, UNIFORM_BALL, OUTPUTS_AT_MOST_M),
    source=LQWP25.at("Thm 3.5, F.8"),
    status=Status.PAPER,
    errata=(2,),
)

GAP_LOWER = Theorem(
    key="gap-lower",
    title="Estimating the risk of stable minima, lower bound",
    statement="No estimator of the risk does better than this over stable minima with sup norm at most B (B is the paper's L).",
    bounds={"gap": Side.LOWER.rate(Quantity.GAP, B**2 * n ** (-2 / (d + 1)))},
    assumptions=(D_AT_LEAST_2, STABLE, ETA_BELOW_2, UNIFORM_BALL),
    source=LQWP25.at("Thm 3.5, I.4"),
    status=Status.PAPER,
    errata=(3, 4),
)

# C of the paper: Cor 3.3 at R = 1 with sqrt(2 L) <= sigma up to constants.
_MSE_NORM = 1 / eta - Rational(1, 2) + 2 * sigma

MSE_UPPER = Theorem(
    key="mse-upper",
    title="Mean squared error of optimized stable minima, upper bound",
    statement="An optimized stable minimum with sup norm at most B has at most this mean squared error in the empirical norm.",
    bounds={
        "mse": Side.UPPER.rate(
            Quantity.MSE,
            B**2 * n ** (-1 / (2 * d + 4))
            + _MSE_NORM ** (2 * d / (2 * d + 3))
            * sigma ** (2 * (d + 3) / (2 * d + 3))
            * n ** (-Rational(3) / (2 * d + 3)),
            "empirical norm; shell width n^{-1/(2d+4)}",
        )
    },
    assumptions=(STABLE, ETA_BELOW_2, UNIFORM_BALL, GAUSSIAN_NOISE, OPTIMIZED, SUP_NORM_B),
    source=LQWP25.at("Thm 3.6, G.3"),
    status=Status.PAPER,
    errata=(8,),
)

# Shell M^2 eps against core (A/eps^{d+2})^{d/(2d+3)} M^{3(d+2)/(2d+3)} n^{-(d+3)/(4d+6)}; equal at
# eps = (A/M)^{d/((d+1)(d+3))} n^{-1/(2d+2)}. The additive deviation bound, which forced a wider shell, is not needed.
#
# The sharper form of Thm 3.2 at R = 1, with sqrt(2 L) at most 2M.
GAP_SEMINORM = 1 / eta - Rational(1, 2) + sqrt(2) * M

GAP_CORE_SHELL = Theorem(
    key="gap-core-shell",
    title="Generalization gap of stable minima, core and shell with Theorem D",
    statement="The proof of Thm 3.5 with the relative deviation bound of Theorem D for the empirical weight: the "
    "shell's width is free, and the balance with the core decides.",
    bounds={
        "gap": Side.UPPER.rate(
            Quantity.GAP,
            M**2 * (GAP_SEMINORM / M) ** (d / (d**2 + 4 * d + 3)) * n ** (-1 / (2 * d + 2)),
            "A = 1/eta - 1/2 + sqrt(2) M",
        )
    },
    assumptions=(STABLE, ETA_BELOW_2, UNIFORM_BALL, OUTPUTS_AT_MOST_M),
    source=BOUNDCALC.at("Theorem D, consequence"),
    status=Status.DERIVED,
)

# Shell B^2 eps against core (A/eps^{d+2})^{2d/(2d+3)} (sigma^2/n)^{(d+3)/(2d+3)}; equal where
# eps^{2d^2+6d+3} = A^{2d} B^{-2(2d+3)} (sigma^2/n)^{d+3}.
#
# The sharper form of Thm 3.2 at R = 1, with sqrt(2 L) of order sigma.
MSE_SEMINORM = 1 / eta - Rational(1, 2) + sigma / sqrt(2)
_width_power = MSE_SEMINORM ** (2 * d) * B ** (-2 * (2 * d + 3)) * (sigma**2 / n) ** (d + 3)

MSE_CORE_SHELL = Theorem(
    key="mse-core-shell",
    title="Mean squared error of optimized stable minima, core and shell with Theorem D",
    statement="The proof of Thm 3.6 with the relative deviation bound of Theorem D for the empirical weight: the "
    "shell's width is free, and the balance with the core decides.",
    bounds={
        "mse": Side.UPPER.rate(
            Quantity.MSE,
            B**2 * _width_power ** (1 / (2 * d**2 + 6 * d + 3)),
            "empirical norm; A = 1/eta - 1/2 + sigma/sqrt(2)",
        )
    },
    assumptions=(STABLE, ETA_BELOW_2, UNIFORM_BALL, GAUSSIAN_NOISE, OPTIMIZED, SUP_NORM_B),
    source=BOUNDCALC.at("Theorem D, consequence"),
    status=Status.DERIVED,
    errata=(8,),
)

_peeling_rate = n ** (-2 / (3 * d + 1))

STABLE_MINIMA_PEELING = Theorem(
    key="stable-minima-peeling",
    title="Stable minima by peeling in depth",
    statement="With Theorem D in the place of an additive deviation bound, and the hats of Lemma S depth by depth in the "
    "place of one core, generalization gap (upper bound) and mean squared error (empirical norm) of stable minima have "
    "the exponent of the class. Theorem E improves on it.",
    bounds={
        "mse": Side.UPPER.rate(Quantity.MSE, _peeling_rate, "up to powers of log n"),
        "gap": Side.UPPER.rate(Quantity.GAP, _peeling_rate, "up to powers of log n"),
    },
    assumptions=(
        STABLE,
        ETA_BELOW_2,
        UNIFORM_BALL,
        GAUSSIAN_NOISE,
        SUP_NORM_B,
        Assumption(f"for the mean squared error {OPTIMIZED.words}"),
    ),
    source=BOUNDCALC.at("Theorem D, consequence"),
    status=Status.DERIVED,
)

STABLE_MSE_UPPER = Theorem(
    key="stable-mse-upper",
    title="Mean squared error of optimized stable minima, upper bound by localised flatness",
    statement="Theorem E bounds the neurons of every cap alone. The hats of Lemma S and sampling give optimized stable "
    "minima with sup norm at most B this mean squared error: with high probability over the data, in expectation over "
    "the noise.",
    bounds={
        "mse": Side.UPPER.rate(
            Quantity.MSE,
            n ** (-2 * (d + 3) / (3 * (d + 1) ** 2)),
            "empirical norm; times (log n)^{1/6} at d = 1; the constant depends on d, eta, sigma and B",
        )
    },
    assumptions=(STABLE, ETA_BELOW_2, UNIFORM_BALL, GAUSSIAN_NOISE, OPTIMIZED, SUP_NORM_B),
    source=BOUNDCALC.at("Theorem E, rates"),
    status=Status.DERIVED,
    errata=(8,),
)

STABLE_MSE_LOWER = Theorem(
    key="stable-mse-lower",
    title="Mean squared error over stable minima, lower bound",
    statement="Signed sums of wave packets of scale h^{(d+1)/(d+3)} are realised by networks that are stable at step "
    "size eta with probability tending to 1, and no estimator does better than this over them.",
    bounds={
        "mse": Side.LOWER.rate(
            Quantity.MSE,
            n ** (-2 * (d + 3) / (3 * (d + 1) ** 2)),
            "population norm; the constant depends on d, eta, sigma and B",
        )
    },
    assumptions=(ETA_BELOW_2, UNIFORM_BALL, GAUSSIAN_NOISE, Assumption("n >= n_0(d, eta, sigma, B)")),
    source=BOUNDCALC.at("Theorem E, rates"),
    status=Status.DERIVED,
    errata=(8,),
)

# Left unevaluated: which side is smaller depends on d, and asking costs sympy 80 ms at import.
_exponent = Min(Rational(1, 2), 2 * (d + 3) / (3 * (d + 1) ** 2), evaluate=False)

STABLE_GAP_UPPER = Theorem(
    key="stable-gap-upper",
    title="Generalization gap of stable minima, upper bound by localised flatness",
    statement="Theorem E bounds the neurons of every cap alone. The hats of Lemma S, shell by shell, give stable minima "
    "with outputs at most M at most this generalization gap, with high probability: n^{-1/2} at d = 1. The gap bounds "
    "nothing from below.",
    bounds={
        "gap": Side.UPPER.rate(
            Quantity.GAP,
            Pow(n, -_exponent, evaluate=False),
            "up to powers of log n; the constant depends on d, eta and M",
        )
    },
    assumptions=(STABLE, ETA_BELOW_2, UNIFORM_BALL, OUTPUTS_AT_MOST_M),
    source=BOUNDCALC.at("Theorem E, rates"),
    status=Status.DERIVED,
)

UNIVARIATE_INTERIOR_MSE = Theorem(
    key="univariate-interior-mse",
    title="Mean squared error of stable minima on the line, interior",
    statement="On an interval strictly inside the support of the data, where the weight is bounded below, optimized "
    "stable minima have the rate of functions with a second derivative of bounded variation norm.",
    bounds={"mse": Side.UPPER.rate(Quantity.MSE, n ** Rational(-4, 5), "up to logarithms; interior")},
    assumptions=(D_IS_1, STABLE, ETA_BELOW_2, GAUSSIAN_NOISE, Assumption("error on a fixed interior interval")),
    source=QIAO,
    status=Status.PAPER,
)
