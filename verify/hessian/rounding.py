"""Constants of the rounding-error analysis behind the certificates.

The model is the standard one: every operation on float64 numbers returns its exact value times 1 + e,
|e| <= u = 2**-53, plus an absolute error below 2**-1021 where it underflows (gradually or by flushing to zero). A
sum of m products, in any order and with or without fused operations, then differs from its exact value by at most
``gamma(m)`` times the sum of the absolute products (Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed.,
section 3.1). This covers every classical matrix product; not Strassen-like ones, which no BLAS uses by
default.
"""

from __future__ import annotations

import math

UNIT = 2.0**-53

# Error bounds are sums of nonnegative float64 terms, computed with fewer than 10**8 roundings in a row, so with a
# relative error below 2e-8. Every bound is multiplied by SLACK once, which makes it a bound again.
SLACK = 1.0 + 1e-6

# Covers all underflow: problems are scaled so that entries stay below 2**70, so fewer than 2**60 underflowing
# products, each off by at most 2**-1021 and multiplied by at most 2**140 later, contribute less than 2**-800.
TINY = 2.0**-800


def gamma(m: int | float) -> float:
    """The constant mu / (1 - mu) for m roundings, rounded up.

    >>> gamma(1) > 2.0**-53
    True
    """
    if not 0 <= m < 2**40:
        raise ValueError(f"m must lie in [0, 2**40), got {m!r}")
    return float(m * UNIT / (1 - m * UNIT) * SLACK)


def up(value: float) -> float:
    """The next float above: turns a result that was rounded to nearest into an upper bound.

    >>> up(1.0) > 1.0
    True
    """
    return math.nextafter(value, math.inf)
