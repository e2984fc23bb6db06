"""Regular polygons: in the plane, ⌊2π/angle⌋ points are possible and no more."""

from __future__ import annotations

from fractions import Fraction

import flint
import numpy as np

from constructions.codes.family import Family
from constructions.spherical_code import SphericalCode

# Rational cosines of rational angles (Niven): there 2π/angle is an integer and no precision would decide its floor.
_EXACT = {Fraction(-1): 2, Fraction(-1, 2): 3, Fraction(0): 4, Fraction(1, 2): 6}
_MAX_BITS = 1 << 16


def polygon_size(cos_angle: Fraction) -> int:
    """⌊2π/arccos(cos_angle)⌋, the largest number of points of the circle at that separation, exactly.

    Parameters
    ----------
    cos_angle : Fraction
        In [-1, 1).

    Examples
    --------
    >>> polygon_size(Fraction(1, 2)), polygon_size(Fraction(49, 100))
    (6, 5)
    """
    if not -1 <= cos_angle < 1:
        raise ValueError(f"cos_angle must lie in [-1, 1), got {cos_angle}")
    if cos_angle in _EXACT:
        return _EXACT[cos_angle]
    bits = 64
    while bits <= _MAX_BITS:
        with flint.ctx.workprec(bits):
            cosine = flint.arb(flint.fmpq(cos_angle.numerator, cos_angle.denominator))
            size = (2 * flint.arb.pi() / cosine.acos()).floor()
            integer = size.unique_fmpz()
        if integer is not None:
            return int(integer)
        bits *= 2
    raise ArithmeticError(f"2π/arccos({cos_angle}) is too close to an integer to find its floor")


def _polygon(size: int, count: int) -> SphericalCode:
    name = f"regular {size}-gon" + ("" if count == size else f", first {count}")
    if size in (2, 4):
        square = np.array([[1, 0], [0, 1], [-1, 0], [0, -1]])[:: 4 // size]
        return SphericalCode.from_integers(square[:count], name)
    angle = 2 * np.pi * (np.arange(count) / size)
    return SphericalCode(np.column_stack([np.cos(angle), np.sin(angle)]), name)


def _build(d: int, cos_angle: Fraction, rng: np.random.Generator, max_size: int) -> SphericalCode | None:
    # Rounding can break the separation only if the angle divides 2π to within it: then one point fewer.
    most = polygon_size(cos_angle)
    for size in (most, most - 1):
        if size >= 2:
            code = _polygon(size, min(size, max_size))
            if code.certify_separation(cos_angle).holds:
                return code
    return None


def _obstacle(d: int, cos_angle: Fraction) -> str | None:
    return None if d == 2 else f"polygon exists in d = 2 only, got d = {d}"


FAMILY = Family("polygon", "regular polygon, d = 2, optimal", _build, _obstacle, lambda d, c: polygon_size(c))
