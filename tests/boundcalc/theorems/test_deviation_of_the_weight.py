"""Theorem D, Thm E.5 and the annulus lemma, against samples, quadrature and exact binomial tails."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.integrate import quad
from scipy.stats import binom
from sympy import lambdify

from boundcalc.cap import weight_limit
from boundcalc.registry import theorem
from boundcalc.statements.empirical_weight import GAMMA, LAMBDA
from boundcalc.symbols import d, delta, eps, h, n

Array = NDArray[np.float64]


def weight_1d(x: Array, t: Array) -> Array:
    """Empirical weight of all thresholds on the line at once, x sorted."""
    count = len(x)
    above = np.concatenate([np.cumsum(x[::-1])[::-1], [0.0]])
    first = np.searchsorted(x, t, side="right")
    right, left = count - first, first
    with np.errstate(invalid="ignore", divide="ignore"):
        mean_right = above[first] / right
        mean_left = (above[0] - above[first]) / left
        one = (right / count) ** 2 * (mean_right - t) * np.sqrt(1 + mean_right**2)
        two = (left / count) ** 2 * (t - mean_left) * np.sqrt(1 + mean_left**2)
    return np.minimum(np.where(right > 0, one, 0.0), np.where(left > 0, two, 0.0))


def population_1d(t: Array) -> Array:
    """X uniform on [-1, 1]; the lighter side lies beyond |t|."""
    s = np.abs(t)
    return ((1 - s) / 2) ** 3 * np.sqrt(1 + ((1 + s) / 2) ** 2)


def mass(dimension: int, height: float) -> float:
    c1 = 1 / quad(lambda s: (1 - s * s) ** ((dimension - 1) / 2), -1, 1)[0]
    return c1 * quad(lambda s: (1 - s * s) ** ((dimension - 1) / 2), 1 - height, 1)[0]


@pytest.mark.parametrize("seed", range(5))
def test_theorem_d_on_the_line(seed: int) -> None:
    count = 100_000
    at = {d: 1, n: count, delta: 0.01}
    smallest = float(theorem("theorem-d").bounds["depth rho_n"].expr.subs(at))
    assert smallest < 0.05
    x = np.sort(np.random.default_rng(seed).uniform(-1, 1, count))
    depth = np.geomspace(smallest, 1, 2000)
    for t in (1 - depth, depth - 1):
        ratio = weight_1d(x, t) / (float(GAMMA.subs(d, 1)) * depth**3)
        assert ratio.min() >= 1
        # The proof halves twice and drops factors: it loses a factor of about 20, not orders of magnitude.
        assert ratio.min() < 100


@pytest.mark.parametrize("dimension", [2, 3])
def test_theorem_d_on_the_ball(dimension: int) -> None:
    count, rng = 100_000, np.random.default_rng(dimension)
    x = rng.normal(size=(count, dimension))
    x *= (rng.random(count) ** (1 / dimension) / np.linalg.norm(x, axis=1))[:, None]
    smallest = float(theorem("theorem-d").bounds["depth rho_n"].expr.subs({d: dimension, n: count, delta: 0.01}))
    assert smallest < 1
    constant = float(GAMMA.subs(d, dimension))
    for _ in range(40):
        u = rng.normal(size=dimension)
        u /= np.linalg.norm(u)
        for depth in np.geomspace(smallest, 1, 8):
            inside = x @ u > 1 - depth
            mean = x[inside].mean(axis=0)
            value = inside.mean() ** 2 * (mean @ u - 1 + depth) * np.sqrt(1 + mean @ mean)
            assert value >= constant * depth ** (dimension + 2)


@pytest.mark.parametrize("dimension", [1, 2, 3, 5, 12])
def test_the_steps_of_theorem_d_by_quadrature(dimension: int) -> None:
    count = 10**9
    at = {d: dimension, n: count, delta: 0.01}
    smallest = float(theorem("theorem-d").bounds["depth rho_n"].expr.subs(at))
    needed = 16 * float(LAMBDA.subs(at)) / count
    assert mass(dimension, smallest / 2) >= needed
    # Not wasteful either: the lower bound for the mass is sharp up to a factor.
    assert mass(dimension, smallest / 2) <= 4 * needed * (4 / 3) ** ((dimension + 1) / 2)
    for depth in (smallest, 0.3, 1.0):
        product = mass(dimension, depth) * mass(dimension, depth / 2) * depth / 8
        assert product >= float(GAMMA.subs(d, dimension)) * depth ** (dimension + 2)
    assert float(GAMMA.subs(d, dimension)) < float(weight_limit.expr.subs(d, dimension))


def test_additive_deviation_on_the_line_falls_like_the_root_of_n() -> None:
    grid = np.linspace(-0.999, 0.999, 4001)
    sizes = [100, 1000, 10_000, 100_000]
    sups = []
    for count in sizes:
        rng = np.random.default_rng(count)
        runs = [
            np.abs(weight_1d(np.sort(rng.uniform(-1, 1, count)), grid) - population_1d(grid)).max() for _ in range(40)
        ]
        sups.append(np.quantile(runs, 0.9))
    slope = np.polyfit(np.log(sizes), np.log(sups), 1)[0]
    # 40 runs: the 90 % quantile has a relative standard error near 8 %, so the slope is right to about 0.02.
    assert slope == pytest.approx(-0.5, abs=0.06)
    bound = theorem("weight-deviation").bound.expr
    assert float(bound.subs({d: 1, delta: 0.1, n: 100})) > sups[0]
    assert theorem("weight-deviation").bound.exponent == pytest.approx(0.5)


def test_population_weight_of_the_tests_by_quadrature() -> None:
    for t in (-0.7, 0.0, 0.4):
        s = abs(t)
        q = quad(lambda r: 0.5, s, 1)[0]
        m = quad(lambda r: 0.5 * r, s, 1)[0]
        assert population_1d(np.array([t]))[0] == pytest.approx((m - s * q) * np.sqrt(q * q + m * m), rel=1e-12)


@pytest.mark.parametrize("dimension", [1, 2, 5, 30])
def test_mass_of_the_annulus(dimension: int) -> None:
    registered = theorem("annulus-share").bounds["mass"].expr
    for width in (0.01, 0.2):
        by_shells = quad(lambda r: dimension * r ** (dimension - 1), 1 - width, 1)[0]
        assert float(registered.subs({d: dimension, eps: width})) == pytest.approx(by_shells, rel=1e-12)


def failure(key: str, count: int, dimension: int, width: float, level: float) -> float:
    """Exact probability that the number of samples in the annulus exceeds the bound."""
    expr = theorem(key).bounds["share of the samples"].expr
    share = lambdify((n, d, eps, delta), expr, "numpy")(count, dimension, width, level)
    return float(binom.sf(np.floor(count * share * (1 + 1e-12)), count, 1 - (1 - width) ** dimension))


@pytest.mark.slow
@pytest.mark.parametrize("count", [1, 10, 100, 10_000, 1_000_000])
@pytest.mark.parametrize("dimension", [1, 3, 20])
def test_corrected_share_against_exact_binomial_tails(count: int, dimension: int) -> None:
    for width in np.geomspace(1e-6, 0.9, 25):
        for level in (0.5, 0.05, 1e-3, 1e-6, 1e-9):
            assert failure("annulus-share-sharp", count, dimension, width, level) <= level


def test_share_as_stated_fails() -> None:
    assert failure("annulus-share", 100, 1, 1e-3, 1e-6) == pytest.approx(1.5e-4, rel=0.02)
    assert failure("annulus-share-sharp", 100, 1, 1e-3, 1e-6) <= 1e-6


def test_depth_must_be_at_most_one() -> None:
    relations = [a.relation for a in theorem("theorem-d").assumptions if a.relation is not None]
    assert [bool(r.subs({n: 1, d: 3, h: 1.5})) for r in relations] == [False, False]
    assert [bool(r.subs({n: 2, d: 3, h: 1})) for r in relations] == [True, True]
