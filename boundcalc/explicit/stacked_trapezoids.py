"""Stacked trapezoids on disjoint caps: the family that wins most settings."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from boundcalc.explicit import slab_alone, slabs
from boundcalc.explicit.caps import Caps, candidates
from boundcalc.explicit.family import Claim, Design, Family, NotApplicable
from boundcalc.explicit.marginal import log_c1
from boundcalc.explicit.problem import Effort, Problem
from boundcalc.explicit.slab_profile import continuum
from boundcalc.explicit.slab_search import search_profiles, stack
from boundcalc.explicit.slab_tables import TALL, Resolution, SlabTables, slab_tables
from boundcalc.explicit.slabs import StackedTrapezoids

Array = NDArray[np.float64]
Index = NDArray[np.intp]

_LARGEST_DIMENSION = 10**6
# Tables don't exceed a cap's mass, in logarithms, by more.
_TABLE_ERROR = 0.05
# Logarithm of what is claimed less than what the search estimates: its interpolation and quadrature err by less.
_MARGIN = 0.003
# Caps lower than this over alpha + 1 are in the limit of low caps to a thousandth.
_LOW = 0.004
_COARSE = 24
# In high dimensions, with few caps, large samples call for depths above which next to no mass lies: exp(-1) to these powers.
_FAR_BEYOND, _FAR = 50, (35.0, 140.0)
# Beyond this dimension a ball's integrals take tens of milliseconds each: fewer slabs.
_HUGE = 10**4
# Caps per logarithm of their height for one trapezoid per cap.
_DENSE = 64.0


def log_mass_unit(d: int, height: float) -> float:
    """Logarithm of c_1 (H(2 - H))^alpha H, the mass of a cap in the units of its own problem."""
    alpha = (d - 1) / 2
    return log_c1(d) + alpha * (math.log(height) + math.log(2 - height)) + math.log(height)


def _slack(d: int) -> float:
    """By how much, in logarithms, the rough value that ranks caps may fall short of the one that is found, d <= 50.

    Measured; most in high dimensions, which have few caps. This is the one place where monotonicity rests on a measurement:
    a cap whose rough value falls short by more, or a second peak of the rough values over the heights, would be missed.
    Beyond d = 50 caps are ruled out by their masses, which is proved.
    """
    if d in (2, 3):
        return 0.08
    return 0.15 if d <= 24 else 0.4


@dataclass(frozen=True)
class _Level:
    """How finely to search: caps per logarithm of their height, and the tables' resolution."""

    caps: float
    resolution: Resolution


def _levels(d: int, effort: Effort) -> tuple[_Level, ...]:
    """The levels of an effort; a full search includes the fast one, so that it is never worse."""
    density = 1.4 if d == 1 else max(8.0, 1.2 * d) if d <= _FAR_BEYOND else 8.0
    fast = _Level(density, Resolution(30 if d <= 8 else 36 if d <= _HUGE else 18, 2.0))
    coarse = [fast]
    if d > _FAR_BEYOND:
        coarse += [_Level(fast.caps, Resolution(36 if d <= _HUGE else 18, 2.0, log_mass)) for log_mass in _FAR]
    if effort is Effort.FAST:
        return tuple(coarse)
    return *coarse, _Level(2.5 * density, Resolution(90, 0.7))


@dataclass(frozen=True)
class _Cap:
    """Tables of a cap, and the logarithms of the signal-to-noise ratio of a unit of mass and of the budget per cap."""

    tables: SlabTables
    log_snr: float
    log_budget: float


@dataclass(frozen=True)
class _Ladder:
    """Caps from the highest down, and logarithms of their numbers, mass units and budgets at C = 1."""

    caps: tuple[Caps, ...]
    heights: Array
    log_counts: Array
    log_units: Array
    log_shares: Array
    log_norms: Array

    def alone(self, index: Index, problem: Problem) -> slab_alone.Alone:
        """One trapezoid per cap."""
        log_snr = problem.log_nu + self.log_units[index]
        log_budget = problem.log_budget + self.log_shares[index]
        return slab_alone.values(problem, self.heights[index], log_snr, log_budget, self.log_norms[:, index])

    def rough(self, index: Index, problem: Problem) -> Array:
        """Rough logarithms of the bounds, for ranking."""
        log_snr = problem.log_nu + self.log_units[index]
        log_budget = problem.log_budget + self.log_shares[index]
        alone = self.alone(index, problem).log_value.max(0)
        value, _ = continuum(problem.d, problem.weight, self.heights[index], log_snr, log_budget)
        return self.log_counts[index] + self.log_units[index] + np.maximum(value, alone)

    def most(self, d: int) -> Array:
        """Logarithms of upper bounds of the caps' total masses, which no stack is worth more than.

        log q is concave: with the slope s at the bottom, the integral of q is at most 1/s.
        """
        slope = (d - 1) * (1 - self.heights) / (2 - self.heights)
        return np.asarray(self.log_counts + self.log_units - np.log(np.maximum(slope, 1.0)))

    def cap(self, i: int, problem: Problem, resolution: Resolution) -> _Cap:
        """What one of the caps has to solve."""
        low = self.heights[i] * (problem.d + 1) / 2 < _LOW
        tables = slab_tables(problem.d, 0.0 if low else float(self.heights[i]), problem.weight, resolution)
        log_snr = problem.log_nu + float(self.log_units[i])
        return _Cap(tables, log_snr, problem.log_budget + float(self.log_shares[i]))


