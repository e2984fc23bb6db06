"""Ingredients of the explicit bounds against quadrature, Monte Carlo and brute force."""

import math
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from scipy import integrate, special
from sympy import Rational

from boundcalc.arb import Ball, ball, precision
from boundcalc.explicit import slabs as slabs_module
from boundcalc.explicit.ball_prior import bessel_zero, information, information_float, radius_moments
from boundcalc.explicit.caps import Caps, _from_sines, _polygons, candidates, height_below
from boundcalc.explicit.marginal import Marginal, Weighting, log_weight_ratio
from boundcalc.explicit.problem import Problem, Weight
from boundcalc.explicit.ridge_sine import RidgeSine, _moments, _variation
from boundcalc.explicit.sign_error import exit_time_moments, sign_error, sign_error_ball
from boundcalc.explicit.slabs import Slab, StackedTrapezoids
from boundcalc.registry import theorem
from boundcalc.statements.sign_priors import AMPLITUDE, DISTANCE, N_ATOMS, NORM2, WORDS
from boundcalc.symbols import n
from boundcalc.symbols import sigma as SIGMA


def problem(d: int, nu: float, budget: float = 1.0, weight: Weight = Weight.CANONICAL) -> Problem:
    return Problem(d, Fraction(nu), Fraction(1), Fraction(1), Fraction(budget), weight)


@pytest.mark.parametrize("snr", [1e-3, 0.1, 0.5, 1.0, 2.0, 5.0])
def test_sign_error_lies_below_the_posterior_variance(snr: float) -> None:
    """1 - E tanh(s + sqrt(s) Z) by quadrature, another form of the same error."""
    exact = (
        1
        - integrate.quad(
            lambda z: math.tanh(snr + math.sqrt(snr) * z) * math.exp(-z * z / 2) / math.sqrt(2 * math.pi), -12, 12
        )[0]
    )
    with precision(128):
        lower = float(sign_error_ball(ball(snr)).mid())
    assert lower <= exact + 1e-12
    assert lower >= exact * (1 - 2e-3 * snr**1.5)
    assert sign_error(np.array([snr]))[0] <= lower * (1 + 1e-12)


def test_exit_time_moments_match_the_laplace_transform() -> None:
    """E exp(-tau x^2/2) = sech(x), as a power series."""
    x = 0.3
    series = sum(
        (-1) ** k * float(m) * (x * x / 2) ** k / math.factorial(k) for k, m in enumerate(exit_time_moments(20))
    )
    assert series == pytest.approx(1 / math.cosh(x), rel=1e-12)


@pytest.mark.parametrize("d", [1, 2, 5, 30])
@pytest.mark.parametrize("z", [1e-5, 0.2, 1.0])
def test_marginal_integrals(d: int, z: float) -> None:
    alpha = (d - 1) / 2
    c1 = math.exp(math.lgamma(d / 2 + 1) - math.lgamma((d + 1) / 2)) / math.sqrt(math.pi)
    # t = z u^2 takes the root at 0 away.
    nodes, weights = np.polynomial.legendre.leggauss(120)
    u = (nodes + 1) / 2
    t, dt = z * u * u, z * u * weights
    density = c1 * (t * (2 - t)) ** alpha
    with precision(128):
        marginal = Marginal(d)
        for k, moment in enumerate(marginal.moments(ball(z))):
            assert float(moment.mid()) == pytest.approx(float((t**k * density * dt).sum()), rel=1e-11)
            assert moment.rel_accuracy_bits() > 60
        assert float(marginal.square(ball(z)).mid()) == pytest.approx(float((density**2 * dt).sum()), rel=1e-11)


@pytest.mark.parametrize("d", [1, 3, 20])
def test_population_weight_agrees_with_the_closed_form(d: int) -> None:
    from boundcalc.cap import population_weight

    with precision(128):
        weighting = Weighting(Weight.POPULATION, Marginal(d))
        for z in (0.01, 0.3, 0.9):
            value = float(weighting.cost(ball(z)).mid())
            assert value == pytest.approx(float(population_weight(d, z)), rel=1e-10)
            rough = log_weight_ratio(Weight.POPULATION, d, np.array([z]))[0] + (d + 2) * math.log(z)
            assert rough == pytest.approx(math.log(value), abs=0.02)
        ratios = [float(weighting.ratio(ball(z)).mid()) for z in (0.0, 1e-6, 0.1, 0.5, 1.0)]
        assert ratios == sorted(ratios, reverse=True)


