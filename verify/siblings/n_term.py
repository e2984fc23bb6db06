"""Approximation by N neurons: the semicircle sqrt(1 - x^2) in d = 1, and random functions of norm 1 in d = 2.

d = 1: unweighted norms on [-c, c] from secants of f, weighted norms from sums over cells, both enclosed. Free knots are
placed with density |f''|^{2/5} (L2) or |f''|^{1/2} (sup); the error of the continuous piecewise linear function, which is a
network with one neuron per knot, is enclosed; its exponent and constant are fits and an extrapolation.

d = 2: f is a sum of neurons of random position and sign with weights proportional to 1/j, of variation norm 1 or less. A
network of 4 m^2 + 3 neurons keeps the 2 m^2 largest, and fits the rest by 2 m^2 neurons on a grid of directions and offsets;
the root mean square of its L2 error over the random functions has the exponent of the registry.

Not checked: that no network does better (the semicircle's constant is a limit), the weight that the paper takes (here
(1 - x^2)^gamma, for gamma = 3/4 and 1), nor a bound for every function of the class in d = 2: these are functions for which one
network's error falls at this rate, no worst case and no proof.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solveh_banded
from scipy.special import betaincinv, polygamma
from sympy import Expr, Integer

from boundcalc.arb import Ball, ball, enclosure, precision
from boundcalc.enclosure import enclose
from boundcalc.exact import rational
from boundcalc.powers import power_exponent
from boundcalc.statement import Theorem
from boundcalc.statements.approximation import N_TERM_APPROXIMATION, SEMICIRCLE_FREE_KNOTS
from boundcalc.statements.extra_symbols import N
from boundcalc.statements.sources import WEIGHTED_VARIATION
from boundcalc.style import BLUE, GREY, ORANGE
from boundcalc.symbols import d
from verify.outcome import Interval, Outcome, Relation, judged
from verify.power_law import ExponentFit, fit_exponent
from verify.siblings.sibling import Sibling

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Float = NDArray[np.float64]

_CUTS = (2, 4, 8, 16)  # c = 1 - 10^-k
_POWERS = (Fraction(3, 4), Fraction(1))
_PIECES = (16, 24, 32, 48, 64, 96, 128, 192, 256, 512)
_GRIDS = range(5, 17)  # m, in the plane
_POINTS, _NEURONS, _ALL = 6000, 1000, 10**6


@dataclass(frozen=True)
class Errors:
    """Errors at some sizes, and the fitted exponent; in d = 1 also the constant that they tend to."""

    sizes: tuple[int, ...]
    values: tuple[float, ...]
    fit: ExponentFit
    constant: Interval | None = None

    @property
    def exponent(self) -> Interval:
        """The fit's interval."""
        return Interval(self.fit.lower, self.fit.upper, "fit")


@dataclass(frozen=True)
class Found:
    """Norms by the cut's exponent and by the weight's power; errors in L2 and sup norm on the line, in L2 in the plane."""

    cut: Mapping[int, Interval]
    weighted: Mapping[Fraction, Interval]
    square: Errors
    sup: Errors
    plane: Errors


def _cut_norm(k: int) -> Ball:
    """The integral of |f''| over [-c, c], c = 1 - 10^-k: twice minus f'(c), which lies between two secants of the concave f."""
    gap = ball(Fraction(1, 10**k))
    c, step = 1 - gap, gap / 10**6
    before, at, after = (((1 - x) * (1 + x)).sqrt() for x in (c - step, c, c + step))
    return 2 * ((before - at) / step).union((at - after) / step)


def _weighted_norm(exponent: Fraction) -> Ball:
    """The integral of |f''| (1 - x^2)^gamma, x = sin(a): cells of equal angle between bounds, the last by an integral."""
    cells, total, rest = 2000, Ball(0), ball(exponent) - Ball(0.5)
    angles = [Ball.pi() * k / (2 * cells) for k in range(cells)]
    for low, high in pairwise(angles):
        weight = low.union(high).cos() ** (2 * ball(exponent))
        total += weight * (high.tan() - low.tan())  # -f' is the tangent of the angle
    gap = 1 - angles[-1].sin()  # (1 - x)^(gamma - 3/2), times a power of 1 + x, from there to 1
    return 2 * (total + gap**rest / rest * (2 - gap).union(Ball(2)) ** (rest - 1))


