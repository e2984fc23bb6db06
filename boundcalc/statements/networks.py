"""Networks as they are used: compressed, as memories, pruned."""

from sympy import Symbol
from sympy.core.relational import Ge

from boundcalc.statement import Assumption, Quantity, Side, Status, Theorem
from boundcalc.statements.extra_symbols import N
from boundcalc.statements.sources import LOW_RANK_CACHE, MULTI_OUTPUT, STABLE_SUBNETWORKS
from boundcalc.symbols import d

# A layer maps features of the n data points to outputs: Y = sum over neurons of (activations) times (output weights)', a sum
# of rank-one matrices. Projecting the output weights on the row space of Y changes no output and makes none longer; then the
# matrices lie in the columns of the activations' matrix times the rows of Y, of dimension at most rank * rank. Minimising the
# cost of a nonnegative combination of them with sum Y is a linear program; that of the given network is feasible, and an
# optimal vertex uses no more elements than the dimension (Caratheodory).
FEATURE_RANK = Symbol("r_X", integer=True, positive=True)
OUTPUT_RANK = Symbol("r_Y", integer=True, positive=True)

REPRESENTER_WIDTH = Theorem(
    key="representer-width",
    title="Width of solutions in vector-valued variation spaces",
    statement="Fitting N data points with the least vector-valued variation norm has a solution with at most N^2 "
    "neurons; any layer can be replaced, without change at the data and without larger norm, by at most rank * rank of its "
    "neurons.",
    bounds={
        "width": Side.UPPER.bound(Quantity.SIZE, N**2),
        "width of a layer": Side.UPPER.bound(Quantity.SIZE, FEATURE_RANK * OUTPUT_RANK),
    },
    assumptions=(Assumption("for N^2: a solution of least norm (weight decay); for a layer: none"),),
    source=MULTI_OUTPUT,
    status=Status.PAPER,
    symbols={
        N: "number of data points",
        FEATURE_RANK: "rank of the layer's activations at the data",
        OUTPUT_RANK: "rank of the layer's outputs at the data",
    },
)

# A hidden state H = sum_j k_j v_j' answers k_i with v_i + sum_(j != i) <k_i, k_j> v_j: the pairs collide. Uncorrelated values
# of mean squared norm 1 make the expected squared error of pair i the sum of <k_i, k_j>^2 over j != i. Over all i the squares
# add up to |G|_F^2 - N for the Gram matrix G, of trace N and rank at most d, so |G|_F^2 >= N^2/d (Cauchy-Schwarz over its
# eigenvalues; Welch), with equality where these are equal: for tight frames.
SELF_RECALL_ERROR = Theorem(
    key="self-recall-error",
    title="Collisions in the hidden state of linear attention",
    statement="The squared self-recall error of key i, in the mean over uncorrelated values, is the sum of the squared inner "
    "products with the other keys; its mean over the keys has this lower bound, with equality for tight frames alone.",
    bounds={"mean error": Side.LOWER.bound(Quantity.APPROXIMATION, N / d - 1, "in units of the mean squared value")},
    assumptions=(
        Assumption("unit keys, no feature map (softmax feature maps have positive inner products)"),
        Assumption("values uncorrelated, of mean squared norm 1"),
    ),
    source=LOW_RANK_CACHE,
    status=Status.DERIVED,
    symbols={N: "number of keys"},
)

# Welch's bound for the pairs that are left in the hidden state: (N - cached)/d - 1 <= E.
RECALL_ERROR = Symbol("E", positive=True)

NECESSARY_CACHE = Theorem(
    key="necessary-cache",
    title="Pairs that linear attention must cache",
    statement="For a mean squared self-recall error of at most E in the hidden state, at least this many of N pairs lie "
    "elsewhere: in the recent window or the cache.",
    bounds={"cached": Side.LOWER.bound(Quantity.SIZE, N - d * (1 + RECALL_ERROR))},
    assumptions=(
        Assumption("unit keys, no feature map; values uncorrelated, of mean squared norm 1"),
        Assumption("something is cached at all", Ge(N, d * (1 + RECALL_ERROR), evaluate=False)),
    ),
    source=LOW_RANK_CACHE,
    status=Status.DERIVED,
    symbols={N: "number of pairs", RECALL_ERROR: "mean squared self-recall error that is allowed"},
)

# The Hessian of the loss in the parameters that a mask keeps is a principal submatrix of that in all parameters: its quadratic
# form is the same on fewer vectors (Cauchy's interlacing).
WHOLE_SHARPNESS = Symbol("lambda", positive=True)

MASKED_SHARPNESS = Theorem(
    key="masked-sharpness",
    title="Sharpness of a masked network",
    statement="At fixed weights, lambda_max of the Hessian in the parameters that a mask keeps is at most that in all "
    "parameters. Retrained weights are others: nothing is said of them before and after.",
    bounds={"sharpness": Side.UPPER.bound(Quantity.SHARPNESS, WHOLE_SHARPNESS)},
    assumptions=(Assumption("the loss is twice differentiable at these weights (no kink at a data point)"),),
    source=STABLE_SUBNETWORKS,
    status=Status.DERIVED,
    symbols={WHOLE_SHARPNESS: "lambda_max of the Hessian in all parameters"},
)
