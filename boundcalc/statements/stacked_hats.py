"""Theorem A: explicit minimax lower bound from stacked hats on disjoint caps.

Proof. Caps of height h with centres at angle >= 2 theta, theta = arccos(1 - h): there are N >= (8h)^{-(d-1)/2} of them
(a maximal separated set covers, and sin(2 theta) <= 2 sqrt(2h)); take at most twice that. In each, floor(h/2w) slabs of
width w = a h^{(d+7)/4} fill the depths [h/2, h], each with the hat Lambda((u.x - t)/w), Lambda(v) = (1 - 2|v|)_+, of
weighted variation at most (8/w) h^{d+2}. The marginal density of u.x lies between c_1 (7h/8)^{(d-1)/2} and
c_1 (2h)^{(d-1)/2} there and Lambda^2 integrates to 1/3. Random signs with amplitude B have weighted variation at most C
by the choice of a. Flipping one sign changes the law of the data by a Kullback-Leibler divergence of at most 1/2 by the
choice of h, so by Assouad's lemma each sign costs B^2 * (lower norm)/2; the sum over all slabs is the bound.
"""

from sympy import Integer, Rational, sqrt
from sympy.core.relational import Le

from boundcalc.cap import marginal_constant
from boundcalc.statement import Assumption, Quantity, Side, Status, Theorem
from boundcalc.statements.assumptions import GAUSSIAN_NOISE, UNIFORM_BALL
from boundcalc.statements.sources import BOUNDCALC
from boundcalc.symbols import B, C, d, n, sigma

_c1 = marginal_constant.expr
_a = sqrt(Integer(8) ** ((3 - d) / 2) * B / C)
_numerator = 3 * sigma**2 / (4 * _c1 * Integer(2) ** ((d - 1) / 2) * _a * B**2)

HEIGHT = (_numerator / n) ** (Integer(4) / (3 * d + 5))
# h <= 1/8 and a h^{(d+3)/4} <= 1/2, each solved for n.
SMALLEST_N = {
    "caps of height at most 1/8": _numerator * Integer(8) ** ((3 * d + 5) / 4),
    "slabs at most half as wide as the caps are high": _numerator * (2 * _a) ** ((3 * d + 5) / (d + 3)),
}

THEOREM_A = Theorem(
    key="theorem-a",
    title="Theorem A: explicit minimax lower bound from stacked hats",
    statement="No estimator does better than this over functions with sup norm at most B and canonical weighted variation "
    "norm at most C; every constant is explicit. For d >= 2 the rate n^{-4/(3d+5)} is slower than that of Thm 3.7.",
    bounds={
        "mse": Side.LOWER.bound(
            Quantity.MSE, _c1 / 24 * Rational(7, 64) ** ((d - 1) / 2) * B**2 * HEIGHT, "population norm"
        )
    },
    assumptions=(
        UNIFORM_BALL,
        GAUSSIAN_NOISE,
        *(Assumption(words, Le(smallest, n)) for words, smallest in SMALLEST_N.items()),
    ),
    source=BOUNDCALC.at("Theorem A"),
    status=Status.DERIVED,
)
