"""Closed forms for ridge functions with piecewise linear profiles, as expressions and as enclosures.

p(u·x) = sum_j c_j (u·x - t_j)_+ and, for t_i <= t_j, E (X - t_i)_+ (X - t_j)_+ = m_2(t_j) + (t_j - t_i) m_1(t_j) with the
truncated moments m_k of one coordinate. So with S_j, T_j the sums of c_i, c_i t_i over i < j

    |p|^2 = sum_j [c_j (c_j + 2 S_j) m_2(t_j) + 2 c_j (t_j S_j - T_j) m_1(t_j)].

The terms cancel; ball arithmetic sees how far, and takes more digits.
"""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
from sympy import Expr, Integer

from boundcalc import cap
from boundcalc.cap import moment_expr
from boundcalc.enclosure import Enclosure, enclose
from boundcalc.exact import fraction, rational
from boundcalc.symbols import d as D
from boundcalc.symbols import h as H
from constructions.ridge import Profile
from verify.outcome import Interval
from verify.packing.atoms.base import Number

__all__ = ["depth_monte_carlo", "number", "population_seminorm", "squared_norm_expr"]

DRAWS = 200_000
# Two-sided normal level 1 - 6e-7: a false alarm once in 1.7 million reports.
STANDARD_ERRORS = 5.0
# Relative error granted to sums over a sample in floating point.
FLOAT_ERROR = Fraction(1, 10**10)


def number(value: Enclosure) -> Number:
    """An enclosure as a number between exact ones."""
    low, high = value.lower, value.upper
    return Number(fraction(low), fraction(high), True)


def squared_norm_expr(profile: Profile) -> Expr:
    """The squared L2(P) norm as an expression in the dimension."""
    total, slope, offset = Integer(0), Fraction(0), Fraction(0)
    for change, knot in zip(profile.changes, profile.knots, strict=True):
        if knot < 1:
            height = rational(1 - knot)
            total += rational(change * (change + 2 * slope)) * moment_expr(2, D, height)
            total += rational(2 * change * (knot * slope - offset)) * moment_expr(1, D, height)
        slope, offset = slope + change, offset + change * knot
    return total


def population_seminorm(profile: Profile, d: int) -> Expr:
    """Σ |slope change| g_P(knot), knots in [0, 1], as a number that is not evaluated."""
    total = Integer(0)
    for change, knot in zip(profile.changes, profile.knots, strict=True):
        if change and knot < 1:
            total += rational(abs(change)) * cap.population_weight.expr.subs({D: Integer(d), H: rational(1 - knot)})
    return total


def squared_norm_enclosure(profile: Profile, d: int) -> Enclosure:
    """The squared L2(P) norm, enclosed."""
    return enclose(squared_norm_expr(profile), {D: Integer(d)})


def depth_monte_carlo(profile: Profile, d: int, rng: np.random.Generator) -> Interval:
    """Interval for the squared norm: depths uniform on the support, weighted by the marginal density."""
    deep = float(1 - profile.knots[0])
    shallow = float(1 - profile.knots[-1]) if profile.compact else 0.0
    depth = shallow + (deep - shallow) * rng.random(DRAWS)
    logs = (d - 1) / 2 * np.log(depth * (2 - depth))
    shift = float(logs.max())
    sample = np.exp(logs - shift) * profile.at_depth(depth) ** 2
    scale = math.exp(float(cap.marginal_constant.log(d).log) + math.log(deep - shallow) + shift)
    mean, error = float(sample.mean()), float(sample.std(ddof=1)) / math.sqrt(DRAWS)
    return Interval(
        scale * max(0.0, mean - STANDARD_ERRORS * error),
        scale * (mean + STANDARD_ERRORS * error),
        f"Monte Carlo, {STANDARD_ERRORS:g} standard errors",
    )
