"""Autocovariance of a random ReLU process.

For one direction u, with a = u.x, b = u.y, the corrected ReLU phi(a - t) - phi(-t) - a 1[t < 0] vanishes unless t lies
between 0 and a; integrating its product with that of b over t gives
(|a - b|^3 - |a|^3 - |b|^3 + 3ab(|a| + |b|))/12. The integral of |u.z|^3 over the sphere is
c_d |z|^3, c_d = 2 pi^{(d-1)/2} / Gamma((d+3)/2), and that of 3 (u.x)(u.y)|u.x| is its derivative at x towards y,
3 c_d |x| x.y. The variance of a Poisson sum is the intensity times E V^2 times the integral (Campbell).
"""

from sympy import Rational, Symbol, gamma, pi

from boundcalc.statement import Assumption, Bound, Quantity, Side, Status, Theorem
from boundcalc.statements.sources import RANDOM_RELU
from boundcalc.symbols import d

INTENSITY = Symbol("lambda", positive=True)
SECOND_MOMENT = Symbol("V_2", positive=True)
NORM_X = Symbol("r_x", nonnegative=True)
NORM_Y = Symbol("r_y", nonnegative=True)
DISTANCE = Symbol("r_xy", nonnegative=True)
INNER = Symbol("p_xy", real=True)

_c = 2 * pi ** ((d - 1) / 2) / gamma((d + 3) / 2)
_geometry = DISTANCE**3 - NORM_X**3 - NORM_Y**3 + 3 * INNER * (NORM_X + NORM_Y)

THEOREM = Theorem(
    key="relu-process-covariance",
    title="Autocovariance of a random ReLU process",
    statement="Neurons from a Poisson process in (u, t), sphere times line, with independent zero-mean output "
    "weights, the process corrected so that its value and gradient at 0 vanish: the covariance of its values at x "
    "and y.",
    bounds={
        "covariance": Bound(
            INTENSITY * SECOND_MOMENT * _c * Rational(1, 12) * _geometry,
            Side.TIGHT,
            Quantity.COVARIANCE,
            constant_known=True,
            remark="intensity per unit of surface measure and length; at d = 1 the sphere is two points",
        )
    },
    assumptions=(Assumption("output weights independent of the neurons, mean 0, finite second moment"),),
    source=RANDOM_RELU,
    status=Status.DERIVED,
    symbols={
        INTENSITY: "intensity of the Poisson process",
        SECOND_MOMENT: "E V^2",
        NORM_X: "|x|",
        NORM_Y: "|y|",
        DISTANCE: "|x - y|",
        INNER: "x.y",
    },
)
