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

import itertools
import math
from dataclasses import dataclass, replace
from fractions import Fraction

from boundcalc.arb import Ball, ball, lower_float, precision
from boundcalc.cached import cached_property
from boundcalc.explicit.caps import Caps
from boundcalc.explicit.family import Design
from boundcalc.explicit.marginal import Marginal, Weighting, fraction_power, half_power
from boundcalc.explicit.problem import Problem
from boundcalc.explicit.sign_error import sign_error_ball

# Largest alpha times width over depth at which equal trapezoids are bracketed together.
NARROW = 0.15
# Above this number they are bracketed in any case.
ONE_BY_ONE = 64


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


class _Knot:
    """A depth, and what is needed there, evaluated once."""

    def __init__(self, z: Ball, marginal: Marginal, weighting: Weighting) -> None:
        self.z = z
        self._marginal = marginal
        self._weighting = weighting

    @cached_property
    def moments(self) -> tuple[Ball, Ball, Ball]:
        """Integrals of p, t p and t^2 p over [0, z]."""
        return self._marginal.moments(self.z)

    @cached_property
    def square(self) -> Ball:
        """Integral of p^2 over [0, z]."""
        return self._marginal.square(self.z)

    @cached_property
    def cost(self) -> Ball:
        """The weight."""
        return self._weighting.cost_from(self.z, self.moments)


@dataclass(frozen=True)
class _Unit:
    """A slab at amplitude 1.

    Attributes
    ----------
    cost : Ball
        Upper bound of its variation norm.
    atoms : tuple of (Ball, Ball)
        Energies and arguments: the value at amplitude a is at least the sum of a^2 m mmse(nu a^2 e) over (m, e).
    """

    cost: Ball
    atoms: tuple[tuple[Ball, Ball], ...]

    def risk(self, amplitude: float, nu: Ball) -> Ball:
        """Lower bound of the Bayes risk of the slab's signs."""
        square = ball(amplitude) ** 2
        return square * sum((m * sign_error_ball(nu * square * e) for m, e in self.atoms), ball(0))


@dataclass(frozen=True)
class StackedTrapezoids(Design):
    """A prior of stacked trapezoids on disjoint caps; the slabs are disjoint too, from the sphere inwards."""

    caps: Caps
    slabs: tuple[Slab, ...]

    def __str__(self) -> str:
        total = sum(s.count for s in self.slabs)
        return f"{self.caps}, {total} trapezoids each in {len(self.slabs)} slabs"

    def scaled(self, factor: float) -> StackedTrapezoids:
        """All amplitudes times a factor in (0, 1]."""
        return replace(self, slabs=tuple(replace(s, amplitude=s.amplitude * factor) for s in self.slabs))

    def bits(self, problem: Problem) -> int:
        """Working precision that outlasts the cancellation in the narrowest ramp and cell of a trapezoid on its own."""
        alpha = Fraction(problem.d - 1, 2)
        alone = (s for s in self.slabs if _individually(s, alpha))
        narrowest = min(((s.far - s.near) / s.far / s.count * s.ramp for s in alone), default=1.0)
        return 112 + 3 * max(0, -math.frexp(narrowest)[1])

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

    def _units(self, problem: Problem) -> tuple[_Unit, ...]:
        """Every slab at amplitude 1; neighbours share the knot between them."""
        self._check()
        marginal = Marginal(problem.d)
        weighting = Weighting(problem.weight, marginal)
        height = ball(self.caps.height)
        shares = {share for slab in self.slabs for share in (slab.near, slab.far)}
        edges = {share: _Knot(height * ball(share), marginal, weighting) for share in shares}
        return tuple(_unit(slab, edges[slab.near], edges[slab.far], marginal, weighting) for slab in self.slabs)

    def _cost(self, units: tuple[_Unit, ...]) -> Ball:
        total = sum((ball(s.amplitude) * u.cost for s, u in zip(self.slabs, units, strict=True)), ball(0))
        return total * ball(self.caps.count)

    def _risk(self, units: tuple[_Unit, ...], nu: Fraction) -> Ball:
        total = sum((u.risk(s.amplitude, ball(nu)) for s, u in zip(self.slabs, units, strict=True)), ball(0))
        return total * ball(self.caps.count)

    def cost(self, problem: Problem) -> Ball:
        """Rigorous upper bound of the weighted variation norm of every function of the prior, in units of B."""
        return self._cost(self._units(problem))

    def risk(self, problem: Problem) -> Ball:
        """Rigorous lower bound of the Bayes risk in units of B^2; feasibility is the business of :meth:`cost`."""
        return self._risk(self._units(problem), problem.nu)

    def bound(self, problem: Problem) -> Ball:
        """Rigorous lower bound of the minimax risk in units of B^2; the amplitudes shrink until the budget holds.

        Raises
        ------
        ArithmeticError
            If the budget can't be met.
        """
        design, units = self._feasible(problem)
        return design._risk(units, problem.nu)

    def within(self, problem: Problem) -> StackedTrapezoids:
        """The same with amplitudes so small that the budget holds."""
        with precision(self.bits(problem)):
            return self._feasible(problem)[0]

    def _feasible(self, problem: Problem) -> tuple[StackedTrapezoids, tuple[_Unit, ...]]:
        design, units = self, self._units(problem)
        for _ in range(3):
            slack = ball(problem.budget) / design._cost(units)
            if lower_float(slack) >= 1:
                return design, units
            design = design.scaled(lower_float(slack) * (1 - 1e-13))
            design._check()
        raise ArithmeticError("the amplitudes underflow before the budget holds")