@lru_cache(maxsize=64)
def _ladder(d: int, extra: tuple[Caps, ...], density: float) -> _Ladder:
    """Of all candidates in a cell of log heights the one with the largest mass."""
    found: dict[int, tuple[float, Caps]] = {}
    for caps in candidates(d):
        cell = math.floor(-math.log(caps.height) * density)
        mass = math.log(caps.count) + (d + 1) / 2 * math.log(caps.height)
        if cell not in found or mass > found[cell][0]:
            found[cell] = mass, caps
    chosen = (*sorted((caps for _, caps in found.values()), key=lambda caps: -caps.height),)
    chosen = (*extra, *chosen)
    heights = np.array([caps.height for caps in chosen])
    log_counts = np.array([math.log(caps.count) for caps in chosen])
    log_units = np.array([log_mass_unit(d, caps.height) for caps in chosen])
    log_shares = -log_counts - (d + 1) * np.log(heights)
    return _Ladder(chosen, heights, log_counts, log_units, log_shares, slab_alone.log_norms(d, heights))


def _ranked(ladder: _Ladder, problem: Problem, given: int) -> tuple[Index, Array]:
    """Caps worth trying and their rough values, best first: the tall ones, and those around the peak of the others."""
    size = ladder.heights.size
    tall = int(np.searchsorted(-ladder.heights[given:], -TALL)) + given if problem.d > 2 else given
    # Below both of these heights neither noise nor budget matters, and lower caps only have less mass.
    snr = problem.log_nu + ladder.log_units[tall:] > -2
    poor = problem.log_budget + ladder.log_shares[tall:] < 2
    end = min(size, tall + max(int(snr.sum()), int(poor.sum())) + 4)
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


def search(problem: Problem, effort: Effort, extra: tuple[Caps, ...]) -> Design | NotApplicable:
    """The best stack over all caps, profiles and slabs."""
    if problem.d > _LARGEST_DIMENSION:
        return NotApplicable(f"searched up to d = {_LARGEST_DIMENSION} only")
    best = _alone(problem, extra)
    for level in _levels(problem.d, effort):
        found = _at_level(problem, level, extra)
        if found is not None and found[0] > best[0]:
            best = found
    if not best[1].slabs[0].amplitude > 0:
        return NotApplicable("no stack of slabs was found whose numbers a float can hold")
    return Claim(best[1], best[0] - _MARGIN)


def _alone(problem: Problem, extra: tuple[Caps, ...]) -> tuple[float, StackedTrapezoids]:
    """Logarithm of the best value with one trapezoid per cap, and its design."""
    ladder = _ladder(problem.d, extra, _DENSE)
    alone = ladder.alone(np.arange(ladder.heights.size), problem)
    value = alone.log_value + ladder.log_counts + ladder.log_units
    row, i = np.unravel_index(int(value.argmax()), value.shape)
    return float(value[row, i]), StackedTrapezoids(ladder.caps[i], (alone.slab(int(row), int(i)),))


def _at_level(problem: Problem, level: _Level, extra: tuple[Caps, ...]) -> tuple[float, StackedTrapezoids] | None:
    """Logarithm of the best value at a level, and its design."""
    ladder = _ladder(problem.d, extra, level.caps)
    if problem.d > _FAR_BEYOND:  # few caps
        index = np.arange(ladder.heights.size)
        rough, slack = ladder.rough(index, problem), _TABLE_ERROR
        order = np.argsort(-rough, kind="stable")
        # Ranked by rough values, ruled out by total mass alone.
        rough = np.maximum.accumulate(ladder.most(problem.d)[order][::-1])[::-1]
    else:
        (order, rough), slack = _ranked(ladder, problem, len(extra)), _slack(problem.d)
    score, winner = -math.inf, None
    for i, above in zip(order.tolist(), rough.tolist(), strict=True):
        if above + slack < score:
            break
        cap = ladder.cap(i, problem, level.resolution)
        found = search_profiles(cap.tables, cap.log_snr, cap.log_budget)
        value = found.log_value + float(ladder.log_counts[i] + ladder.log_units[i])
        if value > score:
            score, winner = value, (i, cap, found.profile)
    if winner is None:
        return None
    i, cap, profile = winner
    stacked = stack(cap.tables, cap.log_snr, cap.log_budget, profile)
    return (score, StackedTrapezoids(ladder.caps[i], stacked)) if stacked else None


FAMILY = Family(
    key="stacked-trapezoids",
    title="Stacked trapezoids on disjoint caps",
    statement="N disjoint caps, each cut into slabs by depth, each slab with equal trapezoids in the depth and random signs: "
    "the risk is at least the sum of a^2 m mmse(n a^2 m/sigma^2) over all trapezoids, a the amplitude, m the squared norm.",
    conditions=("amplitudes at most B", "costs, kink by kink, sum to at most C"),
    proof=slabs.__doc__ or "",
    boundary_localised=True,
    search=search,
)
