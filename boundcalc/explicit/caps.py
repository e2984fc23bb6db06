"""Disjoint caps of one height, as many as a spherical code or an existence bound provides.

Caps of height h have angle arccos(1 - h), so they are disjoint (up to measure 0) when their centres are at least twice
that angle apart: with s = sin(psi/2) for the separation psi of the centres, (1 - h)^2 >= 1 - s^2.
"""

from __future__ import annotations

import math
import numbers
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Protocol

from boundcalc.arb import Ball, ball, precision
from boundcalc.exact import describe, fraction
from boundcalc.explicit.rings import existence, ring_table, small_codes

_RING_DIMENSIONS = 24
# Existence bounds are tried down to heights of about this logarithm, enough for n = 10^300.
_SMALLEST_LOG_SINE = -180.0
_STEP = 1.12


class CodeLike(Protocol):
    """What a spherical code must offer: its size and a rigorous bound of its largest inner product."""

    @property
    def size(self) -> int: ...

    def max_inner_product(self) -> object:
        """An object whose ``upper`` is a rational that no inner product of two distinct points exceeds."""


@dataclass(frozen=True)
class Caps:
    """Disjoint caps of one height, at most 1 (the binary number counts); ``code`` says where their centres come from."""

    height: float
    count: int
    code: str

    def __str__(self) -> str:
        return f"{self.count} caps of height {self.height:.4g} ({self.code})"


def height_below(cosine_squared: Fraction) -> float:
    """The largest float h found with (1 - h)^2 >= cosine_squared; exact comparison.

    >>> height_below(Fraction(3, 4))
    0.1339745962155613...
    """
    height = 1 - math.sqrt(cosine_squared)
    if height < 1e-3:  # 1 - sqrt(x) = (1 - x)/(1 + sqrt(x)) keeps its digits
        height = float(1 - cosine_squared) / (1 + math.sqrt(cosine_squared))
    while (1 - Fraction(height)) ** 2 < cosine_squared:
        height = math.nextafter(height, 0.0) if height > 1e-300 else height / 2
    return height


def from_sine(s: float, count: int, code: str) -> Caps:
    """Caps on a code with separation 2 arcsin(s)."""
    return Caps(height_below(1 - Fraction(s) ** 2), count, code)


def from_code(d: int, code: CodeLike) -> Caps:
    """The largest caps that a certified spherical code carries.

    Raises
    ------
    TypeError
        If ``code`` does not offer a size and a certified largest inner product.
    """
    size = getattr(code, "size", None)
    largest = getattr(code, "max_inner_product", None)
    if not isinstance(size, int) or isinstance(size, bool) or not callable(largest):
        raise TypeError(f"code must offer size and max_inner_product().upper, got {describe(code)}")
    dim = getattr(code, "dim", None)
    if isinstance(dim, int) and dim != d:
        raise ValueError(f"code must consist of points in R^{d}, got {describe(code)} in R^{dim}")
    upper = getattr(largest(), "upper", None)
    if not isinstance(upper, numbers.Rational):
        raise TypeError(f"code.max_inner_product().upper must be an exact rational, got {describe(upper)}")
    bound = fraction(upper)
    if size < 2 or not -1 <= bound < 1:
        raise ValueError(f"code must have at least 2 points and inner products in [-1, 1), got {size} and {bound}")
    # u.v <= 2 (1 - h)^2 - 1
    return Caps(height_below((1 + bound) / 2), size, str(getattr(code, "family", "given code")))


def _polygon(count: int) -> Caps:
    """Caps on a regular polygon: h <= 1 - cos(pi/N)."""
    exact = {2: Fraction(0), 3: Fraction(1, 4), 4: Fraction(1, 2), 6: Fraction(3, 4)}  # cos(pi/N)^2
    if count in exact:
        return Caps(height_below(exact[count]), count, "polygon")
    height = 2 * math.sin(math.pi / (2 * count)) ** 2
    with precision(128):
        limit = 2 * (Ball.pi() / (2 * ball(count))).sin() ** 2
        while not ball(height) <= limit:
            height *= 1 - 1e-15
    return Caps(height, count, "polygon")


@lru_cache(maxsize=64)
def candidates(d: int) -> tuple[Caps, ...]:
    """Caps to try in R^d, from the highest down; ever more caps, ever lower."""
    if d == 1:
        return tuple(Caps(2.0 ** (-j / 4), 2, "both ends") for j in range(0, 2200))
    if d == 2:
        counts = sorted({*range(2, 40), *(round(40 * 1.04**j) for j in range(0, 6000))})
        return tuple(_polygon(count) for count in counts if count < 10**100)
    found: list[Caps] = []
    smallest = 1.0
    if d <= _RING_DIMENSIONS:
        table = ring_table(d)
        last = 0.0
        for i in range(len(table.sines) - 1, -1, -1):
            if table.sizes[i] >= last * _STEP:
                last = table.sizes[i]
                found.append(from_sine(float(table.sines[i]), int(last), table.names[i]))
        smallest = float(table.sines[0])
    else:
        for size, name, square in sorted(small_codes(d)):
            found.append(Caps(height_below(1 - square), size, name))
    if d > _RING_DIMENSIONS:  # the existence bound overtakes the simple codes below 90 degrees only
        smallest = math.sqrt(0.5)
    log_step = max(math.log(_STEP * 1.3) / (d - 1), 0.002)
    log_s = math.log(smallest)
    count = found[-1].count if found else 2
    while log_s > _SMALLEST_LOG_SINE and len(found) < 3000:
        log_s -= log_step
        s = math.exp(log_s)
        if d > _RING_DIMENSIONS and len(found) > (200 if d <= 100 else 12):
            break
        size = existence(d, s)
        if size > count:
            count = size
            found.append(from_sine(s, size, "existence"))
    return tuple(sorted(found, key=lambda caps: -caps.height))
