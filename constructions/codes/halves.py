"""Quadruples and half vectors at 60°, 13 ≤ d ≤ 15: 1130, 1620 and 2564 points.

Squared norm 16. On m coordinates: ±4e_i and the sign vectors (±2⁴) of the quadruples for m points. Half vectors (±1^m; z) with
|z|² = 16 − m in the other d − m coordinates meet those at inner product 8 at most, and each other, in h places of opposite
signs, at m − 2h + z·z': for the same z they form a code of distance ≥ 4, for different z one of distance ≥ (m + z·z' − 8)/2.
Further vectors (v; w) with |v|² + |w|² = 16 fit where v·y + w·z ≤ 8 throughout.

* d = 13, m = 12 (P_13a, 1130 points; Conway & Sloane, SPLAG, Ch. 5): z = ±2, both with the (12, 144, 4) code of the hexads of
  S(5,6,12), six disjoint pairs and their complements; ±4e_13. (The record, 1154, is Zinoviev and Ericson's of 1999.)
* d = 14, m = 12: z at the corners of a hexagon, at 60° (so distance ≥ 3) and 120° (disjoint). The even words of the shortened
  Hamming code [12, 8, 3] are a code [12, 7, 4]; cosets of it whose syndromes differ, in turn, by the three missing columns
  m_1, m_2, m_3, m_1, m_2, m_3 and by the parity are at distance ≥ 3 from the next and disjoint from the one after, 6·128
  points. Between the corners w of squared norm 12 with v = ±2e_i, another i for the next w: 12 points. With 24 ± 4e_i and
  816 on quadruples, 1620. (P_14b has 1582, Zinoviev and Ericson have 1606, the record is Ganzhinov's 1932 of 2022.)
* d = 15, m = 14: z = ±√2, two codes of length 14 and size 512; w = ±2√2 with v = (±2, ±2) on seven disjoint pairs, 56 points.
  With 28 and 1456, 2564, the record (Leech & Sloane 1971). Rotated by 45° in those pairs all coordinates are integers.

In d = 14 the hexagon has no rational coordinates in the plane; for 60° exactly, z = ±2 along two axes, with two disjoint
translates of the (12, 144, 4) code, and quadruples on pairs with both axes: 1516 points.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations, product

import numpy as np
from numpy.typing import NDArray

from constructions.binary import dual, words
from constructions.codes.family import Family
from constructions.codes.laminated import rotated
from constructions.codes.quadruples import julin_words, quadruples
from constructions.spherical_code import ExactForm, SphericalCode

Int = NDArray[np.int64]
Bits = NDArray[np.uint8]

SIZES = {13: 1130, 14: 1620, 15: 2564}
_EXACT_14 = 1516
# The hexagon in R⁴: vectors of norm 4 whose neighbours have inner product 2.
_FIRST, _SECOND = np.array([2, 0, 0, 0]), np.array([1, 1, 1, 1])


def _axes(m: int, width: int) -> Int:
    basis = 4 * np.eye(width, dtype=np.int64)[:m]
    return np.vstack([basis, -basis])


def _quads(m: int, width: int) -> Int:
    signs = 2 * np.array(list(product((1, -1), repeat=4)), dtype=np.int64)
    rows = []
    for block in quadruples(m):
        part = np.zeros((16, width), dtype=np.int64)
        part[:, list(block)] = signs
        rows.append(part)
    return np.vstack(rows)


def _half(bits: Bits, z: Int) -> Int:
    y = 1 - 2 * bits.astype(np.int64)
    return np.hstack([y, np.tile(np.asarray(z, dtype=np.int64), (len(y), 1))])


def julin_code() -> Bits:
    """The (12, 144, 4) code as binary words."""
    found = julin_words()
    code = np.zeros((len(found), 12), dtype=np.uint8)
    for row, word in zip(code, found, strict=True):
        row[list(word)] = 1
    return code


def _disjoint_translate(code: Bits) -> Bits:
    """A translate by an even word that shares no word with the code."""
    own = {word.tobytes() for word in code}
    for size in (2, 4, 6):
        for places in combinations(range(code.shape[1]), size):
            moved = code.copy()
            moved[:, list(places)] ^= 1
            if not any(word.tobytes() in own for word in moved):
                return moved
    raise ArithmeticError("no even translate is disjoint from the code")


def even_shortened_hamming(length: int) -> Bits:
    """Even words orthogonal to the first `length` columns 1, 2, 3, … of F_2⁴: distance 4, 2^(length − 5) words."""
    checks = [[(column >> bit) & 1 for column in range(1, length + 1)] for bit in range(4)]
    return words(dual([*checks, [1] * length]))


def _hexagon_codes() -> list[Bits]:
    """Six codes of 128 words of length 12: distance 4 each, 3 to the next, no word in common with the one after."""
    code = even_shortened_hamming(12)
    leader = np.zeros(12, dtype=np.uint8)
    result = []
    for missing in (13, 14, 15, 13, 14, 15):
        result.append(code ^ leader)
        # Three columns whose sum is the missing one: an odd word with that syndrome.
        columns = next(c for c in combinations(range(1, 13), 3) if c[0] ^ c[1] ^ c[2] == missing)
        leader[[column - 1 for column in columns]] ^= 1
    return result


def _thirteen() -> SphericalCode:
    code = julin_code()
    blocks = [_axes(13, 13), _quads(12, 13), *(_half(code, np.array([s])) for s in (2, -2))]
    return SphericalCode.from_integers(np.vstack(blocks), "half vectors in R^13")


def _fourteen_rational() -> SphericalCode:
    code = julin_code()
    other = _disjoint_translate(code)
    signs = 2 * np.array(list(product((1, -1), repeat=4)), dtype=np.int64)
    both = np.zeros((6, 16, 14), dtype=np.int64)
    for k in range(6):
        both[k][:, [2 * k, 2 * k + 1, 12, 13]] = signs
    blocks = [_axes(14, 14), _quads(12, 14), both.reshape(-1, 14)]
    for sign in (2, -2):
        blocks += [_half(code, np.array([sign, 0])), _half(other, np.array([0, sign]))]
    return SphericalCode.from_integers(np.vstack(blocks), "half vectors in R^14, rational")


def _fourteen() -> SphericalCode:
    corners = [_FIRST, _SECOND, _SECOND - _FIRST]
    corners += [-z for z in corners]
    blocks = [_axes(12, 16), _quads(12, 16)]
    for code, z in zip(_hexagon_codes(), corners, strict=True):
        blocks.append(_half(code, z))
    for k in range(6):
        for sign in (2, -2):
            v = np.zeros((1, 16), dtype=np.int64)
            v[0, k % 2] = sign
            v[0, 12:] = corners[k] + corners[(k + 1) % 6]
            blocks.append(v)
    integers = np.vstack(blocks)
    # z = s·(2, 0, 0, 0) + t·(1, 1, 1, 1) is (2s + t, √3 t) in the plane.
    t = integers[:, 13]
    flat = np.column_stack([integers[:, :12], integers[:, 12], np.sqrt(3) * t]) / 4
    return SphericalCode(flat, "half vectors in R^14", ExactForm(integers, 16))


def _fifteen() -> SphericalCode:
    code = even_shortened_hamming(14)
    blocks = [rotated(_axes(14, 14)), rotated(_quads(14, 14))]
    blocks = [np.pad(block, ((0, 0), (0, 1))) for block in blocks]
    pairs = np.zeros((7, 4, 14), dtype=np.int64)
    for k in range(7):
        pairs[k][:, [2 * k, 2 * k + 1]] = [(2, 2), (2, -2), (-2, 2), (-2, -2)]
    other = code.copy()
    other[:, :2] ^= 1
    for sign, own in ((1, code), (-1, other)):
        y = rotated(1 - 2 * own.astype(np.int64))
        v = rotated(pairs.reshape(-1, 14))
        blocks += [np.column_stack([part, np.full(len(part), sign * z)]) for part, z in ((y, 2), (v, 4))]
    return SphericalCode.from_integers(np.vstack(blocks), "half vectors in R^15")


def _build(d: int, cos_angle: Fraction, rng: np.random.Generator, max_size: int) -> SphericalCode | None:
    if d == 14:
        code = _fourteen_rational() if cos_angle == Fraction(1, 2) else _fourteen()
    else:
        code = _thirteen() if d == 13 else _fifteen()
    return code.truncated(max_size)


def _obstacle(d: int, cos_angle: Fraction) -> str | None:
    if d not in SIZES:
        return f"halves exists for 13 <= d <= 15, got d = {d}"
    if cos_angle < Fraction(1, 2):
        return f"halves has inner products up to 1/2, which exceeds {cos_angle}: it needs separation at most 60°"
    return None


FAMILY = Family(
    "halves",
    "quadruples and half vectors (1130, 1620, 2564 points) at 60°, 13 <= d <= 15",
    _build,
    _obstacle,
    lambda d, c: _EXACT_14 if d == 14 and c == Fraction(1, 2) else SIZES[d],
)
