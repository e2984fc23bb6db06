"""Random models with losses and data, and the Hessian of what torch computes for them."""

from __future__ import annotations

import copy
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn


def dense(model: nn.Module, loss: Any, X: Any, y: Any, check: bool = True) -> NDArray[np.float64]:
    """The Hessian of a copy in float64, through the loss as the user would call it, checked by differences of gradients.

    (Forward over reverse is another channel, but wrong for LayerNorm in torch 2.13: not even symmetric.)
    """
    twin = copy.deepcopy(model).double()
    free = {name: p.detach() for name, p in twin.named_parameters() if p.requires_grad}
    sizes = [p.numel() for p in free.values()]

    def value(flat):
        parts = {k: piece.view(p.shape) for (k, p), piece in zip(free.items(), flat.split(sizes), strict=True)}
        return loss(torch.func.functional_call(twin, parts, X), y)

    start = torch.cat([p.reshape(-1) for p in free.values()])
    gradient = torch.func.grad(value)
    H = torch.func.jacrev(gradient)(start)
    if check:
        along = torch.randn(len(start), dtype=torch.float64, generator=torch.Generator().manual_seed(0))
        step = 1e-6 * along
        change = (gradient(start + step) - gradient(start - step)) / 2e-6
        torch.testing.assert_close(H @ along, change, rtol=1e-5, atol=1e-5)
    return H.numpy()


def half_mse(f, y):
    return 0.5 * ((f - y) ** 2).sum() / len(f)


def mlp(*widths: int, act=nn.ReLU, bias: bool = True) -> nn.Sequential:
    layers: list[nn.Module] = []
    for a, b in pairwise(widths):
        layers += [nn.Linear(a, b, bias=bias), act()]
    return nn.Sequential(*layers[:-1])


class Own(nn.Module):
    """A dense network as people write it: layers as attributes, relu as a function."""

    def __init__(self, *widths: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(a, b) for a, b in pairwise(widths))

    def forward(self, x):
        for layer in self.layers[:-1]:
            x = nn.functional.relu(layer(x))
        return self.layers[-1](x)


def convolutions(rng: np.random.Generator, n: int, outputs: int) -> tuple[nn.Module, torch.Tensor]:
    """One to three convolutions of rows or images, each with normalisation, activation and pooling or without; data.

    Call the model once before it is used: the last layer is lazy.
    """
    flat = rng.random() < 0.3
    conv, norm, largest, mean, adaptive = (
        (nn.Conv1d, nn.BatchNorm1d, nn.MaxPool1d, nn.AvgPool1d, nn.AdaptiveAvgPool1d)
        if flat
        else (nn.Conv2d, nn.BatchNorm2d, nn.MaxPool2d, nn.AvgPool2d, nn.AdaptiveAvgPool2d)
    )
    pools = [
        largest(2, ceil_mode=True),
        mean(3, 1, 1) if flat else mean(2, ceil_mode=True),
        adaptive(2),
        largest(3, 1, 1),
    ]
    pools += [] if flat else [mean(3, 2, 1)]
    layers, channels = [], int(rng.integers(1, 3))
    X = torch.randn(n, channels, *((9,) if flat else (6, 6)), dtype=torch.float64)
    for _ in range(int(rng.integers(1, 4))):
        groups = channels if rng.random() < 0.2 else 1
        wider = groups * int(rng.integers(1, 4 - groups)) if groups < 3 else groups
        kernel, dilation = int(rng.integers(1, 4)), int(rng.integers(1, 3))
        padding = (dilation * (kernel - 1) + 1) // 2 + int(rng.integers(2))
        stride, bias = int(rng.integers(1, 3)), bool(rng.random() < 0.7)
        layers.append(conv(channels, wider, kernel, stride, padding, dilation, groups, bias))
        channels = wider
        if rng.random() < 0.4:
            layers.append(norm(channels, affine=bool(rng.random() < 0.8)))
        if rng.random() < 0.8:
            slope = float(rng.uniform(-0.5, 1.5))
            layers.append((nn.ReLU(), nn.LeakyReLU(slope), nn.ReLU6(), nn.Hardtanh())[rng.integers(4)])
        if rng.random() < 0.4:
            layers.append(pools[rng.integers(len(pools))])
    if rng.random() < 0.3:
        layers += [nn.Flatten(), nn.LazyLinear(4), nn.ReLU(inplace=True)]
    return nn.Sequential(*layers, nn.Flatten(), nn.LazyLinear(outputs)), X


