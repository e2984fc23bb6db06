"""Mean squared error of optimized stable minima, upper bound."""

from sympy import Rational

from boundcalc.statement import Assumption, Bound, Quantity, Side, Status, Theorem
from boundcalc.statements.assumptions import ETA_BELOW_2, GAUSSIAN_NOISE, STABLE, UNIFORM_BALL
from boundcalc.statements.sources import LQWP25
from boundcalc.symbols import B, d, eta, n, sigma

# C of the paper: Cor 3.3 at R = 1 with sqrt(2 L) <= sigma up to constants.
_SEMINORM = 1 / eta - Rational(1, 2) + 2 * sigma

THEOREM = Theorem(
    key="mse-upper",
    title="Mean squared error of optimized stable minima, upper bound",
    statement="An optimized stable minimum with sup norm at most B has at most this mean squared error in the empirical norm.",
    bounds={
        "mse": Bound(
            B**2 * n ** (-1 / (2 * d + 4))
            + _SEMINORM ** (2 * d / (2 * d + 3))
            * sigma ** (2 * (d + 3) / (2 * d + 3))
            * n ** (-Rational(3) / (2 * d + 3)),
            Side.UPPER,
            Quantity.MSE,
            constant_known=False,
            remark="empirical norm; shell width n^{-1/(2d+4)}",
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
    source=LQWP25.at("Thm 3.6, G.3"),
    status=Status.PAPER,
    errata=(8,),
)
