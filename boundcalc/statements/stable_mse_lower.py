"""Mean squared error over functions that stable networks realise, lower bound."""

from boundcalc.statement import Assumption, Bound, Quantity, Side, Status, Theorem
from boundcalc.statements.assumptions import ETA_BELOW_2, GAUSSIAN_NOISE, UNIFORM_BALL
from boundcalc.statements.sources import BOUNDCALC
from boundcalc.symbols import d, n

THEOREM = Theorem(
    key="stable-mse-lower",
    title="Mean squared error over stable minima, lower bound",
    statement="Signed sums of wave packets of scale h^{(d+1)/(d+3)} are realised by networks that are stable at step "
    "size eta with probability tending to 1, and no estimator does better than this over them.",
    bounds={
        "mse": Bound(
            n ** (-2 * (d + 3) / (3 * (d + 1) ** 2)),
            Side.LOWER,
            Quantity.MSE,
            constant_known=False,
            remark="population norm; the constant depends on d, eta, sigma and B",
        )
    },
    assumptions=(ETA_BELOW_2, UNIFORM_BALL, GAUSSIAN_NOISE, Assumption("n >= n_0(d, eta, sigma, B)")),
    source=BOUNDCALC.at("Theorem E, rates"),
    status=Status.DERIVED,
    errata=(8,),
)
