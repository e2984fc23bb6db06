"""Stable minima by peeling in depth, with the weight of Theorem D."""

from boundcalc.statement import Assumption, Bound, Quantity, Side, Status, Theorem
from boundcalc.statements.assumptions import ETA_BELOW_2, GAUSSIAN_NOISE, STABLE, UNIFORM_BALL
from boundcalc.statements.sources import BOUNDCALC
from boundcalc.symbols import d, n

_rate = n ** (-2 / (3 * d + 1))

THEOREM = Theorem(
    key="stable-minima-peeling",
    title="Stable minima by peeling in depth",
    statement="With Theorem D in the place of an additive deviation bound, and entropy by depth in the place of one "
    "core, generalization gap and mean squared error of stable minima have the exponent of the class. Theorem E "
    "improves on it.",
    bounds={
        "mse": Bound(
            _rate, Side.UPPER, Quantity.MSE, constant_known=False, remark="up to powers of log n; optimized minima"
        ),
        "gap": Bound(_rate, Side.UPPER, Quantity.GAP, constant_known=False, remark="up to powers of log n"),
    },
    assumptions=(
        STABLE,
        ETA_BELOW_2,
        UNIFORM_BALL,
        GAUSSIAN_NOISE,
        Assumption("sup norm of f_theta and f_0 at most B"),
    ),
    source=BOUNDCALC.at("Theorem D, consequence"),
    status=Status.DERIVED,
)
