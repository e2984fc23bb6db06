"""The population weight by two other routes than its closed form: quadrature, and Monte Carlo."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.integrate import quad
from scipy.special import gammaln

from constructions.data import sphere, uniform_ball

Float = NDArray[np.float64]
_BATCHES = 50


def log_weight_by_quadrature(dim: int, height: float) -> float:
    """log g_P(u, t) at 1 - |t| = height in (0, 1], from its definition by adaptive quadrature.

    With s = t + h r the density of one coordinate is c_1 (1 - t^2)^((d-1)/2) times the d-1st power of
    sqrt((1 - s^2)/(1 - t^2)) <= 1, so nothing under- or overflows.

    Examples
    --------
    >>> math.isclose(log_weight_by_quadrature(1, 1.0), math.log(0.25 * math.hypot(0.5, 0.25)))
    True
    """
    t, power = 1 - height, (dim - 1) / 2
    edge = height * (2 - height)

    def density(r: float) -> float:
        s = t + height * r
        rest = height * (1 - r) * (1 + s) / edge
        return float(rest**power) if rest > 0 or power > 0 else 1.0

    # The density falls within r of order 1/d: split there for the adaptive rule.
    split = min(0.5, 4 / (dim + 1))

    def moment(k: int) -> float:
        parts = [
            quad(lambda r: r**k * density(r), a, b, epsabs=0, epsrel=1e-13, limit=200)[0]
            for a, b in ((0.0, split), (split, 1.0))
        ]
        return float(sum(parts))

    scale = gammaln(dim / 2 + 1) - gammaln((dim + 1) / 2) - math.log(math.pi) / 2 + power * math.log(edge)
    mass, excess = height * moment(0), height**2 * moment(1)
    return float(2 * scale + math.log(excess) + math.log(math.hypot(mass, excess + t * mass)))


@dataclass(frozen=True, eq=False)
class MonteCarlo:
    """Estimates with jackknife standard errors, one per height, shape (H,)."""

    weight: Float
    error: Float


def weight_by_monte_carlo(dim: int, heights: Float, points: int, rng: np.random.Generator) -> MonteCarlo:
    """g_P(u, t) at 1 - t = heights for one random u, from ``points`` points in 50 batches.

    The weight of the pooled sample is biased by O(1/points), far below its standard error, which is that of the
    delete-one-batch jackknife.
    """
    u = sphere(1, dim, rng)[0]
    size = math.ceil(points / _BATCHES)
    sums = np.empty((_BATCHES, len(heights), dim + 2))
    for batch in range(_BATCHES):
        X = uniform_ball(size, dim, rng)
        z = X @ u
        for at, t in enumerate(1 - heights):
            beyond = z > t
            sums[batch, at, 0] = beyond.sum()
            sums[batch, at, 1] = (z[beyond] - t).sum()
            sums[batch, at, 2:] = X[beyond].sum(axis=0)
    total = sums.sum(axis=0)

    def weight(moments: Float, count: int) -> Float:
        mean = moments / count
        return np.asarray(mean[..., 1] * np.sqrt(mean[..., 0] ** 2 + (mean[..., 2:] ** 2).sum(axis=-1)))

    left_out = weight(total - sums, (_BATCHES - 1) * size)
    spread = left_out - left_out.mean(axis=0)
    return MonteCarlo(weight(total, _BATCHES * size), np.sqrt((_BATCHES - 1) / _BATCHES * (spread**2).sum(axis=0)))
