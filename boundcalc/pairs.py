"""Double-double arithmetic on arrays: a number as the unevaluated sum of two floats, about 32 digits.

Used for polynomials whose logarithm is wanted near 1, where one rounding would be all of the logarithm.
Overflow shows as NaN or inf; callers check the size of the result.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from sympy import Rational

_SPLITTER = 134217729.0  # 2**27 + 1


class Pair(NamedTuple):
    """hi + lo, where lo is below half a unit in the last place of hi."""

    hi: Any
    lo: Any


def split_rational(value: Rational) -> Pair:
    """A rational number in the float range, to about 32 digits.

    Examples
    --------
    >>> split_rational(Rational(1, 10)).hi
    0.1
    """
    hi = int(value.p) / int(value.q)
    rest = value - Rational(*hi.as_integer_ratio())
    return Pair(hi, int(rest.p) / int(rest.q))


def add(x: Pair, y: Pair) -> Pair:
    """x + y: Knuth's two-sum, then the small parts."""
    hi = x.hi + y.hi
    back = hi - x.hi
    lo = (x.hi - (hi - back)) + (y.hi - back) + (x.lo + y.lo)
    total = hi + lo
    return Pair(total, lo - (total - hi))


def multiply(x: Pair, y: Pair) -> Pair:
    """x · y: Dekker's product with Veltkamp's splitting, then the cross terms."""
    hi = x.hi * y.hi
    a, b = _SPLITTER * x.hi, _SPLITTER * y.hi
    x1, y1 = a - (a - x.hi), b - (b - y.hi)
    x2, y2 = x.hi - x1, y.hi - y1
    lo = ((x1 * y1 - hi) + x1 * y2 + x2 * y1) + x2 * y2 + (x.hi * y.lo + x.lo * y.hi)
    total = hi + lo
    return Pair(total, lo - (total - hi))


def log(x: Pair) -> Any:
    """log|x|, right to a unit in the last place also near |x| = 1; −inf at 0.

    Examples
    --------
    >>> third = split_rational(Rational(1, 3))
    >>> f"{log(add(add(third, third), add(third, Pair(1e-20, 0.0)))):.10e}"
    '1.0000000000e-20'
    """
    size = np.abs(x.hi)
    return np.log(size) + np.where(size > 0, x.lo / np.where(size > 0, x.hi, 1.0), 0.0)
