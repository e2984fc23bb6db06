"""Sharp codes from elliptic quadrics: (q+1)(q³+1) points in d = q(q²−q+1) at cosine 1/q², for q = 2, 3, 4, 5.

The isotropic points of an elliptic quadric in the projective space PG(5, q) form a generalised quadrangle (Cameron, Goethals &
Seidel 1978). With inner products −1/q for orthogonal points and 1/q² for others, their Gram matrix G is a multiple of a
projection of rank d. So the rows of q²G, which are integers, have these inner products up to a common factor. q = 2 are the 27
points of Schläfli, q = 3 are 112 in d = 21; 325 in d = 52 and 756 in d = 105 follow.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import product

import numpy as np
from numpy.typing import NDArray

from constructions.codes.family import Family, Int
from constructions.spherical_code import SphericalCode

_ORDERS = {q * (q * q - q + 1): q for q in (2, 3, 4, 5)}


def _times(q: int) -> Int:
    """The table of products of F_q; F_4 = {0, 1, ω, ω²} as 0, 1, 2, 3."""
    a = np.arange(q)
    if q != 4:
        return a[:, None] * a % q
    return np.where((a[:, None] > 0) & (a > 0), 1 + (a[:, None] + a - 2) % 3, 0)


def _sum(q: int, *terms: Int) -> Int:
    """Sums in F_q."""
    return np.bitwise_xor.reduce(terms) if q == 4 else np.add.reduce(terms) % q


def isotropic(q: int) -> tuple[Int, NDArray[np.bool_]]:
    """The isotropic points of x₁x₂ + x₃x₄ + N(x₅, x₆), one vector each, and which pairs are orthogonal.

    N(x, y) = x² + xy + cy² without a zero: no z has z² + z + c = 0.
    """
    times = _times(q)
    squares = np.diag(times)
    c = next(c for c in range(1, q) if _sum(q, squares, np.arange(q), np.full(q, c)).all())
    x = np.array(list(product(range(q), repeat=6)))
    lead = np.take_along_axis(x, (x != 0).argmax(axis=1)[:, None], axis=1)[:, 0]
    x = x[lead == 1]
    a, b = x[:, 4], x[:, 5]
    form = _sum(q, times[x[:, 0], x[:, 1]], times[x[:, 2], x[:, 3]], squares[a], times[a, b], times[c, squares[b]])
    x = x[form == 0]
    # The bilinear form Q(x + y) − Q(x) − Q(y).
    y = x[:, None]
    twice_c = _sum(q, *([np.array(c)] * 2))
    two = _sum(q, *([np.array(1)] * 2))
    terms = [times[y[..., i], x[:, j]] for i, j in ((0, 1), (1, 0), (2, 3), (3, 2), (4, 5), (5, 4))]
    terms += [times[two, times[y[..., 4], x[:, 4]]], times[twice_c, times[y[..., 5], x[:, 5]]]]
    return x, _sum(q, *terms) == 0


def _triangular(gram: NDArray[np.float64], rank: int) -> NDArray[np.float64]:
    """Rows whose inner products are those of a positive semidefinite matrix of that rank: Cholesky with pivots."""
    left = gram.copy()
    columns = []
    for _ in range(rank):
        pivot = int(np.diag(left).round(9).argmax())
        column = left[pivot] / np.sqrt(left[pivot, pivot])
        left -= np.outer(column, column)
        columns.append(column)
    return np.column_stack(columns)


def _build(d: int, cosine: Fraction, rng: np.random.Generator, max_size: int) -> SphericalCode | None:
    q = _ORDERS[d]
    _, orthogonal = isotropic(q)
    gram = np.where(orthogonal, -q, 1)
    np.fill_diagonal(gram, q * q)
    flat = _triangular(gram / q**2, d)
    name = f"elliptic quadric, q = {q}"
    return SphericalCode(flat / np.linalg.norm(flat, axis=1, keepdims=True), name, gram)


FAMILY = Family(
    "quadrics",
    "sharp codes of (q+1)(q³+1) points from elliptic quadrics, d = 6, 21, 52, 105",
    _build,
    tuple(_ORDERS),
    lambda d: Fraction(1, _ORDERS[d] ** 2),
    lambda d, c: (_ORDERS[d] + 1) * (_ORDERS[d] ** 3 + 1),
)
