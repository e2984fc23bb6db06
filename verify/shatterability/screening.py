"""Which points are extreme: Frank-Wolfe steps for all points at once, by matrix products.

The margin of x_i is the norm of the shortest vector of the convex hull of {x_i - x_j : j != i}. Any w in that hull
bounds it from above by |w|, and, since every x_i - x_j has an inner product with w of at least
s = min_j w·(x_i - x_j), from below by s / |w|. A Frank-Wolfe step goes from w towards the minimising x_i - x_j.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from verify.hessian.rounding import SLACK, UNIT, gamma

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
        The last iterates w.
    rounds : int
        Frank-Wolfe steps made.
    """

    lower: Float
    upper: Float
    directions: Float
    vectors: Float
    rounds: int


def centred_points(X: Float) -> tuple[Float, float]:
    """Points minus their mean, and the largest norm, rounded up; margins don't change."""
    points = X - X.mean(axis=0)
    return points, float(np.sqrt(np.einsum("ij,ij->i", points, points).max())) * SLACK


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


def screen(
    X: Float,
    rounds: int = 12,
    deadline: float = math.inf,
    progress: Callable[[str], None] | None = None,
    start: Screening | None = None,
    keep: Callable[[Screening], None] | None = None,
) -> Screening:
    """Frank-Wolfe from x_i minus the mean of the others, for every point, until a direction separates it.

    Parameters
    ----------
    X : ndarray, shape (n, d)
        n >= 2 points.
    rounds : int
        Most steps for a point.
    deadline : float
        Value of time.monotonic() after which no further block is started.
    progress : callable, optional
        Told in words what is under way.
    start : Screening, optional
        Where an interrupted screening of the same points stood.
    keep : callable, optional
        Given the state after every block.

    Examples
    --------
    >>> found = screen(np.array([[0.0], [1.0], [3.0]]))
    >>> (found.lower > 0).tolist()
    [True, False, True]
    """
    n, d = X.shape
    points, radius = centred_points(X)
    # Centring and the products: each x_i - x_j is off by less than 4 units of the radius, each product by gamma(d + 2).
    if start is None:
        # The mean of the others is at -x_i / (n - 1) in centred coordinates.
        vectors = points * (n / (n - 1))
        lower, upper, directions = np.zeros(n), np.full(n, np.inf), np.zeros_like(points)
    else:
        vectors, lower, upper = start.vectors.copy(), start.lower.copy(), start.upper.copy()
        directions = start.directions.copy()
    first = 0 if start is None else start.rounds
    open_rows = np.flatnonzero(~(lower > 0))
    step = block_rows(n)
    # Every step adds less than 8 units of the radius to the error of w; steps repeated after interruptions have room too.
    drift = radius * (64 * (rounds + 2) + d) * UNIT
    turn = first

    def state(turn: int) -> Screening:
        return Screening(lower, np.maximum(upper, lower), directions, vectors, turn)

    for turn in range(first, rounds + 1):
        left = []
        for at in range(0, len(open_rows), step):
            if time.monotonic() > deadline and at + turn:
                left.append(open_rows[at:])
                break
            if progress is not None:
                progress(f"screening, step {turn}: {at} of {len(open_rows)} points")
            rows = open_rows[at : at + step]
            w = vectors[rows]
            norms = np.linalg.norm(w, axis=1)
            gaps, best = support_gaps(points, rows, w)
            safe = np.where(norms > 0, norms, 1.0)
            bound = (gaps / safe - radius * (2 * gamma(d + 6) + 8 * UNIT)) / SLACK_NORM
            better = (bound > lower[rows]) & (norms > 0)
            chosen = rows[better]
            lower[chosen], directions[chosen] = bound[better], w[better] / safe[better, None]
            upper[rows] = np.minimum(upper[rows], norms * SLACK_NORM + drift)
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
        if not open_rows.size or time.monotonic() > deadline:
            break
    # Rows that no block reached have w as a point of the hull all the same.
    upper = np.minimum(upper, np.linalg.norm(vectors, axis=1) * SLACK_NORM + drift)
    return state(turn)


# Norms are computed with a relative error below this.
SLACK_NORM = 1.0 + 1e-13