def _angles(pieces: int, shape: float) -> Float:
    """Knots sin(angle) with density (1 - x^2)^(shape - 1)."""
    inner = betaincinv(shape, shape, np.arange(1, pieces) / pieces)
    return np.concatenate([[-math.pi / 2], np.arcsin(2 * inner - 1), [math.pi / 2]])


def _balls(angles: Float) -> list[Ball]:
    return [-Ball.pi() / 2, *(Ball(float(angle)) for angle in angles[1:-1]), Ball.pi() / 2]


def _fitted(angles: Float) -> Float:
    """Values at the knots of the best approximation in L2: the interpolant plus the projection of what it lacks."""
    nodes, weights = np.polynomial.legendre.leggauss(20)
    half, middle = np.diff(angles)[:, None] / 2, (angles[1:] + angles[:-1])[:, None] / 2
    places = middle + half * nodes
    width, ends = np.diff(np.sin(angles)), np.cos(angles)
    share = (np.sin(places) - np.sin(angles[:-1, None])) / width[:, None]
    lack = (np.cos(places) - ends[:-1, None] * (1 - share) - ends[1:, None] * share) * half * weights * np.cos(places)
    right = np.zeros(len(angles))
    right[:-1] += (lack * (1 - share)).sum(axis=1)
    right[1:] += (lack * share).sum(axis=1)
    gram = np.zeros((2, len(angles)))
    gram[1, :-1], gram[0, 1:] = width / 3, width / 6
    gram[1, 1:] += width / 3
    return np.asarray(ends + solveh_banded(gram, right))


def _square_error(pieces: int) -> Ball:
    """The L2 error: the integral of (f - g)^2 in closed form on every piece, g linear there."""
    floats = _angles(pieces, 0.4)
    angles, values = _balls(floats), [Ball(float(value)) for value in _fitted(floats)]
    total = Ball(4) / 3
    for low, high, left, right in (a + b for a, b in zip(pairwise(angles), pairwise(values), strict=True)):
        begin, end = low.sin(), high.sin()
        slope = (right - left) / (end - begin)
        area = (high - low) / 2 + ((2 * high).sin() - (2 * low).sin()) / 4
        moment = (low.cos() ** 3 - high.cos() ** 3) / 3
        total -= 2 * ((left - slope * begin) * area + slope * moment)
        total += (end - begin) * (left * left + left * right + right * right) / 3
    return total.sqrt()


def _sup_error(pieces: int) -> Ball:
    """The sup error of the interpolant raised by half of the largest distance of the circle from its chords."""
    angles = _balls(_angles(pieces, 0.25))
    largest = Ball(0)
    for low, high in pairwise(angles):
        largest = largest.max((1 - ((high - low) / 2).cos()) / ((high + low) / 2).cos())
    return largest / 2


