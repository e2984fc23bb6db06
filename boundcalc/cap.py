"""Closed forms of spherical caps: mass, moments, atom norms, population weight, sphere measure, packing bounds.

X is uniform on the unit ball of R^d, a cap of height h = 1 − t is {x : u·x >= t}. Each closed form is one sympy
expression; its float, its logarithm, its enclosure and its LaTeX are computed from that expression:

>>> cap_mass(12, 0.2)
0.000171134916517845...
>>> print(cap_mass.log(10**6, 1e-300))
5.61e-149849639
>>> print(cap_mass.enclose(12, "0.2"))
0.0001711349165178455 ± ...

Floats are taken as the binary numbers they are by a call and by ``log``, and as the decimals they show by ``enclose``.
For large d that is visible: the relative condition number of the mass in h is about d/2.
"""

from __future__ import annotations

import math
from dataclasses import replace
from functools import cache, lru_cache

from sympy import Expr, Integer, Rational, Symbol, asin, binomial, factorial, gamma, hyper, pi, powsimp, rf, sin, sqrt

from boundcalc.closed_form import ClosedForm
from boundcalc.exact import describe
from boundcalc.symbols import VARIABLES, Variable, d, h

alpha = Symbol("alpha", positive=True)

_D = VARIABLES["d"]
_D_SPHERE = replace(_D, meaning="dimension of the space around the sphere", lower=Integer(2))
_HEIGHT_ANY = VARIABLES["h"]
_HEIGHT_OPEN = replace(_HEIGHT_ANY, upper=Integer(1))
_HEIGHT = replace(_HEIGHT_OPEN, upper_open=False)
# The largest float below pi/2, exactly.
_LARGEST_ANGLE = Rational(884279719003555, 562949953421312)
_ANGLE = Variable(alpha, "alpha", "angular radius of a cap on the sphere", Integer(0), _LARGEST_ANGLE, lower_open=True)

# The marginal of one coordinate has density c₁(1−s²)^{(d−1)/2} on [−1, 1], c₁ = Γ(d/2+1)/(√π Γ((d+1)/2)): the slice at
# s is a ball of dimension d−1 and radius (1−s²)^{1/2}.


def marginal_expr(dim: Expr) -> Expr:
    """Γ(d/2+1)/(√π Γ((d+1)/2)), the density of one coordinate at 0."""
    return gamma(dim / 2 + 1) / (sqrt(pi) * gamma((dim + 1) / 2))


def series_expr(k: int, dim: Expr, height: Expr) -> Expr:
    """₂F₁(k+1+d, k+1; k+1+(d+1)/2; h/2), all of whose terms are positive."""
    return hyper((dim + k + 1, k + 1), ((dim + 3) / 2 + k,), height / 2)


def _check_order(k: int) -> None:
    if isinstance(k, bool) or not isinstance(k, int):
        raise TypeError(f"k must be an int, got {describe(k)}; pass the order 0, 1, 2, ... of the moment")
    if not 0 <= k <= 60:
        raise ValueError(f"k must satisfy 0 <= k <= 60, got {k}")


def moment_expr(k: int, dim: Expr = d, height: Expr = h) -> Expr:
    """E[(X₁−t)_+^k] as an expression in the dimension and the height 1 − t, in terms that are all positive.

    With r = 1−s: c₁ ∫_0^h (h−r)^k (r(2−r))^{(d−1)/2} dr. Put r = hx; Euler's integral gives
    c₁ 2^{(d−1)/2} h^{k+a} B(k+1, a) ₂F₁(1−a, a; k+1+a; h/2) with a = (d+1)/2, an alternating series; Euler's
    transformation makes it (1−h/2)^{k+a} ₂F₁(k+1+d, k+1; k+1+a; h/2) with positive terms. Finally
    2^{(d−1)/2} (h(1−h/2))^{k+a} B(k+1, a) = (h(2−h))^{k+a} k!/((d+1)(d+3)…(d+1+2k)).

    Examples
    --------
    >>> moment_expr(0).subs({d: 1, h: 1}).simplify()
    1/2
    """
    _check_order(k)
    power = (dim + 1) / 2 + k
    steps = math.prod([dim + 1 + 2 * i for i in range(k + 1)])
    return (
        marginal_expr(dim) * factorial(k) / steps * height**power * (2 - height) ** power * series_expr(k, dim, height)
    )


