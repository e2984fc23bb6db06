"""The Coxeter–Todd lattice K_12 at 60°: its 756 minimal vectors in d = 12, and 510 points made of them in d = 10.

Over the Eisenstein integers: 2·(unit) in one of six coordinates, and units ±ω^a at the four nonzero places of a word of
the hexacode, their residues mod 2 being the word (Conway & Sloane 1983). In d = 12 the 840 points of P_12a are more
(`quadruples`). In d = 10, with the first five coordinates:

* the 270 vectors whose last coordinate is 0, of squared norm 4: 45 lines over Z[ω], the mirrors of a complex reflection group
  (number 33 of Shephard and Todd);
* √−3 times the first five coordinates of the 240 vectors that end in 1, ω or ω², of squared norm 9: 40 lines over Z[ω].

Complex products of different lines of K_12 are 0 or twice a unit, and times √−3 such a number has the real part 0 or ±3, half of
√4·√9: without the turn by 90° it would not fit. Ganzhinov (Highly symmetric lines, arXiv:2207.08266, 2022) was the first with 510
points, as orbits of a group. His text could not be read here; the deepest hole that a search finds in these, at the cosine
3/(2√5), is as deep as what is published of his, so they may well be the same.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import product
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from constructions.codes.family import Family, Int, all_signs, on_supports
from constructions.spherical_code import SphericalCode

SIZES = {10: 510, 12: 756}
# F_4 = {0, 1, ω, ω²} as 0, 1, 2, 3: addition is exclusive or; products of nonzero a, b are 1 + (a + b − 2 mod 3).
_HEXACODE = ((1, 0, 0, 1, 3, 2), (0, 1, 0, 1, 2, 3), (0, 0, 1, 1, 1, 1))


def _times(a: int, b: int) -> int:
    return 0 if 0 in (a, b) else 1 + (a + b - 2) % 3


def hexacode() -> list[tuple[int, ...]]:
    """The 64 words of the hexacode: 45 of weight 4, 18 of weight 6."""
    result = []
    for scalars in product(range(4), repeat=3):
        word = [0] * 6
        for scalar, row in zip(scalars, _HEXACODE, strict=True):
            word = [x ^ _times(scalar, y) for x, y in zip(word, row, strict=True)]
        result.append(tuple(word))
    return result


def _vectors() -> Int:
    """Exponents: entry 0 for zero, ±(1 + a) for ±ω^a, ±(4 + a) for ±2ω^a."""
    doubled = np.array([[sign * (4 + a)] for a in range(3) for sign in (1, -1)])
    parts = [on_supports(([i] for i in range(6)), doubled, 6)]
    for word in np.array(hexacode()):
        support = np.flatnonzero(word)
        if len(support) == 4:
            parts.append(on_supports([support], all_signs(4) * word[support], 6))
    return np.vstack(parts)


def _realised(rows: Int, units: NDArray[np.generic]) -> NDArray[np.generic]:
    """Rows with ω^a replaced by units[a]."""
    table = np.vstack([0 * units[:1], units, 2 * units])
    parts = np.sign(rows)[:, :, None] * table[np.abs(rows)]
    return parts.reshape(len(rows), -1)


def _build(d: int, cosine: Fraction, rng: np.random.Generator, max_size: int) -> SphericalCode | None:
    rows = _vectors()
    # 1, ω, ω² as (2,−1,−1), (−1,2,−1), (−1,−1,2): squared norms are multiplied by 6.
    units = 3 * np.eye(3, dtype=np.int64) - 1
    plane = np.array([[1, 0], [-0.5, sqrt(0.75)], [-0.5, -sqrt(0.75)]])
    if d == 12:
        flat = _realised(rows, plane).astype(np.float64) / 2
        return SphericalCode(flat, "Coxeter-Todd K12", _realised(rows, units).astype(np.int64))
    last = rows[:, 5]
    short, turned = rows[last == 0, :5], rows[(last > 0) & (last < 4), :5]
    parts = [
        # √−3 ω^a = ω^(a+1) − ω^(a+2)
        (_realised(short, table), _realised(turned, np.roll(table, -1, axis=0) - np.roll(table, -2, axis=0)))
        for table in (units, plane)
    ]
    exact, flat = np.vstack(parts[0]).astype(np.int64), np.vstack(parts[1]).astype(np.float64)
    return SphericalCode(flat / np.linalg.norm(flat, axis=1, keepdims=True), "lines of K12 in R^10", exact)


FAMILY = Family(
    "coxeter-todd",
    "756 minimal vectors of the lattice K12 at 60° in d = 12, 510 points made of them in d = 10",
    _build,
    (10, 12),
    Fraction(1, 2),
    lambda d, c: SIZES[d],
)
