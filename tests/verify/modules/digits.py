"""The Hessian of a model's loss in 60 digits, from explicit formulas, and an enclosure of its largest eigenvalue.

Nothing here differentiates, and torch is asked for parameters alone: layers are turned into sparse matrices, each point's outputs
f, their Jacobian J and the residual part are set up in ball arithmetic, and H = sum_i J_i' S_i J_i + C + C' with

    C[p, q] = sum_i sum_k delta_ik dh_i / dtheta_q,  over the places where parameter p of a layer multiplies h into output k.
"""

from __future__ import annotations

from functools import partial
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


class Affine:
    """z_k = sum_t theta[weights[k, t]] h[inputs[k, t]] + theta[biases[k]]; the last entry of h, and of theta, is 0."""

    def __init__(self, weights: np.ndarray, inputs: np.ndarray, biases: np.ndarray) -> None:
        self.weights, self.inputs, self.biases = weights, inputs, biases

    def matrix(self, theta: np.ndarray, size: int) -> np.ndarray:
        found = np.full((len(self.weights), size + 1), arb(0), dtype=object)
        for k, (w, h) in enumerate(zip(self.weights, self.inputs, strict=True)):
            for p, j in zip(w, h, strict=True):
                found[k, j] += theta[p]
        return found[:, :-1]


def layers_of(model: nn.Module, shape: tuple[int, ...]) -> tuple[list[Any], np.ndarray, list[int]]:
    """Layers as tables of indices, or functions of h where they have no parameters, to their matrix and h less a shift; all
    parameters with a 0 behind them, and which of them are trainable."""
    parts = [part for part in model.modules() if not list(part.children())]
    if not isinstance(model, nn.Sequential):  # relu between dense layers
        parts = [part for layer in parts for part in (layer, nn.ReLU())][:-1]
    named = list(model.parameters())
    starts = dict(zip(map(id, named), np.cumsum([0, *(p.numel() for p in named)]), strict=False))
    count = sum(p.numel() for p in named)

    def places(p: Any, size: int) -> np.ndarray:
        return np.full(size, count) if p is None else starts[id(p)] + np.arange(size)

    found: list[Any] = []
    for part in parts:
        size = int(np.prod(shape))
        if isinstance(part, nn.Linear):
            rows, columns = part.weight.shape
            weights = places(part.weight, rows * columns).reshape(rows, columns)
            found.append(Affine(weights, np.tile(np.arange(columns), (rows, 1)), places(part.bias, rows)))
            shape = (rows,)
        elif isinstance(part, nn.Conv2d):
            (o, c, a, b), (pad, _), (stride, _) = part.weight.shape, part.padding, part.stride
            grid = np.full((c, shape[1] + 2 * pad, shape[2] + 2 * pad), size)
            grid[:, pad : pad + shape[1], pad : pad + shape[2]] = np.arange(size).reshape(shape)
            windows = np.lib.stride_tricks.sliding_window_view(grid, (a, b), (1, 2))[:, ::stride, ::stride]
            height, width = windows.shape[1:3]
            inputs = windows.transpose(1, 2, 0, 3, 4).reshape(height * width, -1)
            weights = places(part.weight, part.weight.numel()).reshape(o, 1, -1)
            full = np.broadcast_to(weights, (o, height * width, c * a * b)).reshape(o * height * width, -1)
            found.append(Affine(full, np.tile(inputs, (o, 1)), np.repeat(places(part.bias, o), height * width)))
            shape = (o, height, width)
        elif isinstance(part, nn.BatchNorm2d):
            each = size // shape[0]
            scale = [1 / (v + arb(part.eps)).sqrt() for v in balls(part.running_var)]
            mean, matrix = np.repeat(balls(part.running_mean), each), np.diag(np.repeat(scale, each))
            found.append(lambda h, mean=mean, matrix=matrix: (matrix, h - mean))
            weights, biases = (np.repeat(places(p, shape[0]), each) for p in (part.weight, part.bias))
            found.append(Affine(weights[:, None], np.arange(size)[:, None], biases))
        elif isinstance(part, (nn.MaxPool2d, nn.AvgPool2d)):
            k = part.kernel_size
            grid = np.arange(size).reshape(shape)
            windows = np.lib.stride_tricks.sliding_window_view(grid, (k, k), (1, 2))[:, ::k, ::k]
            shape = windows.shape[:3]
            found.append(partial(pooled, windows.reshape(-1, k * k), isinstance(part, nn.AvgPool2d)))
        elif isinstance(part, (nn.ReLU, nn.LeakyReLU)):
            slopes = arb(getattr(part, "negative_slope", 0.0)), arb(1)
            found.append(lambda h, slopes=slopes: (np.diag(np.array([slopes[x > 0] for x in h], dtype=object)), h))
        else:
            assert isinstance(part, (nn.Flatten, nn.Identity))
    theta = balls(torch.cat([p.detach().double().reshape(-1) for p in named] + [torch.zeros(1, dtype=torch.float64)]))
    free = [at for p in named for at in (range(starts[id(p)], starts[id(p)] + p.numel()) if p.requires_grad else ())]
    return found, theta, free


