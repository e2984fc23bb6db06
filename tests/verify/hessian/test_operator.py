"""The matrix-free operator against all entries of a dense Hessian, on hard small networks."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse.linalg
import torch
from dense import dense_hessian

from constructions.network import Network
from verify.hessian import HessianOperator, network_from_torch, network_to_torch, spectral_density, top_eigenpairs


def cases():
    rng = np.random.default_rng(3)

    def case(n, K, d, change=None, zero_residual=False):
        W, b, v = rng.standard_normal((K, d)), rng.standard_normal(K), rng.standard_normal(K)
        if change:
            change(W, b, v)
        X, y = rng.standard_normal((n, d)), rng.standard_normal(n)
        net = Network(W, b, v, 0.3)
        return net, X, net(X) if zero_residual else y

    def dead(W, b, v):
        b[:2] = 50.0

    def always(W, b, v):
        b[:] = -50.0

    def double(W, b, v):
        W[1], b[1], v[1] = W[0], b[0], v[0]

    def null_neuron(W, b, v):
        W[0], b[0] = 0.0, 0.0

    def null_output(W, b, v):
        v[:2] = 0.0

    yield "plain", case(20, 7, 3)
    yield "dead", case(20, 7, 3, dead)
    yield "all dead", case(5, 2, 3, dead)
    yield "always active", case(20, 4, 3, always)
    yield "duplicated", case(20, 4, 3, double)
    yield "zero neuron", case(20, 4, 3, null_neuron)
    yield "zero output weights", case(20, 4, 3, null_output)
    yield "one point", case(1, 5, 3)
    yield "one neuron", case(10, 1, 3)
    yield "one dimension", case(10, 4, 1)
    yield "all ones", case(1, 1, 1)
    yield "zero residual", case(12, 4, 2, zero_residual=True)


@pytest.mark.parametrize(("net", "X", "y"), [c for _, c in cases()], ids=[name for name, _ in cases()])
@pytest.mark.parametrize("device", [None, "cpu"])
def test_all_entries_equal_those_of_automatic_differentiation(net, X, y, device):
    H = dense_hessian(net, X, y)
    operator = HessianOperator(net, X, y, device=device)
    P = len(H)
    identity = np.eye(P)
    computed = operator @ identity
    np.testing.assert_allclose(computed, H, rtol=1e-12, atol=1e-12 * np.abs(H).max())
    np.testing.assert_allclose(np.stack([operator @ e for e in identity]), H, rtol=1e-12, atol=1e-12 * np.abs(H).max())


def test_it_serves_scipy_and_torch():
    _, (net, X, y) = next(iter(cases()))
    H = dense_hessian(net, X, y)
    operator = HessianOperator(net, X, y)
    value = scipy.sparse.linalg.eigsh(operator, k=1, which="LA", return_eigenvectors=False, v0=np.ones(len(H)))[0]
    assert value == pytest.approx(np.linalg.eigvalsh(H)[-1], rel=1e-10)
    on_torch = HessianOperator(net, torch.tensor(X), torch.tensor(y))
    p = torch.ones(len(H), 2, dtype=torch.float64)
    product = on_torch.apply(p)
    assert isinstance(product, torch.Tensor)
    np.testing.assert_allclose(product.numpy(), H @ np.ones((len(H), 2)), rtol=1e-11)
    with pytest.raises(TypeError, match="torch"):
        operator.apply(p)
    with pytest.raises(ValueError, match="p must have shape"):
        operator.apply(np.ones(3))


@pytest.mark.parametrize("k", [1, 3, 8])
def test_top_eigenpairs_with_multiplicity(k):
    """Solitary equal caps: the eigenvalue of every cap but one combination is the same."""
    d = 5
    net = Network(np.concatenate([np.eye(d), -np.eye(d)]) * 4, np.full(2 * d, 3.0), np.ones(2 * d), 0.0)
    X = np.concatenate([np.eye(d), -np.eye(d)])
    y = net(X)
    H = dense_hessian(net, X, y)
    truth = np.sort(np.linalg.eigvalsh(H))[::-1][:k]
    found = top_eigenpairs(HessianOperator(net, X, y), k)
    np.testing.assert_allclose(found.values, truth, rtol=1e-10)
    np.testing.assert_allclose(H @ found.vectors, found.vectors * found.values, atol=1e-7)
    np.testing.assert_allclose(found.vectors.T @ found.vectors, np.eye(k), atol=1e-10)


@pytest.mark.parametrize(("net", "X", "y"), [c for _, c in cases()], ids=[name for name, _ in cases()])
def test_top_eigenpairs_reach_the_whole_spectrum(net, X, y):
    """Dead neurons have eigenvalues 0, which stand before the negative ones."""
    H = dense_hessian(net, X, y)
    truth = np.sort(np.linalg.eigvalsh(H))[::-1]
    for k in {1, len(H) // 2, len(H) - len(H) // 4, len(H)}:
        found = top_eigenpairs(HessianOperator(net, X, y), k)
        np.testing.assert_allclose(found.values, truth[:k], atol=1e-9 * np.abs(H).max())
        np.testing.assert_allclose(found.vectors.T @ found.vectors, np.eye(k), atol=1e-9)


@pytest.mark.slow
def test_top_eigenpairs_know_when_they_converged():
    """Few points, equal neurons, zero residuals: what is left after deflation may be nothing but rounding errors."""
    rng = np.random.default_rng(0)
    for turn in range(60):
        K, d, n = (int(rng.integers(1, top)) for top in (6, 4, 25))
        W = rng.integers(-1, 2, (K, d)).astype(float) if turn % 2 else rng.standard_normal((K, d))
        net = Network(W, np.zeros(K) if turn % 3 else rng.standard_normal(K), rng.integers(-1, 2, K) * 1.0, 0.0)
        operator = HessianOperator(net, rng.standard_normal((n, d)), (turn % 5) * rng.standard_normal(n))
        truth = np.sort(np.linalg.eigvalsh(operator @ np.eye(operator.shape[0])))[::-1]
        for k in {1, min(2, len(truth)), len(truth)}:
            found = top_eigenpairs(operator, k)
            np.testing.assert_allclose(found.values, truth[:k], atol=1e-11 * abs(truth).max())
            assert found.converged


@pytest.mark.slow
def test_spectral_density_gives_the_moments_of_the_spectrum():
    rng = np.random.default_rng(0)
    net = Network(rng.standard_normal((12, 3)), rng.standard_normal(12), rng.standard_normal(12), 0.0)
    X, y = rng.standard_normal((30, 3)), rng.standard_normal(30)
    eigenvalues = np.linalg.eigvalsh(dense_hessian(net, X, y))
    density = spectral_density(HessianOperator(net, X, y), probes=400, steps=25)
    assert density.integrate(np.ones_like)[0] == pytest.approx(1, abs=1e-12)
    for function in (lambda t: t, lambda t: t**2, lambda t: np.exp(-t * t)):
        mean, error = density.integrate(function)
        assert abs(mean - function(eigenvalues).mean()) < 5 * error
    grid = np.linspace(eigenvalues[0] - 5, eigenvalues[-1] + 5, 4001)
    assert np.trapezoid(density.smoothed(grid, 0.5), grid) == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize("bias", [True, False])
def test_torch_networks_come_and_go(bias):
    torch.manual_seed(0)
    module = torch.nn.Sequential(torch.nn.Linear(3, 6, bias=bias), torch.nn.ReLU(), torch.nn.Linear(6, 1, bias=bias))
    before = {k: t.clone() for k, t in module.state_dict().items()}
    net = network_from_torch(module)
    X = torch.randn(9, 3, dtype=torch.float64)
    np.testing.assert_allclose(net(X.numpy()), module.double()(X)[:, 0].detach().numpy(), rtol=1e-12)
    assert all(torch.equal(before[k], t.to(before[k].dtype)) for k, t in module.state_dict().items())
    np.testing.assert_allclose(network_to_torch(net)(X)[:, 0].detach().numpy(), net(X.numpy()), rtol=1e-12)
    again = network_from_torch(network_to_torch(net))
    assert np.array_equal(again.W, net.W)
    assert np.array_equal(again.b, net.b)
    assert again.beta == net.beta


@pytest.mark.parametrize(
    "module",
    [
        torch.nn.Linear(3, 1),
        torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.Tanh(), torch.nn.Linear(2, 1)),
        torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.ReLU(), torch.nn.Linear(2, 2)),
        torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.ReLU(), torch.nn.Linear(2, 2), torch.nn.ReLU()),
        "a module",
    ],
)
def test_other_modules_are_refused(module):
    with pytest.raises((TypeError, ValueError), match="module must"):
        network_from_torch(module)
