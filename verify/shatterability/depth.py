"""Tukey depth counts in any dimension, bracketed.

The count k_i of x_i is the least number of points in a closed half-space that contains x_i. Every direction gives an
upper bound. If x_i lies in m simplices with disjoint sets of vertices, every such half-space holds a vertex of each,
so k_i >= m plus the number of points equal to x_i. Depth does not depend on units: all work is done in those of the points.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from verify.hessian.inputs import check_function
from verify.hessian.rounding import SLACK, UNIT, gamma
from verify.shatterability.depth_exact import line_depth, plane_depth
from verify.shatterability.frame import Frame, row_norms
from verify.shatterability.guard import Guard
from verify.shatterability.screening import block_rows, tiles
from verify.shatterability.simplices import disjoint_simplices
from verify.shatterability.table import check_points

Float = NDArray[np.float64]
Counts = NDArray[np.int64]

_EXACT_POINTS = 5000
# Seconds of the sweep for each pair of points.
_SWEEP = 2e-7
_ROUNDS = 40
# For many points less is tried: so many heights are sorted, so many multiplications made in the rounds, so many points looked at
# for each point that simplices are sought for.
_HEIGHTS, _PRODUCTS, _LOOKS = 5 * 10**7, 2 * 10**11, 10**9


@dataclass(frozen=True, eq=False)
class DepthBracket:
    """Certified bounds of the Tukey depth counts, shape (n,) each; equal where the count is known.

    ``simplices`` holds, for each point, the vertices (m_i, d + 1) of the disjoint simplices behind the lower bound;
    none for counts that were computed exactly. ``stopped`` says whether time ran out.
    """

    lower: Counts
    upper: Counts
    simplices: tuple[Counts, ...]
    stopped: bool = False

    @property
    def exact(self) -> bool:
        """Whether every count is known."""
        return bool((self.lower == self.upper).all())


def depth_bracket(
    X: Float,
    *,
    directions: int = 2000,
    start: Float | None = None,
    alone: NDArray[np.bool_] | None = None,
    time_limit: float = math.inf,
    seed: int = 0,
    progress: Callable[[str], None] | None = None,
) -> DepthBracket:
    """Depth counts of every point: exact for d <= 2 (and n <= 5000 in the plane), from both sides otherwise.

    Parameters
    ----------
    X : array_like, shape (n, d)
    directions : int
        Random directions tried for all points; each point then improves its own.
    start : ndarray, shape (n, d), optional
        A direction for each point to start from, such as that of its hull margin; zero rows for none.
    alone : ndarray of bool, shape (n,), optional
        Points known to be extreme, whose count is 1.
    time_limit : float
        Seconds after which to stop; what is found until then is returned.
    seed : int
    progress : callable, optional
        Told in words what is under way.

    Examples
    --------
    >>> cross = np.vstack([np.eye(3), -np.eye(3), np.zeros((1, 3))])
    >>> found = depth_bracket(cross)
    >>> found.upper.tolist()
    [1, 1, 1, 1, 1, 1, 4]
    """
    X = check_points(X)
    guard = Guard(time_limit)
    n, d = X.shape
    check_function("progress", progress)
    if d == 1:
        counts = line_depth(X[:, 0])
        return DepthBracket(counts, counts, (np.empty((0, 2), dtype=np.int64),) * n)
    if d == 2 and n <= _EXACT_POINTS and not guard.lacks(_SWEEP * n * n):
        counts = plane_depth(Frame.of(X).points)
        return DepthBracket(counts, counts, (np.empty((0, 3), dtype=np.int64),) * n)
    upper, _ = directional_depth(
        X, directions, start=start, alone=alone, guard=guard, seed=seed, progress=progress
    )  # fmt: skip
    lower, simplices = disjoint_simplices(
        Frame.of(X).points, upper, most=max(1, _LOOKS // n), guard=guard, seed=seed, progress=progress
    )
    return DepthBracket(lower, upper, simplices, guard.stopped)


def directional_depth(
    X: Float,
    directions: int = 2000,
    *,
    start: Float | None = None,
    alone: NDArray[np.bool_] | None = None,
    guard: Guard | None = None,
    seed: int = 0,
    progress: Callable[[str], None] | None = None,
) -> tuple[Counts, Float]:
    """Upper bounds of the depth counts of X (n, d), and the directions (n, d) that give them, in the units of its frame.

    They are the fewest points beyond x_i over the directions tried. Points that rounding can't tell from the boundary of
    a half-space are counted as inside it.
    """
    n, d = X.shape
    rng = np.random.default_rng(seed)
    frame = Frame.of(X)
    points = frame.points
    margin = frame.radius * (2 * gamma(d + 6) + 8 * UNIT) * SLACK
    if start is not None:
        start = start * frame.factor
    best = np.full(n, n, dtype=np.int64)
    if alone is not None:
        best[alone] = 1
    own = np.array(points) if start is None else np.where(np.any(start != 0, axis=1)[:, None], start, points)
    norms = row_norms(own)[:, None]
    own = np.divide(own, norms, out=np.zeros_like(own), where=norms > 0)
    own[norms[:, 0] == 0, 0] = 1.0
    rows = np.flatnonzero(best > 1)
    guard = Guard() if guard is None else guard
    _improve(points, margin, rows, own[rows], best, own, guard)
    directions = min(directions, max(100, _HEIGHTS // n))
    tried = rng.standard_normal((directions, d))
    tried /= np.linalg.norm(tried, axis=1, keepdims=True)
    step = max(1, block_rows(n) // 8)
    for at in range(0, directions, step):
        if (best == 1).all() or guard.over():
            break
        if progress is not None:
            progress(f"depth: direction {at} of {directions}")
        for u in tried[at : at + step]:
            heights = points @ u
            ordered = np.sort(heights)
            for sign, counts in (
                (1.0, n - np.searchsorted(ordered, heights - margin, side="left")),
                (-1.0, np.searchsorted(ordered, heights + margin, side="right")),
            ):
                better = counts < best
                best[better] = counts[better]
                own[better] = sign * u
    width, left = 0.5, float(_PRODUCTS)
    for turn in range(_ROUNDS):
        rows = np.flatnonzero(best > 1)
        left -= rows.size * n * d
        if not rows.size or left < 0 or guard.over():
            break
        if progress is not None:
            progress(f"depth: improving {rows.size} directions, round {turn + 1}")
        # Widths from coarse to fine: the arrangement of n points has cells of all sizes.
        trial = own[rows] + width * rng.standard_normal((rows.size, d)) / math.sqrt(d)
        trial /= np.linalg.norm(trial, axis=1, keepdims=True)
        _improve(points, margin, rows, trial, best, own, guard)
        width *= 0.88
    return best, own


def _improve(points: Float, margin: float, rows: Counts, trial: Float, best: Counts, own: Float, guard: Guard) -> None:
    """Count the points beyond each row in its trial direction; keep what is smaller, in place."""
    step = block_rows(len(points))
    for at in range(0, rows.size, step):
        if at and guard.over():
            break
        some, u = rows[at : at + step], trial[at : at + step]
        counts = np.zeros(some.size, dtype=np.int64)
        level = np.einsum("ij,ij->i", u, points[some]) - margin
        for tile in tiles(len(points)):
            counts += (u @ points[tile].T >= level[:, None]).sum(axis=1)
        better = counts < best[some]
        best[some[better]], own[some[better]] = counts[better], u[better]
