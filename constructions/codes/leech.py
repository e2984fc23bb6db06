"""The 196 560 minimal vectors of the Leech lattice, at 60° in d = 24: the kissing number (Levenshtein 1979; Odlyzko, Sloane).

In coordinates scaled by √8 they have squared norm 32 and the shapes (±4², 0²²), (±2⁸, 0¹⁶) on the octads of the Golay
code with an even number of minus signs, and (∓3, ±1²³) with the upper signs on a codeword (Conway & Sloane, SPLAG,
Ch. 4, Section 11). In d > 24 the roots D_{d−24} stand orthogonal to it.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from constructions.binary import golay, words
from constructions.codes.family import Family, all_signs, on_supports
from constructions.spherical_code import SphericalCode

SIZE = 196_560
Small = NDArray[np.int8]


def pairs(length: int) -> Small:
    """±4 in two of `length` coordinates: 2·length·(length−1) vectors of squared norm 32."""
    return on_supports(combinations(range(length), 2), 4 * all_signs(2).astype(np.int8), length)


def signed(supports: NDArray[np.uint8], minus: int) -> Small:
    """±2 on each support (rows of 0 and 1 of one weight), with a number of minus signs ≡ `minus` mod 2."""
    weight = int(supports[0].sum())
    signs = words(np.eye(weight, dtype=np.uint8))
    signs = signs[signs.sum(axis=1) % 2 == minus]
    return on_supports(map(np.flatnonzero, supports), 2 - 4 * signs.astype(np.int8), supports.shape[1])


def golay_octad_first() -> NDArray[np.uint8]:
    """The 4096 words of the Golay code, with coordinates permuted so that the first eight are an octad."""
    code = words(golay())
    octad = code[code.sum(axis=1) == 8][0]
    return code[:, np.argsort(1 - octad, kind="stable")]


def minimal_vectors() -> Small:
    """All minimal vectors as int8, shape (196560, 24), squared norm 32; the first eight coordinates are an octad."""
    code = golay_octad_first()
    odd = np.repeat((1 - 2 * code.astype(np.int8))[:, None, :], 24, axis=1)
    index = np.arange(24)
    odd[:, index, index] *= -3
    return np.vstack([pairs(24), signed(code[code.sum(axis=1) == 8], 0), odd.reshape(-1, 24)])


def _build(d: int, cosine: Fraction, rng: np.random.Generator, max_size: int) -> SphericalCode | None:
    if d == 24:
        return SphericalCode.from_integers(minimal_vectors(), "leech")
    rest = np.eye(d - 24, dtype=np.int64)
    if d > 25:
        index = np.array(list(combinations(range(d - 24), 2)))
        rest = np.vstack([rest[index[:, 0]] + rest[index[:, 1]], rest[index[:, 0]] - rest[index[:, 1]]])
    # Squared norms 32 and 1 or 2 have no common multiple of the same root, which orthogonal vectors do not need.
    blocks = [np.pad(minimal_vectors().astype(np.int64), ((0, 0), (0, d - 24)))]
    blocks += [np.pad(sign * rest, ((0, 0), (24, 0))) for sign in (1, -1)]
    return SphericalCode.from_integers(np.vstack(blocks), f"leech + {2 * len(rest)} roots")


def _size(d: int, cosine: Fraction) -> int:
    rank = d - 24
    return SIZE + (2 if rank == 1 else 2 * rank * (rank - 1))


FAMILY = Family(
    "leech",
    "196560 minimal vectors of the Leech lattice at 60°, d = 24 (with roots, d <= 48)",
    _build,
    range(24, 49),  # beyond, `quadruples` and `barnes-wall` come near or have more
    Fraction(1, 2),
    _size,
)
