"""Gegenbauer polynomials of a dimension, normalised to 1 at 1: P_k on S^(D-1), with exact rational coefficients."""

from __future__ import annotations

import math
from fractions import Fraction
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from boundcalc.arb import Ball, ball


def dimension(d: int, k: int) -> int:
    """Dimension of the spherical harmonics of degree k in R^d, d >= 2.

    >>> dimension(3, 2), dimension(2, 5)
    (5, 2)
    """
    if k == 0:
        return 1
    return (2 * k + d - 2) * math.comb(k + d - 2, k) // (k + d - 2)


@lru_cache(maxsize=4096)
def coefficients(d: int, k: int) -> tuple[Fraction, ...]:
    """Coefficients of P_k, lowest first: (k + d - 2) P_(k+1) = (2k + d - 2) x P_k - k P_(k-1), d >= 3.

    >>> [str(c) for c in coefficients(3, 2)]
    ['-1/2', '0', '3/2']
    """
    if k == 0:
        return (Fraction(1),)
    if k == 1:
        return (Fraction(0), Fraction(1))
    j = k - 1
    up, down = coefficients(d, k - 1), coefficients(d, k - 2)
    raised = [Fraction(0), *(c * Fraction(2 * j + d - 2, j + d - 2) for c in up)]
    for i, c in enumerate(down):
        raised[i] -= c * Fraction(j, j + d - 2)
    return tuple(raised)


def horner(polynomial: tuple[Fraction, ...] | list[Fraction], x: Ball) -> Ball:
    """Value of a polynomial at a ball."""
    total = ball(0)
    for c in reversed(polynomial):
        total = total * x + ball(c)
    return total


def values(d: int, k: int, x: NDArray[np.float64]) -> NDArray[np.float64]:
    """P_k in floats, by the recurrence."""
    before, now = np.ones_like(x), np.array(x, dtype=float)
    if k == 0:
        return before
    for j in range(1, k):
        before, now = now, ((2 * j + d - 2) * x * now - j * before) / (j + d - 2)
    return now
