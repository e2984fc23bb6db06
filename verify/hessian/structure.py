"""Both bounds from the block structure: a secular equation for the value, one small Cholesky factorisation per block.

lambda_max(H) < c iff every cI - H_b is positive definite and

    sum_b g_b'(cI - H_b)^-1 g_b < c - one^2

(Schur complement of the output bias). For any x, with N = cI - H_b >= mu I and r = g - N x,
g'N^-1 g = g'x + x'r + r'N^-1 r <= g'x + |x| |r| + |r|^2 / mu: evaluated at the computed solution, with the
errors of H_b and g_b added to r, this is a rigorous bound that is as sharp as the arithmetic.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

from verify.hessian.components import Blocks
from verify.hessian.problem import Problem
from verify.hessian.rounding import SLACK, TINY, gamma

_NEWTON_STEPS = 200


@dataclass(frozen=True)
class StructureCertificate:
    """Blocks with their computed eigenvalues (m, p) and eigenvectors (m, p, p) per group."""

    problem: Problem
    groups: list[Blocks]
    values: list[NDArray[np.float64]]
    vectors: list[NDArray[np.float64]]

    def solve(self) -> tuple[float, NDArray[np.float64]]:
        """Approximate largest eigenvalue and eigenvector (flat, live parameters)."""
        base = self.problem.one**2
        top = max((float(v[:, -1].max()) for v in self.values), default=0.0)
        weights = [np.einsum("mpq,mp->mq", V, G.g) for V, G in zip(self.vectors, self.groups, strict=True)]

        def secular(c: float) -> float:
            return c - base - sum(float((w * w / (c - v)).sum()) for w, v in zip(weights, self.values, strict=True))

        low = max(top, base)
        low = low * (1 + 4e-16) + TINY
        if not self.groups:
            value = base
        elif secular(low) >= 0:
            value = low
        else:
            high = low + sum(float(np.abs(w).sum()) for w in weights) + base
            while secular(high) < 0:
                high *= 2
            value = float(brentq(secular, low, high, xtol=4e-16 * low, rtol=8.9e-16))
        return value, self._vector(value, top, weights)

    def _vector(self, value: float, top: float, weights: list[NDArray[np.float64]]) -> NDArray[np.float64]:
        problem = self.problem
        D, split = problem.width, problem.live_count * problem.width
        p = np.zeros(problem.size)
        p[-1] = 1.0
        floor = 1e-16 * max(value, TINY)
        for group, values, vectors, w in zip(self.groups, self.values, self.vectors, weights, strict=True):
            coefficients = w / np.maximum(value - values, floor)
            if top >= value * (1 - 1e-15):
                # The largest eigenvalue is a block's own, not moved by the output bias.
                coefficients = np.where(values >= value * (1 - 1e-14), 1e8, coefficients)
            x = np.einsum("mpq,mq->mp", vectors, coefficients)
            m, k = group.neurons.shape
            p[:split].reshape(D, -1)[:, group.neurons.ravel()] = x[:, : k * D].reshape(m * k, D).T
            p[split:-1][group.neurons.ravel()] = x[:, k * D :].ravel()
        return p / np.linalg.norm(p)

    def proves_below(self, c: float) -> bool:
        """True only if lambda_max of the scaled Hessian with the computed c_k is proved to be below c."""
        total = 0.0
        for group, values in zip(self.groups, self.values, strict=True):
            bound = _schur_bound(group, values, c)
            if bound is None:
                return False
            total += bound
        rest = (c - self.problem.one**2) - gamma(4) * (c + self.problem.one**2)
        return total + gamma(len(self.groups) + 4) * abs(total) + TINY < rest


def _schur_bound(group: Blocks, values: NDArray[np.float64], c: float) -> float | None:
    """Upper bound of sum_b g_b'(cI - H_b)^-1 g_b, or None if some cI - H_b can't be proved positive definite."""
    m, p = group.g.shape
    mu = (c - values[:, -1]) / 2
    # Factorised: fl(cI - H_b) - (mu + shift) I, with the shift for the error of H_b, the rounding of the diagonal and
    # the factorisation (trace at most p (c + |trace H|)).
    size = c + np.abs(np.trace(group.H, axis1=1, axis2=2)) + np.abs(np.einsum("mpp->mp", group.H)).max(axis=1)
    shift = (group.H_error + gamma(4) * size + gamma(p + 12) * p * size) * SLACK + TINY
    if not (mu > 0).all():
        return None
    N = -group.H
    diagonal = np.einsum("mpp->mp", N)
    diagonal += c
    factor = N.copy()
    np.einsum("mpp->mp", factor)[...] -= (mu + shift)[:, None]
    try:
        np.linalg.cholesky(factor)
        x = np.linalg.solve(N, group.g[:, :, None])[:, :, 0]
    except np.linalg.LinAlgError:
        return None
    g_norm, x_norm = np.linalg.norm(group.g, axis=1), np.linalg.norm(x, axis=1)
    r = group.g - np.einsum("mpq,mq->mp", N, x)
    N_norm = np.linalg.norm(N, axis=(1, 2))
    r_norm = np.linalg.norm(r, axis=1) + group.g_error + (group.H_error + gamma(2) * size) * x_norm
    r_norm = (r_norm + gamma(p + 3) * (N_norm * x_norm + g_norm)) * SLACK + TINY
    inner = (group.g * x).sum(1)
    errors = gamma(p + 2) * g_norm * x_norm + group.g_error * x_norm + x_norm * r_norm + r_norm**2 / mu
    total = float(inner.sum()) + (float(errors.sum()) + gamma(m + 4) * float(np.abs(inner).sum())) * SLACK
    return total if np.isfinite(total) else None


def build_structure(problem: Problem, groups: list[Blocks]) -> StructureCertificate:
    """Eigendecompositions of all blocks."""
    pairs = [np.linalg.eigh(group.H) for group in groups]
    return StructureCertificate(problem, groups, [w for w, _ in pairs], [V for _, V in pairs])


def secular_root(costs: NDArray[np.float64]) -> float:
    """The largest root of sum_i 1/(n lambda - q_i) = 1 for costs q_i >= 0, shape (n,).

    lambda_max of (1 1' + diag q) / n: of a network with at most one neuron on each point, which sees that point alone.

    Examples
    --------
    >>> secular_root(np.zeros(5)), secular_root(np.array([3.0]))
    (1.0, 4.0)
    """
    return float(costs.max() + secular_gaps(costs).min()) / len(costs)


def secular_gaps(costs: NDArray[np.float64]) -> NDArray[np.float64]:
    """n lambda - q_i at that root, shape (n,), all at least 1: also where q_i is so large that the difference cancels.

    Examples
    --------
    >>> secular_gaps(np.array([0.0, 1e30])).tolist()
    [1e+30, 1.0]
    """
    gaps = costs.max() - costs
    # n lambda = max q + x with 1 <= x <= n; 1 / sum 1/(x + gap) is increasing and concave in x, so that Newton's
    # iteration from the left increases to the root.
    x = 1.0
    for _ in range(_NEWTON_STEPS):
        inverse = 1.0 / (x + gaps)
        total = float(inverse.sum())
        change = (total - 1.0) * total / float(inverse @ inverse)
        if not change > 2e-16 * x:
            break
        x += change
    return np.asarray(x + gaps)
