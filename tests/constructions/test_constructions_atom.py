"""Integrals over caps: quadrature against incomplete beta functions, elementary integrals and Monte Carlo."""

from fractions import Fraction
from math import exp, log, sqrt

import numpy as np
import pytest
from scipy.special import betainc, gammaln

from constructions.atom import log_cap_moment, log_density_constant, log_squared_norm
from constructions.data import uniform_ball


def mass(d: int, h: float | Fraction) -> float:
    return exp(log_cap_moment(d, h, 0))


@pytest.mark.parametrize("d", [1, 2, 3, 5, 12, 40, 200])
@pytest.mark.parametrize("h", [0.02, 0.13, 0.5, 1.0])
def test_mass_is_an_incomplete_beta_function(d: int, h: float) -> None:
    t = 1 - h
    assert mass(d, h) == pytest.approx(betainc((d + 1) / 2, 0.5, 1 - t * t) / 2, rel=1e-11)


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
        ((s > 0.5).astype(float), mass(d, h)),
        (np.maximum(s - 0.5, 0) ** 2 / 0.25, exp(log_squared_norm(d, h))),
    ):
        assert abs(sample.mean() - value) < 5 * sample.std() / sqrt(n)


def test_no_underflow_in_high_dimension() -> None:
    assert -1e6 < log_cap_moment(10_000, 1e-8, 0) < -80_000
    assert log_cap_moment(10_000, 1.0, 0) == pytest.approx(log(0.5), abs=1e-11)
    assert log_squared_norm(10_000, Fraction(1, 100)) < 0


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: mass(0, 0.1), "d must be at least 1"),
        (lambda: mass(3, 0.0), "height must be greater than 0"),
        (lambda: mass(3, 2.0), "height must lie in"),
        (lambda: mass(3, float("nan")), "height must be finite"),
        (lambda: log_cap_moment(3, 0.1, -1), "power must be at least 0"),
    ],
)
def test_bad_input(call: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()  # type: ignore[operator]
