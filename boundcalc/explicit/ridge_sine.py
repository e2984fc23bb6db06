"""Ridge sines b sin(omega v.x) with a random direction and frequency v in the unit ball.

Van Trees' inequality for the function-valued parameter v -> f_v, in the form of Gill and Levit with the weight
C(x) = c(r) x, r = |x|. With v from the ground state of :mod:`boundcalc.explicit.ball_prior`, c(r) = E cos(omega r v_1),
c_2(r) = E cos(2 omega r v_1):

* sum of the sensitivities: E C(x).grad_v f_v(x) = b omega E[r^2 c(r)^2];
* information of the data: E C I C^T = (n/sigma^2) (b omega)^2 E[r^2 c(r)^2] E[r^2 (1 + c_2(r))]/(2d);
* information of the prior: E[r^2 c(r)^2] J_d.

The first squared over the sum of the others:

    risk >= (b omega)^2 E[r^2 c(r)^2] / ((n/sigma^2) (b omega)^2 E[r^2 (1 + c_2(r))]/(2d) + J_d),   increasing in b.

Conditions. |f| <= b sin(min(omega, pi/2)) <= B. Along its direction f has second derivative at most
b w^2 |sin(w t)| <= b omega^2 min(1, omega t) for the frequency w <= omega, so the weighted variation norm is at most
2 b omega^2 int_0^1 min(1, omega t) g(t) dt <= C. For g = (1 - t)^(d+2) the integral is
omega (1 - (1 - 1/omega)_+^(d+4))/((d + 3)(d + 4)); for the population weight, which decreases, an upper Riemann sum.

E cos(omega r v_1) = sum_k (-1)^k (omega r)^(2k) E v_1^(2k)/(2k)! is cut off where the next term is below 10^-30 of 1;
E v_1^(2k) = E |v|^(2k) (1/2)_k/(d/2)_k and E r^(2k) = d/(d + 2k).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

import numpy as np

from boundcalc.arb import Ball, ball, lower_float, precision, product, upper_float
from boundcalc.explicit.ball_prior import information, radius_moments
from boundcalc.explicit.caps import Caps
from boundcalc.explicit.family import Design, Family, NotApplicable
from boundcalc.explicit.marginal import Marginal, Weighting, fraction_power
from boundcalc.explicit.problem import AnyWeight, Effort, Problem

_BITS = 400
_CELLS = 48
# Frequencies, in units of sqrt(d + 2), on a fixed grid: fixed, so that the bound is monotone in n, sigma, B and C.
_FREQUENCIES = tuple(
    Fraction(k, 16) for k in (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 20, 22, 24, 27, 30, 34, 38)
)


@lru_cache(maxsize=1024)
def _moments(d: int, omega: Fraction) -> tuple[Ball, Ball]:
    """Lower bound of E[r^2 c(r)^2] and enclosure of E[r^2 (1 + c_2(r))], as balls of 400 bits."""
    with precision(_BITS):
        # (1/2)_k/(2k)! = 4^-k/k!, so the k-th term of c_2 is at most omega^(2k)/((d/2)_k k!).
        terms, log_term, log_square = 0, 0.0, 2 * math.log(omega)
        while log_term > -75 or terms < 8:
            log_term += log_square - math.log(d / 2 + terms) - math.log(terms + 1)
            terms += 1
        radius = radius_moments(d, terms + 1)
        coordinate = ball(1)  # (1/2)_k/(d/2)_k/(2k)!
        coefficients = []
        for k in range(terms + 1):
            coefficients.append(coordinate * radius[k])
            coordinate = coordinate / ((d + 2 * k) * (2 * k + 2))
        square = ball(omega) ** 2
        one, two, sign = [], [], 1
        power = ball(1)
        for k in range(terms):
            one.append(sign * coefficients[k] * power)
            two.append(sign * coefficients[k] * power * ball(4) ** k)
            power, sign = power * square, -sign
        # |c - polynomial| <= next term at r = 1, since the terms of the cosine series enclose the cosine.
        rest = abs(coefficients[terms] * power)
        rest2 = abs(coefficients[terms] * power * ball(4) ** terms)
        total = ball(0)
        for i, a in enumerate(product(one, one)):
            total += a * d / (d + 2 * i + 2)
        low = total - rest * (2 + rest)
        second = ball(Fraction(d, d + 2))
        for k, a in enumerate(two):
            second += a * d / (d + 2 * k + 2)
        return low, second.union(second + rest2).union(second - rest2)


@lru_cache(maxsize=1024)
def _variation(d: int, omega: Fraction, weight: AnyWeight) -> Ball:
    """Upper bound of 2 omega^2 int_0^1 min(1, omega t) g(t) dt."""
    with precision(128):
        w = ball(omega)
        if weight.plain:
            k = weight.degree(d)
            rest = fraction_power(1 - 1 / w, k + 2) if omega > 1 else ball(0)
            return 2 * w**3 * (1 - rest) / ball((k + 1) * (k + 2))
        total = ball(0)
        for t, cost in _cells(d, weight):
            total += cost * ball(min(Fraction(1), omega * (t + Fraction(1, _CELLS))))
        return 2 * w**2 * total / _CELLS


@lru_cache(maxsize=64)
def _cells(d: int, weight: AnyWeight) -> tuple[tuple[Fraction, Ball], ...]:
    weighting = Weighting(weight, Marginal(d))
    left = [Fraction(i, _CELLS) for i in range(_CELLS)]
    return tuple((t, weighting.cost(ball(1 - t))) for t in left)


@dataclass(frozen=True)
class RidgeSine(Design):
    """The largest frequency."""

    BITS = 160
    omega: Fraction

    def __str__(self) -> str:
        return f"frequencies up to {self.omega}"

    def amplitude(self, problem: Problem) -> float:
        """The largest amplitude found, in units of B, that meets both conditions."""
        with precision(128):
            half_pi = Ball.pi() / 2
            sup = ball(self.omega).sin() if ball(self.omega) < half_pi else ball(1)
            limit = ball(problem.budget) / _variation(problem.d, self.omega, problem.weight)
            return min(lower_float(1 / sup), lower_float(limit))

    def bound(self, problem: Problem) -> Ball:
        """The bound above, in units of B^2."""
        b = self.amplitude(problem)
        if not b > 0:
            raise ArithmeticError("the amplitude underflows before the budget holds")
        cross, second = _moments(problem.d, self.omega)
        if not cross > 0:
            raise ArithmeticError("the mean of r^2 c(r)^2 was not shown to be positive")
        d = problem.d
        square = (ball(b) * ball(self.omega)) ** 2
        data = ball(problem.nu) * square * second / (2 * d)
        return square * cross / (data + information(d))


@lru_cache(maxsize=256)
def _grid(d: int) -> tuple[Fraction, ...]:
    root = Fraction(round(16 * math.sqrt(d + 2)), 16)
    return tuple(f * root for f in _FREQUENCIES)


@lru_cache(maxsize=64)
def _floats(d: int, weight: AnyWeight) -> tuple[np.ndarray, ...]:
    columns = []
    with precision(128):
        for omega in _grid(d):
            cross, second = _moments(d, omega)
            columns.append(
                (float(omega), lower_float(cross), upper_float(second), upper_float(_variation(d, omega, weight)))
            )
    return tuple(np.array(c) for c in zip(*columns, strict=True))


def ceiling(problem: Problem, extra: tuple[Caps, ...]) -> float:
    """d/nu: c^2 <= (1 + c_2)/2, by Cauchy and Schwarz."""
    return math.log(problem.d) - problem.log_nu


def search(problem: Problem, effort: Effort, extra: tuple[Caps, ...], floor: float) -> Design | NotApplicable:
    """The best frequency on the grid."""
    d = problem.d
    omega, cross, second, variation = _floats(d, problem.weight)
    log_b = np.minimum(-np.log(np.sin(np.minimum(omega, np.pi / 2))), problem.log_budget - np.log(variation))
    log_square = 2 * (log_b + np.log(omega))
    with precision(64):
        log_information = math.log(float(information(d).mid()))
    log_data = problem.log_nu + log_square + np.log(second / (2 * d))
    score = log_square + np.log(np.maximum(cross, 1e-300)) - np.logaddexp(log_data, log_information)
    score = np.where(cross > 0, score, -np.inf)
    return RidgeSine(_grid(d)[int(score.argmax())])


FAMILY = Family(
    key="ridge-sine",
    title="Ridge sines",
    statement="(b omega)^2 E[r^2 c(r)^2]/((n/sigma^2)(b omega)^2 E[r^2 (1 + c_2(r))]/(2d) + J_d) for the functions "
    "b sin(omega v.x), v in the unit ball.",
    conditions=(
        "b sin(min(omega, pi/2)) <= B",
        "2 b omega^2 int_0^1 min(1, omega t) g(t) dt <= C",
    ),
    proof=__doc__,
    boundary_localised=False,
    search=search,
    ceiling=ceiling,
    dimensions=(1, 10**6),
)
