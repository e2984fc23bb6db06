"""The search for a bounded polynomial of a random harmonic, in floats: :mod:`boundcalc.explicit.chebyshev_harmonic`.

For every degree k a table holds the designs on fixed grids of kappa, M, p and the probabilities, whatever n, sigma, B and C.
As A <= E N F~(N) <= sqrt(2/pi) and A^2 <= S, a degree's bound is at most 1/(pi/2 + nu/D): this rules low degrees out. High
ones are costly; by measurement the bounds that they give without data, for any n, fall with the degree, from the first
degrees on or, for budgets C/B below 1/2, from a peak on.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from functools import cache, lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from boundcalc.explicit import chebyshev_harmonic
from boundcalc.explicit.caps import Caps
from boundcalc.explicit.chebyshev_harmonic import (
    SHARE,
    ChebyshevHarmonic,
    Shape,
    coefficients,
    interpolant,
    spectra,
    totals,
)
from boundcalc.explicit.family import Claim, Design, Family, NotApplicable
from boundcalc.explicit.gegenbauer import dimension
from boundcalc.explicit.marginal import gauss
from boundcalc.explicit.problem import AnyWeight, Effort, Problem
from boundcalc.explicit.random_harmonic import sup_levels

Array = NDArray[np.float64]
_FAILURES = (1e-3, 1e-4, 1e-5)
_SPREADS = tuple(10.0**-e for e in (2, 2.5, 3, 3.5, 4, 5, 6))
# Coefficients of p, and up to which degree k and frequency M/u it is tried.
_SHAPES: dict[Shape, tuple[int, float]] = {
    (Fraction(1),): (128, 1.45),
    (Fraction(1732, 1000), Fraction(-7698, 10000)): (50, 1.2),
    (Fraction(24144, 10000), Fraction(-25866, 10000), Fraction(11721, 10000)): (41, 1.15),
    (Fraction(30782, 10000), Fraction(-57828, 10000), Fraction(59973, 10000), Fraction(-23010, 10000)): (20, 1.1),
}
# Of the search's integrals: frequencies M s/u, as parts of the largest, the number of nodes between which the slopes there are
# interpolated, and s = r^kappa.
_FREQUENCIES, _NODES = np.linspace(0, 1, 4001), 80
_RADII, _RADIAL = gauss(40)
_NORMAL, _NORMAL_WEIGHTS = gauss(100)
_DEGREES = (*range(2, 21), 22, 24, 26, 28, 31, 34, 37, 41, 45, 50, 55, 61, 68, 76, 85, 96, 110, 128)
_LARGEST_SPACE = 1e18
# Two degrees whose bounds without data fall short by so much, of what is found and of the largest such bound, end the search.
_SHORT = 0.03
# Logarithm of what is claimed less than the search's estimate, which exceeds the bound by less.
_MARGIN = 1e-4


@cache
def _halves() -> Array:
    """log Gamma(i/2), i = 1, 2, ..., and infinity before it."""
    return np.array([math.inf, *map(math.lgamma, np.arange(1, 1 << 16) / 2)])


def _log_gamma(x: Any) -> Array:
    """log Gamma(x), x > 0, from a table for halves; importing scipy.special would take longer than a search."""
    twice, table = np.asarray(2.0 * x), _halves()
    if twice.max() < table.size:
        index = twice.astype(np.int64)
        if (index == twice).all():
            return table[index]
    return np.vectorize(math.lgamma, otypes=[float])(x)


def _log_weight_integral(d: int, m: NDArray[np.int64], weight: AnyWeight) -> Array:
    """Logarithm of the same at each m in floats."""
    if weight.plain:
        k = float(weight.degree(d))
        return np.asarray(_log_gamma(m + 1) + _log_gamma(k + 1) - _log_gamma(m + k))
    t, w = interpolant(d, weight)
    orders, place = np.unique(m, return_inverse=True)
    exponents = orders[:, None] * np.log(t) + np.array([float(x.log().mid()) for x in w])
    top = exponents.max(1)
    return np.asarray((top + np.log(np.exp(exponents - top[:, None]).sum(1)))[place].reshape(m.shape))


@lru_cache(maxsize=1024)
def _log_coefficients(order: int, shape: Shape) -> Array:
    return np.array([math.log(abs(c)) for c in coefficients(order, shape)[0]])


@dataclass(frozen=True)
class _Table:
    """Designs of one degree but for b, in floats: A^2, the logarithms of S/D and of the seminorm, 4 delta, log(A^2 - 4 delta)."""

    kappas: NDArray[np.int64]
    grid: list[tuple[int, Shape]]
    place: NDArray[np.int64]
    A2: Array
    log_information: Array
    log_seminorm: Array
    loss: Array
    log_net: Array
    levels: list[tuple[float, float]]


def _kappas(k: int) -> NDArray[np.int64]:
    """k, k + 2, ..., ever wider apart."""
    return k + 2 * np.unique(np.round((k + 3) / 2 * (1.13 ** np.arange(17) - 1)).astype(np.int64))


def _orders(largest: float) -> list[int]:
    """Odd orders up to ``largest``, closest where the best ones lie."""
    parts = (1.0, 0.95, 0.9, 0.86, 0.82, 0.78, 0.74, 0.7, 0.63, 0.55, 0.45, 0.35, 0.25, 0.15)
    return sorted({2 * int((part * largest + 1) / 2) - 1 for part in parts if part * largest >= 1})


def _chebyshev(order: int, y: Array) -> tuple[Array, Array]:
    """T(y) and T'(y)/order; y >= 0, all at most 1 or all at least."""
    if y.flat[0] < 1:
        angle = np.arccos(np.minimum(y, 1.0))
        return np.cos(order * angle), np.sin(order * angle) / np.sin(np.maximum(angle, 1e-150))
    angle = np.arccosh(np.maximum(y, 1.0))
    return np.cosh(order * angle), np.sinh(order * angle) / np.sinh(np.maximum(angle, 1e-150))


