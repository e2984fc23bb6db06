"""Activations of several variables: the operators that turn them into point masses, and optimal interpolants.

Checked: the factors of norms and polyharmonic splines, against Gaussians by quadrature; that interpolating networks of least
norm need no more neurons than points less the dimension of the skip connection, with the least norm over all neurons enclosed
by a dual function, for hyperplanes (the ReLU) and for centres in a disc (the norm), in the plane. Not checked: other operators.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.integrate import quad
from scipy.optimize import linprog
from scipy.special import gamma, hyp1f1

from boundcalc.enclosure import enclose
from boundcalc.exact import rational
from boundcalc.statement import Status, Theorem
from boundcalc.statements.extra_symbols import N, k, s
from boundcalc.statements.sources import MULTIVARIATE
from boundcalc.statements.transforms import ACTIVATION_OPERATORS, HALF_POWER, MULTIVARIATE_WIDTH, SKIP_DIMENSION
from boundcalc.style import BLUE, ORANGE
from verify.outcome import Interval, Outcome, Relation, Trust, judged
from verify.siblings.sibling import Sibling

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Array = NDArray[np.float64]

# (k, 2s, name of the bound)
_OPERATORS = (
    *((dim, dim + 1, "factor of |x|") for dim in (1, 2, 3, 5)),
    *((dim, twice, "factor of |x|^(2s-k)") for dim, twice in ((1, 4), (3, 6), (2, 5))),
    *((dim, twice, "factor of |x|^(2m) log|x|") for dim, twice in ((2, 4), (4, 6), (2, 6))),
)
_SHIFT = 0.7  # distance of the Gaussian's centre from the point mass
_POINTS, _DIM = 12, 2
_RADIUS = 2.0  # of the disc of centres
_ROUNDS = 20
_LEVELS, _CELLS = 24, 60_000  # how often cells are halved to bound the dual function, and how many at once
_ZERO = 1e-9
_SLACK = Fraction(1, 20)


@dataclass(frozen=True)
class Operator:
    """A factor, measured against a Gaussian."""

    dim: int
    twice_power: int
    name: str
    factor: Interval


@dataclass(frozen=True)
class Interpolant:
    """The interpolant of least norm: ``least`` bounds the norm of every other one below; ``misfit`` is its error at the points.

    ``neurons`` counts weights above 1e-9; ``places`` (neurons, 2) are centres, or (angle, offset).
    """

    name: str
    neurons: int
    norm: float
    least: float
    misfit: float
    places: Array
    weights: Array


def _against_gaussian(dim: int, twice_power: int, logarithm: bool) -> Interval:
    """phi(0) over the integral of rho times (-Laplace)^s phi, for phi a Gaussian about a point at distance 0.7 from 0.

    In polar coordinates about the centre; (-Laplace)^s exp(-r^2/2) is a Kummer function. The error is what quadrature states.
    """
    power, half = twice_power - dim, twice_power / 2

    def rho(square: Array) -> Array:
        values = square ** (power / 2)
        return values * np.log(square) / 2 if logarithm else values

    # Tanh-sinh nodes for the angle, whose ends may be singular.
    steps = np.linspace(-3.2, 3.2, 161)
    cosine = np.tanh(math.pi / 2 * np.sinh(steps))
    slope = math.pi / 2 * np.cosh(steps) / np.cosh(math.pi / 2 * np.sinh(steps)) ** 2 * (steps[1] - steps[0])
    complement = 1 / np.cosh(math.pi / 2 * np.sinh(steps)) ** 2  # 1 - cosine^2, without cancellation
    if dim == 1:
        cosine, angle = np.array([-1.0, 1.0]), np.ones(2)
    else:
        area = 2 * math.pi ** ((dim - 1) / 2) / gamma((dim - 1) / 2)
        angle = area * slope * complement ** ((dim - 3) / 2)
    start = 2**half * gamma(dim / 2 + half) / gamma(dim / 2)

    def integrand(r: float) -> float:
        square = np.maximum(_SHIFT**2 + r**2 + 2 * _SHIFT * r * cosine, 1e-300)
        return float(angle @ rho(square)) * r ** (dim - 1) * start * float(hyp1f1(dim / 2 + half, dim / 2, -(r**2) / 2))

    inner, outer = (
        quad(integrand, *ends, epsabs=0, epsrel=1e-9, limit=200) for ends in ((0, _SHIFT), (_SHIFT, np.inf))
    )
    total = inner[0] + outer[0]
    value = math.exp(-(_SHIFT**2) / 2) / total
    error = abs(value) * ((inner[1] + outer[1]) / abs(total) + 1e-7)
    return Interval.near(value, error, "quadrature with its stated error")


def _hyperplanes(x: Array, places: Array) -> Array:
    """|u.x - t|/2 for neurons (angle, offset); the ReLU of u.x - t up to an affine function."""
    u = np.stack([np.cos(places[:, 0]), np.sin(places[:, 0])])
    values: Array = np.abs(x @ u - places[:, 1]) / 2
    return values


def _centres(x: Array, places: Array) -> Array:
    """-|x - t|/(2 pi): the fundamental solution for the power 3/2 of minus the Laplacian of the plane."""
    values: Array = -np.linalg.norm(x[:, None] - places, axis=2) / (2 * math.pi)
    return values


Ends = tuple[tuple[float, float], tuple[float, float]]
Neurons = Callable[[Array, Array], Array]


def _search(dual: Array, x: Array, neurons: Neurons, ends: Ends, slopes: Array) -> tuple[float, Array]:
    """An upper bound of |sum_i dual_i rho_t(x_i)| over all t, and places (m, 2) where it is large, one of each neighbourhood.

    Cells that may exceed both 1.001 and 98 % of what was found are halved along both axes; ``slopes`` bound the slopes of each
    rho_t(x_i) along both axes of t.
    """
    low, high = np.array(ends).T
    centres, half = (low + high)[None] / 2, (high - low) / 2
    top = 0.0
    for _ in range(_LEVELS):
        half = half / 2
        centres = (centres[:, None] + half * np.array([(-1, -1), (-1, 1), (1, -1), (1, 1)])).reshape(-1, 2)
        height = np.abs(dual @ neurons(x, centres))
        top = max(top, float(height.max()))
        above = height + float(np.abs(dual).sum() * (slopes @ half))
        floor, order = max(1.001, 0.99 * top), np.argsort(-height)[:1000]
        _, first = np.unique(np.round(40 * (centres[order] - low) / (high - low)), axis=0, return_index=True)
        places, kept = centres[order[first]], above > floor
        if not kept.any() or kept.sum() > _CELLS:
            break
        centres = centres[kept]
    return (max(floor, float(above.max())) if kept.any() else floor), places


def _interpolant(name: str, x: Array, y: Array, neurons: Neurons, ends: Ends, slopes: Array) -> Interpolant:
    """The linear program over a grid of neurons and, round by round, the places where the dual function is largest.

    If |sum_i a_i rho_t(x_i)| <= M for all t and a is orthogonal to affine functions, every interpolant has norm at least a.y/M.
    """
    affine = np.column_stack([np.ones(len(x)), x])
    chosen = np.stack(np.meshgrid(*(np.linspace(*end, 17) for end in ends)), axis=-1).reshape(-1, 2)
    chosen = np.concatenate([chosen, x])  # where centres have cones in the dual function
    for _ in range(_ROUNDS):
        columns = neurons(x, chosen)
        cost = np.concatenate([np.ones(2 * len(chosen)), np.zeros(2 * affine.shape[1])])
        rows = np.hstack([columns, -columns, affine, -affine])
        solved = linprog(cost, A_eq=rows, b_eq=y, method="highs-ds")
        dual = np.asarray(solved.eqlin.marginals)
        dual -= affine @ np.linalg.lstsq(affine, dual, rcond=None)[0]
        bound, places = _search(dual, x, neurons, ends, slopes)
        if bound < 1 + float(_SLACK) / 2:
            break
        chosen = np.concatenate([chosen, places])
    weights = solved.x[: columns.shape[1]] - solved.x[columns.shape[1] : 2 * columns.shape[1]]
    used = np.abs(weights) > _ZERO
    misfit = float(np.abs(rows @ solved.x - y).max())
    norm, least = float(np.abs(weights).sum()), float(dual @ y) / bound
    return Interpolant(name, int(used.sum()), norm, least, misfit, chosen[: len(weights)][used], weights[used])


def measure(seed: int) -> tuple[list[Operator], list[Interpolant]]:
    """The factors, and both interpolants of twelve labelled points of the disc."""
    operators = [
        Operator(dim, twice, name, _against_gaussian(dim, twice, "log" in name)) for dim, twice, name in _OPERATORS
    ]
    rng = np.random.default_rng(seed)
    # Points of a sunflower, nearly: where points are close, the dual function is steep and its maximum costs much.
    turn, radius = np.arange(_POINTS) * math.pi * (3 - math.sqrt(5)), np.sqrt((np.arange(_POINTS) + 0.5) / _POINTS)
    x = (
        0.95 * np.column_stack([radius * np.cos(turn), radius * np.sin(turn)])
        + 0.05 * rng.uniform(-1, 1, (_POINTS, 2)) / 2
    )
    y = np.sin(3 * x[:, 0]) + rng.standard_normal(_POINTS) / 2
    # |d rho/dt| <= 1/2 and |d rho/d angle| <= |x|/2 for hyperplanes, 1/(2 pi) along each axis for centres.
    planes = _interpolant("hyperplanes", x, y, _hyperplanes, ((0.0, math.pi), (-1.0, 1.0)), np.array([0.5, 0.5]))
    reach = _RADIUS
    norms = _interpolant("centres", x, y, _centres, ((-reach, reach),) * 2, np.full(2, 0.5 / math.pi))
    return operators, [planes, norms]


def facts(found: tuple[list[Operator], list[Interpolant]]) -> Mapping[str, object]:
    """Sizes of the interpolation problem."""
    return {"points": _POINTS, "dim": _DIM, "neurons": ", ".join(f"{one.neurons} {one.name}" for one in found[1])}


def outcomes(found: tuple[list[Operator], list[Interpolant]], theorems: Mapping[str, Theorem]) -> list[Outcome]:
    """The factors; width and optimality of the interpolants."""
    operators, width = theorems["activation-operators"], theorems["multivariate-width"]
    judgements = []
    for one in found[0]:
        power = one.twice_power - one.dim
        values = {k: rational(one.dim), s: rational(Fraction(one.twice_power, 2)), HALF_POWER: rational(power // 2)}
        factor = Interval.of(enclose(operators.bounds[one.name].expr, values))
        words = f"{one.name} on R^{one.dim}, 2s = {one.twice_power}"
        judgements.append(
            judged("operators", operators.key, words, one.factor, Relation.CONTAINS, factor, operators.status)
        )
    most = Interval.of(enclose(width.bound.expr, {N: rational(_POINTS), SKIP_DIMENSION: rational(_DIM + 1)}))
    for net in found[1]:
        count = Interval(net.neurons, net.neurons, f"weights above {_ZERO:g}", Trust.FLOAT_CERTIFIED)
        judgements += [
            judged("interpolants", width.key, f"neurons of the optimal interpolant, {net.name}", count, Relation.AT_MOST, most,
                   width.status, {"misfit": net.misfit}),
            judged("interpolants", width.key, f"its norm is within 5 % of the least of all, {net.name}", net.norm,
                   Relation.AT_MOST, net.least * (1 + float(_SLACK)), Status.DERIVED, floats=Trust.FLOAT_CERTIFIED),
        ]  # fmt: skip
    return judgements


def draw(axes: Axes, found: tuple[list[Operator], list[Interpolant]]) -> None:
    """Where the neurons of both interpolants sit: lines, and centres."""
    planes, norms = found[1]
    circle = np.linspace(0, 2 * math.pi, 200)
    axes.plot(np.cos(circle), np.sin(circle), color="0.7", linewidth=0.8)
    for at, (angle, offset) in enumerate(planes.places):
        u, half = np.array([math.cos(angle), math.sin(angle)]), math.sqrt(max(0.0, 1 - offset**2))
        ends = offset * u[:, None] + half * np.array([[-u[1]], [u[0]]]) * np.array([-1, 1])
        axes.plot(*ends, color=BLUE, linewidth=1, label="" if at else "lines where the ReLU bends")
    size = 12 + 80 * np.abs(norms.weights) / np.abs(norms.weights).max()
    axes.scatter(norms.places[:, 0], norms.places[:, 1], s=size, color=ORANGE, label="centres of the norm", zorder=3)
    axes.set(aspect="equal", xlabel="$x_1$", ylabel="$x_2$")
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.12), ncols=2)


SIBLING = Sibling(
    "multivariate", "Activations of several variables", MULTIVARIATE, (ACTIVATION_OPERATORS, MULTIVARIATE_WIDTH), measure, facts,
    outcomes, draw,
)  # fmt: skip
