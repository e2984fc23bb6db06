"""The density of one coordinate of a uniform point of the ball, its integrals, and the weight of the variation norm at a depth.

At depth z = 1 - u.x in [0, 1] the density is p(z) = c_1 (z(2 - z))^alpha, alpha = (d - 1)/2,
c_1 = Gamma(d/2 + 1)/(sqrt(pi) Gamma((d + 1)/2)). With x = z/2 and Euler's transformation, which makes every term of
the hypergeometric series positive,

    int_0^z t^k (t(2 - t))^a dt = 2^a z^(k+a+1)/(k+a+1) (1 - x)^(a+1) 2F1(k + 2a + 2, 1; k + a + 2; x).

For large a the series is summed as it stands, up to hundreds of times faster than the library's routine for general parameters:
the ratios x (k + 2a + 2 + i)/(k + a + 2 + i) of its terms decrease, so what is left out is less than a geometric series.

A ReLU kink at depth z = 1 - |t| costs g per unit of slope change. The canonical weight is z^(d+2). The population
weight is g_P = E(X_1 - t)_+ sqrt(Q^2 + M^2) with the cap's mass Q and first moment M = c_1 (1 - t^2)^((d+1)/2)/(d+1).
g_P/z^(d+2) decreases in the depth z from its limit c_inf at the boundary (each factor, divided by its power of z, is an
integral of (2 - z r)^((d-1)/2) against a fixed weight), so its value at the shallow end of an interval bounds it there. The
weight of the trace, over z^((d+3)/2), decreases likewise (Theorem F).
"""

from __future__ import annotations

import math
from fractions import Fraction
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from boundcalc.arb import Ball, ball, log_gamma, working_bits
from boundcalc.explicit.problem import TRACE, AnyWeight

# From here on the series is summed here, for whole a and for halves of odd numbers.
_LARGE, _LARGE_HALF = 24, 1000
# Below this depth z mass - first cancels too many digits.
_SHALLOW = 0.001


class Marginal:
    """Density of the depth of a uniform point, and its integrals, at the precision that is set when it is made.

    Parameters
    ----------
    d : int

    Examples
    --------
    >>> from boundcalc.arb import precision
    >>> with precision(64):
    ...     print(Marginal(3).mass(ball(1)).str(5, radius=False))
    0.50000
    """

    def __init__(self, d: int) -> None:
        self.d = d
        self.alpha = Fraction(d - 1, 2)
        log_c1 = log_gamma(Fraction(d, 2) + 1) - log_gamma(Fraction(d + 1, 2)) - Ball.pi().log() / 2
        self.c1 = log_c1.exp()
        self._constants: dict[tuple[int, Fraction], tuple[Ball, Ball, Ball]] = {}

    def density(self, z: Ball) -> Ball:
        """p(z)."""
        return self.c1 * half_power(z * (2 - z), self.alpha)

    def _integral(self, z: Ball, k: int, a: Fraction) -> Ball:
        if z == 0:
            return ball(0)
        if (k, a) not in self._constants:
            self._constants[k, a] = ball(k + 2 * a + 2), ball(k + a + 2), ball(k + a + 1)
        upper, lower, factor = self._constants[k, a]
        x = z / 2
        y = 1 - x
        # (2z)^a (1 - x)^a = (z(2 - z))^a
        if a < (_LARGE if a.denominator == 1 else _LARGE_HALF):
            series = x.hypgeom_2f1(upper, ball(1), lower)
        else:
            series = _series(x, int(2 * (k + 2 * a + 2)), int(2 * (k + a + 2)))
        return half_power(4 * x * y, a) * z ** (k + 1) / factor * y * series

    def moment(self, z: Ball, k: int) -> Ball:
        """Integral of t^k p(t) over [0, z]."""
        return self.c1 * self._integral(z, k, self.alpha)

    def moments(self, z: Ball) -> tuple[Ball, Ball, Ball]:
        """Integrals of p, t p and t^2 p over [0, z].

        Derivatives of P = (t(2 - t))^(alpha+1) and of t P give 2(alpha + 1)(m_0 - m_1) = P and
        (2 alpha + 3) m_2 = (2 alpha + 4) m_1 - z P; they cancel log2(1/z) digits each.
        """
        zero = self.moment(z, 0)
        if z == 0 or z < _SHALLOW:
            return zero, self.moment(z, 1), self.moment(z, 2)
        boundary = z * (2 - z) * self.density(z)
        alpha = ball(self.alpha)
        one = zero - boundary / (2 * alpha + 2)
        return zero, one, ((2 * alpha + 4) * one - z * boundary) / (2 * alpha + 3)

    def mass(self, z: Ball) -> Ball:
        """Integral of p over [0, z]."""
        return self.moment(z, 0)

    def square(self, z: Ball) -> Ball:
        """Integral of p^2 over [0, z]."""
        return self.c1 * self.c1 * self._integral(z, 0, 2 * self.alpha)


