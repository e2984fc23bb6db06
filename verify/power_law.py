"""Power laws: fitted exponents with honest intervals, local slopes, and the sizes at which they are measured.

Values that follow q = a n^-e (1 + c u + ...), u a small quantity that falls with n (the square root of a cap's height),
are fitted in logarithms by least squares: log q = log a - e log n + c u. An exponent is e throughout: that of 1/n, which
is positive where values fall. Three kinds of errors, three intervals:

* Values found by a search over a grid of heights ripple about the law: their residuals are no independent draws, so
  Student's interval may be too narrow. If no error exceeds the largest residual r, the exponent is off by at most r times
  the sum of the moduli of its least-squares weights; the larger of that and Student's counts. What the next correction
  u^2 would change is added: a law that has not set in gives a wide interval, not a wrong one.
* Independent errors of one size: Student's interval.
* Repetitions at every n: the line through their medians, and a bootstrap.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import t as student

from boundcalc.bracketing import size_at
from constructions import _arguments as check

Float = NDArray[np.float64]

LEVEL = 0.99
# Percentile intervals of medians of few values are no shorter than they should be: on five sample sizes they held the
# true slope in 97 to 99 % of the cases with 5 repetitions, 92 to 94 % with 3 (normal, log chi-square and Laplace noise).
BOOTSTRAP_LEVEL = 0.95
LEAST_POINTS = 6
# Relative rounding of the logarithms.
_ROUNDING = 1e-14


@dataclass(frozen=True)
class ExponentFit:
    """A fitted exponent e of values ~ n^(-e).

    Attributes
    ----------
    lower, upper : float
        The interval; a bootstrap's need not hold the exponent.
    scatter, bias : float
        Parts of the interval's half-width, where it has one: of the errors, and of what the next correction would change.
    bend : float
        Exponent on the upper half of the sizes minus that on the lower half: how far from one power law. NaN for a fit
        through other values than medians, or through fewer than three.
    medians : tuple of float
        The points of a fit through medians.
    count : int
        Repetitions used at the size with the fewest.
    """

    exponent: float
    lower: float
    upper: float
    scatter: float = math.nan
    bias: float = 0.0
    bend: float = math.nan
    sizes: tuple[int, ...] = ()
    medians: tuple[float, ...] = ()
    count: int = 1

    @property
    def half_width(self) -> float:
        """Of the whole interval; NaN for a bootstrap's."""
        return self.scatter + self.bias

    def __contains__(self, value: float) -> bool:
        return self.lower <= value <= self.upper

    def settled(self, tolerance: float) -> bool:
        """Whether this counts as a power law: the half-width is at most ``tolerance`` times the exponent."""
        return self.half_width <= tolerance * abs(self.exponent)

    def line(self) -> Float:
        """The fitted values at ``sizes``, shape (m,)."""
        log_n = np.log(self.sizes)
        return np.asarray(np.exp(np.log(self.medians).mean() - self.exponent * (log_n - log_n.mean())))


def fit_exponent(
    log_n: ArrayLike,
    log_values: ArrayLike,
    correction: ArrayLike | None = None,
    *,
    error: float = 0.0,
    level: float = LEVEL,
    independent: bool = False,
) -> ExponentFit:
    """The exponent e of values ~ n^(-e), with its interval.

    Parameters
    ----------
    log_n, log_values : array_like, shape (m,)
        Logarithms to the same base; at least 6 different n, or with independent errors more than there are coefficients.
    correction : array_like, shape (m,), optional
        The small quantity u; without it the values are taken for an exact power law.
    error : float
        How far each logarithm may be off besides what the residuals show.
    level : float
        Of Student's interval.
    independent : bool
        Whether the errors are independent draws, and the correction all that there is: Student's interval is the whole.

    Raises
    ------
    ValueError
        If the shapes disagree, a number is not finite, or there are too few points.

    Examples
    --------
    >>> import numpy as np
    >>> n = np.geomspace(1e3, 1e6, 12)
    >>> fit = fit_exponent(np.log(n), np.log(5 * n**-0.4 * (1 + n**-0.5)), n**-0.5)
    >>> round(fit.exponent, 3), 0.4 in fit, fit.half_width < 1e-3
    (0.4, True, True)
    """
    x = check.array("log_n", log_n, (None,))
    y = check.array("log_values", log_values, x.shape)
    least = (2 if correction is None else 3) if independent else LEAST_POINTS
    if len(np.unique(x)) < least:
        raise ValueError(f"log_n must hold at least {least} different values, got {len(np.unique(x))}")
    error, level = check.finite("error", error, least=0.0), check.finite("level", level, above=0.0)
    if level >= 1:
        raise ValueError(f"level must be less than 1, got {level!r}")
    powers: list[Float] = []
    if correction is not None:
        u = check.array("correction", correction, x.shape)
        powers = [_scaled(u), _scaled(u**2)]
    design, inverse = _least_squares(x, *powers[:1])
    coefficients, own = inverse @ y, inverse[1]
    residual, freedom = y - design @ coefficients, len(x) - int(np.linalg.matrix_rank(inverse))
    scatter, bias = math.inf, 0.0
    if freedom >= 1:
        deviation = float(np.sqrt(residual @ residual / freedom * (own @ own)))
        scatter = float(student.ppf((1 + level) / 2, freedom)) * deviation
        if not independent:
            reach = float(np.abs(own).sum())
            error += _ROUNDING * (1 + float(np.abs(y).max()))
            scatter = max(scatter, float(np.abs(residual).max() * reach)) + error * reach
    if powers and not independent:
        further = _least_squares(x, *powers)[1] @ y
        bias = abs(float(further[1]) - float(coefficients[1]))
    exponent, half = -float(coefficients[1]), scatter + bias
    return ExponentFit(exponent, exponent - half, exponent + half, scatter, bias)


