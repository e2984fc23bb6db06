"""The 2d vectors ±e_i, at 90°: optimal for every angle in (arccos(-1/d), 90°] (Rankin 1955)."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from constructions.codes.family import Family
from constructions.spherical_code import SphericalCode


def _build(d: int, cos_angle: Fraction, rng: np.random.Generator, max_size: int) -> SphericalCode | None:
    size = min(2 * d, max_size)
    vectors = np.zeros((size, d), dtype=np.int64)
    index = np.arange(size)
    vectors[index, index // 2] = 1 - 2 * (index % 2)
    code = SphericalCode.from_integers(vectors, f"orthoplex of R^{d}")
    return code if size == 2 * d else SphericalCode(code.points, f"{code.family}, first {size}", code.exact)


def _obstacle(d: int, cos_angle: Fraction) -> str | None:
    if d < 2:
        return "orthoplex needs d >= 2 (in d = 1 use endpoints)"
    if cos_angle < 0:
        return f"orthoplex has inner products up to 0, which exceeds {cos_angle}: it needs separation at most 90°"
    return None


FAMILY = Family("orthoplex", "2d vectors ±e_i at 90°", _build, _obstacle, lambda d, c: 2 * d)
