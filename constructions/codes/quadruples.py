"""±2e_i, and ±1 on quadruples that share at most two points pairwise: 2d + 16 A points at 60°, d ≥ 8.

Construction A on a constant weight code (Conway & Sloane, SPLAG, Ch. 5). The quadruples, A(d,4,4) of them or many:

* d = 8, 16, …, 2^m: the planes of F_2^m (E_8 at d = 8);
* d = 10: a cyclic Steiner system S(3,4,10); d = 9: its blocks off one point (P_9a, 306 points; P_10b, 500);
* d = 11: 35 quadruples with an automorphism of order 3 (582 points);
* d = 12: 51 quadruples, the words of weight 4 of the translate, by a hexad that is a union of three of the pairs, of the
  code of the 132 hexads of S(5,6,12), six disjoint pairs and their complements (Julin 1965; P_12a of Leech and Sloane
  1971, 840 points);
* d = 14: a Steiner system S(3,4,14) with an automorphism of order 7; d = 13: its blocks off one point; d = 15: planes of
  F_2^4 off one point;
* any other d: {i, j, k, l} with i + j + k + l ≡ 2 mod d, at least C(d,4)/d of them (Graham & Sloane 1980).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from itertools import combinations, islice
from math import comb

import numpy as np

from constructions.codes.family import Family, Int, all_signs, axes, on_supports, part
from constructions.spherical_code import SphericalCode

Quad = tuple[int, ...]

_COUNTS = {9: 18, 10: 30, 11: 35, 12: 51, 13: 65, 14: 91, 15: 105}
_TEN = ((0, 1, 3, 4), (0, 1, 2, 6), (0, 2, 4, 7))
_ELEVEN = (
    (0, 5, 7, 10), (0, 1, 3, 9), (0, 6, 9, 10), (0, 1, 4, 10), (0, 1, 5, 8), (3, 4, 5, 9), (0, 1, 6, 7),
    (3, 4, 7, 10), (0, 3, 4, 6), (3, 6, 8, 9), (6, 7, 8, 10), (0, 3, 7, 8), (0, 4, 8, 9),
)  # fmt: skip
_FOURTEEN = (
    (0, 1, 2, 4), (7, 8, 9, 12), (0, 2, 10, 12), (0, 2, 11, 13), (0, 3, 7, 11), (0, 1, 5, 7), (0, 3, 8, 12),
    (0, 3, 10, 13), (0, 1, 8, 13), (0, 1, 9, 10), (0, 7, 9, 13), (0, 1, 11, 12), (0, 2, 7, 8),
)  # fmt: skip


def _orbits(base: tuple[Quad, ...], cycles: tuple[int, ...]) -> list[Quad]:
    """Images of the base blocks under the permutation that turns consecutive runs of the given lengths."""
    step = []
    start = 0
    for length in cycles:
        step += [start + (i + 1) % length for i in range(length)]
        start += length
    found: dict[Quad, None] = {}
    for block in base:
        image = tuple(sorted(block))
        while image not in found:
            found[image] = None
            image = tuple(sorted(step[i] for i in image))
    return list(found)


def _off(point: int, system: Iterable[Quad]) -> Iterator[Quad]:
    return (block for block in system if point not in block)


def _planes(d: int) -> Iterator[Quad]:
    for i, j, k in combinations(range(d), 3):
        if i ^ j ^ k > k:
            yield i, j, k, i ^ j ^ k


def hexads() -> list[frozenset[int]]:
    """The 132 hexads of S(5,6,12) on {0, …, 11}: any two meet in 0, 2, 3 or 4 points.

    Images of the squares mod 11 (with 0) under x → (ax+b)/(cx+e), ae − bc a nonzero square; 11 stands for infinity.
    """
    squares = {x * x % 11 for x in range(1, 11)}
    inverse = {x: pow(x, -1, 11) for x in range(1, 11)}

    def turn(x: int) -> int:
        return {0: 11, 11: 0}.get(x) if x in (0, 11) else -inverse[x] % 11  # type: ignore[return-value]

    start = frozenset({0} | squares)
    found, waiting = {start}, [start]
    while waiting:
        block = waiting.pop()
        for image in (
            frozenset(x if x == 11 else (x + 1) % 11 for x in block),
            frozenset(x if x == 11 else 3 * x % 11 for x in block),
            frozenset(turn(x) for x in block),
        ):
            if image not in found:
                found.add(image)
                waiting.append(image)
    return sorted(found, key=sorted)


def julin_words() -> list[frozenset[int]]:
    """The 144 words of the (12, 144, 4) code: the hexads, six disjoint pairs and their complements (Julin 1965)."""
    blocks = hexads()
    centre = blocks[0]
    rest = frozenset(range(12)) - centre
    pairs = [frozenset(sorted(part)[i : i + 2]) for part in (centre, rest) for i in (0, 2, 4)]
    return [*blocks, *pairs, *(frozenset(range(12)) - pair for pair in pairs)]


def _twelve() -> list[Quad]:
    words = julin_words()
    return sorted(tuple(sorted(word ^ words[0])) for word in words if len(word ^ words[0]) == 4)


def _graham_sloane(d: int) -> Iterator[Quad]:
    for i, j in combinations(range(d), 2):
        k = np.arange(j + 1, d)
        last = (2 - i - j - k) % d
        for third in k[last > k]:
            yield i, j, int(third), int((2 - i - j - third) % d)


def count(d: int) -> int:
    """Number of quadruples for d points.

    Examples
    --------
    >>> [count(d) for d in (8, 9, 10, 11, 12, 13, 14, 16, 24)]
    [14, 18, 30, 35, 51, 65, 91, 140, 446]
    """
    if d in _COUNTS:
        return _COUNTS[d]
    if d & (d - 1) == 0:
        return d * (d - 1) * (d - 2) // 24
    # Characters of Z_d of order 1, 2 and 4, at the residue 2.
    total = comb(d, 4) + (comb(d // 2, 2) if d % 2 == 0 else 0) + (d // 2 if d % 4 == 0 else 0)
    return total // d


def blocks(d: int) -> Iterator[Quad]:
    """The quadruples for d points, `count(d)` of them."""
    if d in (9, 10):
        ten = _orbits(_TEN, (10,))
        yield from (ten if d == 10 else _off(9, ten))
    elif d == 11:
        yield from _orbits(_ELEVEN, (3, 3, 3, 1, 1))
    elif d == 12:
        yield from _twelve()
    elif d in (13, 14):
        fourteen = _orbits(_FOURTEEN, (7, 7))
        yield from (fourteen if d == 14 else _off(13, fourteen))
    elif d == 15:
        yield from _off(15, _planes(16))
    elif d & (d - 1) == 0:
        yield from _planes(d)
    else:
        yield from _graham_sloane(d)


def signed_blocks(system: Iterable[Quad], dim: int) -> Int:
    """(±1⁴) on every quadruple."""
    return on_supports(system, all_signs(4), dim)


def _build(d: int, cosine: Fraction, rng: np.random.Generator, max_size: int) -> SphericalCode | None:
    needed = max(0, -((2 * d - max_size) // 16))
    vectors = np.vstack([axes(d, d, 2), signed_blocks(islice(blocks(d), needed), d)])[:max_size]
    return SphericalCode.from_integers(vectors, part(f"quadruples in R^{d}", len(vectors), 2 * d + 16 * count(d)))


FAMILY = Family(
    "quadruples",
    "±2e_i and ±1 on quadruples (P12a with 840 points in d = 12) at 60°, d >= 8",
    _build,
    range(8, 4097),
    Fraction(1, 2),
    lambda d, c: 2 * d + 16 * count(d),
)
