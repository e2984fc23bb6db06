"""Integrals over caps: quadrature against incomplete beta functions, elementary integrals and Monte Carlo."""

from fractions import Fraction
from math import exp, log, sqrt

import numpy as np
import pytest
from scipy.special import betainc, gammaln

from constructions.atom import (
    CapAtom,
    cap_expectation,
    cap_mass,
    log_cap_moment,
    log_density_constant,
    population_weight,
    squared_norm,
)
from constructions.data import uniform_ball


@pytest.mark.parametrize("d", [1, 2, 3, 5, 12, 40, 200])
@pytest.mark.parametrize("h", [0.02, 0.13, 0.5, 1.0])
def test_mass_is_an_incomplete_beta_function(d: int, h: float) -> None:
    t = 1 - h
    assert cap_mass(d, h) == pytest.approx(betainc((d + 1) / 2, 0.5, 1 - t * t) / 2, rel=1e-11)


@pytest.mark.parametrize("h", [1e-12, 1e-3, 0.3, 1.0, 1.7])
def test_elementary_moments(h: float) -> None:
    # d = 1: uniform on (−1, 1); d = 3: density (3/4)(1 − s²).
    for k in range(4):
        assert exp(log_cap_moment(1, h, k)) == pytest.approx(h ** (k + 1) / (2 * (k + 1)), rel=1e-13)
        cubic = 0.75 * h ** (k + 2) * (2 / ((k + 1) * (k + 2)) - h * 2 / ((k + 1) * (k + 2) * (k + 3)))
        assert exp(log_cap_moment(3, h, k)) == pytest.approx(cubic, rel=1e-13)


@pytest.mark.parametrize("d", [2, 7, 50, 10_000])
def test_first_moment_over_the_cap(d: int) -> None:
    for h in (0.01, 0.4, 1.0):
        log_moment = log_density_constant(d) + (d + 1) / 2 * log(h * (2 - h)) - log(d + 1)
        if log_moment > -600:
            assert cap_expectation(d, h, lambda s: s) == pytest.approx(exp(log_moment), rel=1e-10)
        # E[(X−t)_+] + t Q = M, in logarithms.
        total = np.logaddexp(log_cap_moment(d, h, 1), log1 if (log1 := _log_product(d, h)) is not None else -np.inf)
        assert total == pytest.approx(log_moment, abs=1e-9)


def _log_product(d: int, h: float) -> float | None:
    return None if h == 1 else log(1 - h) + log_cap_moment(d, h, 0)


def test_density_constant() -> None:
    for d in (1, 2, 3, 50, 99, 100, 101, 1000):
        assert log_density_constant(d) == pytest.approx(
            gammaln(d / 2 + 1) - gammaln((d + 1) / 2) - log(np.pi) / 2, abs=1e-12
        )


@pytest.mark.parametrize("d", [1, 2, 5, 12])
def test_against_monte_carlo(d: int) -> None:
    h = Fraction(1, 2)
    n = 200_000
    s = uniform_ball(n, d, np.random.default_rng(d))[:, 0]
    for sample, value in (
        ((s > 0.5).astype(float), cap_mass(d, h)),
        (np.maximum(s - 0.5, 0) ** 2 / 0.25, squared_norm(d, h)),
        (np.where(s > 0.5, np.cos(s), 0), cap_expectation(d, h, np.cos)),
    ):
        assert abs(sample.mean() - value) < 5 * sample.std() / sqrt(n)


def test_no_underflow_in_high_dimension() -> None:
    assert -1e6 < log_cap_moment(10_000, 1e-8, 0) < -80_000
    assert log_cap_moment(10_000, 1.0, 0) == pytest.approx(log(0.5), abs=1e-11)
    assert CapAtom(10_000, Fraction(1, 100)).log_squared_norm < 0


@pytest.mark.parametrize("d", [1, 2, 5, 12])
def test_population_weight(d: int) -> None:
    """Against the sample average of its definition, and on both branches."""
    X = uniform_ball(200_000, d, np.random.default_rng(7))
    t = 0.3
    seen = X[X[:, 0] > t]
    p = len(seen) / len(X)
    estimate = p**2 * (seen[:, 0] - t).mean() * sqrt(1 + np.sum(seen.mean(axis=0) ** 2))
    assert population_weight(d, t) == pytest.approx(estimate, rel=8 / sqrt(len(seen)))
    assert population_weight(d, t) == population_weight(d, -t)
    other = X[X[:, 0] > -t]
    q = len(other) / len(X)
    assert population_weight(d, t) < q**2 * (other[:, 0] + t).mean() * sqrt(1 + np.sum(other.mean(axis=0) ** 2))


def test_population_weight_closed_form_on_the_interval() -> None:
    # d = 1: Q = h/2, M − tQ = h²/4, E[X|X>t] = 1 − h/2.
    for h in (1e-6, 0.1, 0.9):
        expected = h / 2 * h * h / 4 * sqrt(1 + (1 - h / 2) ** 2)
        assert population_weight(1, 1 - h) == pytest.approx(expected, rel=1e-9)


def test_atom() -> None:
    atom = CapAtom(3, Fraction(1, 5))
    u = np.array([0.6, 0.0, 0.8])
    assert atom([u, 0.9 * u, 0.5 * u], u) == pytest.approx([1.0, 0.5, 0.0])
    assert atom.squared_norm == pytest.approx(squared_norm(3, 0.2), rel=1e-14)
    assert atom.mass == pytest.approx(cap_mass(3, 0.2), rel=1e-14)
    assert atom.seminorm(lambda t: (1 - t) ** 5) == pytest.approx(0.2**4)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: cap_mass(0, 0.1), "d must be at least 1"),
        (lambda: cap_mass(3, 0.0), "height must be greater than 0"),
        (lambda: cap_mass(3, 2.0), "height must lie in"),
        (lambda: cap_mass(3, float("nan")), "height must be finite"),
        (lambda: population_weight(3, 1.0), "offset must lie in"),
        (lambda: log_cap_moment(3, 0.1, -1), "power must be at least 0"),
        (lambda: CapAtom(3, Fraction(2)), "height must lie in"),
        (lambda: CapAtom(2, Fraction(1, 2))([[0.0, 0.0]], [2.0, 0.0]), "direction must have norm 1"),
    ],
)
def test_bad_input(call: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()  # type: ignore[operator]
