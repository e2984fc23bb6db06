"""Many narrow trapezoids: the best amplitude, ramp and width as functions of the price of the budget, and caps ranked by it."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from boundcalc.explicit.marginal import log_weight_ratio
from boundcalc.explicit.problem import AnyWeight
from boundcalc.explicit.sign_error import sign_error

Array = NDArray[np.float64]
_LOG_LIMIT = 600.0


@lru_cache(maxsize=1)
def profile() -> tuple[Array, Array, Array, Array]:
    """log price and the best amplitude, ramp and signal-to-noise ratio for many narrow trapezoids.

    With s = snr a^2 theta w q the width is w = s/(snr a^2 theta q), and value minus price times cost, per unit of mass,
    is a^2 theta mmse(s) - mu a^5 theta^2/(rho s^2) with theta = 1 - 4 rho/3 and mu = 4 price snr^2 z^(d+2) q.
    """
    log_mu = np.linspace(-24.0, 60.0, 253)
    ramp = np.geomspace(0.01, 0.5, 28)[:, None]
    snr = np.geomspace(0.002, 8, 120)[None, :]
    theta = 1 - 4 * ramp / 3
    gain = theta * sign_error(snr)
    loss = theta**2 / (ramp * snr**2)
    # For given ramp and snr the best amplitude maximises a^2 gain - mu a^5 loss: a^3 = 2 gain/(5 mu loss).
    best = np.empty((3, log_mu.size))
    for i, mu in enumerate(np.exp(log_mu)):
        amplitude = np.minimum(1.0, (2 * gain / (5 * mu * loss)) ** (1 / 3))
        j = int((amplitude**2 * gain - mu * amplitude**5 * loss).argmax())
        row, column = divmod(j, snr.size)
        best[:, i] = amplitude[row, column], ramp[row, 0], snr[0, column]
    return log_mu, best[0], best[1], best[2]


def log_cost_share(log_mu: Array) -> Array:
    """Logarithm of what many narrow trapezoids at this price spend per unit of mass, in units of the price; any price.

    mu a^5 theta^2/(rho s^2) in the table; beyond it powers: rho and s go as mu^(1/4) at low prices, a as mu^(-1/3) at high ones.
    """
    table, amplitude, ramp, snr = profile()
    log_cost = table + np.log(amplitude**5 * (1 - 4 * ramp / 3) ** 2 / (ramp * snr**2))
    below, beyond = np.minimum(log_mu - table[0], 0.0), np.maximum(log_mu - table[-1], 0.0)
    return np.asarray(np.interp(log_mu, table, log_cost) + below / 4 - 2 / 3 * beyond)


@lru_cache(maxsize=1)
def best_snr() -> float:
    """Where s mmse(s), the value of an atom whose amplitude is free, is largest."""
    s = np.linspace(0.5, 4, 35001)
    return float(s[(s * sign_error(s)).argmax()])


@lru_cache(maxsize=1)
def _widths() -> tuple[Array, Array]:
    """log x, and there the logarithm of the best width, both as in :func:`best_width`.

    On a fine grid and precisely: how far a bound falls short of the best width's must not depend on x.
    """
    limit = math.log(0.5)

    def value(log_x: Array, log_s: Array) -> Array:
        log_ramp = log_x - 2 * log_s
        energy = 1 - 4 / 3 * np.exp(np.minimum(log_ramp, limit))
        energy *= np.exp(2 * np.minimum(limit - log_ramp, 0.0))
        return energy * sign_error(np.exp(log_s) * energy)

    coarse, log_s = np.linspace(-40.0, 60.0, 201), np.linspace(-16.0, 26.0, 2101)
    found = np.array([log_s[value(x, log_s).argmax()] for x in coarse])
    log_x = np.linspace(-40.0, 60.0, 10001)
    # Golden section around it, until rounding hides the peak.
    low, high = (np.interp(log_x, coarse, found) + side for side in (-0.15, 0.15))
    ratio = (math.sqrt(5) - 1) / 2
    for _ in range(32):
        left, right = high - ratio * (high - low), low + ratio * (high - low)
        rises = value(log_x, left) < value(log_x, right)
        low, high = np.where(rises, left, low), np.where(rises, high, right)
    return log_x, (low + high) / 2


def best_width(log_x: Array) -> Array:
    """Logarithm of the best width, in units of 1/(snr q), of many narrow trapezoids that share a budget.

    A width s leaves the ramp x/s^2, or the ramp 1/2 and the amplitude s^2/(2x) if that is larger; x is the cost over the
    budget at s = ramp = 1. Beyond the table powers: s goes as x^(1/3) and as x^(2/5).
    """
    table, best = _widths()
    below, beyond = np.minimum(log_x - table[0], 0.0), np.maximum(log_x - table[-1], 0.0)
    return np.asarray(np.interp(log_x, table, best) + below / 3 + 2 / 5 * beyond)


@lru_cache(maxsize=1)
def _gain() -> tuple[Array, Array, Array]:
    """log price, and there the best value minus priced cost per unit of mass and the width times snr q it takes."""
    log_mu, amplitude, ramp, snr = profile()
    theta = 1 - 4 * ramp / 3
    best = amplitude**2 * theta * sign_error(snr) - np.exp(log_mu) * amplitude**5 * theta**2 / (ramp * snr**2)
    return log_mu, np.log(np.maximum(best, 1e-300)), np.log(snr / (amplitude**2 * theta))


_WIDE_AMPLITUDES = np.array([1.0, 0.5, 0.25, 0.12, 0.06, 0.02])[:, None, None, None]
_WIDE_RAMP, _WIDEST = 0.33, 0.7
# Logarithms of prices, relative to the mass over the budget.
_PRICES = np.concatenate([np.linspace(1.0, -17.0, 19), -17.0 * 1.3 ** np.arange(1, 15)])


THOUSANDTH = math.log(1000)


def depth_range(d: int, log_mass: float = THOUSANDTH) -> float:
    """Ratio of a cap's height to the depth above which exp(-log_mass) of its mass lies, and more in low dimensions.

    Mass goes as z^((d+1)/2) in low caps, and as (1 - t^2)^((d+1)/2), z = 1 - t, in half-balls.
    """
    low = (1 + 36 / max(12, d)) * math.exp(2 * log_mass / (d + 1))
    share = 2 * log_mass / (d + 1)
    tall = min(0.8, math.sqrt(share)) if log_mass <= THOUSANDTH else math.sqrt(-math.expm1(-share))
    return max(low, 1 / (1 - tall))


def continuum(
    d: int, weight: AnyWeight, heights: Array, log_snr: Array, log_budget: Array, log_mass: float = THOUSANDTH
) -> tuple[Array, Array]:
    """Rough logarithms of the value per cap and of the budget's price, for ranking caps of many heights at once.

    Depths above which about exp(-log_mass) of a cap's mass lies are left out.

    At each depth the better of narrow trapezoids, whose value and cost per unit of depth are tabulated functions of the
    price, and one as wide as the depth allows; summed over depths, as the dual bound minimised over a grid of prices.
    Axes: cap, depth, price.
    """
    log_mu, log_gain, log_width = _gain()
    logs = np.linspace(0.0, math.log(depth_range(d, log_mass)), 15)
    r = np.exp(-(logs[:-1] + logs[1:]) / 2)[None, :, None]
    dr = r * logs[1]
    height = heights[:, None, None]
    log_q = (d - 1) / 2 * np.log(r * (2 - height * r) / (2 - height))
    weighted = float(weight.degree(d)) * np.log(r) + log_weight_ratio(weight, d, height * r)
    log_snr = log_snr[:, None, None]
    mass = np.log((np.exp(log_q) * dr).sum(1))[:, :, None]
    budget = log_budget[:, None, None]
    log_price = mass - budget + _PRICES
    at = math.log(4) + log_price + 2 * log_snr + weighted + log_q
    # Behind the table only the amplitude changes, as price^(-1/3).
    beyond = np.maximum(at - log_mu[-1], 0.0)
    narrow = np.exp(log_q + np.interp(at, log_mu, log_gain) - 2 / 3 * beyond)
    fits = np.interp(at, log_mu, log_width) + 2 / 3 * beyond - log_snr - log_q < np.log(_WIDEST * r)
    theta = 1 - 4 * _WIDE_RAMP / 3
    a = _WIDE_AMPLITUDES
    energy = np.exp(np.clip(log_snr + log_q, -_LOG_LIMIT, _LOG_LIMIT)) * theta * _WIDEST * r * a**2
    gain = a**2 * theta * np.exp(log_q) * sign_error(energy)
    price = np.exp(np.clip(math.log(4) + log_price + weighted - 2 * np.log(_WIDEST * r), -_LOG_LIMIT, _LOG_LIMIT))
    wide = np.maximum((gain - price * a / _WIDE_RAMP).max(0), 0.0)
    value = (np.where(fits, np.maximum(narrow, wide), wide) * dr).sum(1)
    dual = np.logaddexp(np.log(np.maximum(value, 1e-300)), (log_price + budget)[:, 0])
    cap = np.arange(heights.size)
    at = dual.argmin(1)
    return dual[cap, at], (log_price + budget)[cap, 0, at]