def _series(x: Ball, upper: int, lower: int) -> Ball:
    """2F1(upper/2, 1; lower/2; x) for upper >= lower > 0 and 0 <= x < 1, upper x < lower."""
    if not x < 1:
        raise ArithmeticError("a depth must be at most 1")
    small = ball(Fraction(1, 2 ** (working_bits() + 8)))
    total, term = ball(1), ball(1)
    while True:
        for _ in range(24):
            term = term * x * upper / lower
            total += term
            upper += 2
            lower += 2
        ratio = x * upper / lower
        if ratio < 1:
            rest = term * ratio / (1 - ratio)
            if not rest > small * total:
                return total + ball(0).union(rest)


def half_power(base: Ball, exponent: Fraction) -> Ball:
    """base**exponent for base >= 0 and a multiple of 1/2 as exponent."""
    if exponent.denominator == 1:
        return base**exponent.numerator
    return base.sqrt() ** exponent.numerator


def fraction_power(base: Ball, exponent: Fraction) -> Ball:
    """base**exponent for base > 0 and a rational exponent >= 0."""
    return half_power(base, exponent) if exponent.denominator <= 2 else (base.log() * ball(exponent)).exp()


def log_c1(d: int) -> float:
    """Logarithm of c_1, in floats."""
    return math.lgamma(d / 2 + 1) - math.lgamma((d + 1) / 2) - math.log(math.pi) / 2


