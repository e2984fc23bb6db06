"""Variation norm on R^d of a Gaussian.

The norm of a smooth f is gamma_d times the L1 norm over sphere and line of R(-Laplace)^{(d+1)/2} f,
gamma_d = 1/(2 (2 pi)^{d-1}). The Radon transform of exp(-|x|^2/2) is (2 pi)^{(d-1)/2} exp(-t^2/2) in every direction,
and the filter multiplies its transform sqrt(2 pi) exp(-w^2/2) by |w|^{d+1}:

    (1/2 pi) int |w|^{d+1} sqrt(2 pi) e^{-w^2/2} cos(w t) dw = 2^{(d+1)/2} Gamma(d/2 + 1)/sqrt(pi) * 1F1(d/2 + 1; 1/2;
    -t^2/2).

With the sphere's area 2 pi^{d/2}/Gamma(d/2) all constants collapse to d. For odd d the filter is a derivative,
1F1 is (up to a constant) the Hermite function He_{d+1}(t) exp(-t^2/2), and the integral is a sum over the zeros of
He_{d+1}. Width s scales the norm by 1/s: f(x/s) has slopes 1/s times those of f at points that are s times as far.
"""

from sympy import Abs, Integral, Rational, Symbol, exp, hyper, oo, sqrt

from boundcalc.statement import Assumption, Bound, Quantity, Side, Status, Theorem
from boundcalc.statements.extra_symbols import s
from boundcalc.statements.sources import GAUSSIAN_GAP
from boundcalc.symbols import d

_t = Symbol("t", real=True)
_root = sqrt(6)
_outer, _inner = 3 + _root, 3 - _root

THEOREM = Theorem(
    key="gaussian-variation-norm",
    title="Variation norm of a Gaussian",
    statement="The variation norm on all of R^d of exp(-|x|^2/(2 s^2)): it falls like 1/s.",
    bounds={
        "norm": Bound(
            d / s * Integral(Abs(hyper((d / 2 + 1,), (Rational(1, 2),), -(_t**2) / 2)), (_t, -oo, oo)),
            Side.TIGHT,
            Quantity.NORM,
            constant_known=True,
        ),
        "norm, d = 1": Bound(4 * exp(-Rational(1, 2)) / s, Side.TIGHT, Quantity.NORM, constant_known=True),
        "norm, d = 3": Bound(
            4 * _root * (sqrt(_outer) * exp(-_outer / 2) + sqrt(_inner) * exp(-_inner / 2)) / s,
            Side.TIGHT,
            Quantity.NORM,
            constant_known=True,
            remark="the sum over the zeros of the Hermite polynomial He_4",
        ),
    },
    assumptions=(Assumption("the whole space R^d, not a ball"),),
    source=GAUSSIAN_GAP,
    status=Status.DERIVED,
    symbols={s: "width of the Gaussian"},
)
