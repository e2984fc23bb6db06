"""The Hessian of a model's loss in 60 digits, by second differences in 240, and an enclosure of its largest eigenvalue.

Nothing here knows a derivative, and torch is asked for parameters alone: outputs and loss are evaluated in ball arithmetic. Steps
are so small, 1e-60, that what differences leave out doesn't show; activations and pooling stay on the side where they are.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from flint import arb, arb_mat, ctx
from torch import nn

DIGITS = 60


def rounded(values: np.ndarray) -> np.ndarray:
    """The middles of balls as floats."""
    return np.array([float(x.mid()) for x in values.ravel()]).reshape(values.shape)


def balls(values: Any) -> np.ndarray:
    """An object array of exact balls."""
    array = np.asarray(values.detach().double() if isinstance(values, torch.Tensor) else values, dtype=np.float64)
    return np.array([arb(x) for x in array.ravel().tolist()], dtype=object).reshape(array.shape)


def times(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """A product of matrices."""
    return np.array((arb_mat(a.tolist()) * arb_mat(b.tolist())).tolist(), dtype=object).reshape(len(a), b.shape[1])


def windows(h: np.ndarray, shape: tuple[int, int], stride: int) -> np.ndarray:
    """The patches of images (n, c, height, width), (n, c, places down, places across, *shape)."""
    return np.lib.stride_tricks.sliding_window_view(h, shape, (2, 3))[:, :, ::stride, ::stride]


def outputs(parts: list[nn.Module], numbers: dict[int, np.ndarray], h: np.ndarray, sides: dict[int, Any]) -> np.ndarray:
    """What the layers make of data; ``sides`` of kinks are noted in a first call, and taken in others."""
    for at, part in enumerate(parts):
        weight, bias = (numbers.get(id(getattr(part, key, None))) for key in ("weight", "bias"))
        bias = arb(0) if bias is None else bias
        if isinstance(part, nn.Linear):
            h = times(h, weight.T) + bias
        elif isinstance(part, nn.Conv2d):
            wide = [(0, 0), (0, 0), *((pad, pad) for pad in part.padding)]
            seen = windows(np.pad(h, wide, constant_values=arb(0)), part.kernel_size, part.stride[0])
            patches = seen.transpose(0, 2, 3, 1, 4, 5).reshape(-1, weight[0].size)
            z = times(patches, weight.reshape(len(weight), -1).T) + bias
            h = z.reshape(len(h), *seen.shape[2:4], len(weight)).transpose(0, 3, 1, 2)
        elif isinstance(part, nn.BatchNorm2d):
            scale = np.array([1 / (v + arb(part.eps)).sqrt() for v in balls(part.running_var)])
            mean, scale, weight, bias = (t[:, None, None] for t in (balls(part.running_mean), scale, weight, bias))
            h = (h - mean) * scale * weight + bias
        elif isinstance(part, (nn.MaxPool2d, nn.AvgPool2d)):
            seen = windows(h, (part.kernel_size,) * 2, part.kernel_size)
            seen = seen.reshape(*seen.shape[:4], -1)
            if isinstance(part, nn.AvgPool2d):
                h = seen.sum(-1) / seen.shape[-1]
            else:
                sides.setdefault(at, rounded(seen).argmax(-1)[..., None])
                h = np.take_along_axis(seen, sides[at], -1)[..., 0]
        elif isinstance(part, (nn.ReLU, nn.LeakyReLU)):
            slopes = np.array([arb(getattr(part, "negative_slope", 0.0)), arb(1)])
            sides.setdefault(at, slopes[(h > 0).astype(int)])
            h = h * sides[at]
        else:
            assert isinstance(part, (nn.Flatten, nn.Identity))
            h = h.reshape(len(h), -1)
    return h


def total(loss: Any, f: np.ndarray, y: Any) -> tuple[arb, arb]:
    """The loss of outputs (n, c) as a sum over points, and what a mean divides by."""
    n, c = f.shape
    if loss == "half-mse" or isinstance(loss, nn.MSELoss):
        square = ((f - balls(y)) ** 2).sum()
        return (square / 2, arb(n)) if loss == "half-mse" else (square, arb(n * c))
    if isinstance(loss, nn.HuberLoss):
        delta = arb(loss.delta)
        r = abs(f - balls(y)).ravel()
        return sum((x * x / 2 if x < delta else delta * (x - delta / 2) for x in r), arb(0)), arb(n * c)
    if isinstance(loss, nn.BCEWithLogitsLoss):
        w, p = (balls(np.ones(c) if t is None else t) for t in (loss.weight, loss.pos_weight))
        up = np.array([(1 + x.exp()).log() for x in f.ravel()]).reshape(n, c)  # softplus of f, and of -f less f
        return (w * (p * balls(y) * (up - f) + (1 - balls(y)) * up)).sum(), arb(n * c)
    w, smooth = balls(np.ones(c) if loss.weight is None else loss.weight), arb(loss.label_smoothing)
    found, count = arb(0), arb(0)
    for row, target in zip(f, y, strict=True):
        shares = (
            balls(target) if y.is_floating_point() else balls(np.eye(c)[int(target)] if target >= 0 else np.zeros(c))
        )
        if y.is_floating_point() or int(target) != loss.ignore_index:
            log_sum = sum((x.exp() for x in row), arb(0)).log()
            found += (w * ((1 - smooth) * shares + smooth / c) * (log_sum - row)).sum()
            count += arb(1) if y.is_floating_point() else (w * shares).sum()
    return found, count


def differences(function: Callable[[np.ndarray], arb], x: np.ndarray, digits: int) -> tuple[np.ndarray, np.ndarray]:
    """First (P,) and second (P, P) derivatives of a smooth function at x to about so many digits."""
    with ctx.workdps(4 * digits):
        h = arb(10) ** -digits
        steps = balls(np.eye(len(x))) * h
        base, ones = function(x), np.array([function(x + step) for step in steps])
        second = np.empty((len(x), len(x)), dtype=object)
        for p in range(len(x)):
            for q in range(p + 1):
                both = function(x + steps[p] + steps[q])
                second[p, q] = second[q, p] = (both - ones[p] - ones[q] + base) / h**2
        return (ones - base) / h, second


def hessian(model: nn.Module, loss: Any, X: torch.Tensor, y: torch.Tensor, digits: int = DIGITS) -> np.ndarray:
    """H (P, P) as balls, by the trainable parameters in the model's order."""
    parts = [part for part in model.modules() if not list(part.children())]
    if not isinstance(model, nn.Sequential):  # relu between dense layers
        parts = [part for layer in parts for part in (layer, nn.ReLU())][:-1]
    named = list(model.parameters())
    free, data, sides = [p for p in named if p.requires_grad], balls(X), dict[int, Any]()
    fixed = {id(p): balls(p) for p in named if not p.requires_grad}

    def value(x: np.ndarray) -> arb:
        pieces = np.split(x, np.cumsum([p.numel() for p in free])[:-1])
        numbers = {id(p): piece.reshape(p.shape) for p, piece in zip(free, pieces, strict=True)}
        found, count = total(loss, outputs(parts, fixed | numbers, data, sides), y)
        return found if getattr(loss, "reduction", "mean") == "sum" else found / count

    return differences(value, np.concatenate([balls(p).ravel() for p in free]), digits)[1]


