"""Generalization gap for mixtures of balls in low-dimensional subspaces."""

from sympy import Rational

from boundcalc.statement import Assumption, Bound, Quantity, Side, Status, Theorem
from boundcalc.statements.assumptions import ETA_BELOW_2, STABLE
from boundcalc.statements.extra_symbols import J, m
from boundcalc.statements.sources import DATA_GEOMETRY
from boundcalc.symbols import M, eta, n

_A = 1 / eta - Rational(1, 2) + 4 * M

THEOREM = Theorem(
    key="subspace-mixture-gap",
    title="Generalization gap of stable minima for mixtures of low-dimensional balls",
    statement="For a mixture of J uniform balls in subspaces of dimension m the gap has the exponent of dimension m, "
    "whatever the dimension of the space around them.",
    bounds={
        "gap": Bound(
            _A ** (m / (m**2 + 4 * m + 3)) * M**2 * J ** (Rational(4) / m) * n ** (-1 / (2 * m + 4)),
            Side.UPPER,
            Quantity.GAP,
            constant_known=False,
            remark="A = 1/eta - 1/2 + 4M",
        )
    },
    assumptions=(Assumption("x from a mixture of J uniform balls in m-dimensional subspaces"), STABLE, ETA_BELOW_2),
    source=DATA_GEOMETRY,
    status=Status.PAPER,
    symbols={J: "number of components", m: "dimension of the subspaces"},
)
