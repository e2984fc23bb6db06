"""Generalization gap of stable minima under localised flatness, upper bound."""

from sympy import Min, Pow, Rational

from boundcalc.statement import Assumption, Bound, Quantity, Side, Status, Theorem
from boundcalc.statements.assumptions import ETA_BELOW_2, STABLE, UNIFORM_BALL
from boundcalc.statements.sources import BOUNDCALC
from boundcalc.symbols import d, n

# Left unevaluated: which side is smaller depends on d, and asking costs sympy 80 ms at import.
_exponent = Min(Rational(1, 2), 2 * (d + 3) / (3 * (d + 1) ** 2), evaluate=False)

THEOREM = Theorem(
    key="stable-gap-upper",
    title="Generalization gap of stable minima, upper bound by localised flatness",
    statement="Theorem E bounds the neurons of every cap alone. Chaining over the functions of each depth gives stable "
    "minima with outputs at most M this generalization gap, with high probability: n^{-1/2} at d = 1.",
    bounds={
        "gap": Bound(
            Pow(n, -_exponent, evaluate=False),
            Side.UPPER,
            Quantity.GAP,
            constant_known=False,
            remark="up to powers of log n; the constant depends on d, eta and M",
        )
    },
    assumptions=(STABLE, ETA_BELOW_2, UNIFORM_BALL, Assumption("outputs and labels at most M")),
    source=BOUNDCALC.at("Theorem E, rates"),
    status=Status.DERIVED,
)
