"""Regular polygons: in the plane, ⌊2π/angle⌋ points are possible and no more."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from constructions import _arguments as check
from constructions.codes.family import Family, part
from constructions.rounding import precision
from constructions.spherical_code import SphericalCode

# Rational cosines of rational angles (Niven): there 2π/angle is an integer and no precision would decide its floor.
_EXACT = {Fraction(-1): 2, Fraction(-1, 2): 3, Fraction(0): 4, Fraction(1, 2): 6}
_MAX_BITS = 1 << 16


def polygon_size(cosine: Fraction) -> int:
    """⌊2π/arccos(cosine)⌋, the largest number of points of the circle at that separation, exactly.

    Parameters
    ----------
    cosine : Fraction
        In [-1, 1).

    Examples
    --------
    >>> polygon_size(Fraction(1, 2)), polygon_size(Fraction(49, 100))
    (6, 5)
    """
    cosine = check.cosine(cosine)
    if cosine in _EXACT:
        return _EXACT[cosine]
    import flint

    bits = 64
    while bits <= _MAX_BITS:
        with precision(bits):
            ratio = 2 * flint.arb.pi() / flint.arb(flint.fmpq(cosine.numerator, cosine.denominator)).acos()
            integer = ratio.floor().unique_fmpz()
        if integer is not None:
            return int(integer)
        bits *= 2
    raise ArithmeticError(f"2π/arccos({cosine}) is too close to an integer to find its floor")


def _polygon(size: int, count: int) -> SphericalCode:
    name = part(f"regular {size}-gon", count, size)
    if size in (2, 4):
        square = np.array([[1, 0], [0, 1], [-1, 0], [0, -1]])[:: 4 // size]
        return SphericalCode.from_integers(square[:count], name)
    angle = 2 * np.pi * (np.arange(count) / size)
    return SphericalCode(np.column_stack([np.cos(angle), np.sin(angle)]), name)


def _build(d: int, cosine: Fraction, rng: np.random.Generator, max_size: int) -> SphericalCode | None:
    # Rounding can break the separation only if the angle divides 2π to within it: then one point fewer.
    most = polygon_size(cosine)
    for size in (most, most - 1):
        if size >= 2:
            code = _polygon(size, min(size, max_size))
            if code.certify_separation(cosine).holds:
                return code
    return None


FAMILY = Family("polygon", "regular polygon, d = 2, optimal", _build, range(2, 3), size=lambda d, c: polygon_size(c))
