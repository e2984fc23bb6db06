"""Generalization gap by half-space depth: a core of deep points against the mass outside it."""

from sympy import Symbol

from boundcalc.statement import Assumption, Bound, Quantity, Side, Status, Theorem
from boundcalc.statements.assumptions import ETA_BELOW_2, STABLE
from boundcalc.statements.sources import DATA_GEOMETRY
from boundcalc.symbols import d, n

OUTSIDE = Symbol("P_T", positive=True)
SMALLEST_WEIGHT = Symbol("g_min", positive=True)

THEOREM = Theorem(
    key="half-space-depth-gap",
    title="Generalization gap of stable minima by half-space depth",
    statement="For every depth T: the mass outside the points of half-space depth at least T, plus the bound for the "
    "unweighted class with the smallest weight that a hyperplane through the deep points can have.",
    bounds={
        "gap": Bound(
            OUTSIDE + SMALLEST_WEIGHT ** (-d / (2 * d + 3)) * n ** (-(d + 3) / (2 * (2 * d + 3))),
            Side.UPPER,
            Quantity.GAP,
            constant_known=False,
            remark="the first term does not decay in n at fixed T: minimise over T",
        )
    },
    assumptions=(Assumption("x_1, ..., x_n independent in the unit ball"), STABLE, ETA_BELOW_2),
    source=DATA_GEOMETRY,
    status=Status.PAPER,
    symbols={
        OUTSIDE: "P(X outside the region of depth T)",
        SMALLEST_WEIGHT: "smallest weight on the region of depth T",
    },
)
