"""Exponents of power laws from values on a grid: least squares with the first corrections, and an honest interval.

Values that follow q = a n^e (1 + c u + ...), u a small quantity that falls with n (the square root of a cap's height),
are fitted in logarithms: log q = log a + e log n + c u. The interval of e has two parts.

* Scatter. Values found by a search over a grid of heights ripple about the law: their residuals are no independent
  draws, so Student's interval may be too narrow. If no error exceeds the largest residual r, the coefficient is off by
  at most r times the sum of the moduli of its least-squares weights; the larger of that and Student's counts.
* Bias: what the next correction u^2 would change. A law that has not set in gives a wide interval, not a wrong one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import t as student

__all__ = ["ExponentFit", "fit_exponent"]

LEVEL = 0.99
# Relative rounding of the logarithms.
_ROUNDING = 1e-14


@dataclass(frozen=True)
class ExponentFit:
    """A fitted exponent.

    Attributes
    ----------
    exponent : float
    scatter, bias : float
        The two half-widths; the first holds at level 0.99 or for all errors up to the largest residual, whichever is
        wider.
    points : int
    """

    exponent: float
    scatter: float
    bias: float
    points: int

    @property
    def half_width(self) -> float:
        """Of the whole interval."""
        return self.scatter + self.bias

    @property
    def ends(self) -> tuple[float, float]:
        """The interval."""
        return self.exponent - self.half_width, self.exponent + self.half_width

    def __contains__(self, value: float) -> bool:
        return abs(value - self.exponent) <= self.half_width


def fit_exponent(
    log_n: ArrayLike, log_values: ArrayLike, correction: ArrayLike | None = None, error: float = 0.0
) -> ExponentFit:
    """The exponent e of values ~ n^e, with its interval.

    Parameters
    ----------
    log_n, log_values : array_like, shape (m,)
        Logarithms to the same base; at least 6 different n.
    correction : array_like, shape (m,), optional
        The small quantity u; without it the values are taken for an exact power law.
    error : float
        How far each logarithm may be off besides what the residuals show.

    Raises
    ------
    ValueError
        If the shapes disagree, a number is not finite, or there are fewer than 6 points.

    Examples
    --------
    >>> import numpy as np
    >>> n = np.geomspace(1e3, 1e6, 12)
    >>> fit = fit_exponent(np.log(n), np.log(5 * n**-0.4 * (1 + n**-0.5)), n**-0.5)
    >>> round(fit.exponent, 3), -0.4 in fit, fit.half_width < 1e-3
    (-0.4, True, True)
    """
    x, y = np.asarray(log_n, dtype=np.float64), np.asarray(log_values, dtype=np.float64)
    if x.ndim != 1 or x.shape != y.shape:
        raise ValueError(f"log_n and log_values must be vectors of one length, got shapes {x.shape} and {y.shape}")
    if len(np.unique(x)) < 6:
        raise ValueError(f"log_n must hold at least 6 different values, got {len(np.unique(x))}")
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        raise ValueError("log_n and log_values must be finite")
    if not 0 <= error < np.inf:
        raise ValueError(f"error must be finite and at least 0, got {error!r}")
    columns = [np.ones_like(x), x - x.mean()]
    error += _ROUNDING * (1 + float(np.abs(y).max()))
    if correction is None:
        slope, width = _regress(columns, y, error)
        return ExponentFit(slope, width, 0.0, len(x))
    u = np.asarray(correction, dtype=np.float64)
    if u.shape != x.shape or not np.isfinite(u).all():
        raise ValueError(f"correction must be finite with the shape {x.shape} of log_n, got shape {u.shape}")
    first, second = _scaled(u), _scaled(u**2)
    slope, width = _regress([*columns, first], y, error)
    further, _ = _regress([*columns, first, second], y, error)
    return ExponentFit(slope, width, abs(further - slope), len(x))


def _scaled(column: NDArray[np.float64]) -> NDArray[np.float64]:
    largest = float(np.abs(column).max())
    return column / largest if largest > 0 else column


def _regress(columns: Sequence[NDArray[np.float64]], y: NDArray[np.float64], error: float) -> tuple[float, float]:
    """Coefficient of the second column and the half-width of its interval."""
    weights = np.linalg.pinv(np.column_stack(columns))
    coefficients = weights @ y
    residual = y - np.column_stack(columns) @ coefficients
    freedom = len(y) - int(np.linalg.matrix_rank(weights))
    if freedom < 1:
        return float(coefficients[1]), float("inf")
    own = weights[1]
    deviation = float(np.sqrt(residual @ residual / freedom * (own @ own)))
    sure = float(np.abs(residual).max() * np.abs(own).sum())
    width = max(float(student.ppf((1 + LEVEL) / 2, freedom)) * deviation, sure) + error * float(np.abs(own).sum())
    return float(coefficients[1]), width
