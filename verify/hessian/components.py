"""Blocks of the Hessian: one per connected component of the activation graph (points and neurons, joined where active).

Only the output bias couples components: H = [[diag(H_b), g], [g', one^2]] with H_b = J_b'J_b / n + D_b and
g_b = one J_b'1 / n. Disjoint packings have one neuron per component, and everything costs as much as the active pairs.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse
from numpy.typing import NDArray
from scipy.sparse.csgraph import connected_components

from verify.hessian.cholesky import work_for_data
from verify.hessian.problem import Problem
from verify.hessian.rounding import SLACK, TINY, gamma

# Numbers held at once while outer products are summed (64 MiB).
_CHUNK = 2**23


@dataclass(frozen=True)
class Blocks:
    """All components with the same number of neurons, m of them, p = neurons * (d + 2) parameters each.

    Attributes
    ----------
    neurons : (m, k) indices into the live neurons
    H (m, p, p), g (m, p) : as computed; parameters ordered omega of all neurons, then v
    H_error, g_error : (m,) bounds on the norms of exact minus computed, for the computed c_k
    """

    neurons: NDArray[np.int64]
    H: NDArray[np.float64]
    g: NDArray[np.float64]
    H_error: NDArray[np.float64]
    g_error: NDArray[np.float64]


def blocks_if_cheap(problem: Problem) -> list[Blocks] | None:
    """The blocks where they cost less than the dense n x n certificate, or where that one is out of reach."""
    if not (problem.sparse or problem.size <= problem.n):
        return None
    # Small eigenproblems run at about a hundredth of the speed per cubed size of one large product.
    limit = 4e10 if problem.n > 4096 else work_for_data(problem) / 100
    return build_blocks(problem, cost_limit=limit)


def build_blocks(problem: Problem, *, largest: int = 1500, cost_limit: float = 4e10) -> list[Blocks] | None:
    """The blocks, or None where a component has more than ``largest`` parameters or all cost too much."""
    if problem.backend.name != "numpy":
        return None
    k = problem.live_count
    if k == 0:
        return []
    # A point joins all neurons that are active at it: too large a component shows without the graph, which takes memory.
    active = problem.A.count_nonzero(axis=1) if problem.sparse else np.count_nonzero(problem.A, axis=1)
    if int(active.max()) * (problem.width + 1) > largest:
        return None
    A = scipy.sparse.csr_array(problem.A)
    graph = scipy.sparse.block_array([[None, A], [A.T, None]], format="csr")
    _, labels = connected_components(graph, directed=False)
    columns = scipy.sparse.csc_array(A)
    used = np.flatnonzero(np.diff(columns.indptr) > 0)
    owner = labels[problem.n :][used]
    order = used[np.argsort(owner, kind="stable")]
    _, counts = np.unique(owner, return_counts=True)
    sizes = counts * (problem.width + 1)
    if sizes.max() > largest or float((sizes.astype(float) ** 3).sum()) > cost_limit:
        return None
    starts = np.concatenate([[0], np.cumsum(counts)])
    groups = []
    for count in np.unique(counts):
        which = np.flatnonzero(counts == count)
        neurons = order[starts[which][:, None] + np.arange(count)]
        build = _single if count == 1 else _several
        groups.append(build(problem, columns, neurons.astype(np.int64)))
    return groups


def _bounds(
    problem: Problem,
    points: NDArray[np.float64],
    trace: NDArray[np.float64],
    jacobian_error: NDArray[np.float64],
    c_norm: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Errors of H_b and g_b from those of J_b in the Frobenius norm.

    |J'J - Jc'Jc| <= 2 |Jc|_F |dJ|_F + |dJ|_F^2, the product itself gamma(points) |Jc|_F^2, and for column
    sums |dJ'1| <= sqrt(points) |dJ|_F.
    """
    gam = gamma(int(points.max()) + 6)
    H_error = ((2 * np.sqrt(trace) + jacobian_error) * jacobian_error + gam * trace) / problem.n + gamma(4) * c_norm
    g_error = problem.one * np.sqrt(points) * (jacobian_error + gam * np.sqrt(trace)) / problem.n
    return H_error * SLACK + TINY, g_error * SLACK + TINY


