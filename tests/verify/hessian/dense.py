"""Independent references: automatic differentiation, and exact rational second derivatives."""

from __future__ import annotations

import numpy as np
import torch
from flint import arb, ctx, fmpq


def dense_hessian(net, X, y, activation=torch.relu):
    """All second derivatives by automatic differentiation, order (W, b, v, beta)."""
    K, d = net.W.shape
    X, y = torch.tensor(X), torch.tensor(y)

    def loss(theta):
        W, b, v = theta[: K * d].reshape(K, d), theta[K * d : K * d + K], theta[K * d + K : -1]
        return ((y - activation(X @ W.T - b) @ v - theta[-1]) ** 2).mean() / 2

    theta = torch.tensor(np.concatenate([net.W.ravel(), net.b, net.v, [net.beta]]))
    return torch.autograd.functional.hessian(loss, theta).numpy()


def exact(value):
    """A float as the rational number it is."""
    return fmpq(*float(value).as_integer_ratio())


def exact_hessian(W, b, v, beta, X, y, active=None):
    """n times the Hessian, in rational arithmetic, order (w_1, b_1, v_1, w_2, ..., beta), straight from the definition.

    ``active`` overrides the pattern, for one-sided choices at kinks.
    """
    n, K, d = len(X), len(W), len(W[0])
    omega = [[exact(t) for t in W[k]] + [exact(b[k])] for k in range(K)]
    vs, P = [exact(t) for t in v], K * (d + 2) + 1
    H = [[fmpq(0)] * P for _ in range(P)]
    for i in range(n):
        z = [exact(t) for t in X[i]] + [fmpq(-1)]
        g = [sum((p * q for p, q in zip(z, omega[k], strict=True)), fmpq(0)) for k in range(K)]
        on = [g[k] > 0 if active is None else bool(active[i][k]) for k in range(K)]
        f = exact(beta) + sum((vs[k] * g[k] for k in range(K) if on[k]), fmpq(0))
        row = []
        for k in range(K):
            row += [vs[k] * t if on[k] else fmpq(0) for t in z] + [g[k] if on[k] else fmpq(0)]
        row.append(fmpq(1))
        for a in range(P):
            for c in range(P):
                H[a][c] += row[a] * row[c]
        excess = f - exact(y[i])
        for k in range(K):
            if on[k]:
                base = k * (d + 2)
                for j in range(d + 1):
                    H[base + j][base + d + 1] += excess * z[j]
                    H[base + d + 1][base + j] += excess * z[j]
    return H


def is_below(H, n, c):
    """Whether lambda_max(H / n) < c, decided by the signs of the pivots of ncI - H in ball arithmetic."""
    shift = exact(c) * n
    old = ctx.prec
    try:
        for ctx.prec in (170, 400, 1600):  # 50 decimal digits first
            M = [[arb(shift * (a == b) - H[a][b]) for b in range(len(H))] for a in range(len(H))]
            verdict = _positive_definite(M)
            if verdict is not None:
                return verdict
    finally:
        ctx.prec = old
    raise ArithmeticError("the matrix is singular to 1600 bits")


def _positive_definite(M):
    for k in range(len(M)):
        if not M[k][k] > 0:
            return False if M[k][k] < 0 else None
        for a in range(k + 1, len(M)):
            if M[a][k] == 0:
                continue
            factor = M[a][k] / M[k][k]
            for b in range(a, len(M)):
                M[b][a] = M[a][b] = M[a][b] - factor * M[k][b]
    return True
