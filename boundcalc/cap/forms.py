"""The closed forms themselves."""

from __future__ import annotations

from functools import lru_cache

from sympy import Integer, Rational, Symbol, asin, powsimp, sin, sqrt

from boundcalc.cap.closed_form import ClosedForm
from boundcalc.cap.expressions import beyond_expr, marginal_expr, moment_expr, series_expr
from boundcalc.symbols import VARIABLES, Variable, d, h

__all__ = [
    "ALL",
    "alpha",
    "atom_norm_squared",
    "atom_seminorm",
    "atom_seminorm_population",
    "atom_sup",
    "canonical_weight",
    "cap_angle",
    "cap_mass",
    "conditional_mean",
    "first_moment",
    "marginal_constant",
    "moment",
    "packing_existence",
    "packing_volume",
    "population_weight",
    "sphere_measure",
    "weight_limit",
    "weight_ratio",
]

alpha = Symbol("alpha", positive=True)

_D = VARIABLES["d"]
_D_SPHERE = Variable(d, "d", "dimension of the space around the sphere", lower=Integer(2), integer=True)
_HEIGHT = Variable(h, "h", "cap height 1 - t", lower=Integer(0), lower_open=True, upper=Integer(1))
_HEIGHT_ANY = VARIABLES["h"]
_HEIGHT_OPEN = Variable(
    h, "h", "cap height 1 - t", lower=Integer(0), lower_open=True, upper=Integer(1), upper_open=True
)
# The largest float below pi/2, exactly.
_ANGLE = Variable(
    alpha,
    "alpha",
    "angular radius of a cap on the sphere",
    lower=Integer(0),
    lower_open=True,
    upper=Rational(884279719003555, 562949953421312),
)


@lru_cache(maxsize=128)
def moment(k: int) -> ClosedForm:
    """The truncated moment E[(X₁−t)_+^k], X uniform on the unit ball, for caps of height h = 1−t in (0, 2).

    Examples
    --------
    >>> moment(1)(1, 1)  # E X_+ for X uniform on [-1, 1]
    0.25000000000000...
    >>> moment(2).log([2, 20, 10**6], 1e-300).log10
    array([-1.05086267e+03, -3.74976113e+03, -1.49850249e+08])
    """
    words = "probability of a cap" if k == 0 else f"E[(X_1 - t)_+^{k}]"
    return ClosedForm(
        "cap_mass" if k == 0 else f"moment({k})",
        words,
        moment_expr(k),
        (_D, _HEIGHT_ANY),
        "Euler's integral and transformation",
        beyond=beyond_expr(k),
    )


marginal_constant = ClosedForm(
    "marginal_constant",
    "density of one coordinate at 0, X uniform on the unit ball",
    marginal_expr(d),
    (_D,),
    "volume of the slice over volume of the ball",
)

cap_mass = moment(0)

# d/ds (1−s²)^{(d+1)/2} = −(d+1) s (1−s²)^{(d−1)/2}.
_FIRST = marginal_expr(d) / (d + 1) * h ** ((d + 1) / 2) * (2 - h) ** ((d + 1) / 2)
first_moment = ClosedForm(
    "first_moment", "E[X_1; X_1 > t]", _FIRST, (_D, _HEIGHT_ANY), "integration of the marginal density"
)

# The mass is the first moment times the series, so the mean is the inverse of the series.
conditional_mean = ClosedForm(
    "conditional_mean", "E[X_1 | X_1 > t]", 1 / series_expr(0, d, h), (_D, _HEIGHT), "first moment over mass"
)

# g_P = P² · E[X·u−t | X·u>t] · sqrt(1+‖E[X | X·u>t]‖²) = E[(X₁−t)_+] · sqrt(Q² + M²), with Q = M F, at |t|. The branch
# (−u, −t) is larger: its mass is 1−Q >= Q, and (|t|(1−Q)+M) >= M − |t|Q.
_WEIGHT = powsimp(moment_expr(1) * _FIRST * sqrt(1 + series_expr(0, d, h) ** 2))
population_weight = ClosedForm(
    "population_weight",
    "g_P(u, t) at |t| = 1 - h",
    _WEIGHT,
    (_D, _HEIGHT),
    "definition of the weight and the truncated moments",
)

