"""Search, in floats, for a good stack of trapezoids on given caps.

In units of the cap's height H: depth z = H r, density c_1 (H(2 - H))^alpha q(r), q(r) = (r(2 - H r)/(2 - H))^alpha. Per cap this
leaves one problem with two numbers, the signal-to-noise ratio of a unit of q-mass and the budget per cap:

    maximise  sum a^2 m mmse(snr a^2 m)  subject to  sum of costs <= budget.

A Lagrange multiplier prices the budget; dynamic programming over a geometric grid of depths places the slabs. Inside a
slab of many equal trapezoids the best amplitude, ramp and width depend on one number, the price times the cost of the slab
(:func:`boundcalc.explicit.slab_profile.profile`), which is tabulated once for all dimensions and settings.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from boundcalc.explicit.problem import Weight
from boundcalc.explicit.sign_error import sign_error
from boundcalc.explicit.slab_profile import profile
from boundcalc.explicit.slabs import ONE_BY_ONE, Slab
from boundcalc.explicit.weighting import log_weight_ratio

__all__ = ["CapProblem", "Grid", "Solution", "adapt", "estimate", "solve"]

Array = NDArray[np.float64]
Index = NDArray[np.intp]
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(6)
_NODES, _WEIGHTS = (_NODES + 1) / 2, _WEIGHTS / 2
_LOG_LIMIT = 600.0


def _clip(logarithm: Array) -> Array:
    return np.clip(logarithm, -_LOG_LIMIT, _LOG_LIMIT)


@dataclass(frozen=True)
class CapProblem:
    """What one cap has to solve, in units of its height."""

    d: int
    height: float
    log_snr: float
    log_budget: float
    weight: Weight

    def log_ratio(self, r: Array) -> Array:
        """Logarithm of the weight over its canonical power."""
        return log_weight_ratio(self.weight, self.d, self.height * r)

    def density(self, r: Array) -> Array:
        """q(r)."""
        relative = r * (2 - self.height * r) / (2 - self.height)
        return np.exp((self.d - 1) / 2 * np.log(np.maximum(relative, 1e-300)))


@dataclass(frozen=True)
class Grid:
    """Resolution of the search; ``spend`` makes use of what a plan leaves of the budget."""

    ratio: float
    depth: float
    ramps: tuple[float, ...]
    amplitudes: tuple[float, ...]
    rounds: int
    spend: bool = True


@lru_cache(maxsize=64)
def _geometry(grid: Grid) -> tuple[Array, Index, Index, Array, Array]:
    """Depths, ends of all slabs, and quadrature nodes (slab, ramp, node) with their values of profile² · weight."""
    count = max(2, round(math.log(grid.depth) / math.log(grid.ratio)) + 1)
    depths = np.asarray(grid.ratio ** -np.arange(count, dtype=float)[::-1])
    near, far = np.triu_indices(count, 1)
    x, y = depths[near][:, None], depths[far][:, None]
    ramp = np.array(grid.ramps)[None, :] * (y - x)
    rising = (x + 0 * ramp)[..., None] + ramp[..., None] * _NODES
    level = (x + ramp)[..., None] + (y - x - 2 * ramp)[..., None] * _NODES
    falling = (y - ramp)[..., None] + ramp[..., None] * _NODES
    nodes = np.concatenate([rising, level, falling], axis=-1)
    weights = np.concatenate(
        [
            ramp[..., None] * (_WEIGHTS * _NODES**2),
            (y - x - 2 * ramp)[..., None] * _WEIGHTS,
            ramp[..., None] * (_WEIGHTS * (1 - _NODES) ** 2),
        ],
        axis=-1,
    )
    return depths, near, far, nodes, weights


_TOP_RAMPS = np.array([0.06, 0.12, 0.2, 0.3, 0.45, 0.65, 0.85, 1.0])


def knot_sums(power: Array, curvature: Array, width: Array, ramp: Array) -> Array:
    """Width times the sum of z^k over the four knots of equal trapezoids, to second order in the width.

    Each of the four progressions is a midpoint rule whose midpoints are shifted by 1/2, 1/2 - ramp, and back, in widths.
    """
    return 4 * power + width**2 * curvature * (0.25 + (0.5 - ramp) ** 2 - 1 / 6)


class _Tables:
    """Values and costs of all slabs of the grid, before any price."""

    def __init__(self, problem: CapProblem, grid: Grid) -> None:
        self.grid = grid
        d = problem.d
        k = d + 2
        depths, near, far, nodes, weights = _geometry(grid)
        self.depths, self.near, self.far = depths, near, far
        self.snr = math.exp(min(max(problem.log_snr, -_LOG_LIMIT), _LOG_LIMIT))
        snr = self.snr
        amplitude = np.array(grid.amplitudes)[:, None, None]
        # One trapezoid per slab.
        norm = (problem.density(nodes) * weights).sum(-1).T[None]
        x, y = depths[near], depths[far]
        ramp = np.array(grid.ramps)[:, None] * (y - x)
        knots = np.stack([x + 0 * ramp, x + ramp, y - ramp, y + 0 * ramp])
        share = problem.log_budget
        cost = np.exp(_clip(k * np.log(knots) + problem.log_ratio(knots) - share)).sum(0) / ramp
        energy = amplitude**2 * norm
        size = near.size
        self.value1 = (energy * sign_error(snr * energy)).reshape(-1, size)
        self.cost1 = (amplitude * cost[None]).reshape(-1, size)
        # The slab at the sphere.
        inner = (1 - _TOP_RAMPS)[:, None] * depths
        tail = depths - inner
        flat = (problem.density(inner[..., None] * _NODES**2) * (2 * _NODES * _WEIGHTS)).sum(-1) * inner
        slope = (problem.density(inner[..., None] + tail[..., None] * _NODES) * ((1 - _NODES) ** 2 * _WEIGHTS)).sum(
            -1
        ) * tail
        tops = np.maximum(np.stack([inner, depths + 0 * inner]), 1e-300)
        top_cost = np.exp(_clip(k * np.log(tops) + problem.log_ratio(tops) - share)).sum(0) / tail
        energy = amplitude**2 * (flat + slope)[None]
        self.top_value = (energy * sign_error(snr * energy)).reshape(-1, depths.size)
        self.top_cost = (amplitude * top_cost[None]).reshape(-1, depths.size)
        # Many trapezoids per slab: integrals of q, q^2 and r^(d+2).
        logs = np.log(depths)
        step = np.diff(logs)[:, None]
        t = np.exp(logs[:-1, None] + step * _NODES)
        q = problem.density(t)
        dt = t * step * _WEIGHTS
        mass = np.concatenate([[0.0], np.cumsum((q * dt).sum(1))])
        square = np.concatenate([[0.0], np.cumsum((q * q * dt).sum(1))])
        power = np.exp((k + 1) * logs) / (k + 1)
        self.mass = np.maximum(mass[far] - mass[near], 1e-300)
        self.mean = np.maximum((square[far] - square[near]) / self.mass, 1e-300)
        self.power = power[far] - power[near]
        # k (y^(k-1) - x^(k-1)): sums over knots exceed the integral at second order in the width.
        slope = k * np.exp((k - 1) * logs)
        self.curvature = slope[far] - slope[near]
        # The weight's ratio at the shallow end, per unit of the budget.
        self.log_scale = problem.log_ratio(x) - share
        log_power = np.log(np.maximum(self.power, 1e-300)) + self.log_scale
        self.log_mean = log_power + 2 * math.log(self.snr) + 2 * np.log(self.mean) - np.log(self.mass)
        self.length = y - x

    def many(self, price: float) -> tuple[Array, Array, Array, Array, Array]:
        """Value, cost, count, ramp and amplitude of the best slab of at least two equal trapezoids."""
        log_mu, amplitudes, ramps, snrs = profile()
        log_price = math.log(price) if price > 0 else -_LOG_LIMIT
        at = np.clip(math.log(4) + log_price + self.log_mean, log_mu[0], log_mu[-1])
        a, rho, s = (np.interp(at, log_mu, table) for table in (amplitudes, ramps, snrs))
        theta = 1 - 4 * rho / 3
        per_count = self.snr * a**2 * theta * self.mean * self.length
        count = np.clip(np.round(per_count / s), 2.0, 1e200)
        energy = a**2 * theta * self.mass
        value = energy * sign_error(per_count / count)
        width = self.length / count
        log_sum = np.log(np.maximum(knot_sums(self.power, self.curvature, width, rho), 1e-300))
        cost = np.exp(np.minimum(log_sum + self.log_scale + np.log(a / rho) - 2 * np.log(width), _LOG_LIMIT))
        return value, cost, count, rho, a


@dataclass(frozen=True)
class _Plan:
    value: float
    cost: float
    slabs: tuple[Slab, ...]


def _plan(tables: _Tables, price: float) -> _Plan:
    """The best stack at one price of the budget."""
    near, far, depths = tables.near, tables.far, tables.depths
    size, count = near.size, depths.size
    score1 = tables.value1 - price * tables.cost1
    choice = score1.argmax(0)
    score = score1[choice, np.arange(size)]
    value, cost, number, rho, amplitude = tables.many(price)
    many = value - price * cost
    use_many = many > score
    score = np.where(use_many, many, score)
    table = np.full((count, count), -np.inf)
    table[far, near] = score
    top = tables.top_value - price * tables.top_cost
    top_choice = top.argmax(0)
    best = np.maximum(top[top_choice, np.arange(count)], 0.0)
    came = np.full(count, -1)
    for j in range(1, count):
        options = best[:j] + table[j, :j]
        i = int(options.argmax())
        if options[i] > best[j]:
            best[j], came[j] = options[i], i
        if best[j - 1] > best[j]:
            best[j], came[j] = best[j - 1], -2
    index = np.full((count, count), -1)
    index[far, near] = np.arange(size)
    slabs: list[Slab] = []
    total_value = total_cost = 0.0  # costs in units of the budget
    amplitudes, ramps = tables.grid.amplitudes, tables.grid.ramps
    j = count - 1
    while True:
        if came[j] == -2:
            j -= 1
            continue
        if came[j] == -1:
            o = int(top_choice[j])
            if top[o, j] > 0:
                total_value += tables.top_value[o, j]
                total_cost += tables.top_cost[o, j]
                a, r = divmod(o, _TOP_RAMPS.size)
                slabs.append(Slab(0.0, float(depths[j]), 1, float(_TOP_RAMPS[r]), amplitudes[a]))
            break
        i = int(came[j])
        s = int(index[j, i])
        ends = float(depths[i]), float(depths[j])
        if use_many[s]:
            total_value += value[s]
            total_cost += cost[s]
            slabs.append(Slab(*ends, int(number[s]), float(rho[s]), float(amplitude[s])))
        else:
            o = int(choice[s])
            total_value += tables.value1[o, s]
            total_cost += tables.cost1[o, s]
            a, r = divmod(o, len(ramps))
            slabs.append(Slab(*ends, 1, ramps[r], amplitudes[a]))
        j = i
    return _Plan(total_value, total_cost, tuple(reversed(slabs)))


def _spend(slabs: tuple[Slab, ...], factor: float) -> tuple[Slab, ...]:
    """All ramps times a factor: cost falls by it, and value too, but less; ramps stay within their limits."""
    return tuple(replace(s, ramp=float(min(max(s.ramp * factor, 1e-3), 1.0 if s.near == 0 else 0.5))) for s in slabs)


@dataclass(frozen=True)
class Solution:
    """Value per cap in units of q-mass, the slabs, and the price of the budget at which they were found."""

    value: float
    slabs: tuple[Slab, ...]
    price: float


# Steps to bracket the price, and the price at which the budget no longer matters, in units of the value.
_STRIDE, _FREE = 5.0, 1e-7


def solve(problem: CapProblem, grid: Grid, price: float) -> Solution:
    """A good stack of slabs, searched from a guess of the price; amplitudes may still have to shrink to the budget."""
    tables = _Tables(problem, grid)
    best = Solution(0.0, (), price)

    def consider(slabs: tuple[Slab, ...], at: float) -> None:
        nonlocal best
        value = estimate(problem, slabs)
        if value > best.value:
            best = Solution(value, slabs, at)

    def plan_at(at: float) -> _Plan:
        plan = _plan(tables, at)
        if grid.spend and plan.slabs and 0.4 < plan.cost < 2.5:
            consider(_spend(plan.slabs, plan.cost), at)
        return plan

    plan = plan_at(price)
    inside = outside = plan
    low = high = price
    if plan.cost > 1:
        while inside.cost > 1 and high < 1e300:
            low, outside = high, inside
            high *= _STRIDE
            inside = plan_at(high)
    else:
        while outside.cost <= 1:
            if low < _FREE * outside.value or low < 1e-290 or not outside.slabs:
                plan = _plan(tables, 0.0)
                if plan.cost <= 1 or low < 1e-290:
                    consider(plan.slabs, 0.0)
                    return best
            high, inside = low, outside
            low /= _STRIDE
            outside = plan_at(low)
    for _ in range(grid.rounds):
        middle = math.sqrt(low) * math.sqrt(high)
        plan = plan_at(middle)
        if plan.cost > 1:
            low, outside = middle, plan
        else:
            high, inside = middle, plan
    for last in (inside, outside):
        if last.slabs:
            consider(last.slabs, high)
    return best


def _columns(slabs: tuple[Slab, ...]) -> tuple[Array, Array, Array, Array, Array]:
    """near, far, count, ramp and amplitude; a few equal trapezoids count one by one."""
    rows: list[tuple[float, float, float, float, float]] = []
    for slab in slabs:
        if 1 < slab.count <= ONE_BY_ONE:
            step = (slab.far - slab.near) / slab.count
            for i in range(slab.count):
                rows.append((slab.near + i * step, slab.near + (i + 1) * step, 1.0, slab.ramp, slab.amplitude))
        else:
            rows.append((slab.near, slab.far, float(slab.count), slab.ramp, slab.amplitude))
    near, far, count, ramp, amplitude = np.array(rows).T
    return near, far, count, ramp, amplitude


def _cost(problem: CapProblem, columns: tuple[Array, Array, Array, Array, Array]) -> float:
    """Cost in units of the budget."""
    near, far, count, ramp, amplitude = columns
    k, ratio, share = problem.d + 2, problem.log_ratio, problem.log_budget
    width = (far - near) / count
    first = np.stack([near, near + ramp * width, far - ramp * width, far])
    single = count == 1
    power = np.exp(_clip(k * np.log(np.maximum(first, 1e-300)) + ratio(np.maximum(first, 1e-300)) - share))
    power = np.where((near == 0) & (np.arange(4)[:, None] < 2), 0.0, power)
    exact = power.sum(0) / (ramp * width)
    scale = np.exp(_clip(ratio(np.maximum(near, 1e-300)) - share))
    integral = (far ** (k + 1) - near ** (k + 1)) / (k + 1) * scale
    curvature = k * (far ** (k - 1) - near ** (k - 1)) * scale
    with np.errstate(over="ignore"):
        many = knot_sums(integral, curvature, width, ramp) / width / width / ramp
    return float((amplitude * np.where(single, exact, many)).sum())


def estimate(problem: CapProblem, slabs: tuple[Slab, ...]) -> float:
    """Value per cap, in units of q-mass, of given slabs with amplitudes shrunk to the budget; in floats."""
    if not slabs:
        return 0.0
    columns = _columns(slabs)
    near, far, count, ramp, amplitude = columns
    width = (far - near) / count
    snr = math.exp(min(max(problem.log_snr, -_LOG_LIMIT), _LOG_LIMIT))
    single = count == 1
    cost = _cost(problem, columns)
    amplitude = amplitude * min(1.0, 1 / cost) if cost > 0 else amplitude
    # Norms.
    rise = np.where(near > 0, near + ramp * width, 0.0)
    fall = np.where(near > 0, far - ramp * width, far * (1 - ramp))
    tail = far - fall
    up = (problem.density(near[:, None] + (rise - near)[:, None] * _NODES) * (_NODES**2 * _WEIGHTS)).sum(1) * (
        rise - near
    )
    down = (problem.density(fall[:, None] + tail[:, None] * _NODES) * ((1 - _NODES) ** 2 * _WEIGHTS)).sum(1) * tail
    level_nodes = np.where(
        near[:, None] > 0, rise[:, None] + (fall - rise)[:, None] * _NODES, fall[:, None] * _NODES**2
    )
    level_weights = np.where(near[:, None] > 0, _WEIGHTS, 2 * _NODES * _WEIGHTS)
    level = (problem.density(level_nodes) * level_weights).sum(1) * (fall - rise)
    norm = up + level + down
    cells = problem.density(near[:, None] + (far - near)[:, None] * _NODES)
    mass, square = (cells * _WEIGHTS).sum(1), (cells**2 * _WEIGHTS).sum(1)
    theta = 1 - 4 * ramp / 3
    total = np.where(single, norm, theta * mass * (far - near))
    mean = np.where(single, norm, theta * width * square / np.maximum(mass, 1e-300))
    return float((amplitude**2 * total * sign_error(snr * amplitude**2 * mean)).sum())


def adapt(problem: CapProblem, slabs: tuple[Slab, ...]) -> tuple[float, tuple[Slab, ...]]:
    """The slabs of a nearby problem with their ramps changed to use the budget; or as they are, if that is better."""
    if not slabs:
        return 0.0, slabs
    changed = _spend(slabs, _cost(problem, _columns(slabs)))
    return max((estimate(problem, changed), changed), (estimate(problem, slabs), slabs), key=lambda pair: pair[0])
