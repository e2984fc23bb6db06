"""Spherical codes with coordinates in Z[√D]: their inner products are computed, and compared, in pairs of integers."""

from __future__ import annotations

from fractions import Fraction
from math import gcd, isqrt, sqrt

import numpy as np
from numpy.typing import NDArray

from constructions.certificate import InnerProductBound, Root
from constructions.spherical_code import SphericalCode

Int = NDArray[np.int64]
_BITS = 128
_LARGEST = 2**20  # of entries: what is computed of them below stays exact in 64 bits


def _positive(p: int, q: int, root: int) -> bool:
    """Whether p + q√root > 0, exactly."""
    return q * abs(q) * root > -p * abs(p)


def largest_cosine(whole: Int, surd: Int, root: int) -> tuple[int, int, int]:
    """The largest cosine (p + q√root)/n between two of the rows whole + surd·√root, as (p, q, n) in lowest terms.

    Parameters
    ----------
    whole, surd : ndarray of int64, shape (N, d)
        N ≥ 2 rows of one norm, entries below 2^20.
    root : int
        At least 2, not a square.

    Raises
    ------
    ValueError
        If the rows have different norms, or too large entries.

    Examples
    --------
    >>> largest_cosine(np.array([[1, 0], [0, 1]]), np.array([[0, 1], [1, 0]]), 2)
    (0, 2, 3)
    """
    if max(np.abs(whole).max(), np.abs(surd).max()) >= _LARGEST:
        raise ValueError(f"whole and surd must be below {_LARGEST}, got {max(np.abs(whole).max(), np.abs(surd).max())}")
    cross = whole @ surd.T
    rational, irrational = whole @ whole.T + root * (surd @ surd.T), cross + cross.T
    norms = set(zip(np.diag(rational).tolist(), np.diag(irrational).tolist(), strict=True))
    if len(norms) > 1:
        raise ValueError(f"whole and surd must have rows of one norm, got {len(norms)} norms")
    pairs = np.triu(np.ones(rational.shape, dtype=bool), 1)
    best = [(int(rational[pairs & (irrational == q)].max()), q) for q in np.unique(irrational[pairs]).tolist()]
    p, q = best[0]
    for other, more in best[1:]:
        if _positive(other - p, more - q, root):
            p, q = other, more
    ((a, b),) = norms
    # (p + q√D)/(a + b√D) = (p + q√D)(a − b√D)/(a² − D b²), which is not 0 as D is no square.
    n = a * a - root * b * b
    p, q = p * a - root * q * b, q * a - p * b
    if n < 0:
        p, q, n = -p, -q, -n
    common = gcd(p, q, n)
    return p // common, q // common, n // common


def quadratic_code(
    whole: Int, surd: Int, root: int, family: str, known: InnerProductBound | None = None
) -> SphericalCode:
    """The code along rows whole + surd·√root of one norm, with its largest inner product as proved in Z[√root].

    `known` is that number in a form that decides more (an angle), from a caller who has compared it.

    Examples
    --------
    >>> square = quadratic_code(np.array([[1, 0], [0, 1], [-1, 0]]), np.array([[0, 1], [-1, 0], [0, -1]]), 2, "square")
    >>> square.size, square.max_inner_product().upper
    (3, Fraction(0, 1))
    """
    if known is None:
        p, q, n = largest_cosine(whole, surd, root)
        method = f"exact Gram matrix in Z[√{root}]"
        pairs = len(whole) * (len(whole) - 1) // 2
        if p and q:
            below = isqrt(q * q * root << 2 * _BITS)  # |q|√root·2^_BITS, rounded down
            ends = (below, below + 1) if q > 0 else (-below - 1, -below)
            low, high = (Fraction((p << _BITS) + end, n << _BITS) for end in ends)
            known = InnerProductBound(low, high, method, pairs)
        else:
            exact = Root(q * root, n * n * root) if q else Root(p, n * n)
            known = InnerProductBound(*exact.enclosure(), method, pairs, exact)
    flat = whole + sqrt(root) * surd
    return SphericalCode(flat / np.linalg.norm(flat, axis=1, keepdims=True), family, known=known)
