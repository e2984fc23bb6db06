"""The largest step size at which SGD of batch size 1 is stable at a network that fits its data.

At zero loss the Hessian is H = (1/n) sum_i g_i g_i^T, g_i the gradient of the output at x_i, and near the minimum a step on
point i moves theta to (I - eta g_i g_i^T) theta. With C(S) = HS + SH and D(S) = (1/n) sum (g_i^T S g_i) g_i g_i^T the second
moment moves by I - eta C + eta^2 D, so it stays bounded from every start iff eta D <= C on the span of the g_i (docs/proofs.md,
after Theorem F). D = A A^T / n with A e_i = g_i g_i^T has rank at most n, so the largest eigenvalue of C^-1 D is that of
K / n, K_ij = <g_i g_i^T, C^-1 g_j g_j^T>: one n x n matrix. In the eigenvectors of the Gram matrix G / n = U diag(l) U^T,
(g_i)_a = sqrt(n l_a) U_ia, so K_ij = n^2 sum_ab U_ia U_ja U_ib U_jb l_a l_b / (l_a + l_b): small l_a add next to nothing.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from constructions.network import Network
from verify.hessian.inputs import read_array

# n^4 operations.
_MOST_POINTS = 512


def sgd_threshold(network: Network, X: ArrayLike) -> float:
    """eta* such that SGD of batch size 1 is linearly stable in mean square at step size eta iff eta <= eta*.

    For a network that interpolates its data and has no point on a kink: then it lies between 2 / max |g_i|^2 and
    2 / trace of the Hessian. A float, no enclosure.

    Parameters
    ----------
    network : Network
    X : array (n, d)
        At most 512 points.

    Raises
    ------
    ValueError, TypeError
        For bad input or too many points.

    Examples
    --------
    No neuron is active: all gradients are that of the output's bias, and SGD is gradient descent.

    >>> round(sgd_threshold(Network([[1.0]], [5.0], [1.0]), [[0.0], [1.0]]), 12)
    2.0
    """
    X = read_array("X", X, (None, network.dim))
    n = len(X)
    if not 1 <= n <= _MOST_POINTS:
        raise ValueError(f"X must hold from 1 to {_MOST_POINTS} points, got {n}")
    values, U = np.linalg.eigh(gram_matrix(network, X) / n)
    values = np.maximum(values, 0)
    total = values[:, None] + values
    M = np.outer(values, values) / np.where(total > 0, total, 1)
    K = np.empty((n, n))
    for i in range(n):
        products = U * U[i]
        K[i] = ((products @ M) * products).sum(axis=1)
    return float(1 / (n * np.linalg.eigvalsh(K)[-1]))


def gram_matrix(network: Network, X: NDArray[np.float64]) -> NDArray[np.float64]:
    """g_i·g_j, the products of the gradients of the output in all parameters, shape (n, n)."""
    h = network.preactivations(X)
    sizes = (h > 0) * network.v
    h = np.maximum(h, 0)
    return np.asarray(1 + (sizes @ sizes.T) * (X @ X.T + 1) + h @ h.T)
