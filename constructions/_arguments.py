"""Argument checks shared by the builders: each raises naming the argument, what arrived and what to pass."""

from __future__ import annotations

from fractions import Fraction
from numbers import Rational, Real

import numpy as np
from numpy.typing import ArrayLike, NDArray


def integer(name: str, value: object, least: int) -> int:
    """`value` as an int of at least `least`."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)):
        raise TypeError(f"{name} must be an integer, got {value!r}")
    if value < least:
        raise ValueError(f"{name} must be at least {least}, got {value}")
    return int(value)


def finite(name: str, value: object, *, least: float = -np.inf, above: float = -np.inf) -> float:
    """`value` as a finite float, at least `least` and above `above`."""
    if isinstance(value, bool) or not isinstance(value, (Real, np.floating, np.integer)):
        raise TypeError(f"{name} must be a real number, got {value!r}")
    number = float(value)
    if not np.isfinite(number):
        raise ValueError(f"{name} must be finite, got {value!r}")
    if number < least:
        raise ValueError(f"{name} must be at least {least:g}, got {value!r}")
    if number <= above:
        raise ValueError(f"{name} must be greater than {above:g}, got {value!r}")
    return number


def fraction(name: str, value: object) -> Fraction:
    """`value` as an exact Fraction; floats are refused because their decimal text is not what they hold."""
    if isinstance(value, bool) or not isinstance(value, Rational):
        raise TypeError(f"{name} must be a fractions.Fraction or an int, got {value!r}")
    return Fraction(value)


def height(value: object) -> Fraction:
    """A cap height: an exact fraction in (0, 1]."""
    h = fraction("height", value)
    if not 0 < h <= 1:
        raise ValueError(f"height must lie in (0, 1], got {h}")
    return h


def array(name: str, value: ArrayLike, shape: tuple[int | None, ...]) -> NDArray[np.float64]:
    """`value` as a finite float64 array of the given shape, None standing for any length."""
    try:
        result = np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise TypeError(f"{name} must be an array of real numbers, got {type(value).__name__}") from error
    wanted = "(" + ", ".join("any" if n is None else str(n) for n in shape) + ("," if len(shape) == 1 else "") + ")"
    if result.ndim != len(shape) or any(n is not None and n != m for n, m in zip(shape, result.shape, strict=True)):
        raise ValueError(f"{name} must have shape {wanted}, got {result.shape}")
    if not np.isfinite(result).all():
        raise ValueError(f"{name} must be finite, got NaN or infinite entries")
    return result


def frozen(value: NDArray[np.float64]) -> NDArray[np.float64]:
    """A read-only, contiguous copy."""
    result = np.array(value, dtype=np.float64, order="C", copy=True)
    result.setflags(write=False)
    return result


def generator(name: str, value: object) -> np.random.Generator:
    """Check that the caller passed a numpy Generator."""
    if not isinstance(value, np.random.Generator):
        raise TypeError(f"{name} must be a numpy.random.Generator, e.g. numpy.random.default_rng(0), got {value!r}")
    return value
