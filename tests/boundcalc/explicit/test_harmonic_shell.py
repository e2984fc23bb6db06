"""Shells of spherical harmonics against quadrature of the defining integrals and against simulated posteriors."""

import math
from fractions import Fraction

import numpy as np
import pytest
from scipy import integrate, special

from boundcalc.arb import Ball, ball, precision
from boundcalc.explicit.gegenbauer import coefficients, dimension, horner, values
from boundcalc.explicit.harmonic_shell import BallShell, GaussianShell, _shell
from boundcalc.explicit.problem import Problem, Weight
from boundcalc.explicit.random_harmonic import _log_excess, sup_bound, sup_levels


def polynomial(d: int, k: int, x: np.ndarray) -> np.ndarray:
    """Gegenbauer polynomials from scipy, normalised to 1 at 1."""
    index = (d - 2) / 2
    return special.eval_gegenbauer(k, index, x) / special.eval_gegenbauer(k, index, 1.0)


def test_the_mean_excess_of_a_normal_variable() -> None:
    """The continued fraction against the difference phi(c) - c Phi(-c), in balls that cancellation leaves narrow."""
    levels = [0.5, 0.7, 1.0, 1.5, 3.0, 10.0, 40.0, 116.0]
    with precision(400):
        exact = [
            (
                (-(ball(c) ** 2) / 2).exp() / (2 * Ball.pi()).sqrt() - ball(c) * (ball(c) / ball(2).sqrt()).erfc() / 2
            ).log()
            for c in levels
        ]
    assert _log_excess(np.array(levels)) == pytest.approx([float(log.mid()) for log in exact], rel=1e-15, abs=3e-12)


@pytest.mark.parametrize(("d", "k"), [(3, 2), (3, 7), (8, 4), (20, 6)])
def test_gegenbauer_polynomials(d: int, k: int) -> None:
    x = np.linspace(-1, 1, 41)
    assert values(d, k, x) == pytest.approx(polynomial(d, k, x), abs=1e-10)
    with precision(64):
        assert float(horner(coefficients(d, k), ball(0.3)).mid()) == pytest.approx(polynomial(d, k, 0.3), abs=1e-12)


@pytest.mark.parametrize("d", [2, 3, 5, 9])
def test_dimension_by_counting_monomials(d: int) -> None:
    def monomials(k: int) -> int:
        return math.comb(k + d - 1, d - 1) if k >= 0 else 0

    for k in range(1, 8):
        assert dimension(d, k) == monomials(k) - monomials(k - 2)


def profile(d: int, k: int, t: float, r: float) -> float:
    """Lambda(r) by Funk and Hecke's formula, from the integral of the ReLU itself."""
    c_d = math.gamma(d / 2) / (math.sqrt(math.pi) * math.gamma((d - 1) / 2))
    if t >= r:
        return 0.0
    return (
        c_d
        * integrate.quad(
            lambda y: (r * y - t) * float(polynomial(d, k, np.array(y))) * (1 - y * y) ** ((d - 3) / 2),
            t / r,
            1,
            epsabs=1e-14,
        )[0]
    )


@pytest.mark.parametrize(("d", "k", "t"), [(3, 2, 0.25), (3, 5, 0.5), (5, 4, 0.5), (8, 3, 0.25)])
def test_constants_of_the_shell(d: int, k: int, t: float) -> None:
    r = np.linspace(t, 1, 301)
    shape = np.array([profile(d, k, t, x) for x in r])
    c_d = math.gamma(d / 2) / (math.sqrt(math.pi) * math.gamma((d - 1) / 2))
    closed = c_d / (d * d - 1) * r * (1 - (t / r) ** 2) ** ((d + 1) / 2) * values(d + 4, k - 2, t / r)
    assert shape == pytest.approx(closed, abs=1e-9 * abs(closed).max())
    norm = integrate.simpson(shape**2 * d * r ** (d - 1), x=r)
    shell = _shell(d, k, Fraction(t), Weight.CANONICAL)
    assert float(shell.kappa.mid()) == pytest.approx((shape**2).max() / norm, rel=1e-3)
    assert float(shell.kappa.mid()) >= (shape**2).max() / norm * (1 - 1e-6)
    assert float(shell.v.mid()) == pytest.approx((1 - t) ** (d + 2) / math.sqrt(norm), rel=1e-5)