def top_eigenvalue(H: np.ndarray) -> tuple[arb, arb]:
    """lambda_max from both sides: the Rayleigh quotient of an iterated vector, and a factorisation of c - H."""
    with ctx.workdps(DIGITS):
        size, plain = len(H), rounded(H)
        values, vectors = np.linalg.eigh((plain + plain.T) / 2)
        scale = arb(float(np.abs(values).max()) or 1.0)
        v, matrix, identity = balls(vectors[:, -1:]), arb_mat(H.tolist()), balls(np.eye(size))
        for turn in range(4):
            low = (v * times(H, v)).sum() / (v * v).sum()
            if turn == 3:
                break
            shift = low.mid() + scale * arb(10) ** -40
            solved = (matrix - arb_mat((shift * identity).tolist())).solve(arb_mat(v.tolist()), algorithm="approx")
            v = np.array([[x[0].mid()] for x in solved.tolist()], dtype=object)
            v = np.array([[x[0].mid()] for x in v / max(abs(x[0]).mid() for x in v)], dtype=object)
        high = low.upper() + scale * arb(10) ** -35
        left = high * identity - H
        for k in range(size):
            assert left[k, k] > 0, "c - H is not shown to be positive definite"
            left[k + 1 :, k + 1 :] -= np.outer(left[k + 1 :, k], left[k + 1 :, k]) / left[k, k]
        return low.lower(), high
