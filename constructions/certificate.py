"""Rigorous largest inner product of the normalised rows of a float64 matrix.

The entries are taken as the exact dyadic numbers that they are, and the rows as divided by their exact norms, so that
nothing depends on how a builder rounded its coordinates. Two routes:

* *integer*: every row is a multiple of a small integer vector (found by dividing out the greatest common divisor of
  the mantissas). Every partial sum of their products is an integer of at most the largest squared norm
  (Cauchy–Schwarz), so the Gram matrix is exact in float32 products below 2^24 and in float64 products below 2^53.
* *screened*: float32, then float64 products with a-priori error bounds discard all pairs that cannot attain the
  maximum; the rest are evaluated in integer arithmetic. The maximum is thereby known as an algebraic number p/sqrt(q).

Rows that come in pairs {x, −x} are looked at once: a quarter of the products.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from math import isqrt

import numpy as np
from numpy.typing import ArrayLike, NDArray

from constructions import _arguments as check
from constructions._products import Real, antipodal_half, largest, tiles
from constructions._screening import near_ties, screening_error
from constructions.angle import AngleCosine, enclosed_cosine

_BLOCK_ENTRIES = 4_000_000  # 32 MB of float64 at a time
_MAX_NORMS = 8  # distinct squared norms handled on the integer route
_ROOT_BITS = 128  # leading bits in the enclosure of an irrational inner product

Float = NDArray[np.float64]


@dataclass(frozen=True)
class Root:
    """The number p / sqrt(q), q > 0, in exact integers."""

    p: int
    q: int

    def signed_square(self) -> Fraction:
        """x|x|, which increases with x."""
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
class InnerProductBound:
    """Two-sided bound on the largest inner product of two different normalised rows.

    Attributes
    ----------
    lower, upper : Fraction
        Rational enclosure.
    method : str
        How it was obtained.
    exact_pairs : int
        Number of pairs decided in exact arithmetic.
    root : Root or None
        The number itself, where it is known exactly.
    degrees : Fraction or None
        The least angle itself, where it is known to be rational though its cosine is not (regular polygons, the 600-cell).
    """

    lower: Fraction
    upper: Fraction
    method: str
    exact_pairs: int = 0
    root: Root | None = None
    degrees: Fraction | None = None

    @property
    def exact(self) -> bool:
        """Whether lower == upper."""
        return self.lower == self.upper

    def at_most(self, cosine: Fraction) -> SeparationCertificate:
        """Whether the largest inner product is at most `cosine`, decided exactly where the number itself is known.

        Where `cosine` remembers its angle and the bound knows its own, the angles are compared.

        Examples
        --------
        >>> bound = max_inner_product([[1.0, 0.0], [1.0, 2.0]])  # 1/√5 = 0.447…
        >>> bound.at_most(Fraction(9, 20)).holds, bound.at_most(Fraction(11, 25)).holds
        (True, False)
        """
        c = cosine if isinstance(cosine, AngleCosine) else check.fraction("cosine", cosine)
        holds: bool | None
        if self.degrees is not None and isinstance(c, AngleCosine):
            holds = self.degrees >= c.degrees
        elif self.root is not None:
            holds = self.root.signed_square() <= c * abs(c)
        elif self.upper <= c:
            holds = True
        else:
            holds = False if self.lower > c else None
        return SeparationCertificate(holds, self, c)


def at_angle(degrees: Fraction, method: str) -> InnerProductBound:
    """The bound of a code whose least angle is known to be `degrees`.

    Examples
    --------
    >>> bound = at_angle(Fraction(72), "regular pentagon")
    >>> float(bound.lower), bound.at_most(Fraction(309, 1000)).holds
    (0.30901699437494745, False)
    """
    lower, upper = enclosed_cosine(degrees, 1 << _ROOT_BITS)
    return InnerProductBound(lower, upper, method, degrees=degrees)


@dataclass(frozen=True)
class SeparationCertificate:
    """Whether all pairs of normalised rows have inner product at most `cosine`.

    Attributes
    ----------
    holds : bool or None
        True and False are proved; None means undecided (too many near-ties).
    bound : InnerProductBound
        On the largest inner product.
    cosine : Fraction
    """

    holds: bool | None
    bound: InnerProductBound
    cosine: Fraction

    @property
    def largest(self) -> tuple[Fraction, Fraction]:
        """An enclosure of the largest inner product that knows the decision: ties with `cosine` are decided exactly."""
        low, high = self.bound.lower, self.bound.upper
        return low, max(low, min(high, self.cosine)) if self.holds else high


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
    rows = check.array("points", points, (None, None))
    if not rows.size:
        raise ValueError(f"points must have at least one row and one column, got shape {rows.shape}")
    zero = np.flatnonzero(~rows.any(axis=1))
    if zero.size:
        raise ValueError(f"points must have no zero row, got one at index {zero[0]}")
    if len(rows) == 1:
        return _exactly(Root(-1, 1), 0, "single point")
    integers = integer_directions(rows)
    return (None if integers is None else _integer_bound(integers)) or _screened_bound(rows)


def _exactly(root: Root, pairs: int, method: str) -> InnerProductBound:
    lower, upper = root.enclosure()
    return InnerProductBound(lower, upper, method, pairs, root)


# Integer route ------------------------------------------------------------------------------------------------------


def _exact_floats(vectors: NDArray[np.generic], norm: int) -> NDArray[np.float64] | NDArray[np.float32]:
    """The integer rows in the least precision in which sums of up to `norm` are exact."""
    return vectors.astype(np.float32) if norm < 2**24 else vectors.astype(np.float64)


def _integer_maximum(first: Real, second: Real | None, absolute: bool) -> int:
    absent = 0.0 if absolute else -np.inf
    return int(max(largest(block, absolute) for _, _, block in tiles(first, second, absent)))


def integer_directions(rows: Float) -> NDArray[np.int64] | None:
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


def _integer_bound(integers: NDArray[np.int64]) -> InnerProductBound | None:
    pairs = len(integers) * (len(integers) - 1) // 2
    half = antipodal_half(integers)
    absolute = half is not None
    vectors = integers if half is None else np.asarray(half, dtype=np.int64)
    square_norms = np.einsum("ij,ij->i", vectors, vectors)
    norms = np.unique(square_norms)
    if len(norms) > _MAX_NORMS:
        return None
    method = "exact integer Gram matrix" + (", antipodal" if absolute else "")
    if len(vectors) == 1:
        return _exactly(Root(-1, 1), pairs, method)
    groups = [_exact_floats(vectors[square_norms == m], int(norms[-1])) for m in norms]
    roots = [
        Root(_integer_maximum(first, None if a == b else groups[b], absolute), int(norms[a]) * int(norms[b]))
        for a, first in enumerate(groups)
        for b in range(a, len(groups))
        if a != b or len(first) > 1
    ]
    return _exactly(max(roots, key=Root.signed_square), pairs, method)


# Screened route -----------------------------------------------------------------------------------------------------


def _screened_bound(rows: Float) -> InnerProductBound:
    half = antipodal_half(rows)
    suffix = "" if half is None else ", antipodal"
    if half is not None:
        rows = np.asarray(half, dtype=np.float64)
        if len(rows) == 1:
            return _exactly(Root(-1, 1), 1, "antipodal pair")
    ties = near_ties(rows, half is not None)
    if ties.overflow:
        centre, error = Fraction(ties.largest), screening_error(rows.shape[1])
        lower, upper = max(centre - error, Fraction(-1)), min(centre + error, Fraction(1))
        return InnerProductBound(lower, upper, f"float64 products with an a-priori rounding bound{suffix}")
    pairs = ties.pairs()
    root = _exact_maximum(rows, pairs, half is not None)
    return _exactly(root, len(pairs), f"float screening with rounding bounds, near-ties in exact integers{suffix}")


def _exact_maximum(rows: Float, pairs: list[tuple[int, int]], absolute: bool) -> Root:
    vectors: dict[int, tuple[list[int], int]] = {}
    for index in {k for pair in pairs for k in pair}:
        ratios = [float(x).as_integer_ratio() for x in rows[index]]
        scale = max(denominator for _, denominator in ratios)  # powers of two, so the largest is common
        vector = [numerator * (scale // denominator) for numerator, denominator in ratios]
        vectors[index] = vector, sum(x * x for x in vector)
    roots = []
    for i, j in pairs:
        (x, xx), (y, yy) = vectors[i], vectors[j]
        product = sum(a * b for a, b in zip(x, y, strict=True))
        roots.append(Root(abs(product) if absolute else product, xx * yy))
    return max(roots, key=Root.signed_square)  # there is one: the largest entry itself always lies in the window
