"""Mean squared error of optimized stable minima by the core and shell split with Theorem D.

Shell B^2 eps against core (A/eps^{d+2})^{2d/(2d+3)} (sigma^2/n)^{(d+3)/(2d+3)}; equal where
eps^{2d^2+6d+3} = A^{2d} B^{-2(2d+3)} (sigma^2/n)^{d+3}.
"""

from sympy import Rational, sqrt

from boundcalc.statement import Assumption, Bound, Quantity, Side, Status, Theorem
from boundcalc.statements.assumptions import ETA_BELOW_2, GAUSSIAN_NOISE, STABLE, UNIFORM_BALL
from boundcalc.statements.sources import BOUNDCALC
from boundcalc.symbols import B, d, eta, n, sigma

# The sharper form of Thm 3.2 at R = 1, with sqrt(2 L) of order sigma.
SEMINORM = 1 / eta - Rational(1, 2) + sigma / sqrt(2)
_width_power = SEMINORM ** (2 * d) * B ** (-2 * (2 * d + 3)) * (sigma**2 / n) ** (d + 3)

THEOREM = Theorem(
    key="mse-core-shell",
    title="Mean squared error of optimized stable minima, core and shell with Theorem D",
    statement="The proof of Thm 3.6 with the relative deviation bound of Theorem D for the empirical weight: the "
    "shell's width is free, and the balance with the core decides.",
    bounds={
        "mse": Bound(
            B**2 * _width_power ** (1 / (2 * d**2 + 6 * d + 3)),
            Side.UPPER,
            Quantity.MSE,
            constant_known=False,
            remark="empirical norm; A = 1/eta - 1/2 + sigma/sqrt(2)",
        )
    },
    assumptions=(
        STABLE,
        ETA_BELOW_2,
        UNIFORM_BALL,
        GAUSSIAN_NOISE,
        Assumption("optimized: (f_theta(x_i) - y_i)^2 <= (f_0(x_i) - y_i)^2 for every i"),
        Assumption("sup norm of f_theta and f_0 at most B"),
    ),
    source=BOUNDCALC.at("Theorem D, consequence"),
    status=Status.DERIVED,
    errata=(8,),
)
