"""Quadruples and half vectors at 60°: 1154 points in d = 13, 2564 in d = 15.

Squared norm 16. On m coordinates: ±4e_i and the sign vectors (±2⁴) of the quadruples for m points. Half vectors (±1^m; z) with
|z|² = 16 − m in the other d − m coordinates meet those at inner product 8 at most, and each other, in h places of opposite
signs, at m − 2h + z·z': for the same z they form a code of distance ≥ 4, for different z one of distance ≥ (m + z·z' − 8)/2.
Further vectors (v; w) with |v|² + |w|² = 16 fit where v·y + w·z ≤ 8 throughout.

* d = 13, m = 12: z = ±2, both with the (12, 144, 4) code of the hexads of S(5,6,12), six disjoint pairs and their complements;
  ±4e_13. With 24 ± 4e_i and 816 on quadruples that is P_13a, 1130 points (Conway & Sloane, SPLAG, Ch. 5). Each ±4e_i gives way
  to two, (±2√3 e_i; 2) and (±2√3 e_i; −2): 1154, the record (Zinoviev & Ericson 1999). The heights, 0, ±2, ±4, and the parts of
  that configuration are from a public account of it (github.com/thefairyassociation/kissingnumbers, 2026). Coordinates in Z[√3].
* d = 15, m = 14: z = ±√2, two codes of length 14 and size 512; w = ±2√2 with v = (±2, ±2) on seven disjoint pairs, 56 points.
  With 28 and 1456, 2564, the record (Leech & Sloane 1971). Rotated by 45° in those pairs all coordinates are integers.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from constructions.binary import dual, words
from constructions.codes.family import Family, Int, all_signs, axes, on_supports
from constructions.codes.laminated import rotated
from constructions.codes.quadruples import blocks, julin_words, signed_blocks
from constructions.quadratic import quadratic_code
from constructions.spherical_code import SphericalCode

Bits = NDArray[np.uint8]

SIZES = {13: 1154, 15: 2564}


def _half(bits: Bits, z: Int) -> Int:
    y = 1 - 2 * bits.astype(np.int64)
    return np.hstack([y, np.tile(np.asarray(z, dtype=np.int64), (len(y), 1))])


def julin_code() -> Bits:
    """The (12, 144, 4) code as binary words."""
    return np.array([[i in word for i in range(12)] for word in julin_words()], dtype=np.uint8)


def even_shortened_hamming(length: int) -> Bits:
    """Even words orthogonal to the first `length` columns 1, 2, 3, … of F_2⁴: distance 4, 2^(length − 5) words."""
    checks = [[(column >> bit) & 1 for column in range(1, length + 1)] for bit in range(4)]
    return words(dual([*checks, [1] * length]))


def thirteen() -> tuple[Int, Int]:
    """The points of d = 13, whole + surd·√3: both of shape (1154, 13)."""
    lifted = np.repeat(axes(12, 13, 2), 2, axis=0)
    heights = np.tile(axes(13, 13, 2)[[12, -1]], (24, 1))
    halves = [_half(julin_code(), np.array([z])) for z in (2, -2)]
    whole = np.vstack([2 * signed_blocks(blocks(12), 13), *halves, axes(13, 13, 4)[[12, -1]]])
    return np.vstack([whole, heights]), np.vstack([np.zeros_like(whole), lifted])


def _fifteen() -> SphericalCode:
    code = even_shortened_hamming(14)
    parts = [np.pad(rotated(part), ((0, 0), (0, 1))) for part in (axes(14, 14, 4), 2 * signed_blocks(blocks(14), 14))]
    pairs = 2 * on_supports([(2 * k, 2 * k + 1) for k in range(7)], all_signs(2), 14)
    other = code.copy()
    other[:, :2] ^= 1
    for sign, own in ((1, code), (-1, other)):
        y = rotated(1 - 2 * own.astype(np.int64))
        parts += [np.column_stack([part, np.full(len(part), sign * z)]) for part, z in ((y, 2), (rotated(pairs), 4))]
    return SphericalCode.from_integers(np.vstack(parts), "half vectors in R^15")


def _build(d: int, cosine: Fraction, rng: np.random.Generator, max_size: int) -> SphericalCode | None:
    return quadratic_code(*thirteen(), 3, "half vectors in R^13") if d == 13 else _fifteen()


FAMILY = Family(
    "halves",
    "quadruples and half vectors at 60°: 1154 points in d = 13, 2564 in d = 15",
    _build,
    (13, 15),
    Fraction(1, 2),
    lambda d, c: SIZES[d],
)
