"""Width of solutions in variation spaces: representer theorem, and one layer of a trained network.

A layer maps features of the n data points to outputs: sum over neurons of (activations) times (output weights), a sum
of rank-one matrices with columns in the span of the activations' matrix and rows in the span of the outputs. That span
has dimension at most rank * rank, and minimising a positive combination of its elements has a solution at a vertex
(Caratheodory), which uses no more elements than the dimension.
"""

from sympy import Symbol

from boundcalc.statement import Assumption, Bound, Quantity, Side, Status, Theorem
from boundcalc.statements.extra_symbols import N
from boundcalc.statements.sources import MULTI_OUTPUT

FEATURE_RANK = Symbol("r_X", integer=True, positive=True)
OUTPUT_RANK = Symbol("r_Y", integer=True, positive=True)

THEOREM = Theorem(
    key="representer-width",
    title="Width of solutions in vector-valued variation spaces",
    statement="Fitting N data points with the least vector-valued variation norm has a solution with at most N^2 "
    "neurons; a trained layer can be replaced, without change at the data, by one with at most rank * rank neurons.",
    bounds={
        "width": Bound(N**2, Side.UPPER, Quantity.SIZE, constant_known=True),
        "width of a layer": Bound(FEATURE_RANK * OUTPUT_RANK, Side.UPPER, Quantity.SIZE, constant_known=True),
    },
    assumptions=(Assumption("least squared-norm (weight decay) solution"),),
    source=MULTI_OUTPUT,
    status=Status.PAPER,
    symbols={
        N: "number of data points",
        FEATURE_RANK: "rank of the layer's activations at the data",
        OUTPUT_RANK: "rank of the layer's outputs at the data",
    },
)