def trapezoid(depth: np.ndarray, slab: Slab, height: float) -> np.ndarray:
    """Sum of the slab's trapezoids of amplitude 1, evaluated directly."""
    near, far = height * slab.near, height * slab.far
    if slab.near == 0:
        return np.clip((far - depth) / (slab.ramp * far), 0, 1)
    width = (far - near) / slab.count
    at = (depth - near) / width
    inside = (at >= 0) & (at <= slab.count)
    phase = at - np.floor(at)
    return np.where(inside, np.clip(np.minimum(phase, 1 - phase) / slab.ramp, 0, 1), 0.0)


def test_norm_and_cost_of_one_trapezoid() -> None:
    d, height = 4, 0.3
    slab = Slab(0.4, 0.7, 1, 0.25, 1.0)
    stack = StackedTrapezoids(Caps(height, 1, "one cap"), (slab,))
    c1 = math.exp(math.lgamma(d / 2 + 1) - math.lgamma((d + 1) / 2)) / math.sqrt(math.pi)
    z = np.linspace(height * 0.4, height * 0.7, 20001)
    norm = np.trapezoid(trapezoid(z, slab, height) ** 2 * c1 * (z * (2 - z)) ** ((d - 1) / 2), z)
    with precision(160):
        # At vanishing signal the value is the squared norm.
        value = float(stack.risk(problem(d, 1e-12)).mid())
        cost = float(stack.cost(problem(d, 1.0)).mid())
    assert value == pytest.approx(norm, rel=1e-6)
    # The cost as |f''| times the weight, kink by kink, from second differences.
    knots = [0.12, 0.1425, 0.1875, 0.21]
    slopes = np.diff([0, 1 / 0.0225, 0, -1 / 0.0225, 0])
    assert cost == pytest.approx(sum(abs(s) * k ** (d + 2) for s, k in zip(slopes, knots, strict=True)), rel=1e-9)


@pytest.mark.parametrize("d", [1, 2, 5, 12])
@pytest.mark.parametrize("weight", list(Weight))
def test_brackets_of_many_trapezoids(d: int, weight: Weight, monkeypatch: pytest.MonkeyPatch) -> None:
    """The bracket for many equal trapezoids against the same ones evaluated one by one."""
    slab = Slab(0.5, 0.5 * 1.5 ** (1 / max(1.0, (d - 1) / 2)), 40, 0.2, 0.8)
    stack = StackedTrapezoids(Caps(0.25, 3, "caps"), (slab,))
    with precision(256):
        norm = float(stack.risk(problem(d, 1e-12)).mid()) / 120  # a^2 m of one trapezoid
    task = problem(d, 0.8 / norm, weight=weight)
    with precision(256):
        value, cost = stack.risk(task), stack.cost(task)
        monkeypatch.setattr(slabs_module, "NARROW", 0.0)
        exact_value, exact_cost = stack.risk(task), stack.cost(task)
    assert not value > exact_value  # equal in d = 1, where the density is constant
    assert float(value.mid()) >= 0.95 * float(exact_value.mid())
    assert not cost < exact_cost
    assert float(cost.mid()) <= (1.02 if weight is Weight.CANONICAL else 1.3) * float(exact_cost.mid())


def test_a_stack_over_budget_is_shrunk_until_it_fits() -> None:
    stack = StackedTrapezoids(Caps(0.5, 2, "caps"), (Slab(0.0, 1.0, 1, 0.5, 1.0),))
    task = problem(2, 10.0, 1e-3)
    with precision(160):
        over = stack.cost(task)
        bound = stack.bound(task)
    assert over > 1e-3
    # nu a^2 m is small: the value is a^2 times the one at amplitude 1.
    with precision(160):
        free = stack.risk(problem(2, 1e-9))
    assert float(bound.mid()) == pytest.approx(float((free * (ball(1e-3) / over) ** 2).mid()), rel=1e-4)


@pytest.mark.parametrize(
    "slab",
    [
        Slab(0.0, 1.2, 1, 0.5, 1.0),
        Slab(0.0, 0.5, 2, 0.5, 1.0),
        Slab(0.1, 0.5, 1, 0.6, 1.0),
        Slab(0.1, 0.5, 1, 0.2, 1.5),
        Slab(0.5, 0.5, 1, 0.2, 1.0),
    ],
)
def test_a_malformed_stack_is_refused(slab: Slab) -> None:
    with precision(128), pytest.raises(ArithmeticError):
        StackedTrapezoids(Caps(0.5, 2, "caps"), (slab,)).bound(problem(2, 10.0))
    whole = StackedTrapezoids(
        Caps(0.5, 2, "caps"), (Slab(0.0, 0.4, 1, 0.5, 1.0), replace(slab, near=0.3, far=0.4, count=1))
    )
    with precision(128), pytest.raises(ArithmeticError):
        whole.bound(problem(2, 10.0))