def _individually(slab: Slab, alpha: Fraction) -> bool:
    if slab.count == 1:
        return True
    width = (slab.far - slab.near) / slab.count
    wide = max(float(alpha), 1.0) * width / slab.near > NARROW * (1 + 1e-6)
    return wide and slab.count <= ONE_BY_ONE


def _unit(slab: Slab, near: _Knot, far: _Knot, marginal: Marginal, weighting: Weighting) -> _Unit:
    if not _individually(slab, marginal.alpha):
        return _together(slab, near, far, marginal, weighting)
    ramp_share = ball(slab.ramp)
    if slab.near == 0:
        inner = _Knot(ball(0) if slab.ramp == 1.0 else far.z * (1 - ramp_share), marginal, weighting)
        norm = inner.moments[0] + _square(inner, far, far.z) / (far.z - inner.z) ** 2
        return _Unit((inner.cost + far.cost) / (far.z - inner.z), ((norm, norm),))
    width = (far.z - near.z) / slab.count
    ramp = width * ramp_share
    inner_edges = [_Knot(near.z + j * width, marginal, weighting) for j in range(1, slab.count)]
    edges = [near, *inner_edges, far]
    cost, atoms = ball(0), []
    for left, right in itertools.pairwise(edges):
        top, end = (_Knot(z, marginal, weighting) for z in (left.z + ramp, right.z - ramp))
        cost += left.cost + top.cost + end.cost + right.cost
        level = end.moments[0] - top.moments[0]
        norm = level + (_square(left, top, left.z) + _square(end, right, right.z)) / ramp**2
        atoms.append((norm, norm))
    return _Unit(cost / ramp, tuple(atoms))


def _square(low: _Knot, high: _Knot, foot: Ball) -> Ball:
    """Integral of (t - foot)^2 p over the depths between two knots."""
    a, b, c = (y - x for x, y in zip(low.moments, high.moments, strict=True))
    return c - 2 * foot * b + foot**2 * a


def _together(slab: Slab, near: _Knot, far: _Knot, marginal: Marginal, weighting: Weighting) -> _Unit:
    """Many equal trapezoids, by the brackets at the top of the module."""
    count = ball(slab.count)
    width = (far.z - near.z) / count
    ramp, tau = width * ball(slab.ramp), width / 2
    if not (near.z - tau > 0):
        raise ArithmeticError(f"a slab of many trapezoids must not touch the sphere: {slab}")
    k = weighting.degree
    # z^k is at most its mean over the cell around z where it is convex, and over the cell beyond z always.
    before, beyond = (tau, tau) if k >= 1 else (ball(0), width)
    knots = ball(0)
    for first in (near.z, near.z + ramp, near.z + width - ramp, near.z + width):
        last = first + (count - 1) * width
        knots += (fraction_power(last + beyond, k + 1) - fraction_power(first - before, k + 1)) / (ball(k + 1) * width)
    alpha, centre = marginal.alpha, near.z + tau
    low = half_power(((1 - (tau / centre) ** 2) * (1 - tau**2)).sqrt(), alpha)
    high = (ball(alpha) * ((centre + tau) / (centre - tau)).log() / 2).cosh()
    theta = 1 - 4 * ball(slab.ramp) / 3
    total = theta * low / high * (far.moments[0] - near.moments[0])
    squares = theta**2 * width * (high / low) ** 2 * (far.square - near.square)
    return _Unit(weighting.ratio_from(near.z, near.moments) * knots / ramp, ((total, squares / total),))
