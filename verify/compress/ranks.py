"""Ranks of a layer's activations and outputs from below, surely: ranks modulo a prime.

Floats are integers times powers of two, so the exact activations have residues modulo an odd prime, and a minor that does
not vanish there does not vanish. That a rank is lost modulo the prime happens with a probability of about its inverse.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from verify.compress.network import VectorNetwork

Float = NDArray[np.float64]

# The largest prime below 2^21: products are below 2^42, and sums of 2^11 of them exact in float64.
PRIME = 2097143
_EXACT_SUMS = 2**11
_PANEL = 64


def layer_ranks(network: VectorNetwork, X: Float, error: Float) -> tuple[int, int]:
    """Lower bounds on the ranks of the activations (n, K) at points X (n, d) and of the outputs without beta (n, c).

    ``error`` (n, K) bounds the rounding of the preactivations as numpy computes them.
    """
    z = X @ network.W.T - network.b
    positive = z > 0
    for i, k in np.argwhere(np.abs(z) <= error).tolist():
        terms = zip(X[i].tolist(), network.W[k].tolist(), strict=True)
        exact = sum((Fraction(x) * Fraction(w) for x, w in terms), -Fraction(float(network.b[k])))
        positive[i, k] = exact > 0
    activations = np.where(
        positive, (_product(_residues(X), _residues(network.W.T)) - _residues(network.b)) % PRIME, 0.0
    )
    return _rank(activations), _rank(_product(activations, _residues(network.v)))


def _residues(values: Float) -> Float:
    """Modulo the prime.

    >>> _residues(np.array([3.0, -1.0, 0.5])).tolist()  # 2 * 1048572 = 1 modulo the prime
    [3.0, 2097142.0, 1048572.0]
    """
    mantissa, exponent = np.frexp(values)
    whole = np.ldexp(mantissa, 53).astype(np.int64) % PRIME
    powers, places = np.unique(exponent, return_inverse=True)
    residues = np.array([pow(2, int(power) - 53, PRIME) for power in powers], dtype=np.int64)
    return np.asarray(whole * residues[places].reshape(whole.shape) % PRIME, dtype=np.float64)


def _product(a: Float, b: Float) -> Float:
    result = np.zeros((a.shape[0], b.shape[1]))
    for start in range(0, a.shape[1], _EXACT_SUMS):
        part = slice(start, start + _EXACT_SUMS)
        result = (result + a[:, part] @ b[part] % PRIME) % PRIME
    return result


def _rank(matrix: Float) -> int:
    """Rank modulo the prime, a panel of columns at a time: what its pivots span is eliminated from the rest.

    >>> _rank(np.array([[1.0, 2.0, 3.0], [2.0, 4.0, 6.0], [0.0, 1.0, 1.0]]))
    2
    """
    rank = 0
    while matrix.size:
        rows, columns, inverse = _pivots(matrix[:, :_PANEL])
        others = np.delete(np.arange(len(matrix)), rows)
        factors = _product(matrix[others][:, columns], inverse)
        matrix = (matrix[others, _PANEL:] - _product(factors, matrix[rows, _PANEL:])) % PRIME
        rank += len(rows)
    return rank


def _pivots(panel: Float) -> tuple[list[int], list[int], Float]:
    """Rows and columns of an invertible block of full rank, and its inverse."""
    work, rows, columns = panel.astype(np.int64), list[int](), list[int]()
    for column in range(work.shape[1]):
        free = np.flatnonzero(work[:, column])
        free = free[~np.isin(free, rows)]
        if free.size:
            row = int(free[0])
            factors = work[:, column] * pow(int(work[row, column]), -1, PRIME) % PRIME
            factors[row] = 0
            work = (work - factors[:, None] * work[row] % PRIME) % PRIME
            rows.append(row)
            columns.append(column)
    size = len(rows)
    block = np.hstack([panel[rows][:, columns].astype(np.int64), np.eye(size, dtype=np.int64)])
    for step in range(size):
        row = step + int(np.flatnonzero(block[step:, step])[0])
        block[[step, row]] = block[[row, step]]
        block[step] = block[step] * pow(int(block[step, step]), -1, PRIME) % PRIME
        factors = block[:, step].copy()
        factors[step] = 0
        block = (block - factors[:, None] * block[step] % PRIME) % PRIME
    return rows, columns, block[:, size:].astype(np.float64)
