"""The shortest vectors of the Leech lattice and of its sections, counted: codes at 60 degrees in R^15 to R^24.

In the scale of squared norm 32 the lattice L is the set of integer x with: all x_i of one parity m; sum x_i = 4m mod 8; for
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

from functools import lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

__all__ = ["golay_words", "section_size", "shortest_vectors"]

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
