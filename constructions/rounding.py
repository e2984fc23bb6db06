"""Rounding to the safe side: exact numbers to floats and to short decimals."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from math import floor, inf, nextafter
from threading import RLock

_DIGITS = 12


@contextmanager
def precision(bits: int) -> Iterator[None]:
    """Set python-flint's working precision, which is one for all threads: the others wait, those of boundcalc too."""
    import flint

    with vars(flint).setdefault("_precision_lock", RLock()), flint.ctx.workprec(bits):
        yield


def rounded_down(value: Fraction) -> float:
    """Greatest float not above `value`."""
    result = float(value)
    return result if Fraction(result) <= value else nextafter(result, -inf)


def decimal_below(value: Fraction | float) -> Fraction:
    """A positive number rounded down to 12 significant decimal digits.

    Examples
    --------
    >>> decimal_below(Fraction(2, 3)), decimal_below(Fraction(1, 8))
    (Fraction(333333333333, 500000000000), Fraction(1, 8))
    """
    exact, unit = Fraction(value), Fraction(1)
    if exact <= 0:
        raise ValueError(f"value must be positive, got {value}")
    while exact * unit < 10 ** (_DIGITS - 1):
        unit *= 10
    return floor(exact * unit) / unit