def fit_medians(values: Mapping[int, Float], resamples: int, seed: int) -> ExponentFit | None:
    """The exponent e of median values ~ n^(-e), with a bootstrap interval at level 0.95.

    The interval is for the slope through the true medians at these n.

    Parameters
    ----------
    values : mapping from n to an array (S,)
        Those of the repetitions at each n, independent of each other. Repetitions that are not finite and positive
        (diverged) are left out; so is an n with fewer than two others.
    resamples : int
        Bootstrap samples: at each n, repetitions drawn with replacement, their median, and the slope through them.
    seed : int

    Returns
    -------
    ExponentFit or None
        None where fewer than two n are left.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> errors = {n: n ** -0.5 * np.exp(0.1 * rng.standard_normal(5)) for n in (32, 64, 128, 256)}
    >>> fit = fit_medians(errors, 2000, 0)
    >>> 0.5 in fit, bool(abs(fit.exponent - 0.5) < 0.1)
    (True, True)
    """
    usable = {n: found[np.isfinite(found) & (found > 0)] for n, found in sorted(values.items())}
    usable = {n: found for n, found in usable.items() if len(found) >= 2}
    if len(usable) < 2:
        return None
    log_n = np.log(np.array(list(usable), dtype=np.float64))
    medians = np.array([np.median(found) for found in usable.values()])
    logs = np.log(medians)
    rng = np.random.default_rng([seed, len(usable)])
    draws = np.empty((len(usable), resamples))
    for row, found in enumerate(usable.values()):
        draws[row] = np.log(np.median(rng.choice(found, (resamples, len(found))), axis=1))
    levels = [(1 - BOOTSTRAP_LEVEL) / 2, (1 + BOOTSTRAP_LEVEL) / 2]
    lower, upper = np.quantile(_exponents(log_n, draws), levels).tolist()
    half, bend = (len(usable) + 1) // 2, math.nan
    if len(usable) >= 3:  # the middle point belongs to both halves
        bend = float(_exponents(log_n[-half:], logs[-half:]) - _exponents(log_n[:half], logs[:half]))
    return ExponentFit(
        exponent=float(_exponents(log_n, logs)),
        lower=lower,
        upper=upper,
        bend=bend,
        sizes=tuple(usable),
        medians=tuple(medians.tolist()),
        count=min(len(found) for found in usable.values()),
    )


def _exponents(log_n: Float, log_values: Float) -> Float:
    """Minus the slope of the plain line through the values, of each column where there are several."""
    return np.asarray(-(_least_squares(log_n)[1][1] @ log_values))


def _least_squares(log_n: Float, *corrections: Float) -> tuple[Float, Float]:
    """The design (columns 1, centred log n, corrections) and its pseudo-inverse, whose row 1 gives the slope."""
    centred = log_n - log_n.mean()
    design = np.column_stack([np.ones_like(log_n), centred, *corrections])
    if corrections:
        return design, np.linalg.pinv(design)
    return design, np.stack([np.full_like(log_n, 1 / len(log_n)), centred / (centred @ centred)])


def _scaled(column: Float) -> Float:
    largest = float(np.abs(column).max())
    return column / largest if largest > 0 else column


def local_exponent(log_value: Callable[[float], float], x: float, step: float = 1.01) -> float:
    """The power of x that f follows about x: the slope of log f, which is given, between x / step and x step.

    >>> round(local_exponent(lambda x: 3 * math.log(x), 0.5), 12)
    3.0
    """
    return (log_value(x * step) - log_value(x / step)) / (2 * math.log(step))


def sizes_between(low: float, high: float, count: int) -> list[int]:
    """Whole sample sizes from 10^low to 10^high, evenly spaced in their logarithm.

    >>> sizes_between(2, 4, 5)
    [100, 316, 1000, 3162, 10000]
    """
    return [size_at(x) for x in np.linspace(low, high, count)]
