"""Argument checks shared by the builders: each raises naming the argument, what arrived and what to pass."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from fractions import Fraction
from numbers import Integral, Rational, Real
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

_NUMBER = re.compile(
    r"(?P<numerator>[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE](?P<exponent>[+-]?\d+))?)(?:/(?P<denominator>\d+))?", re.ASCII
)
_MAX_TEXT = 4000
_MAX_EXPONENT = 5000


def integer(name: str, value: object, least: int) -> int:
    """`value` as an int of at least `least`."""
    if isinstance(value, (bool, np.timedelta64)) or not isinstance(value, (int, np.integer)):
        raise TypeError(f"{name} must be an integer, got {describe(value)}")
    if value < least:
        raise ValueError(f"{name} must be at least {least}, got {describe(value)}")
    return int(value)


def finite(name: str, value: object, *, least: float = -np.inf, above: float = -np.inf) -> float:
    """`value` as a finite float, at least `least` and above `above`."""
    if isinstance(value, (bool, np.timedelta64)) or not isinstance(value, (Real, np.floating, np.integer)):
        raise TypeError(f"{name} must be a real number, got {describe(value)}")
    try:
        number = float(value)
    except OverflowError:  # an integer or fraction beyond the largest float
        number = np.inf
    if not np.isfinite(number):
        raise ValueError(f"{name} must be finite, got {describe(value)}")
    if isinstance(value, Integral) and number != value:
        raise ValueError(f"{name} must be a number that float64 can hold, got {describe(value)}")
    if number < least:
        raise ValueError(f"{name} must be at least {least:g}, got {describe(value)}")
    if number <= above:
        raise ValueError(f"{name} must be greater than {above:g}, got {describe(value)}")
    return number


def fraction(name: str, value: object) -> Fraction:
    """`value` as an exact Fraction of Python's integers; floats are refused because their decimal text is not what they hold.

    A Fraction made of numpy integers computes with their 32 or 64 bits, and overflows silently: numerator and
    denominator are taken apart here.
    """
    if isinstance(value, (bool, np.timedelta64)) or not isinstance(value, Rational):
        raise TypeError(f"{name} must be a fractions.Fraction or an int, got {describe(value)}")
    return Fraction(int(value.numerator), int(value.denominator))


def height(value: object) -> Fraction:
    """A cap height: an exact fraction in (0, 1]."""
    h = fraction("height", value)
    if not 0 < h <= 1:
        raise ValueError(f"height must lie in (0, 1], got {h}")
    return h


def cosine(value: object) -> Fraction:
    """The cosine of an angle between different directions: an exact fraction in [-1, 1).

    A subclass of Fraction is kept as it is (`constructions.angle.AngleCosine`).
    """
    c = value if isinstance(value, Fraction) and type(value) is not Fraction else fraction("cosine", value)
    if not -1 <= c < 1:
        raise ValueError(f"cosine must lie in [-1, 1), got {c}")
    return c


def exact(name: str, value: object) -> Fraction:
    """The number that `value` shows: text and floats are read as decimals, 0.1 as 1/10.

    The reading of `boundcalc.exact_rational`, which this package may not import; the tests hold one against the other.

    Examples
    --------
    >>> exact("angle", "0.1"), exact("angle", 0.1), exact("angle", "1e2/3")
    (Fraction(1, 10), Fraction(1, 10), Fraction(100, 3))
    """
    if isinstance(value, str):
        return _from_text(name, value)
    if isinstance(value, (bool, np.timedelta64)) or not isinstance(value, Real):
        raise TypeError(f"{name} must be a number, got {describe(value)}; pass an int, float, Fraction or decimal text")
    if isinstance(value, Rational):
        return fraction(name, value)
    number = float(value)
    if not np.isfinite(number):
        raise ValueError(
            f"{name} must be a finite number, got {describe(value)}; pass large numbers as text, e.g. '1e400'"
        )
    return Fraction(repr(number))


def _from_text(name: str, text: str) -> Fraction:
    stripped = text.strip()
    found = _NUMBER.fullmatch(stripped) if len(stripped) <= _MAX_TEXT else None
    if found is None:
        raise ValueError(f"{name} must be a number, got {describe(text)}; pass a decimal such as 0.5, 1e4 or 3/4")
    if abs(int(found["exponent"] or 0)) > _MAX_EXPONENT:
        raise ValueError(f"{name} must have an exponent of at most {_MAX_EXPONENT}, got {describe(text)}")
    denominator = int(found["denominator"] or 1)
    if denominator == 0:
        raise ValueError(f"{name} must be a number, got {describe(text)} with denominator 0")
    return Fraction(found["numerator"]) / denominator


def describe(value: object) -> str:
    """What arrived, shortened, for an error message; quotes say that it is text."""
    shown = repr(value)
    shown = shown if len(shown) <= 45 else shown[:42] + "..."
    return shown if type(value) is str else f"{shown} ({type(value).__name__})"


def array(name: str, value: ArrayLike, shape: tuple[int | None, ...]) -> NDArray[np.float64]:
    """`value` as a finite float64 array of the given shape, None standing for any length.

    The one gate of arrays: what float64 can't hold is refused, never changed. That is complex numbers, dates, text, truth
    values, masked entries, integers beyond 2^53 that no float equals, and objects of any other kind.

    Raises
    ------
    TypeError, ValueError
        Naming the argument, what arrived and what to pass.

    Examples
    --------
    >>> array("X", [[1, 2]], (None, 2))
    array([[1., 2.]])
    >>> array("X", [[True, False]], (None, 2))
    Traceback (most recent call last):
    ...
    TypeError: X must hold real numbers, got True (bool); pass an array of floats
    """
    if isinstance(value, (list, tuple)):
        _refuse_entries(name, value)
    try:
        result = np.asarray(value)
    except Exception as error:  # whatever a foreign object raises when it is asked for an array
        raise TypeError(f"{name} must be an array of real numbers, got {type(value).__name__}: {error}") from error
    if np.ma.is_masked(value):
        raise ValueError(f"{name} must have no masked entries, got a masked array; fill them or leave them out")
    if result.dtype.kind not in "fiu":
        raise TypeError(f"{name} must be an array of real numbers, got dtype {result.dtype}; pass an array of floats")
    with np.errstate(over="ignore"):  # of a wider kind of float, refused below
        floats = result.astype(np.float64, copy=False)
    if result.dtype.kind in "iu":
        _refuse_entries(name, result[np.abs(floats) >= 2**53].tolist())
    wanted = "(" + ", ".join("any" if n is None else str(n) for n in shape) + ("," if len(shape) == 1 else "") + ")"
    if floats.ndim != len(shape) or any(n is not None and n != m for n, m in zip(shape, floats.shape, strict=True)):
        raise ValueError(f"{name} must have shape {wanted}, got {floats.shape}")
    if not np.isfinite(floats).all():
        where = np.argwhere(~np.isfinite(floats))[0].tolist()
        raise ValueError(f"{name} must be finite, got NaN or infinity at index {where}")
    return floats


def _refuse_entries(name: str, entries: Sequence[object], depth: int = 0) -> None:
    """Refuse what numpy would turn into other numbers while it makes an array of a list."""
    for entry in entries:
        if isinstance(entry, float):
            continue
        if isinstance(entry, (list, tuple)) and depth < 32:  # numpy goes no deeper
            _refuse_entries(name, entry, depth + 1)
        elif isinstance(entry, (bool, np.bool_)) or getattr(getattr(entry, "dtype", None), "kind", "f") == "b":
            raise TypeError(f"{name} must hold real numbers, got {describe(entry)}; pass an array of floats")
        elif isinstance(entry, int):
            finite(name, entry)
        elif np.ma.is_masked(entry):
            raise ValueError(f"{name} must have no masked entries, got one; fill it or leave it out")


def unit_rows(name: str, value: ArrayLike) -> NDArray[np.float64]:
    """`value` as an array (k, d), k and d at least 1, of rows of norm 1 up to 1e-9."""
    rows = array(name, value, (None, None))
    if not rows.size:
        raise ValueError(f"{name} must have at least one row and one column, got shape {rows.shape}")
    with np.errstate(over="ignore", under="ignore"):
        if np.abs(np.linalg.norm(rows, axis=1) - 1).max() > 1e-9:
            raise ValueError(f"{name} must have rows of norm 1")
    return rows


def frozen(value: NDArray[np.float64]) -> NDArray[np.float64]:
    """A read-only, contiguous copy."""
    result = np.array(value, dtype=np.float64, order="C", copy=True)
    result.setflags(write=False)
    return result


def instance(name: str, value: object, kind: type) -> None:
    """Check that the caller passed an object of a class."""
    if not isinstance(value, kind):
        raise TypeError(f"{name} must be a {kind.__name__}, got {describe(value)}")


def flag(name: str, value: object) -> bool:
    """`value` as a bool; numbers and arrays, which Python would take for one, are refused."""
    if not isinstance(value, (bool, np.bool_)):
        raise TypeError(f"{name} must be True or False, got {describe(value)}")
    return bool(value)


def function(name: str, value: object) -> None:
    """Check that the caller passed something that can be called, or None for nothing to call."""
    if value is not None and not callable(value):
        raise TypeError(f"{name} must be a function or None, got {describe(value)}")


def entries(name: str, value: object, what: str) -> tuple[Any, ...]:
    """`value` as a tuple of whatever it holds, text and arrays of no dimension holding nothing."""
    if isinstance(value, (str, bytes)) or not isinstance(value, Iterable) or getattr(value, "ndim", 1) == 0:
        raise TypeError(f"{name} must be a sequence of {what}, got {describe(value)}")
    return tuple(value)


def members(name: str, value: object, kind: type) -> tuple[Any, ...]:
    """`value` as a tuple of objects of a class, text being none."""
    items = entries(name, value, f"objects of class {kind.__name__}")
    if not all(isinstance(item, kind) for item in items):
        raise TypeError(f"{name} must be a sequence of objects of class {kind.__name__}, got {describe(value)}")
    return items


def generator(name: str, value: object) -> np.random.Generator:
    """Check that the caller passed a numpy Generator."""
    if not isinstance(value, np.random.Generator):
        raise TypeError(
            f"{name} must be a numpy.random.Generator, e.g. numpy.random.default_rng(0), got {describe(value)}"
        )
    return value
