"""Exact binary numbers of any size, with outward rounding to floats."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

# Numbers up to this exponent are turned into fractions on request.
_MAX_SHIFT = 1 << 20


@dataclass(frozen=True)
class Dyadic:
    """The exact number mantissa · 2**exponent; holds values far outside the range of floats.

    Examples
    --------
    >>> Dyadic(3, -1).fraction
    Fraction(3, 2)
    >>> Dyadic(1, -10**9) > 0, Dyadic(1, 10**9) > Dyadic(3, 10**9 - 2)
    (True, True)
    """

    mantissa: int
    exponent: int

    @property
    def sign(self) -> int:
        """−1, 0 or 1."""
        return (self.mantissa > 0) - (self.mantissa < 0)

    @property
    def fraction(self) -> Fraction:
        """The number as a fraction.

        Raises
        ------
        OverflowError
            If the exponent exceeds 2**20 in size: the fraction would fill megabytes.
        """
        if abs(self.exponent) > _MAX_SHIFT:
            raise OverflowError(f"2**{self.exponent} is too long for a fraction; use log10 bounds")
        return Fraction(self.mantissa) * Fraction(2) ** self.exponent

    def compare(self, other: Dyadic | Fraction | int) -> int:
        """−1, 0 or 1 as this number is smaller than, equal to or larger than ``other``; exact."""
        if isinstance(other, Dyadic):
            mantissa, exponent, denominator = other.mantissa, other.exponent, 1
        else:
            mantissa, exponent, denominator = int(other.numerator), 0, int(other.denominator)
        other_sign = (mantissa > 0) - (mantissa < 0)
        if self.sign != other_sign or self.sign == 0:
            return (self.sign > other_sign) - (self.sign < other_sign)
        # Sizes first: a shift by a billion bits is never needed.
        left, right = self.mantissa * denominator, mantissa
        gap = (left.bit_length() + self.exponent) - (right.bit_length() + exponent)
        if gap not in (-1, 0, 1):
            return self.sign if gap > 0 else -self.sign
        shift = self.exponent - exponent
        left, right = (left << shift, right) if shift >= 0 else (left, right << -shift)
        return (left > right) - (left < right)

    def __lt__(self, other: Dyadic | Fraction | int) -> bool:
        return self.compare(other) < 0

    def __le__(self, other: Dyadic | Fraction | int) -> bool:
        return self.compare(other) <= 0

    def __gt__(self, other: Dyadic | Fraction | int) -> bool:
        return self.compare(other) > 0

    def __ge__(self, other: Dyadic | Fraction | int) -> bool:
        return self.compare(other) >= 0

    def round_down(self) -> float:
        """The largest float (or −inf) that is not above the number."""
        mantissa, exponent = self.mantissa, self.exponent
        if mantissa == 0:
            return 0.0
        shift = max(mantissa.bit_length() - 53, -1074 - exponent)
        if shift > 0:
            mantissa, exponent = mantissa >> shift, exponent + shift  # >> rounds towards −inf
        if mantissa.bit_length() + exponent > 1024:
            return float.fromhex("0x1.fffffffffffffp+1023") if mantissa > 0 else -math.inf
        return math.ldexp(mantissa, exponent)

    def round_up(self) -> float:
        """The smallest float (or inf) that is not below the number."""
        return -Dyadic(-self.mantissa, self.exponent).round_down()