def posterior_risk(d: int, k: int, t: float, n: int, variance: float, rng: np.random.Generator) -> float:
    """Mean squared error of the Gaussian process posterior mean with noise 1, for one sample of n points."""
    x = rng.normal(size=(n, d))
    x *= (rng.random(n) ** (1 / d) / np.linalg.norm(x, axis=1))[:, None]
    r = np.linalg.norm(x, axis=1)
    grid = np.linspace(t, 1, 400)
    s = np.where(r > t, t / r, 1.0)
    shape = r * (1 - s * s) ** ((d + 1) / 2) * values(d + 4, k - 2, s)
    on_grid = grid * (1 - (t / grid) ** 2) ** ((d + 1) / 2) * values(d + 4, k - 2, t / grid)
    shape = shape / math.sqrt(integrate.simpson(on_grid**2 * d * grid ** (d - 1), x=grid))
    u = x / r[:, None]
    size = dimension(d, k)
    kernel = np.outer(shape, shape) * size * polynomial(d, k, np.clip(u @ u.T, -1, 1))
    # tr (I/v + Psi^T Psi)^(-1) = v D - v^2 tr((v K + I)^(-1) K), K = Psi Psi^T
    return variance * size - variance**2 * float(np.trace(np.linalg.solve(variance * kernel + np.eye(n), kernel)))


@pytest.mark.parametrize(("d", "k", "t", "n"), [(5, 4, 0.5, 1000), (3, 5, 0.5, 600)])
def test_simulated_posterior_of_the_gaussian_prior(d: int, k: int, t: float, n: int) -> None:
    """The bound lies below the simulated Bayes risk of the prior it starts from, and near it."""
    _, level, cosine = sup_levels(d, [k], [1e-3])
    design = GaussianShell(k, Fraction(t), 1e-3, float(level[0, 0]), float(cosine[0, 0]), 1.0)
    task = Problem(d, Fraction(n), Fraction(1), Fraction(1), Fraction(1))
    shell = _shell(d, k, Fraction(t), Weight.CANONICAL)
    with precision(256):
        bound = float(design.bound(task).mid())
        sup = float(sup_bound(d, k, 1e-3, design.level, design.cosine).mid())
        x = math.log(1e3)
        size = dimension(d, k)
        q = size + 2 * math.sqrt(size * x) + 2 * x
        variance = 1 / max(sup**2 * float(shell.kappa.mid()) * size, q * float(shell.v.mid()) ** 2)
    rng = np.random.default_rng(5)
    risks = [posterior_risk(d, k, t, n, variance, rng) for _ in range(6)]
    assert bound <= np.mean(risks) + 4 * np.std(risks)
    assert bound >= 0.75 * np.mean(risks)


@pytest.mark.parametrize(("d", "k"), [(3, 4), (3, 5), (5, 2)])
def test_sup_of_a_random_harmonic_by_simulation(d: int, k: int) -> None:
    """The share of random harmonics whose maximum over many points exceeds u is at most delta."""
    failure = 10.0**-1.5
    u, level, cosine = (float(x[0, 0]) for x in sup_levels(d, [k], [failure]))
    with precision(128):
        bound = float(sup_bound(d, k, failure, level, cosine).mid())
    assert bound == pytest.approx(u, rel=1e-6)
    rng = np.random.default_rng(11)
    points = rng.normal(size=(700, d))
    points /= np.linalg.norm(points, axis=1)[:, None]
    spectrum, vectors = np.linalg.eigh(polynomial(d, k, np.clip(points @ points.T, -1, 1)))
    root = vectors[:, -dimension(d, k) :] * np.sqrt(spectrum[-dimension(d, k) :])
    sups = np.abs(root @ rng.normal(size=(dimension(d, k), 4000))).max(0)
    share = (sups >= bound).mean()
    assert share <= failure + 4 * math.sqrt(failure / 4000)
    assert np.quantile(sups, 0.5) <= bound <= 2 * np.quantile(sups, 0.97)


def test_ball_prior_bound_by_hand() -> None:
    d, k, t = 5, 3, Fraction(1, 2)
    shell = _shell(d, k, t, Weight.CANONICAL)
    size = dimension(d, k)
    kappa, v = float(shell.kappa.mid()), float(shell.v.mid())
    radius = min(1 / math.sqrt(kappa * size), 1 / v)
    first_zero = special.jn_zeros(size // 2 - 1, 1)[0]
    assert size % 2 == 0
    expected = size / (1000 + 4 * first_zero**2 / size / radius**2)
    with precision(256):
        bound = BallShell(k, t).bound(Problem(d, Fraction(1000), Fraction(1), Fraction(1), Fraction(1)))
    assert float(bound.mid()) == pytest.approx(expected, rel=1e-9)


def test_malformed_parameters_are_refused() -> None:
    task = Problem(5, Fraction(100), Fraction(1), Fraction(1), Fraction(1))
    for design in (
        GaussianShell(4, Fraction(1, 2), 1e-3, -1.0, 0.9, 1.0),
        GaussianShell(4, Fraction(1, 2), 1e-3, 4.0, 1.1, 1.0),
        GaussianShell(4, Fraction(1, 2), 1e-3, 4.0, 0.9, 2.0),
    ):
        with precision(256), pytest.raises(ArithmeticError):
            design.bound(task)
