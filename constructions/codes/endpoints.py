"""The two ends of the interval: the whole unit sphere of R^1."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from constructions.codes.family import Family
from constructions.spherical_code import SphericalCode


def _build(d: int, cos_angle: Fraction, rng: np.random.Generator, max_size: int) -> SphericalCode | None:
    return SphericalCode.from_integers([[1], [-1]], "endpoints")


def _obstacle(d: int, cos_angle: Fraction) -> str | None:
    return None if d == 1 else f"endpoints exist in d = 1 only, got d = {d}"


FAMILY = Family("endpoints", "the points 1 and -1, d = 1", _build, _obstacle, lambda d, c: 2)
