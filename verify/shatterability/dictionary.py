"""Neurons as columns: hyperplanes through data points, both sides.

A neuron omega = (w, b) acts on z_i = (x_i, -1) by h_i = max(z_i·omega, 0). Where its hyperplane runs through d affinely
independent points it is an extreme ray of a cell of the arrangement of the data: on a cell, activations are linear in
omega, and so is the cost G_p (see :mod:`verify.shatterability.master`) with the cell's active set. The points on the
hyperplane count as inactive, which makes the cost least; so a bound that holds for these finitely many columns holds for
every neuron, as long as z_i·z_j >= 0 for all i, j.

A network that uses such a column has kinks on data points. It is shifted by a small share of its least activation, away
from them, and the columns here are those of the shifted neurons.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain, combinations
from math import comb

import numpy as np
from numpy.typing import NDArray

__all__ = ["Dictionary", "augmented", "cofactors", "hyperplane_count", "hyperplane_dictionary", "neurons", "normals"]

Float = NDArray[np.float64]
Rows = NDArray[np.int64]

_SHIFT = 1e-7
# Preactivations below this share of the column's largest are taken for zero: the point lies on the hyperplane.
_ON_PLANE = 1e-11
_BLOCK = 4096


@dataclass(frozen=True, eq=False)
class Dictionary:
    """Columns of activations.

    Attributes
    ----------
    omega : ndarray, shape (K, d + 1)
        Rows (w_k, b_k), shifted off the points.
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

    def expand(a: Float) -> Float:
        r = a.shape[2]
        if r == 2:
            return np.stack([a[:, 0, 1], -a[:, 0, 0]], axis=1)
        if r == 3:
            return np.stack([_minor2(a, 1, 2), -_minor2(a, 0, 2), _minor2(a, 0, 1)], axis=1)
        columns = ((1, 2, 3), (0, 2, 3), (0, 1, 3), (0, 1, 2))
        return np.stack([(-1) ** i * _minor3(a, *c) for i, c in enumerate(columns)], axis=1)

    return expand(rows), np.abs(_with_plus(np.abs(rows)))


def _minor2(a: Float, i: int, j: int) -> Float:
    return a[:, 0, i] * a[:, 1, j] - a[:, 0, j] * a[:, 1, i]


def _minor3(a: Float, i: int, j: int, k: int) -> Float:
    return (
        a[:, 0, i] * (a[:, 1, j] * a[:, 2, k] - a[:, 1, k] * a[:, 2, j])
        - a[:, 0, j] * (a[:, 1, i] * a[:, 2, k] - a[:, 1, k] * a[:, 2, i])
        + a[:, 0, k] * (a[:, 1, i] * a[:, 2, j] - a[:, 1, j] * a[:, 2, i])
    )


def _with_plus(a: Float) -> Float:
    """The sums of `cofactors` with every sign positive (permanents), for nonnegative rows."""
    r = a.shape[2]
    if r == 2:
        return a[:, 0, ::-1].copy()
    result = np.empty((len(a), r))
    for i in range(r):
        c = [j for j in range(r) if j != i]
        if r == 3:
            result[:, i] = a[:, 0, c[0]] * a[:, 1, c[1]] + a[:, 0, c[1]] * a[:, 1, c[0]]
        else:
            result[:, i] = sum(
                a[:, 0, c[p]] * (a[:, 1, c[q]] * a[:, 2, c[s]] + a[:, 1, c[s]] * a[:, 2, c[q]])
                for p, q, s in ((0, 1, 2), (1, 0, 2), (2, 0, 1))
            )
    return result


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


def neurons(Z: Float, omega: Float) -> Dictionary:
    """Both sides of hyperplanes omega (m, d + 1), shifted off the points on them; sides without points are left out.

    Z (n, d + 1) are the rows z_i.
    """
    values = omega @ Z.T
    values = np.vstack([values, -values])
    both = np.vstack([omega, -omega])
    top = values.max(axis=1, initial=0.0)
    live = np.flatnonzero(top > _ON_PLANE * np.abs(values).max(axis=1, initial=0.0))
    values, both = values[live] / top[live, None], both[live] / top[live, None]
    active = values > _ON_PLANE
    shift = _SHIFT * np.where(active, values, np.inf).min(axis=1, initial=np.inf)
    values -= shift[:, None]
    values[~active] = 0.0
    both[:, -1] += shift  # z·(w, b + shift) = z·(w, b) - shift: the last entry of z is -1
    return Dictionary(both, values)


def hyperplane_dictionary(X: Float, most: int = 10**5) -> Dictionary:
    """All columns of X (n, d), through as many independent points as their affine hull has dimensions.

    Raises
    ------
    ValueError
        If there are more than ``most``, or all points are equal.

    Examples
    --------
    >>> hyperplane_dictionary(np.array([[0.0], [1.0], [3.0]])).size
    4
    """
    Z = augmented(np.unique(X + 0.0, axis=0))
    basis = _span(Z)
    r = basis.shape[1]
    if r < 2:
        raise ValueError("X must hold at least two distinct points")
    count = hyperplane_count(len(Z), r - 1)
    if count > most:
        raise ValueError(f"X must give at most {most} hyperplanes, got {count} from {len(Z)} distinct points")
    every = chain.from_iterable(combinations(range(len(Z)), r - 1))
    chosen = np.fromiter(every, dtype=np.int64, count=count // 2 * (r - 1)).reshape(-1, r - 1)
    omega = normals(Z if r == Z.shape[1] else Z @ basis, chosen)
    omega = omega[omega.any(axis=1)]
    return neurons(augmented(X), omega if r == Z.shape[1] else omega @ basis.T)


def _span(Z: Float) -> Float:
    """An orthonormal basis (d + 1, r) of the span of the rows."""
    _, values, vectors = np.linalg.svd(Z, full_matrices=False)
    rank = int((values > 1e-12 * values[0]).sum())
    return np.asarray(vectors[:rank].T)
