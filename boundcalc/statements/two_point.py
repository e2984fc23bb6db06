"""Two-point prior on disjoint atoms: an explicit minimax lower bound at every n.

Proof. The atoms psi_1, ..., psi_N have disjoint supports, sup norm at most 1 and squared L2(P) norm m each. Give the
signs of f = A sum_i xi_i psi_i independent fair coins: every such f is in the class. The samples that fall outside
supp psi_i say nothing of xi_i, so given x the posterior of xi_i is that of a sign seen through Gaussian noise at
signal-to-noise ratio S_i = (A^2/sigma^2) sum_j psi_i(x_j)^2, and the Bayes risk on supp psi_i is A^2 m mmse(S_i) with
mmse(s) = E(1 - T^2), T = tanh(s + sqrt(s) Z) the posterior mean. Now E S_i = n A^2 m/sigma^2, and mmse lies above both
of these decreasing convex functions, so Jensen's inequality gives each bound:

* erfc(sqrt(s/2)): 1 - T^2 >= 1 - |T|, whose mean is twice the probability of a wrong sign, 2 P(Z > sqrt(s));
* exp(-s/2)/sqrt(1 + s): under L = s + sqrt(s) Z, mmse(s) = E sech(L)^2 = exp(-s/2) E sech(sqrt(s) Z) (E T = E T^2 and
  the change of measure from N(s, s) to N(0, s)), sech(x) = E exp(-tau x^2/2) with tau the exit time of Brownian motion
  from (-1, 1), E tau = 1, and Jensen's inequality in tau for (1 + s tau)^(-1/2). This form is the larger one: with
  x = sqrt(s/2), exp(x^2) erfc(x) <= (2/sqrt(pi))/(x + sqrt(x^2 + 4/pi)) <= 1/sqrt(1 + 2x^2).
"""

from sympy import Symbol, erfc, exp, sqrt
from sympy.core.relational import Le

from boundcalc.statement import Assumption, Bound, Quantity, Side, Status, Theorem
from boundcalc.statements.assumptions import GAUSSIAN_NOISE
from boundcalc.statements.sources import BOUNDCALC
from boundcalc.symbols import B, n, sigma

N_ATOMS = Symbol("N", integer=True, positive=True)
NORM2 = Symbol("m", positive=True)
AMPLITUDE = Symbol("A", positive=True)

# The expected signal-to-noise ratio of one sign.
SNR = n * AMPLITUDE**2 * NORM2 / sigma**2

THEOREM = Theorem(
    key="two-point",
    title="Two-point prior on disjoint atoms",
    statement="No estimator does better than this over a class that holds A times every sum of the N atoms with signs: "
    "the risk of guessing the N signs, each from the few samples that its atom sees.",
    bounds={
        "erfc": Bound(
            AMPLITUDE**2 * N_ATOMS * NORM2 * erfc(sqrt(SNR / 2)),
            Side.LOWER,
            Quantity.MSE,
            constant_known=True,
            remark="population norm; twice the probability of a wrong sign",
        ),
        "mmse": Bound(
            AMPLITUDE**2 * N_ATOMS * NORM2 * exp(-SNR / 2) / sqrt(1 + SNR),
            Side.LOWER,
            Quantity.MSE,
            constant_known=True,
            remark="population norm; a closed lower bound on the mean squared error of a sign in Gaussian noise, above "
            "the form with erfc at every signal-to-noise ratio",
        ),
    },
    assumptions=(
        GAUSSIAN_NOISE,
        Assumption("x_1, ..., x_n independent with the law P of the L2 norm"),
        Assumption("the atoms have disjoint supports, sup norm at most 1 and squared L2(P) norm m each"),
        Assumption("the amplitude is at most the sup norm allowed, A <= B", Le(AMPLITUDE, B)),
        Assumption("the weighted variation norms of A psi_1, ..., A psi_N sum to at most C"),
    ),
    source=BOUNDCALC.at("two-point prior"),
    status=Status.DERIVED,
    symbols={
        N_ATOMS: "number of atoms",
        NORM2: "squared L2(P) norm of one atom",
        AMPLITUDE: "amplitude of the atoms",
    },
)
