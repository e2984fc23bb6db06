"""Flat parametrisations of one function: the balance v_k -> c v_k, w_k -> w_k / c moves lambda_max, not the network.

For one neuron with |v||w| = a fixed and active points z_i = (x_i, -1), the Gauss-Newton part is
v^2 Z Z^T + (a/v)^2 h h^T with h the preactivations for |w| = 1. Its two parts are equally large at
v^2 = a |h| / s(Z), s the largest singular value: the local balance. It is not optimal for neurons that share points, so
it and the geometric mean with the given balance are compared by their sharpness.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from constructions.network import Network
from verify.hessian import Sharpness, sharpness

__all__ = ["Balanced", "flattest_balance", "local_balance"]

_POWERS = (0.5, 1.0)
_BLOCK = 64


def local_balance(network: Network, X: NDArray[np.float64]) -> NDArray[np.float64]:
    """Factors c_k, shape (K,), that bring each neuron alone to its flattest balance; 1 where it sees no point."""
    factors = np.ones(network.width)
    Z = np.column_stack([X, -np.ones(len(X))])
    norms = np.linalg.norm(network.W, axis=1)
    for start in range(0, network.width, _BLOCK):
        rows = slice(start, start + _BLOCK)
        active = Z @ np.column_stack([network.W[rows], network.b[rows]]).T
        for k, column in enumerate(active.T, start=start):
            seen = np.flatnonzero(column > 0)
            if seen.size == 0 or norms[k] == 0 or network.v[k] == 0:
                continue
            excess = np.linalg.norm(column[seen]) / norms[k]
            gram = Z[seen].T @ Z[seen]
            largest = np.sqrt(np.linalg.eigvalsh(gram)[-1])
            factors[k] = np.sqrt(norms[k] * excess / largest / abs(network.v[k]))
    return factors


@dataclass(frozen=True, eq=False)
class Balanced:
    """A parametrisation of a function with its enclosed sharpness."""

    network: Network
    sharpness: Sharpness


def flattest_balance(
    network: Network,
    X: NDArray[np.float64],
    y: NDArray[np.float64],
    known: Sharpness | None = None,
    options: Mapping[str, Any] | None = None,
) -> Balanced:
    """The parametrisation of the same function with the smallest sharpness found.

    Parameters
    ----------
    network : Network
    X : array (n, d)
    y : array (n,)
    known : Sharpness, optional
        That of ``network``, if it is known.
    options : mapping, optional
        Passed to :func:`verify.hessian.sharpness`.

    Returns
    -------
    Balanced
        Equal to ``network`` as a function; ``network`` itself if nothing flatter is found.
    """
    settings = dict(options or {})
    factors = local_balance(network, X)
    best = Balanced(network, known or sharpness(network, X, y, **settings))
    for power in _POWERS:
        candidate = network.rescale(factors**power)
        found = sharpness(candidate, X, y, **settings)
        if found.upper < best.sharpness.upper:
            best = Balanced(candidate, found)
    return best
