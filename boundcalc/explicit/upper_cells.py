"""Upper bound of the minimax risk in d >= 2: empirical projection on functions that are affine in each cell of a polar partition.

Derivation; the proof in full is in docs/proofs.md, section "Explicit upper bounds". The core {|x| <= 1 - eps} is cut into
shells between depths z_i = 2^i eps (the last ends at the centre), shell i into m_i layers of equal width D_i and directions
into pieces of geodesic diameter at most theta_i; a cell Q is a layer times a piece. The estimate is 0 outside the core and, in
the core, the empirical projection sum_j ((1/n) sum_i y_i e_j(x_i)) e_j on the functions that are affine in each cell, e_j
orthonormal in L2(P).

* Variance: at most (sigma^2 + B^2)/n for each of the d + 1 functions of a cell.
* Bias: |f - Pf|^2 <= B |f - Pf|_1 in Q, and a ReLU whose plane meets Q is within w_u(Q)/4 of an affine function there,
  w_u(Q) the width of Q in its direction; the others are affine. So the squared bias is at most
  (B/4) int sum_{Q met} P(Q) w_u(Q) d|mu| <= (B C/4) sup_h sum_i w_i(h) P(shell i, |u.x - t| <= w_i(h))/g(h),
  for planes at depth h = 1 - t, with w_i(h) = D_i + R_i min(2, theta_i min(1, s_i(h) + theta_i)), R_i = 1 - z_i and
  s_i(h) = sqrt(1 - ((1 - h)/R_i)^2): a met cell has a point at angle at most arcsin s_i(h) from u.
* P(shell i, |u.x - t| <= w) is at most the length of the interval of u.x times the largest density there, c_1 times
  (R_i^2 - s^2)_+^p - (R_{i+1}^2 - s^2)_+^p with p = (d-1)/2.
* Pieces: polar angles cut into bands of width at most eta, and each band's sphere, of radius the largest sine, recursively:
  diameter at most sqrt(d - 1) eta, and a number of pieces at most a polynomial in 1/eta.

    risk <= B^2 (1 - (1 - eps)^d) + (B C/4) sup_h(...) + ((sigma^2 + B^2)/n) (d + 1) sum_i m_i M(eta_i).

The best choice is of order n^(-4/(d^2+5d+2)), at d = 1 the rate n^(-1/2) of the projection there. The supremum over h is
enclosed by bisection: each term has an upper bound on an interval of h.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from boundcalc.arb import Ball, ball, precision
from boundcalc.exact import log_exact
from boundcalc.explicit.estimate import log_outside, outside, risk
from boundcalc.explicit.marginal import Marginal, Weighting, half_power, log_c1, log_weight_ratio
from boundcalc.explicit.problem import Problem, Weight
from boundcalc.explicit.upper_mixture import depth
from boundcalc.statements.estimators import BIAS, CELLS_UPPER, OUTSIDE, VARIANCE

# In larger d the exponential weights win wherever this is not trivial.
LARGEST_DIMENSION = 6
# delta_i = delta 2^(i (d + 3)/8), eta_i = shape delta_i sqrt(z_i): within a few per cent of the best where measured.
_SHAPE = Fraction(5, 4)
# Intervals of h per shell in the search, and bisections in the enclosure.
_STEPS = 16
_SHELLS = 32
_OCTAVES = 900
_HALVINGS = 6
_EIGHTHS = tuple(Fraction(2.0 ** (i / 8)) for i in range(8))
Floats = NDArray[np.float64]


def _sine_integral(power: int) -> Ball:
    """Integral of sin^power over [0, pi]."""
    half = Fraction(power + 1, 2)
    return Ball.pi().sqrt() * (ball(half).lgamma() - ball(half + Fraction(1, 2)).lgamma()).exp()


def pieces(d: int) -> list[Ball]:
    """Coefficients, lowest first, of a polynomial in 1/eta above the number of pieces of side eta of the sphere in R^d.

    The circle takes at most 1 + 2 pi/eta. In one more dimension there are m <= 1 + pi/eta bands; the largest sines s_j of
    the bands satisfy sum s_j^i <= (m/pi) int sin^i + 2, as the variation of sin^i is 2.
    """
    counts = [ball(1), 2 * Ball.pi()]
    for _ in range(d - 2):
        larger = [ball(0)] * (len(counts) + 1)
        for i, count in enumerate(counts):
            integral = _sine_integral(i)
            larger[i + 1] += count * integral
            larger[i] += count * (integral / Ball.pi() + (2 if i else 0))
        counts = larger
    return counts


@dataclass(frozen=True)
class Cells:
    """Empirical projection on functions that are affine in the cells of a polar partition.

    eps = 2^(-k/8), and delta = 2^(-j/8) is the relative width of the outermost cells.
    """

    d: int
    k: int
    j: int

    def __str__(self) -> str:
        return (
            f"projection on functions affine in polar cells of relative width {float(depth(self.j)):.3g} "
            f"up to depth {float(depth(self.k)):.3g}"
        )

    def partition(self) -> tuple[list[Fraction], list[int], list[Fraction]]:
        """Depths of the shells, numbers of layers, and eta_i/sqrt(z_i)."""
        eps, delta = depth(self.k), depth(self.j)
        depths = [eps]
        while 2 * depths[-1] < 1:
            depths.append(2 * depths[-1])
        depths.append(Fraction(1))
        layers: list[int] = []
        sides: list[Fraction] = []
        for i, (low, high) in enumerate(pairwise(depths)):
            share = delta * 2 ** (i * (self.d + 3) // 8) * _EIGHTHS[i * (self.d + 3) % 8]
            layers.append(max(1, math.ceil((high - low) / low / share)))
            sides.append(_SHAPE * share)
        return depths, layers, sides

    def bound(self, problem: Problem) -> Ball:
        """The bound above, in units of B^2."""
        d = problem.d
        depths, layers, sides = self.partition()
        z = [ball(depth) for depth in depths]
        eta = [ball(side) * low.sqrt() for side, low in zip(sides, z[:-1], strict=True)]
        counts = pieces(d)
        functions = ball(0)
        for number, side in zip(layers, eta, strict=True):
            functions += number * sum((count / side**i for i, count in enumerate(counts)), ball(0))
        functions = functions * (d + 1)
        bias = _Planes(problem, z, layers, eta).supremum(self.k, self.j) / 4
        return risk(CELLS_UPPER, problem, {OUTSIDE: outside(d, z[0]), BIAS: bias, VARIANCE: functions})


class _Planes:
    """sup over h of sum_i w_i(h) P(shell i, |u.x - t| <= w_i(h))/g(h), in ball arithmetic."""

    def __init__(self, problem: Problem, z: list[Ball], layers: list[int], eta: list[Ball]) -> None:
        self.d, self.z = problem.d, z
        self.problem = problem
        marginal = Marginal(self.d)
        self.c1, self.p = marginal.c1, marginal.alpha
        self.weighting = Weighting(problem.weight, marginal)
        self.width = [(high - low) / m for low, high, m in zip(z[:-1], z[1:], layers, strict=True)]
        self.theta = [ball(self.d - 1).sqrt() * side for side in eta]

    def _shell(self, i: int, low: Ball, high: Ball) -> Ball:
        """The term of shell i, for depths of the plane in [low, high]."""
        z, after = self.z[i], self.z[i + 1]
        radius = 1 - z
        gap = high - z
        # s^2 = (1 - t/R)(1 + t/R) at the largest depth
        s = (gap * (radius + 1 - high)).sqrt() / radius
        turn = self.theta[i] * (s + self.theta[i]).min(ball(1))
        w = self.width[i] + radius * turn.min(ball(2))
        length = (2 * w).min(gap + w)
        reach = (gap + w).min(radius)  # R - s_0, s_0 the least |u.x|
        square = reach * (2 * radius - reach)  # R^2 - s_0^2
        ring = (after - z) * (2 - z - after)
        drop = square.min(ring)
        if self.d == 2:
            density = drop.sqrt()
            inner = low - w - after
            if inner > 0:  # all of the interval meets the inner ball: the density rises with |u.x|
                one = ((low - w - z) * (2 - z - low + w)).sqrt()
                two = (inner * (2 - after - low + w)).max(ball(0)).sqrt()
                density = density.min(ring / (one + two))
        else:
            density = half_power(square, self.p).min(ball(self.p) * half_power(square, self.p - 1) * drop)
        return self.c1 * w * length * density

    def _interval(self, low: Ball, high: Ball) -> Ball:
        total = ball(0)
        for i in range(len(self.z) - 1):
            if not self.z[i] < high:
                break
            total += self._shell(i, low, high)
        return total / (low ** (self.d + 2) * self.weighting.ratio(high))

    def supremum(self, k: int, j: int) -> Ball:
        """Bisection: intervals below a level that floats suggest are left alone."""
        level = ball(float(np.exp(min(700.0, _bias(self.d, self.problem.weight, k, j)[0]))))
        best = ball(0)
        stack = [(low, high, 0) for low, high in zip(self.z[:-1], self.z[1:], strict=True)]
        while stack:
            low, high, halvings = stack.pop()
            value = self._interval(low, high)
            if value < level or halvings == _HALVINGS:
                best = best.max(value)
                continue
            middle = (low * high).sqrt().mid()
            stack += [(low, middle, halvings + 1), (middle, high, halvings + 1)]
        return best


@lru_cache(maxsize=64)
def _float_pieces(d: int) -> tuple[float, ...]:
    with precision(64):
        return tuple(float(count.mid()) for count in pieces(d))


@lru_cache(maxsize=65536)
def _bias(d: int, weight: Weight, k: int, j: int) -> tuple[float, float]:
    """log of the supremum and of the number of functions, in floats."""
    shells = max(1, math.ceil(k / 8))
    steps = np.arange(shells)
    z = np.append(2.0 ** (steps - k / 8), 1.0)
    share = 2.0 ** (steps * (d + 3) / 8 - j / 8)
    layers = np.maximum(1.0, np.ceil(np.diff(z) / z[:-1] / share))
    width = np.diff(z) / layers
    eta = float(_SHAPE) * share * np.sqrt(z[:-1])
    theta = math.sqrt(d - 1) * eta
    # The supremum is near eps: fine there, then coarser, then left out; the enclosure looks everywhere.
    cuts = [np.arange(_STEPS if i < 12 else 4) / (_STEPS if i < 12 else 4) for i in range(min(shells - 1, _SHELLS))]
    last = np.geomspace(z[-2], 1.0, _STEPS + 1) if shells <= _SHELLS else z[_SHELLS : _SHELLS + 1]
    ends = np.concatenate([*(z[i] * 2.0**cut for i, cut in enumerate(cuts)), last])
    z, width, theta = z[: _SHELLS + 1], width[:_SHELLS], theta[:_SHELLS]
    low, high = ends[:-1, None], ends[1:, None]
    inner, after = z[None, :-1], z[None, 1:]
    radius = 1 - inner
    gap = np.maximum(high - inner, 0.0)
    s = np.sqrt(gap * (radius + 1 - high)) / radius
    w = width + radius * np.minimum(2, theta * np.minimum(1, s + theta))
    length = np.minimum(2 * w, gap + w)
    reach = np.minimum(gap + w, radius)
    square = reach * (2 * radius - reach)
    ring = (after - inner) * (2 - inner - after)
    drop = np.minimum(square, ring)
    p = (d - 1) / 2
    if d == 2:
        density = np.sqrt(drop)
        beyond = low - w - after
        one = np.sqrt(np.maximum((low - w - inner) * (2 - inner - low + w), 0))
        two = np.sqrt(np.maximum(beyond * (2 - after - low + w), 0))
        density = np.where(beyond > 0, np.minimum(density, ring / np.maximum(one + two, 1e-300)), density)
    else:
        density = np.minimum(square**p, p * square ** (p - 1) * drop)
    # In logarithms: the products are too small for floats.
    with np.errstate(divide="ignore"):
        logs = np.where(high > inner, np.log(w) + np.log(length) + np.log(density), -np.inf)
    terms = np.logaddexp.reduce(logs, axis=1)
    value = log_c1(d) + terms - (d + 2) * np.log(low[:, 0]) - log_weight_ratio(weight, d, high[:, 0])
    counts = _float_pieces(d)
    log_pieces = np.logaddexp.reduce([math.log(c) - i * np.log(eta) for i, c in enumerate(counts)])
    return float(value.max()), math.log(d + 1) + float(np.logaddexp.reduce(np.log(layers) + log_pieces))


def total(problem: Problem, k: int, j: int) -> float:
    """log of the bound in units of B^2, in floats."""
    d = problem.d
    log_bias, log_functions = _bias(d, problem.weight, k, j)
    shell = float(log_outside(d, np.log(float(depth(k)))))
    noise = np.logaddexp(-problem.log_nu, -log_exact(problem.n))
    return float(np.logaddexp.reduce([shell, problem.log_budget - math.log(4) + log_bias, noise + log_functions]))


def search(problem: Problem) -> Cells | None:
    """Coordinate descent over the grid from the balance of the rates; None where this bound is not tried."""
    d = problem.d
    if d > LARGEST_DIMENSION:
        return None
    n = max(log_exact(problem.n), 0.0)
    # The widths eps delta must be floats.
    deepest = int(8 * _OCTAVES * 4 / (d + 7))
    k = max(4, min(deepest, round(8 * n * 4 / (d * d + 5 * d + 2) / math.log(2))))
    j = max(0, round(k * (d + 3) / 4))
    best, step = total(problem, k, j), 16
    while step:
        moves = [(k + a * step, j + b * step) for a in (-1, 0, 1) for b in (-1, 0, 1) if a or b]
        values = [
            (total(problem, *move), move) for move in moves if 1 <= move[0] <= deepest and 0 <= move[1] <= 8 * _OCTAVES
        ]
        value, move = min(values)
        if value < best:
            best, (k, j) = value, move
        else:
            step //= 2
    return Cells(d, k, j)
