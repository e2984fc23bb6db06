"""Samplers against the distribution functions that define them."""

import numpy as np
import pytest
from scipy.stats import kstest

from constructions.data import labels, radial_alpha, sphere, subspace_mixture, uniform_ball


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


@pytest.mark.parametrize("d", [1, 2, 5, 50, 10_000])
def test_uniform_ball(d: int) -> None:
    n = 4000 if d < 100 else 300
    X = uniform_ball(n, d, rng(d))
    radius = np.linalg.norm(X, axis=1)
    assert (radius <= 1).all()
    # P(|X| ≤ r) = r^d; in d = 10 000 through logarithms, where r^d is far from underflow.
    assert kstest(np.exp(d * np.log(radius)), "uniform").pvalue > 1e-3
    sd = 1 / np.sqrt(d + 2)  # of a coordinate
    assert abs(X[:, 0].mean()) < 5 * sd / np.sqrt(n)
    assert X[:, -1].std() == pytest.approx(sd, rel=0.2)


@pytest.mark.parametrize("d", [1, 3, 10_000])
def test_sphere(d: int) -> None:
    X = sphere(200, d, rng())
    assert np.linalg.norm(X, axis=1) == pytest.approx(1, abs=1e-13)
    assert np.abs(X.mean(axis=0)).max() < 6 / np.sqrt(200 * d)


@pytest.mark.parametrize("alpha", [0.25, 1.0, 3.0])
def test_radial_alpha(alpha: float) -> None:
    gap = 1 - np.linalg.norm(radial_alpha(4000, 3, alpha, rng(1)), axis=1)
    assert (gap >= 0).all()
    assert kstest(np.maximum(gap, 0) ** alpha, "uniform").pvalue > 1e-3


def test_subspace_mixture() -> None:
    sample = subspace_mixture(3000, 7, 2, 3, rng(2))
    assert sample.X.shape == (3000, 7)
    assert sample.bases.shape == (3, 7, 2)
    for j in range(3):
        part = sample.X[sample.component == j]
        assert len(part) > 800
        assert np.linalg.matrix_rank(part, tol=1e-9) == 2
        assert np.allclose(part @ sample.bases[j] @ sample.bases[j].T, part, atol=1e-12)
        assert kstest(np.linalg.norm(part, axis=1) ** 2, "uniform").pvalue > 1e-3
    with pytest.raises(ValueError, match="m must be at most d = 7, got 8"):
        subspace_mixture(10, 7, 8, 1, rng())


def test_labels() -> None:
    f = np.linspace(-1, 1, 5000)
    residual = labels(f, 0.5, rng(4)) - f
    assert kstest(residual / 0.5, "norm").pvalue > 1e-3
    assert np.array_equal(labels(f, 0.0, rng()), f)


def test_seeds() -> None:
    assert np.array_equal(uniform_ball(5, 3, rng(1)), uniform_ball(5, 3, rng(1)))
    assert not np.array_equal(uniform_ball(5, 3, rng(1)), uniform_ball(5, 3, rng(2)))


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: uniform_ball(0, 3, rng()), ValueError, "n must be at least 1"),
        (lambda: uniform_ball(3, 0, rng()), ValueError, "d must be at least 1"),
        (lambda: uniform_ball(3, 3, 0), TypeError, "rng must be a numpy.random.Generator"),  # type: ignore[arg-type]
        (lambda: radial_alpha(3, 3, 0.0, rng()), ValueError, "alpha must be greater than 0"),
        (lambda: labels([1.0], -1.0, rng()), ValueError, "noise must be at least 0"),
        (lambda: labels([1.0], float("nan"), rng()), ValueError, "noise must be finite"),
    ],
)
def test_bad_input(call: object, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call()  # type: ignore[operator]
