"""Signed sums of cap atoms on a packing lie in the weighted variation class."""

from sympy import Symbol

from boundcalc.statement import Bound, Quantity, Side, Status, Theorem
from boundcalc.statements.assumptions import D_AT_LEAST_2
from boundcalc.statements.sources import LQWP25
from boundcalc.symbols import B, d, h

N_ATOMS = Symbol("N", positive=True, integer=True)
AMPLITUDE = Symbol("A", positive=True)

THEOREM = Theorem(
    key="sign-class",
    title="Signed sums of cap atoms",
    statement="The sum of N cap atoms on disjoint caps of height h, with amplitude A and any signs, has sup norm A and at "
    "most this canonical weighted variation norm.",
    bounds={
        "seminorm": Bound(AMPLITUDE * N_ATOMS * h ** (d + 1), Side.UPPER, Quantity.SEMINORM, constant_known=True),
        "sup norm": Bound(B, Side.UPPER, Quantity.NORM, constant_known=True, remark="amplitude A at most B"),
    },
    assumptions=(D_AT_LEAST_2,),
    source=LQWP25.at("Construction H.4"),
    status=Status.PAPER,
    symbols={N_ATOMS: "number of caps", AMPLITUDE: "amplitude of every atom"},
)
