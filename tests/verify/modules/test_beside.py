"""What comes beside lambda_max: further eigenvalues, blocks of layers, warm starts, activation, and trainings watched."""

from __future__ import annotations

from collections import UserDict
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from random_models import dense, half_mse, mlp
from torch import nn

from verify import EdgeMonitor, activation, certify

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def problem(seed: int = 0):
    torch.manual_seed(seed)
    return mlp(4, 12, 9, 3), torch.randn(30, 4), torch.arange(30) % 3


def test_the_largest_eigenvalues_one_by_one() -> None:
    model, X, y = problem()
    loss = nn.CrossEntropyLoss()
    values = np.linalg.eigvalsh(dense(model, loss, X.double(), y))[::-1]
    found = certify(model, loss, (X, y), top=5)
    assert len(found.eigenvalues) == 5
    for interval, value in zip(found.eigenvalues, values, strict=False):
        assert interval.lower <= value <= interval.upper
        assert interval.upper - interval.lower <= 1e-4 * value
    assert found.eigenvalues[0].upper >= found.lower
    shifted = certify(model, loss, (X, y), top=2, weight_decay=1.0)
    assert shifted.eigenvalues[1].lower == pytest.approx(found.eigenvalues[1].lower + 1, rel=1e-6)


def test_repeated_eigenvalues_come_with_their_multiplicity() -> None:
    """Three outputs that share their inputs: the Hessian of the squared error holds one block three times."""
    torch.manual_seed(1)
    model, X, y = nn.Linear(2, 3), torch.randn(10, 2), torch.randn(10, 3)
    values = np.linalg.eigvalsh(dense(model, half_mse, X.double(), y.double()))[::-1]
    found = certify(model, "half-mse", (X, y), top=9)
    assert values[0] == pytest.approx(values[2])
    for interval, value in zip(found.eigenvalues, values, strict=True):
        assert interval.lower - 1e-12 <= value <= interval.upper + 1e-12
        assert interval.upper - interval.lower <= 1e-4 * values[0]


def test_blocks_of_layers() -> None:
    model, X, y = problem(2)
    loss = nn.CrossEntropyLoss()
    H = dense(model, loss, X.double(), y)
    found = certify(model, loss, (X, y), layers=True)
    assert list(found.layers) == ["0", "2", "4"]
    at = 0
    for part, interval in zip((model[0], model[2], model[4]), found.layers.values(), strict=True):
        size = sum(p.numel() for p in part.parameters())
        top = np.linalg.eigvalsh(H[at : at + size, at : at + size])[-1]
        assert interval.lower <= top <= interval.upper <= found.upper
        assert interval.upper - interval.lower <= 3e-6 * top
        at += size


def test_a_warm_start_is_not_taken_for_a_random_one() -> None:
    model, X, y = problem(3)
    loss = nn.CrossEntropyLoss()
    cold = certify(model, loss, (X, y), certificate="probabilistic")
    with torch.no_grad():
        for p in model.parameters():
            p += 1e-4 * torch.randn_like(p)
    values, vectors = np.linalg.eigh(dense(model, loss, X.double(), y))
    for start in (cold.eigenvector, vectors[:, 0], vectors[:, -2], np.ones(len(values))):
        found = certify(model, loss, (X, y), certificate="probabilistic", start=start)
        assert found.lower <= values[-1] <= found.upper
    for wrong in (np.ones(3), np.zeros(len(values)), "start"):
        with pytest.raises((ValueError, TypeError), match="start"):
            certify(model, loss, (X, y), start=wrong)


def test_activation_of_dense_and_convolutional_layers() -> None:
    torch.manual_seed(4)
    model = nn.Sequential(
        nn.Conv2d(1, 3, 3),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(12, 7),
        nn.ReLU(inplace=True),
        nn.Linear(7, 2),
    )
    X = torch.randn(20, 1, 6, 6)
    with torch.no_grad():
        model[4].bias[0] = -100.0
    found = activation(model, X)
    z = model[0](X)
    hidden = model[:5](X)
    first, second = found.layers
    np.testing.assert_allclose(first.rates, (z > 0).double().mean((0, 2, 3)).numpy())
    np.testing.assert_allclose(second.rates, (hidden > 0).double().mean(0).numpy())
    assert (first.name, second.name) == ("0", "4")
    assert second.dead == int((hidden <= 0).all(0).sum()) >= 1
    inward, outward = model[4].weight.norm(dim=1), model[6].weight.norm(dim=0)
    np.testing.assert_allclose(second.norms, (inward * outward).detach().numpy(), rtol=1e-5)
    assert -1 <= second.rank_correlation <= 1
    batches = activation(model, [(X[:5], X[:5]), (X[5:], X[5:])])
    np.testing.assert_allclose(batches.layers[1].rates, second.rates)
    assert "4" in str(found)
    assert len(found.figure().axes) == 2
    assert not model[0]._forward_pre_hooks
    with pytest.raises(ValueError, match="must have a ReLU"):
        activation(nn.Linear(2, 2), torch.ones(3, 2))


