"""Neurons as columns: hyperplanes through data points, both sides.

A neuron omega = (w, b) acts on z_i = (x_i, -1) by h_i = max(z_i·omega, 0). Where its hyperplane runs through d affinely
independent points it is an extreme ray of a cell of the arrangement of the data: on a cell, activations are linear in
omega, and so is the cost G_p (see :mod:`verify.shatterability.master`) with the cell's active set. The points on the
hyperplane count as inactive, which makes the cost least; so a bound that holds for these finitely many columns holds for
every neuron, as long as z_i·z_j >= 0 for all i, j.

A network that uses such a column has kinks on data points. It is shifted by a small share of its least activation, away
from them, and the columns here are those of the shifted neurons.

Hyperplanes are found in the coordinates of a :class:`verify.shatterability.frame.Frame`, whose rank is that of the z_i.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain, combinations
from math import comb

import numpy as np
from numpy.typing import NDArray

from verify.shatterability.frame import Frame

Float = NDArray[np.float64]
Rows = NDArray[np.int64]

MOST_COLUMNS = 10**5
_SHIFT = 1e-7
_BLOCK = 4096
# Points on a hyperplane have values below this share of what would make them lie on it; and so many sets are tested exactly.
_CLEAR = 1e-2
_EXACT = 50


@dataclass(frozen=True, eq=False)
class Dictionary:
    """Columns of activations.

    Attributes
    ----------
    omega : ndarray, shape (K, r)
        The neurons in coordinates of a frame, shifted off the points; its ``outer`` gives rows (w_k, b_k).
    H : ndarray, shape (K, n)
        max(w_k·x_i - b_k, 0), one neuron per row; the largest entry of each is 1, up to the shift.
    """

    omega: Float
    H: Float

    @property
    def size(self) -> int:
        """Number of columns K."""
        return len(self.H)

    def take(self, chosen: Rows) -> Dictionary:
        """Some of the columns."""
        return Dictionary(self.omega[chosen], self.H[chosen])

    def join(self, other: Dictionary) -> Dictionary:
        """These columns and others."""
        return Dictionary(np.vstack([self.omega, other.omega]), np.vstack([self.H, other.H]))


def augmented(X: Float) -> Float:
    """Rows z_i = (x_i, -1), shape (n, d + 1)."""
    return np.column_stack([X, np.full(len(X), -1.0)])


def hyperplane_count(points: int, d: int) -> int:
    """Columns of the full dictionary: both sides of each hyperplane through d of the points.

    >>> hyperplane_count(40, 3)
    19760
    """
    return 2 * comb(points, d)


def cofactors(rows: Float) -> tuple[Float, Float]:
    """omega (m, r) with z·omega = det(rows; z) up to sign for rows (m, r - 1, r), r in {2, 3, 4}.

    Also the same sums with absolute values, which bound their rounding errors: by gamma(8) times them.
    """

    return _expand(rows, -1.0), _expand(np.abs(rows), 1.0)


def _expand(a: Float, sign: float) -> Float:
    """The cofactors for sign -1; for +1 the same sums without their signs."""

    def pair(i: int, j: int, k: int, m: int) -> Float:
        return a[:, i, k] * a[:, j, m] + sign * a[:, i, m] * a[:, j, k]

    def triple(i: int, j: int, k: int) -> Float:
        return a[:, 0, i] * pair(1, 2, j, k) + sign * a[:, 0, j] * pair(1, 2, i, k) + a[:, 0, k] * pair(1, 2, i, j)

    r = a.shape[2]
    if r == 2:
        minors = [a[:, 0, 1], a[:, 0, 0]]
    elif r == 3:
        minors = [pair(0, 1, *columns) for columns in ((1, 2), (0, 2), (0, 1))]
    else:
        minors = [triple(*columns) for columns in ((1, 2, 3), (0, 2, 3), (0, 1, 3), (0, 1, 2))]
    return np.stack([sign**i * minor for i, minor in enumerate(minors)], axis=1)


def normals(Z: Float, chosen: Rows) -> Float:
    """Unit omega (m, r) with z_i·omega = 0 for the rows chosen (m, r - 1) of Z (n, r); zero where these are dependent."""
    r = Z.shape[1]
    rows = Z[chosen]
    if r <= 4:
        omega, size = cofactors(rows)
        sure = np.linalg.norm(omega, axis=1) > 1e-13 * np.linalg.norm(size, axis=1)
    else:
        omega, sure = np.empty((len(rows), r)), np.empty(len(rows), dtype=bool)
        for start in range(0, len(rows), _BLOCK):
            _, values, vectors = np.linalg.svd(rows[start : start + _BLOCK])
            omega[start : start + _BLOCK] = vectors[:, -1]
            sure[start : start + _BLOCK] = values[:, -1] > 1e-12 * values[:, 0]
    length = np.linalg.norm(omega, axis=1)
    sure &= length > 0
    return np.where(sure[:, None], omega / np.where(sure, length, 1.0)[:, None], 0.0)


def neurons(frame: Frame, omega: Float) -> Dictionary:
    """Both sides of hyperplanes omega (m, r), shifted off the points on them; sides without points are left out."""
    values = omega @ frame.coordinates.T
    values = np.vstack([values, -values])
    both = np.vstack([omega, -omega])
    top = values.max(axis=1, initial=0.0)
    # What is below this share of the largest value, on either side, is taken for zero: the point lies on the hyperplane.
    least = frame.blur * np.abs(values).max(axis=1, initial=0.0)
    live = np.flatnonzero(top > least)
    top = top[live, None]
    values, both, active = values[live] / top, both[live] / top, values[live] > least[live, None]
    shift = _SHIFT * np.where(active, values, np.inf).min(axis=1, initial=np.inf)
    values -= shift[:, None]
    values[~active] = 0.0
    both += shift[:, None] * frame.inner(np.eye(1, frame.points.shape[1] + 1, frame.points.shape[1]))
    return Dictionary(both, values)


def hyperplane_dictionary(X: Float, most: int = MOST_COLUMNS) -> Dictionary:
    """All columns of X (n, d), through as many independent points as their affine hull has dimensions, in its frame.

    Raises
    ------
    ValueError
        If there are more than ``most``, or all points are equal.

    Examples
    --------
    >>> hyperplane_dictionary(np.array([[0.0], [1.0], [3.0]])).size
    4
    """
    frame = Frame.of(X)
    _, first = np.unique(X + 0.0, axis=0, return_index=True)
    if len(first) < 2:
        raise ValueError("X must hold at least two distinct points")
    found = hyperplanes(frame.coordinates[first], most)
    if isinstance(found, int):
        raise ValueError(f"X must give at most {most} hyperplanes, got {found} from {len(first)} distinct points")
    return neurons(frame, found)


def tells_apart(frame: Frame, X: Float, most: int = MOST_COLUMNS) -> bool:
    """Whether float64 knows the points on each hyperplane through points of X (n, d): what rests on the list of all.

    No point may be so near to one that rounding decides; where more points lie on one than any would hold, some of these are
    tested exactly.
    """
    _, first = np.unique(X + 0.0, axis=0, return_index=True)
    omega = hyperplanes(frame.coordinates[first], most)
    if isinstance(omega, int) or not frame.sure:
        return False
    r = frame.rank
    crowded: list[Rows] = []
    for start in range(0, len(omega), _BLOCK):
        share = np.abs(omega[start : start + _BLOCK] @ frame.coordinates[first].T)
        share /= share.max(axis=1, keepdims=True)
        if ((share > _CLEAR * frame.blur) & (share <= frame.blur)).any():
            return False
        on_plane = share <= frame.blur
        crowded += [first[row] for row in on_plane[on_plane.sum(axis=1) >= r][: _EXACT - len(crowded)]]
    return not any(frame.independent(rows[:r]) for rows in crowded)


def hyperplanes(points: Float, most: int) -> Float | int:
    """Unit normals (K, r) of all hyperplanes through r - 1 independent ones of the distinct coordinates ``points`` (m, r).

    If there are more than ``most`` columns, their number instead.
    """
    m, r = points.shape
    count = hyperplane_count(m, r - 1)
    if count > most:
        return count
    if r == 1:
        return np.ones((1, 1))
    every = chain.from_iterable(combinations(range(m), r - 1))
    omega = normals(points, np.fromiter(every, dtype=np.int64, count=count // 2 * (r - 1)).reshape(-1, r - 1))
    return np.asarray(omega[omega.any(axis=1)])
