"""Angles in degrees and exact cosines: two ways to say how far apart the points of a code must be."""

from __future__ import annotations

from fractions import Fraction

from constructions import _arguments as check
from constructions.rounding import precision

Exact = int | float | Fraction | str
"""A number, or its decimal or fraction text; floats are read as the decimals that they show."""

_EXACT_COSINES = {60: Fraction(1, 2), 90: Fraction(0), 120: Fraction(-1, 2), 180: Fraction(-1)}  # all rational ones
_SMALLEST_DEGREES = Fraction(1, 10**12)
_SHARE = 10**15  # an irrational cosine is rounded down by at most this share of 1 − cos(angle)


class AngleCosine(Fraction):
    """The irrational cosine of a rational angle, rounded down, with the angle itself: a regular pentagon attains 72° exactly."""

    __slots__ = ("degrees",)
    degrees: Fraction

    @classmethod
    def of(cls, degrees: Fraction) -> AngleCosine:
        """cos(degrees), rounded down by at most a share of 10^-15 of 1 − cos."""
        result = cls(enclosed_cosine(degrees)[0])
        result.degrees = degrees
        return result


def cosine_at(angle: Exact | None, cosine: Exact | None) -> Fraction:
    """The largest cosine of pairs of points at angles of at least `angle` degrees, or with cosines of at most `cosine`.

    Where the cosine of the angle is irrational, it is rounded down (a slightly larger angle), so that a code that keeps it
    keeps the angle, and an `AngleCosine` that remembers the angle. Both are read as `boundcalc.packing_number` reads them.

    Parameters
    ----------
    angle : number or text
        In degrees, 0 < angle ≤ 180.
    cosine : number or text
        In [-1, 1), taken exactly; in the place of `angle`.

    Raises
    ------
    TypeError, ValueError
        If not exactly one of the two is given, or it is no number or outside its domain.

    Examples
    --------
    >>> cosine_at(60, None), cosine_at(None, "0.3"), float(cosine_at(45, None))
    (Fraction(1, 2), Fraction(3, 10), 0.7071067811865475)
    """
    if (angle is None) == (cosine is None):
        raise TypeError("pass exactly one of angle (in degrees) and cosine")
    if cosine is not None:
        value = check.exact("cosine", cosine)
        if not -1 <= value < 1:
            raise ValueError(f"cosine must lie in [-1, 1), got {check.describe(cosine)}")
        return value
    degrees = check.exact("angle", angle)
    if not 0 < degrees <= 180:
        raise ValueError(f"angle must lie in (0, 180] degrees, got {check.describe(angle)}")
    if degrees in _EXACT_COSINES:
        return _EXACT_COSINES[int(degrees)]
    if degrees < _SMALLEST_DEGREES:
        raise ValueError(f"angle must be at least 10^-12 degrees, got {check.describe(angle)}")
    return AngleCosine.of(degrees)


def enclosed_cosine(degrees: Fraction, unit: int | None = None) -> tuple[Fraction, Fraction]:
    """cos(degrees), irrational, between neighbouring multiples of 1/unit; by default of a short fraction of 1 − cos.

    Examples
    --------
    >>> enclosed_cosine(Fraction(45), 100)
    (Fraction(7, 10), Fraction(71, 100))
    """
    import flint

    with precision(256):
        value = flint.arb.cos_pi_fmpq(flint.fmpq(degrees.numerator, 180 * degrees.denominator))
        # A short fraction: the denominator grows where the angle, hence 1 − cos, is small.
        unit = unit or _SHARE * int((1 / (1 - value)).ceil().unique_fmpz() or 1)
        floor = (value * unit).floor().unique_fmpz()
    if floor is None:
        raise ArithmeticError(f"cos({degrees} degrees) is too close to a fraction of denominator {unit}")
    return max(Fraction(int(floor), unit), Fraction(-1)), Fraction(int(floor) + 1, unit)
