"""Regular polygons: in the plane, ⌊2π/angle⌋ points are possible and no more."""

from __future__ import annotations

from fractions import Fraction
from math import floor

import numpy as np

from constructions import _arguments as check
from constructions.angle import AngleCosine
from constructions.certificate import at_angle
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
        In [-1, 1); the angle itself counts where it is remembered.

    Examples
    --------
    >>> polygon_size(Fraction(1, 2)), polygon_size(Fraction(49, 100))
    (6, 5)
    >>> polygon_size(AngleCosine.of(Fraction(72)))
    5
    """
    cosine = check.cosine(cosine)
    if isinstance(cosine, AngleCosine):
        return floor(360 / cosine.degrees)
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
    """The first `count` corners of the regular polygon of `size` corners; neighbours are at 360°/size, and no pair is closer."""
    name = part(f"regular {size}-gon", count, size)
    if size in (2, 4):
        square = np.array([[1, 0], [0, 1], [-1, 0], [0, -1]])[:: 4 // size]
        return SphericalCode.from_integers(square[:count], name)
    angle = 2 * np.pi * (np.arange(count) / size)
    points = np.column_stack([np.cos(angle), np.sin(angle)])
    if size in (3, 6):  # corners of the hexagon with x + y + z = 0
        corners = np.array([[1, -1, 0], [1, 0, -1], [0, 1, -1], [-1, 1, 0], [-1, 0, 1], [0, -1, 1]])[:: 6 // size]
        return SphericalCode(points, name, corners[:count])
    return SphericalCode(points, name, known=at_angle(Fraction(360, size), "neighbours of a regular polygon"))


def _build(d: int, cosine: Fraction, rng: np.random.Generator, max_size: int) -> SphericalCode | None:
    size = polygon_size(cosine)
    return _polygon(size, min(size, max_size))


FAMILY = Family("polygon", "regular polygon, d = 2, optimal", _build, range(2, 3), size=lambda d, c: polygon_size(c))
