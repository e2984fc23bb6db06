"""The icosahedron, 12 points in R³ at cosine 1/√5, and the 600-cell, 120 points in R⁴ at 36°: coordinates in Z[φ].

With φ² = φ + 1: (0, ±1, ±φ) and cyclic permutations; (±2, 0, 0, 0) and (±1, ±1, ±1, ±1) with the permutations of (±φ, ±1, ±(φ−1),
0) that are even. Their inner products a + bφ are not rational multiples of the norm, so that no integer vectors have these
angles; they are computed and compared exactly. Both are optimal (Fejes Tóth 1943; Böröczky 1978).
"""

from __future__ import annotations

from fractions import Fraction
from itertools import permutations, product

import numpy as np

from constructions.certificate import at_angle
from constructions.codes.family import Family, Int
from constructions.quadratic import largest_cosine, quadratic_code
from constructions.spherical_code import SphericalCode


def _even(order: tuple[int, ...]) -> bool:
    return sum(order[i] > order[j] for i in range(len(order)) for j in range(i, len(order))) % 2 == 0


def vertices(d: int) -> Int:
    """a + bφ as pairs (a, b), shape (N, d, 2): the icosahedron (d = 3), the 600-cell (d = 4)."""
    zero, one, two, phi, inverse = (np.array(x) for x in ((0, 0), (1, 0), (2, 0), (0, 1), (-1, 1)))
    if d == 3:
        corners = [[zero, s * one, t * phi] for s, t in product((1, -1), repeat=2)]
        return np.array([np.roll(corner, shift, axis=0) for corner in corners for shift in range(3)])
    found = [[s * two if i == j else zero for i in range(4)] for j in range(4) for s in (1, -1)]
    found += [[s * one for s in signs] for signs in product((1, -1), repeat=4)]
    for order in filter(_even, permutations(range(4))):
        for signs in product((1, -1), repeat=3):
            entries = [s * x for s, x in zip(signs, (phi, one, inverse), strict=True)] + [zero]
            found.append([entries[order[i]] for i in range(4)])
    return np.array(found)


def surds(d: int) -> tuple[Int, Int]:
    """Twice the vertices in Z[√5], 2(a + bφ) = (2a + b) + b√5: the whole parts and those of √5."""
    corners = vertices(d)
    return 2 * corners[:, :, 0] + corners[:, :, 1], corners[:, :, 1]


def _build(d: int, cosine: Fraction, rng: np.random.Generator, max_size: int) -> SphericalCode | None:
    whole, surd = surds(d)
    if d == 3:
        return quadratic_code(whole, surd, 5, "icosahedron")
    if largest_cosine(whole, surd, 5) != (1, 1, 4):  # (1 + √5)/4 = cos 36°
        raise ArithmeticError("the 600-cell has another angle than 36°")
    return quadratic_code(whole, surd, 5, "600-cell", at_angle(Fraction(36), "exact Gram matrix in Z[√5]"))


# Rationals just below 1/√5 and cos 36°: exactly there, and above, the certificate decides.
_LEAST = {3: Fraction(4472135954999, 10**13), 4: Fraction(809016994374947, 10**15)}

FAMILY = Family(
    "golden",
    "icosahedron (12 points, d = 3, cosine 1/√5) and 600-cell (120 points at 36°, d = 4)",
    _build,
    (3, 4),
    lambda d: _LEAST[d],
    lambda d, c: {3: 12, 4: 120}[d],
)
