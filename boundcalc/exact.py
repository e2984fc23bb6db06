"""Exact rational numbers from what a caller hands in.

Decimal text and floats are read as the decimal number they show: ``0.1`` means 1/10, not the nearest binary
fraction, and ``1e300`` means 10**300. Nothing is ever evaluated: text that is not a number is refused.
"""

from __future__ import annotations

import math
import numbers
import re
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray
from sympy import Integer, Rational

_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?(?:/\d+)?", re.ASCII)
# 10**5000 still converts in microseconds; anything longer is a typing error or an attack.
_MAX_TEXT = 4000
_MAX_EXPONENT = 5000


def describe(value: object) -> str:
    """Say what arrived, shortened, for an error message; quotes say that it is text.

    >>> describe("1" * 100), describe(2.5)
    ("'11111111111111111111111111111111111111111...", '2.5 (float)')
    """
    shown = repr(value)
    if len(shown) > 45:
        shown = shown[:42] + "..."
    return shown if type(value) is str else f"{shown} ({type(value).__name__})"


def fraction(value: numbers.Rational | Rational | int) -> Fraction:
    """An exact number of any library as a fraction of Python's own integers, which never overflow.

    Parameters
    ----------
    value : int, fractions.Fraction, sympy.Rational or numpy integer

    Raises
    ------
    TypeError
        For anything else, floats included: :func:`exact_rational` reads what a caller passes.

    Examples
    --------
    >>> fraction(Rational(3, 4)), fraction(7)
    (Fraction(3, 4), Fraction(7, 1))
    """
    if isinstance(value, np.timedelta64) or not isinstance(value, numbers.Rational):
        raise TypeError(f"value must be an exact rational number, got {describe(value)}; pass an int or a fraction")
    return Fraction(int(value.numerator), int(value.denominator))


def rational(value: numbers.Rational | Rational | int) -> Rational:
    """The same as sympy's number.

    >>> rational(Fraction(3, 4)), rational(7)
    (3/4, 7)
    """
    exact = fraction(value)
    return Rational(exact.numerator, exact.denominator)


def log_exact(value: numbers.Rational | Rational | int) -> float:
    """Natural logarithm of a positive exact number of any size, right to a few units of the last place.

    >>> round(log_exact(10**1000) / log_exact(10), 9)
    1000.0
    """
    numerator, denominator = int(value.numerator), int(value.denominator)
    return math.log(numerator) - (math.log(denominator) if denominator != 1 else 0.0)


def exact_rational(name: str, value: object) -> Rational:
    """The exact number that ``value`` shows.

    Parameters
    ----------
    name : str
        Name of the argument, for the error message.
    value : int, float, str, fractions.Fraction, sympy.Rational or numpy number

    Raises
    ------
    TypeError
        If ``value`` is not a number or text (booleans are not numbers here).
    ValueError
        If it is NaN, infinite, text that is not a plain decimal number or fraction, or absurdly long.

    Examples
    --------
    >>> exact_rational("eta", "0.1"), exact_rational("eta", 0.1), exact_rational("n", 1e4)
    (1/10, 1/10, 10000)
    >>> exact_rational("n", "2**5")
    Traceback (most recent call last):
    ...
    ValueError: n must be a number, got '2**5'; pass a decimal such as 0.5, 1e4 or 3/4
    """
    if type(value) is int:
        return Integer(value)
    if isinstance(value, Rational):
        return value
    if isinstance(value, str):
        return _from_text(name, value)
    if isinstance(value, (bool, np.timedelta64)) or not isinstance(value, numbers.Real):
        if getattr(value, "is_Rational", False):  # sympy numbers that are not sympy.Rational subclasses
            return Rational(value)
        raise TypeError(f"{name} must be a number, got {describe(value)}; pass an int, float, Fraction or decimal text")
    if isinstance(value, numbers.Rational):
        return rational(value)
    as_float = float(value)
    if math.isnan(as_float) or math.isinf(as_float):
        raise ValueError(
            f"{name} must be a finite number, got {describe(value)}; pass large numbers as text, e.g. '1e400'"
        )
    if as_float.is_integer() and abs(as_float) < 2**53:
        return Integer(int(as_float))
    return rational(Fraction(repr(as_float)))


def _from_text(name: str, text: str) -> Rational:
    stripped = text.strip()
    if len(stripped) > _MAX_TEXT or not _NUMBER.fullmatch(stripped):
        raise ValueError(f"{name} must be a number, got {describe(text)}; pass a decimal such as 0.5, 1e4 or 3/4")
    numerator, _, denominator = stripped.partition("/")
    exponent = re.search(r"[eE]([+-]?\d+)$", numerator)
    if exponent and abs(int(exponent.group(1))) > _MAX_EXPONENT:
        raise ValueError(f"{name} must have an exponent of at most {_MAX_EXPONENT}, got {describe(text)}")
    if denominator and int(denominator) == 0:
        raise ValueError(f"{name} must be a number, got {describe(text)} with denominator 0")
    return rational(Fraction(numerator) / Fraction(denominator or 1))


def number_array(name: str, value: object) -> NDArray[np.float64]:
    """An array, list or tuple of integers and floats as float64; what is anything else is refused, never changed.

    Raises
    ------
    TypeError, ValueError
        For truth values, text, dates, complex numbers, masked entries and ragged lists, naming the argument.

    Examples
    --------
    >>> number_array("n", [10, 1e4])
    array([   10., 10000.])
    >>> number_array("n", [10, True])
    Traceback (most recent call last):
    ...
    TypeError: n must be an array of integers or floats, got True (bool) in it
    """
    try:
        entries = [] if isinstance(value, np.ndarray) else np.asarray(value, dtype=object).ravel().tolist()
        for entry in (value, *entries):
            if np.ma.is_masked(entry):
                raise TypeError(
                    f"{name} must be an array without masked entries, got some; fill them or leave them out"
                )
            if isinstance(entry, (bool, np.bool_)):
                raise TypeError(f"{name} must be an array of integers or floats, got {describe(entry)} in it")
        array = np.asarray(value)
    except ValueError:
        raise ValueError(f"{name} must be a rectangular array of numbers, got {describe(value)}") from None
    if array.dtype.kind not in "iuf":
        raise TypeError(f"{name} must be an array of integers or floats, got {describe(value)} of dtype {array.dtype}")
    with np.errstate(over="ignore"):  # infinities are refused by whoever knows the domain
        return array.astype(np.float64, copy=False)
