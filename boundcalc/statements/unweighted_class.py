"""The unweighted variation class: networks of low norm."""

from sympy import Rational

from boundcalc.statement import Assumption, Quantity, Side, Status, Theorem
from boundcalc.statements.assumptions import GAUSSIAN_NOISE, IN_UNIT_BALL, OUTPUTS_AT_MOST_M, VARIATION_BOUNDED
from boundcalc.statements.sources import BACH, LQWP25, PARHI_NOWAK
from boundcalc.symbols import C, M, d, n, sigma

LOW_NORM_GAP = Theorem(
    key="low-norm-gap",
    title="Generalization gap of low-norm networks, upper bound",
    statement="With an unweighted variation (path) norm kept bounded, as weight decay does, the gap shrinks at this rate in "
    "every dimension, up to logarithms.",
    bounds={
        "gap": Side.UPPER.rate(
            Quantity.GAP, n ** Rational(-1, 4), "up to logarithms; as quoted by LQWP25 beside Thm 3.5"
        )
    },
    assumptions=(VARIATION_BOUNDED,),
    source=BACH,
    status=Status.PAPER,
)

LOW_NORM_MSE = Theorem(
    key="low-norm-mse",
    title="Minimax mean squared error over the unweighted variation class",
    statement="With an unweighted variation (path) norm kept bounded, as weight decay does, the minimax mean squared error "
    "has this rate up to logarithms: never slower than n^{-1/2}, in every dimension.",
    bounds={"mse": Side.TIGHT.rate(Quantity.MSE, n ** (-(d + 3) / (2 * d + 3)), "up to logarithms")},
    assumptions=(VARIATION_BOUNDED, GAUSSIAN_NOISE),
    source=PARHI_NOWAK,
    status=Status.PAPER,
)

# A union bound over one net: resolution r plus the root of (entropy at r)/n, with entropy (C/r)^{2d/(d+3)}. Chaining
# would do better in n, with a larger power of C; the proofs of LQWP25 use this form.
UNWEIGHTED_GAP = Theorem(
    key="unweighted-gap",
    title="Generalization gap of the unweighted variation class",
    statement="Over networks with unweighted variation norm at most C and outputs bounded by M, risk and empirical "
    "risk differ by at most this, with high probability.",
    bounds={
        "gap": Side.UPPER.rate(
            Quantity.GAP,
            C ** (d / (2 * d + 3)) * M ** (3 * (d + 2) / (2 * d + 3)) * n ** (-(d + 3) / (2 * (2 * d + 3))),
            "C bounds the unweighted variation norm here",
        )
    },
    assumptions=(IN_UNIT_BALL, OUTPUTS_AT_MOST_M),
    source=LQWP25.at("Lemma F.5"),
    status=Status.PAPER,
)

LOCAL_COMPLEXITY = Theorem(
    key="local-complexity",
    title="Local Gaussian complexity of the unweighted variation class",
    statement="The squared radius at which the local Gaussian complexity of the class with unweighted variation norm "
    "at most C meets the radius: the mean squared error of least squares over that class.",
    bounds={
        "squared radius": Side.TIGHT.rate(
            Quantity.MSE,
            C ** (2 * d / (2 * d + 3)) * (sigma**2 / n) ** ((d + 3) / (2 * d + 3)),
            "C bounds the unweighted variation norm here",
        )
    },
    assumptions=(GAUSSIAN_NOISE, Assumption("unweighted variation norm at most C")),
    source=LQWP25.at("Lemma G.2"),
    status=Status.PAPER,
)
