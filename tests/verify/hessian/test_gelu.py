"""The GELU operator against automatic differentiation, and its bounds against the dense spectrum."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from dense import dense_hessian
from scipy.special import betainc

from constructions.network import Network
from verify.hessian.gelu import GeluHessianOperator, gelu_sharpness
from verify.hessian.probabilistic import relative_error_bound


def case(seed, K=5, n=12, d=3):
    rng = np.random.default_rng(seed)
    net = Network(rng.standard_normal((K, d)), rng.standard_normal(K), rng.standard_normal(K), 0.3)
    return net, rng.standard_normal((n, d)), rng.standard_normal(n)


@pytest.mark.parametrize("shape", [{}, {"K": 1, "n": 1, "d": 1}, {"n": 1}, {"K": 1}])
@pytest.mark.parametrize("device", [None, "cpu"])
def test_all_entries(shape, device):
    net, X, y = case(1, **shape)
    H = dense_hessian(net, X, y, torch.nn.functional.gelu)
    operator = GeluHessianOperator(net, X, y, device=device)
    np.testing.assert_allclose(operator @ np.eye(len(H)), H, rtol=1e-12, atol=1e-12 * np.abs(H).max())
    assert np.linalg.eigvalsh(H)[0] >= -operator.negative_part() - 1e-12


def test_bounds_hold_and_tighten():
    widths = []
    for seed in range(6):
        net, X, y = case(seed, K=24, n=20)
        truth = np.linalg.eigvalsh(dense_hessian(net, X, y, torch.nn.functional.gelu))[-1]
        for steps in (20, 60):
            found = gelu_sharpness(net, X, y, steps=steps, seed=seed)
            assert not found.proved
            assert found.lower <= truth * (1 + 1e-12)
            assert found.upper >= truth * (1 - 1e-12)
            widths.append(found.upper / truth - 1)
    assert max(widths[1::2]) < 0.2 * max(widths[::2])


def failure_probability(parameters, krylov, relative_error):
    """Probability that Lanczos underestimates the largest eigenvalue by more than a relative error."""
    phase = (2 * krylov - 1) * math.atanh(math.sqrt(relative_error))
    return float(betainc(0.5, (parameters - 1) / 2, math.cosh(min(phase, 350.0)) ** -2))


def test_the_failure_probability_is_that_of_random_starts():
    """A spectrum with one isolated eigenvalue, two steps: the share of failures stays below the stated probability."""
    rng = np.random.default_rng(0)
    P, k, error, trials = 30, 2, 0.3, 4000
    spectrum = np.append(np.full(P - 1, 1 - 1.0001 * error), 1.0)
    failures = 0
    for _ in range(trials):
        b = rng.standard_normal(P)
        V = np.linalg.qr(np.stack([b, spectrum * b], axis=1))[0]
        theta = np.linalg.eigvalsh(V.T @ (spectrum[:, None] * V))[-1]
        # Two distinct eigenvalues: two steps find both, one step doesn't.
        assert theta == pytest.approx(1)
        one = b @ (spectrum * b) / (b @ b)
        failures += one < 1 - error
    bound = failure_probability(P, 1, error)
    assert failures / trials <= bound + 4 * (bound * (1 - bound) / trials) ** 0.5
    assert failures / trials > 0
    assert failure_probability(P, k, error) < bound


@pytest.mark.parametrize("P", [2, 100, 10**6])
@pytest.mark.parametrize("k", [5, 50, 500])
def test_error_and_probability_are_inverse(P, k):
    error = relative_error_bound(P, k, 1e-12)
    if error < 1:
        assert failure_probability(P, k, error) == pytest.approx(1e-12, rel=1e-4)
        # Kuczynski and Wozniakowski's closed form is weaker.
        assert 1.648 * P**0.5 * np.exp(-(error**0.5) * (2 * k - 1)) >= 1e-12 * (1 - 1e-6)


@pytest.mark.parametrize(("steps", "error"), [(1, ValueError), (2.0, TypeError), (True, TypeError)])
def test_bad_steps(steps, error):
    with pytest.raises(error, match="steps must be an integer from 2"):
        gelu_sharpness(*case(0), steps=steps)