@cache
def _interpolation() -> tuple[Array, Array]:
    """Chebyshev's nodes in [-1, 1], and the matrix that takes a polynomial's values there to those at 2 _FREQUENCIES - 1."""
    chebvander = np.polynomial.chebyshev.chebvander
    x = np.cos((np.arange(_NODES) + 0.5) * (math.pi / _NODES))
    series = chebvander(x, _NODES - 1) * (2 / _NODES)
    series[:, 0] /= 2
    return x, series @ chebvander(2 * _FREQUENCIES - 1, _NODES - 1).T


@lru_cache(maxsize=1024)
def _slopes(order: int, shape: Shape) -> tuple[Array, Array, Array, Array]:
    """In floats, at frequencies w: (E h(y))^2, E h(y)^2; y <= 1, and E g(y); y > 1, for y = w N/M and half-normal N.

    h = p'(T) U, U = T'/M; g is the like for the absolute values of p's coefficients.
    """
    # u is at least 4.4.
    largest = min(1.1 * _SHAPES[shape][1], order / 4.4)
    # At Chebyshev's nodes first, then between them.
    x, between = _interpolation()
    w = ((x + 1) * (largest / 2))[:, None]
    found = []
    for first, length in ((0.0, np.minimum(9, order / w)), (order / w, 8.0)):
        z = first + length * _NORMAL
        normal = length * _NORMAL_WEIGHTS * np.exp(-z * z / 2) * math.sqrt(2 / math.pi)
        T, power = _chebyshev(order, w * z / order)
        T *= T
        total = outer = np.zeros_like(T)
        for i, c in enumerate(shape):
            part = (2 * i + 1) * float(c) * power
            total, outer = total + part, outer + np.abs(part)
            power *= T
        found += [(normal * part).sum(1) for part in (total, total**2, outer)]
    mean, square, tail = np.array([found[0] + found[3], found[1], found[5]]) @ between
    return largest * _FREQUENCIES, mean**2, square, tail


def _radial(powers: Array) -> Array:
    """Weights at _RADII for the integral of s^power times a smooth function over [0, 1]; rows powers."""
    x, w = _RADII, _RADIAL
    basis = np.polynomial.legendre.legvander(2 * x - 1, x.size - 1)
    moments = np.empty((powers.size, x.size))
    moments[:, 0] = 1 / (powers + 1)
    for l in range(1, x.size):
        moments[:, l] = moments[:, l - 1] * (powers - l + 1) / (powers + l + 1)
    return np.asarray((moments * (2 * np.arange(x.size) + 1)) @ basis.T * w)


@dataclass(frozen=True)
class _Amplitudes:
    """A^2 and S of one degree in floats: for orders and polynomials, probabilities (with u, c and x), kappas."""

    sups: tuple[Array, Array, Array]
    kappas: NDArray[np.int64]
    grid: list[tuple[int, Shape]]
    A2: Array
    S: Array


