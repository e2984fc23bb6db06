"""Special functions in log space, for whole arrays, accurate where the textbook route cancels.

All take and return float64 arrays (or scalars). They serve :mod:`boundcalc.logspace`; formulas belong in expressions.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

_MAX_TERMS = 200_000
# Contraction demanded of the continued fraction: exp(-38) is below one unit in the last place.
_NATS = 38.0
# Bernoulli numbers B_2j/(2j(2j-1)), j = 1..7: at x >= 20 the next term is below 1e-20.
_STIRLING = (1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188, -691 / 360360, 1 / 156)
_STIRLING_FROM = 20.0


def log_gamma(x: Array) -> Array:
    """log Γ(x) for x > 0."""
    from scipy.special import gammaln

    return np.asarray(gammaln(x), dtype=np.float64)


def _stirling_tail(x: Array) -> Array:
    inverse = 1.0 / x
    square = inverse * inverse
    total = np.zeros_like(x)
    for coefficient in reversed(_STIRLING):
        total = total * square + coefficient
    return total * inverse


def log_gamma_ratio(x: Array, s: Array | float) -> Array:
    """log(Γ(x+s)/Γ(x)) for x > 0 and x + s > 0, without the digits that a difference of logarithms loses.

    At x = 5e5 the two logarithms are near 6e6, so their difference is wrong by 1e-9; this is right to 1e-15 times
    the size of the result.

    Examples
    --------
    >>> float(log_gamma_ratio(np.array(1e8), np.array(0.5)))  # log Γ(x+1/2)/Γ(x) = log(x)/2 - 1/(8x) + ...
    9.21034037072618...
    >>> float(log_gamma_ratio(np.array(3.0), np.array(2.0)))  # log(4!/2!)
    2.4849066497880...
    """
    x, s = np.broadcast_arrays(np.asarray(x, dtype=np.float64), np.asarray(s, dtype=np.float64))
    # Ratios below 1 in x+s are the inverse of ratios above 1.
    low = np.minimum(x, x + s)
    step = np.abs(s)
    large = low >= _STIRLING_FROM
    at = np.where(large, low, _STIRLING_FROM)
    # Stirling's series of both logarithms, subtracted by hand:
    # (x+s-1/2) log(x+s) - (x-1/2) log x - s = s log x + (x+s-1/2) log(1+s/x) - s.
    asymptotic = (
        step * np.log(at)
        + ((at + step - 0.5) * np.log1p(step / at) - step)
        + (_stirling_tail(at + step) - _stirling_tail(at))
    )
    if not np.all(large):
        near = np.where(large, 1.0, low)
        asymptotic = np.where(large, asymptotic, log_gamma(near + np.where(large, 0.0, step)) - log_gamma(near))
    return np.where(s >= 0, asymptotic, -asymptotic)


def log_erfc(x: Array) -> Array:
    """log erfc(x), for every x up to 1e150."""
    from scipy.special import erfc, erfcx

    x = np.asarray(x, dtype=np.float64)
    positive = np.maximum(x, 0.0)
    return np.where(x > 0.5, np.log(erfcx(positive)) - positive * positive, np.log(erfc(np.minimum(x, 0.5))))


def log_hyp2f1(a: Array, b: Array, c: Array, z: Array) -> Array:
    """log ₂F₁(a, b; c; z) for positive parameters and 0 <= z < 1: every term of the series is positive.

    The balanced case 2c = a + b + 1 with b a positive integer (the truncated moments of a ball's marginal) costs at
    most a few hundred operations per element for every a: a positive continued fraction away from z = 1/2, the
    expansion about z = 1/2 near it, and the reflection z → 1 − z beyond it. Everything else sums Gauss's series.

    Raises
    ------
    ValueError
        For parameters that are not positive, or z outside [0, 1).
    ArithmeticError
        If Gauss's series needs more than 200000 terms.
    """
    a, b, c, z = np.broadcast_arrays(*(np.asarray(v, dtype=np.float64) for v in (a, b, c, z)))
    if not (np.all(a > 0) and np.all(b > 0) and np.all(c > 0)):
        raise ValueError("log_hyp2f1 needs positive parameters a, b, c")
    if not np.all((z >= 0) & (z < 1)):
        raise ValueError(f"z must satisfy 0 <= z < 1, got values from {z.min()} to {z.max()}")
    shape = z.shape
    a, b, c, z = np.maximum(a, b).ravel(), np.minimum(a, b).ravel(), c.ravel(), z.ravel()
    result = np.empty_like(z)
    balanced = (2 * c == a + b + 1) & (b == np.round(b)) & (b <= 64)
    for order in np.unique(b[balanced]):
        here = balanced & (b == order)
        result[here] = _balanced(a[here], int(order), c[here], z[here])
    rest = ~balanced
    if np.any(rest):
        result[rest] = _log_gauss_series(a[rest], b[rest], c[rest], z[rest])
    return result.reshape(shape)


def _balanced(a: Array, b: int, c: Array, z: Array) -> Array:
    result = np.empty_like(z)
    t = 1.0 - 2.0 * z
    far = t * t * b * (a + 4) >= 2
    near = ~far & (t >= 0)
    if np.any(near):
        even, odd = _log_even(a[near], b, t[near]), _log_odd(a[near], b, t[near])
        result[near] = even + np.log1p(-t[near] * np.exp(odd - even))
    below = far & (t > 0)
    if np.any(below):
        result[below] = _log_contiguous(a[below], b, c[below], z[below])
    above = t < 0
    if np.any(above):
        # F(z) = E + |t| O and F(1-z) = E - |t| O: use whichever of E, O is elementary for this b.
        mirrored = _balanced(a[above], b, c[above], 1.0 - z[above])
        if b % 2:
            even = _log_even(a[above], b, t[above])
            result[above] = even + np.log(2 - np.exp(mirrored - even))
        else:
            odd = math.log(2) + np.log(-t[above]) + _log_odd(a[above], b, t[above])
            result[above] = np.logaddexp(mirrored, odd)
    return result


def _log_contiguous(a: Array, b: int, c: Array, z: Array) -> Array:
    """₂F₁ as a product of b ratios of contiguous functions, each a continued fraction with positive entries.

    With F_j = F(A+j, j; C+j; z), A = a−b, C = c−b = (A+1)/2, t = 1−2z, the hypergeometric equation for F_{j−1} reads
    F_{j−1} = t F_j + κ_j F_{j+1}, κ_j = z(1−z) (A+j) j / ((C+j−1)(C+j)): so R_j = F_j/F_{j−1} = 1/(t + κ_j R_{j+1}),
    and F_0 = 1 (Nörlund; DLMF 15.7.5). Nothing is subtracted for t >= 0. Started at N from the fixed point of step N,
    the error shrinks by κ_j R_j² ≈ (s_j−t)/(s_j+t), s_j = sqrt(t²+4κ_j), at each step. Since 4κ_j <= min(1, 4j/A),
    Σ_j 2 artanh(t/s_j) >= max(2N artanh t, t(sqrt(A²t²+4NA) − At)): that is NATS for the N below.
    """
    first, base = a - b, c - b
    t = 1.0 - 2.0 * z
    product = z * (1.0 - z)
    needed = b + np.minimum(
        _NATS**2 / (4 * np.maximum(first, 1.0) * t * t) + _NATS / 2,
        _NATS / (2 * np.arctanh(np.minimum(t, 1 - 1e-16))),
    )
    # A few sizes of N: an array costs a few passes, and an element's value doesn't depend on its neighbours.
    level = np.ceil(2 * np.log2(needed + 4)).astype(np.int64)
    result = np.empty_like(z)
    for size in np.unique(level):
        here = level == size
        result[here] = _backward(first[here], base[here], t[here], product[here], b, math.ceil(2 ** (size / 2)))
    return result


def _backward(first: Array, base: Array, t: Array, product: Array, b: int, steps: int) -> Array:
    def kappa(j: Any) -> Array:
        return np.asarray(product * (j * (first + j)) / ((base + (j - 1)) * (base + j)))

    # For few elements the overhead of numpy counts: all coefficients in one operation.
    table = kappa(np.arange(1.0, steps + 1)[:, None]) if t.size * steps <= 1 << 14 else None
    last = kappa(steps)
    ratio = 2.0 / (t + np.sqrt(t * t + 4 * last))
    total = np.zeros_like(t)
    for j in range(steps, 0, -1):
        ratio = 1.0 / (t + (kappa(j) if table is None else table[j - 1]) * ratio)
        if j <= b:
            total += np.log(ratio)
    return total


# ₂F₁(a, b; (a+b+1)/2; (1−t)/2) = E(t²) − t O(t²) with positive E and O (DLMF 15.8.27), c = (a+b+1)/2:
# E = √π Γ(c)/(Γ((a+1)/2) Γ((b+1)/2)) F(a/2, b/2; 1/2; t²),
# O = 2√π Γ(c)/(Γ(a/2) Γ(b/2)) F((a+1)/2, (b+1)/2; 3/2; t²).
# By Euler's transformation F(p, q; r; x) = (1−x)^{r−p−q} F(r−p, r−q; r; x), E is elementary for odd b and O for even b.


def _log_even(a: Array, b: int, t: Array) -> Array:
    front = 0.5 * math.log(math.pi) + log_gamma_ratio((a + 1) / 2, np.full_like(a, b / 2)) - math.lgamma((b + 1) / 2)
    if b % 2:
        return front + (1 - a - b) / 2 * np.log1p(-t * t) + _log_polynomial((1 - a) / 2, (b - 1) // 2, 0.5, t * t)
    return front + _log_gauss_series(a / 2, np.full_like(a, b / 2), np.full_like(a, 0.5), t * t)


def _log_odd(a: Array, b: int, t: Array) -> Array:
    front = 0.5 * math.log(4 * math.pi) + log_gamma_ratio(a / 2, np.full_like(a, (b + 1) / 2)) - math.lgamma(b / 2)
    if b % 2:
        return front + _log_gauss_series((a + 1) / 2, np.full_like(a, (b + 1) / 2), np.full_like(a, 1.5), t * t)
    return front + (1 - a - b) / 2 * np.log1p(-t * t) + _log_polynomial((2 - a) / 2, (b - 2) // 2, 1.5, t * t)


def _log_polynomial(p: Array, degree: int, r: float, x: Array) -> Array:
    """log ₂F₁(p, −degree; r; x), whose terms are positive for p <= −degree."""
    total = term = np.ones_like(x)
    for m in range(degree):
        term = term * ((p + m) * (m - degree) / ((r + m) * (m + 1))) * x
        total = total + term
    return np.log(total)


def _log_gauss_series(a: Array, b: Array, c: Array, z: Array) -> Array:
    """Gauss's series as it stands, rescaled before it overflows; stops when the geometric tail is below rounding."""
    result = np.zeros_like(z)
    index = np.arange(z.size)
    total, term, scale = np.ones_like(z), np.ones_like(z), np.zeros_like(z)
    for m in range(_MAX_TERMS):
        step = (a + m) * (b + m) / ((c + m) * (m + 1)) * z
        term = term * step
        total = total + term
        # From here on the ratio of terms stays below max(step, z): it is a product of two factors that tend to 1
        # monotonically, one of them times z.
        limit = np.maximum(step, z)
        done = (limit < 1) & (term * limit <= 1e-17 * (1 - limit) * total)
        if np.any(done):
            result[index[done]] = np.log(total[done]) + scale[done]
            keep = ~done
            if not np.any(keep):
                return result
            index, a, b, c, z = index[keep], a[keep], b[keep], c[keep], z[keep]
            total, term, scale = total[keep], term[keep], scale[keep]
        huge = total > 1e200
        if np.any(huge):
            scale = scale + np.where(huge, np.log(1e200), 0.0)
            total, term = np.where(huge, total / 1e200, total), np.where(huge, term / 1e200, term)
    raise ArithmeticError(
        f"the series of 2F1 needs more than {_MAX_TERMS} terms (a up to {a.max()}, z up to {z.max()})"
    )
