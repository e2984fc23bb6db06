"""Sections of the Leech configuration with odd signs, which leave room for more points: 17 ≤ d ≤ 21, at 60°.

Cohn and Li (2024, arXiv:2411.04916): the vectors (±2⁸) on octads may carry an odd number of minus signs as well as an
even one. Then a sign vector y in the directions of a binary code whose words meet every octad evenly has at most six
agreements with each of them, and points along y fit beside the section.

d = 20: the coordinates of the Golay code outside 4 points. y runs through words of the punctured Golay code at mutual distance
≥ 5: the 2048 zeros of a linear form that is 1 on the words of weight 4.

d = 21: the coordinates outside 3 points, where the punctured Golay code, of 4096 words, has as its lightest words the 21 lines of
the projective plane of order 4, and octads are pairs of lines without their common point. Cohn and Li's further points are the
2048 even words. Li and, after him, Long (2026, both on GitHub: Felpix-Studios/D19-D21-Kissing, griffinwork40/D21-Kissing-31259)
found that points with weights, ±w_i instead of ±1, fit at distance 5 too: up to 31288 points in all, by a computer search for the
weights of every orbit of a group of signs. Here all weights are 2 on a line and 3 off it. Take a linear map of the code onto F_2⁴
that has all 15 nonzero values on lines, leave its kernel out, and give to the words of a value a line of that value. Words that
differ in a line L have different values, hence different lines, neither of them L, and their inner product is 160 − 2·39 or
160 − 2·40, half the squared norm 164 at most. 3840 points, 31560 in all: more than any publication has that is known to us.

d = 19: what the section in 20 coordinates has in the hyperplane of sum 0 over one of the five words T of weight 4, and not
the octads through T: 10476 vectors in R^16 + R³. Of the 2048 words of d = 20 those that T neither contains nor misses give
1792 points after a projection to the hyperplane, when the part in R³ is stretched by 9/11 where the word has an odd number of
places in T and by 7/5 where it has two: 12268 points (Li 2026, "Improved kissing numbers in nineteen and twenty-one
dimensions", GitHub, against 11948 of Ho 2026, arXiv:2603.10425). Li's 12276 have eight vectors of one octad through T
besides, and fourteen directions found numerically for the others, up to signs. Here these are bent away from the eight
vectors in simple ratios, found by a search of our own, and one kind of points has weights 9 and 11.

d = 17, 18: sixteen coordinates with the code RM(1,4) for octads, and the section of an octad, R or a plane. Vectors
(±2⁶; p), p a root of squared norm 8, lie on the words of weight 6 of a coset b_p + RM(1,4), with a parity of minus signs
that may be chosen for every root. Points along (y; z), y in RM(2,4), z in the plane: y in the cosets q + RM(1,4) whose
pairwise differences have no words of weight 4, so that y, y' differ in 6 places; for roots with p·z > 0 the parity of
y on the words of p is the other one, so that at most five of the six signs agree; and different z at 60° (or 180°) may
use any disjoint sets of cosets, as words of RM(2,4) differ in 4 places. In d = 17 two directions z with 6 cosets each
give Cohn and Li's 384 further points. In d = 18 six directions z, each at 30° from two roots and orthogonal to two, with
5 cosets each give 960 further points: 8358 in all, 704 more than the 7654 of Cohn and Li. What admits them is that the
forms and parities differ between the roots, so that the six directions z do not all see the same 512 words y. The number is
not new: the public repository alexlegeartis/KissingNumbers (GitHub, 16 September 2026, "bent hexagon") has it with an exact
verifier, and states that it is the maximum of its scheme.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from constructions.binary import dual, reduced, reed_muller, words
from constructions.codes.family import Family, Int
from constructions.codes.laminated import hexagonal, rotated
from constructions.codes.leech import golay_octad_first, pairs, signed
from constructions.spherical_code import SphericalCode

SIZES = {17: 5730, 18: 8358, 19: 12276, 20: 19448, 21: 31560}

Bits = NDArray[np.uint8]

# Quadratic forms on F_2^4, bit k for the k-th product x_i x_j, i < j. The roots of the plane at 0°, 60°, 120° (and their
# negatives) carry the cosets of these forms; the values of y on them are those below, by multiples of 60°.
_ROOT_FORMS = (12, 22, 26)
_VALUES = (0, 0, 0, 1, 0, 1)
_COSETS_18 = (
    (0, 33, 19, 29, 15),
    (32, 1, 51, 61, 47),
    (38, 41, 58, 8, 52),
    (4, 24, 10, 54, 23),
    (55, 25, 56, 43, 37),
    (2, 16, 12, 62, 31),
)
_COSETS_17 = ((0, 33, 50, 60, 13, 46), (4, 37, 40, 11, 25, 23))
# Four parities of words of length 21 that have all 15 nonzero values on the lines.
_PARITIES = ([5, 18], [2, 16], [0, 2, 6, 7], [1, 10, 11, 14])
# Successive multiples of 60°.
_ROOTS = np.array([[1, -1, 0], [1, 0, -1], [0, 1, -1], [-1, 1, 0], [-1, 0, 1], [0, -1, 1]])


def _coset(form: int) -> Bits:
    """The 32 words of a quadratic form plus RM(1,4)."""
    x = reed_muller(2, 4)
    quadratic = np.zeros(16, dtype=np.uint8)
    for k in range(6):
        if form >> k & 1:
            quadratic ^= x[5 + k]
    return words(x[:5]) ^ quadratic


def _sixteen(multiples: Sequence[int]) -> list[tuple[Int, Int]]:
    """Vectors of R^16 and their part outside: pairs, octads with odd signs, doubled roots at those multiples of 60°, and the
    vectors of each root."""
    roots = _ROOTS[multiples]
    first = words(reed_muller(1, 4))
    core = np.vstack([pairs(16), signed(first[first.sum(axis=1) == 8], 1)]).astype(np.int64)
    result = [(core, np.zeros((len(core), 3), dtype=np.int64))]
    result.append((np.zeros((len(roots), 16), dtype=np.int64), 4 * roots))
    for k, root in zip(multiples, roots, strict=True):
        coset = _coset(_ROOT_FORMS[k % 3])
        vectors = signed(coset[coset.sum(axis=1) == 6], (1 + _VALUES[k]) % 2).astype(np.int64)
        result.append((vectors, np.tile(2 * root, (len(vectors), 1))))
    return result


def _signs(cosets: tuple[int, ...]) -> Int:
    return 1 - 2 * np.vstack([_coset(form) for form in cosets]).astype(np.int64)


def _seventeen() -> SphericalCode:
    # Pairs of coordinates are rotated, which doubles squared norms; the root (1, −1)·2 then stands at 4 on its axis.
    *core, above, below = [np.column_stack([rotated(v), 2 * w[:, 0]]) for v, w in _sixteen([0, 3])]
    further = [rotated(_signs(cosets)) for cosets in _COSETS_17]
    up, down = (np.column_stack([y, np.full(len(y), z)]) for y, z in zip(further, (2, -2), strict=True))
    return SphericalCode.from_integers(np.vstack([*core, above, up, below, down]), "odd-sign section, d = 17")


def _eighteen() -> SphericalCode:
    # z = (2/3)(root + next root) for y = ±1: then every inner product with (3y; 3z) is at most half, with room to spare
    # but for the pairs of two such points, which are at 60° exactly.
    parts = _sixteen(range(6))
    for k in range(6):
        y = 3 * _signs(_COSETS_18[k])
        z = 2 * (_ROOTS[k] + _ROOTS[(k + 1) % 6])
        parts.append((y, np.tile(z, (len(y), 1))))
    integers = np.vstack([np.column_stack([v, w]) for v, w in parts])
    flat = np.column_stack([integers[:, :16].astype(np.float64), hexagonal(integers[:, 16:])])
    flat /= np.linalg.norm(flat, axis=1, keepdims=True)
    return SphericalCode(flat, "odd-sign section, d = 18", integers)


def _punctured(deleted: int) -> tuple[Bits, Bits]:
    """Octads that avoid the deleted points, and a basis of the punctured Golay code, in 24 − deleted coordinates."""
    code = golay_octad_first()
    octads = code[(code.sum(axis=1) == 8) & ~code[:, :deleted].any(axis=1)][:, deleted:]
    return octads, reduced(code[:, deleted:][np.flatnonzero(code.sum(axis=1) <= 8)])


def further_words() -> Bits:
    """The 2048 binary words of the further points in d = 20."""
    _, basis = _punctured(4)
    code = words(basis)
    # The solutions f of (word, 1)·(f, 1) = 0 for the words of weight 4.
    light = code[code.sum(axis=1) == 4]
    forms = dual(np.column_stack([light, np.ones(len(light), dtype=np.uint8)]))
    form = next(row[:-1] for row in forms if row[-1])
    return code[code @ form % 2 == 0]


def values(rows: Bits) -> Int:
    """The value in F_2⁴, as a number below 16, of words of length 21: four parities."""
    bits = np.column_stack([rows[:, places].sum(axis=1) % 2 for places in _PARITIES])
    return np.asarray(bits @ (1 << np.arange(4)), dtype=np.int64)


def weighted_signs() -> Int:
    """The 3840 further vectors in d = 21, of entries ±2 on a line and ±3 off it."""
    _, basis = _punctured(3)
    code = words(basis)
    lines = code[code.sum(axis=1) == 5]
    chosen = dict(zip(values(lines).tolist(), lines.astype(np.int64), strict=True))  # one line for each nonzero value
    kept = code[values(code) > 0]
    weights = np.array([3 - chosen[value] for value in values(kept).tolist()])
    return (1 - 2 * kept.astype(np.int64)) * weights


def _golay_section(d: int) -> SphericalCode:
    octads, _ = _punctured(24 - d)
    further = weighted_signs() if d == 21 else 1 - 2 * further_words().astype(np.int64)
    integers = np.vstack([pairs(d).astype(np.int64), signed(octads, 1).astype(np.int64), further])
    return SphericalCode.from_integers(integers, f"odd-sign section, d = {d}")


def _nineteen() -> SphericalCode:
    octads, basis = _punctured(4)
    code = words(basis)
    tetrads = code[code.sum(axis=1) == 4].astype(bool)
    inside = tetrads[0]
    other = tetrads[1][~inside]
    # Half of this is an isometry of the hyperplane of sum 0 in the four places, (1, 1, 1, 1) goes to 0.
    rows = np.array([[1, 1, -1, -1], [1, -1, 1, -1], [1, -1, -1, 1]])

    def turned(vectors: Int) -> Int:
        return np.hstack([vectors[:, ~inside], vectors[:, inside] @ rows.T // 2])

    whole = np.vstack([pairs(20), signed(octads, 1)]).astype(np.int64)
    section = turned(whole[whole[:, inside].sum(axis=1) == 0])
    through = (np.abs(section) == 2).sum(axis=1) == 4  # of octads through T: four entries ±2, and ±4 in R³
    restored = (section[:, 16] == -4) & (np.abs(section[:, :16]) == 2 * other).all(axis=1)
    y = further_words()
    shared = y[:, inside].sum(axis=1)
    further = turned(1 - 2 * y[(shared > 0) & (shared < 4)].astype(np.int64))
    signs, tails = further[:, :16], further[:, 16:]
    odd, first = np.abs(tails[:, 1]) == np.abs(tails[:, 0]), tails[:, 0]
    parts = [section[~through | restored]]
    # (±1, ±1, ±1) or ±2 on an axis in R³, from the first coordinate on the side away from the eight vectors: stretched alike
    parts.append(np.hstack([11 * signs, 9 * tails])[odd & (first > 0)])
    parts.append(np.hstack([5 * signs, 7 * tails])[first == 2])
    # on the other side, bent away from the eight vectors
    parts.append(np.hstack([52 * signs, tails * np.array([44, 47, 47])])[odd & (first < 0)])
    parts.append(np.hstack([34 * signs, 48 * tails + np.array([3, 0, 0])])[first == 0])
    parts.append(np.hstack([signs * (11 - 2 * other), 13 * tails])[first == -2])
    return SphericalCode.from_integers(np.vstack(parts), "odd-sign section, d = 19")


def _build(d: int, cosine: Fraction, rng: np.random.Generator, max_size: int) -> SphericalCode | None:
    special = {17: _seventeen, 18: _eighteen, 19: _nineteen}
    return special[d]() if d in special else _golay_section(d)


FAMILY = Family(
    "odd-signs",
    "sections of Leech with odd signs and further points at 60°, 17 <= d <= 21",
    _build,
    range(17, 22),
    Fraction(1, 2),
    lambda d, c: SIZES[d],
)