def gauss(count: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Nodes and weights of Gauss's rule on [0, 1]."""
    nodes, weights = np.polynomial.legendre.leggauss(count)
    return (nodes + 1) / 2, weights / 2


class Weighting:
    """The weight in ball arithmetic, at the precision that is set when it is made."""

    def __init__(self, weight: AnyWeight, marginal: Marginal) -> None:
        self.weight = weight
        self.marginal = marginal
        self.d = marginal.d
        self.degree = weight.degree(self.d)

    def ratio(self, z: Ball) -> Ball:
        """g/z^degree at depth z in [0, 1]; the supremum of that ratio over all larger depths."""
        if self.weight.plain:
            return ball(1)
        c1, d = self.marginal.c1, self.d
        if self.weight is TRACE:
            return self._trace_ratio(z)
        if z == 0:
            return ball(2).sqrt() * ball(2) ** (d + 2) * c1 * c1 / ((d + 1) ** 2 * (d + 3))
        excess, mass, first = self.factors(z)
        # total power of z: (alpha + 2) + (alpha + 1) = d + 2
        return excess * (mass * mass + first * first).sqrt()

    def factors(self, z: Ball) -> tuple[Ball, Ball, Ball]:
        """E(X - t)_+/z^(alpha+2), Q/z^(alpha+1) and M/z^(alpha+1) at depth z in (0, 1]."""
        c1, alpha = self.marginal.c1, self.marginal.alpha
        # E(X - t)_+ = c_1 2^alpha z^(alpha+2) Beta(2, alpha+1) (1 - z/2)^(alpha+2) 2F1(d + 2, 2; alpha + 3; z/2)
        beta = 1 / (ball(alpha + 1) * ball(alpha + 2))
        series = (z / 2).hypgeom_2f1(ball(self.d + 2), ball(2), ball(alpha + 3))
        excess = c1 * half_power(ball(2), alpha) * beta * series * half_power(1 - z / 2, alpha + 2)
        mass = self.marginal.mass(z) / half_power(z, alpha + 1)
        return excess, mass, c1 * half_power(2 - z, alpha + 1) / (self.d + 1)

    def _trace_ratio(self, z: Ball) -> Ball:
        """2 sqrt(E[|X|^2 + 1; X > t] E(X - t)_+^2)/z^((d+3)/2), the first factor 2((d+1) Q + t M)/(d+2)."""
        c1, alpha, d = self.marginal.c1, self.marginal.alpha, self.d
        # Powers of z: alpha + 1 in the first factor and alpha + 3 in the second.
        first = c1 * half_power(2 - z, alpha + 1) / (d + 1)
        mass = first if z == 0 else self.marginal.mass(z) / half_power(z, alpha + 1)
        beta = 2 / (ball(alpha + 1) * ball(alpha + 2) * ball(alpha + 3))
        series = (z / 2).hypgeom_2f1(ball(d + 3), ball(3), ball(alpha + 4))
        second = c1 * half_power(ball(2), alpha) * beta * series * half_power(1 - z / 2, alpha + 3)
        return 2 * (2 * ((d + 1) * mass + (1 - z) * first) / (d + 2) * second).sqrt()

    def cost(self, z: Ball) -> Ball:
        """g at depth z in [0, 1]."""
        if z == 0:
            return ball(0 if self.degree else 1)
        return self.ratio(z) * fraction_power(z, self.degree)

    def cost_from(self, z: Ball, moments: tuple[Ball, Ball, Ball]) -> Ball:
        """The same from the integrals of p and t p over [0, z], without another hypergeometric series."""
        if self.weight.plain or not z > _SHALLOW:
            return self.cost(z)
        mass, first, second = moments
        # E(X - t)_+ = z mass - first; the cap's first moment of X is p(z) z (2 - z)/(d + 1)
        along = self.marginal.density(z) * z * (2 - z) / (self.d + 1)
        if self.weight is TRACE:
            excess = z * z * mass - 2 * z * first + second
            return 2 * (2 * ((self.d + 1) * mass + (1 - z) * along) / (self.d + 2) * excess).sqrt()
        return (z * mass - first) * (mass * mass + along * along).sqrt()

    def ratio_from(self, z: Ball, moments: tuple[Ball, Ball, Ball]) -> Ball:
        """g/z^degree, likewise."""
        if self.weight.plain or not z > _SHALLOW:
            return self.ratio(z)
        return self.cost_from(z, moments) / fraction_power(z, self.degree)


@lru_cache(maxsize=128)
def _ratio_table(weight: AnyWeight, d: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """log depth and log(g/z^degree) on a grid, from the closed form."""
    from boundcalc.cap import trace_weight_ratio, weight_ratio

    # The ratio changes over relative depths of 1/sqrt(d) near depth 1.
    z = np.unique(np.concatenate([np.geomspace(1e-4, 1.0, 800), np.linspace(0.3, 1.0, 800)]))
    ratio = trace_weight_ratio if weight is TRACE else weight_ratio
    return np.log(z), np.asarray(ratio.log(d, z).log)


def log_weight_ratio(weight: AnyWeight, d: int, z: NDArray[np.float64]) -> NDArray[np.float64]:
    """Logarithm of g/z^degree in floats, for searching."""
    if weight.plain:
        return np.zeros_like(z)
    log_z, log_ratio = _ratio_table(weight, d)
    with np.errstate(divide="ignore"):
        return np.interp(np.log(z), log_z, log_ratio)
