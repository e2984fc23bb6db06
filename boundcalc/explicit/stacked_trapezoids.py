"""Stacked trapezoids on disjoint caps: the family that wins most settings.

One trapezoid per cap, flat up to the sphere, is valued for all caps at once. Where noise and budget are scarce this is the
best stack, and the height of the caps matters most: a fine set of caps is searched whole. It also keeps the ranking of caps
right there. Per cap and ramp the value is N h(min(s_0, snr a^2 m))/snr with the largest amplitude a <= 1 that the budget
allows, monotone as in :mod:`boundcalc.explicit.slab_search`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial

import numpy as np
from numpy.polynomial.chebyshev import chebvander
from numpy.typing import NDArray

from boundcalc.explicit import slabs
from boundcalc.explicit.caps import Caps, candidates, log_arrays
from boundcalc.explicit.family import Claim, Design, Family, NotApplicable
from boundcalc.explicit.marginal import gauss, log_c1, log_weight_ratio
from boundcalc.explicit.problem import Effort, Problem
from boundcalc.explicit.sign_error import sign_error
from boundcalc.explicit.slab_profile import THOUSANDTH, best_snr, continuum
from boundcalc.explicit.slab_search import search_profiles, stack
from boundcalc.explicit.slab_tables import TALL, Resolution, SlabTables, slab_tables
from boundcalc.explicit.slabs import Slab, StackedTrapezoids

Array = NDArray[np.float64]
Index = NDArray[np.intp]

RAMPS = np.array([0.02, 0.05, 0.1, 0.17, 0.27, 0.4, 0.6, 0.8, 1.0])
_NODES, _WEIGHTS = gauss(48)
_HEIGHTS = 40

# Tables don't exceed a cap's mass, in logarithms, by more.
_TABLE_ERROR = 0.05
# Logarithm of what is claimed less than what the search estimates: its interpolation and quadrature err by less.
_MARGIN = 0.003
# Caps lower than this over alpha + 1 are in the limit of low caps to a thousandth.
_LOW = 0.004
_COARSE = 24
_LOG_LIMIT = 600.0
# In high dimensions, with few caps, large samples call for depths above which next to no mass lies: exp(-1) to these powers.
_FAR_BEYOND, _FAR = 50, (35.0, 140.0)
# Beyond this dimension a ball's integrals take tens of milliseconds each: fewer slabs.
_HUGE = 10**4
# Caps per logarithm of their height for one trapezoid per cap.
_DENSE = 64.0
# What is found exceeds the largest rough value by less, in logarithms: by 0.1 at most where it was measured.
_CEILING = 0.5


def log_mass_units(d: int, heights: Array) -> Array:
    """Logarithms of c_1 (H(2 - H))^alpha H, the masses of caps in the units of their own problems."""
    alpha = (d - 1) / 2
    return log_c1(d) + alpha * (np.log(heights) + np.log(2 - heights)) + np.log(heights)


def _slack(d: int) -> float:
    """By how much, in logarithms, the rough value that ranks caps may fall short of the one that is found, d <= 50.

    Measured; most in high dimensions, which have few caps. This is the one place where monotonicity rests on a measurement:
    a cap whose rough value falls short by more, or a second peak of the rough values over the heights, would be missed.
    Beyond d = 50 caps are ruled out by their masses, which is proved.
    """
    if d in (2, 3):
        return 0.08
    return 0.15 if d <= 24 else 0.4


def log_norms(d: int, heights: Array) -> Array:
    """Logarithms of the squared norms in units of q-mass, for all ramps (rows) and caps (columns).

    They are analytic in the height up to 2: interpolated in Chebyshev's nodes on [0, 1] where there are many caps.
    """
    if heights.size > _HEIGHTS:
        nodes = np.cos((np.arange(_HEIGHTS) + 0.5) * (math.pi / _HEIGHTS))
        series = 2 / _HEIGHTS * log_norms(d, (nodes + 1) / 2) @ chebvander(nodes, _HEIGHTS - 1)
        series[:, 0] /= 2
        return np.asarray(series @ chebvander(2 * heights - 1, _HEIGHTS - 1).T)
    foot = 1 - RAMPS[:, None]
    # r = foot u^2 takes the root at 0 away; the last ramp has it inside.
    flat = foot * _NODES**2
    slope = 1 - RAMPS[:, None] * (1 - _NODES**2)
    nodes = np.concatenate([flat, slope], axis=1)
    jacobian = 2 * _NODES * _WEIGHTS
    weights = np.concatenate([foot * jacobian, RAMPS[:, None] * jacobian * (1 - _NODES**2) ** 2], axis=1)
    rows = []
    for r, w in zip(np.maximum(nodes, 1e-300), weights, strict=True):
        q = np.exp((d - 1) / 2 * np.log(r * (2 - heights[:, None] * r) / (2 - heights[:, None])))
        rows.append(q @ w)
    return np.log(np.maximum(np.array(rows), 1e-300))


# How finely to search: caps per logarithm of their height, and the tables' resolution.
_Level = tuple[float, Resolution]


def _levels(d: int, effort: Effort) -> tuple[_Level, ...]:
    """The levels of an effort; a full search includes the fast one, so that it is never worse."""
    density = 1.4 if d == 1 else max(8.0, 1.2 * d) if d <= _FAR_BEYOND else 8.0
    coarse = [(density, Resolution(30 if d <= 8 else 36 if d <= _HUGE else 18, 2.0))]
    if d > _FAR_BEYOND:
        coarse += [(density, Resolution(36 if d <= _HUGE else 18, 2.0, log_mass)) for log_mass in _FAR]
    if effort is Effort.FAST:
        return tuple(coarse)
    return *coarse, (2.5 * density, Resolution(90, 0.7))


@dataclass(frozen=True)
class _Ladder:
    """Caps from the highest down, and logarithms of their numbers and mass units."""

    caps: tuple[Caps, ...]
    heights: Array
    log_counts: Array
    log_units: Array
    log_norms: Array

    def scales(self, index: Index | slice | int, problem: Problem) -> tuple[Array, Array]:
        """Logarithms of the signal-to-noise ratio of a unit of mass, and of the budget per cap."""
        return problem.log_nu + self.log_units[index], problem.log_budget + self.log_shares(problem)[index]

    def log_shares(self, problem: Problem) -> Array:
        """Logarithms of the caps' budgets at C = 1, in units of the cost of one of their trapezoids."""
        return -self.log_counts - (float(problem.weight.degree(problem.d)) - 1) * np.log(self.heights)

    def alone(self, index: Index | slice, problem: Problem) -> tuple[Array, Array]:
        """One trapezoid per cap: logarithms of values per unit of mass, and of amplitudes; rows are ramps, columns caps."""
        d, weight = problem.d, problem.weight
        heights, norms = self.heights[index], self.log_norms[:, index]
        log_snr, log_budget = self.scales(index, problem)
        feet = float(weight.degree(d)) * np.log(np.maximum(1 - RAMPS, 1e-300))[:, None]
        feet = feet + log_weight_ratio(weight, d, heights * np.maximum(1 - RAMPS, 1e-9)[:, None])
        log_cost = np.logaddexp(feet, log_weight_ratio(weight, d, heights)) - np.log(RAMPS)[:, None]
        limit = np.minimum(log_budget - log_cost, 0.0)
        # Beyond s_0 a larger amplitude is not used.
        free = (math.log(best_snr()) - log_snr - norms) / 2
        log_amplitude = np.minimum(limit, free)
        log_energy = 2 * log_amplitude + norms
        snr = np.exp(np.maximum(log_snr + log_energy, -_LOG_LIMIT))
        return log_energy + np.log(sign_error(snr)), log_amplitude

    def end(self, problem: Problem, start: int) -> int:
        """Where caps, from ``start`` on, are so low that neither noise nor budget matters: lower ones only have less mass."""
        log_snr, log_budget = self.scales(slice(start, None), problem)
        return min(self.heights.size, start + max(int((log_snr > -2).sum()), int((log_budget < 2).sum())) + 4)

    def rough(self, index: Index, problem: Problem, log_mass: float = THOUSANDTH) -> Array:
        """Rough logarithms of the bounds, for ranking."""
        alone, _ = self.alone(index, problem)
        value, _ = continuum(problem.d, problem.weight, self.heights[index], *self.scales(index, problem), log_mass)
        return self.log_counts[index] + self.log_units[index] + np.maximum(value, alone.max(0))

    def most(self, d: int) -> Array:
        """Logarithms of upper bounds of the caps' total masses, which no stack is worth more than.

        log q is concave: with the slope s at the bottom, the integral of q is at most 1/s.
        """
        slope = (d - 1) * (1 - self.heights) / (2 - self.heights)
        return np.asarray(self.log_counts + self.log_units - np.log(np.maximum(slope, 1.0)))

    def tables(self, i: int, problem: Problem, resolution: Resolution) -> SlabTables:
        """The tables of one of the caps."""
        low = self.heights[i] * (problem.d + 1) / 2 < _LOW
        return slab_tables(problem.d, 0.0 if low else float(self.heights[i]), problem.weight, resolution)


