"""Sections of the Leech configuration, 15 ≤ d ≤ 23: minimal vectors of the laminated lattices, at 60°.

Λ_d is the part of the Leech lattice orthogonal to √2·Λ_{24−d}, Λ_1 … Λ_8 = A_1, A_2, A_3, D_4, D_5, E_6, E_7, E_8
(Leech 1967; Conway & Sloane, SPLAG, Ch. 6). With an octad in the first eight coordinates these are: x₁ = −x₂ (d = 23),
x₁ = x₂ = x₃ (22), the first 3, 4, 5, 8 or 9 coordinates zero (21, 20, 19, 16, 15), x₁+x₂+x₃ = 0 = x₄ = … = x₈ (18),
x₁ = −x₂ and x₃ = … = x₈ = 0 (17).

The map (a, b) → (a+b, a−b) of pairs of coordinates doubles squared norms and takes (1, −1) to an axis: so d = 23 and 17
have integer coordinates. d = 22 and 18 need √3 (their complement has determinant 3 up to squares): their integer vectors stand
in R^24 and R^19, and their floats are rounded.
"""

from __future__ import annotations

from fractions import Fraction
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from constructions.codes.family import Family
from constructions.codes.leech import Small, minimal_vectors
from constructions.spherical_code import SphericalCode

SIZES = {15: 2340, 16: 4320, 17: 5346, 18: 7398, 19: 10668, 20: 17400, 21: 27720, 22: 49896, 23: 93150}
_ZEROS = {15: 9, 16: 8, 19: 5, 20: 4, 21: 3}


def rotated(vectors: NDArray[np.generic]) -> NDArray[np.int64]:
    """(a, b) → (a+b, a−b) on consecutive pairs of coordinates."""
    wide = np.asarray(vectors, dtype=np.int64)
    a, b = wide[:, 0::2], wide[:, 1::2]
    return np.stack([a + b, a - b], axis=2).reshape(wide.shape)


def hexagonal(vectors: NDArray[np.generic]) -> NDArray[np.float64]:
    """(x, y, z) with x + y + z = 0 in orthonormal coordinates of that plane."""
    x, y, z = np.asarray(vectors, dtype=np.float64).T
    return np.column_stack([(x - y) / sqrt(2), (x + y - 2 * z) / sqrt(6)])


def section(d: int) -> tuple[NDArray[np.int64], NDArray[np.float64] | None]:
    """Integer vectors along the section, and float coordinates in R^d where those are only isometric to it."""
    leech: Small = minimal_vectors()
    if d in _ZEROS:
        k = _ZEROS[d]
        return np.asarray(leech[~leech[:, :k].any(axis=1), k:], dtype=np.int64), None
    if d == 23:
        return rotated(leech[leech[:, 0] == -leech[:, 1]])[:, 1:], None
    if d == 17:
        keep = (leech[:, 0] == -leech[:, 1]) & ~leech[:, 2:8].any(axis=1)
        return rotated(leech[keep])[:, [1, *range(8, 24)]], None
    if d == 22:
        part = leech[(leech[:, 0] == leech[:, 1]) & (leech[:, 1] == leech[:, 2])].astype(np.int64)
        return part, np.column_stack([sqrt(3) * part[:, 0], part[:, 3:]]) / sqrt(32)
    keep = (leech[:, :3].sum(axis=1) == 0) & ~leech[:, 3:8].any(axis=1)
    part = leech[keep].astype(np.int64)
    return part[:, [0, 1, 2, *range(8, 24)]], np.column_stack([hexagonal(part[:, :3]), part[:, 8:]]) / sqrt(32)


def _build(d: int, cosine: Fraction, rng: np.random.Generator, max_size: int) -> SphericalCode | None:
    integers, points = section(d)
    name = f"laminated Λ{d}"
    return SphericalCode.from_integers(integers, name) if points is None else SphericalCode(points, name, integers)


FAMILY = Family(
    "laminated",
    "minimal vectors of laminated lattices (sections of Leech) at 60°, 15 <= d <= 23",
    _build,
    range(15, 24),
    Fraction(1, 2),
    lambda d, c: SIZES[d],
)