def _single(problem: Problem, columns: scipy.sparse.csc_array, neurons: NDArray[np.int64]) -> Blocks:
    """Components of one neuron: sums of outer products over the points of each."""
    ks = neurons[:, 0]
    part = columns[:, ks]
    part.sort_indices()
    D, n = problem.width, problem.n
    m, p = len(ks), D + 1
    H, g = np.empty((m, p, p)), np.empty((m, p))
    squares = np.empty(m)
    step = max(1, _CHUNK // (p * p))
    indptr = part.indptr
    at = 0
    while at < m:
        end = max(at + 1, int(np.searchsorted(indptr, indptr[at] + step, side="right")) - 1)
        rows = part.indices[indptr[at] : indptr[end]]
        lengths = np.diff(indptr[at : end + 1])
        z = problem.Z[rows]
        ones = np.repeat(ks[at:end], lengths)
        J = np.concatenate([problem.v[ones][:, None] * z, (z * problem.omega[ones]).sum(1)[:, None]], axis=1)
        first = indptr[at:end] - indptr[at]
        H[at:end] = np.add.reduceat(J[:, :, None] * J[:, None, :], first, axis=0)
        g[at:end] = np.add.reduceat(J, first, axis=0)
        squares[at:end] = np.add.reduceat(problem.z_norm[rows] ** 2, first)
        at = end
    trace = np.trace(H, axis1=1, axis2=2) * SLACK
    H /= n
    g *= problem.one / n
    H[:, :D, D] += problem.c[ks]
    H[:, D, :D] += problem.c[ks]
    jacobian_error = gamma(D + 1) * (np.abs(problem.v_host[ks]) + problem.omega_norm[ks]) * np.sqrt(squares)
    H_error, g_error = _bounds(problem, np.diff(indptr).astype(float), trace, jacobian_error, problem.c_norm[ks])
    return Blocks(neurons, H, g, H_error, g_error)


def _several(problem: Problem, columns: scipy.sparse.csc_array, neurons: NDArray[np.int64]) -> Blocks:
    """Components of several neurons, the dense Jacobian of some points at a time."""
    m, k = neurons.shape
    D, n = problem.width, problem.n
    p = k * (D + 1)
    H, g = np.empty((m, p, p)), np.empty((m, p))
    trace, jacobian_error, points = np.empty(m), np.empty(m), np.empty(m)
    for at, ks in enumerate(neurons):
        part = columns[:, ks].tocsr()
        rows = np.flatnonzero(np.diff(part.indptr))
        weight = (np.abs(problem.v_host[ks]) + problem.omega_norm[ks]) ** 2
        H[at], g[at], trace[at], squares = 0.0, 0.0, 0.0, 0.0
        step = max(256, _CHUNK // p)
        for first in range(0, len(rows), step):
            some = rows[first : first + step]
            active = part[some].toarray()
            z = problem.Z[some]
            J_w = (active * problem.v[ks])[:, :, None] * z[:, None, :]
            J = np.concatenate([J_w.reshape(len(some), k * D), active * (z @ problem.omega[ks].T)], axis=1)
            trace[at] += np.vdot(J, J)
            H[at] += J.T @ J
            g[at] += J.sum(0)
            squares += problem.z_norm[some] ** 2 @ (active @ weight)
        trace[at] *= SLACK
        H[at] /= n
        g[at] *= problem.one / n
        jacobian_error[at] = gamma(D + 1) * np.sqrt(squares)
        points[at] = len(rows)
        for j, neuron in enumerate(ks):
            H[at, j * D : (j + 1) * D, k * D + j] += problem.c[neuron]
            H[at, k * D + j, j * D : (j + 1) * D] += problem.c[neuron]
    c_norm = problem.c_norm[neurons].max(axis=1)
    H_error, g_error = _bounds(problem, points, trace, jacobian_error, c_norm)
    return Blocks(neurons, H, g, H_error, g_error)
