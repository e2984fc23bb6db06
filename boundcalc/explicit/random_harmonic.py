"""The sup of a random spherical harmonic Z of degree k on S^(d-1): Gaussian, isotropic, of variance 1, d >= 3.

At the maximiser of Z the mean of Z over the geodesic sphere of radius theta is M P_k(cos theta), M = max Z, so by
Jensen's inequality int (Z - c)_+ d sigma >= int_0^theta (M P_k(cos) - c)_+ d sigma, and Markov's inequality applies, with
E(Z - c)_+ = phi(c) - c Phi(-c). For even k the antipode of the maximiser counts as well, which makes up for the two
signs of sup |Z|; for odd k sup |Z| = sup Z. Hence for every c > 0 and 0 < x < 1

    P(sup |Z| >= u) <= [phi(c) - c Phi(-c)]/[u c_d (1 - x^2)^((d-1)/2) P_k'(x)/(k(k + d - 2)) - c sigma(cap of angle arccos x)],

where the first term of the denominator integrates u P_k over the cap, by the differential equation of P_k, and
c_d = Gamma(d/2)/(sqrt(pi) Gamma((d-1)/2)). P_k'/(k(k + d - 2)) = p/(d - 1), p the Gegenbauer polynomial of degree k - 1 in
dimension d + 2 with p(1) = 1.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from boundcalc.arb import Ball, ball, log_gamma
from boundcalc.explicit.gegenbauer import coefficients, horner, values
from boundcalc.explicit.marginal import gauss, half_power

Array = NDArray[np.float64]
_ANGLES = 120
# Of the continued fraction of Mills' ratio.
_TERMS = 400
_NODES, _WEIGHTS = gauss(80)


def log_c(d: int) -> Ball:
    """log c_d."""
    return log_gamma(Fraction(d, 2)) - log_gamma(Fraction(d - 1, 2)) - Ball.pi().log() / 2


def sup_bound(d: int, k: int, failure: float, level: float, cosine: float) -> Ball:
    """u with P(sup |Z| >= u) <= failure, from c = level and x = cosine.

    Raises
    ------
    ArithmeticError
        If these give none.
    """
    c, x = ball(level), ball(cosine)
    if not (level > 0 and 0 < cosine < 1 and 0 < failure < 0.5):
        raise ArithmeticError("c must be positive, x and delta in (0, 1)")
    per_u = log_c(d).exp() * half_power(1 - x * x, Fraction(d - 1, 2)) * horner(coefficients(d + 2, k - 1), x) / (d - 1)
    measure = (1 - x * x).beta_lower(ball(Fraction(d - 1, 2)), ball(Fraction(1, 2)), True) / 2
    excess = (-c * c / 2).exp() / (2 * Ball.pi()).sqrt() - c * (c / ball(2).sqrt()).erfc() / 2
    if not per_u > 0:
        raise ArithmeticError("the mean over the cap was not shown to be positive")
    return (excess / ball(failure) + c * measure) / per_u


def _log_excess(c: Array) -> Array:
    """Logarithm of E(N - c)_+ = phi(c) - c Phi(-c), N standard normal, c >= 0.5."""
    # Mills' ratio Phi(-c)/phi(c) is 1/(c + t), t = 1/(c + 2/(c + 3/(c + ...))) (Laplace).
    t = (np.sqrt(c * c + 4 * _TERMS) - c) / 2
    for j in range(_TERMS, 0, -1):
        t = j / (c + t)
    return -c * c / 2 - math.log(2 * math.pi) / 2 + np.log(t / (c + t))


@lru_cache(maxsize=32)
def _numerators(d: int, failures: tuple[float, ...]) -> tuple[Array, Array, Array]:
    """The angles' cosines x, the numerators of u for each failure and x with the best c, and that c."""
    x = np.cos(np.geomspace(0.01, 1.55, _ANGLES))
    log_power = math.lgamma(d / 2) - math.lgamma((d - 1) / 2) - math.log(math.pi) / 2 + (d - 1) / 2 * np.log1p(-x * x)
    # The cap's measure over c_d (1 - x^2)^((d-1)/2).
    ratio = ((1 - (1 - x * x)[:, None] * _NODES ** (2 / (d - 1))) ** -0.5 * _WEIGHTS).sum(1) / (d - 1)
    c = np.linspace(0.5, 4 + 2.5 * math.sqrt(d), 240)
    log_excess = _log_excess(c)
    numerators, levels = np.empty((len(failures), x.size)), np.empty((len(failures), x.size))
    for f, failure in enumerate(failures):
        need = np.exp(np.minimum(log_excess - math.log(failure) - log_power[:, None], 600.0)) + c * ratio[:, None]
        best = need.argmin(1)
        numerators[f], levels[f] = need.min(1), c[best]
    return x, numerators, levels


def sup_levels(d: int, degrees: Sequence[int], failures: Sequence[float]) -> tuple[Array, Array, Array]:
    """For each degree and failure probability the smallest u over a grid of (c, x), with its c and x: floats."""
    x, numerators, levels = _numerators(d, tuple(failures))
    with np.errstate(divide="ignore"):
        per_u = np.array([np.maximum(values(d + 2, k - 1, x), 0) for k in degrees])[:, None, :] / (d - 1)
        u = numerators / per_u
    best = u.argmin(2)
    at = np.broadcast_to(np.arange(len(failures)), best.shape)
    return u.min(2), levels[at, best], x[best]