@lru_cache(maxsize=512)
@np.errstate(all="ignore")
def _amplitudes(d: int, k: int) -> _Amplitudes:
    us, level, cosine = (found[0] for found in sup_levels(d, (k,), _FAILURES))
    kappas, middle = _kappas(k), float(us.mean())
    grid = [(M, shape) for shape, (largest, most) in _SHAPES.items() if k <= largest for M in _orders(most * middle)]
    means, squares = np.empty((2, len(grid), us.size, _RADII.size))
    w, tails = np.empty((2, len(grid), us.size, 1))
    for i, (M, p) in enumerate(grid):
        w[i] = (M / us)[:, None]
        at, mean, square, tail = _slopes(M, p)
        radii = w[i] * _RADII
        means[i] = np.interp(radii, at, mean, right=math.nan)
        squares[i] = np.interp(radii, at, square, right=math.nan)
        tails[i] = np.interp(w[i], at, tail)
    radial = _radial(d / kappas + 1) * (d / kappas)[:, None]
    A2, S = (w * w * (part @ radial.T) for part in (means, squares))
    A = np.sqrt(A2) - w * tails * np.sqrt(d / (d + 2 * kappas))
    return _Amplitudes((us, level, cosine), kappas, grid, np.where(A > 0, A * A, 0.0), S)


def _log_factor(d: int, k: int, j: NDArray[np.int64], kappas: NDArray[np.int64], weight: AnyWeight) -> Array:
    """log of 2 W_m/lambda_(m,jk), m = j kappa: rows j, columns kappa."""
    m = j * kappas
    return np.asarray(
        _log_weight_integral(d, m, weight)
        + (m + 1) * math.log(2)
        + _log_gamma((m - j * k) / 2 + 1)
        + _log_gamma((m + j * k + d) / 2)
        - _log_gamma(m + 1)
        - _log_gamma(d / 2)
    )


def _log_mean_norm(d: int, k: int) -> Array:
    """log of e for each probability, in a column."""
    log_shares = np.log(SHARE * np.array(_FAILURES))
    root = np.sqrt(-2 * log_shares) * math.exp(-math.log(dimension(d, k)) / 2)
    return np.asarray(np.log(math.sqrt(2 / math.pi) + root)[:, None])


@lru_cache(maxsize=512)
@np.errstate(all="ignore")
def _first_term(d: int, k: int, weight: AnyWeight) -> tuple[Array, Array]:
    """Of each design of a degree: log of A^2 - 4 delta for the least delta, and of the first term of the seminorm."""
    found = _amplitudes(d, k)
    least = 4 * (np.array(_FAILURES) * (1 + SHARE) + _SPREADS[-1])
    log_a = np.log([M * float(p[0]) for M, p in found.grid])[:, None, None]
    factor = _log_factor(d, k, np.array([[1]]), found.kappas, weight) + _log_mean_norm(d, k)
    return np.log(np.fmax(found.A2 - least[:, None], 0.0)), log_a + factor - np.log(found.sups[0])[:, None]


def _ceiling(k: int, problem: Problem) -> float:
    """log of a number that no bound of one degree exceeds, even without data: quick, as it needs no other term."""
    log_net, log_V1 = _first_term(problem.d, k, problem.weight)
    return float((log_net + 2 * np.minimum(problem.log_budget - log_V1, 0.0)).max())


@lru_cache(maxsize=512)
@np.errstate(all="ignore")
def _table(d: int, k: int, weight: AnyWeight) -> _Table:
    found = _amplitudes(d, k)
    (us, level, cosine), kappas, grid = found.sups, found.kappas, found.grid
    log_D = math.log(dimension(d, k))
    top = max((2 * len(shape) - 1) * M for M, shape in grid)
    j = np.arange(1, top + 1, 2)[:, None]
    log_v = np.log(totals(d, k, kappas, spectra(d, k, top))) / 2 + _log_gamma(j + 1) / 2
    log_v += _log_factor(d, k, j, kappas, weight)
    scaled = log_v[None] - (j * np.log(us)).T[:, :, None]
    shape = found.A2.shape
    log_V1, V3 = np.empty((2, *shape))
    for i, (M, p) in enumerate(grid):
        log_a = _log_coefficients(M, p)
        parts = scaled[:, : log_a.size] + log_a[:, None]
        log_V1[i] = parts[:, 0]
        V3[i] = np.exp(parts[:, 1:], out=parts[:, 1:]).sum(1)
    A2, log_information, log_V1, log_V3 = (
        part.ravel() for part in (found.A2, np.log(found.S) - log_D, log_V1 + _log_mean_norm(d, k), np.log(V3))
    )
    failure = np.broadcast_to(np.array(_FAILURES)[:, None], shape).ravel()
    spread = np.array(_SPREADS)[:, None]
    log_seminorm = np.logaddexp(log_V1, log_V3 - np.log(spread) / 2)
    loss = 4 * (failure * (1 + SHARE) + spread)
    # Not where a smaller delta_2 gives as small a seminorm.
    useful = (loss < A2) & np.isfinite(log_information + log_seminorm)
    useful[:-1] &= log_seminorm[:-1] < log_seminorm[1:] - 0.01
    place = np.flatnonzero(useful)
    A2, log_information = A2[place % A2.size], log_information[place % A2.size]
    loss = loss[useful]
    levels = list(zip(level.tolist(), cosine.tolist(), strict=True))
    return _Table(kappas, grid, place, A2, log_information, log_seminorm[useful], loss, np.log(A2 - loss), levels)


