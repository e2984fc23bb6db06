"""Priors on a ball for van Trees inequalities, and their Fisher information.

For a vector v with a rotation-invariant density on the unit ball of R^D that vanishes on the sphere, van Trees'
inequality needs J = (1/D) int |grad pi|^2/pi, the information per coordinate.
* Dirichlet ground state squared: J = 4 j^2/D with j the first zero of the Bessel function of order D/2 - 1, the least
  possible. Its radius rho has E rho^(2k) = R_k with R_0 = 1 and R_k = (1 - 2k(k^2 - nu^2) R_(k-1)/j^2)/(2k + 1),
  nu = D/2 - 1: y(rho) = J_nu(j rho)^2 solves rho^2 y''' + 3 rho y'' + (1 - 4 nu^2 + 4 j^2 rho^2) y' + 4 j^2 rho y = 0;
  multiply by rho^(2k) and integrate over [0, 1], where y and y' vanish at 1.
* Beta, pi proportional to (1 - |v|^2)^m with m = 1 + sqrt(1 + D/2): J = 4 m^2 E[rho^2/(1 - rho^2)^2]/D =
  2 m (m + D/2)/(m - 1) = 2 (1 + sqrt(1 + D/2))^2, at most 6 % above the least one, for every D without a Bessel zero.
"""

from __future__ import annotations

import math
from fractions import Fraction
from functools import lru_cache

from boundcalc.arb import Ball, ball, precision

# Above this dimension the beta prior is used.
LARGEST_BESSEL = 500
_ZERO_BITS = 400


def _bracket(order: Fraction) -> tuple[float, float]:
    """Floats that enclose the first zero and no other (Qu and Wong 1999 for positive orders)."""
    nu = float(order)
    if order == Fraction(-1, 2):
        return 1.5, 1.6
    if order == 0:
        return 2.4, 2.41
    first = 1.8557570814
    low = nu + first * nu ** (1 / 3)
    return low * (1 - 1e-12), (low + 0.3 * 2.338107410459767**2 * (2 / nu) ** (1 / 3) / 2 + 1e-6) * (1 + 1e-12)


def _newton(order: Fraction, steps: int) -> Ball:
    """Nearly the first zero, by Newton's method on midpoints from the bracket's; J' = nu/x J - J_(nu+1)."""
    nu, (low, high) = ball(order), _bracket(order)
    zero = (ball(low) + ball(high)) / 2
    for _ in range(steps):
        value = zero.bessel_j(nu)
        slope = nu / zero * value - zero.bessel_j(nu + 1)
        zero = ball(0) + (zero - value / slope).mid()
    return zero


@lru_cache(maxsize=256)
def bessel_zero(dim: int) -> Ball:
    """The first positive zero of the Bessel function of order dim/2 - 1, to 400 bits.

    J_nu is positive up to its first zero and the bracket lies below the second one, so a change of sign encloses it.

    Examples
    --------
    >>> print(bessel_zero(2).str(12))
    [2.40482555770 +/- ...]
    """
    order = Fraction(dim, 2) - 1
    with precision(_ZERO_BITS + 80 + 2 * dim):
        nu = ball(order)
        if dim == 1:
            return Ball.pi() / 2
        low, high = (ball(x) for x in _bracket(order))
        if not (low.bessel_j(nu) > 0 and high.bessel_j(nu) < 0):
            raise ArithmeticError(f"no sign change of the Bessel function of order {order} in its bracket")
        zero = _newton(order, 14)
        radius = zero * ball(2) ** (-_ZERO_BITS)
        left, right = zero - radius, zero + radius
        if not (left > low and right < high and left.bessel_j(nu) > 0 and right.bessel_j(nu) < 0):
            raise ArithmeticError(f"the first zero of the Bessel function of order {order} was not enclosed")
        return left.union(right)


def information(dim: int) -> Ball:
    """J, the Fisher information per coordinate of the best prior here on the unit ball of R^dim."""
    if dim > LARGEST_BESSEL:
        return 2 * (1 + (1 + ball(Fraction(dim, 2))).sqrt()) ** 2
    return 4 * bessel_zero(dim) ** 2 / dim


@lru_cache(maxsize=4096)
def information_float(dim: int) -> float:
    """The same in floats, for searching."""
    if dim > LARGEST_BESSEL:
        return 2 * (1 + math.sqrt(1 + dim / 2)) ** 2
    with precision(64 + 2 * dim):
        zero = float(_newton(Fraction(dim, 2) - 1, 6).mid())
    return 4 * zero * zero / dim


def radius_moments(dim: int, count: int) -> list[Ball]:
    """E rho^0, E rho^2, ..., count of them, for the prior of :func:`information`."""
    if dim > LARGEST_BESSEL:
        # Beta density of rho^2 with parameters D/2 and m + 1; ratio of rising factorials.
        top = ball(Fraction(dim, 2))
        bottom = top + 2 + (1 + top).sqrt()
        moments = [ball(1)]
        for k in range(count - 1):
            moments.append(moments[-1] * (top + k) / (bottom + k))
        return moments
    zero = bessel_zero(dim)
    nu = ball(Fraction(dim, 2) - 1)
    moments = [ball(1)]
    for k in range(1, count):
        moments.append((1 - 2 * k * (k * k - nu * nu) * moments[-1] / zero**2) / (2 * k + 1))
    return moments
