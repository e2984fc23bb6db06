"""Which points are extreme: Frank-Wolfe steps for all points at once, by matrix products.

The margin of x_i is the norm of the shortest vector of the convex hull of {x_i - x_j : j != i}. Any w in that hull
bounds it from above by |w|, and, since every x_i - x_j has an inner product with u of at least
s = min_j u·(x_i - x_j), from below by s / |u|, for any u. A Frank-Wolfe step goes from w towards the minimising x_i - x_j.

The steps are made, and u = w is taken, for points in units of their own (see :mod:`verify.shatterability.frame`): which of
them are extreme does not depend on units. The bounds are those of the distances as given.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from verify.hessian.rounding import UNIT, gamma
from verify.shatterability.frame import Frame, row_norms
from verify.shatterability.guard import Guard

Float = NDArray[np.float64]

_BLOCK_ENTRIES = 2**25
# Beyond so many points, products are made in tiles that stay in the cache.
_MANY, _TILE = 2**14, (512, 2048)


@dataclass(frozen=True, eq=False)
class Screening:
    """Bounds of the margins found so far.

    Attributes
    ----------
    lower, upper : ndarray, shape (n,)
        Certified bounds of dist(x_i, conv of the other points); the lower one is 0 where no direction separates.
    directions : ndarray, shape (n, d)
        Unit vectors that give the lower bounds; zero rows where that is 0.
    vectors : ndarray, shape (n, d)
        The last iterates w, in the units of the frame.
    rounds : int
        Frank-Wolfe steps made; -1 before the first look at the vectors of the start.
    todo, moved, closed : ndarray of bool, shape (n,)
        Rows that are still to be looked at in this round; whose vector and direction are no longer those of the start, x_i less
        the mean of the others; and that are known to lie in the hull of the others.
    """

    lower: Float
    upper: Float
    directions: Float
    vectors: Float
    rounds: int
    todo: NDArray[np.bool_]
    moved: NDArray[np.bool_]
    closed: NDArray[np.bool_]

    @classmethod
    def begin(cls, points: Float, closed: NDArray[np.bool_]) -> Screening:
        """The state before anything is known of points (n, d) but that the ``closed`` ones lie in the hull of the others."""
        n = len(points)
        upper = np.where(closed, 0.0, np.inf)
        vectors = start_vectors(points)
        return cls(np.zeros(n), upper, np.zeros_like(points), vectors, -1, ~closed, np.zeros(n, dtype=bool), closed)


def start_vectors(points: Float) -> Float:
    """x_i less the mean of the others, for points (n, d)."""
    # A mean has as many terms as there are points: without fsum it is off by more than the steps of the screening are.
    total = np.array([math.fsum(column.tolist()) for column in points.T])
    return np.asarray(points - (total - points) / (len(points) - 1))


def block_rows(n: int) -> int:
    """How many directions are multiplied with n points at once."""
    return _TILE[0] if n > _MANY else max(1, min(4096, _BLOCK_ENTRIES // n))


def tiles(n: int) -> list[slice]:
    """Into which parts n points are cut for these products."""
    width = _TILE[1] if n > _MANY else n
    return [slice(at, min(at + width, n)) for at in range(0, n, width)]


def support_gaps(points: Float, rows: NDArray[np.int64], vectors: Float) -> tuple[Float, NDArray[np.int64]]:
    """min over j != i of w·(x_i - x_j) and a minimiser j, for each of the given rows i with its w (m, d)."""
    at = np.arange(len(rows))
    own, top = np.empty(len(rows)), np.full(len(rows), -np.inf)
    best = np.zeros(len(rows), dtype=np.int64)
    for tile in tiles(len(points)):
        products = vectors @ points[tile].T
        here = (rows >= tile.start) & (rows < tile.stop)
        own[here] = products[at[here], rows[here] - tile.start]
        products[at[here], rows[here] - tile.start] = -np.inf
        found = products.argmax(axis=1)
        larger = products[at, found] > top
        top[larger], best[larger] = products[at, found][larger], found[larger] + tile.start
    return own - top, best


def separation(
    points: Float, rows: NDArray[np.int64], vectors: Float, radius: float, factor: Float
) -> tuple[Float, Float, NDArray[np.int64]]:
    """Lower bounds of the margins of ``rows`` from vectors w (m, d), the unit directions, and the minimisers j.

    ``points`` (n, d) have norms of at most ``radius``; margins and directions are those of factor * points.
    """
    gaps, best = support_gaps(points, rows, vectors)
    d = points.shape[1]
    outer = vectors / factor
    norms = row_norms(outer)
    safe = np.where(norms > 0, norms, 1.0)
    # Two products, each off by at most gamma(d) |w| times the radius, and a few more roundings.
    error = row_norms(vectors) * (radius * (2 * gamma(d + 6) + 8 * UNIT))
    bounds = np.where(norms > 0, (gaps - error) / safe, 0.0)
    # Relative errors of the norm and the quotient; and no less than what underflow may have added.
    bounds = np.where(bounds > 1e-290, bounds * (1 - gamma(d + 16)), 0.0)
    return bounds, outer / safe[:, None], best


def screen(
    frame: Frame,
    rounds: int = 12,
    guard: Guard | None = None,
    progress: Callable[[str], None] | None = None,
    start: Screening | None = None,
    keep: Callable[[Screening], None] | None = None,
) -> Screening:
    """Frank-Wolfe from x_i minus the mean of the others, for every point, until a direction separates it.

    Parameters
    ----------
    frame : Frame
        Of n >= 2 points.
    rounds : int
        Most steps for a point.
    guard : Guard, optional
        Once it is over no further block is started.
    progress : callable, optional
        Told in words what is under way.
    start : Screening, optional
        Where an interrupted screening of the same points stood.
    keep : callable, optional
        Given the state after every block.

    Examples
    --------
    >>> found = screen(Frame.of(np.array([[0.0], [1.0], [3.0]])))
    >>> (found.lower > 0).tolist()
    [True, False, True]
    """
    points, factor, radius = frame.points, frame.factor, frame.radius
    n, d = points.shape
    if start is None:
        start = Screening.begin(points, np.zeros(n, dtype=bool))
    lower, upper, directions, vectors = start.lower, start.upper, start.directions, start.vectors
    todo, moved = start.todo.copy(), start.moved
    first = max(start.rounds, 0)
    step = block_rows(n)
    # Every step adds less than 16 units of the radius to the error of w; steps repeated after interruptions have room too.
    drift = float(factor.max()) * radius * (64 * (rounds + 2) + d) * UNIT
    slack = 1 + gamma(d + 16)
    turn = first

    def state(turn: int) -> Screening:
        return replace(start, upper=np.maximum(upper, lower), todo=todo, rounds=turn)

    for turn in range(first, rounds + 1):
        if turn > first:
            todo[:] = ~(lower > 0) & ~start.closed
        open_rows = np.flatnonzero(todo)
        for at in range(0, len(open_rows), step):
            if at + turn and guard is not None and guard.over():
                break
            if progress is not None:
                progress(f"screening, step {turn}: {at} of {len(open_rows)} points")
            rows = open_rows[at : at + step]
            w = vectors[rows]
            bound, units, best = separation(points, rows, w, radius, factor)
            better = bound > lower[rows]
            chosen = rows[better]
            lower[chosen], directions[chosen] = bound[better], units[better]
            upper[rows] = np.minimum(upper[rows], row_norms(w * factor) * slack + drift)
            go = ~(lower[rows] > 0)
            rows, w, toward = rows[go], w[go], points[rows[go]] - points[best[go]]
            difference = w - toward
            square = np.einsum("ij,ij->i", difference, difference)
            share = np.einsum("ij,ij->i", w, difference) / np.where(square > 0, square, 1.0)
            vectors[rows] = w - np.clip(share, 0.0, 1.0)[:, None] * difference
            moved[rows] = True
            todo[open_rows[at : at + step]] = False
            if keep is not None:
                keep(state(turn))
        if ((lower > 0) | start.closed).all() or (turn < rounds and guard is not None and guard.over()):
            break
    # Rows that no block reached have w as a point of the hull all the same.
    np.minimum(upper, row_norms(vectors * factor) * slack + drift, out=upper)
    return state(turn)