def pooled(windows: np.ndarray, mean: bool, h: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The matrix of a pooling at h, and h."""
    found = np.full((len(windows), len(h)), arb(0), dtype=object)
    for row, window in zip(found, windows, strict=True):
        row[window if mean else max(window, key=lambda j: h[j].mid())] = arb(1) / (len(window) if mean else 1)
    return found, h


def derivatives(loss: Any, f: np.ndarray, y: Any, i: int) -> tuple[np.ndarray, np.ndarray, arb]:
    """First and second derivatives of point i's part of the loss, and its share of what a mean divides by."""
    size, zero = len(f), arb(0)
    if loss == "half-mse" or isinstance(loss, nn.MSELoss):
        factor = 1 if loss == "half-mse" else 2
        first, second = factor * (f - balls(y[i])), [arb(factor)] * size
        return first, np.diag(np.array(second, dtype=object)), arb(1 if loss == "half-mse" else size)
    if isinstance(loss, nn.HuberLoss):
        r, delta = f - balls(y[i]), arb(loss.delta)
        inside = [abs(x) < delta for x in r]
        first = np.array([x if near else delta * x.sgn() for x, near in zip(r, inside, strict=True)], dtype=object)
        return first, np.diag(np.array([arb(near) for near in map(int, inside)], dtype=object)), arb(size)
    if isinstance(loss, nn.BCEWithLogitsLoss):
        w, p = (balls(np.ones(size) if x is None else x) for x in (loss.weight, loss.pos_weight))
        s, t = np.array([1 / (1 + (-x).exp()) for x in f], dtype=object), balls(y[i])
        return w * ((1 - t) * s - p * t * (1 - s)), np.diag(w * (p * t + 1 - t) * s * (1 - s)), arb(size)
    w, smooth = balls(np.ones(size) if loss.weight is None else loss.weight), arb(loss.label_smoothing)
    share = arb(1)
    if y.is_floating_point():
        t = w * ((1 - smooth) * balls(y[i]) + smooth / size)
    else:
        label = int(y[i])
        if label == loss.ignore_index:
            return np.array([zero] * size, dtype=object), np.full((size, size), zero), zero
        t, share = w * smooth / size, w[label]
        t[label] += (1 - smooth) * w[label]
    e = np.array([(x - max(f, key=lambda v: v.mid())).exp() for x in f], dtype=object)
    p, mass = e / sum(e, zero), sum(t, zero)
    return mass * p - t, mass * (np.diag(p) - np.outer(p, p)), share


def hessian(model: nn.Module, loss: Any, X: torch.Tensor, y: torch.Tensor, digits: int = DIGITS) -> np.ndarray:
    """H (P, P) as balls, by the trainable parameters in the model's order."""
    with ctx.workdps(digits):
        layers, theta, free = layers_of(model, tuple(X.shape[1:]))
        size, whole = len(free), len(theta)
        place = np.full(whole, -1)
        place[free] = np.arange(size)
        H, divisor = np.full((size, size), arb(0), dtype=object), arb(0)
        for i in range(len(X)):
            h, T = balls(X[i]).ravel(), np.full((X[i].numel(), size), arb(0), dtype=object)
            trail = []
            for layer in layers:
                if isinstance(layer, Affine):
                    A = layer.matrix(theta, len(h))
                    trail.append((layer, A, T))
                    longer, T = np.append(h, arb(0)), times(A, T)
                    h = times(A, h[:, None])[:, 0] + theta[layer.biases]
                    for k, (w, j) in enumerate(zip(layer.weights, layer.inputs, strict=True)):
                        for p, x in (*zip(w, longer[j], strict=True), (layer.biases[k], arb(1))):
                            if place[p] >= 0:
                                T[k, place[p]] += x
                else:
                    A, h = layer(h)
                    trail.append((None, A, T))
                    h, T = times(A, h[:, None])[:, 0], times(A, T)
            first, second, share = derivatives(loss, h, y, i)
            divisor += share
            H = H + times(T.T, times(second, T))
            for layer, A, before in trail[::-1]:
                if layer is not None:
                    C = np.full((size, size), arb(0), dtype=object)
                    for delta, w, j in zip(first, layer.weights, layer.inputs, strict=True):
                        for p, at in zip(w, j, strict=True):
                            if place[p] >= 0 and at < len(before):
                                C[place[p]] += delta * before[at]
                    H = H + C + C.T
                first = times(A.T, first[:, None])[:, 0]
        return H if getattr(loss, "reduction", "mean") == "sum" else H / divisor


def top_eigenvalue(H: np.ndarray) -> tuple[arb, arb]:
    """lambda_max from both sides: the Rayleigh quotient of an iterated vector, and a factorisation of c - H."""
    with ctx.workdps(DIGITS):
        size = len(H)
        plain = rounded(H)
        values, vectors = np.linalg.eigh((plain + plain.T) / 2)
        scale = arb(float(np.abs(values).max()) or 1.0)
        v, matrix = balls(vectors[:, -1:]), arb_mat(H.tolist())
        identity = balls(np.eye(size))
        for turn in range(4):
            image = np.array((matrix * arb_mat(v.tolist())).tolist(), dtype=object)
            low = (v * image).sum() / (v * v).sum()
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
