"""Numbers as sign and logarithm."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from boundcalc.shown import Shown, show_log10

_LN10 = math.log(10)


@dataclass(frozen=True, eq=False, repr=False)
class LogValue(Shown):
    """Real numbers as sign and natural logarithm of the absolute value (−inf where the sign is 0).

    Attributes
    ----------
    sign, log : numpy.ndarray
        Of one shape; sign is −1, 0 or 1.

    Examples
    --------
    >>> tiny = LogValue(np.array(1.0), np.array(-3.5e8))
    >>> print(tiny)
    2.16e-152003069
    >>> tiny.value
    Traceback (most recent call last):
    ...
    OverflowError: the value 2.16e-152003069 is outside the range of a float; use its logarithm
    """

    sign: NDArray[np.float64]
    log: NDArray[np.float64]

    @property
    def log10(self) -> NDArray[np.float64]:
        """Logarithm to base 10 of the absolute value."""
        return self.log / _LN10

    @property
    def value(self) -> NDArray[np.float64]:
        """The numbers as floats.

        Raises
        ------
        OverflowError
            If one of them is too large or too small (below 2.3e-308) for a float with full precision.
        """
        outside = (self.log > 709.78) | ((self.log < -708.39) & (self.sign != 0))
        if np.any(outside):
            first = LogValue(self.sign[outside][:1], self.log[outside][:1])
            raise OverflowError(f"the value {first} is outside the range of a float; use its logarithm")
        return self.sign * np.exp(self.log)

    def __str__(self) -> str:
        if self.log.size != 1:
            shown = f", log10 from {self.log10.min():.6g} to {self.log10.max():.6g}" if self.log.size else ""
            return f"LogValue of shape {self.log.shape}{shown}"
        sign, log10 = float(self.sign.flat[0]), float(self.log10.flat[0])
        if sign == 0:
            return "0"
        return ("-" if sign < 0 else "") + show_log10(log10, 3)


class Log(NamedTuple):
    """Sign and logarithm of the absolute value, arrays or floats that broadcast."""

    sign: Any
    log: Any


def signed_sum(parts: Sequence[Log]) -> Log:
    """The sum: signed logsumexp."""
    top = parts[0].log
    for part in parts[1:]:
        top = np.maximum(top, part.log)
    anchor = np.where(np.isfinite(top), top, 0.0)
    total: Any = 0.0
    for part in parts:
        total = total + part.sign * np.exp(part.log - anchor)
    size = np.abs(total)
    return Log(np.sign(total), np.log(size) + anchor)


def extreme(parts: Sequence[Log], largest: bool) -> Log:
    """The largest or smallest: by sign first, then by size."""
    best = parts[0]
    for part in parts[1:]:
        same = part.sign == best.sign
        above = (part.sign > best.sign) | (same & (part.sign * (part.log - best.log) > 0))
        take = above if largest else np.logical_not(above)
        best = Log(np.where(take, part.sign, best.sign), np.where(take, part.log, best.log))
    return best


def log_sine(x: Any) -> Log:
    """sin x. Near a peak the rounding of sin x is large against log|sin x|; cos x is small and accurate there."""
    sine, cosine = np.sin(x), np.cos(x)
    near = np.abs(cosine) < 0.5
    peak = 0.5 * np.log1p(-(np.where(near, cosine, 0.0) ** 2))
    return Log(np.sign(sine), np.where(near, peak, np.log(np.abs(sine))))
