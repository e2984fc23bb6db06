"""Numbers of a command's options: read exactly, checked against their range, and named in the error."""

from __future__ import annotations

from fractions import Fraction

from boundcalc.exact import describe, exact_rational

__all__ = ["read_fraction", "read_integer", "read_share"]


def read_integer(name: str, value: object, least: int, most: int, remark: str = "") -> int:
    """An integer from ``least`` to ``most``; ``remark`` ends the sentence that asks for it.

    Raises
    ------
    ValueError, TypeError
        Naming the argument, what arrived and what to pass.

    Examples
    --------
    >>> read_integer("seed", "1e3", 0, 10**6)
    1000
    """
    number = exact_rational(name, value)
    if not number.is_Integer or not least <= number <= most:
        largest = "2^63 - 1" if most == 2**63 - 1 else str(most)
        raise ValueError(f"{name} must be an integer from {least} to {largest}{remark}, got {describe(value)}")
    return int(number)


def read_fraction(name: str, value: object, words: str, *, positive: bool, most: int) -> Fraction:
    """A number from 0 (without 0 if ``positive``) to ``most``, which ``words`` describe."""
    number = exact_rational(name, value)
    if number < 0 or (positive and number == 0) or number > most:
        raise ValueError(f"{name} must be {words}, got {describe(value)}")
    return Fraction(int(number.p), int(number.q))


def read_share(name: str, value: object) -> Fraction:
    """A number in (0, 1]."""
    return read_fraction(name, value, f"a number with 0 < {name} <= 1", positive=True, most=1)
