"""The kinds of cases that curvlinops' and PyHessian's tests and examples have: right, or refused with what to do."""

from __future__ import annotations

from collections import UserDict

import numpy as np
import pytest
import torch
from random_models import dense, mlp
from torch import nn

from verify import certify

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of torch, when it loads its compiler
SEQUENCES, PICTURES = (5, 4), (2, 6, 6)


class Moved(nn.Module):
    """A model whose last dimension becomes the second one, where cross-entropy looks for classes."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, x):
        return self.inner(x).movedim(-1, 1)


class Named(nn.Module):
    """A model that takes one mapping."""

    def __init__(self, outputs: int) -> None:
        super().__init__()
        self.inner = mlp(4, 5, outputs)

    def forward(self, given):
        return self.inner(given["x"])


class Shortcut(nn.Module):
    """A residual block whose shortcut drops every other pixel and pads channels with zeros."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = nn.Conv2d(2, 4, 3, stride=2, padding=1, bias=False), nn.Conv2d(4, 4, 3, padding=1, bias=False)
        self.first, self.second = nn.BatchNorm2d(4), nn.BatchNorm2d(4)

    def forward(self, x):
        inside = self.second(self.b(torch.relu(self.first(self.a(x)))))
        return torch.relu(inside + nn.functional.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, 1, 1)))


def frozen(kind: str) -> nn.Module:
    model = mlp(4, 5, 3)
    for name, p in model.named_parameters():
        p.requires_grad_(kind not in name)
    return model


def pooled() -> list[nn.Module]:
    return [nn.Conv2d(2, 3, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten()]


def enlarged() -> list[nn.Module]:
    return [nn.Conv2d(2, 2, 3, stride=2, padding=1), nn.Upsample(scale_factor=2)]


# name -> (model, shape of a point, shape of its outputs, whether it is a chain of one or two dense layers)
KINDS = {
    "dense": (lambda: mlp(4, 5, 3), (4,), (3,), True),
    "dense, one output": (lambda: mlp(4, 5, 1), (4,), (1,), True),
    "in place": (lambda: nn.Sequential(nn.Linear(4, 5), nn.ReLU(inplace=True), nn.Linear(5, 3)), (4,), (3,), True),
    "deep linear": (lambda: nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 3)), (4,), (3,), True),
    "one layer": (lambda: nn.Linear(4, 3), (4,), (3,), True),
    "weights frozen": (lambda: frozen("weight"), (4,), (3,), True),
    "biases frozen": (lambda: frozen("bias"), (4,), (3,), True),
    "mapping": (lambda: Named(3), (4,), (3,), False),
    "sequences": (lambda: mlp(4, 5, 3), SEQUENCES, (5, 3), False),
    "sequences, classes second": (lambda: Moved(mlp(4, 5, 3)), SEQUENCES, (3, 5), False),
    "convolution": (lambda: nn.Sequential(*pooled(), nn.Linear(12, 3)), PICTURES, (3,), False),
    "upsampling": (lambda: nn.Sequential(*enlarged(), nn.Conv2d(2, 3, 3, padding=1)), PICTURES, (3, 6, 6), False),
    "residual": (lambda: nn.Sequential(Shortcut(), nn.Flatten(), nn.Linear(36, 3)).eval(), PICTURES, (3,), False),
}


@pytest.mark.parametrize("kind", [nn.MSELoss, nn.BCEWithLogitsLoss, nn.CrossEntropyLoss])
@pytest.mark.parametrize("name", KINDS)
def test_unequal_batches_of_each_kind_of_model(name: str, kind: type[nn.Module]) -> None:
    torch.manual_seed(0)
    make, point, output, chain = KINDS[name]
    reduction = ("mean", "sum")[(list(KINDS).index(name) + len(kind.__name__)) % 2]
    model, loss, X = make(), kind(reduction=reduction), torch.rand(7, *point)
    y = torch.rand(7, *output)
    if kind is nn.BCEWithLogitsLoss:
        y = y.round()
    elif kind is nn.CrossEntropyLoss:
        y = torch.randint(output[0], (7, *output[1:]))
    wrap = (lambda part, form: form({"x": part})) if name == "mapping" else (lambda part, _: part)
    batches = [(wrap(X[:3], UserDict), y[:3]), (wrap(X[3:], dict), y[3:])]
    found = certify(model, loss, batches, top=3)
    H = dense(model, loss, wrap(X.double(), dict), y if kind is nn.CrossEntropyLoss else y.double(), check=False)
    values = np.linalg.eigvalsh(H)
    slack = 1e-12 * np.abs(values).max()
    assert found.lower - slack <= values[-1] <= found.upper + slack
    assert found.upper - found.lower <= 1e-5 * np.abs(values).max() + 1e-290
    for inside, value in zip(found.eigenvalues, values[::-1], strict=False):
        assert inside.lower - slack <= value <= inside.upper + slack
    flat = values[-1] == 0  # cross-entropy of one class: no certificate has anything to be relative to
    expected = "two-layer" if chain and not flat else "probabilistic"
    assert found.certificate.partition(",")[0] == expected
    if name in ("sequences", "sequences, classes second", "upsampling"):
        assert found.trace is None
        assert "no exact trace" in found.notes[-1]
    else:
        assert found.trace == pytest.approx(np.trace(H), rel=1e-11, abs=1e-13)


def test_trace_and_blocks_are_those_of_the_gauss_newton_matrix() -> None:
    """Outputs affine in each layer's parameters: what the Gauss-Newton matrix leaves out has zero diagonal blocks."""
    torch.manual_seed(1)
    model, X, y = mlp(4, 5, 3).double(), torch.rand(7, 4, dtype=torch.float64), torch.arange(7) % 3
    found = certify(model, nn.CrossEntropyLoss(), (X, y), layers=True)
    places = {name: p.detach() for name, p in model.named_parameters()}
    J = torch.func.jacrev(lambda given: torch.func.functional_call(model, given, (X,)))(places)
    flat = torch.cat([part.reshape(7, 3, -1) for part in J.values()], dim=2)
    share = torch.softmax(model(X), 1).detach()
    G = torch.einsum("nap,nab,nbq->pq", flat, torch.diag_embed(share) - share[:, :, None] * share[:, None], flat) / 7
    assert found.trace == pytest.approx(float(G.trace()), rel=1e-12)
    for inside, rows in zip(found.layers.values(), (slice(0, 25), slice(25, None)), strict=True):
        top = float(torch.linalg.eigvalsh(G[rows, rows])[-1])
        assert inside.lower - 1e-12 <= top <= inside.upper + 1e-12
