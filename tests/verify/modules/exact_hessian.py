"""The Hessian of a two-layer module's loss in 50 digits, from the definitions of torch's losses."""

from __future__ import annotations

from typing import Any

import mpmath
import torch
from torch import nn

mp = mpmath.mp.clone()
mp.dps = 50


def _numbers(tensor: torch.Tensor) -> list[Any]:
    return [mp.mpf(float(t)) for t in tensor.detach().double().reshape(-1)]


def point_derivatives(loss: Any, f: list[Any], y: torch.Tensor) -> tuple[list[Any], Any, Any]:
    """First and second derivatives of a point's loss by the outputs, and what the point adds to a mean's divisor."""
    c = len(f)
    if isinstance(loss, nn.CrossEntropyLoss):
        w = [mp.mpf(1)] * c if loss.weight is None else _numbers(loss.weight)
        seen = y.is_floating_point() or int(y) != loss.ignore_index
        labels = _numbers(y) if y.is_floating_point() else [mp.mpf(int(y) == o) for o in range(c)]
        eps = mp.mpf(loss.label_smoothing)
        t = [w[o] * (labels[o] * (1 - eps) + eps / c) * seen for o in range(c)]
        total = sum(t)
        x = [mp.exp(v) for v in f]
        p = [v / sum(x) for v in x]
        S = mp.matrix(c, c)
        for o in range(c):
            for j in range(c):
                S[o, j] = total * ((o == j) * p[o] - p[o] * p[j])
        count = mp.mpf(1) if y.is_floating_point() else sum(v * u for v, u in zip(w, labels, strict=True)) * seen
        return [total * p[o] - t[o] for o in range(c)], S, count
    y_ = _numbers(y)
    S, rho = mp.matrix(c, c), []
    for o in range(c):
        r = f[o] - y_[o]
        if isinstance(loss, nn.BCEWithLogitsLoss):
            w, q = (mp.mpf(1) if v is None else _numbers(v)[o] for v in (loss.weight, loss.pos_weight))
            s = 1 / (1 + mp.exp(-f[o]))
            rho.append(w * ((1 - y_[o]) * s - q * y_[o] * (1 - s)))
            S[o, o] = w * (1 - y_[o] + q * y_[o]) * s * (1 - s)
        elif isinstance(loss, nn.HuberLoss):
            delta = mp.mpf(loss.delta)
            rho.append(max(-delta, min(delta, r)))
            S[o, o] = mp.mpf(abs(r) < delta)
        else:
            scale = 1 if loss == "half-mse" else 2
            rho.append(scale * r)
            S[o, o] = mp.mpf(scale)
    return rho, S, mp.mpf(1 if loss == "half-mse" else c)


def exact_hessian(model: nn.Sequential, loss: Any, X: torch.Tensor, y: torch.Tensor) -> Any:
    """An mpmath matrix, in the order of the trainable parameters."""
    first, act, second = model
    d, K, c = first.in_features, first.out_features, second.out_features
    slope = mp.mpf({nn.ReLU: 0.0, nn.Identity: 1.0}.get(type(act), getattr(act, "negative_slope", 0.0)))
    W, V = _numbers(first.weight), _numbers(second.weight)
    b, beta = ([mp.mpf(0)] * size if t is None else _numbers(t) for t, size in ((first.bias, K), (second.bias, c)))
    places = [("W", k, j) for k in range(K) for j in range(d)] + [("W", k, d) for k in range(K)]
    places += [("V", o, k) for o in range(c) for k in range(K)] + [("beta", o, 0) for o in range(c)]
    tensors = (first.weight, first.bias, second.weight, second.bias)
    free = [
        at
        for sizes, t in zip(((0, K * d), (K * d, K), (K * d + K, c * K), (K * d + K + c * K, c)), tensors, strict=True)
        if t is not None and t.requires_grad
        for at in range(sizes[0], sum(sizes))
    ]
    size, divisor = len(free), mp.mpf(0)
    H = mp.matrix(size, size)
    for x, target in zip(X, y, strict=True):
        z = [*_numbers(x), mp.mpf(1)]
        g = [sum((W[k * d + j] * z[j] for j in range(d)), b[k]) for k in range(K)]
        s = [mp.mpf(1) if v > 0 else slope for v in g]
        f = [sum((V[o * K + k] * s[k] * g[k] for k in range(K)), beta[o]) for o in range(c)]
        rho, S, count = point_derivatives(loss, f, target)
        divisor += count
        J = mp.matrix(c, size)
        for at, place in enumerate(free):
            kind, i, j = places[place]
            if kind == "W":
                for o in range(c):
                    J[o, at] = V[o * K + i] * s[i] * z[j]
            else:
                J[i, at] = s[j] * g[j] if kind == "V" else mp.mpf(1)
        H += J.T * S * J
        for at, place in enumerate(free):
            for other, second_place in enumerate(free):
                (kind, k, j), (kind2, o, k2) = places[place], places[second_place]
                if kind == "W" and kind2 == "V" and k == k2:
                    H[at, other] += rho[o] * s[k] * z[j]
                    H[other, at] += rho[o] * s[k] * z[j]
    if loss == "half-mse" or loss.reduction == "mean":
        H /= divisor
    return H
