"""What a search over stacks of slabs has to know of one cap, whatever the signal-to-noise ratio and the budget.

Lengths in units of the cap's height, masses in units of q-mass, costs those of the canonical weight's unit (see
:mod:`boundcalc.explicit.slab_search`). Columns are the slabs between two depths of the grid, first those that don't touch
the sphere, then those that do.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from boundcalc.explicit.marginal import gauss, log_weight_ratio
from boundcalc.explicit.problem import AnyWeight
from boundcalc.explicit.slab_profile import THOUSANDTH, depth_range, log_cost_share

Array = NDArray[np.float64]
Index = NDArray[np.intp]


_NODES, _WEIGHTS = gauss(6)
_TOP_NODES, _TOP_WEIGHTS = gauss(16)
# Caps above this height carry codes whose sizes jump from one to the next.
TALL = 0.08
# Shares of a trapezoid's width on each ramp; at the sphere there is one ramp, up to the whole depth.
_RAMPS = np.geomspace(0.004, 0.5, 30)
# Largest alpha times width over depth of many equal trapezoids, and of a few: their brackets lose 0.4 and 3 per cent there.
_NARROW, _WIDEST = 0.15, 0.4
_FEW = (2, 3)
# From how many times as many on brackets are tighter.
_TIGHTER = 4.0
# Up to this dimension densities are polynomials of low degree, or roots of such; beyond, nodes resolve e to this power.
_MODERATE, _STEEP = 24, 12.0
# Where prices span hundreds of powers of e from the bottom to the top of a cap, profiles are as far apart as depths.
_MOST_PROFILES = 40
# The energy is a smooth function of the ramp: interpolated from a few.
_KNOT_RAMPS = 0.25 - 0.25 * np.cos(np.pi * np.arange(6) / 5)


def _lagrange(knots: Array, points: Array) -> Array:
    """Matrix that takes values at the knots to values at the points of the polynomial through them."""
    matrix = np.ones((points.size, knots.size))
    for i, a in enumerate(knots):
        for j, b in enumerate(knots):
            if i != j:
                matrix[:, i] *= (points - b) / (a - b)
    return matrix


_TO_RAMPS = _lagrange(_KNOT_RAMPS, _RAMPS)


@dataclass(frozen=True)
class Resolution:
    """Number of depths, the step between budget profiles in the logarithm of their price, and the mass left out.

    The first depth is the one above which about exp(-log_mass) of a cap's mass lies.
    """

    depths: int
    step: float
    log_mass: float = THOUSANDTH


@lru_cache(maxsize=64)
def _grid(d: int, resolution: Resolution) -> tuple[Array, Index, Index]:
    """Depths up to 1, and the ends of all slabs between them."""
    r = np.exp(-math.log(depth_range(d, resolution.log_mass)) * np.linspace(1, 0, resolution.depths))
    near, far = np.triu_indices(resolution.depths, 1)
    return r, near, far


def _profiles(d: int, height: float, reach: float, step: float) -> Array:
    """Logarithms of the price at the cap's bottom: from where all of the cap is cheap to where its bottom is dear.

    There lower caps are better, where there are such; where codes jump, on to where all of the cap is dear: from the bottom
    to the first depth weight times density falls by exp(-reach).
    """
    if d <= 2 or height < TALL:
        return np.arange(-10.0, 10.0, step)
    return np.arange(-12.0, 12.0 + reach, max(step, reach / _MOST_PROFILES))


@dataclass(frozen=True)
class Option:
    """A way to fill slabs with equal trapezoids.

    Attributes
    ----------
    columns : slice or numpy.ndarray of int, T in number
        The slabs.
    number : numpy.ndarray, shape (T,)
        The number of trapezoids, or the least number.
    exact : bool
        Which of the two.
    bracket : numpy.ndarray, shape (T,)
        L/U of :mod:`boundcalc.explicit.slabs` at that number, to second order in the width; closer to 1 for larger ones.
    """

    columns: Index | slice
    number: Array
    exact: bool
    bracket: Array


@dataclass(frozen=True)
class SlabTables:
    """Tables of one cap.

    Attributes
    ----------
    depths : numpy.ndarray, shape (K,)
    near, far : numpy.ndarray of int, shape (S,)
        Indices of the ends of the slabs that don't touch the sphere.
    log_ramp : numpy.ndarray, shape (R,)
        Of a trapezoid; twice as much at the sphere.
    log_cost, log_energy : numpy.ndarray, shape (R, S + K)
        Cost and squared norm of one trapezoid of amplitude 1; the cost decreases along the first axis.
    log_share : numpy.ndarray, shape (P, S + K)
        Share of the budget in each profile.
    length, mass, mean : numpy.ndarray, shape (S,)
        Of slabs that don't touch the sphere: far - near, the integral of q, and that of q^2 over it.
    log_unit, curvature : numpy.ndarray, shape (S,)
        M equal trapezoids cost at most exp(log_unit) (M^2 + curvature)/ramp.
    options : tuple of Option
        A few wide trapezoids, many, and very many. Within an option the value has one peak in the number.
    """

    depths: Array
    near: Index
    far: Index
    log_ramp: Array
    log_cost: Array
    log_energy: Array
    log_share: Array
    length: Array
    mass: Array
    mean: Array
    log_unit: Array
    curvature: Array
    options: tuple[Option, ...]

    @property
    def inner(self) -> int:
        """S, the number of slabs that don't touch the sphere."""
        return self.near.size


