"""Which certificate is taken, and that it holds: deterministic ones, exact traces, what is recognised and what isn't."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from random_models import Own, dense, half_mse, mlp, random_case
from torch import nn

from verify import certify
from verify.hessian.polynomial import lanczos_run
from verify.modules.certificate import read_problem
from verify.modules.chain import Chain, gauss_newton, gram_rest, outside_bound, recognise, residual_norms
from verify.outcome import Trust, Verdict

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:There is a performance drop"),
]


def holds(seed: int, kind: int) -> str:
    """Compare certificates of a random case with its dense Hessian; which one "auto" takes."""
    model, loss, own, X, y, _ = random_case(seed, kind)
    H = dense(model, own, X, y, check=False)
    values = np.linalg.eigvalsh((H + H.T) / 2)
    top, scale = values[-1], max(np.abs(values).max(), 1e-12)
    for certificate in ("probabilistic", "deterministic", "auto"):
        found = certify(model, loss, (X, y), certificate=certificate)
        assert found.lower <= top + 2e-13 * scale, (seed, certificate)
        assert found.upper >= top - 2e-13 * scale, (seed, certificate)
        chance = certificate == "probabilistic" or found.certificate == "probabilistic"
        assert (found.failure_probability == 0) == (not chance)
        if certificate != "deterministic":
            assert found.upper - found.lower <= 3e-6 * max(abs(top), 1e-3 * scale), (seed, certificate)
        assert found.trace == pytest.approx(np.trace(H), rel=1e-12, abs=1e-12 * np.abs(np.diag(H)).sum())
        for factor in (0.5, 0.999, 1.001, 2.0):  # of the edge
            if top > 1e-6:
                verdict = found.stable_at(2 / top * factor)
                assert verdict is not (Verdict.REFUTED if factor < 1 else Verdict.CONSISTENT), (seed, certificate)
                assert verdict is not Verdict.PROVED or found.trust is Trust.PROVED
    return found.certificate


def test_convolutions_against_dense_hessians() -> None:
    """Of rows and images, with groups, pooling and normalisation; of 800 such networks none was missed."""
    for seed in range(1000, 1006):
        holds(seed, 5)


def trained(model: nn.Module, X: torch.Tensor, y: torch.Tensor, steps: int = 400) -> nn.Module:
    optimiser = torch.optim.Adam(model.parameters(), 0.01)
    for _ in range(steps):
        optimiser.zero_grad()
        nn.functional.cross_entropy(model(X), y).backward()
        optimiser.step()
    return model


def test_a_trained_network_needs_no_chance() -> None:
    torch.manual_seed(0)
    X, y = torch.randn(60, 4), torch.arange(60) % 3
    model, loss = trained(mlp(4, 12, 8, 3), X, y), nn.CrossEntropyLoss()
    found = certify(model, loss, (X, y))
    assert (found.certificate, found.failure_probability, found.trust) == ("deterministic", 0.0, Trust.FLOAT_CERTIFIED)
    assert found.upper - found.lower < 1e-9
    assert found.lower <= np.linalg.eigvalsh(dense(model, loss, X.double(), y))[-1] <= found.upper
    halves = certify(model, loss, [(X[:20], y[:20]), (X[20:], y[20:])])
    assert halves.upper == pytest.approx(found.upper, rel=1e-9)


def test_a_trained_convolutional_network_needs_no_chance() -> None:
    """As people write it: functions for flattening and relu, a pooling that is used twice."""

    class Digits(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b, self.pool, self.out = (
                nn.Conv2d(1, 4, 3),
                nn.Conv2d(4, 5, 2),
                nn.MaxPool2d(2),
                nn.Linear(5, 3),
            )

        def forward(self, x):
            x = self.pool(torch.relu(self.a(x)))
            return self.out(torch.flatten(self.pool(torch.relu(self.b(x))), 1))

    torch.manual_seed(0)
    X, y = 0.3 * torch.randn(30, 1, 8, 8), torch.arange(30) % 3
    X[torch.arange(30), 0, y, y] += 4
    model, loss = trained(Digits(), X, y, 500), nn.CrossEntropyLoss()
    found = certify(model, loss, (X, y))
    assert found.certificate == "deterministic", found.notes
    assert found.upper - found.lower < 1e-9 * found.upper
    assert found.lower <= np.linalg.eigvalsh(dense(model, loss, X.double(), y))[-1] <= found.upper


def test_what_does_not_close_says_so() -> None:
    torch.manual_seed(0)
    model, X, y = mlp(4, 40, 40, 3), torch.randn(60, 4), torch.arange(60) % 3
    found = certify(model, nn.CrossEntropyLoss(), (X, y))
    assert found.certificate == "probabilistic"
    assert "does not close: residual part" in str(found)
    wide = certify(model, nn.CrossEntropyLoss(), (X, y), certificate="deterministic")
    assert wide.failure_probability == 0
    assert wide.upper > found.upper > wide.lower


@pytest.mark.parametrize("loss", ["half-mse", nn.MSELoss(), nn.MSELoss(reduction="sum")])
def test_two_layers_with_squared_error_are_proved(loss) -> None:
    torch.manual_seed(1)
    model, X, y = mlp(3, 9, 1), torch.randn(20, 3), torch.randn(20)
    own = half_mse if loss == "half-mse" else loss
    H = dense(model, own, X.double(), y.double()[:, None])
    found = certify(model, loss, (X, y))
    top = np.linalg.eigvalsh(H)[-1]
    assert found.trust is Trust.PROVED
    assert found.lower <= top * (1 + 1e-13)
    assert top * (1 - 1e-13) <= found.upper <= found.lower * (1 + 1e-9)
    assert found.trace == pytest.approx(np.trace(H), rel=1e-13)
    assert np.linalg.norm(H @ found.eigenvector - found.value * found.eigenvector) < 1e-5 * found.value
    verdicts = [found.stable_at(eta) for eta in (2 / top / 1.001, 2 / top * 1.001)]
    assert verdicts == [Verdict.PROVED, Verdict.REFUTED]
    decayed = certify(model, loss, (X, y), weight_decay=0.5)
    assert decayed.lower == pytest.approx(found.lower + 0.5, rel=1e-12)
    with pytest.raises(ValueError, match=r"'two-layer' does not apply.*none of those"):
        certify(model, nn.L1Loss(), (X, y[:, None]), certificate="two-layer")
    with pytest.raises(
        ValueError, match=r"'two-layer' does not apply.*got the layers Linear, ReLU, Linear, ReLU, Linear"
    ):
        certify(mlp(3, 9, 9, 1), loss, (X, y), certificate="two-layer")


class Trick(nn.Module):
    """Leaves in order that promise a chain, and a forward that does something else."""

    def __init__(self, how: str) -> None:
        super().__init__()
        self.how, self.a, self.act, self.b = how, nn.Linear(3, 3), nn.ReLU(), nn.Linear(3, 2)

    def forward(self, x):
        h = self.act(self.a(x))
        if self.how == "skip":
            h = h + x
        if self.how == "twice":
            h = self.act(self.a(h))
        if self.how == "detached":  # the same outputs, other derivatives
            return self.b(h.detach()) + 0 * self.b(h)
        if self.how == "regularised":
            return self.b(h) + self.a.weight.sum() - self.a.weight.sum().detach()
        return self.b(h) * h.sum(1, keepdim=True) if self.how == "product" else self.b(h)


@pytest.mark.parametrize("how", ["plain", "skip", "twice", "detached", "regularised", "product", "hook"])
def test_modules_are_recognised_by_what_they_do(how: str) -> None:
    torch.manual_seed(2)
    model, X, y = Trick(how), torch.randn(12, 3), torch.arange(12) % 2
    if how == "hook":
        model.a.register_forward_hook(lambda _m, _x, out: out + 1)
    y = nn.functional.one_hot(y).float()
    problem, _ = read_problem(model, "half-mse", (X, y))
    chain = recognise(problem)
    assert isinstance(chain, Chain) == (how == "plain")
    found = certify(model, "half-mse", (X, y))
    H = dense(model, half_mse, X.double(), y.double(), check=False)
    assert found.lower <= np.linalg.eigvalsh(H)[-1] <= found.upper
    if how in ("plain", "skip"):
        assert found.trace == pytest.approx(np.trace(H), rel=1e-12)
    elif how != "hook":
        assert found.trace is None
        assert "no exact trace" in str(found)


def test_functional_relus_are_recognised() -> None:
    torch.manual_seed(3)
    model, X, y = Own(3, 5, 4, 2), torch.randn(12, 3), torch.randn(12, 2)
    problem, _ = read_problem(model, "half-mse", (X, y))
    assert isinstance(recognise(problem), Chain)


def test_block_norms_bound_the_residual_part() -> None:
    """R and B'B apart, by brute force: R = H - J'SJ; dense and convolutional chains."""
    seen = 0
    for seed in range(24):
        model, loss, own, X, y, _ = random_case(seed + 500)
        problem, _ = read_problem(model, loss, (X, y))
        chain = recognise(problem)
        if not isinstance(chain, Chain):
            continue
        seen += 1
        H = dense(model, own, X, y, check=False)
        run = lanczos_run(problem.product, problem.gaussians(0)(), lambda run: run.steps == 3, most=3, failure=0.5)
        norms = residual_norms(chain).numpy()
        inputs, targets = problem.batches[0]

        def weighted(f, problem=problem, targets=targets):
            return problem.loss.total(f, targets) * problem.shares[0]

        def outputs(flat, problem=problem, inputs=inputs):
            pieces = [p.view(q.shape) for p, q in zip(flat.split(problem.sizes), problem.parameters, strict=True)]
            return problem.outputs(inputs, pieces)

        flat = torch.cat([p.detach().reshape(-1) for p in problem.parameters])
        out = outputs(flat)
        J = torch.func.jacrev(outputs)(flat).reshape(-1, problem.size)
        S = torch.func.hessian(weighted)(out).reshape(len(J), len(J))
        G = (J.T @ S @ J).detach().numpy()
        assert np.linalg.eigvalsh(H - G)[-1] <= np.linalg.eigvalsh(norms)[-1] + 1e-12
        for a, layer in enumerate(chain.layers):
            for b, other in enumerate(chain.layers):
                places = [
                    np.concatenate([np.arange(sum(problem.sizes[:k]), sum(problem.sizes[: k + 1])) for k in own])
                    for own in ([k for k in (one.weight_at, one.bias_at) if k is not None] for one in (layer, other))
                    if own
                ]
                if len(places) == 2:
                    assert np.linalg.norm((H - G)[np.ix_(*places)], 2) <= norms[a, b] + 1e-12, (seed, a, b)
        Q = run.basis.numpy()
        outside = np.eye(problem.size) - Q.T @ Q
        if chain.dense():
            assert np.linalg.eigvalsh(outside @ G @ outside)[-1] <= gram_rest(chain, run) + 1e-12
        assert gauss_newton(problem, run.basis) == pytest.approx(np.diag(Q @ G @ Q.T), rel=1e-10, abs=1e-13)
        for enough in (np.inf, 0.0, float(run.values[-1])):
            mu, _ = outside_bound(chain, run, float(np.trace(H)), enough)
            assert np.linalg.eigvalsh(outside @ H @ outside)[-1] <= mu + 1e-12
    assert seen >= 15


def test_traces_of_layers_of_other_kinds() -> None:
    torch.manual_seed(4)
    pieces = [
        (nn.Conv1d(2, 3, 2), torch.randn(5, 2, 6)),
        (nn.Conv2d(2, 4, 3, groups=2, padding="same"), torch.randn(5, 2, 4, 4)),
        (nn.Conv3d(1, 2, 2, bias=False), torch.randn(5, 1, 3, 3, 3)),
        (nn.Linear(3, 4), torch.randn(5, 2, 3)),
        (nn.BatchNorm1d(3), torch.randn(5, 3)),
    ]
    for layer, X in pieces:
        model = nn.Sequential(layer, nn.ReLU(), nn.Flatten(), nn.LazyLinear(2))
        model(X)
        model.eval()
        y = torch.arange(5) % 2
        found = certify(model, nn.CrossEntropyLoss(), (X, y))
        H = dense(model, nn.CrossEntropyLoss(), X.double(), y, check=False)
        assert found.trace == pytest.approx(np.trace(H), rel=1e-12), layer
    assert certify(mlp(3, 4, 2, act=nn.Tanh), "half-mse", (torch.randn(5, 3), torch.randn(5, 2))).trace is None
