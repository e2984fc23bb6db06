"""How far the empirical weight is from the population weight, over many half-spaces of many samples."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from boundcalc import cap
from boundcalc.logspace import compile_log
from boundcalc.statements.empirical_weight import GAMMA, SMALLEST_DEPTH
from boundcalc.symbols import d, delta, n
from constructions.data import sphere, uniform_ball
from verify.power_law import ExponentFit, fit_exponent
from verify.weight.profile import weight_profile
from verify.weight.setting import WeightSetting

Float = NDArray[np.float64]
LEVEL = 0.95
_GRID = 2**15


@dataclass(frozen=True, eq=False)
class Deviation:
    """Results for one sample size, one entry per sample.

    Attributes
    ----------
    largest : (R,)
        Largest |g_n - g_P| found: a lower estimate of the supremum over all half-spaces.
    lowest : (R,)
        Least g_n / (gamma_d h^(d+2)) over depths h >= rho_n; inf where there is none.
    tested : (R,) int
        Half-spaces of depth at least rho_n.
    reach : (R,)
        The largest depth at which g_n < gamma_d h^(d+2) was found: below it the bound fails.
    """

    n: int
    largest: Float
    lowest: Float
    tested: NDArray[np.int64]
    reach: Float

    @property
    def violating(self) -> NDArray[np.bool_]:
        """Whether some half-space of depth at least rho_n breaks Theorem D, (R,)."""
        return self.lowest < 1


def smallest_depth(dim: int, size: float, failure: float) -> float:
    """rho_n of Theorem D.

    >>> round(smallest_depth(5, 65536, 0.01), 3)
    0.643
    """
    return float(np.exp(compile_log(SMALLEST_DEPTH, (d, n, delta))(float(dim), float(size), failure).log))


def theorem_d_constant(dim: int) -> float:
    """gamma_d of Theorem D."""
    return float(np.exp(compile_log(GAMMA, (d,))(float(dim)).log))


def least_useful_n(dim: int, failure: float) -> float:
    """The least n (to a relative 1e-6) from which on rho_n <= 1, so that Theorem D says something.

    >>> size = least_useful_n(5, 0.01)
    >>> smallest_depth(5, size, 0.01) <= 1 < smallest_depth(5, size * 0.999, 0.01)
    True
    """
    # rho_n falls once n > (d+1)/2 * e: log(2en/(d+1))/n is decreasing there.
    low = high = math.log(dim + 3)
    while smallest_depth(dim, math.exp(high), failure) > 1:
        low, high = high, high + 1
    while high - low > 1e-6:
        middle = (low + high) / 2
        low, high = (middle, high) if smallest_depth(dim, math.exp(middle), failure) > 1 else (low, middle)
    return math.exp(high)


def deviations(setting: WeightSetting, at: int) -> Deviation:
    """All samples of size ``setting.n[at]``."""
    dim, size, failure = setting.dim, setting.n[at], float(setting.delta)
    depth, gamma = smallest_depth(dim, size, failure), theorem_d_constant(dim)
    grid = np.linspace(0, 1, _GRID + 1)
    population = np.append(cap.population_weight(dim, 1 - grid[:-1]), 0.0)
    rows = []
    for number in range(setting.samples):
        rng = np.random.default_rng([setting.seed, at, number])
        X = uniform_ball(size, dim, rng)
        largest, lowest, tested, reach = 0.0, math.inf, 0, 0.0
        for u in _directions(X, setting.directions, rng):
            profile = weight_profile(X, u)
            t = np.abs(profile.t)
            # Linear interpolation on 32768 cells errs by less than 1e-9 times the second derivative.
            largest = max(largest, float(np.abs(profile.weight - np.interp(t, grid, population)).max()))
            h = 1 - t
            bound = gamma * h ** (dim + 2)
            low = profile.weight < bound
            reach = max(reach, float(h[low].max(initial=0.0)))
            deep = h >= depth
            tested += int(deep.sum())
            if deep.any():
                lowest = min(lowest, float((profile.weight[deep] / bound[deep]).min()))
        rows.append((largest, lowest, tested, reach))
    return Deviation(size, *(np.array(column) for column in zip(*rows, strict=True)))


def _directions(X: Float, count: int, rng: np.random.Generator) -> Float:
    """Random directions, and those of the outermost points: there the sample's edge deviates most."""
    norms = np.linalg.norm(X, axis=1)
    outermost = np.argsort(-norms, kind="stable")[:count]
    outermost = outermost[norms[outermost] > 0]
    return np.concatenate([sphere(count, X.shape[1], rng), X[outermost] / norms[outermost, None]])


def deviation_exponent(found: Sequence[Deviation]) -> ExponentFit:
    """The exponent a of largest |g_n - g_P| ~ n^(-a) over all samples, with Student's 95 % interval."""
    sizes = np.repeat([float(entry.n) for entry in found], [len(entry.largest) for entry in found])
    values = np.concatenate([entry.largest for entry in found])
    return fit_exponent(np.log(sizes), np.log(values), level=LEVEL, independent=True)
