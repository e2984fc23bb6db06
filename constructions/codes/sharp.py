"""Sections of E_8 and of the Leech configuration by affine hyperplanes, among them most sharp codes (Levenshtein 1992).

The points of a code at inner product a from a fixed unit vector, projected orthogonally to it, have inner products
(s − a²)/(1 − a²) for s those of the code. The nearest points from the roots of E_8 (s = 1/2): 56 points in d = 7 (1/3), 27 in
d = 6 (1/4), 16 in d = 5 (1/5). From the Leech configuration about a minimal vector: 4600 in d = 23 (1/3), 891 in d = 22 (1/4);
about a vector of the next norm: 552 in d = 23 (1/5), 275 in d = 22 (1/6), 162 in d = 21 (1/7); about both at once, as far apart
as vectors of the next norm: the 100 of Higman and Sims in d = 22 (1/11). These are optimal for their angle, and so are 112 in
d = 21 (1/9), the next level about a point of the 275. Other levels are not known to be optimal.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from constructions.codes.family import Family, Int, axes, on_supports
from constructions.codes.leech import minimal_vectors
from constructions.codes.quadruples import blocks
from constructions.spherical_code import SphericalCode

# (dimension, largest inner product, number of points, source, level taken at each step: 0 for the nearest points)
TABLE = (
    (7, Fraction(1, 3), 56, "E8", (0,)),
    (6, Fraction(1, 4), 27, "E8", (0, 0)),
    (5, Fraction(1, 5), 16, "E8", (0, 0, 0)),
    (23, Fraction(7, 15), 47104, "Leech", (1,)),
    (23, Fraction(2, 5), 11178, "Leech, next norm", (1,)),
    (23, Fraction(1, 3), 4600, "Leech", (0,)),
    (23, Fraction(1, 5), 552, "Leech, next norm", (0,)),
    (22, Fraction(1, 3), 2816, "Leech", (0, 1)),
    (22, Fraction(2, 7), 1100, "Leech, both norms", (1, 0)),
    (22, Fraction(1, 4), 891, "Leech", (0, 0)),
    (22, Fraction(1, 5), 352, "Leech, both norms", (0, 1)),
    (22, Fraction(1, 6), 275, "Leech, next norm", (0, 0)),
    (22, Fraction(1, 11), 100, "Leech, both norms", (0, 0)),
    (21, Fraction(1, 3), 1680, "Leech", (0, 1, 1)),
    (21, Fraction(1, 4), 567, "Leech", (0, 1, 0)),
    (21, Fraction(5, 21), 512, "Leech", (0, 0, 1)),
    (21, Fraction(1, 5), 336, "Leech", (0, 0, 0)),
    (21, Fraction(1, 7), 162, "Leech, next norm", (0, 0, 0)),
    (21, Fraction(1, 9), 112, "Leech, next norm", (0, 0, 1)),
)


def _source(name: str) -> tuple[Int, list[Int]]:
    """A code as integer vectors, and the vectors about which the first sections are taken."""
    if name == "E8":
        signs = 1 - 2 * ((np.arange(16)[:, None] >> np.arange(4)) & 1)
        code = np.vstack([axes(8, 8, 2), on_supports(blocks(8), signs, 8)])
        return code, [code[0]]
    code = minimal_vectors().astype(np.int64)
    if name == "Leech":
        return code, [code[0]]
    # (5, 1, …, 1) with signs: −(∓3, ±1²³) of the lattice minus 8 in one place has squared norm 48, the next after 32.
    axis = code[-1].copy()
    place = int(np.flatnonzero(np.abs(axis) == 3)[0])
    axis[place] -= 8 * np.sign(axis[place])
    # Both norms: a vector whose difference from the axis has squared norm 48 too.
    return code, [axis] if name == "Leech, next norm" else [axis, code[code @ axis == 16][0]]


def _section(name: str, levels: tuple[int, ...]) -> tuple[Int, NDArray[np.float64]]:
    """Integer vectors along the projections, and orthonormal coordinates of the space they span."""
    code, first = _source(name)
    past: list[Int] = []
    for step, level in enumerate(levels):
        axis = first[step] if step < len(first) else code[0]
        for other in past:
            axis = axis * int(other @ other) - int(axis @ other) * other
        axis = axis // np.gcd.reduce(axis)
        products = code @ axis
        # Those points that are not along the axis itself, level by level from the nearest.
        own = np.einsum("ij,ij->i", code, code)[0]
        nearest = products == np.unique(products[products * products != own * int(axis @ axis)])[-1 - level]
        # x − (x·a / a·a) a, cleared of denominators.
        projected = code[nearest] * int(axis @ axis) - products[nearest, None] * axis
        code = projected // np.gcd.reduce(projected.ravel())
        past.append(axis)
    basis = np.linalg.qr(np.column_stack([*past, np.eye(code.shape[1])]))[0][:, len(levels) :]
    flat = code @ basis
    return code, np.asarray(flat / np.linalg.norm(flat, axis=1, keepdims=True))


def _choice(d: int, cosine: Fraction) -> tuple[int, Fraction, int, str, tuple[int, ...]]:
    return max((entry for entry in TABLE if entry[0] == d and entry[1] <= cosine), key=lambda entry: entry[2])


def _build(d: int, cosine: Fraction, rng: np.random.Generator, max_size: int) -> SphericalCode | None:
    entry = _choice(d, cosine)
    vectors, flat = _section(entry[3], entry[4])
    return SphericalCode(flat, f"section of {entry[3].partition(',')[0]}, {entry[2]} points", vectors)


FAMILY = Family(
    "sharp",
    "sections of E8 and Leech: 16, 27, 56, 100, 112, 162, 275, 552, 891, 4600, ... points",
    _build,
    tuple(sorted({entry[0] for entry in TABLE})),
    lambda d: min(entry[1] for entry in TABLE if entry[0] == d),
    lambda d, c: _choice(d, c)[2],
)
