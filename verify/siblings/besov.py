"""Noisy samples of functions of a Besov ball: the error of a thresholded wavelet estimator against the registry's rates.

d = 1, smoothness s = 3/2, error in L2. Two functions, given by their wavelet coefficients on every level up to 2^19 points:
dense, all 2^j coefficients of level j of modulus 2^{-j(s + 1/2)} and random signs, in the unit ball for every p; and sparse,
one coefficient of modulus 2^{-j(s - 1/2)} per level, in the unit ball for p = 1. Both are worst on all scales at once. The
estimator is the wavelet transform of m noisy point samples (periodic, coiflets): levels whose coefficients exceed the
noise are kept, finer ones hard-thresholded with a threshold that grows with the level. It is told s and sigma.

Checked: the exponent of the error in m without noise, for p = q = 2 and for p = 1, q = 2, and in m/sigma^2 where the noise
dominates; the exponent in m of the sigma at which the noise doubles the squared error, for both p; that the error without
noise is the limit for small noise. Not checked: the paper's own estimator (piecewise polynomials), that no estimator does
better, other functions of the ball, adaptation to unknown s, other q, d > 1. Rates hold up to constants, so that only
exponents are compared.
"""

from __future__ import annotations

import importlib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from sympy import Expr, Integer, Rational

from boundcalc.enclosure import enclose
from boundcalc.powers import power_exponent
from boundcalc.statement import Status, Theorem
from boundcalc.statements.approximation import BESOV_MINIMAX
from boundcalc.statements.extra_symbols import p, q, s
from boundcalc.statements.sources import OPTIMAL_RECOVERY
from boundcalc.style import BLUE, GREEN, GREY, ORANGE
from boundcalc.symbols import d, n, sigma
from verify.look import guide
from verify.outcome import Interval, Outcome, Relation, judged
from verify.power_law import ExponentFit, fit_exponent
from verify.siblings.sibling import LEVEL, Sibling

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Float = NDArray[np.float64]

_SMOOTHNESS = 1.5
_WAVELET, _MODE = "coif5", "periodization"
_COARSEST, _FINEST = 3, 19  # levels; the function has nothing coarser or finer
_CLEAN, _NOISY, _KINKS = range(5, 17), range(11, 18), range(10, 17)  # log2 m
_SIGMAS = (2.0**-7, 2.0**-6.5, 2.0**-6, 2.0**-5.5)  # far above the kink at these m
_DRAWS, _GROUPS = 16, 4  # draws of the noise; in so many groups, independent of each other, for the kink
_SHOWN = 12  # log2 m of the figure and of the limit of small noise
_TINY = 1e-3  # sigma there, over m^-s


@dataclass(frozen=True)
class Function:
    """Wavelet coefficients of the levels from the coarsest, and the function's values at 2^19 points."""

    coefficients: tuple[Float, ...]
    values: Float


@dataclass(frozen=True)
class Found:
    """Fitted exponents without noise and of the kink by p, of the noise, and mean errors by sigma at one m."""

    clean: Mapping[int, ExponentFit]
    noise: ExponentFit
    kink: Mapping[int, ExponentFit]
    limit: Interval
    curve: tuple[tuple[float, float], ...]
    floor: float


def _pywt() -> Any:
    return importlib.import_module("pywt")


def _function(coefficients: list[Float]) -> Function:
    wavelets, values = _pywt(), np.zeros(2**_COARSEST)
    for level in coefficients:
        values = wavelets.idwt(values, level, _WAVELET, _MODE)
    return Function(tuple(coefficients), values * 2 ** (_FINEST / 2))


def _dense(rng: np.random.Generator) -> Function:
    levels = range(_COARSEST, _FINEST)
    return _function([2.0 ** (-j * (_SMOOTHNESS + 0.5)) * rng.choice([-1.0, 1.0], 2**j) for j in levels])


