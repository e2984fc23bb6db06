"""Fano's inequality on sign words: an explicit minimax lower bound.

Proof. Take M words xi in {-1, 1}^N that differ pairwise in at least Delta places, and f_xi = A sum_i xi_i psi_i with
atoms of disjoint supports, sup norm at most 1 and squared L2(P) norm m each. Then |f_xi - f_xi'|^2 = 4 A^2 m d_H >= 4
A^2 m Delta, so an estimate within half of that distance, 2 sqrt(A^2 m Delta)/2, of f_xi identifies xi, and the worst-
case risk is at least A^2 m Delta times the probability that the best decoder errs on a uniform word. By Fano's
inequality that probability is at least 1 - (I + log 2)/log M. The mutual information I is at most the mean Kullback-
Leibler divergence from the law under xi to any fixed law; with the law under the zero function it is n |f_xi|^2/(2
sigma^2) = n N A^2 m/(2 sigma^2), for every xi.
"""

from sympy import Symbol, log
from sympy.core.relational import Ge, Le

from boundcalc.statement import Assumption, Bound, Quantity, Side, Status, Theorem
from boundcalc.statements.assumptions import GAUSSIAN_NOISE
from boundcalc.statements.sources import BOUNDCALC
from boundcalc.statements.two_point import AMPLITUDE, N_ATOMS, NORM2
from boundcalc.symbols import B, n, sigma

DISTANCE = Symbol("Delta", positive=True)
WORDS = Symbol("M_words", integer=True, positive=True)

# Mean Kullback-Leibler divergence to the law of the data under the zero function.
INFORMATION = n * N_ATOMS * AMPLITUDE**2 * NORM2 / (2 * sigma**2)

THEOREM = Theorem(
    key="fano-packing",
    title="Fano's inequality on sign words over disjoint atoms",
    statement="No estimator does better than this over a class that holds A times the sum of the N atoms with the "
    "signs of each of M_words words, pairwise different in at least Delta places.",
    bounds={
        "mse": Bound(
            AMPLITUDE**2 * NORM2 * DISTANCE * (1 - (INFORMATION + log(2)) / log(WORDS)),
            Side.LOWER,
            Quantity.MSE,
            constant_known=True,
            remark="population norm; negative, and so empty, where the data tell the words apart",
        )
    },
    assumptions=(
        GAUSSIAN_NOISE,
        Assumption("x_1, ..., x_n independent with the law P of the L2 norm"),
        Assumption("the atoms have disjoint supports, sup norm at most 1 and squared L2(P) norm m each"),
        Assumption("the amplitude is at most the sup norm allowed, A <= B", Le(AMPLITUDE, B)),
        Assumption("the weighted variation norms of A psi_1, ..., A psi_N sum to at most C"),
        Assumption("at least two words", Ge(WORDS, 2)),
        Assumption("two words differ in at most N places, Delta <= N", Le(DISTANCE, N_ATOMS)),
    ),
    source=BOUNDCALC.at("Fano packing"),
    status=Status.DERIVED,
    symbols={
        N_ATOMS: "number of atoms",
        NORM2: "squared L2(P) norm of one atom",
        AMPLITUDE: "amplitude of the atoms",
        DISTANCE: "smallest Hamming distance between two words",
        WORDS: "number of words",
    },
)