def test_simulated_bayes_risk_of_caps() -> None:
    """Random signs on caps in the plane, the posterior mean simulated from data: its risk lies above the bound."""
    rng = np.random.default_rng(7)
    count, n, amplitude = 6, 100, 1.0
    height = height_below(Fraction(3, 4))
    stack = StackedTrapezoids(Caps(height, count, "hexagon"), (Slab(0.0, 1.0, 1, 1.0, amplitude),))
    task = problem(2, float(n), 1e9)
    with precision(160):
        bound = float(stack.bound(task).mid())
    angles = 2 * math.pi * np.arange(count) / count
    centres = np.stack([np.cos(angles), np.sin(angles)])
    risks = []
    for _ in range(4000):
        x = rng.normal(size=(n, 2))
        x *= (np.sqrt(rng.random(n)) / np.linalg.norm(x, axis=1))[:, None]
        atoms = np.maximum(x @ centres - (1 - height), 0) / height
        signs = rng.choice([-1.0, 1.0], count)
        y = atoms @ signs + rng.normal(size=n)
        risks.append(((np.tanh(atoms.T @ y) - signs) ** 2).sum())
    with precision(160):
        norm = float(stack.risk(problem(2, 1e-12)).mid()) / count
    simulated, error = norm * np.mean(risks), norm * np.std(risks) / math.sqrt(len(risks))
    assert bound <= simulated + 4 * error
    assert bound >= 0.75 * simulated


@pytest.mark.parametrize("dim", [1, 2, 3, 4, 20, 57, 209, 500, 501])
def test_the_search_knows_the_information_to_rounding(dim: int) -> None:
    assert information_float(dim) == pytest.approx(float(information(dim).mid()), rel=1e-15)


@pytest.mark.parametrize("dim", [1, 2, 3, 7, 40])
def test_prior_information_and_moments(dim: int) -> None:
    """Radial quadrature of the ground state, independent of the recursion; the closed form above 500."""
    zero = float(bessel_zero(dim).mid())
    order = dim / 2 - 1
    if dim > 1:
        assert special.jv(order, zero) == pytest.approx(0, abs=1e-12)

    def weight(rho: float) -> float:
        return special.jv(order, zero * rho) ** 2 * rho

    total = integrate.quad(weight, 0, 1)[0]
    with precision(400):
        moments = radius_moments(dim, 4)
        for k in range(4):
            exact = integrate.quad(lambda rho, k=k: rho ** (2 * k) * weight(rho), 0, 1)[0] / total
            assert float(moments[k].mid()) == pytest.approx(exact, rel=1e-8)
        assert float(information(dim).mid()) == pytest.approx(4 * zero**2 / dim, rel=1e-12)
        # The beta prior is valid, and worse by at most 6 %.
        beta = 2 * (1 + math.sqrt(1 + dim / 2)) ** 2
        assert 1 <= beta / float(information(dim).mid()) < 1.06


def test_beta_prior_information_by_quadrature() -> None:
    dim = 600
    m = 1 + math.sqrt(1 + dim / 2)

    def density(rho: float) -> float:
        return math.exp((dim - 1) * math.log(rho) + m * math.log1p(-rho * rho) + 60) if 0 < rho < 1 else 0.0

    total = integrate.quad(density, 0, 1, points=[0.97])[0]
    fisher = integrate.quad(lambda r: density(r) * (2 * m * r / (1 - r * r)) ** 2, 0, 1, points=[0.97])[0] / total / dim
    with precision(128):
        assert float(information(dim).mid()) == pytest.approx(fisher, rel=1e-6)


@pytest.mark.parametrize(("d", "omega"), [(1, Fraction(2)), (3, Fraction(3)), (12, Fraction(7, 2))])
def test_ridge_sine_moments_by_monte_carlo(d: int, omega: Fraction) -> None:
    """E r^2 c(r)^2 = E[r^2 cos(w r v_1) cos(w r v'_1)] with two independent draws of v."""
    rng = np.random.default_rng(3)
    size = 400_000
    grid = np.linspace(1e-6, 1, 4001)
    zero, order = float(bessel_zero(d).mid()), d / 2 - 1
    cumulative = np.cumsum(special.jv(order, zero * grid) ** 2 * grid)

    def first_coordinate() -> np.ndarray:
        rho = np.interp(rng.random(size) * cumulative[-1], cumulative, grid)
        direction = rng.normal(size=size) if d == 1 else None
        if direction is not None:
            return rho * np.sign(direction)
        square = rng.beta(0.5, (d - 1) / 2, size)
        return rho * np.sqrt(square) * rng.choice([-1.0, 1.0], size)

    r = rng.random(size) ** (1 / d)
    w = float(omega)
    v = first_coordinate()
    product = r * r * np.cos(w * r * v) * np.cos(w * r * first_coordinate())
    double = r * r * (1 + np.cos(2 * w * r * v))
    cross, second = _moments(d, omega)
    for sample, value in ((product, cross), (double, second)):
        assert float(value.mid()) == pytest.approx(sample.mean(), abs=5 * sample.std() / math.sqrt(size) + 1e-4)
    assert cross.rel_accuracy_bits() > 50


