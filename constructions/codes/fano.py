"""1932 points at 60° in d = 14: D14 and signs on products of complements of lines of the Fano plane (Ganzhinov 2022).

Squared norm 8. The 14 coordinates are two copies of Z_7, of which L_i = {i, i+1, i+3} are the lines of a Fano plane.

* (±2, ±2) on pairs: 364 vectors. They meet every vector of entries 0, ±1 at inner product 4 at most.
* ±1 on the complement of L_i in the first copy and of L_j in the second: 49 supports, which share 4 or 6 places pairwise. The
  signs are the words of c_ij + V there, where V = {(h, h), (h, h̄)} has 32 words: h runs through the Hamming code whose words of
  weight 3 are the other Fano plane, {i, i+2, i+3}, h̄ is the complement of h, and c_ij = (e_{i−1}, e_{j−1}).

Words of V differ in at least two places of every support, and words of different cosets in at least one of the six places that
two supports share: both are found, not argued, by the exact certificate. The configuration is that of M. Ganzhinov, Highly
symmetric lines, arXiv:2207.08266 (Linear Algebra Appl. 722, 2025), which has it as orbits of a group; that its supports are those
products and its signs cosets of one code is from a public decoding of his coordinates
(github.com/thefairyassociation/kissingnumbers, 2026). V and c_ij in the form above are this library's.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations

import numpy as np

from constructions.binary import words
from constructions.codes.family import Family, Int, all_signs, on_supports
from constructions.spherical_code import SphericalCode

SIZE = 1932
_LINE, _OTHER = (0, 1, 3), (0, 2, 3)


def lines(base: tuple[int, ...]) -> list[set[int]]:
    """The translates of a line in Z_7.

    Examples
    --------
    >>> len(set.union(*lines((0, 1, 3))))
    7
    """
    return [{(x + i) % 7 for x in base} for i in range(7)]


def sign_code() -> Int:
    """The 32 words of V, shape (32, 14)."""
    plane = np.array([[x in line for x in range(7)] for line in lines(_OTHER)[:4]], dtype=np.uint8)
    generators = np.vstack([np.hstack([plane, plane]), np.repeat([[0, 1]], 7, axis=1)])
    return words(generators).astype(np.int64)


def signed_products() -> Int:
    """The 1568 vectors of entries 0, ±1."""
    code = sign_code()
    parts = []
    for i, first in enumerate(lines(_LINE)):
        for j, second in enumerate(lines(_LINE)):
            vectors = 1 - 2 * code
            vectors[:, [(i - 1) % 7, 7 + (j - 1) % 7]] *= -1
            vectors[:, [*first, *(7 + x for x in second)]] = 0
            parts.append(vectors)
    return np.vstack(parts)


def _build(d: int, cosine: Fraction, rng: np.random.Generator, max_size: int) -> SphericalCode | None:
    roots = 2 * on_supports(combinations(range(14), 2), all_signs(2), 14)
    return SphericalCode.from_integers(np.vstack([roots, signed_products()]), "D14 and products of Fano planes")


FAMILY = Family(
    "fano",
    "D14 and signs on products of Fano planes: 1932 points at 60°, d = 14",
    _build,
    (14,),
    Fraction(1, 2),
    lambda d, c: SIZE,
)
