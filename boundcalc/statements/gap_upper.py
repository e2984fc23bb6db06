"""Generalization gap of stable minima, upper bound.

The core term of the proof is eps^{-d(d+2)/(2d+3)} A^{d/(2d+3)} M^{3(d+2)/(2d+3)} n^{-(d+3)/(4d+6)}, the shell term
M^2 eps. Both forms below come from the same proof with different eps.
"""

from sympy import Rational

from boundcalc.statement import Bound, Quantity, Side, Status, Theorem
from boundcalc.statements.assumptions import ETA_BELOW_2, STABLE, UNIFORM_BALL
from boundcalc.statements.sources import LQWP25
from boundcalc.symbols import M, d, eta, n

_A = 1 / eta - Rational(1, 2) + 4 * M
_RATE = n ** (-1 / (2 * d + 4))

THEOREM = Theorem(
    key="gap-upper",
    title="Generalization gap of stable minima, upper bound",
    statement="The gap between risk and empirical risk of a stable minimum shrinks at least at this rate, with high "
    "probability; the shell of width epsilon at the boundary of the ball is given up.",
    bounds={
        "gap": Bound(
            _A ** (d / (d**2 + 4 * d + 3)) * M**2 * _RATE,
            Side.UPPER,
            Quantity.GAP,
            constant_known=False,
            remark="shell width A^{d/(d^2+4d+3)} n^{-1/(2d+4)}, A = 1/eta - 1/2 + 4M",
        ),
        "gap, two terms": Bound(
            M**2 * _RATE
            + _A ** (d / (2 * d + 3)) * M ** (3 * (d + 2) / (2 * d + 3)) * n ** (-Rational(3) / (4 * d + 6)),
            Side.UPPER,
            Quantity.GAP,
            constant_known=False,
            remark="the same proof with shell width n^{-1/(2d+4)}",
        ),
    },
    assumptions=(STABLE, ETA_BELOW_2, UNIFORM_BALL),
    source=LQWP25.at("Thm 3.5, F.8"),
    status=Status.PAPER,
    errata=(2,),
)
