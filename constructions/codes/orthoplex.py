"""The 2d vectors ±e_i, at 90°: optimal for every angle in (arccos(-1/d), 90°] (Rankin 1955)."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from constructions.codes.family import ANY_DIM, Family, part
from constructions.spherical_code import SphericalCode


def _build(d: int, cosine: Fraction, rng: np.random.Generator, max_size: int) -> SphericalCode | None:
    size = min(2 * d, max_size)
    vectors = np.zeros((size, d), dtype=np.int64)
    index = np.arange(size)
    vectors[index, index // 2] = 1 - 2 * (index % 2)
    return SphericalCode.from_integers(vectors, part(f"orthoplex of R^{d}", size, 2 * d))


FAMILY = Family("orthoplex", "2d vectors ±e_i at 90°", _build, ANY_DIM, Fraction(0), lambda d, c: 2 * d)
