"""Spherical codes with separation 60 degrees whose sizes are proved here by exact integer arithmetic.

* D_k: the 2k(k-1) vectors +-e_i +- e_j; inner products 0, +-1, norm 2.
* E6, E7, E8: 72, 126 and 240 vectors. E8 consists of the 112 vectors of D_8 and the 128 vectors (+-1/2)^8 with an even
  number of minus signs; E7 are those orthogonal to one of them, E6 those orthogonal to a hexagonal plane.
* Quadruples: the 2k vectors +-2 e_i and, for each quadruple of a set of quadruples that meet pairwise in at most two
  places, the 16 vectors (+-1)^4 on it. Norm 4 and inner products at most 2: 2 places in common give at most 2, the same
  quadruple with signs differing in one place gives 2, and +-2 e_i gives 2. So 2k + 16 q points with q quadruples.
* Sections of the Leech lattice, in R^15 to R^24, counted from the list of its shortest vectors.

In the scale of squared norm 32 the Leech lattice L is the set of integer x with: all x_i of one parity m; sum x_i = 4m mod 8; for
k = 0, 1, 2, 3 the places where x_i = k mod 4 form a word of the Golay code. It is closed under subtraction because the code is
linear and contains the word of all ones.

No x in L other than 0 has squared norm below 32. Even x: if some x_i = 2 mod 4, these are the places of a word other than 0, so
at least 8 of them, each contributing 4 or more. Else x = 4y with y integer and sum y_i even: at least two places, or one with
|y_i| >= 2. Odd x: with entries +-1 only, x_i = 1 off a word of weight w and -1 on it (or the negative), so that the sum is
24 - 2w, a multiple of 8, and not 4 mod 8; hence some |x_i| >= 3, and the squared norm is at least 23 + 9.

So two vectors of squared norm 32 differ by at least 32: 64 - 2 x.y >= 32, inner product at most 16, an angle of at least 60
degrees. The shapes of the shortest vectors are (+-4)^2 0^22, (+-2)^8 0^16 on an octad with an even number of minus signs, and
(-+3) (+-1)^23. Sections by subspaces keep the angle. They are counted here from the list of all 196560 vectors.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from itertools import combinations, pairwise

import numpy as np
from numpy.typing import NDArray

# 51 quadruples from 12 places (base 12 digits) that meet pairwise in at most two: the greedy order finds fewer.
# Found by local search among sets with a symmetry of order 4; checked when it is read.
_TWELVE = (
    "0123 0147 015a 0168 019b 0246 0257 028b 034b 0359 0367 038a 0458 049a 056b 0789 07ab 1245 126b 1279 "
    "128a 1346 1357 139a 1489 14ab 1569 158b 167a 2348 2356 237a 239b 247b 2589 25ab 2678 269a 345a 3479 "
    "3689 36ab 378b 4567 459b 468b 478a 568a 579a 679b 89ab "
)


# Quadruples that cover every triple of 10 or 14 places exactly once (Steiner systems), as orbits of one permutation each:
# the cycle of 10 places; two cycles of 7 places. Found by exact cover; checked when they are used.
_CYCLIC = {
    10: ("0126 0134 0247", (1, 2, 3, 4, 5, 6, 7, 8, 9, 0)),
    14: (
        "013c 0125 017d 0189 01ab 789b 09bc 0279 039d 02ac 028d 038b 037a",
        (1, 2, 3, 4, 5, 6, 0, 8, 9, 10, 11, 12, 13, 7),
    ),
}


@lru_cache(maxsize=64)
def quadruples(k: int) -> tuple[tuple[int, ...], ...]:
    """Quadruples from k places that meet pairwise in at most two places: no triple lies in two of them.

    Greedily, from a Steiner system or a list, or from those on k + 1 places by leaving out the place that is used least.

    >>> [len(quadruples(k)) for k in (8, 9, 10, 11, 12, 13, 14, 16)]
    [14, 18, 30, 34, 51, 65, 91, 140]
    """
    if k == 12:
        return _compatible(_read(_TWELVE))
    if k in _CYCLIC:
        return _compatible(_orbits(*_CYCLIC[k]))
    greedy = _compatible(combinations(range(k), 4))
    if not 9 <= k <= 15:
        return greedy
    larger = quadruples(k + 1)
    drop = min(range(k + 1), key=lambda place: sum(place in q for q in larger))
    shortened = tuple(tuple(i - (i > drop) for i in q) for q in larger if drop not in q)
    return max(greedy, shortened, key=len)


def _read(words: str) -> list[tuple[int, ...]]:
    """Quadruples written with digits of base 14."""
    return [tuple(int(digit, 14) for digit in word) for word in words.split()]


def _orbits(words: str, permutation: tuple[int, ...]) -> list[tuple[int, ...]]:
    """All images of the quadruples under the powers of a permutation, each once."""
    found: list[tuple[int, ...]] = []
    for quadruple in _read(words):
        image = quadruple
        while image not in found:
            found.append(image)
            image = tuple(sorted(permutation[i] for i in image))
    return found


def _compatible(candidates: Iterable[tuple[int, ...]]) -> tuple[tuple[int, ...], ...]:
    """Those candidates, in order, that share no triple with one taken before."""
    chosen: list[tuple[int, ...]] = []
    triples: set[tuple[int, ...]] = set()
    for quadruple in candidates:
        inside = list(combinations(quadruple, 3))
        if not any(t in triples for t in inside):
            chosen.append(quadruple)
            triples.update(inside)
    return tuple(chosen)


# x^11 + x^9 + x^7 + x^6 + x^5 + x + 1 divides x^23 - 1 over the field of two elements.
_GENERATOR = 0b101011100011
_SIZE = 196560


@lru_cache(maxsize=1)
def golay_words() -> NDArray[np.int64]:
    """The 4096 words of the extended Golay code as 24-bit integers; linearity and weights are checked.

    >>> words = golay_words()
    >>> sorted(set(np.bitwise_count(words).tolist()))
    [0, 8, 12, 16, 24]
    """
    words = np.zeros(1, np.int64)
    for shift in range(12):
        row = _GENERATOR << shift
        row |= (row.bit_count() & 1) << 23
        words = np.concatenate([words, words ^ row])
    weights = set(np.bitwise_count(words).tolist())
    if np.unique(words).size != 2**12 or weights != {0, 8, 12, 16, 24}:
        raise ArithmeticError(f"not the Golay code: {words.size} words of weights {sorted(weights)}")
    return words


def shortest_vectors() -> NDArray[np.int8]:
    """All 196560 vectors of squared norm 32, the first octad on the places 0 to 7; shape (196560, 24)."""
    words = golay_words()
    bits = ((words[:, None] >> np.arange(24)) & 1).astype(np.int8)
    octads = bits[bits.sum(1) == 8]
    order = np.argsort(1 - octads[0], kind="stable")
    bits, octads = bits[:, order], octads[:, order]
    signs = 1 - 2 * ((np.arange(256)[:, None] >> np.arange(8)) & 1).astype(np.int8)
    signs = signs[(signs < 0).sum(1) % 2 == 0]
    blocks = [np.zeros((octads.shape[0], signs.shape[0], 24), np.int8)]
    places = np.nonzero(octads)[1].reshape(-1, 8)
    np.put_along_axis(blocks[0], np.broadcast_to(places[:, None], (*blocks[0].shape[:2], 8)), 2 * signs[None], axis=2)
    i, j = np.triu_indices(24, 1)
    pairs = np.zeros((4, i.size, 24), np.int8)
    for block, (a, b) in zip(pairs, ((4, 4), (4, -4), (-4, 4), (-4, -4)), strict=True):
        block[np.arange(i.size), i], block[np.arange(i.size), j] = a, b
    # Entry 1 off the word and -1 on it, then 4 subtracted from a 1 or added to a -1: the residues mod 4 stay.
    plain = 1 - 2 * bits
    odd = np.repeat(plain[:, None], 24, axis=1)
    at = np.arange(24)
    odd[:, at, at] -= 4 * plain
    vectors = np.concatenate([block.reshape(-1, 24) for block in (blocks[0], pairs, odd)])
    if vectors.shape[0] != _SIZE or (np.square(vectors.astype(np.int16)).sum(1) != 32).any():
        raise ArithmeticError(f"{vectors.shape[0]} vectors of squared norm 32 in the place of {_SIZE}")
    return vectors


def _equal(*places: int) -> list[tuple[tuple[int, int], ...]]:
    """Conditions x_i = x_j for consecutive places."""
    return [((i, 1), (j, -1)) for i, j in pairwise(places)]


def _zero(count: int) -> list[tuple[tuple[int, int], ...]]:
    """Conditions x_0 = ... = 0."""
    return [((i, 1),) for i in range(count)]


# Independent linear conditions that cut the section of each dimension out of R^24.
_CONDITIONS: dict[int, list[tuple[tuple[int, int], ...]]] = {
    24: [],
    23: _equal(0, 1),
    22: _equal(0, 1, 2),
    21: _zero(3),
    20: _zero(4),
    19: _zero(5),
    18: [*_equal(0, 1), *_equal(2, 3, 4, 5, 6, 7)],
    17: _equal(0, 1, 2, 3, 4, 5, 6, 7),
    16: _zero(8),
    15: _zero(9),
}


@lru_cache(maxsize=1)
def _sizes() -> dict[int, int]:
    vectors = shortest_vectors()
    sizes = {}
    for d, conditions in _CONDITIONS.items():
        if 24 - len(conditions) != d:
            raise ArithmeticError(f"{len(conditions)} conditions leave no section of dimension {d}")
        inside = np.ones(vectors.shape[0], bool)
        for condition in conditions:
            inside &= sum(sign * vectors[:, place] for place, sign in condition) == 0
        sizes[d] = int(np.count_nonzero(inside))
    return sizes


def section_size(d: int) -> int:
    """Points of a code with inner products at most 1/2 in R^d, 15 <= d <= 24, from the Leech lattice.

    >>> [section_size(d) for d in (16, 17, 20, 23, 24)]
    [4320, 5346, 17400, 93150, 196560]
    """
    return _sizes()[d]


def kissing_code_size(k: int) -> tuple[int, str]:
    """Size and name of the largest code here with inner products at most 1/2 in R^k, k >= 2.

    >>> kissing_code_size(16), kissing_code_size(48)
    ((4320, 'Leech section'), (393120, 'orthogonal Leech configurations'))
    """
    options = [(2 * k * (k - 1), f"D{k} roots")] if k >= 3 else [(6, "hexagon")]
    options += [
        (size, f"{name} roots") for name, dim, size in (("E6", 6, 72), ("E7", 7, 126), ("E8", 8, 240)) if dim == k
    ]
    if 9 <= k <= 24:
        options.append((2 * k + 16 * len(quadruples(k)), "quadruples"))
    if 15 <= k <= 24:
        options.append((section_size(k), "Leech section" if k < 24 else "Leech"))
    if k > 24:
        copies, rest = divmod(k, 24)
        size = copies * section_size(24) + (kissing_code_size(rest)[0] if rest > 1 else 2 * rest)
        options.append((size, "orthogonal Leech configurations"))
    return max(options, key=lambda pair: pair[0])
