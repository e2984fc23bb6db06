"""Upper bound of the minimax risk in d >= 2: exponential weights over finite sums of ReLU ridge functions in the core.

Derivation; the proof in full is in docs/proofs.md, section "Explicit upper bounds". Let r = 1 - eps, K = {|x| <= r},
g_e(z) the weight at depth z, so g_e(z) = rho(z) z^(d+2) with a ratio rho that does not increase with z.

* Planes at depth below eps miss K, so on K a function of the class is affine plus the integral of ReLUs at depth z >= eps with
  respect to a measure mu with int g d|mu| <= C. Less its projection on the affine functions in L2(K) it is a convex
  combination of functions of norm at most Gamma = C sup_{z >= eps} |relu_z|_{L2(K)}/g(z), where
  |relu_z|^2 <= c_1 2^((d-1)/2) Beta(3, (d+1)/2) r^((d-1)/2) y^((d+5)/2) for a ReLU at depth z = eps + y.
* Maurey: with directions and offsets rounded by at most eta = kappa eps, a mean of N of these (or their negatives, or 0) is
  within Gamma^2/N + E^2 of it, E = C eta sup_y sqrt(c_1 2^((d-1)/2) (2/(d+1)) r^((d-1)/2) y^((d+1)/2))/g(eps - eta + y).
  J atoms give at most binomial(N + 2J, N) such means.
* A net of mesh B s in the ball of radius B r^(d/2) of the (d+1)-dimensional space of affine functions has at most
  (1 + 2 r^(d/2)/s)^(d+1) elements and adds B^2 s^2.
* Exponential weights with temperature beta = 2 sigma^2 + 8 B^2 over a finite set of functions with values in [-B, B] have risk at
  most the least squared distance plus beta log(size)/(n + 1).

    risk <= B^2 (1 - r^d) + Gamma^2/N + E^2 + B^2 s^2
            + (beta/(n+1)) [log binomial(N + 2J, N) + (d + 1) log(1 + 2 r^(d/2)/s)].

Up to logarithms this is n^(-2/(3d+7)). eps, N, kappa and s are taken from fixed grids.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from boundcalc.arb import Ball, ball
from boundcalc.exact import log_exact
from boundcalc.explicit.estimate import log_outside, outside, risk
from boundcalc.explicit.marginal import Marginal, Weighting, half_power, log_c1, log_weight_ratio
from boundcalc.explicit.problem import Problem, Weight
from boundcalc.statements.estimators import ATOM, LOG_SIZE, MESH, MIXTURE_UPPER, OUTSIDE, ROUNDING, TERMS

# Grids: eps = 2^(-k/8), N = floor(2^(j/4)), kappa = 2^(-i), s = 2^(-m).
_LARGEST_K = 12000
_SPLITS = 6
Floats = NDArray[np.float64]


def depth(k: int) -> Fraction:
    """2^(-k/8), as the binary fraction of a float times a power of two."""
    whole, part = divmod(k, 8)
    return Fraction(2.0 ** (-part / 8)) / 2**whole


def terms(j: int) -> int:
    """Floor of 2^(j/4)."""
    return math.isqrt(math.isqrt(2**j))


def _powers(d: int, linear: bool) -> tuple[Fraction, Fraction, int]:
    """alpha, beta and the moment k: norms squared are c_1 2^((d-1)/2) Beta(k + 1, (d+1)/2) r^((d-1)/2) y^alpha."""
    return Fraction(d + 5 if linear else d + 1, 2), Fraction(2 * d + 4), 2 if linear else 0


def _beta(k: int, d: int) -> Ball:
    """Beta(k + 1, (d+1)/2) for k = 0 and 2."""
    a = ball(Fraction(d + 1, 2))
    return 1 / a if k == 0 else 2 / (a * (a + 1) * (a + 2))


def _sup(shift: Ball, least: Ball, powers: tuple[Fraction, Fraction, int], weighting: Weighting) -> Ball:
    """sup of y^alpha/(rho(z)^2 z^beta) over z = shift + y in [least, 1].

    y^alpha/z^beta rises up to y = shift alpha/(beta - alpha) and falls from there.
    """
    alpha, beta, _ = powers
    peak = shift * ball(alpha) / ball(beta - alpha)

    def value(y: Ball) -> Ball:
        return half_power(y, alpha) / half_power(shift + y, beta)

    best, low = ball(0), least
    for step in range(_SPLITS + 1):
        high = ball(1) if step == _SPLITS else least * 2 ** (step + 1)
        high = high if high < 1 else ball(1)
        at = peak
        if peak > high - shift:
            at = high - shift
        elif peak < low - shift:
            at = low - shift
        best = best.max(value(at) / weighting.ratio(high) ** 2)
        if high >= 1:
            break
        low = high
    return best


def core_norm(problem: Problem, eps: Ball, shift: Ball, linear: bool = True) -> Ball:
    """(C/B)^2 sup over ReLUs (with ``linear``) or half-spaces at depth z >= eps of the squared norm on the core over g(z)^2."""
    marginal = Marginal(problem.d)
    powers = _powers(problem.d, linear)
    power = half_power(2 * (1 - eps), marginal.alpha)  # 2^((d-1)/2) r^((d-1)/2)
    sup = _sup(shift, eps, powers, Weighting(problem.weight, marginal))
    return ball(problem.budget) ** 2 * marginal.c1 * power * _beta(powers[2], problem.d) * sup


def directions(d: int, mesh: Ball) -> Ball:
    """At least the size of some set of unit vectors within ``mesh`` of every one.

    A maximal set at mutual distance ``mesh``: balls of radius half = mesh/2 are disjoint and lie in a shell, so there are at most
    ((1 + half)^d - (1 - half)^d)/half^d <= 2d ((1 + half)/half)^(d-1). Or the centres of the cells of the cube's faces, cut
    m times each way, projected on the sphere, which shortens distances.
    """
    shell = 2 * d * (1 + 2 / mesh) ** (d - 1)
    cube = 2 * d * (1 + ball(d - 1).sqrt() / mesh) ** (d - 1)
    return shell.min(cube)


@dataclass(frozen=True)
class Mixture:
    """Exponential weights over means of ridge functions in the core, plus an affine function.

    eps = 2^(-k/8) is the depth of the core, N = floor(2^(j/4)) the number of terms, 2^(-i) eps the rounding of directions and
    offsets, and B 2^(-m) the mesh of the affine functions.
    """

    k: int
    j: int
    i: int
    m: int

    def __str__(self) -> str:
        eps, count = float(depth(self.k)), math.log10(terms(self.j))
        shown = f"{terms(self.j)}" if count < 7 else f"10^{count:.3g}"
        return f"exponential weights over means of {shown} ridge functions up to depth {eps:.3g}"

    def bound(self, problem: Problem) -> Ball:
        """The bound above, in units of B^2."""
        d = problem.d
        eps = ball(depth(self.k))
        r, count, mesh = 1 - eps, terms(self.j), ball(Fraction(1, 2**self.m))
        eta = eps / 2**self.i
        # r |u - u'| <= eta (d-1)/d, |t - t'| <= eta/d
        atoms = directions(d, eta * (d - 1) / (d * r)) * (1 + r * d / eta)
        signed = 2 * atoms
        size = count * (signed / count).log1p() + signed * (count / signed).log1p()
        values = {
            OUTSIDE: outside(d, eps),
            TERMS: ball(count),
            ATOM: core_norm(problem, eps, eps).sqrt(),
            ROUNDING: eta * core_norm(problem, eps, eps - eta, linear=False).sqrt(),
            MESH: mesh,
            LOG_SIZE: size,
        }
        return risk(MIXTURE_UPPER, problem, values)


def _log_less(log_a: Floats, log_b: Floats) -> Floats:
    """log(a - b) for a >= b, -inf at equality."""
    with np.errstate(divide="ignore"):
        return log_a + np.log(-np.expm1(np.minimum(log_b - log_a, 0.0)))


@lru_cache(maxsize=256)
def _tables(d: int, weight: Weight, last: int) -> tuple[Floats, Floats, Floats]:
    """log of eps, of Gamma^2 and of E^2/kappa^2, at C = B, for k = 1, ..., last, in floats."""
    k = np.arange(1, last + 1)
    log_eps = -k * math.log(2) / 8
    log_r = np.log1p(-np.exp(log_eps))
    out = []
    for linear in (True, False):
        alpha, beta = (float(p) for p in _powers(d, linear)[:2])
        moment = math.log(2 / (d + 1))
        if linear:
            moment += math.log(8 / ((d + 3) * (d + 5)))
        sup = np.full(last, -np.inf)
        peak = math.log(alpha / (beta - alpha))  # of y/eps
        for step in range(_SPLITS + 1):
            high = np.minimum(0.0, log_eps + (step + 1) * math.log(2) if step < _SPLITS else 0.0)
            low = np.minimum(0.0, log_eps + step * math.log(2))
            at = np.clip(log_eps + peak, _log_less(low, log_eps), _log_less(high, log_eps))
            value = alpha * at - beta * np.logaddexp(log_eps, at) - 2 * log_weight_ratio(weight, d, np.exp(high))
            sup = np.maximum(sup, value)
        out.append(log_c1(d) + moment + (d - 1) / 2 * (math.log(2) + log_r) + sup)
    return log_eps, out[0], out[1] + 2 * log_eps


def _log_directions(d: int, log_mesh: Floats) -> Floats:
    """Logarithm of the smaller of the two counts above, roughly."""
    shell = math.log(d) + (d - 1) * np.logaddexp(0.0, math.log(2) - log_mesh) + math.log(2)
    cube = math.log(2 * d) + (d - 1) * np.logaddexp(0.0, math.log(d - 1) / 2 - log_mesh)
    return np.minimum(shell, cube)


def search(problem: Problem) -> Mixture:
    """The best design of the grids, in floats: for each eps a window of N and kappa around the balance of the terms."""
    d = problem.d
    log_n = log_exact(problem.n)
    log_beta = np.logaddexp(math.log(2) - problem.log_nu, math.log(8) - log_n)
    last = min(_LARGEST_K, 64 + int(8 * math.log2(d)) + int(8 * max(log_n, 0.0) / math.log(2) * 3 / (3 * d + 7)))
    last = 64 * math.ceil(last / 64)  # few tables
    log_eps, norm, rounding = _tables(d, problem.weight, last)
    norm, rounding = norm + 2 * problem.log_budget, rounding + 2 * problem.log_budget
    shell = log_outside(d, log_eps)
    # N log(J) beta/n = Gamma^2/N, with a first guess of log J
    guess = np.maximum((norm - log_beta - math.log(10.0 * d)) / 2, 0.0)
    j = np.maximum(np.round(guess * 4 / math.log(2))[:, None] + np.arange(-14, 7)[None, :], 0.0)[:, :, None]
    log_count = np.log(np.maximum(np.floor(2.0 ** np.minimum(j / 4, 900.0)), 1.0)) + np.maximum(
        j / 4 - 900, 0
    ) * math.log(2)
    # E^2 about a share of Gamma^2/N
    level = ((rounding - norm)[:, None, None] + log_count) / (2 * math.log(2))
    i = np.maximum(np.ceil(level) + np.arange(0, 5)[None, None, :], 1.0)
    log_eta = log_eps[:, None, None] - i * math.log(2)
    signed = (
        math.log(2) + _log_directions(d, log_eta + math.log((d - 1) / d)) + np.logaddexp(0.0, math.log(d) - log_eta)
    )
    ratio = signed - log_count
    size = log_count + np.log(np.logaddexp(0.0, ratio) + np.exp(np.minimum(ratio, 700.0)) * np.logaddexp(0.0, -ratio))
    bias = np.logaddexp(norm[:, None, None] - log_count, rounding[:, None, None] - 2 * i * math.log(2))
    total = np.logaddexp(np.logaddexp(shell[:, None, None], bias), log_beta + size)
    best = np.unravel_index(int(total.argmin()), total.shape)
    k = int(best[0]) + 1
    m = np.arange(0, 6000)
    cost = np.logaddexp(-2 * m * math.log(2), log_beta + math.log(d + 1) + np.log((m + 1) * math.log(2) + 0.5))
    return Mixture(k, int(j[best[0], best[1], 0]), int(i[best]), int(cost.argmin()))
