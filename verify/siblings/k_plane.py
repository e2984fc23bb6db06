"""Random k-planes through a point, for Gaussians and the indicator of the ball: the constant, and the adjoint."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.special import gamma, hyp1f1

from boundcalc.enclosure import enclose
from boundcalc.exact import rational
from boundcalc.statement import Status, Theorem
from boundcalc.statements.extra_symbols import k
from boundcalc.statements.sources import K_PLANE
from boundcalc.statements.transforms import K_PLANE_CONSTANT
from boundcalc.style import BLUE, GREEN, ORANGE
from boundcalc.symbols import d
from verify.outcome import Interval, Outcome, Relation, judged
from verify.siblings.sibling import Sibling, mean_interval

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_CASES = ((2, 1), (3, 1), (3, 2), (5, 2), (8, 4))
_PLANES = 100_000
_RADIUS = 1.0  # of the point through which the planes run, for the Gaussian


@dataclass(frozen=True)
class Case:
    """The constant in one pair (d, k), measured in two ways, and the difference of both sides of the adjoint identity."""

    dim: int
    plane: int
    gaussian: Interval
    ball: Interval
    adjoint: Interval


def _normals(rng: np.random.Generator, dim: int, plane: int) -> NDArray[np.float64]:
    """Uniformly random k-planes through 0 as the null spaces of orthonormal columns, (planes, dim, dim - plane)."""
    normals: NDArray[np.float64] = np.linalg.qr(rng.standard_normal((_PLANES, dim, dim - plane)))[0]
    return normals


def _squared_distances(
    rng: np.random.Generator, dim: int, plane: int, points: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Squared distances of points (planes, m, dim) from uniformly random k-planes through 0, one plane for each row."""
    squares: NDArray[np.float64] = (np.einsum("imd,idj->imj", points, _normals(rng, dim, plane)) ** 2).sum(axis=2)
    return squares


def _case(seed: int, index: int) -> Case:
    dim, plane = _CASES[index]
    rng = np.random.default_rng([seed, index])
    # exp(-|x|^2/2) integrates over a k-plane at distance t to (2 pi)^(k/2) exp(-t^2/2). The Riesz potential of the Gaussian at
    # radius r is the mean of |w|^-k over its spectrum, a Kummer function.
    place = np.zeros((_PLANES, 1, dim))
    place[:, 0, 0] = _RADIUS
    integrals = (2 * math.pi) ** (plane / 2) * np.exp(-_squared_distances(rng, dim, plane, place)[:, 0] / 2)
    rest = (dim - plane) / 2
    potential = 2 ** (-plane / 2) * gamma(rest) / gamma(dim / 2) * hyp1f1(rest, dim / 2, -(_RADIUS**2) / 2)
    # The indicator of the unit ball at its centre: every k-plane meets it in the unit ball of R^k; the Riesz kernel
    # gamma(rest) / (2^k pi^(d/2) gamma(k/2)) |y|^(k-d) integrates over the ball to area(S^(d-1))/k times its constant.
    volume = math.pi ** (plane / 2) / gamma(plane / 2 + 1)
    kernel = gamma(rest) / (2**plane * math.pi ** (dim / 2) * gamma(plane / 2))
    ball = volume / (kernel * 2 * math.pi ** (dim / 2) / gamma(dim / 2) / plane)
    # <R f, g> = <f, R* g> for f = exp(-|x - e|^2/2), g = exp(-t^2) of a plane at distance t from 0. A plane is a direction
    # and an offset in its normal space. On the left offsets are drawn from the Gaussian that g is up to its mass, on the right
    # points from the Gaussian that f is.
    normals = _normals(rng, dim, plane)
    offsets = rng.standard_normal((_PLANES, dim - plane)) / math.sqrt(2)
    shifted = ((normals[:, 0, :] - offsets) ** 2).sum(axis=1)
    left = (2 * math.pi) ** (plane / 2) * np.exp(-shifted / 2) * math.pi**rest
    x = rng.standard_normal((_PLANES, 1, dim))
    x[:, 0, 0] += 1
    right = (2 * math.pi) ** (dim / 2) * np.exp(-_squared_distances(rng, dim, plane, x)[:, 0])
    constant = mean_interval(integrals, 1 / float(potential))
    return Case(dim, plane, constant, Interval.near(ball, abs(ball) * 1e-12), mean_interval(left - right))


def measure(seed: int) -> list[Case]:
    """Every pair (d, k).

    >>> measure(0)[0].ball.lower < 2 < measure(0)[0].ball.upper
    True
    """
    return [_case(seed, index) for index in range(len(_CASES))]


def facts(found: list[Case]) -> Mapping[str, object]:
    """Which planes, and how many."""
    return {"planes": _PLANES, "(d, k)": ", ".join(f"({one.dim}, {one.plane})" for one in found)}


def outcomes(found: list[Case], theorems: Mapping[str, Theorem]) -> list[Outcome]:
    """The constant for a Gaussian and for the ball; that transform and backprojection are adjoint."""
    statement = theorems["k-plane-constant"]
    key, judgements = statement.key, []
    for one in found:
        constant = Interval.of(enclose(statement.bound.expr, {d: rational(one.dim), k: rational(one.plane)}))
        where = f"d = {one.dim}, k = {one.plane}"
        judgements += [
            judged("k-plane", key, f"constant on a Gaussian, {where}", one.gaussian, Relation.CONTAINS, constant,
                   statement.status),
            judged("k-plane", key, f"constant on the indicator of the ball, {where}", one.ball, Relation.CONTAINS,
                   constant, statement.status),
            judged("k-plane", key, f"<Rf, g> - <f, R*g> of two Gaussians, {where}", one.adjoint, Relation.CONTAINS, 0,
                   Status.DERIVED),
        ]  # fmt: skip
    return judgements


def draw(axes: Axes, found: list[Case]) -> None:
    """Measured constants over the registered one, with their intervals."""
    expression = K_PLANE_CONSTANT.bound.expr
    places = np.arange(len(found))
    registered = [float(expression.subs({d: one.dim, k: one.plane})) for one in found]
    for shift, colour, label in ((-0.1, BLUE, "random planes on a Gaussian"), (0.1, ORANGE, "indicator of the ball")):
        ends = [one.gaussian if shift < 0 else one.ball for one in found]
        low = np.array([float(end.lower) for end in ends]) / registered
        high = np.array([float(end.upper) for end in ends]) / registered
        axes.errorbar(places + shift, (low + high) / 2, (high - low) / 2, fmt="o", color=colour, capsize=3, label=label)
    axes.axhline(1, color=GREEN, linewidth=0.9)
    axes.set_xticks(places, [f"({one.dim}, {one.plane})" for one in found])
    axes.set(xlabel="(d, k)", ylabel="measured / registered constant")
    bottom, top = axes.get_ylim()
    axes.set_ylim(bottom, top + 0.3 * (top - bottom))  # room for the legend
    axes.legend(loc="upper center")


SIBLING = Sibling("k-plane", "Random k-planes", K_PLANE, (K_PLANE_CONSTANT,), measure, facts, outcomes, draw)