@pytest.mark.parametrize("weight", list(Weight))
def test_ridge_sine_conditions(weight: Weight) -> None:
    """The variation of sin(w v.x) itself, by quadrature, stays within the bound for every smaller frequency."""
    d, omega = 3, Fraction(5, 2)
    with precision(128):
        limit = float(_variation(d, omega, weight).upper())
        weighting = Weighting(weight, Marginal(d))
        for w in (0.5, 1.5, 2.5):
            t = np.linspace(0, 1, 401)
            g = np.array([float(weighting.cost(ball(float(1 - x))).mid()) for x in t])
            actual = 2 * np.trapezoid(w * w * np.abs(np.sin(w * t)) * g, t)
            assert actual <= limit * (1 + 1e-6)
    sine = RidgeSine(omega)
    assert sine.amplitude(problem(d, 1.0, 1e3, weight)) <= 1.0
    assert sine.amplitude(problem(d, 1.0, 1e-3, weight)) == pytest.approx(1e-3 / limit, rel=1e-9)


def test_heights_of_caps_are_below_the_exact_ones_and_close() -> None:
    sines = np.concatenate([np.geomspace(1e-75, 1, 300), [0.5, 0.75, 1 - 1e-12]])
    for s, caps in zip(sines.tolist(), _from_sines(sines, [2] * sines.size, [""] * sines.size), strict=True):
        square, h = Fraction(s) ** 2, Fraction(caps.height)
        assert (1 - h) ** 2 >= 1 - square
        closer = h * (1 + Fraction(1, 2**47))
        assert closer >= 1 or (1 - closer) ** 2 < 1 - square
    for caps in _polygons([2, 3, 4, 5, 6, 7, 40, 1234, 10**9, 10**60]):
        with precision(700):
            exact = 1 - (Ball.pi() / ball(caps.count)).cos()
            assert caps.height <= exact or caps.count in (2, 3, 4, 6)
            assert caps.height >= exact * (1 - 1e-13)


def test_candidates_are_ordered_and_disjoint() -> None:
    for d in (1, 2, 3, 8, 30):
        caps = candidates(d)
        heights = [c.height for c in caps]
        assert heights == sorted(heights, reverse=True)
        assert caps[0].height == 1.0
        assert all(0 < h <= 1 for h in heights)
        # Disjoint caps cannot hold more than the sphere: N sigma(theta) <= 1.
        for c in caps[:: max(1, len(caps) // 50)]:
            if d >= 2 and c.height > 1e-6:
                sine = 1 - (1 - c.height) ** 2
                assert c.count * special.betainc((d - 1) / 2, 0.5, sine) / 2 <= 1 + 1e-9


@pytest.mark.parametrize("count", [1, 10, 20, 40])
def test_fano_on_sign_words_lies_below_their_bayes_risk(count: int) -> None:
    """Two words and 32 (a Reed-Muller code, 8 apart) on 16 intervals, by simulation of the posterior mean."""
    rng = np.random.default_rng(count)
    sign = np.array([[1, 1], [1, -1]])
    rows = sign
    for _ in range(3):
        rows = np.kron(rows, sign)
    expr = theorem("fano-packing").bound.expr
    for words, distance in ((np.concatenate([rows, -rows]), 8), (np.array([[1] * 16, [-1] * 16]), 16)):
        sigma, runs, size = 1.5, 2000, len(words)
        risks = []
        for _ in range(runs):
            at = rng.integers(0, 16, count)
            y = words[rng.integers(size)][at] + sigma * rng.standard_normal(count)
            log = -((y - words[:, at]) ** 2).sum(1) / (2 * sigma**2)
            share = np.exp(log - log.max())
            risks.append(np.mean(1 - (share / share.sum() @ words) ** 2))
        names = {N_ATOMS: 16, NORM2: Rational(1, 16), AMPLITUDE: 1, DISTANCE: distance, WORDS: size, n: count}
        bound = float(expr.subs({**names, SIGMA: Rational(3, 2)}))
        assert bound <= np.mean(risks) + 4 * np.std(risks) / math.sqrt(runs)
        assert size == 2 or count > 1 or bound > 0.3