@np.errstate(all="ignore")
def _best(k: int, problem: Problem) -> tuple[float, float, ChebyshevHarmonic | None]:
    """Logarithms of the best bound of one degree and of what it is without data at most, and the design."""
    table = _table(problem.d, k, problem.weight)
    if not table.place.size:
        return -math.inf, -math.inf, None
    log_b2 = problem.log_budget - table.log_seminorm
    np.minimum(log_b2, 0.0, out=log_b2)
    log_b2 *= 2
    log_rate = problem.log_nu + table.log_information
    # The bound is at most b^2 (A^2 - 4 delta)/(1 + y), y = b^2 nu S/D, and 1 + y at least 1, y and 2 sqrt(y).
    log_y = log_b2 + log_rate
    most = log_b2 + table.log_net
    alone = float(most.max())
    most -= np.maximum(np.maximum(log_y, 0.0), log_y / 2 + math.log(2))

    def scores(at: Any) -> tuple[Array, Array]:
        """Logarithms of the best bound over b and of that b^2."""
        A2, loss = table.A2[at], table.loss[at]
        # b^2 [A^2/(1 + y) - 4 delta] is largest at y = sqrt(A^2/(4 delta)) - 1.
        used = np.fmin(log_b2[at], np.log(np.sqrt(A2 / loss) - 1) - log_rate[at])
        return used + np.log(A2 / (1 + np.exp(used + log_rate[at])) - loss), used

    score, _ = scores(most.argmax())
    chosen = np.flatnonzero(most >= score)
    score, used = scores(chosen)
    best = int(score.argmax())
    shape = len(_SPREADS), len(table.grid), len(_FAILURES), table.kappas.size
    s, i, f, j = np.unravel_index(int(table.place[chosen[best]]), shape)
    M, p = table.grid[i]
    log_shrink = min(0.0, float(used[best] - log_b2[chosen[best]]) / 2)
    design = ChebyshevHarmonic(k, int(table.kappas[j]), M, p, _FAILURES[f], *table.levels[f], _SPREADS[s], log_shrink)
    return float(score[best]), alone, design


@np.errstate(all="ignore")
def search(problem: Problem, effort: Effort, extra: tuple[Caps, ...], floor: float) -> Design | NotApplicable:
    """The best degree, exponent, polynomial and probabilities on fixed grids.

    From the degree with as many harmonics as there are samples, or, with a floor, from the first that may exceed it; first
    upwards, then downwards.
    """
    d = problem.d
    degrees = [k for k in _DEGREES if k <= 4 or dimension(d, k) <= _LARGEST_SPACE]
    excess = np.array([math.log(dimension(d, k)) for k in degrees]) - problem.log_nu
    most = -np.logaddexp(math.log(math.pi / 2), -excess)
    if most[-1] <= floor:
        return NotApplicable("another family gives more")
    # Where what is looked for begins.
    start = int(np.argmax(most > floor if floor > -math.inf else np.append(excess[:-1] > 0, True)))
    score, design, short, top = floor, None, 0, -math.inf
    for k in degrees[start:]:
        alone = _ceiling(k, problem)
        if alone > min(score, top):
            value, alone, found = _best(k, problem)
            if value > score:
                score, design = value, found
            top = max(top, alone)
        short = short + 1 if alone < min(score, top) - _SHORT else 0
        if short == 2:
            break
    for i in range(start - 1, -1, -1):
        if score > most[i]:
            break
        if score > _ceiling(degrees[i], problem):
            continue
        value, _, found = _best(degrees[i], problem)
        if value > score:
            score, design = value, found
    if design is None:
        return NotApplicable("no design has a positive bound" if floor == -math.inf else "another family gives more")
    return Claim(design, score - _MARGIN)


FAMILY = Family(
    key="chebyshev-harmonic",
    title="Polynomial of a random harmonic",
    statement="b^2 [A^2/(1 + b^2 n S/(D sigma^2)) - 4 delta] for f = b F(|x|^kappa Y(x/|x|)), F a polynomial in Chebyshev's "
    "T_M(z/u), Y a Gaussian random harmonic of degree k and variance 1, D the dimension of the harmonics, delta the "
    "probability that f leaves the class.",
    conditions=(
        "d >= 3",
        "sup |Y| <= u but for probability delta_1",
        "weighted variation norm <= C but for the rest of delta",
    ),
    proof=chebyshev_harmonic.__doc__ or "",
    boundary_localised=False,
    search=search,
    dimensions=(3, 2000),
)
