"""Where a sequence of bounds changes sides: a search in whole numbers whose every evaluation may take a second."""

from __future__ import annotations

import math
from collections.abc import Callable

LARGEST = 10**300
"""The search ends here."""
# First step in log10(n) from a size that is known; it doubles.
_FIRST_STEP = 0.5

Point = tuple[int, float]
"""A number and the gap there."""


def size_at(log10_n: float) -> int:
    """A whole number near 10^log10_n, with at most 15 digits that are not 0.

    >>> size_at(2), size_at(2.5), size_at(30)
    (100, 316, 1000000000000000000000000000000)
    """
    whole = max(0, math.floor(log10_n) - 14)
    return int(round(10 ** (log10_n - whole)) * 10**whole)


def bracket(
    gap: Callable[[int], float], left: Point, right: Point | None, tolerance: float, share: float = 0.0
) -> tuple[int, int | None]:
    """Whole numbers low, high with gap(low) > 0 >= gap(high), from points with their gaps.

    In log(n) the gaps of bounds are nearly straight lines, a little concave: secants overshoot from the left, and between a
    bracket's ends (Illinois) need a few evaluations where halving needs twenty. Where a secant gains less than halving would,
    halving is next. Only the signs of the gaps are relied upon.

    Parameters
    ----------
    gap : callable
        Positive on the left; infinite where nothing better is known.
    left, right : (int, float)
        Without ``right`` it is looked for, up to 10^300.
    tolerance, share : float
        The result are neighbours, or their logarithms to base 10 differ by at most ``tolerance`` or this share of them.

    Returns
    -------
    low : int
    high : int or None
        None where the gap is positive up to 10^300.

    Examples
    --------
    >>> bracket(lambda n: 4.5 - n, (1, 3.5), (100, -95.5), 0.0)
    (4, 5)
    """
    low, above = left
    step = _FIRST_STEP
    while right is None:
        if low >= LARGEST:
            return low, None
        probe = min(LARGEST, max(low + 1, size_at(math.log10(low) + step)))
        value = gap(probe)
        if value <= 0:
            right = (probe, value)
        else:
            slope = (above - value) / (math.log10(probe) - math.log10(low))
            ahead = 1.05 * value / slope if slope > 0 else math.inf
            step = min(max(ahead, step / 2), 10 * step)
            low, above = probe, value
    high, below = right
    last, halve = 0, False
    while high > low + 1:
        width, narrow = math.log10(high) - math.log10(low), max(tolerance, share * math.log10(low))
        if width <= narrow:
            break
        reach = width * (0.5 if halve or not math.isfinite(above - below) else above / (above - below))
        reach = min(max(reach, 0.4 * narrow), width - 0.4 * narrow)
        probe = min(max(size_at(math.log10(low) + reach), low + 1), high - 1)
        value = gap(probe)
        if value > 0:
            low, above, below, last = probe, value, below / (2 if last > 0 else 1), 1
        else:
            high, below, above, last = probe, value, above / (2 if last < 0 else 1), -1
        halve = math.log10(high) - math.log10(low) > width / 2
    return low, high
