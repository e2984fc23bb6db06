"""A bounded polynomial of a random spherical harmonic: f_theta(x) = b F(|x|^kappa Y(x/|x|)), d >= 3.

Y = sum theta_i Y_i/sqrt(D), theta_i independent N(0, 1), Y_i an orthonormal basis of the harmonics of degree k, D their
number, so that E Y(x) Y(y) = P_k(x.y). kappa >= k and kappa = k modulo 2, 0 < b <= B. In what follows B = 1.
F(z) = p(+-T_M(z/u)), M odd, p an odd polynomial with |p| <= 1 on [-1, 1], the sign such that F'(0) > 0 if p'(0) > 0.
p(x) = x gives Chebyshev's polynomial, which acts as a sine of amplitude 1; polynomials of higher degree come closer to
a square wave, whose first harmonic has the amplitude 4/pi, and cost more. F~ is F on [-u, u] and constant beyond,
f~_theta = b F~(...).

Risk. Let psi_i = <f~_theta, chi Y_i> in L2(P), chi(r) = r^kappa E F~'(r^kappa N)/A, where

    A^2 = int r^(2 kappa) (E F~'(r^kappa N))^2 d(r^d),   S = int r^(2 kappa) E F~'(r^kappa N)^2 d(r^d).

The chi Y_i are orthonormal, E sum d psi_i/d theta_i = b sqrt(D) A, the trace of the information is b^2 nu S with
nu = n/sigma^2, and that of the prior D; van Trees' inequality (Gill and Levit 1995) gives a Bayes risk of at least
b^2 A^2/(1 + b^2 nu S/D). An estimator may be clipped to [-b, b]; on the complement of the event that f~ = f lies in the
class the loss is then at most 4 b^2. So risk >= b^2 [A^2/(1 + b^2 nu S/D) - 4 delta], delta the probability of the complement.

Sup norm. |f| <= b and f~ = f unless sup |Y| > u: probability delta_1 (:mod:`boundcalc.explicit.random_harmonic`).

Seminorm. |x|^(j kappa) Y^j is a homogeneous polynomial of degree m = j kappa. By Funk and Hecke it is
int rho_j(w) (w.x)^m d sigma(w) with rho_j = sum_K (Y^j)_K/lambda_(m,K) over K <= j k, K = j k modulo 2, where

    lambda_(m,K) = m! Gamma(d/2)/(2^m ((m - K)/2)! Gamma((m + K + d)/2)).

rho_j has the parity of m, so this is 2 int rho_j (w.x)_+^m, and s_+^m = int_0^1 m (m - 1) t^(m-2) (s - t)_+ dt for s <= 1.
So the seminorm is at most 2 W_m |rho_j|_1, W_m = int_0^1 m (m - 1) t^(m-2) g(t) dt = m! (d + 2)!/(m + d + 1)! for the
canonical weight. Hermite's expansion z^j = sum_i h_(ji) He_i(z), h_(ji) = j!/(2^((j-i)/2) ((j-i)/2)! i!), gives
E |(Y^j)_K|^2 = q_(j,K) = sum_i h_(ji)^2 i! c_(i,K) with P_k^i = sum_K c_(i,K) P_K, all c_(i,K) >= 0 (Dougall). With
v_j^2 = sum_K (2 W_m/lambda_(m,K))^2 q_(j,K) and F(z) = sum a_j z^j:

* j = 1: the seminorm is at most |a_1| v_1 |Y|_1. E |Y|_1 = sqrt(2/pi), and theta -> |Y|_1 is Lipschitz with constant
  1/sqrt(D), so |Y|_1 <= e = sqrt(2/pi) + sqrt(2 x/D) but for probability exp(-x) (Gaussian concentration).
* j >= 3: |rho_j|_1 <= |rho_j|_2, and by Minkowski the sum of the seminorms has second moment at most V_3^2,
  V_3 = sum_(j >= 3) |a_j| v_j, so it is at most V_3/sqrt(delta_2) but for probability delta_2 (Chebyshev).

So f lies in the class if b (V_1 e + V_3/sqrt(delta_2)) <= C/B, V_1 = |a_1| v_1, and delta = delta_1 + exp(-x) + delta_2.

A^2 and S. E F'(s N) is a polynomial in s, so the integral of its square over r is a sum. Let |p| be p with the absolute values
of its coefficients. For |z| > u, |F'(z)| is at most the slope of |p|(|T_M(z/u)|), which increases with |z|. So with F' in
the place of F~', E F~'(s N) changes by at most its mean on |N| > u, and A by that times sqrt(d/(d + 2 kappa)), the norm of
r^kappa. With F'(z)^2 = sum e_i z^(2i), integrating over r first and bounding |N|^(-2-d/kappa) by its value at u,

    S <= sum e_i/(1 + 2 (1 + i) kappa/d) [E (N^(2i); |N| <= u) + u^(2i) P(|N| > u)].

The population weight is convex in t on [0, 1], g = E(X - t)_+ N, N = sqrt(Q^2 + M^2) in the notation of
:mod:`boundcalc.explicit.marginal`, p the density: Q'' >= 0 and M'' >= -p give N'' >= -M p/N by Cauchy and Schwarz, so
g'' >= p N + 2 Q |N'| - E(X - t)_+ M p/N >= p N - E(X - t)_+ p >= 0 as E(X - t)_+ <= M <= N. So g lies below its piecewise
linear interpolants, sum of w_i (t_i - t)_+, and W_m <= sum w_i t_i^m. The weight of the trace is convex, too
(docs/proofs.md). For (1 - t)^gamma, W_m = m! Gamma(gamma + 1)/Gamma(m + gamma).

Rounding. c_(i,K), q_(j,K) and the sum in v_j are computed in floats, from integers by sums, products and quotients of
positive numbers alone; so their relative error is at most the number of operations along any path, less than 4 10^6, times
2^-53. Underflow, which loses at most 2^-1022 a time, in fewer than 10^10 operations with factors of at most 1, is made
good for by adding 1e-290. All else is done in balls.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view as _windows
from numpy.typing import NDArray

from boundcalc.arb import Ball, all_real_roots, ball, precision
from boundcalc.explicit.family import Design
from boundcalc.explicit.gegenbauer import dimension, horner
from boundcalc.explicit.marginal import Marginal, Weighting, log_weight_ratio
from boundcalc.explicit.problem import AnyWeight, Problem
from boundcalc.explicit.random_harmonic import sup_bound

Array = NDArray[np.float64]
# Working precision; the moments, sums with alternating signs, take more.
_BITS = 192
# Operations behind one number, for the rounding errors of the sums in floats.
_MOST_OPERATIONS = 1e6
_UNDERFLOW = 1e-290
_EXCESS = 1 + 1e-9
# exp(-x) as a part of the probability for the sup.
SHARE = 0.1
# Coefficients of p.
Shape = tuple[Fraction, ...]


@np.errstate(under="ignore")
def _powers(d: int, k: int, count: int) -> list[Array]:
    """c_(i,K) of P_k^i = sum_K c_(i,K) P_K for i = 0 ... count, K = i k, i k - 2, ...: up to rounding.

    By Dougall's formula P_k P_n = sum_s w_(n,s) P_(k+n-2s).
    """
    if (20 * k + 40) * (count + 1) > _MOST_OPERATIONS:
        raise ArithmeticError(f"degree {k} and order {count} need too many operations in floats")
    two = d - 2
    # For even k all n are even.
    step, largest, s = 2 - k % 2, max(count * k - k, 0), np.arange(float(k))
    # w_(n,0) = prod_(s < k) a_s/a_(n+s), a_s = (two + 2 s)/(2 two + 2 s), and w_(n,s+1)/w_(n,s), 0 from s = n on, is a product
    # of functions of s, n + s, n - s and n - 2 s.
    above, below = np.arange(0.0, largest + k), np.arange(1.0, largest + 1)
    a = np.maximum(two + 2 * (k + np.arange(2.0 - 2 * k, largest + 1)), 4.0)
    first = _windows((two + above) / (two + 2 * above), k)[::step]
    steps = below * (two + 2 * (k + below)) / ((two + 2 * (below - 1)) * (two + k + below - 1))
    w = np.empty((len(first), k + 1))
    w[:, 0] = np.prod((two + 2 * s) / (two + s)) * first.prod(1)
    w[:, 1:] = _windows(np.concatenate([np.zeros(k), steps]), k)[::step, ::-1]
    w[:, 1:] *= _windows((a - 4) / a, 2 * k - 1)[::step, ::-2]
    w[:, 1:] *= (two + 2 * s) * (k - s) / ((two + 2 * (k - s - 1)) * (s + 1))
    np.cumprod(w, axis=1, out=w)
    live = np.arange(0.0, largest + 1, step)[:, None] > s
    if not w[:, 1:].min(where=live, initial=1.0) > _UNDERFLOW:
        raise ArithmeticError("a coefficient of a product of two harmonics underflows")
    # P_k P_n takes row[r], n = i k - 2 r, to row[r + s]: views with rows r + s and columns s, zeros where r is out of range.
    stride = 2 // step
    edge = np.zeros((k * stride, k + 1))
    w = np.concatenate([edge, w, edge])
    down, right = w.strides
    padded = np.zeros(count * k // 2 + 2 * k + 1)
    rows: list[Array] = [np.ones(1)]
    for i in range(count):
        padded[k : k + rows[-1].size] = rows[-1]
        shape = (i + 1) * k // 2 + 1, k + 1
        terms = np.ndarray(shape, buffer=padded, offset=k * right, strides=(right, -right))
        weights = np.ndarray(
            shape, buffer=w, offset=(k * stride + i * k // step) * down, strides=(-stride * down, stride * down + right)
        )
        rows.append(np.einsum("rs,rs->r", terms, weights))
    return rows


@lru_cache(maxsize=256)
def _hermite(count: int) -> Array:
    """h_(ji)^2 i!/j! for odd i and j, ``count`` of them."""
    found = np.zeros((count, count))
    for row in range(count):
        # For i = j, j - 2, ..., by the ratios of neighbours.
        j, l = 2 * row + 1, np.arange(1.0, row + 1)
        found[row, row::-1] = np.cumprod(np.concatenate([[1.0], (j - 2 * l + 2) * (j - 2 * l + 1) / (4 * l * l)]))
    return found


@lru_cache(maxsize=256)
@np.errstate(under="ignore")
def spectra(d: int, k: int, order: int) -> Array:
    """Upper bounds of q_(j,K)/j!: rows j = 1, 3, ..., order, columns K = k, k - 2, ... upwards; by less than 2e-9 relative."""
    rows = _powers(d, k, order)[1::2]
    c = np.zeros((len(rows), order * k // 2 + 1))
    for row, found in enumerate(rows):
        c[row, : found.size] = found[::-1] + _UNDERFLOW
    return (_hermite(len(rows)) @ c) * _EXCESS


@np.errstate(under="ignore")
def totals(d: int, k: int, kappas: NDArray[np.int64], rows: Array) -> Array:
    """Upper bounds of sum_K (lambda_(m,jk)/lambda_(m,K))^2 q_(j,K)/j!, m = j kappa: rows j, columns kappa."""
    found = np.empty((len(rows), kappas.size))
    for row, spectrum in enumerate(rows):
        j = 2 * row + 1
        q = spectrum[j * k // 2 :: -1]
        m, K = (j * kappas)[:, None], j * k - 2.0 * np.arange(1, q.size)
        shares = (m - K) / (m + K + d)
        shares *= shares
        np.cumprod(shares, axis=1, out=shares)
        shares += _UNDERFLOW
        found[row] = q[0] + shares @ q[1:]
    return found * _EXCESS


@lru_cache(maxsize=32)
def interpolant(d: int, weight: AnyWeight) -> tuple[Array, list[Ball]]:
    """t_i and w_i with g(t) <= sum w_i (t_i - t)_+ for a convex weight g: that of the population or of the trace."""
    depths = np.unique(np.concatenate([np.geomspace(1e-4, 1.0, 2000), np.linspace(0.3, 1.0, 2000)]))
    log_g = float(weight.degree(d)) * np.log(depths) + log_weight_ratio(weight, d, depths)
    # Steps in log g that grow with distance: far out accuracy matters less.
    fall = 25 * np.expm1(0.01 * np.arange(1, int(100 * math.log1p(min(300.0, log_g[-1] - log_g[0]) / 25))))
    t = np.concatenate([[0.0], 1 - np.interp(log_g[-1] - fall, log_g, depths), [1.0]])
    with precision(_BITS):
        weighting = Weighting(weight, Marginal(d))
        at = [ball(float(x)) for x in t]
        g = [weighting.cost(1 - x) for x in at]
        slopes = [(a - b) / (y - x) for x, y, a, b in zip(at[:-1], at[1:], g[:-1], g[1:], strict=True)] + [ball(0)]
        return t[1:], [a - b for a, b in pairwise(slopes)]


def _weight_integrals(d: int, kappa: int, count: int, weight: AnyWeight) -> list[Ball]:
    """Upper bounds of W_m, m = j kappa, for the first ``count`` odd j."""
    if weight.plain:
        k, orders = weight.degree(d), range(kappa, 2 * kappa * count, 2 * kappa)
        return [(ball(m + 1).lgamma() + ball(k + 1).lgamma() - ball(m + k).lgamma()).exp() for m in orders]
    t, terms = interpolant(d, weight)
    powers = [ball(float(x)) ** kappa for x in t]
    steps = [power * power for power in powers]
    terms = [w * power for w, power in zip(terms, powers, strict=True)]
    found = []
    for _ in range(count):
        found.append(sum(terms, ball(0)))
        terms = [term * step for term, step in zip(terms, steps, strict=True)]
    return found


@lru_cache(maxsize=256)
def _seminorms(d: int, k: int, kappa: int, order: int, weight: AnyWeight) -> list[Ball]:
    """Upper bounds of v_j for j = 1, 3, ..., order."""
    sums = totals(d, k, np.array([kappa]), spectra(d, k, order))[:, 0]
    if not np.isfinite(sums).all():
        raise ArithmeticError("the seminorm is beyond the floats")
    found = []
    with precision(_BITS):
        for i, (total, W) in enumerate(zip(sums, _weight_integrals(d, kappa, len(sums), weight), strict=True)):
            j = 2 * i + 1
            m, K = j * kappa, j * k
            # 1/lambda_(m,K) without the powers of 2 and Gamma(d/2)
            inverse = ball((m - K) // 2 + 1).lgamma() + ball(Fraction(m + K + d, 2)).lgamma() - ball(m + 1).lgamma()
            root = (ball(float(total)) * ball(math.factorial(j))).sqrt()
            found.append(2 ** (m + 1) * W * (inverse - ball(Fraction(d, 2)).lgamma()).exp() * root)
    return found


def _chebyshev(order: int) -> NDArray[np.object_]:
    """Coefficients of z, z^3, ..., z^order in +-T_order, order odd, with a positive first one.

    >>> list(_chebyshev(5))
    [5, -20, 16]
    """
    found = [order]
    for j in range(1, order - 1, 2):
        found.append(-found[-1] * (order * order - j * j) // ((j + 1) * (j + 2)))
    return np.array(found, dtype=object)


def _check_shape(shape: Shape) -> None:
    """ArithmeticError unless |p| <= 1 on [-1, 1] was shown."""
    slope = [Fraction(0)] * (2 * len(shape) - 1)
    slope[::2] = [(2 * i + 1) * c for i, c in enumerate(shape)]
    critical = [x for x in all_real_roots(slope) if not (x < 0 or x > 1)]
    if not (abs(sum(shape, Fraction(0))) <= 1 and all(abs(x * horner(shape, x * x)) <= 1 for x in critical)):
        raise ArithmeticError(f"p must be at most 1 on [-1, 1], got coefficients {', '.join(map(str, shape))}")


@lru_cache(maxsize=1024)
def coefficients(order: int, shape: Shape) -> tuple[list[Fraction], list[Fraction]]:
    """Coefficients of z, z^3, ... in F(u z) = p(+-T(z)) and in |p|(T(z))."""
    unit = math.lcm(*(c.denominator for c in shape))
    T = _chebyshev(order)
    square = np.convolve(T, T)
    size = (len(shape) - 1) * order + (order + 1) // 2
    found, outer = np.zeros(size, dtype=object), np.zeros(size, dtype=object)
    power = T
    for i, c in enumerate(shape):
        if i:
            power = np.convolve(power, square)
        place = slice(i, i + power.size)
        found[place] += int(c * unit) * power
        outer[place] += abs(int(c * unit)) * power
    # T itself, which increases beyond 1, is the negative for orders 3, 7, ...
    return [Fraction(int(c), unit) for c in found], [Fraction((-1) ** (order // 2) * int(c), unit) for c in outer]


@lru_cache(maxsize=256)
def _moments(order: int, shape: Shape) -> tuple[list[Fraction], list[Fraction]]:
    """s^2 (E F'(s N))^2 in powers of (M s/u)^2, lowest first, and (u F'(u z))^2 in powers of z^2."""
    F, _ = coefficients(order, shape)
    unit = math.lcm(*(c.denominator for c in F))
    slope = np.array([int(c * unit) * (2 * i + 1) for i, c in enumerate(F)], dtype=object)
    normal = [1]  # E N^(2 i)
    for i in range(1, len(F)):
        normal.append(normal[-1] * (2 * i - 1))
    mean = slope * np.array(normal, dtype=object)
    return (
        [Fraction(int(c), unit**2 * order ** (2 * i + 2)) for i, c in enumerate(np.convolve(mean, mean))],
        [Fraction(int(c), unit**2) for c in np.convolve(slope, slope)],
    )


@dataclass(frozen=True)
class ChebyshevHarmonic(Design):
    """Degree k, exponent kappa, order M and the coefficients of p; delta_1 is ``failure`` with its (c, x), delta_2 ``spread``.

    b is the largest that the budget allows, times exp(``log_shrink``).
    """

    degree: int
    kappa: int
    order: int
    shape: Shape
    failure: float
    level: float
    cosine: float
    spread: float
    log_shrink: float

    def __str__(self) -> str:
        outer = {1: "", 2: "cubic of ", 3: "quintic of "}.get(len(self.shape), "polynomial of ")
        return f"{outer}T_{self.order} of a random harmonic of degree {self.degree}, |x|^{self.kappa}"

    def bits(self, problem: Problem) -> int:
        """Working precision: coefficients alternate, and grow like 2.5 to the power of the degree."""
        return _BITS + 4 * (2 * len(self.shape) - 1) * self.order

    def seminorm(self, d: int, u: Ball, weight: AnyWeight) -> Ball:
        """V_1 e + V_3/sqrt(delta_2)."""
        F, _ = coefficients(self.order, self.shape)
        v = _seminorms(d, self.degree, self.kappa, 2 * len(F) - 1, weight)
        parts = [ball(abs(a)) * w / u ** (2 * i + 1) for i, (a, w) in enumerate(zip(F, v, strict=True))]
        x = -(ball(self.failure) * ball(SHARE)).log()
        e = (2 / Ball.pi()).sqrt() + (2 * x / dimension(d, self.degree)).sqrt()
        return parts[0] * e + sum(parts[1:], ball(0)) / ball(self.spread).sqrt()

    def moments(self, d: int, u: Ball) -> tuple[Ball, Ball]:
        """A lower bound of A, and an upper bound of S."""
        mean, square = _moments(self.order, self.shape)
        ratio, p = (self.order / u) ** 2, ball(Fraction(d, self.kappa))
        A2, power = ball(0), ball(1)
        for i, c in enumerate(mean):
            power *= ratio
            A2 += ball(c) * power * p / (p + 2 * (1 + i))
        # E |N|^(2 i); |N| > u, by parts, and E N^(2 i), over u^(2 i)
        outer = coefficients(self.order, self.shape)[1]
        rare = beyond = (u / ball(2).sqrt()).erfc()
        normal, density = ball(1), u * (-u * u / 2).exp() * (2 / Ball.pi()).sqrt()
        tail, S = ball(0), ball(0)
        for i, c in enumerate(square):
            if i < len(outer):
                tail += (2 * i + 1) * ball(outer[i]) / u * beyond
            S += ball(c) * p / (p + 2 * (1 + i)) * (normal - beyond + rare)
            beyond = (2 * i + 1) / u**2 * beyond + density / u**2
            normal = (2 * i + 1) / u**2 * normal
        return A2.sqrt() - tail * (p / (p + 2)).sqrt(), S / u**2

    def bound(self, problem: Problem) -> Ball:
        """b^2 [A^2/(1 + b^2 nu S/D) - 4 delta], in units of B^2."""
        d, k, kappa = problem.d, self.degree, self.kappa
        if not (k >= 2 and kappa >= k and (kappa - k) % 2 == 0 and self.order % 2 == 1):
            raise ArithmeticError(f"k >= 2, kappa - k in 0, 2, ... and odd M needed, got {k}, {kappa}, {self.order}")
        if not (self.log_shrink <= 0 and 0 < self.spread < 1):
            raise ArithmeticError(
                f"the shrink must be at most 1, delta_2 in (0, 1), got {self.log_shrink}, {self.spread}"
            )
        _check_shape(self.shape)
        u = sup_bound(d, k, self.failure, self.level, self.cosine)
        A, S = self.moments(d, u)
        if not A > 0:
            raise ArithmeticError("A was not shown to be positive")
        largest = ball(1).min(ball(problem.budget) / self.seminorm(d, u, problem.weight))
        b2 = (2 * ball(self.log_shrink)).exp() * largest**2
        delta = ball(self.failure) * (1 + ball(SHARE)) + ball(self.spread)
        return b2 * (A * A / (1 + b2 * ball(problem.nu) * S / dimension(d, k)) - 4 * delta)
