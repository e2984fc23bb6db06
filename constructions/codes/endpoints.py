"""The two ends of the interval: the whole unit sphere of R^1."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from constructions.codes.family import Family
from constructions.spherical_code import SphericalCode


def _build(d: int, cosine: Fraction, rng: np.random.Generator, max_size: int) -> SphericalCode | None:
    return SphericalCode.from_integers([[1], [-1]], "endpoints")


FAMILY = Family("endpoints", "the points 1 and -1, d = 1", _build, range(1, 2), size=lambda d, c: 2)
