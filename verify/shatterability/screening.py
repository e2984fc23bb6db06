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
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from verify.hessian.rounding import UNIT, gamma
from verify.shatterability.frame import Frame, row_norms
from verify.shatterability.guard import Guard

Float = NDArray[np.float64]

_BLOCK_ENTRIES = 2**25


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
        Frank-Wolfe steps made.
    """

    lower: Float
    upper: Float
    directions: Float
    vectors: Float
    rounds: int


def block_rows(n: int) -> int:
    """How many directions are multiplied with n points at once."""
    return max(1, min(4096, _BLOCK_ENTRIES // n))


def support_gaps(points: Float, rows: NDArray[np.int64], vectors: Float) -> tuple[Float, NDArray[np.int64]]:
    """min over j != i of w·(x_i - x_j) and a minimiser j, for each of the given rows i with its w (m, d)."""
    products = vectors @ points.T
    at = np.arange(len(rows))
    own = products[at, rows]
    products[at, rows] = -np.inf
    best = products.argmax(axis=1)
    return own - products[at, best], best


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
        # A mean has as many terms as there are points: without fsum it is off by more than the steps below are.
        total = np.array([math.fsum(column) for column in points.T.tolist()])
        vectors = points - (total - points) / (n - 1)
        lower, upper, directions = np.zeros(n), np.full(n, np.inf), np.zeros_like(points)
    else:
        vectors, lower, upper = start.vectors.copy(), start.lower.copy(), start.upper.copy()
        directions = start.directions.copy()
    first = 0 if start is None else start.rounds
    open_rows = np.flatnonzero(~(lower > 0))
    step = block_rows(n)
    # Every step adds less than 16 units of the radius to the error of w; steps repeated after interruptions have room too.
    drift = float(factor.max()) * radius * (64 * (rounds + 2) + d) * UNIT
    slack = 1 + gamma(d + 16)
    turn = first

    def state(turn: int) -> Screening:
        return Screening(lower, np.maximum(upper, lower), directions, vectors, turn)

    for turn in range(first, rounds + 1):
        left = []
        for at in range(0, len(open_rows), step):
            if at + turn and guard is not None and guard.over():
                left.append(open_rows[at:])
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
            left.append(rows)
            if keep is not None:
                keep(state(turn))
        open_rows = np.concatenate(left) if left else open_rows
        if not open_rows.size or (turn < rounds and guard is not None and guard.over()):
            break
    # Rows that no block reached have w as a point of the hull all the same.
    upper = np.minimum(upper, row_norms(vectors * factor) * slack + drift)
    return state(turn)
