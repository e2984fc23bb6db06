"""The matrix-free operator against all entries of a dense Hessian, on hard small networks."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse.linalg
import torch
from dense import dense_hessian

import verify
from constructions.network import Network
from verify.hessian import (
    HessianOperator,
    is_flat,
    network_from_torch,
    network_to_torch,
    sharpness,
    spectral_density,
    top_eigenpairs,
)
from verify.outcome import Trust, Verdict


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


def test_torch_networks_come_and_go():
    torch.manual_seed(0)
    module = torch.nn.Sequential(torch.nn.Linear(3, 6), torch.nn.ReLU(), torch.nn.Linear(6, 1))
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


def two_layers(*more, d=3):
    return torch.nn.Sequential(*more, torch.nn.Linear(d, 4), torch.nn.ReLU(), torch.nn.Linear(4, 1))


def test_layers_that_change_nothing_are_read_through():
    torch.manual_seed(1)
    plain = two_layers().double()
    first, relu, second = plain
    dressed = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Sequential(first, torch.nn.Identity(), relu), second)
    X, y = np.random.default_rng(0).standard_normal((9, 3)), np.zeros(9)
    assert np.array_equal(network_from_torch(dressed).W, network_from_torch(plain).W)
    assert sharpness(dressed, X, y).interval == sharpness(network_from_torch(plain), X, y).interval
    assert is_flat(dressed, X, y, "1/1000") is Verdict.PROVED


class Doubled(torch.nn.Sequential):
    def forward(self, x):
        return 2 * super().forward(x)


def unfaithful():
    net = torch.nn

    def change(act, module=None):
        module = module or two_layers()
        act(module)
        return module

    def tie(module):
        module[2].bias = module[0].bias

    yield "bias=False", net.Sequential(net.Linear(5, 20, bias=False), net.ReLU(), net.Linear(20, 1, bias=False))
    yield "frozen", change(lambda m: m[0].weight.requires_grad_(False))
    yield "frozen", change(lambda m: m[2].requires_grad_(False))
    yield "hooks", change(lambda m: m[1].register_forward_hook(lambda *_: None))
    yield "hooks", change(lambda m: m.register_forward_pre_hook(lambda *_: None))
    yield "forward of its own", change(lambda m: setattr(m, "forward", lambda x: m[2](x)))
    yield "Doubled", Doubled(*two_layers())
    yield "weight_norm", change(lambda m: net.utils.parametrizations.weight_norm(m[0]))
    yield "tied", change(tie, net.Sequential(net.Linear(3, 1), net.ReLU(), net.Linear(1, 1)))
    yield "module", net.DataParallel(two_layers())
    yield "_orig_mod", "compiled"
    yield "Sigmoid", net.Sequential(*two_layers(), net.Sigmoid())
    yield "Flatten", net.Sequential(*two_layers(), net.Flatten(0))


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of torch, when it loads its compiler
@pytest.mark.parametrize(("reason", "module"), list(unfaithful()))
def test_what_a_network_cannot_represent_is_refused_by_name(reason, module):
    module = torch.compile(two_layers()) if module == "compiled" else module
    X, y = np.ones((4, 3)), np.ones(4)
    for ask in (network_from_torch, lambda m: sharpness(m, X, y), lambda m: is_flat(m, X, y, 1)):
        with pytest.raises(ValueError, match=reason) as caught:
            ask(module)
        assert "verify.certify(module, 'half-mse', (X, y))" in str(caught.value)


@pytest.mark.parametrize("outputs", [1, 3])
def test_data_for_other_losses_are_sent_to_certify(outputs):
    """Columns of targets and labels of classes: the call that the refusal names takes them."""
    module = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.ReLU(), torch.nn.Linear(4, outputs))
    X, numbers, labels = torch.randn(6, 3), torch.randn(6, outputs), torch.arange(6) % 3
    for y in (numbers, labels)[: 1 + (outputs == 3)]:
        with pytest.raises((TypeError, ValueError)) as caught:
            sharpness(module, X, y)
        assert "verify.certify(module, 'half-mse', (X, y))" in str(caught.value)
        assert "torch.nn.CrossEntropyLoss()" in str(caught.value)
    assert verify.certify(module, "half-mse", (X, numbers)).trust is Trust.PROVED
    if outputs == 3:
        assert verify.certify(module, torch.nn.CrossEntropyLoss(), (X, labels)).trust is Trust.PROVED
