"""Neighbourhoods of one point in larger codes: sharp configurations, optimal for their angle (Levenshtein 1992).

The points of a code at inner product a from a fixed unit vector, projected orthogonally to it, have inner products
(s − a²)/(1 − a²) for s those of the code. From the roots of E_8 (s = 1/2): 56 points in d = 7 (1/3), 27 in d = 6 (1/4), 16 in
d = 5 (1/5). From the Leech configuration about a minimal vector: 4600 in d = 23 (1/3), 891 in d = 22 (1/4); about a vector
of the next norm: 552 in d = 23 (1/5), 275 in d = 22 (1/6), 162 in d = 21 (1/7).
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from constructions.codes.family import Family, Int, axes, on_supports
from constructions.codes.leech import minimal_vectors
from constructions.codes.quadruples import blocks
from constructions.spherical_code import SphericalCode

# (dimension, largest inner product, number of points, source, number of neighbourhoods taken)
TABLE = (
    (7, Fraction(1, 3), 56, "E8", 1),
    (6, Fraction(1, 4), 27, "E8", 2),
    (5, Fraction(1, 5), 16, "E8", 3),
    (23, Fraction(1, 3), 4600, "Leech", 1),
    (22, Fraction(1, 4), 891, "Leech", 2),
    (23, Fraction(1, 5), 552, "Leech, next norm", 1),
    (22, Fraction(1, 6), 275, "Leech, next norm", 2),
    (21, Fraction(1, 7), 162, "Leech, next norm", 3),
)


def _source(name: str) -> tuple[Int, Int]:
    """A code as integer vectors, and the vector whose neighbourhood comes first."""
    if name == "E8":
        signs = 1 - 2 * ((np.arange(16)[:, None] >> np.arange(4)) & 1)
        code = np.vstack([axes(8, 8, 2), on_supports(blocks(8), signs, 8)])
        return code, code[0]
    code = minimal_vectors().astype(np.int64)
    if name == "Leech":
        return code, code[0]
    # (5, 1, …, 1) with signs: −(∓3, ±1²³) of the lattice minus 8 in one place has squared norm 48, the next after 32.
    axis = code[-1].copy()
    place = int(np.flatnonzero(np.abs(axis) == 3)[0])
    axis[place] -= 8 * np.sign(axis[place])
    return code, axis


def _neighbourhood(name: str, times: int) -> tuple[Int, NDArray[np.float64]]:
    """Integer vectors along the projections, and orthonormal coordinates of the space they span."""
    code, axis = _source(name)
    axes = []
    for _ in range(times):
        products = code @ axis
        own = np.einsum("ij,ij->i", code, code)[0]
        # The nearest other points: those of the largest product that are not along the axis itself.
        along = products * products == own * int(axis @ axis)
        nearest = code[(products == products[~along].max()) & ~along]
        axes.append(axis)
        # x − (x·a / a·a) a, cleared of denominators.
        projected = nearest * int(axis @ axis) - (nearest @ axis)[:, None] * axis
        code = projected // np.gcd.reduce(projected.ravel())
        axis = code[0]
    basis = np.linalg.qr(np.column_stack([*map(np.asarray, axes), np.eye(code.shape[1])]))[0][:, times:]
    flat = code @ basis
    return code, np.asarray(flat / np.linalg.norm(flat, axis=1, keepdims=True))


def _choice(d: int, cosine: Fraction) -> tuple[int, Fraction, int, str, int]:
    return max((entry for entry in TABLE if entry[0] == d and entry[1] <= cosine), key=lambda entry: entry[2])


def _build(d: int, cosine: Fraction, rng: np.random.Generator, max_size: int) -> SphericalCode | None:
    entry = _choice(d, cosine)
    vectors, flat = _neighbourhood(entry[3], entry[4])
    return SphericalCode(flat, f"sharp code of {entry[2]} points", vectors)


FAMILY = Family(
    "sharp",
    "neighbourhoods in E8 and Leech: 16, 27, 56, 4600, 891, 552, 275, 162",
    _build,
    tuple(sorted({entry[0] for entry in TABLE})),
    lambda d: min(entry[1] for entry in TABLE if entry[0] == d),
    lambda d, c: _choice(d, c)[2],
)