def beyond_expr(k: int, dim: Expr = d, height: Expr = h) -> Expr:
    """The same for t < 0: (X+|t|)_+^k = (X+|t|)^k − (−1)^k (−X−|t|)_+^k, and −X has the law of X."""
    shift = height - 1
    # E X₁^{2j} = (1/2)_j / (d/2+1)_j.
    full = sum(
        (
            binomial(k, 2 * j) * shift ** (k - 2 * j) * rf(Rational(1, 2), j) / rf(dim / 2 + 1, j)
            for j in range(k // 2 + 1)
        ),
        Integer(0),
    )
    return full - (-1) ** k * moment_expr(k, dim, 2 - height)


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
    _check_order(k)
    words = "probability of a cap" if k == 0 else f"E[(X_1 - t)_+^{k}]"
    return ClosedForm(
        "cap_mass" if k == 0 else f"moment({k})",
        words,
        lambda: moment_expr(k),
        (_D, _HEIGHT_ANY),
        "Euler's integral and transformation",
        beyond=lambda: beyond_expr(k),
    )


marginal_constant = ClosedForm(
    "marginal_constant",
    "density of one coordinate at 0, X uniform on the unit ball",
    lambda: marginal_expr(d),
    (_D,),
    "volume of the slice over volume of the ball",
)

cap_mass = moment(0)


# d/ds (1−s²)^{(d+1)/2} = −(d+1) s (1−s²)^{(d−1)/2}.
def _first() -> Expr:
    return marginal_expr(d) / (d + 1) * h ** ((d + 1) / 2) * (2 - h) ** ((d + 1) / 2)


first_moment = ClosedForm(
    "first_moment", "E[X_1; X_1 > t]", _first, (_D, _HEIGHT_ANY), "integration of the marginal density"
)

# The mass is the first moment times the series, so the mean is the inverse of the series.
conditional_mean = ClosedForm(
    "conditional_mean", "E[X_1 | X_1 > t]", lambda: 1 / series_expr(0, d, h), (_D, _HEIGHT), "first moment over mass"
)


# g_P = P² · E[X·u−t | X·u>t] · sqrt(1+‖E[X | X·u>t]‖²) = E[(X₁−t)_+] · sqrt(Q² + M²), with Q = M F, at |t|. The branch
# (−u, −t) is larger: its mass is 1−Q >= Q, and (|t|(1−Q)+M) >= M − |t|Q.
@cache
def _weight() -> Expr:
    return powsimp(moment_expr(1) * _first() * sqrt(1 + series_expr(0, d, h) ** 2))


population_weight = ClosedForm(
    "population_weight",
    "g_P(u, t) at |t| = 1 - h",
    _weight,
    (_D, _HEIGHT),
    "definition of the weight and the truncated moments",
)

canonical_weight = ClosedForm(
    "canonical_weight", "(1 - |t|)^(d+2) at |t| = 1 - h", lambda: h ** (d + 2), (_D, _HEIGHT), "LQWP25, definition"
)

# Increasing in |t|: each factor over its power of h is an integral of (2−hr)^{(d−1)/2} against a fixed weight.
weight_ratio = ClosedForm(
    "weight_ratio",
    "g_P(t) / (1-|t|)^(d+2) at |t| = 1 - h; below it for smaller caps: a lower constant for |t| >= 1 - h",
    lambda: powsimp(_weight() / h ** (d + 2)),
    (_D, _HEIGHT),
    "population weight over canonical weight",
)

weight_limit = ClosedForm(
    "weight_limit",
    "limit of g_P(t) / (1-|t|)^(d+2) as |t| -> 1, an upper constant for every t",
    lambda: sqrt(2) * 2 ** (d + 2) * marginal_expr(d) ** 2 / ((d + 1) ** 2 * (d + 3)),
    (_D,),
    "leading terms of the truncated moments",
)


# The weight of the trace: g_tr = 2 sqrt(E[|X|² + 1; X₁>t] · E[(X₁−t)_+²]) at |t|, where both factors are smaller than at
# −|t|. Given X₁ = s the other coordinates are uniform on a ball of radius (1−s²)^{1/2}, so E[|X|² | s] = s² +
# (1−s²)(d−1)/(d+1). By parts E[X₁²; X₁>t] = (Q + (d+1) t M)/(d+2). Together E[|X|² + 1; X₁>t] = 2((d+1)Q + tM)/(d+2), with
# Q = M F.
@cache
def _trace_ratio() -> Expr:
    root = ((d + 1) * series_expr(0, d, h) + 1 - h) * series_expr(2, d, h) / ((d + 2) * (d + 3) * (d + 5))
    return 4 * marginal_expr(d) / (d + 1) * (2 - h) ** ((d + 3) / 2) * sqrt(root)


trace_weight = ClosedForm(
    "trace_weight",
    "g_tr(u, t) at |t| = 1 - h, the weight of a neuron in the trace of the Hessian",
    lambda: h ** ((d + 3) / 2) * _trace_ratio(),
    (_D, _HEIGHT),
    "Theorem F and the truncated moments",
)

# Increasing in |t|, like weight_ratio: E[|X|² | X₁ = s] is increasing in s.
trace_weight_ratio = ClosedForm(
    "trace_weight_ratio",
    "g_tr(t) / (1-|t|)^((d+3)/2) at |t| = 1 - h; below it for smaller caps: a lower constant for |t| >= 1 - h",
    _trace_ratio,
    (_D, _HEIGHT),
    "weight of the trace over the power of the depth",
)

# At t = 0: mass 1/2, M = c₁/(d+1), E(X₁)_+² = 1/(2(d+2)).
trace_weight_least = ClosedForm(
    "trace_weight_least",
    "g_tr(0), the least value of g_tr(t) / (1-|t|)^((d+3)/2): a lower constant for every t",
    lambda: sqrt(2 * (d + 1)) / (d + 2),
    (_D,),
    "moments of half the ball",
)

trace_weight_limit = ClosedForm(
    "trace_weight_limit",
    "limit of g_tr(t) / (1-|t|)^((d+3)/2) as |t| -> 1, an upper constant for every t",
    lambda: 4 * 2 ** ((d + 3) / 2) * marginal_expr(d) / ((d + 1) * sqrt((d + 3) * (d + 5))),
    (_D,),
    "leading terms of the truncated moments",
)

atom_sup = ClosedForm(
    "atom_sup",
    "sup norm of the normalised atom h^(-1) (u.x - (1-h))_+",
    lambda: Integer(1),
    (_D, _HEIGHT_ANY),
    "value at x = u",
)

atom_norm_squared = ClosedForm(
    "atom_norm_squared",
    "squared L2(P) norm of the normalised atom h^(-1) (u.x - (1-h))_+",
    lambda: powsimp(moment_expr(2) / h**2),
    (_D, _HEIGHT_ANY),
    "second truncated moment",
    beyond=lambda: beyond_expr(2) / h**2,
)

atom_seminorm = ClosedForm(
    "atom_seminorm",
    "weighted variation norm of the normalised atom, canonical weight",
    lambda: h ** (d + 1),
    (_D, _HEIGHT),
    "LQWP25 Lemma H.2",
)

atom_seminorm_population = ClosedForm(
    "atom_seminorm_population",
    "weighted variation norm of the normalised atom, population weight",
    lambda: powsimp(_weight() / h),
    (_D, _HEIGHT),
    "population weight at the atom's neuron over h",
)

cap_angle = ClosedForm(
    "cap_angle",
    "angular radius arccos(1 - h) of a cap",
    lambda: 2 * asin(sqrt(h / 2)),
    (_HEIGHT_ANY,),
    "1 - cos(a) = 2 sin(a/2)^2",
)

# The last coordinate of a uniform point of S^{d−1} has density ∝ (1−s²)^{(d−3)/2}: that of a ball of dimension d−2,
# also at d = 2. So the measure of a cap of the sphere is the mass of a ball's cap two dimensions lower; there
# h(2−h) = sin²α.
sphere_measure = ClosedForm(
    "sphere_measure",
    "share of the sphere S^(d-1) in a cap of angular radius alpha",
    lambda: marginal_expr(d - 2) / (d - 1) * sin(alpha) ** (d - 1) * series_expr(0, d - 2, 2 * sin(alpha / 2) ** 2),
    (_D_SPHERE, _ANGLE),
    "marginal of the sphere",
)

packing_volume = ClosedForm(
    "packing_volume",
    "upper bound on the number of disjoint caps of height h: their shares of the sphere add up to at most 1",
    lambda: 1 / moment_expr(0, d - 2, h),
    (_D_SPHERE, _HEIGHT_ANY),
    "volume bound 1/sigma_d(theta)",
    beyond=lambda: 1 / beyond_expr(0, d - 2, h),
)

# Centres at angle >= 2θ; a maximal set covers the sphere by caps of radius 2θ, whose height is 1 − cos 2θ = 2h(2−h).
packing_existence = ClosedForm(
    "packing_existence",
    "lower bound on the largest number of disjoint caps of height h",
    lambda: 1 / moment_expr(0, d - 2, 2 * h * (2 - h)),
    (_D_SPHERE, _HEIGHT_OPEN),
    "covering bound 1/sigma_d(2 theta)",
    beyond=lambda: 1 / beyond_expr(0, d - 2, 2 * h * (2 - h)),
    pivot=2 * h * (2 - h),
)

ALL = tuple(form for form in list(globals().values()) if isinstance(form, ClosedForm))
