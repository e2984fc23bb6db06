"""Exact Tukey depth counts on the line and in the plane.

The count of x_i is the least number of points in a closed half-plane that contains x_i; its boundary may be taken
through x_i. With y_j = x_j - x_i, that is the number of points equal to x_i plus m - M, where m is the number of the
others and M the largest number of them in an open half-circle of directions. An open half-circle can be turned until
it starts just before one of them, so M is the largest number of directions in [theta_s, theta_s + pi).

Angles of float64 differences have errors below 1e-15. Windows whose ends are nearer than ``_DOUBT`` to a direction are
decided by signs of exact rational cross products, where they matter.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]
Counts = NDArray[np.int64]

_DOUBT = 1e-14


def line_depth(x: Float) -> Counts:
    """min(#{x_j <= x_i}, #{x_j >= x_i}) for every point of the line, shape (n,).

    >>> line_depth(np.array([3.0, 1.0, 2.0, 2.0])).tolist()
    [1, 1, 3, 3]
    """
    ordered = np.sort(x)
    below = np.searchsorted(ordered, x, side="right")
    above = len(x) - np.searchsorted(ordered, x, side="left")
    return np.minimum(below, above).astype(np.int64)


def plane_depth(X: Float) -> Counts:
    """Depth counts of every point of the plane, X (n, 2), in O(n log n) each.

    >>> square = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0], [0.5, 0.5]])
    >>> plane_depth(square).tolist()
    [1, 1, 1, 1, 3]
    """
    return np.array([_count(X, i) for i in range(len(X))], dtype=np.int64)


def _count(X: Float, i: int) -> int:
    differences = X - X[i]
    rows = np.flatnonzero(differences.any(axis=1))
    m = rows.size
    equal = len(X) - m
    if m == 0:
        return equal
    angles = np.arctan2(differences[rows, 1], differences[rows, 0])
    order = np.argsort(angles)
    angles, rows = angles[order], rows[order]
    turned = np.concatenate([angles, angles + 2 * np.pi])
    sure = np.searchsorted(turned, angles + np.pi - _DOUBT, side="left") - np.arange(m)
    # All that could lie in the window, those just before its start included (their order may be wrong).
    early = np.concatenate([angles - 2 * np.pi, turned])
    possible = np.searchsorted(early, angles + np.pi + _DOUBT, side="right") - np.searchsorted(
        early, angles - _DOUBT, side="left"
    )
    best = int(sure.max())
    for s in np.flatnonzero(possible > best).tolist():
        if possible[s] > best:
            best = max(best, _window(X, i, int(rows[s]), rows, angles - angles[s]))
    return equal + m - best


def _window(X: Float, i: int, start: int, rows: NDArray[np.int64], turn: Float) -> int:
    """How many directions lie in [theta, theta + pi) for the theta of row ``start``, without error."""
    turn = np.mod(turn, 2 * np.pi)
    from_start = np.minimum(turn, 2 * np.pi - turn)
    doubtful = (from_start < 4 * _DOUBT) | (np.abs(turn - np.pi) < 4 * _DOUBT)
    count = int(((turn < np.pi) & ~doubtful).sum())
    origin = [Fraction(value) for value in X[i].tolist()]
    p, q = (Fraction(value) - o for value, o in zip(X[start].tolist(), origin, strict=True))
    for j in rows[doubtful].tolist():
        r, s = (Fraction(value) - o for value, o in zip(X[j].tolist(), origin, strict=True))
        cross = p * s - q * r
        count += cross > 0 or (cross == 0 and p * r + q * s > 0)
    return count
