"""Parallel layers: latitude spheres one separation angle apart, each carrying a layered code of its own.

On the latitude at polar angle φ, two points at azimuthal angle ψ have inner product cos²φ + sin²φ cos ψ, so the code
on the latitude must satisfy cos ψ ≤ (c − cos²φ)/sin²φ; on different latitudes the separation is at least the
difference of their polar angles. The recursion ends with regular polygons. For small angles the code looks like a
cubic lattice, which beats random sequential addition up to d = 5 or so, and its size follows the power law closely.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from math import asin, cos, pi, sin, sqrt

import numpy as np
from numpy.typing import NDArray

from constructions.codes.family import Family, first_rows, up_to
from constructions.rounding import rounded_down
from constructions.spherical_code import SphericalCode

# Kept from the cosine: above rounding, and above the screening error of the certificate, so that the many pairs at
# exactly the separation angle need no exact arithmetic.
_MARGIN = 2e-14
_MOST_DIM = 8


def _angle(versine: float) -> float:
    """Angle of cosine 1 − versine, without cancellation."""
    return 2 * asin(sqrt(min(versine, 2.0) / 2))


def _latitudes(angle: float) -> list[list[float]]:
    """Polar angles: from the pole, about the equator, about half a step from the equator."""
    step = angle * (1 + 1e-15)
    count = int(pi / step)
    from_pole = [k * step for k in range(count + 1)]
    count = int(pi / 2 / step)
    equator = [pi / 2 + k * step for k in range(-count, count + 1)]
    count = int(pi / 2 / step - 0.5) if step <= pi else -1
    half = [pi / 2 + (k + 0.5) * step for k in range(-count - 1, count + 1)]
    return [choice for choice in (from_pole, equator, half) if choice]


def _azimuthal_versine(versine: float, polar: float) -> float:
    """1 − cos ψ needed on the latitude: versine/sin²φ; above 2 there is room for one point only."""
    s = sin(polar)
    return versine / (s * s) if s * s > versine / 2 else np.inf


def _ring_size(versine: float) -> int:
    return 1 if versine > 2 else max(2, int(2 * pi / _angle(versine) * (1 - 1e-15)))


def _count(d: int, versine: float) -> int:
    if versine > 2:
        return 1
    if d == 2:
        return _ring_size(versine)
    return max(sum(_count(d - 1, _azimuthal_versine(versine, p)) for p in c) for c in _latitudes(_angle(versine)))


def _pieces(d: int, versine: float, choose: bool) -> Iterator[NDArray[np.float64]]:
    """Blocks of points on S^{d-1}; without `choose`, latitudes about the equator (for sizes beyond counting)."""
    if versine > 2:
        yield np.eye(1, d)
        return
    if d == 2:
        size = _ring_size(versine)
        step = 1 << 16
        for start in range(0, size, step):
            angle = 2 * pi * (np.arange(start, min(size, start + step)) / size)
            yield np.column_stack([np.cos(angle), np.sin(angle)])
        return
    choices = _latitudes(_angle(versine))
    best = choices[min(1, len(choices) - 1)]
    if choose:
        best = max(choices, key=lambda c: sum(_count(d - 1, _azimuthal_versine(versine, p)) for p in c))
    for polar in sorted(best, key=lambda p: abs(p - pi / 2)):
        for piece in _pieces(d - 1, _azimuthal_versine(versine, polar), choose):
            yield np.column_stack([np.full(len(piece), cos(polar)), sin(polar) * piece])


def _build(d: int, cosine: Fraction, rng: np.random.Generator, max_size: int) -> SphericalCode | None:
    margin = _MARGIN
    for _ in range(4):
        versine = rounded_down(1 - cosine) + margin
        if versine > 2:
            versine = 2.0
        # Surface of the sphere over that of a cube of the angle's side: a rough size.
        expected = 2 * pi * 2 ** (d - 2) / _angle(versine) ** (d - 1)
        points = first_rows(_pieces(d, versine, expected < 4 * max_size), max_size)
        points /= np.linalg.norm(points, axis=1, keepdims=True)
        code = SphericalCode(points, up_to(f"layers in R^{d}", len(points), max_size))
        if code.certify_separation(cosine).holds:
            return code
        margin *= 16
    return None


FAMILY = Family("layers", f"parallel latitude layers, 3 <= d <= {_MOST_DIM}", _build, range(3, _MOST_DIM + 1))