@lru_cache(maxsize=64)
def _ladder(d: int, extra: tuple[Caps, ...], density: float) -> _Ladder:
    """Of all candidates in a cell of log heights the one with the largest mass."""
    log_heights, log_counts = log_arrays(d)
    cells = np.floor(-log_heights * density)
    order = np.lexsort((-(log_counts + (d + 1) / 2 * log_heights), cells))
    first = order[np.unique(cells[order], return_index=True)[1]]
    chosen = (*extra, *(candidates(d)[i] for i in np.sort(first)))
    heights = np.array([caps.height for caps in chosen])
    log_counts = np.array([math.log(caps.count) for caps in chosen])
    return _Ladder(chosen, heights, log_counts, log_mass_units(d, heights), log_norms(d, heights))


@lru_cache(maxsize=4)
def _ranked(problem: Problem, density: float, extra: tuple[Caps, ...]) -> tuple[Index, Array]:
    """Caps worth trying and their rough values, best first: the tall ones, and those around the peak of the others."""
    ladder, given = _ladder(problem.d, extra, density), len(extra)
    tall = int(np.searchsorted(-ladder.heights[given:], -TALL)) + given if problem.d > 2 else given
    end = ladder.end(problem, tall)
    index = np.arange(tall)
    rough = ladder.rough(index, problem) if tall else np.empty(0)
    low, high, stride = tall, end, max(1, -(-(end - tall) // _COARSE))
    while low < high:
        near = np.arange(low, high, stride)
        value = ladder.rough(near, problem)
        if stride == 1:
            index, rough = np.concatenate([index, near]), np.concatenate([rough, value])
            break
        centre = int(near[value.argmax()])
        low, high = max(tall, centre - 2 * stride), min(end, centre + 2 * stride + 1)
        stride = max(1, -(-(high - low) // _COARSE))
    order = np.argsort(-rough, kind="stable")
    return index[order], rough[order]


def search(problem: Problem, effort: Effort, extra: tuple[Caps, ...], floor: float) -> Design | NotApplicable:
    """The best stack over all caps, profiles and slabs."""
    best = _alone(problem, extra)
    levels = [found for level in _levels(problem.d, effort) if (found := _at_level(problem, level, extra)) is not None]
    for score, caps, shapes in sorted(levels, key=lambda found: -found[0]):
        if score > best[0] and (slabs := shapes()):
            best = score, StackedTrapezoids(caps, slabs)
            break
    if not best[1].slabs[0].amplitude > 0:
        return NotApplicable("no stack of slabs was found whose numbers a float can hold")
    return Claim(best[1], best[0] - _MARGIN)


def ceiling(problem: Problem, extra: tuple[Caps, ...]) -> float:
    """More than the logarithm of any claim: from rough values, and measured, see ``_CEILING``."""
    d = problem.d
    density = _levels(d, Effort.FAST)[0][0]
    if d <= _FAR_BEYOND:
        rough = float(_ranked(problem, density, extra)[1].max())
    else:
        ladder = _ladder(d, extra, density)
        index = np.arange(ladder.heights.size)
        rough = max(float(ladder.rough(index, problem, log_mass).max()) for log_mass in (THOUSANDTH, *_FAR))
    return max(rough, _alone(problem, extra)[0]) + _CEILING


@lru_cache(maxsize=4)
def _alone(problem: Problem, extra: tuple[Caps, ...]) -> tuple[float, StackedTrapezoids]:
    """Logarithm of the best value with one trapezoid per cap, and its design."""
    ladder = _ladder(problem.d, extra, _DENSE)
    near = slice(0, ladder.end(problem, len(extra)))
    log_value, log_amplitude = ladder.alone(near, problem)
    value = log_value + ladder.log_counts[near] + ladder.log_units[near]
    row, i = np.unravel_index(int(value.argmax()), value.shape)
    slab = Slab(0.0, 1.0, 1, float(RAMPS[row]), math.exp(float(log_amplitude[row, i])))
    return float(value[row, i]), StackedTrapezoids(ladder.caps[i], (slab,))


def _at_level(
    problem: Problem, level: _Level, extra: tuple[Caps, ...]
) -> tuple[float, Caps, Callable[[], tuple[Slab, ...]]] | None:
    """Logarithm of the best value at a level, its caps, and a call for its slabs."""
    density, resolution = level
    ladder = _ladder(problem.d, extra, density)
    if problem.d > _FAR_BEYOND:  # few caps
        index = np.arange(ladder.heights.size)
        rough, slack = ladder.rough(index, problem), _TABLE_ERROR
        order = np.argsort(-rough, kind="stable")
        # Ranked by rough values, ruled out by total mass alone.
        rough = np.maximum.accumulate(ladder.most(problem.d)[order][::-1])[::-1]
    else:
        (order, rough), slack = _ranked(problem, density, extra), _slack(problem.d)
    score, winner = -math.inf, None
    for i, above in zip(order.tolist(), rough.tolist(), strict=True):
        if above + slack < score:
            break
        tables, (log_snr, log_budget) = ladder.tables(i, problem, resolution), map(float, ladder.scales(i, problem))
        found = search_profiles(tables, log_snr, log_budget)
        value = found.log_value + float(ladder.log_counts[i] + ladder.log_units[i])
        if value > score:
            score, winner = value, (ladder.caps[i], partial(stack, tables, log_snr, log_budget, found.profile))
    return None if winner is None else (score, *winner)


FAMILY = Family(
    key="stacked-trapezoids",
    title="Stacked trapezoids on disjoint caps",
    statement="N disjoint caps, each cut into slabs by depth, each slab with equal trapezoids in the depth and random signs: "
    "the risk is at least the sum of a^2 m mmse(n a^2 m/sigma^2) over all trapezoids, a the amplitude, m the squared norm.",
    conditions=("amplitudes at most B", "costs, kink by kink, sum to at most C"),
    proof=slabs.__doc__ or "",
    boundary_localised=True,
    search=search,
    ceiling=ceiling,
    dimensions=(1, 10**6),
)
