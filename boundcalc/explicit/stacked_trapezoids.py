"""Stacked trapezoids on disjoint caps: the family that wins most settings."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from boundcalc.explicit import slabs
from boundcalc.explicit.caps import Caps, candidates
from boundcalc.explicit.family import Design, Family, NotApplicable
from boundcalc.explicit.problem import Effort, Problem, Weight
from boundcalc.explicit.slab_polish import polish
from boundcalc.explicit.slab_profile import continuum, depth_range
from boundcalc.explicit.slab_search import CapProblem, Grid, adapt, estimate, solve
from boundcalc.explicit.slabs import StackedTrapezoids

__all__ = ["FAMILY"]

Index = NDArray[np.intp]

_LARGEST_DIMENSION = 10**4
# Few slabs fit a grid badly: their edges, ramps and amplitudes are polished even in a fast search.
_FEW_SLABS = 10
_AMPLITUDES = (1.0, 0.75, 0.55, 0.4, 0.3, 0.2, 0.14, 0.1, 0.06, 0.03, 0.015)
_RAMPS = (0.05, 0.1, 0.15, 0.22, 0.3, 0.4, 0.5)
_FINER_RAMPS = (0.04, 0.06, 0.09, 0.13, 0.18, 0.24, 0.31, 0.4, 0.5)
# Designs are made on a lattice of problems and used at every problem nearby. The bound of one design is monotone in n,
# sigma, B and C, and so is the largest of several as long as they are the same. From one cell of the lattice to the next
# the designs change: there the bound is monotone as far as the design made for a problem beats those made for the
# problems around it. A full search looks one step further towards harder problems, which makes up for it if not.
_NU_STEP = math.log(10) / 4
_BUDGET_STEP = math.log(10) / 8


def log_mass_unit(d: int, height: float) -> float:
    """Logarithm of c_1 (H(2 - H))^alpha H, the mass of a cap in the units of its own problem."""
    alpha = (d - 1) / 2
    log_c1 = math.lgamma(d / 2 + 1) - math.lgamma((d + 1) / 2) - math.log(math.pi) / 2
    return log_c1 + alpha * (math.log(height) + math.log(2 - height)) + math.log(height)


def cap_problem(d: int, log_nu: float, log_budget: float, weight: Weight, caps: Caps) -> CapProblem:
    """The problem of one of the caps, in units of its height."""
    unit = log_mass_unit(d, caps.height)
    share = log_budget - math.log(caps.count) - (d + 1) * math.log(caps.height)
    return CapProblem(d, caps.height, log_nu + unit, share, weight)


@dataclass(frozen=True)
class _Grids:
    coarse: Grid
    fine: Grid
    finest: Grid


@lru_cache(maxsize=256)
def _grids(d: int) -> _Grids:
    """Grids of depths that reach down to where a thousandth of the cap's mass is left."""
    depth = depth_range(d)
    coarse, fine, finest = (depth ** (1 / (points - 1)) for points in (12, 28, 44))
    return _Grids(
        Grid(coarse, depth, (0.08, 0.16, 0.3, 0.5), _AMPLITUDES, 2, spend=False),
        Grid(fine, depth, _RAMPS, _AMPLITUDES, 5),
        Grid(finest, depth, _FINER_RAMPS, _AMPLITUDES, 14),
    )


