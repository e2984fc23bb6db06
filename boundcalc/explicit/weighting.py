"""The weight of the variation norm at a depth, in balls and in floats.

A ReLU kink at depth z = 1 - |t| costs g per unit of slope change. The canonical weight is z^(d+2). The population
weight is g_P = E(X_1 - t)_+ sqrt(Q^2 + M^2) with the cap's mass Q and first moment M = c_1 (1 - t^2)^((d+1)/2)/(d+1).
g_P/z^(d+2) decreases in the depth z from its limit c_inf at the boundary (each factor, divided by its power of z, is an
integral of (2 - z r)^((d-1)/2) against a fixed weight), so its value at the shallow end of an interval bounds it there.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from boundcalc.arb import Ball, ball
from boundcalc.explicit.marginal import Marginal, half_power
from boundcalc.explicit.problem import Weight

__all__ = ["Weighting", "log_weight_ratio"]

# Below this depth z mass - first cancels too many digits.
_SHALLOW = 0.001


class Weighting:
    """The weight in ball arithmetic, at the precision that is set when it is made."""

    def __init__(self, weight: Weight, marginal: Marginal) -> None:
        self.weight = weight
        self.marginal = marginal
        self.d = marginal.d

    def ratio(self, z: Ball) -> Ball:
        """g/z^(d+2) at depth z in [0, 1]; the supremum of that ratio over all larger depths."""
        if self.weight is Weight.CANONICAL:
            return ball(1)
        c1, d = self.marginal.c1, self.d
        if z == 0:
            return ball(2).sqrt() * ball(2) ** (d + 2) * c1 * c1 / ((d + 1) ** 2 * (d + 3))
        # E(X - t)_+ = c_1 2^alpha z^(alpha+2) Beta(2, alpha+1) (1 - z/2)^(alpha+2) 2F1(d + 2, 2; alpha + 3; z/2)
        alpha = self.marginal.alpha
        beta = 1 / (ball(alpha + 1) * ball(alpha + 2))
        series = (z / 2).hypgeom_2f1(ball(d + 2), ball(2), ball(alpha + 3))
        excess = c1 * half_power(ball(2), alpha) * beta * series * half_power(1 - z / 2, alpha + 2)
        # Q and M divided by z^(alpha + 1).
        depth = half_power(z, alpha + 1)
        mass = self.marginal.mass(z) / depth
        first = c1 * half_power(2 - z, alpha + 1) / (d + 1)
        # total power of z: (alpha + 2) + (alpha + 1) = d + 2
        return excess * (mass * mass + first * first).sqrt()

    def cost(self, z: Ball) -> Ball:
        """g at depth z in [0, 1]."""
        return ball(0) if z == 0 else self.ratio(z) * z ** (self.d + 2)

    def cost_from(self, z: Ball, moments: tuple[Ball, Ball, Ball]) -> Ball:
        """The same from the integrals of p and t p over [0, z], without another hypergeometric series."""
        if self.weight is Weight.CANONICAL or not z > _SHALLOW:
            return self.cost(z)
        mass, first, _ = moments
        # E(X - t)_+ = z mass - first; the cap's first moment of X is p(z) z (2 - z)/(d + 1)
        along = self.marginal.density(z) * z * (2 - z) / (self.d + 1)
        return (z * mass - first) * (mass * mass + along * along).sqrt()

    def ratio_from(self, z: Ball, moments: tuple[Ball, Ball, Ball]) -> Ball:
        """g/z^(d+2), likewise."""
        if self.weight is Weight.CANONICAL or not z > _SHALLOW:
            return self.ratio(z)
        return self.cost_from(z, moments) / z ** (self.d + 2)


@lru_cache(maxsize=128)
def _ratio_table(d: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """log depth and log(g_P/z^(d+2)) on a grid, from the closed form."""
    from boundcalc.cap import weight_ratio

    # The ratio changes over relative depths of 1/sqrt(d) near depth 1.
    z = np.unique(np.concatenate([np.geomspace(1e-4, 1.0, 800), np.linspace(0.3, 1.0, 800)]))
    return np.log(z), np.asarray(weight_ratio.log(d, z).log)


def log_weight_ratio(weight: Weight, d: int, z: NDArray[np.float64]) -> NDArray[np.float64]:
    """Logarithm of g/z^(d+2) in floats, for searching."""
    if weight is Weight.CANONICAL:
        return np.zeros_like(z)
    log_z, log_ratio = _ratio_table(d)
    with np.errstate(divide="ignore"):
        return np.interp(np.log(z), log_z, log_ratio)
