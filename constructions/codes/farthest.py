"""Farthest-point insertion: of a pool of uniform points, always the one farthest from the code so far (Gonzalez 1985).

The code of N points so built has at least half the separation angle of the best N points of the pool, and it stops when
no point of the pool fits any more.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from constructions.codes.family import ANY_DIM, Family, up_to
from constructions.data import sphere
from constructions.rounding import rounded_down
from constructions.spherical_code import SphericalCode

_POOL = 50_000
_BUDGET = 3_000_000_000  # multiplications
_MARGIN = 1e-14


def _build(d: int, cosine: Fraction, rng: np.random.Generator, max_size: int) -> SphericalCode | None:
    largest = rounded_down(cosine) - _MARGIN
    pool = sphere(max(100, min(_POOL, _BUDGET // (d * max_size))), d, rng)
    nearest = pool @ pool[0]
    chosen = [0]
    while len(chosen) < max_size:
        index = int(nearest.argmin())
        if nearest[index] > largest:
            break
        chosen.append(index)
        np.maximum(nearest, pool @ pool[index], out=nearest)
    return SphericalCode(pool[chosen], up_to(f"farthest points in R^{d}", len(chosen), max_size))


FAMILY = Family(
    "farthest",
    "farthest-point insertion from a random pool",
    _build,
    ANY_DIM,
    Fraction(-999_999, 10**6),
    automatic=False,
)
