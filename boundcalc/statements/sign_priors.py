"""Minimax lower bounds from random signs on disjoint atoms."""

from sympy import Symbol, erfc, exp, log, sqrt
from sympy.core.relational import Ge, Le

from boundcalc.statement import Assumption, Quantity, Side, Status, Theorem
from boundcalc.statements.assumptions import GAUSSIAN_NOISE
from boundcalc.statements.sources import BOUNDCALC
from boundcalc.symbols import B, n, sigma

N_ATOMS = Symbol("N", integer=True, positive=True)
NORM2 = Symbol("m", positive=True)
AMPLITUDE = Symbol("A", positive=True)
_SYMBOLS = {N_ATOMS: "number of atoms", NORM2: "squared L2(P) norm of one atom", AMPLITUDE: "amplitude of the atoms"}
_ATOMS = (
    GAUSSIAN_NOISE,
    Assumption("x_1, ..., x_n independent with the law P of the L2 norm"),
    Assumption("the atoms have disjoint supports, sup norm at most 1 and squared L2(P) norm m each"),
    Assumption("the amplitude is at most the sup norm allowed, A <= B", Le(AMPLITUDE, B)),
    Assumption("the weighted variation norms of A psi_1, ..., A psi_N sum to at most C"),
)

# Proof. The atoms psi_1, ..., psi_N have disjoint supports, sup norm at most 1 and squared L2(P) norm m each. Give the
# signs of f = A sum_i xi_i psi_i independent fair coins: every such f is in the class. The samples that fall outside
# supp psi_i say nothing of xi_i, so given x the posterior of xi_i is that of a sign seen through Gaussian noise at
# signal-to-noise ratio S_i = (A^2/sigma^2) sum_j psi_i(x_j)^2, and the Bayes risk on supp psi_i is A^2 m mmse(S_i) with
# mmse(s) = E(1 - T^2), T = tanh(s + sqrt(s) Z) the posterior mean. Now E S_i = n A^2 m/sigma^2, and mmse lies above both
# of these decreasing convex functions, so Jensen's inequality gives each bound:
#
# * erfc(sqrt(s/2)): 1 - T^2 >= 1 - |T|, whose mean is twice the probability of a wrong sign, 2 P(Z > sqrt(s));
# * exp(-s/2)/sqrt(1 + s): under L = s + sqrt(s) Z, mmse(s) = E sech(L)^2 = exp(-s/2) E sech(sqrt(s) Z) (E T = E T^2 and
#   the change of measure from N(s, s) to N(0, s)), sech(x) = E exp(-tau x^2/2) with tau the exit time of Brownian motion
#   from (-1, 1), E tau = 1, and Jensen's inequality in tau for (1 + s tau)^(-1/2). This form is the larger one: with
#   x = sqrt(s/2), exp(x^2) erfc(x) <= (2/sqrt(pi))/(x + sqrt(x^2 + 4/pi)) <= 1/sqrt(1 + 2x^2).

# The expected signal-to-noise ratio of one sign.
SNR = n * AMPLITUDE**2 * NORM2 / sigma**2

TWO_POINT = Theorem(
    key="two-point",
    title="Two-point prior on disjoint atoms",
    statement="No estimator does better than this over a class that holds A times every sum of the N atoms with signs: "
    "the risk of guessing the N signs, each from the few samples that its atom sees.",
    bounds={
        "erfc": Side.LOWER.bound(
            Quantity.MSE,
            AMPLITUDE**2 * N_ATOMS * NORM2 * erfc(sqrt(SNR / 2)),
            "population norm; twice the probability of a wrong sign",
        ),
        "mmse": Side.LOWER.bound(
            Quantity.MSE,
            AMPLITUDE**2 * N_ATOMS * NORM2 * exp(-SNR / 2) / sqrt(1 + SNR),
            "population norm; a closed lower bound on the mean squared error of a sign in Gaussian noise, above "
            "the form with erfc at every signal-to-noise ratio",
        ),
    },
    assumptions=_ATOMS,
    source=BOUNDCALC.at("two-point prior"),
    status=Status.DERIVED,
    symbols=_SYMBOLS,
)

# Proof. Take M words xi in {-1, 1}^N that differ pairwise in at least Delta places, and f_xi = A sum_i xi_i psi_i with
# atoms of disjoint supports, sup norm at most 1 and squared L2(P) norm m each. Then |f_xi - f_xi'|^2 = 4 A^2 m d_H >= 4
# A^2 m Delta, so an estimate within half of that distance, 2 sqrt(A^2 m Delta)/2, of f_xi identifies xi, and the worst-
# case risk is at least A^2 m Delta times the probability that the best decoder errs on a uniform word. By Fano's
# inequality that probability is at least 1 - (I + log 2)/log M. The mutual information I is at most the mean Kullback-
# Leibler divergence from the law under xi to any fixed law; with the law under the zero function it is n |f_xi|^2/(2
# sigma^2) = n N A^2 m/(2 sigma^2), for every xi.
DISTANCE = Symbol("Delta", positive=True)
WORDS = Symbol("M_words", integer=True, positive=True)

# Mean Kullback-Leibler divergence to the law of the data under the zero function.
INFORMATION = n * N_ATOMS * AMPLITUDE**2 * NORM2 / (2 * sigma**2)

FANO_PACKING = Theorem(
    key="fano-packing",
    title="Fano's inequality on sign words over disjoint atoms",
    statement="No estimator does better than this over a class that holds A times the sum of the N atoms with the "
    "signs of each of M_words words, pairwise different in at least Delta places.",
    bounds={
        "mse": Side.LOWER.bound(
            Quantity.MSE,
            AMPLITUDE**2 * NORM2 * DISTANCE * (1 - (INFORMATION + log(2)) / log(WORDS)),
            "population norm; negative, and so empty, where the data tell the words apart",
        )
    },
    assumptions=(
        *_ATOMS,
        Assumption("at least two words", Ge(WORDS, 2)),
        Assumption("two words differ in at most N places, Delta <= N", Le(DISTANCE, N_ATOMS)),
    ),
    source=BOUNDCALC.at("Fano packing"),
    status=Status.DERIVED,
    symbols={**_SYMBOLS, DISTANCE: "smallest Hamming distance between two words", WORDS: "number of words"},
)