def random_case(seed: int, kind: int | None = None) -> tuple[nn.Module, Any, Any, torch.Tensor, torch.Tensor, bool]:
    """(model, loss as passed, loss as torch computes it, X, y, whether it is dense); kind 5: more convolutions than 4."""
    rng = np.random.default_rng(seed)
    torch.manual_seed(seed)
    if kind is None and seed % 12 == 5:  # what is proved
        small, n, scale = mlp(*rng.integers(1, 6, 2).tolist(), 1), int(rng.integers(1, 16)), 10 ** rng.uniform(-2, 2)
        X, y = torch.randn(n, small[0].in_features, dtype=torch.float64), scale * torch.randn(n, 1, dtype=torch.float64)
        squares = nn.MSELoss(reduction=("mean", "sum")[rng.integers(2)])
        return small, *(("half-mse", half_mse), (squares, squares))[rng.integers(2)], X, y, True
    outputs = int(rng.integers(1, 11)) if rng.random() < 0.7 else 1
    n, layers = int(rng.integers(3, 16)), list[nn.Module]()
    kind = int(rng.integers(5)) if kind is None else kind
    if kind < 4:
        widths = [int(rng.integers(1, 5)), *(int(w) for w in rng.integers(1, 6, rng.integers(1, 5))), outputs]
        X = torch.randn(n, widths[0], dtype=torch.float64)
        for a, b in pairwise(widths) if kind < 3 else ():
            act = (nn.ReLU(), nn.LeakyReLU(float(rng.uniform(0, 1.5))), nn.ReLU(inplace=True))[rng.integers(3)]
            layers += [nn.Linear(a, b, bias=bool(rng.random() < 0.75)), act]
        model: nn.Module = nn.Sequential(*layers[:-1]) if layers else Own(*widths)
    elif kind == 4:
        channels = int(rng.integers(1, 4))
        pool = (nn.MaxPool2d(2), nn.AvgPool2d(2))[rng.integers(2)]
        layers = [
            nn.Conv2d(1, channels, 3, padding=int(rng.integers(2)), stride=int(rng.integers(1, 3)), bias=rng.random() < 0.7),
            nn.BatchNorm2d(channels), nn.ReLU(), pool,
        ]  # fmt: skip
        if rng.random() < 0.4:  # deeper: another convolution, and a dense layer
            layers += [nn.Conv2d(channels, 2, 2, padding=1, bias=rng.random() < 0.7), nn.LeakyReLU(0.2), nn.Flatten()]
            layers += [nn.LazyLinear(3), nn.ReLU()]
        model = nn.Sequential(*layers, nn.Flatten(), nn.LazyLinear(outputs))
        X = torch.randn(n, 1, 6, 6, dtype=torch.float64)
    else:
        model, X = convolutions(rng, n, outputs)
    if kind >= 4:
        model(X.float())
        model.eval()
    if rng.random() < 0.5:
        model = model.double()
    for p in model.parameters():
        p.data *= float(rng.uniform(0.7, 1.6))
    free = list(model.parameters())
    if rng.random() < 0.3:
        for p in free[1:]:
            p.requires_grad_(bool(rng.random() < 0.7))
    numbers = torch.randn(n, outputs, dtype=torch.float64)
    chosen, reduction = rng.integers(6), ("mean", "mean", "sum")[rng.integers(3)]
    weights = torch.rand(outputs, dtype=torch.float64) if rng.random() < 0.3 else None
    loss: Any = "half-mse" if chosen == 0 else nn.MSELoss(reduction=reduction)
    if chosen == 2:
        loss = nn.BCEWithLogitsLoss(weights, pos_weight=None if weights is None else 2 * weights, reduction=reduction)
        numbers = numbers.sigmoid()
    elif chosen == 3:
        loss = nn.HuberLoss(reduction=reduction, delta=float(rng.uniform(0.3, 2)))
    elif chosen > 3:
        loss = nn.CrossEntropyLoss(weights, reduction=reduction, label_smoothing=float(rng.choice([0, 0.1])))
        numbers = torch.softmax(numbers, 1)
    if chosen == 4:
        numbers = torch.from_numpy(rng.integers(0, outputs, n))
        numbers[1:][torch.from_numpy(rng.random(n - 1) < 0.1)] = -100  # ignored
    return model, loss, half_mse if chosen == 0 else loss, X, numbers, kind < 4
