"""Regular simplices: k ≤ d + 1 points with all inner products −1/(k−1).

For a largest inner product s < 0 no code has more than 1 − 1/s points (0 ≤ |Σx|² ≤ N + N(N−1)s), and none has more
than d + 1; the simplex of min(d + 1, ⌊1 − 1/s⌋) points attains both.
"""

from __future__ import annotations

from fractions import Fraction
from math import floor, sqrt

import numpy as np
from numpy.typing import NDArray

from constructions.codes.family import ANY_DIM, Family
from constructions.spherical_code import SphericalCode


def _vectors(k: int) -> NDArray[np.int64]:
    """k·e_i − (1, …, 1): squared norm k(k−1), inner products −k."""
    return k * np.eye(k, dtype=np.int64) - 1


def _simplex(k: int, d: int) -> SphericalCode:
    """The regular simplex of k ≤ d + 1 points in R^d."""
    name = f"simplex of {k} points"
    if k == 2:
        return SphericalCode.from_integers(np.outer([1, -1], np.eye(1, d, dtype=np.int64)), name)
    if k <= d:
        return SphericalCode.from_integers(np.pad(_vectors(k), ((0, 0), (0, d - k))), name)
    if k == 4:
        tetrahedron = [[1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]]
        return SphericalCode.from_integers(tetrahedron, name)
    # x_i = √((d+1)/d) e_i − ((√(d+1) + 1)/d^{3/2}) (1, …, 1) for i ≤ d, and (1, …, 1)/√d: unit vectors of sum zero
    # that are exchanged by the permutations of the coordinates, with x_i·x_j = −1/d.
    root = sqrt(d + 1)
    points = np.full((d + 1, d), -(root + 1) / d**1.5)
    points[np.arange(d), np.arange(d)] += root / sqrt(d)
    points[d] = 1 / sqrt(d)
    return SphericalCode(points, name, _vectors(k))


def _most(d: int, cosine: Fraction) -> int:
    return d + 1 if cosine >= 0 else min(d + 1, floor(1 - 1 / cosine))


def _build(d: int, cosine: Fraction, rng: np.random.Generator, max_size: int) -> SphericalCode | None:
    return _simplex(max(2, min(_most(d, cosine), max_size)), d)


FAMILY = Family("simplex", "regular simplex, at most d + 1 points", _build, ANY_DIM, size=_most)
