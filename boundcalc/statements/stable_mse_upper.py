"""Mean squared error of optimized stable minima under localised flatness, upper bound."""

from boundcalc.statement import Assumption, Bound, Quantity, Side, Status, Theorem
from boundcalc.statements.assumptions import ETA_BELOW_2, GAUSSIAN_NOISE, STABLE, UNIFORM_BALL
from boundcalc.statements.sources import BOUNDCALC
from boundcalc.symbols import d, n

THEOREM = Theorem(
    key="stable-mse-upper",
    title="Mean squared error of optimized stable minima, upper bound by localised flatness",
    statement="Theorem E bounds the neurons of every cap alone. Entropy by depth and peeling give optimized stable "
    "minima with sup norm at most B this mean squared error, with high probability.",
    bounds={
        "mse": Bound(
            n ** (-2 * (d + 3) / (3 * (d + 1) ** 2)),
            Side.UPPER,
            Quantity.MSE,
            constant_known=False,
            remark="up to powers of log n; empirical norm; the constant depends on d, eta, sigma and B",
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
    source=BOUNDCALC.at("Theorem E, rates"),
    status=Status.DERIVED,
    errata=(8,),
)