def _errors(found: list[Ball]) -> Errors:
    """The fit, and the constant by extrapolation: N^2 error = constant + O(1/N)."""
    values, sizes = np.array([float(error.mid()) for error in found]), np.array(_PIECES)
    at = dict(zip(_PIECES, (sizes**2 * values).tolist(), strict=True))
    limits = [2 * at[size] - at[size // 2] for size in (256, 512)]
    constant = Interval.near(limits[1], abs(limits[1] - limits[0]), "extrapolation")
    return Errors(_PIECES, tuple(values.tolist()), fit_exponent(np.log(sizes), np.log(values), 1 / sizes), constant)


def _neurons(points: Float, directions: Float, offsets: Float) -> Float:
    return np.maximum(points[:, :1] * np.cos(directions) + points[:, 1:] * np.sin(directions) - offsets, 0)


def _plane(seed: int) -> Errors:
    """Root mean square over random signs and positions: the squares of the weights left over, times the mean squared distance
    of a random neuron from the span of the grid's; L2 over a sunflower's points in the disc."""
    rng, index = np.random.default_rng([seed, 2307]), np.arange(_POINTS)
    radius, angle = np.sqrt((index + 0.5) / _POINTS), index * math.pi * (3 - math.sqrt(5))
    points = np.column_stack([radius * np.cos(angle), radius * np.sin(angle)])
    wanted = _neurons(points, rng.uniform(0, 2 * math.pi, _NEURONS), rng.uniform(-1, 1, _NEURONS))
    sizes, values = [], []
    for m in _GRIDS:
        i, j = np.divmod(np.arange(2 * m * m), m)
        grid = _neurons(points, (i + j % 2 / 2) * math.pi / (2 * m), -1 + (2 * j + 1) / m)
        basis, _ = np.linalg.qr(np.column_stack([np.ones(_POINTS), points, grid]))
        distances = ((wanted - basis @ (basis.T @ wanted)) ** 2).mean() * math.pi
        left = polygamma(1, 2 * m * m + 1) - polygamma(1, _ALL + 1)
        sizes.append(4 * m * m + 3)
        values.append(math.sqrt(left * distances) / (math.log(_ALL) + np.euler_gamma))
    return Errors(tuple(sizes), tuple(values), fit_exponent(np.log(sizes), np.log(values), level=1 - 1e-6))


def measure(seed: int) -> Found:
    """Norms, errors on the line, and errors in the plane, where positions and signs are random.

    >>> round(measure(0).square.fit.exponent, 3)
    2.0
    """
    with precision(160):
        cut = {k: Interval.of(enclosure(_cut_norm(k))) for k in _CUTS}
        weighted = {exponent: Interval.of(enclosure(_weighted_norm(exponent))) for exponent in _POWERS}
        square = _errors([_square_error(pieces) for pieces in _PIECES])
        sup = _errors([_sup_error(pieces) for pieces in _PIECES])
    return Found(cut, weighted, square, sup, _plane(seed))


def facts(found: Found) -> Mapping[str, object]:
    """The sizes."""
    return {"pieces, d = 1": " ".join(map(str, _PIECES)), "neurons, d = 2": " ".join(map(str, found.plane.sizes))}


def outcomes(found: Found, theorems: Mapping[str, Theorem]) -> list[Outcome]:
    """Norms, exponents and constants."""
    judgements = []

    def claim(key: str, words: str, measured: Interval | None, expression: Expr, **at: Expr) -> None:
        values = {symbol: at[symbol.name] for symbol in expression.free_symbols}
        bound = Interval.of(enclose(expression, values))
        judgements.append(judged("n-term", key, words, measured, Relation.CONTAINS, bound, theorems[key].status))

    semicircle = {name: bound.expr for name, bound in theorems["semicircle-free-knots"].bounds.items()}
    for k, norm in found.cut.items():
        cut = rational(1 - Fraction(1, 10**k))
        claim("semicircle-free-knots", f"unweighted norm up to 1 - 1e-{k}", norm, semicircle["norm up to c"], c=cut)
    for exponent, norm in found.weighted.items():
        words = f"norm with the weight (1 - x^2)^({exponent})"
        claim("semicircle-free-knots", words, norm, semicircle["weighted norm"], gamma=rational(exponent))
    for name, errors in (("error", found.square), ("sup error", found.sup)):
        words = f"semicircle, {'L2' if name == 'error' else 'sup'} error: "
        claim("semicircle-free-knots", f"{words}exponent", errors.exponent, -power_exponent(semicircle[name], N))
        claim("semicircle-free-knots", f"{words}times N^2", errors.constant, semicircle[name], N=Integer(1))
    rate = theorems["n-term-approximation"].bound.expr
    for dim, words, errors in ((1, "the semicircle", found.square), (2, "random functions of norm 1", found.plane)):
        expected = -power_exponent(rate.subs(d, dim), N)
        claim("n-term-approximation", f"d = {dim}, {words}: exponent", errors.exponent, expected)
    return judgements


def draw(axes: Axes, found: Found) -> None:
    """Errors against the number of neurons, with lines of the registered slopes."""
    rate = N_TERM_APPROXIMATION.bound.expr
    shown = ((found.square, 1, BLUE, "semicircle, d = 1"), (found.plane, 2, ORANGE, "random functions, d = 2"))
    for errors, dim, colour, label in shown:
        sizes = np.array(errors.sizes, dtype=np.float64)
        exponent = float(power_exponent(rate.subs(d, dim), N))
        axes.plot(sizes, errors.values, "o", color=colour, label=label)
        axes.plot(sizes, errors.values[-1] * (sizes / sizes[-1]) ** exponent, color=GREY, linewidth=0.9)
    axes.set(xscale="log", yscale="log", xlabel="neurons", ylabel="L2 error")
    axes.legend()


SIBLING = Sibling(
    "n-term", "Approximation by N neurons", WEIGHTED_VARIATION, (N_TERM_APPROXIMATION, SEMICIRCLE_FREE_KNOTS),
    measure, facts, outcomes, draw,
)  # fmt: skip