def _sparse() -> Function:
    levels = [np.zeros(2**j) for j in range(_COARSEST, _FINEST)]
    for j, level in enumerate(levels, _COARSEST):
        level[2**j // 3] = 2.0 ** (-j * (_SMOOTHNESS - 0.5))
    return _function(levels)


def _samples(function: Function, log_m: int) -> Float:
    """Values at 2^log_m equidistant points, the centres of the scaling functions of that level.

    A coiflet's scaling function has vanishing moments about its centre: a value there is a scaling coefficient up to the
    order of the method. In this transform of period 2^19 centres are 4(r - 1) points left of the index, r the step.
    """
    step = 2 ** (_FINEST - log_m)
    return np.asarray(function.values[(np.arange(2**log_m) * step - 4 * (step - 1)) % 2**_FINEST])


def _squared_error(function: Function, data: Float, noise: float) -> float:
    """The squared L2 error of the estimate from m values with noise of this standard deviation; a sum over coefficients."""
    wavelets, log_m = _pywt(), len(data).bit_length() - 1
    rest, deviation = data / math.sqrt(len(data)), noise / math.sqrt(len(data))
    # Level j0 has coefficients of about the size of the noise, 2^{-j0 (s + 1/2)} = deviation. Above it thresholds of
    # sqrt(6 log 2 (j - j0)) deviations let 2^{-3(j - j0)} of the 2^j pass: fewer, the finer the level.
    critical = -math.log2(deviation) / (_SMOOTHNESS + 0.5) if noise > 0 else math.inf
    total = sum(float((level**2).sum()) for level in function.coefficients[log_m - _COARSEST :])
    for j in range(log_m - 1, _COARSEST - 1, -1):
        rest, found = wavelets.dwt(rest, _WAVELET, _MODE)
        if j > critical:
            found = np.where(np.abs(found) > math.sqrt(6 * math.log(2) * (j - critical)) * deviation, found, 0.0)
        total += float(((found - function.coefficients[j - _COARSEST]) ** 2).sum())
    return total + float((rest**2).sum())


def _mean_squared_error(function: Function, clean: Float, draws: Float, noise: float) -> float:
    """The mean over draws (standard normal, one row each)."""
    return float(np.mean([_squared_error(function, clean + noise * draw, noise) for draw in draws]))


def _fit(x: list[float], values: list[float]) -> ExponentFit:
    return fit_exponent(np.log(x), np.log(values), level=1 - LEVEL)


def _kink(function: Function, log_m: int, floor: float, rng: np.random.Generator) -> float:
    """The sigma at which the squared error is twice a squared error without noise, in the mean over one group of draws."""
    clean, draws = _samples(function, log_m), rng.standard_normal((_DRAWS // (2 * _GROUPS), 2**log_m))
    error = partial(_mean_squared_error, function, clean, draws)
    return float(2 ** brentq(lambda x: math.log(error(2.0**x) / (2 * floor)), -40, 2, xtol=0.01))


def measure(seed: int) -> Found:
    """Errors over sample sizes and noise levels; signs and noise are random.

    >>> found = measure(0)
    >>> [round(fit.exponent, 1) for fit in (*found.clean.values(), *found.kink.values())]
    [1.0, 1.5, 0.8, 1.5]
    """
    rng = np.random.default_rng([seed, 2502])
    functions = {1: _sparse(), 2: _dense(rng)}
    dense = functions[2]
    floors = {
        norm: {log_m: _squared_error(one, _samples(one, log_m), 0.0) for log_m in _CLEAN}
        for norm, one in functions.items()
    }
    clean = {
        norm: _fit([2.0**k for k in floor], np.sqrt(list(floor.values())).tolist()) for norm, floor in floors.items()
    }
    ratios, errors = [], []
    for log_m in _NOISY:
        samples = _samples(dense, log_m)
        for noise in _SIGMAS:
            draws = rng.standard_normal((_DRAWS, 2**log_m))
            ratios.append(2**log_m / noise**2)
            errors.append(math.sqrt(_mean_squared_error(dense, samples, draws, noise)))
    # The largest error of the two functions: the noise is felt by the dense one, the floor is that of the worse one.
    sizes = [k for k in _KINKS for _ in range(_GROUPS)]
    kinks = {norm: [_kink(dense, k, floors[norm][k], rng) for k in sizes] for norm in floors}
    kink = {norm: _fit([2.0**k for k in sizes], found) for norm, found in kinks.items()}
    samples, draws = _samples(dense, _SHOWN), rng.standard_normal((_DRAWS, 2**_SHOWN))
    floor = math.sqrt(floors[2][_SHOWN])
    curve = [(x, math.sqrt(_mean_squared_error(dense, samples, draws, x))) for x in np.geomspace(1e-8, 1, 33).tolist()]
    at = _TINY * 2 ** (-_SMOOTHNESS * _SHOWN)
    excess = [math.sqrt(_squared_error(dense, samples + at * draw, at)) / floor - 1 for draw in draws]
    limit = Interval(min(excess), max(excess), f"range of {_DRAWS} draws")
    return Found(clean, _fit(ratios, errors), kink, limit, tuple(curve), floor)


def facts(found: Found) -> Mapping[str, object]:
    """The functions' class, the transform and the sizes."""
    return {
        "s": _SMOOTHNESS, "q": 2, "wavelet": _WAVELET, "draws of the noise": _DRAWS,
        "log2 m, no noise": f"{_CLEAN[0]} to {_CLEAN[-1]}", "log2 m, large noise": f"{_NOISY[0]} to {_NOISY[-1]}",
        "log2 m, kink": f"{_KINKS[0]} to {_KINKS[-1]}",
    }  # fmt: skip


def outcomes(found: Found, theorems: Mapping[str, Theorem]) -> list[Outcome]:
    """Exponents without noise, under noise and of the kink; the limit of small noise."""
    theorem = theorems["besov-minimax"]

    def stated(name: str, norm: int) -> Expr:
        at = {s: Rational(_SMOOTHNESS), d: Integer(1), p: Integer(norm), q: Integer(2)}
        return theorem.bounds[name].expr.subs(at).doit()

    def claim(
        words: str, measured: Interval, relation: Relation, expression: Expr, status: Status = theorem.status
    ) -> Outcome:
        bound = Interval.of(enclose(expression, {}))
        return judged("besov", theorem.key, words, measured, relation, bound, status)

    judgements = []
    for norm, fit in found.clean.items():
        words = f"error without noise, p = {norm}, q = 2: exponent in m"
        expected = -power_exponent(stated("without noise", norm), n)
        judgements.append(claim(words, _interval(fit), Relation.CONTAINS, expected))
    expected = -power_exponent(stated("noise", 2), n)
    words = "error under noise: exponent in m/sigma^2"
    judgements.append(claim(words, _interval(found.noise), Relation.CONTAINS, expected))
    for norm, fit in found.kink.items():
        words = f"sigma that doubles the squared error, p = {norm}, q = 2: exponent in m"
        expected = -power_exponent(stated("balance", norm), n)
        judgements.append(claim(words, _interval(fit), Relation.CONTAINS, expected, Status.DERIVED))
    tiny = {n: Integer(2**_SHOWN), sigma: Rational(1, 1000) * Integer(2) ** (-Rational(_SMOOTHNESS) * _SHOWN)}
    expression = (stated("error", 2) / stated("without noise", 2) - 1).subs(tiny)
    words = f"relative excess over the error without noise, sigma = m^-s / 1000, m = 2^{_SHOWN}"
    return [*judgements, claim(words, found.limit, Relation.AT_MOST, expression)]


def _interval(fit: ExponentFit) -> Interval:
    return Interval(fit.lower, fit.upper, f"fit, level {1 - LEVEL}")


def draw(axes: Axes, found: Found) -> None:
    """The dense function's error against sigma: a floor, the registered kink and slope."""
    noise, errors = np.array(found.curve).T
    axes.plot(noise, errors, "o", color=BLUE, markersize=3, label=f"dense function, m = $2^{{{_SHOWN}}}$")
    at = {s: Rational(_SMOOTHNESS), d: 1, p: 2, q: 2, n: 2**_SHOWN}
    rate, kink = (BESOV_MINIMAX.bounds[name].expr.subs(at) for name in ("noise", "balance"))
    line = np.array([float(rate.subs(sigma, x)) for x in noise])
    branch = noise > 2 * float(kink)
    axes.plot(noise[branch], (line * errors[-9] / line[-9])[branch], color=ORANGE, label=r"$\sigma^{2s/(2s+1)}$")
    axes.axhline(found.floor, color=GREEN, label="without noise")
    guide(axes, x=float(kink), words=r"$m^{-s}$", colour=GREY)
    axes.set(xscale="log", yscale="log", xlabel=r"noise $\sigma$", ylabel="L2 error")
    axes.legend(loc="center left")


SIBLING = Sibling(
    "besov", "Thresholded wavelets under noise", OPTIMAL_RECOVERY, (BESOV_MINIMAX,), measure, facts, outcomes, draw,
    ("pywt", "PyWavelets", "siblings"),
)  # fmt: skip
