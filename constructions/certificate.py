"""Rigorous largest inner product of the normalised rows of a float64 matrix.

The entries are taken as the exact dyadic numbers that they are, and the rows as divided by their exact norms, so that
nothing depends on how a builder rounded its coordinates. Two routes:

* *integer*: every row is a multiple of a small integer vector (found by dividing out the greatest common divisor of
  the mantissas). The Gram matrix of the integer vectors is then exact in float64 products, because every partial sum
  is an integer below 2^53.
* *screened*: float64 products with an a-priori error bound discard all pairs that cannot attain the maximum; the rest
  are evaluated in integer arithmetic. The maximum is thereby known as an algebraic number p/sqrt(q).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from math import isqrt

import numpy as np
from numpy.typing import ArrayLike, NDArray

from constructions import _arguments as check

UNIT_ROUNDOFF = Fraction(1, 2**53)
_BLOCK_ENTRIES = 4_000_000  # 32 MB of float64 products at a time
_MAX_EXACT_PAIRS = 50_000  # near-ties evaluated exactly; above, the a-priori enclosure is returned
_MAX_NORMS = 8  # distinct squared norms handled on the integer route
_ROOT_BITS = 128  # leading bits in the enclosure of an irrational inner product

Float = NDArray[np.float64]


@dataclass(frozen=True)
class InnerProductBound:
    """Two-sided bound on the largest inner product of two different normalised rows.

    Attributes
    ----------
    lower, upper : Fraction
        Rational enclosure.
    exact : bool
        Whether lower == upper.
    method : str
        How the enclosure was obtained.
    """

    lower: Fraction
    upper: Fraction
    exact: bool
    method: str


@dataclass(frozen=True)
class SeparationCertificate:
    """Whether all pairs of normalised rows have inner product at most `limit`.

    Attributes
    ----------
    holds : bool or None
        True and False are proved; None means undecided (too many near-ties).
    bound : InnerProductBound
        On the largest inner product.
    limit : Fraction
    method : str
    exact_pairs : int
        Number of pairs decided in exact arithmetic.
    """

    holds: bool | None
    bound: InnerProductBound
    limit: Fraction
    method: str
    exact_pairs: int


@dataclass(frozen=True)
class _Root:
    """The number p / sqrt(q), q > 0, in exact integers."""

    p: int
    q: int

    def signed_square(self) -> Fraction:
        return Fraction(self.p * abs(self.p), self.q)

    def enclosure(self) -> tuple[Fraction, Fraction]:
        """Rational bounds, equal where the number is rational, else a relative 2^-126 apart."""
        square = Fraction(self.p * self.p, self.q)
        a, b = isqrt(square.numerator), isqrt(square.denominator)
        if a * a == square.numerator and b * b == square.denominator:
            exact = Fraction(a if self.p >= 0 else -a, b)
            return exact, exact
        leading_zeros = max(0, square.denominator.bit_length() - square.numerator.bit_length()) // 2
        scale = 1 << (_ROOT_BITS + leading_zeros)
        r = isqrt(square.numerator * scale * scale // square.denominator)
        low, high = Fraction(r, scale), Fraction(r + 1, scale)
        return (low, high) if self.p > 0 else (-high, -low)


@dataclass(frozen=True)
class Extreme:
    """The largest inner product as computed: exactly an algebraic number, or only within [lower, upper]."""

    root: _Root | None
    lower: Fraction
    upper: Fraction
    exact_pairs: int
    method: str

    def bound(self) -> InnerProductBound:
        """The rational enclosure."""
        return InnerProductBound(self.lower, self.upper, self.lower == self.upper, self.method)

    def separation(self, limit: Fraction) -> SeparationCertificate:
        """Whether it is at most `limit`."""
        limit = check.fraction("limit", limit)
        holds: bool | None
        if self.root is not None:
            # p/√q <= c  <=>  p|p|/q <= c|c|, since x -> x|x| increases.
            holds = self.root.signed_square() <= limit * abs(limit)
        elif self.upper <= limit:
            holds = True
        else:
            holds = False if self.lower > limit else None
        return SeparationCertificate(holds, self.bound(), limit, self.method, self.exact_pairs)


def max_inner_product(points: ArrayLike) -> InnerProductBound:
    """Largest inner product of two different normalised rows, rigorously enclosed.

    Parameters
    ----------
    points : array_like, shape (N, d)
        No zero row. Rows need not be normalised.

    Returns
    -------
    InnerProductBound
        For N = 1 there is no pair and the bound is -1, the least value an inner product can take.

    Raises
    ------
    ValueError
        If `points` is not a finite matrix without zero rows.

    Examples
    --------
    >>> max_inner_product([[1.0, 0.0], [1.0, 1.0], [-3.0, 3.0]]).exact
    False
    >>> max_inner_product([[1.0, 0.0], [3.0, 4.0]]).upper
    Fraction(3, 5)
    """
    return extreme(points).bound()


def certify_separation(points: ArrayLike, limit: Fraction) -> SeparationCertificate:
    """Decide rigorously whether all pairs of normalised rows have inner product at most `limit`.

    Parameters
    ----------
    points : array_like, shape (N, d)
        No zero row. Rows need not be normalised.
    limit : Fraction
        The cosine of the separation angle.

    Raises
    ------
    ValueError
        If `points` is not a finite matrix without zero rows.
    TypeError
        If `limit` is not an exact rational.

    Examples
    --------
    >>> certify_separation([[1.0, 0.0], [1.0, 2.0]], Fraction(9, 20)).holds
    True
    >>> certify_separation([[1.0, 0.0], [1.0, 2.0]], Fraction(11, 25)).holds
    False
    """
    limit = check.fraction("limit", limit)
    return extreme(points).separation(limit)


def extreme(points: ArrayLike) -> Extreme:
    """What `max_inner_product` and `certify_separation` both rest on, for callers that need both."""
    rows = check.array("points", points, (None, None))
    if not rows.size:
        raise ValueError(f"points must have at least one row and one column, got shape {rows.shape}")
    zero = np.flatnonzero(~rows.any(axis=1))
    if zero.size:
        raise ValueError(f"points must have no zero row, got one at index {zero[0]}")
    if len(rows) == 1:
        return Extreme(_Root(-1, 1), Fraction(-1), Fraction(-1), 0, "single point")
    integers = _integer_directions(rows)
    return (None if integers is None else _integer_extreme(integers)) or _screened_extreme(rows)


def integer_gram_maximum(vectors: NDArray[np.integer]) -> int:
    """Largest inner product of two different rows of an integer matrix, exactly.

    Raises
    ------
    ValueError
        If there are fewer than two rows, or d·max|entry|² reaches 2^53.

    Examples
    --------
    >>> integer_gram_maximum(np.array([[2, 0], [1, 1], [0, -2]]))
    2
    """
    if vectors.ndim != 2 or len(vectors) < 2:
        raise ValueError(f"vectors must be a matrix of at least two rows, got shape {vectors.shape}")
    if not _products_exact(vectors):
        raise ValueError("vectors must have d·max|entry|² < 2^53, so that float64 products are exact")
    rows = np.asarray(vectors, dtype=np.float64)
    return int(max(float(block.max()) for _, block in _upper_blocks(rows)))


def _exactly(root: _Root, pairs: int, method: str) -> Extreme:
    lower, upper = root.enclosure()
    return Extreme(root, lower, upper, pairs, method)


# Integer route ------------------------------------------------------------------------------------------------------


def _products_exact(vectors: NDArray[np.integer]) -> bool:
    return vectors.shape[1] * int(np.abs(vectors).max()) ** 2 < 2**53


def _integer_directions(rows: Float) -> NDArray[np.int64] | None:
    """Primitive integer vectors along the rows, or None where they are too large for exact float64 products."""
    limit = isqrt((2**53 - 1) // rows.shape[1])
    pieces = []
    # A first short block decides for generic coordinates, before the whole array is looked at.
    step = max(1, _BLOCK_ENTRIES // rows.shape[1])
    edges = [0, *range(min(8, len(rows)), len(rows), step), len(rows)]
    for start, stop in pairwise(edges):
        piece = _primitive(rows[start:stop], limit)
        if piece is None:
            return None
        pieces.append(piece)
    return np.concatenate(pieces)


def _primitive(rows: Float, limit: int) -> NDArray[np.int64] | None:
    mantissa, exponent = np.frexp(rows)
    integer = np.ldexp(mantissa, 53).astype(np.int64)
    nonzero = integer != 0
    power = np.where(nonzero, integer & -integer, 1)  # largest power of two dividing the entry
    odd = integer // power
    exponent = exponent + np.round(np.log2(power.astype(np.float64))).astype(np.int64)
    exponent = np.where(nonzero, exponent, np.iinfo(np.int32).max)
    shift = np.where(nonzero, exponent - exponent.min(axis=1, keepdims=True), 0)
    if (np.log2(np.maximum(np.abs(odd), 1).astype(np.float64)) + shift).max() > 61:
        return None
    shifted = odd << shift
    shifted //= np.gcd.reduce(shifted, axis=1)[:, None]
    return shifted if int(np.abs(shifted).max()) <= limit else None


def _integer_extreme(integers: NDArray[np.int64]) -> Extreme | None:
    square_norms = np.einsum("ij,ij->i", integers, integers)
    norms = np.unique(square_norms)
    if len(norms) > _MAX_NORMS:
        return None
    groups = [np.asarray(integers[square_norms == m], dtype=np.float64) for m in norms]
    best: _Root | None = None
    for a, first in enumerate(groups):
        for b in range(a, len(groups)):
            if a == b:
                maxima = [float(block.max()) for _, block in _upper_blocks(first)] if len(first) > 1 else []
            else:
                maxima = [float(block.max()) for _, block in _rectangle_blocks(first, groups[b])]
            if maxima:
                root = _Root(int(max(maxima)), int(norms[a]) * int(norms[b]))
                if best is None or root.signed_square() > best.signed_square():
                    best = root
    if best is None:
        return None
    return _exactly(best, len(integers) * (len(integers) - 1) // 2, "exact integer Gram matrix")


def _block_rows(columns: int) -> int:
    return max(1, min(2048, _BLOCK_ENTRIES // columns))


def _upper_blocks(rows: Float) -> Iterator[tuple[int, Float]]:
    """Blocks rows[i:j] @ rows[i:].T, with the diagonal and what lies below it set to -inf."""
    start = 0
    while start < len(rows) - 1:
        stop = min(len(rows), start + _block_rows(len(rows) - start))
        block = rows[start:stop] @ rows[start:].T
        size = stop - start
        block[:, :size][np.tri(size, dtype=bool)] = -np.inf
        yield start, block
        start = stop


def _rectangle_blocks(first: Float, second: Float) -> Iterator[tuple[int, Float]]:
    step = _block_rows(len(second))
    for start in range(0, len(first), step):
        yield start, first[start : start + step] @ second.T


# Screened route -----------------------------------------------------------------------------------------------------


def _screening_error(d: int) -> Fraction:
    """A bound on |computed − true| cosine in `_screened_extreme`, for entries scaled to max |x| in [1/2, 1).

    With u = 2^-53 and γ_k = ku/(1−ku) (Higham, Accuracy and Stability, Lemma 3.1: any order of summation, with or
    without fused multiply-add; conventional products, as in every common BLAS, not fast ones of Strassen's kind): the
    squared norm has relative error γ_{d+1} (all terms are nonnegative), its correctly rounded root at most
    γ_{d+1}/2 + u, and the entry divided by it one u more: in all γ_{d+4} per normalised entry. The product of two such
    rows thus moves by 2γ_{d+4} + γ_{d+4}², and its summation adds γ_d times Σ|y_k z_k| ≤ (1+γ_{d+4})². Sum < γ_{3d+10}.
    Underflow (gradual or flushed to zero) adds at most 4d·2^-1022 here and as much in the norms. 3d+20 in place of
    3d+10 covers both with room to spare.
    """
    k = 3 * d + 20
    return k * UNIT_ROUNDOFF / (1 - k * UNIT_ROUNDOFF)


def _normalised(rows: Float) -> Float:
    _, exponent = np.frexp(np.abs(rows).max(axis=1))
    scaled = np.ldexp(rows, -exponent[:, None])  # exact, but for entries below 2^-1022, see _screening_error
    return scaled / np.sqrt(np.einsum("ij,ij->i", scaled, scaled))[:, None]


def _screened_extreme(rows: Float) -> Extreme:
    error = _screening_error(rows.shape[1])
    if error >= Fraction(1, 4):
        raise ValueError(f"points must have fewer columns than 10^14, got {rows.shape[1]}")
    # Twice the error, rounded up, plus the rounding of the subtraction below.
    window = float(2 * error) * (1 + 2**-50) + 2**-51
    largest = -np.inf
    found: list[tuple[NDArray[np.intp], NDArray[np.intp], Float]] = []
    count = 0
    overflow = False
    for start, block in _upper_blocks(_normalised(rows)):
        largest = max(largest, float(block.max()))
        if overflow:
            continue
        i, j = np.nonzero(block >= largest - window)
        found.append((i + start, j + start, block[i, j]))
        count += len(i)
        if count > _MAX_EXACT_PAIRS:
            found = [tuple(part[keep[2] >= largest - window] for part in keep) for keep in found]  # type: ignore[misc]
            count = sum(len(keep[0]) for keep in found)
            overflow = count > _MAX_EXACT_PAIRS
    if overflow:
        centre = Fraction(largest)
        lower, upper = max(centre - error, Fraction(-1)), min(centre + error, Fraction(1))
        return Extreme(None, lower, upper, 0, "float64 products with an a-priori rounding bound")
    pairs = [
        (int(i), int(j))
        for first, second, value in found
        for i, j, g in zip(first, second, value, strict=True)
        if g >= largest - window
    ]
    return _exactly(
        _exact_maximum(rows, pairs), len(pairs), "float64 screening with rounding bound, near-ties in exact integers"
    )


def _exact_maximum(rows: Float, pairs: list[tuple[int, int]]) -> _Root:
    vectors: dict[int, tuple[list[int], int]] = {}
    for index in {k for pair in pairs for k in pair}:
        ratios = [float(x).as_integer_ratio() for x in rows[index]]
        scale = max(denominator for _, denominator in ratios)  # powers of two, so the largest is common
        vector = [numerator * (scale // denominator) for numerator, denominator in ratios]
        vectors[index] = vector, sum(x * x for x in vector)
    best: _Root | None = None
    value = Fraction(-2)
    for i, j in pairs:
        (x, xx), (y, yy) = vectors[i], vectors[j]
        root = _Root(sum(a * b for a, b in zip(x, y, strict=True)), xx * yy)
        square = root.signed_square()
        if best is None or square > value:
            best, value = root, square
    if best is None:  # the largest entry itself always lies in the window
        raise ArithmeticError("no pair reached the screening window")
    return best


def rounded_up(value: Fraction) -> float:
    """Least float not below `value`."""
    result = float(value)
    return result if Fraction(result) >= value else float(np.nextafter(result, np.inf))


def rounded_down(value: Fraction) -> float:
    """Greatest float not above `value`."""
    return -rounded_up(-value)
