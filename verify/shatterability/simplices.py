"""Lower bounds of depth counts: disjoint simplices around a point, each one proved to contain it."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from verify.hessian.rounding import SLACK, UNIT, gamma
from verify.shatterability.frame import row_norms
from verify.shatterability.guard import Guard
from verify.shatterability.table import first_equal

Float = NDArray[np.float64]
Counts = NDArray[np.int64]

# Systems of nonnegative least squares solved, shared by the points; and for each of them at least so many.
_ATTEMPTS, _LEAST = 40_000, 4


def contains(vertices: Float, point: Float) -> bool:
    """Whether the simplex of d + 1 vertices (d + 1, d) certainly contains the point; False if rounding can't tell.

    The barycentric coordinates c solve B c = (0, 1) with the columns (v_j - x, 1) of B. With an approximate inverse R
    and e = |I - R B| < 1 in the maximum norm, |c - R (0, 1)| <= |R| |residual| / (1 - e): all c > 0 if the computed
    ones exceed that.

    >>> contains(np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]]), np.array([0.2, 0.2]))
    True
    >>> contains(np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]]), np.array([0.5, 0.5]))
    False
    """
    size = len(vertices)
    differences = vertices - point
    scale = float(np.abs(differences).max())
    if scale == 0:
        return False
    B = np.vstack([differences.T / scale, np.ones(size)])
    try:
        R = np.linalg.inv(B)
    except np.linalg.LinAlgError:
        return False
    norm = float(np.abs(R).sum(axis=1).max())
    # Differences and their quotients are each rounded: entries of B are off by at most 2 units, relatively.
    spread = float((np.abs(R) @ np.abs(B)).sum(axis=1).max()) * (gamma(size + 2) + 4 * UNIT) * SLACK
    e = float(np.abs(R @ B - np.eye(size)).sum(axis=1).max()) * SLACK + spread
    if not (math.isfinite(norm) and e < 0.5):
        return False
    c = R[:, -1]
    right = np.zeros(size)
    right[-1] = 1.0
    rounding = (gamma(size + 2) + 4 * UNIT) * (np.abs(B) @ np.abs(c)) + 4 * UNIT
    residual = float((np.abs(B @ c - right) + rounding).max()) * SLACK
    return bool(c.min() > norm * residual / (1 - e) * SLACK)


def disjoint_simplices(
    X: Float,
    upper: Counts,
    *,
    most: int | None = None,
    guard: Guard | None = None,
    seed: int = 0,
    progress: Callable[[str], None] | None = None,
) -> tuple[Counts, tuple[Counts, ...]]:
    """Lower bounds of the depth counts of X (n, d): copies of x_i plus disjoint simplices found around it.

    Parameters
    ----------
    upper : ndarray of int, shape (n,)
        Upper bounds, at which the search stops.
    most : int, optional
        Simplices are sought for no more points than these, the deepest ones.

    Returns
    -------
    lower : ndarray of int, shape (n,)
    simplices : tuple of n arrays of int, shapes (m_i, d + 1)
        Their vertices.
    """
    n, d = X.shape
    simplices = [np.empty((0, d + 1), dtype=np.int64)] * n
    group = first_equal(X)
    lower = np.bincount(group)[group].astype(np.int64)
    rng = np.random.default_rng(seed)
    rows = np.flatnonzero(upper > lower)
    if most is not None and rows.size > most:
        rows = np.sort(rows[np.argsort(-upper[rows], kind="stable")[:most]])
    left = _ATTEMPTS
    for at, row in enumerate(rows.tolist()):
        if guard is not None and guard.over():
            break
        if progress is not None and at % 64 == 0:
            progress(f"depth from below: point {row} of {n}")
        others = np.flatnonzero(group != group[row])
        attempts = max(_LEAST, left // (rows.size - at))
        simplices[row], used = _pack(X, row, others, int(upper[row] - lower[row]), rng, attempts, guard)
        left -= used
        lower[row] += len(simplices[row])
    return np.minimum(lower, upper), tuple(simplices)


def _pack(
    X: Float, row: int, others: Counts, most: int, rng: np.random.Generator, attempts: int, guard: Guard | None
) -> tuple[Counts, int]:
    """The vertices (m, d + 1) of disjoint simplices around x_row that so many greedy attempts find, up to ``most``; and how
    many it took."""
    d = X.shape[1]
    found: list[Counts] = []
    rest = rng.permutation(others)
    size = 4 * (d + 1)
    used = 0
    while used < attempts and len(found) < most and rest.size > d:
        if guard is not None and guard.over():
            break
        used += 1
        part = rest[:size]
        vertices = _around(X[part] - X[row])
        if vertices is not None and contains(X[part[vertices]], X[row]):
            found.append(part[vertices])
            rest = np.delete(rest, vertices)
            rng.shuffle(rest)
        elif part.size == rest.size:
            break
        else:
            size *= 4
    return np.array(found, dtype=np.int64).reshape(-1, d + 1), used


def _around(differences: Float) -> Counts | None:
    """d + 1 of the ``differences`` (m, d) with 0 in their convex hull."""
    # A positive factor for each point doesn't change whether the hull holds 0: unit vectors are conditioned best.
    units = differences / np.abs(differences).max(axis=1, keepdims=True)
    units /= np.linalg.norm(units, axis=1, keepdims=True)
    found = zero_weights(units)
    if found is None:
        return None
    used = np.flatnonzero(found[0])
    return used if found[1] < 1e-9 and used.size == units.shape[1] + 1 else None


def zero_weights(vectors: Float) -> tuple[Float, float] | None:
    """Weights >= 0 with sum 1 of vectors (m, d) whose weighted sum is nearest to 0, up to a factor, and the residual.

    From nonnegative least squares; None where it does not converge.
    """
    from scipy.optimize import nnls

    system = np.vstack([vectors.T, np.ones(len(vectors))])
    right = np.zeros(len(system))
    right[-1] = 1.0
    try:
        weights, residual = nnls(system, right, maxiter=10 * len(vectors) + 100)
    except RuntimeError:
        return None
    return weights, float(residual)


def shortest(differences: Float) -> tuple[Float, float]:
    """The shortest vector of the hull of ``differences`` (m, d), and a bound on the error of its computation."""
    lengths = row_norms(differences)
    nearest = int(lengths.argmin())
    scale = float(lengths[nearest])
    if scale == 0:
        return np.zeros(differences.shape[1]), 0.0
    found = zero_weights(differences / scale)
    if found is None or not found[0].any():  # the nearest point is in the hull
        return differences[nearest], scale * 4 * UNIT
    weights = found[0] / found[0].sum()
    used = np.flatnonzero(weights)
    w = weights[used] @ differences[used]
    # The weights sum to 1 up to their own rounding; the products and the differences are rounded too.
    return w, float(weights[used] @ lengths[used]) * gamma(2 * len(used) + 8)
