"""All patterns of points on which a neuron can be active, and the largest response to them.

On the cone of neurons omega with active points S, alpha'h = omega·g with g = sum over S of alpha_i z_i. With s_i = 1 on S and
-1 off it, s_i z_i·omega >= 0 there; so for every t >= 0

    alpha'h  <=  omega·(g + sum_i s_i t_i z_i)  <=  |g + sum_i s_i t_i z_i|   for unit vectors omega of the cone,

and the least right side, a problem of nonnegative least squares, is attained: by the projection of g on the cone. Other lengths
|R omega| in the place of |omega| are a change of coordinates.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

import numpy as np
from numpy.typing import NDArray

from verify.shatterability.dictionary import MOST_COLUMNS, hyperplanes, tells_apart
from verify.shatterability.frame import Frame
from verify.shatterability.guard import Guard

Float = NDArray[np.float64]
Patterns = NDArray[np.bool_]
Lengths = Callable[[Patterns], Float]

_MOST_COPIES = 16
_MOST_ENTRIES = 2 * 10**8
_BLOCK_ENTRIES = 2**21
_STEPS = 4


def activation_patterns(X: Float, most: int = MOST_COLUMNS) -> Patterns | None:
    """Every set of points of X (n, d) on which a neuron can be active, (C, n); None if they can't be listed or told apart.

    Each cell of the arrangement of the hyperplanes z_i·omega = 0 has an edge: a normal of as many independent points as
    their affine hull has dimensions. So all cells are found around these, with the points on the hyperplane on either
    side; sets that no neuron has may be among them.

    Parameters
    ----------
    X : ndarray, shape (n, d)
    most : int
        Hyperplanes that may be listed, both sides counted.

    Examples
    --------
    >>> activation_patterns(np.array([[0.0], [1.0], [2.0]])).astype(int).tolist()
    [[0, 0, 0], [0, 0, 1], [0, 1, 1], [1, 0, 0], [1, 1, 0], [1, 1, 1]]
    """
    _, chosen, inverse = np.unique(X + 0.0, axis=0, return_index=True, return_inverse=True)
    frame = Frame.of(X)
    points = frame.coordinates[chosen]
    omega = hyperplanes(points, most)
    if isinstance(omega, int) or not tells_apart(frame, X, most):
        return None
    values = omega @ points.T
    # Rows nearer to a hyperplane than this share of their length may lie on either side of it.
    on_plane = np.abs(values) <= frame.blur * np.linalg.norm(points, axis=1)
    counts = on_plane.sum(axis=1)
    size = float(np.sum(2.0 ** (counts + 1)))
    if size > _MOST_COPIES * most or size * len(X) > _MOST_ENTRIES:
        return None
    parts = []
    for count in np.unique(counts).tolist():
        rows = np.flatnonzero(counts == count)
        free = np.nonzero(on_plane[rows])[1].reshape(rows.size, count)
        for sides in product((False, True), repeat=count):
            active = values[rows] > 0
            np.put_along_axis(active, free, np.array(sides)[None, :], axis=1)
            parts += [active, ~active]
    every = np.vstack(parts)
    _, first = np.unique(np.packbits(every, axis=1), axis=0, return_index=True)
    return np.asarray(every[first][:, np.ravel(inverse)])


def largest_response(
    patterns: Patterns,
    Z: Float,
    alpha: Float,
    limit: float,
    lengths: Lengths | None = None,
    guard: Guard | None = None,
) -> tuple[float, Float]:
    """An upper bound of max |alpha'h| over all unit neurons, at least ``limit``; and neurons that may exceed that.

    Parameters
    ----------
    patterns : ndarray of bool, shape (C, n)
        All sets of active points.
    Z : ndarray, shape (n, r)
    alpha : ndarray, shape (n,)
    limit : float
        Patterns that stay below it are not looked at more closely.
    lengths : callable, optional
        From patterns (m, n), upper triangular matrices R (m, r, r): a neuron omega with that pattern has the length |R omega|.
        By default |omega|.
    guard : Guard, optional
        Once it is over patterns are not looked at more closely: the bound holds, and is wide.

    Returns
    -------
    top : float
    omega : ndarray, shape (m, r)
        Distinct vectors of norm 1, where the patterns with bounds above ``limit`` respond most.
    """
    from scipy.optimize import nnls

    guard = Guard() if guard is None else guard
    step = max(1, _BLOCK_ENTRIES // (len(Z) if lengths is None else Z.size))
    top, found = limit, [np.empty((0, Z.shape[1]))]
    for start in range(0, len(patterns), step):
        block = patterns[start : start + step]
        # In coordinates R omega the length is the norm, and each z_i is inverse(R)' z_i.
        root = np.eye(Z.shape[1])[None] if lengths is None else lengths(block)
        turned = np.swapaxes(
            np.linalg.solve(np.swapaxes(root, 1, 2), np.broadcast_to(Z.T, (len(root), *Z.T.shape))), 1, 2
        )
        unit = turned / np.linalg.norm(turned, axis=2, keepdims=True)
        for sign in (1.0, -1.0):
            rows = np.arange(len(block))
            faces = np.where(block, 1.0, -1.0)[:, :, None] * unit
            pull = np.einsum("cn,cnr->cr", block * (sign * alpha), np.broadcast_to(turned, (len(block), *Z.shape)))
            bound = pull.copy()
            for turn in range(_STEPS + 1):
                above = np.linalg.norm(bound, axis=1) > limit
                rows, faces, pull, bound = rows[above], faces[above], pull[above], bound[above]
                if not len(rows) or turn == _STEPS or guard.over():
                    break
                # Raise the t of the constraint that is violated most.
                slack = np.einsum("cnr,cr->cn", faces, bound)
                worst = slack.argmin(axis=1)
                each = np.arange(len(rows))
                bound -= np.minimum(slack[each, worst], 0.0)[:, None] * faces[each, worst]
            for at, row in enumerate(rows.tolist()):
                if guard.over():
                    top = max(top, float(np.linalg.norm(bound[at:], axis=1).max()))
                    break
                tight = np.empty(0, dtype=np.int64)
                try:
                    t = nnls(faces[at].T, -pull[at])[0]
                    bound[at] = pull[at] + t @ faces[at]
                    tight = np.flatnonzero(t)
                except RuntimeError:  # it did not converge; what there is bounds all the same
                    pass
                norm = float(np.linalg.norm(bound[at]))
                if norm > limit:
                    top = max(top, norm)
                    omega = np.linalg.solve(root[row % len(root)], bound[at])
                    if lengths is not None and tight.size:
                        # Back on the faces of the cone, from which a nearly singular R has led by rounding.
                        basis = np.linalg.qr(Z[tight].T)[0]
                        omega -= basis @ (basis.T @ omega)
                    found.append(omega[None] / max(float(np.linalg.norm(omega)), 1e-300))
    over = np.vstack(found)
    # Cells that meet in a face may have their maximum there, all the same one.
    _, first = np.unique(np.round(over, 9), axis=0, return_index=True)
    return top, over[first]
