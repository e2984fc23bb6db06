"""Early certain answers for many points: most of what is extreme, and of what is inside, without products of all pairs in full.

Extreme: for orthonormal axes, u·x = Pu·Px + Qu·Qx <= Pu·Px + |Qu| |Qx|, P the leading coordinates and Q the rest. So products of
k + 1 numbers, in single precision with its rounding errors bounded, show that u separates x_i from all others.

Inside: weights on a few points whose combination is x_i, up to the error of its computation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from verify.hessian.rounding import gamma
from verify.shatterability.frame import Frame, row_norms
from verify.shatterability.guard import Guard
from verify.shatterability.screening import Screening, block_rows, tiles
from verify.shatterability.simplices import shortest

Float = NDArray[np.float64]
Rows = NDArray[np.int64]

# From so many multiplications on, n^2 d, this is worth its own cost.
LARGE = 10**10
_SINGLE = 2.0**-24
_BLOCK_ENTRIES = 2**25
_SAMPLE = 200
# Part of the sample that must be answered.
_WORTH = 0.15
_DIRECTIONS = 1000


def early_answers(
    frame: Frame,
    start: Screening,
    tolerance: float,
    *,
    guard: Guard,
    progress: Callable[[str], None] | None = None,
    keep: Callable[[Screening], None] | None = None,
) -> Screening:
    """What the vectors of the start show in single precision, and which points lie in the hull of few; all in place."""
    points, factor = frame.points, frame.factor
    if start.rounds >= 0:
        return start
    lower, directions, todo = start.lower, start.directions, start.todo
    n, d = points.shape
    step = block_rows(n)
    if progress is not None:
        progress("screening: principal axes")
    candidates = np.flatnonzero(~start.closed)
    leading = leading_for(points, candidates, lambda rows: start.vectors[rows])
    if leading is not None:
        rows_left = np.flatnonzero(todo)
        for at in range(0, len(rows_left), step):
            if guard.over():
                return start
            if progress is not None:
                progress(f"screening {leading.count} of {d} coordinates: {at} of {len(rows_left)} points")
            rows = rows_left[at : at + step]
            outer = start.vectors[rows] / factor
            norms = row_norms(outer)
            safe = np.where(norms > 0, norms, 1.0)
            bounds = np.where(norms > 0, leading.gaps(rows, start.vectors[rows]) / safe * (1 - gamma(d + 16)), 0.0)
            good = bounds > 1e-290
            lower[rows[good]], directions[rows[good]] = bounds[good], (outer / safe[:, None])[good]
            todo[rows] = False
            if keep is not None:
                keep(start)
    within = np.flatnonzero(~(lower > 0) & ~start.closed)
    unit = float(factor.max())
    for count, (row, distance) in enumerate(inside(points, within, np.random.default_rng(0))):
        if count % 1000 == 0:
            if guard.over():
                return start
            if progress is not None:
                progress(f"points in the hull of few others: {count} of {len(within)}")
        start.upper[row] = min(start.upper[row], distance * unit)
    start.closed[:] |= ~(lower > 0) & (start.upper <= tolerance)
    todo[:] = ~(lower > 0) & ~start.closed
    found = replace(start, rounds=0)
    if keep is not None:
        keep(found)
    return found


class Leading:
    """Lower bounds of u·x_i - max over j != i of u·x_j for many points (n, d), in single precision.

    Examples
    --------
    >>> points = np.random.default_rng(0).standard_normal((50, 8))
    >>> exact = [(points[i] @ (points[i] - np.delete(points, i, 0)).T).min() for i in range(50)]
    >>> found = Leading(points, (5, 8))
    >>> bool((found.gaps(np.arange(50), points) <= exact).all())
    True
    >>> bool((found.use(8).gaps(np.arange(50), points) >= np.array(exact) - 1e-3).all())
    True
    """

    def __init__(self, points: Float, counts: Sequence[int]) -> None:
        n, d = points.shape
        self.centre, self.axes = points.mean(axis=0), principal_axes(points)
        self._points = points
        # Shifting and scaling are rounded relatively to what comes out, entry by entry.
        self.radius = float(row_norms(points - self.centre).max()) or 1.0
        defect = np.abs(self.axes.T @ self.axes - np.eye(d)).sum(axis=1).max()
        self._rounding = 4 * np.sqrt(d) * gamma(d + 16) + 2 * defect + 2 * d * gamma(d)
        self._turned = np.empty((n, d), dtype=np.float32)
        self._rest = {count: np.empty(n, dtype=np.float32) for count in counts}
        step = max(1, _BLOCK_ENTRIES // (4 * d))
        for at in range(0, n, step):
            turned = (points[at : at + step] - self.centre) / self.radius @ self.axes
            self._turned[at : at + step] = turned
            for count, rest in self._rest.items():
                rest[at : at + step] = _rest(turned, count)
        self.use(counts[0])

    def use(self, count: int) -> Leading:
        """Take so many coordinates from now on, one of the ``counts``."""
        self.count = count
        self._rows = np.column_stack([self._turned[:, :count], self._rest[count]])
        self._error = 1.1 * ((count + 12) * _SINGLE + self._rounding) + 1e-9
        return self

    def gaps(self, rows: Rows, vectors: Float) -> Float:
        """The bounds for vectors u (m, d) of the given rows, all roundings included."""
        norms = row_norms(vectors)
        units = vectors / np.where(norms > 0, norms, 1.0)[:, None]
        own = np.einsum("ij,ij->i", units, (self._points[rows] - self.centre) / self.radius)
        turned = units @ self.axes
        leading = np.column_stack([turned[:, : self.count].astype(np.float32), _rest(turned, self.count)])
        top = np.full(len(rows), -np.inf, dtype=np.float32)
        for tile in tiles(len(self._points)):
            products = leading @ self._rows[tile].T
            here = np.flatnonzero((rows >= tile.start) & (rows < tile.stop))
            products[here, rows[here] - tile.start] = -np.inf
            np.maximum(top, products.max(axis=1), out=top)
        return np.asarray((own - top - self._error) * (norms * self.radius))


def _rest(turned: Float, count: int) -> NDArray[np.float32]:
    """Upper bounds of the norms of all coordinates but the first ones, for rows of norm at most about 1."""
    if count == turned.shape[1]:
        return np.zeros(len(turned), dtype=np.float32)
    return (row_norms(turned[:, count:]) * (1 + 1e-6) + 1e-12).astype(np.float32)


def principal_axes(points: Float) -> Float:
    """Orthonormal columns (d, d), up to rounding, by decreasing variance of the points."""
    mean = points.mean(axis=0)
    moments = points.T @ points / len(points) - np.outer(mean, mean)
    return np.ascontiguousarray(np.linalg.eigh(moments)[1][:, ::-1])


def leading_for(points: Float, rows: Rows, vectors: Callable[[Rows], Float]) -> Leading | None:
    """The least costly number of coordinates, judged by a sample of the rows; None if these settle little.

    Rows that are left cost as much as all coordinates do in double precision.
    """
    sample = rows[np.linspace(0, len(rows) - 1, min(len(rows), _SAMPLE)).astype(np.int64)]
    if not sample.size:
        return None
    d, best = points.shape[1], 0
    least = 2.0 * d
    counts = sorted({max(1, d // 8), max(1, d // 4), max(1, d // 2), max(1, 3 * d // 4), d})
    found = Leading(points, counts)
    for count in counts:
        share = float((found.use(count).gaps(sample, vectors(sample)) > 0).mean())
        cost = count + 2.0 * d * (1 - share)
        if share > _WORTH and cost < least:
            least, best = cost, count
    return found.use(best) if best else None


def inside(points: Float, rows: Rows, rng: np.random.Generator) -> Iterator[tuple[int, float]]:
    """Rows that lie in the hull of few other points, each with an upper bound of its distance to it, errors included.

    These are the outermost points of many directions, first some of them. Nothing comes if that fails for most of a sample.
    """
    n, d = points.shape
    if rows.size < _WORTH * n:
        return
    directions = rng.standard_normal((_DIRECTIONS, d))
    outer = np.empty(0, dtype=np.int64)
    for start in range(0, _DIRECTIONS, 100):
        outer = np.union1d(outer, (points @ directions[start : start + 100].T).argmax(axis=0))
    outer = rng.permutation(outer)
    stages = [outer[: 8 * (d + 1)], outer[: max(8 * (d + 1), len(outer) // 4)], outer]
    scale = float(row_norms(points).max())
    sample = rows[np.linspace(0, len(rows) - 1, min(len(rows), 50)).astype(np.int64)]

    def distance(row: int, candidates: Rows) -> float:
        found, error = shortest(points[candidates[candidates != row]] - points[row])
        return float(np.linalg.norm(found)) * (1 + gamma(d + 8)) + error

    if np.mean([distance(int(row), outer) < 1e-11 * scale for row in sample]) < _WORTH:
        return
    for row in rows.tolist():
        found = np.inf
        for candidates in stages:
            found = min(found, distance(row, candidates))
            if found <= 1e-11 * scale:
                break
        yield row, found
