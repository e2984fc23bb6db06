"""Caps of height epsilon^2: how many are disjoint, their atoms, which are empty."""

from sympy import Integer, Symbol, exp

from boundcalc.cap import marginal_constant
from boundcalc.statement import Quantity, Side, Status, Theorem
from boundcalc.statements.assumptions import D_AT_LEAST_2, EPSILON_AT_MOST_1, UNIFORM_BALL
from boundcalc.statements.sources import LQWP25
from boundcalc.symbols import B, d, eps, h, n

PACKING_SIZE = Theorem(
    key="packing-size",
    title="Number of disjoint caps of height epsilon^2",
    statement="The largest number of pairwise disjoint caps of height epsilon^2 on the unit sphere is of this order. With "
    "explicit constants: at least 1/sigma_d(2 theta) and at most 1/sigma_d(theta), theta = arccos(1 - epsilon^2), sigma_d "
    "the normalised surface measure of a spherical cap.",
    bounds={"size": Side.TIGHT.rate(Quantity.SIZE, eps ** (-(d - 1)))},
    assumptions=(D_AT_LEAST_2,),
    source=LQWP25.at("Lemma H.3"),
    status=Status.PAPER,
)

# The squared norm is c_1 times the integral over the depth s in [0, h] of (2s - s^2)^{(d-1)/2} (1 - s/h)^2. Bounding
# 2 - s between 2 - h and 2 leaves a Beta integral: Beta((d+1)/2, 3) = 16/((d+1)(d+3)(d+5)).
_beta = 16 / ((d + 1) * (d + 3) * (d + 5))
_power = marginal_constant.expr * _beta * eps ** (d + 1)

CAP_ATOM_NORM = Theorem(
    key="cap-atom-norm",
    title="L2 norm of a cap atom",
    statement="The cap atom of height epsilon^2 and sup norm 1 has squared L2(P) norm of order epsilon^{d+1}; the constants "
    "are derived.",
    bounds={
        "upper": Side.UPPER.bound(Quantity.NORM, Integer(2) ** ((d - 1) / 2) * _power),
        "lower": Side.LOWER.bound(Quantity.NORM, (2 - eps**2) ** ((d - 1) / 2) * _power),
    },
    assumptions=(UNIFORM_BALL, EPSILON_AT_MOST_1),
    source=LQWP25.at("Lemma H.1"),
    status=Status.PAPER,
)

# The atom is (u.x - t)_+ / h with t = 1 - h: one neuron with coefficient 1/h, and the canonical weight is h^{d+2}.
CAP_ATOM_SEMINORM = Theorem(
    key="cap-atom-seminorm",
    title="Weighted variation norm of a cap atom",
    statement="The cap atom of height epsilon^2 and sup norm 1 has this canonical weighted variation norm: nearly free, "
    "because it lives at the boundary.",
    bounds={"seminorm": Side.TIGHT.bound(Quantity.SEMINORM, eps ** (2 * d + 2))},
    assumptions=(),
    source=LQWP25.at("Lemma H.2"),
    status=Status.PAPER,
)

N_ATOMS = Symbol("N", positive=True, integer=True)
AMPLITUDE = Symbol("A", positive=True)

SIGN_CLASS = Theorem(
    key="sign-class",
    title="Signed sums of cap atoms",
    statement="The sum of N cap atoms on disjoint caps of height h, with amplitude A and any signs, has sup norm A and at "
    "most this canonical weighted variation norm.",
    bounds={
        "seminorm": Side.UPPER.bound(Quantity.SEMINORM, AMPLITUDE * N_ATOMS * h ** (d + 1)),
        "sup norm": Side.UPPER.bound(Quantity.NORM, B, "amplitude A at most B"),
    },
    assumptions=(D_AT_LEAST_2,),
    source=LQWP25.at("Construction H.4"),
    status=Status.PAPER,
    symbols={N_ATOMS: "number of caps", AMPLITUDE: "amplitude of every atom"},
)

# The mass Q of a cap of height h is c_1 times the integral over [0, h] of (2s - s^2)^{(d-1)/2}, so Q <= U_d h^{(d+1)/2} with
# U_d = c_1 2^{(d+1)/2}/(d+1). A cap is empty with probability (1-Q)^n, and ((1-Q) e^Q)^n >= (1-Q^2)^n >= 1 - n Q^2 gives
# (1-Q)^n >= e^{-nQ} - n Q^2 >= e^{-lambda} - lambda^2/n for lambda = n U_d epsilon^{d+1} >= nQ: exact at every n, where the
# paper passes through Poisson variables.
MASS_CONSTANT = marginal_constant.expr * Integer(2) ** ((d + 1) / 2) / (d + 1)
_expected_count = n * MASS_CONSTANT * eps ** (d + 1)

# The height at which the bound on the expected number of samples per cap is 1.
CRITICAL_HEIGHT = (MASS_CONSTANT * n) ** (-2 / (d + 1))

EMPTY_CAPS = Theorem(
    key="empty-caps",
    title="A constant fraction of critical caps is empty",
    statement="With epsilon = kappa n^{-1/(d+1)}, the expected share of disjoint caps of height epsilon^2 that hold no sample "
    "is at least q_* = exp(-lambda), lambda = U_d kappa^{d+1}, up to lambda^2/n.",
    bounds={"expected share": Side.LOWER.bound(Quantity.PROBABILITY, exp(-_expected_count) - _expected_count**2 / n)},
    assumptions=(D_AT_LEAST_2, UNIFORM_BALL, EPSILON_AT_MOST_1),
    source=LQWP25.at("Prop I.1"),
    status=Status.PAPER,
    errata=(3, 4),
)
