"""Stacked trapezoids on disjoint caps: the prior, and its rigorous bound.

A cap of height H holds the depths z = 1 - u.x in [0, H]. A slab [x, y] carries one trapezoid, or M equal ones, each a
function of the depth alone that rises from 0 to the amplitude a over a share rho of its width, stays there, and falls
over the same share. The slab that touches the sphere, [0, y], stays at a down to depth 0. Kinks outside the ball cost
nothing. The signs of all trapezoids on all N caps are independent fair coins; the atoms' supports are disjoint.

Cost of one trapezoid with ramps [z_0, z_1] and [z_2, z_3]: a (g(z_0) + g(z_1))/(z_1 - z_0) + a (g(z_2) + g(z_3))/(z_3 - z_2).
Value of one: a^2 m mmse(nu a^2 m), m its squared L2(P) norm (:mod:`boundcalc.explicit.sign_error`).

M equal trapezoids of width w in [x, y], when M is large. Write tau = w/2, c_j for their centres, c_0 for the first,
theta = 1 - 4 rho/3 for the mean of the squared profile, p for the density of the depth, p(z) = c_1 (z(2 - z))^alpha.
* p(c + t) p(c - t) = p(c)^2 [(1 - t^2/c^2)(1 - t^2/(2 - c)^2)]^alpha, so the mean of p(c + t) and p(c - t) is at least
  L p(c) with L = [(1 - tau^2/c_0^2)(1 - tau^2)]^(alpha/2); and it is at most U p(c), U = cosh(alpha log((c_0 + tau)/
  (c_0 - tau))/2), since p is log-concave and p(c + t)/p(c - t) <= ((c + t)/(c - t))^alpha for c + t <= 1.
* Hence theta w p(c_j) L <= m_j <= theta w p(c_j) U, and the integral of p over a cell is between w p(c_j) L and
  w p(c_j) U. So S = sum m_j >= theta (L/U) F with F the integral of p over [x, y]. Likewise p^2 (alpha doubled, so L^2)
  gives sum m_j^2 <= theta^2 w (U/L)^2 G with G the integral of p^2.
* mmse is convex, so sum_j m_j mmse(k m_j) >= S mmse(k sum_j m_j^2/S), increasing in S: insert the two bounds.
* z^k is convex, so a sum of z^k over an arithmetic progression with step w is at most 1/w times the integral of z^k from
  half a step before the first to half a step behind the last (Hermite and Hadamard).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from fractions import Fraction

from boundcalc.arb import Ball, ball, lower_float
from boundcalc.explicit.caps import Caps
from boundcalc.explicit.marginal import Marginal, half_power
from boundcalc.explicit.problem import Problem
from boundcalc.explicit.sign_error import sign_error_ball
from boundcalc.explicit.weighting import Weighting

__all__ = ["Slab", "StackedTrapezoids"]

# Up to this number, equal trapezoids are evaluated one by one.
ONE_BY_ONE = 6
# Largest alpha times width over depth at which many trapezoids are bracketed together.
_NARROW = 0.15


@dataclass(frozen=True)
class Slab:
    """Equal trapezoids in a slab.

    Attributes
    ----------
    near, far : float
        Depths, as shares of the cap's height; ``near`` is 0 for the slab that touches the sphere.
    count : int
        Number of equal trapezoids; 1 if ``near`` is 0.
    ramp : float
        Share of a trapezoid's width on each ramp, at most 1/2 (1 if ``near`` is 0).
    amplitude : float
        In units of B, at most 1.
    """

    near: float
    far: float
    count: int
    ramp: float
    amplitude: float


@dataclass(frozen=True)
class StackedTrapezoids:
    """A prior of stacked trapezoids.

    Attributes
    ----------
    caps : Caps
        Disjoint caps of one height.
    slabs : tuple of Slab
        From the sphere inwards, disjoint.
    """

    caps: Caps
    slabs: tuple[Slab, ...]

    def __str__(self) -> str:
        total = sum(s.count for s in self.slabs)
        return (
            f"{self.caps.count} caps of height {self.caps.height:.4g} ({self.caps.code}), "
            f"{total} trapezoids each in {len(self.slabs)} slabs"
        )

    def scaled(self, factor: float) -> StackedTrapezoids:
        """All amplitudes times a factor in (0, 1]."""
        return replace(self, slabs=tuple(replace(s, amplitude=s.amplitude * factor) for s in self.slabs))

    def bits(self, problem: Problem) -> int:
        """Working precision that outlasts the cancellation in the narrowest ramp and cell."""
        narrowest = min((s.far - s.near) / s.far / s.count * s.ramp for s in self.slabs)
        return 160 + 3 * max(0, -math.frexp(narrowest)[1])

    def _check(self) -> None:
        if not (0 < self.caps.height <= 1):
            raise ArithmeticError("the caps must have a height in (0, 1]")
        edge = 0.0
        for slab in self.slabs:
            ok = edge <= slab.near < slab.far <= 1 and slab.count >= 1 and 0 < slab.amplitude <= 1
            limit = 1.0 if slab.near == 0 else 0.5
            if not ok or not 0 < slab.ramp <= limit or (slab.near == 0 and slab.count != 1):
                raise ArithmeticError(f"not a stack of slabs inside the cap: {slab}")
            edge = slab.far

    def cost(self, problem: Problem) -> Ball:
        """Rigorous upper bound of the weighted variation norm of every function of the prior, in units of B."""
        self._check()
        marginal = Marginal(problem.d)
        weighting = Weighting(problem.weight, marginal)
        height = ball(self.caps.height)
        total = sum((_cost(slab, height, weighting) for slab in self.slabs), ball(0))
        return total * ball(self.caps.count)

    def value(self, problem: Problem) -> Ball:
        """Rigorous lower bound of the Bayes risk in units of B^2; feasibility is the business of :meth:`cost`."""
        self._check()
        marginal = Marginal(problem.d)
        nu, height = ball(problem.nu), ball(self.caps.height)
        total = sum((_value(slab, height, nu, marginal) for slab in self.slabs), ball(0))
        return total * ball(self.caps.count)

    def bound(self, problem: Problem) -> Ball:
        """Rigorous lower bound of the minimax risk in units of B^2; the amplitudes shrink until the budget holds.

        Raises
        ------
        ArithmeticError
            If the budget can't be met.
        """
        design = self
        for _ in range(3):
            slack = ball(problem.budget) / design.cost(problem)
            if lower_float(slack) >= 1:
                return design.value(problem)
            design = design.scaled(lower_float(slack) * (1 - 1e-13))
        raise ArithmeticError("the amplitudes underflow before the budget holds")


def _trapezoids(slab: Slab, height: Ball) -> list[tuple[Ball, Ball, Ball, Ball]]:
    """The four knots of each trapezoid, exact up to rounding; the first two coincide at 0 for the outermost slab."""
    near, far = height * ball(slab.near), height * ball(slab.far)
    if slab.near == 0:
        inner = ball(0) if slab.ramp == 1.0 else far * (1 - ball(slab.ramp))
        return [(ball(0), ball(0), inner, far)]
    width = (far - near) / slab.count
    ramp = width * ball(slab.ramp)
    return [
        (near + j * width, near + j * width + ramp, near + (j + 1) * width - ramp, near + (j + 1) * width)
        for j in range(slab.count)
    ]


def _individually(slab: Slab, alpha: Fraction) -> bool:
    if slab.count <= ONE_BY_ONE:
        return True
    width = (slab.far - slab.near) / slab.count
    wide = max(float(alpha), 1.0) * width / slab.near > _NARROW
    return wide and slab.count <= 64


def _cost(slab: Slab, height: Ball, weighting: Weighting) -> Ball:
    amplitude = ball(slab.amplitude)
    if _individually(slab, weighting.marginal.alpha):
        total = ball(0)
        for z0, z1, z2, z3 in _trapezoids(slab, height):
            if slab.near > 0:
                total += (weighting.cost(z0) + weighting.cost(z1)) / (z1 - z0)
            total += (weighting.cost(z2) + weighting.cost(z3)) / (z3 - z2)
        return amplitude * total
    near, far = height * ball(slab.near), height * ball(slab.far)
    count = ball(slab.count)
    width = (far - near) / count
    ramp = width * ball(slab.ramp)
    if not (near - width / 2 > 0):
        raise ArithmeticError(f"a slab of many trapezoids must not touch the sphere: {slab}")
    k = weighting.d + 2
    total = ball(0)
    for first in (near, near + ramp, near + width - ramp, near + width):
        last = first + (count - 1) * width
        total += ((last + width / 2) ** (k + 1) - (first - width / 2) ** (k + 1)) / ((k + 1) * width)
    return amplitude * weighting.ratio(near) * total / ramp


def _value(slab: Slab, height: Ball, nu: Ball, marginal: Marginal) -> Ball:
    square = ball(slab.amplitude) ** 2
    if _individually(slab, marginal.alpha):
        total = ball(0)
        for knots in _trapezoids(slab, height):
            norm = _norm(knots, marginal)
            total += norm * sign_error_ball(nu * square * norm)
        return square * total
    near, far = height * ball(slab.near), height * ball(slab.far)
    width = (far - near) / ball(slab.count)
    tau, centre = width / 2, near + width / 2
    alpha = marginal.alpha
    low = half_power(((1 - (tau / centre) ** 2) * (1 - tau**2)).sqrt(), alpha)
    high = (ball(alpha) * ((centre + tau) / (centre - tau)).log() / 2).cosh()
    theta = 1 - 4 * ball(slab.ramp) / 3
    total = theta * low / high * (marginal.mass(far) - marginal.mass(near))
    squares = theta**2 * width * (high / low) ** 2 * (marginal.square(far) - marginal.square(near))
    return square * total * sign_error_ball(nu * square * squares / total)


def _norm(knots: tuple[Ball, Ball, Ball, Ball], marginal: Marginal) -> Ball:
    """Squared L2(P) norm of the trapezoid with these knots."""
    z0, z1, z2, z3 = knots
    moments = [marginal.moments(z) for z in knots]

    def ramp(foot: Ball, low: int, high: int) -> Ball:
        a, b, c = (y - x for x, y in zip(moments[low], moments[high], strict=True))
        return c - 2 * foot * b + foot**2 * a

    total = moments[2][0] - moments[1][0] + ramp(z3, 2, 3) / (z3 - z2) ** 2
    if z0 != 0:
        total += ramp(z0, 0, 1) / (z1 - z0) ** 2
    return total