canonical_weight = ClosedForm(
    "canonical_weight", "(1 - |t|)^(d+2) at |t| = 1 - h", h ** (d + 2), (_D, _HEIGHT), "LQWP25, definition"
)

# Increasing in |t|: each factor over its power of h is an integral of (2−hr)^{(d−1)/2} against a fixed weight.
weight_ratio = ClosedForm(
    "weight_ratio",
    "g_P(t) / (1-|t|)^(d+2) at |t| = 1 - h; below it for smaller caps: a lower constant for |t| >= 1 - h",
    powsimp(_WEIGHT / h ** (d + 2)),
    (_D, _HEIGHT),
    "population weight over canonical weight",
)

weight_limit = ClosedForm(
    "weight_limit",
    "limit of g_P(t) / (1-|t|)^(d+2) as |t| -> 1, an upper constant for every t",
    sqrt(2) * 2 ** (d + 2) * marginal_expr(d) ** 2 / ((d + 1) ** 2 * (d + 3)),
    (_D,),
    "leading terms of the truncated moments",
)

atom_sup = ClosedForm(
    "atom_sup",
    "sup norm of the normalised atom h^(-1) (u.x - (1-h))_+",
    Integer(1),
    (_D, _HEIGHT_ANY),
    "value at x = u",
)

atom_norm_squared = ClosedForm(
    "atom_norm_squared",
    "squared L2(P) norm of the normalised atom h^(-1) (u.x - (1-h))_+",
    powsimp(moment_expr(2) / h**2),
    (_D, _HEIGHT_ANY),
    "second truncated moment",
    beyond=beyond_expr(2) / h**2,
)

atom_seminorm = ClosedForm(
    "atom_seminorm",
    "weighted variation norm of the normalised atom, canonical weight",
    h ** (d + 1),
    (_D, _HEIGHT),
    "LQWP25 Lemma H.2",
)

atom_seminorm_population = ClosedForm(
    "atom_seminorm_population",
    "weighted variation norm of the normalised atom, population weight",
    powsimp(_WEIGHT / h),
    (_D, _HEIGHT),
    "population weight at the atom's neuron over h",
)

cap_angle = ClosedForm(
    "cap_angle",
    "angular radius arccos(1 - h) of a cap",
    2 * asin(sqrt(h / 2)),
    (_HEIGHT_ANY,),
    "1 - cos(a) = 2 sin(a/2)^2",
)

# The last coordinate of a uniform point of S^{d−1} has density ∝ (1−s²)^{(d−3)/2}: that of a ball of dimension d−2,
# also at d = 2. So the measure of a cap of the sphere is the mass of a ball's cap two dimensions lower; there
# h(2−h) = sin²α.
sphere_measure = ClosedForm(
    "sphere_measure",
    "share of the sphere S^(d-1) in a cap of angular radius alpha",
    marginal_expr(d - 2) / (d - 1) * sin(alpha) ** (d - 1) * series_expr(0, d - 2, 2 * sin(alpha / 2) ** 2),
    (_D_SPHERE, _ANGLE),
    "marginal of the sphere",
)

packing_volume = ClosedForm(
    "packing_volume",
    "upper bound on the number of disjoint caps of height h: their shares of the sphere add up to at most 1",
    1 / moment_expr(0, d - 2, h),
    (_D_SPHERE, _HEIGHT_ANY),
    "volume bound 1/sigma_d(theta)",
    beyond=1 / beyond_expr(0, d - 2, h),
)

# Centres at angle >= 2θ; a maximal set covers the sphere by caps of radius 2θ, whose height is 1 − cos 2θ = 2h(2−h).
packing_existence = ClosedForm(
    "packing_existence",
    "lower bound on the largest number of disjoint caps of height h",
    1 / moment_expr(0, d - 2, 2 * h * (2 - h)),
    (_D_SPHERE, _HEIGHT_OPEN),
    "covering bound 1/sigma_d(2 theta)",
    beyond=1 / beyond_expr(0, d - 2, 2 * h * (2 - h)),
    pivot=2 * h * (2 - h),
)

ALL = (
    marginal_constant,
    cap_mass,
    first_moment,
    conditional_mean,
    population_weight,
    canonical_weight,
    weight_ratio,
    weight_limit,
    atom_sup,
    atom_norm_squared,
    atom_seminorm,
    atom_seminorm_population,
    cap_angle,
    sphere_measure,
    packing_existence,
    packing_volume,
)