def _log(values: Array) -> Array:
    return np.log(np.maximum(values, 1e-300))


@lru_cache(maxsize=192)
def slab_tables(d: int, height: float, weight: AnyWeight, resolution: Resolution) -> SlabTables:
    """The tables of caps of this height; height 0 for the limit of low caps."""
    alpha, k = (d - 1) / 2, float(weight.degree(d))
    r, near, far = _grid(d, resolution)
    x, y = r[near], r[far]
    length = y - x

    def q(t: Array) -> Array:
        return np.exp(alpha * _log(t * (2 - height * t) / (2 - height)))

    def log_weight(t: Array) -> Array:
        if weight.plain:
            return k * _log(t)
        return k * _log(t) + log_weight_ratio(weight, d, height * np.maximum(t, 1e-300))

    # Integrals over the cells of the grid, and below its first depth.
    cells = r[:-1, None] + np.diff(r)[:, None] * _NODES
    q_cells = q(cells)
    parts = q_cells * np.diff(r)[:, None] * _WEIGHTS
    first = float(q(r[:1])[0] * r[0] / (alpha + 1))
    below = first + np.concatenate([[0.0], np.cumsum(parts.sum(1))])
    squares = np.concatenate([[0.0], np.cumsum((parts * q_cells).sum(1))])
    mass = below[far] - below[near]

    # One trapezoid: squared norms at a few ramps, costs at all.
    ramp = _KNOT_RAMPS[1:, None] * length
    up = (x + 0 * ramp)[..., None] + ramp[..., None] * _NODES
    flat = (x + ramp)[..., None] + (length - 2 * ramp)[..., None] * _NODES
    down = (y - ramp)[..., None] + ramp[..., None] * _NODES
    norm = (q(up) @ (_WEIGHTS * _NODES**2) + q(down) @ (_WEIGHTS * (1 - _NODES) ** 2)) * ramp
    norm += (q(flat) @ _WEIGHTS) * (length - 2 * ramp)
    energy = _TO_RAMPS @ np.concatenate([mass[None], norm])
    share = _RAMPS[:, None]
    inside = np.stack([x + share * length, y - share * length])
    ends = log_weight(r)
    log_cost = np.logaddexp(*log_weight(inside))
    log_cost = np.logaddexp(log_cost, np.logaddexp(ends[near], ends[far])) - np.log(share * length)

    # At the sphere: flat down to r (1 - ramp), then a ramp to r.
    tail = 2 * share * r
    foot = r - tail
    slope = (q(foot[..., None] + tail[..., None] * _TOP_NODES) @ ((1 - _TOP_NODES) ** 2 * _TOP_WEIGHTS)) * tail
    plateau = below - (q(foot[..., None] + tail[..., None] * _TOP_NODES) @ _TOP_WEIGHTS) * tail
    # Steep integrands outrun the nodes: take too little of these.
    plateau[(alpha * tail > _STEEP * r) & (d > _MODERATE)] = 0.0
    energy[:, (alpha * length > _STEEP * x) & (d > _MODERATE)] = 0.0
    top_energy = np.maximum(plateau, 0.0) + slope
    log_top_cost = np.logaddexp(np.where(foot > 0, log_weight(foot), -np.inf), ends) - np.log(tail)

    # Many trapezoids: sums of z^k over knots exceed the integral at second order in the width.
    log_x, log_y = np.log(x), np.log(y)
    log_power = (k + 1) * log_y + np.log(-np.expm1((k + 1) * (log_x - log_y)) / (k + 1))
    log_bend = (k - 1) * log_y + _log(-k * np.expm1((k - 1) * (log_x - log_y)))
    log_scale = log_weight(x) - k * log_x
    steep = max(alpha, 1.0) * length / x

    def option(columns: Index | slice, number: Array, exact: bool) -> Option:
        half = length[columns] / number / 2
        relative = half / (x[columns] + half)
        loss = alpha / 2 * (relative**2 + (height * half) ** 2) + (alpha * relative) ** 2 / 2
        return Option(columns, number, exact, 1 / (1 + 1.02 * loss))

    everywhere = slice(0, near.size)
    least = np.maximum(2.0, np.ceil(steep / _NARROW))
    options = [option(everywhere, least, False)]
    if alpha > 0:
        options.append(option(everywhere, _TIGHTER * least, False))
    for few in _FEW:
        wide = np.flatnonzero((steep <= _WIDEST * few) & (steep > _NARROW * few))
        if wide.size:
            options.append(option(wide, np.full(wide.size, float(few)), True))

    # Profiles: the cost of many narrow trapezoids at prices that go as the weight times q, 1 at the bottom.
    bottom = float(log_weight(r[-1:])[0])
    shallowest = float(log_weight(r[:1])[0]) + math.log(q(r[:1])[0]) - bottom
    prices = _profiles(d, height, -shallowest, resolution.step)
    at = prices[:, None, None] + log_weight(cells) + _log(q_cells) - bottom
    log_spent = log_cost_share(at) + _log(parts)
    log_first = log_cost_share(prices + shallowest) + math.log(first)
    largest = np.maximum(log_spent.max((1, 2)), log_first)
    spent = np.exp(log_spent - largest[:, None, None]).sum(-1)
    total = np.concatenate([np.zeros((prices.size, 1)), np.cumsum(spent, axis=1)], axis=1)
    total += np.exp(log_first - largest)[:, None]
    shares = np.concatenate([total[:, far] - total[:, near], total], axis=1) / total[:, -1:]
    return SlabTables(
        depths=r,
        near=near,
        far=far,
        log_ramp=np.log(_RAMPS),
        log_cost=np.concatenate([log_cost, log_top_cost], axis=1),
        log_energy=_log(np.concatenate([energy, top_energy], axis=1)),
        log_share=_log(shares),
        length=length,
        mass=np.maximum(mass, 1e-300),
        mean=np.maximum((squares[far] - squares[near]) / np.maximum(mass, 1e-300), 1e-300),
        log_unit=math.log(4) + log_power + log_scale - 2 * np.log(length),
        curvature=np.exp(log_bend - log_power) * length**2 / 12,
        options=tuple(options),
    )