def test_rare_units_with_large_weights() -> None:
    model = mlp(1, 4, 1)
    with torch.no_grad():
        model[0].weight.copy_(torch.tensor([[1.0], [1.0], [5.0], [1.0]]))
        model[0].bias.copy_(torch.tensor([1.0, 0.5, -4.7, -9.0]))
        model[2].weight.fill_(2.0)
    (layer,) = activation(model, torch.linspace(0, 1, 20)[:, None]).layers
    assert (layer.dead, layer.rare) == (1, 1)
    assert layer.rare_share == pytest.approx(5 / 7)
    assert layer.median_rate == 1.0
    assert layer.rank_correlation < 0


def test_a_training_is_watched(tmp_path) -> None:
    torch.manual_seed(5)
    model = nn.Sequential(nn.Linear(3, 8), nn.Dropout(0.2), nn.ReLU(), nn.Linear(8, 2))
    X, y = torch.randn(20, 3), torch.arange(20) % 2
    loss = nn.CrossEntropyLoss()
    monitor = EdgeMonitor(model, loss, (X, y), every=5)
    optimiser = torch.optim.SGD(model.parameters(), 0.1)
    for _ in range(21):
        optimiser.zero_grad()
        loss(model(X), y).backward()
        optimiser.step()
        monitor(eta=0.1)
    assert model.training
    assert [row["step"] for row in monitor.rows] == [0, 5, 10, 15, 20]
    assert all(row["edge"] == 20 and row["lower"] <= row["upper"] for row in monitor.rows)
    model.eval()
    fresh = certify(model, loss, (X, y))
    assert monitor.rows[-1]["lower"] <= fresh.upper
    assert fresh.lower <= monitor.rows[-1]["upper"]
    monitor.write_csv(tmp_path / "edge.csv")
    assert len((tmp_path / "edge.csv").read_text().splitlines()) == 6
    assert len(monitor.figure().axes) == 2


def test_callbacks_of_trainers_that_are_not_installed() -> None:
    model, X, y = problem(6)
    optimiser = torch.optim.SGD(model.parameters(), 0.25)
    lightning, face = (EdgeMonitor(model, nn.CrossEntropyLoss(), (X, y), every=2, trace=False) for _ in range(2))
    trainer = SimpleNamespace(optimizers=[optimiser])
    for _ in range(3):
        lightning.on_train_batch_start(trainer, model, None, 0)
        lightning.on_train_batch_end(trainer, model, None, None, 0)
        face.on_step_begin(None, None, None)
        face.on_step_end(None, None, None, optimizer=optimiser)
    assert [row["edge"] for row in lightning.rows] == [row["edge"] for row in face.rows] == [8, 8]
    with pytest.raises(AttributeError, match="no attribute 'anything'"):
        face.anything()


def test_activation_takes_one_mapping() -> None:
    class Named(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = mlp(4, 5, 3)

        def forward(self, given):
            return self.inner(given["x"])

    model, X = Named(), torch.rand(7, 4)
    named, plain = activation(model, UserDict(x=X)), activation(model.inner, X)
    assert str(named).split()[-6:] == str(plain).split()[-6:]
    assert named.points == plain.points == 7


class Scaled(nn.Module):
    """A residual block whose parts are multiplied and divided, by numbers or by each other."""

    def __init__(self, product: bool) -> None:
        super().__init__()
        self.one, self.two, self.out = nn.Linear(4, 4), nn.Linear(4, 4), nn.Linear(4, 3)
        self.product = product

    def forward(self, x):
        inner = torch.relu(self.one(x))
        side = inner * self.two(x) if self.product else 0.5 * self.two(inner)
        return self.out((inner + side) / 2)


def test_the_trace_is_exact_where_layers_are_scaled_by_numbers_alone() -> None:
    torch.manual_seed(5)
    X, y = torch.randn(20, 4, dtype=torch.float64), torch.arange(20) % 3
    model, loss = Scaled(False).double(), nn.CrossEntropyLoss()
    found = certify(model, loss, (X, y))
    assert found.trace == pytest.approx(np.trace(dense(model, loss, X, y)), rel=1e-11)
    other = certify(Scaled(True).double(), loss, (X, y))
    assert other.trace is None
    assert "mul" in str(other)
