"""Generalization gap of stable minima by the core and shell split with Theorem D.

Shell M^2 eps against core (A/eps^{d+2})^{d/(2d+3)} M^{3(d+2)/(2d+3)} n^{-(d+3)/(4d+6)}; equal at
eps = (A/M)^{d/((d+1)(d+3))} n^{-1/(2d+2)}. The additive deviation bound, which forced a wider shell, is not needed.
"""

from sympy import Rational, sqrt

from boundcalc.statement import Bound, Quantity, Side, Status, Theorem
from boundcalc.statements.assumptions import ETA_BELOW_2, STABLE, UNIFORM_BALL
from boundcalc.statements.sources import BOUNDCALC
from boundcalc.symbols import M, d, eta, n

# The sharper form of Thm 3.2 at R = 1, with sqrt(2 L) at most 2M.
SEMINORM = 1 / eta - Rational(1, 2) + sqrt(2) * M

THEOREM = Theorem(
    key="gap-core-shell",
    title="Generalization gap of stable minima, core and shell with Theorem D",
    statement="The proof of Thm 3.5 with the relative deviation bound of Theorem D for the empirical weight: the "
    "shell's width is free, and the balance with the core decides.",
    bounds={
        "gap": Bound(
            M**2 * (SEMINORM / M) ** (d / (d**2 + 4 * d + 3)) * n ** (-1 / (2 * d + 2)),
            Side.UPPER,
            Quantity.GAP,
            constant_known=False,
            remark="A = 1/eta - 1/2 + sqrt(2) M",
        )
    },
    assumptions=(STABLE, ETA_BELOW_2, UNIFORM_BALL),
    source=BOUNDCALC.at("Theorem D, consequence"),
    status=Status.DERIVED,
)