@lru_cache(maxsize=64)
def _arrays(
    d: int, extra: tuple[Caps, ...]
) -> tuple[tuple[Caps, ...], NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    caps = (*extra, *candidates(d))
    heights = np.array([c.height for c in caps])
    log_counts = np.array([math.log(c.count) for c in caps])
    units = np.array([log_mass_unit(d, c.height) for c in caps])
    return caps, heights, log_counts, units


@lru_cache(maxsize=512)
def _at_lattice(
    d: int, weight: Weight, nu_index: int, budget_index: int, effort: Effort, extra: tuple[Caps, ...]
) -> StackedTrapezoids | None:
    log_nu, log_budget = nu_index * _NU_STEP, budget_index * _BUDGET_STEP
    caps, heights, log_counts, units = _arrays(d, extra)

    def rough(indices: Index) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        share = log_budget - log_counts[indices] - (d + 1) * np.log(heights[indices])
        inner, price = continuum(d, weight, heights[indices], log_nu + units[indices], share)
        return log_counts[indices] + units[indices] + inner, price

    grids = _grids(d)
    full = effort is Effort.FULL
    given = len(extra)
    # Zoom in on the best height: the rough value has one peak.
    stride = max(1, (len(caps) - given) // 50)
    near = np.arange(given, len(caps), stride)
    ranking, at_price = rough(near)
    while stride > 1:
        centre, reach = int(near[ranking.argmax()]), 2 * stride
        stride = max(1, stride // 8)
        near = np.arange(max(given, centre - reach), min(len(caps), centre + reach + 1), stride)
        ranking, at_price = rough(near)
    order = np.argsort(-ranking)[: 12 if full else 3]
    tall = given + np.flatnonzero(heights[given:] > 0.25)[: 12 if full else 5]
    prices = dict(zip(near[order].tolist(), at_price[order].tolist(), strict=True))
    others = np.array([i for i in (*range(given), *tall.tolist()) if i not in prices], dtype=np.intp)
    if others.size:
        prices |= dict(zip(others.tolist(), rough(others)[1].tolist(), strict=True))
    scored = []
    for i, log_price in prices.items():
        guess = math.exp(min(max(log_price, -600.0), 600.0))
        coarse = solve(cap_problem(d, log_nu, log_budget, weight, caps[i]), grids.coarse, guess)
        if coarse.value > 0:
            scored.append((math.log(coarse.value) + float(log_counts[i] + units[i]), i, coarse.price))
    scored.sort(reverse=True)
    best: tuple[float, StackedTrapezoids] | None = None
    # A coarse value is nearly within a tenth of the fine one: a clear winner needs no second try.
    for _, i, price in [s for s in scored if s[0] > scored[0][0] - 0.15][: 5 if full else 3]:
        inner = cap_problem(d, log_nu, log_budget, weight, caps[i])
        for grid in (grids.fine, grids.finest) if full else (grids.fine,):
            fine = solve(inner, grid, max(price, 1e-250))
            stack = fine.slabs
            if not full and len(stack) <= _FEW_SLABS:
                stack = polish(inner, stack, (0.12,), 1)
            value = estimate(inner, stack)
            if value > 0:
                score = math.log(value) + float(log_counts[i] + units[i])
                if best is None or score > best[0]:
                    best = (score, StackedTrapezoids(caps[i], stack))
    if best is not None and full:
        inner = cap_problem(d, log_nu, log_budget, weight, best[1].caps)
        best = (best[0], StackedTrapezoids(best[1].caps, polish(inner, best[1].slabs, (0.1, 0.03), 4)))
    return best[1] if best else None


def _cell(value: float, step: float, harder: int) -> tuple[int, ...]:
    """Indices of the lattice points around a value, one where it lies on the lattice, and ``harder`` more on that side."""
    nearest = round(value / step)
    ends = (
        (nearest, nearest)
        if abs(value / step - nearest) < 1e-9
        else (math.floor(value / step), math.ceil(value / step))
    )
    return tuple(range(ends[0] + min(harder, 0), ends[1] + max(harder, 0) + 1))


def search(problem: Problem, effort: Effort, extra: tuple[Caps, ...]) -> Design | NotApplicable:
    """The best of the designs made for the neighbouring lattice points."""
    if problem.d > _LARGEST_DIMENSION:
        return NotApplicable(f"searched up to d = {_LARGEST_DIMENSION} only")
    best: tuple[float, StackedTrapezoids] | None = None
    further = 1 if effort is Effort.FULL else 0
    for i in _cell(problem.log_nu, _NU_STEP, further):
        for j in _cell(problem.log_budget, _BUDGET_STEP, -further):
            design = _at_lattice(problem.d, problem.weight, i, j, effort, extra)
            if design is None:
                continue
            inner = cap_problem(problem.d, problem.log_nu, problem.log_budget, problem.weight, design.caps)
            value, stack = adapt(inner, design.slabs)
            if value > 0:
                score = math.log(value) + math.log(design.caps.count) + log_mass_unit(problem.d, design.caps.height)
                if best is None or score > best[0]:
                    best = (score, StackedTrapezoids(design.caps, stack))
    return best[1] if best else NotApplicable("no stack of slabs was found whose numbers a float can hold")


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
