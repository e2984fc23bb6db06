"""Moments of a Hessian's spectrum that are known exactly, and quadratures that are put right by them.

In a chain of dense layers (:mod:`verify.modules.chain`) H = B'B + R, and |H|_F^2 = |BB'|_F^2 + 2 tr(B R B') + |R|_F^2. All three
are sums over pairs of points, or rows r of B, of products of entries of Gram matrices: with the inputs h_a of layer a, delta_a of
a row, rho_b those of the loss itself, and M the derivative of h_b by z_a,

    |BB'|_F^2    = sum_rs (sum_a (delta_ar·delta_as) (h_ar·h_as + 1))^2
    |R|_F^2      = 2 sum_(a<b) sum_ij (rho_bi·rho_bj) (M_i·M_j) (h_ai·h_aj + 1)
    tr(B R B')   = 2 sum_(a<b) sum_rj (delta_br·rho_bj) (h_br·M_j delta_ar) (h_ar·h_aj + 1).

For b = a + 1, M is diagonal.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from verify.modules.chain import Chain, recognise
from verify.modules.problem import ModuleLoss
from verify.modules.trace import exact_trace

Tensor = Any
# Gram matrices are formed up to so many rows, derivatives between layers up to so many entries.
_MOST_ROWS, _MOST_ENTRIES = 4096, 2e7


def exact_moments(problem: ModuleLoss, seed: int = 0) -> tuple[list[float], list[str]]:
    """Trace and squared norm of the Hessian, as far as they follow from first derivatives; and why there is no more."""
    trace = exact_trace(problem)
    if isinstance(trace, str):
        return [], [f"trace and squared norm are estimated: {trace}"]
    chain = recognise(problem, seed)
    squares = chain if isinstance(chain, str) else squared_norm(chain)
    return ([trace], [f"squared norm is estimated: {squares}"]) if isinstance(squares, str) else ([trace, squares], [])


def squared_norm(chain: Chain) -> float | str:
    """|H|_F^2, the sum of the squares of all eigenvalues, from first derivatives; or why it isn't worked out."""
    problem, layers = chain.problem, chain.layers
    columns, points = layers[-1].weight.shape[0], problem.points
    if points * columns > _MOST_ROWS:
        return f"{points} points of {columns} outputs are more than {_MOST_ROWS} rows"
    if not chain.dense():
        return "not all layers are dense"
    found = chain.rows()
    if found is None:
        return "the loss is not convex in the outputs"
    inner, ends, rows, rhos = found
    slopes = [layer.slope(z) for layer, z in zip(layers, ends, strict=True)]
    square = float(chain.gram(inner, rows).square().sum())
    residual = mixed = 0.0
    for a, layer in enumerate(layers):
        gram = layer.gram(inner[a])
        between: Tensor = None
        for b in range(a + 1, len(layers)):
            if b == a + 2:
                between = torch.diag_embed(slopes[a])
            if b > a + 1:
                width = layers[b - 1].weight.shape[0]
                if points * width * between.shape[2] > _MOST_ENTRIES:
                    return f"layers {a + 1} and {b + 1} of the chain are too wide for {points} points"
                between = slopes[b - 1][:, :, None] * (layers[b - 1].weight @ between)
            if layers[b].weight_at is None:
                continue
            steps = slopes[a] if b == a + 1 else between.reshape(points, -1)
            residual += 2 * float(((rhos[b] @ rhos[b].T) * (steps @ steps.T) * gram).sum())
            for o in range(columns):
                pairs = inner[b] * rows[a][:, o] if b == a + 1 else inner[b][:, :, None] * rows[a][:, o, None]
                through = pairs.reshape(points, -1) @ steps.T
                mixed += 2 * float(((rows[b][:, o] @ rhos[b].T) * through * gram).sum())
    return square + 2 * mixed + residual


def powers(nodes: NDArray[np.float64], degree: int) -> NDArray[np.float64]:
    """1, t, ..., t^degree of nodes t that are scaled to magnitudes of at most 1, along a last axis."""
    scale = float(np.abs(nodes).max()) or 1.0
    found: NDArray[np.float64] = (nodes / scale)[..., None] ** np.arange(degree + 1)
    return found


def calibrated(
    nodes: NDArray[np.float64], weights: NDArray[np.float64], moments: list[float]
) -> tuple[NDArray[np.float64], int]:
    """Weights w max(0, g(t)) with a polynomial g that have the sum 1 and these first moments.

    Of all nonnegative weights that have them they are the nearest in sum (w' - w)^2 / w: the truncated linear calibration of
    Deville & Sarndal, J. Amer. Statist. Assoc. 87 (1992) 376.

    Parameters
    ----------
    nodes, weights : (m, k); sums and moments are those of ``weights / m``
    moments : mean, mean square, ...

    Returns
    -------
    The weights, and how many of the moments they have: where no weights at these nodes have all, the last ones are given up.
    """
    scale = float(np.abs(nodes).max()) or 1.0
    for held in range(len(moments), 0, -1):
        basis = powers(nodes, held).reshape(-1, held + 1)
        target = np.array([1.0, *(m / scale**j for j, m in enumerate(moments[:held], 1))]) * len(nodes)
        flat = kept = weights.ravel()
        # Newton's iteration: g from the nodes where it was positive, until they stay the same.
        for _ in range(50):
            root = np.sqrt(kept)[:, None] * basis
            g = basis @ (np.linalg.pinv(root) @ np.linalg.pinv(root).T @ target)
            last, kept = kept, np.where(g > 0, flat, 0.0)
            if np.array_equal(last > 0, kept > 0):
                found = kept * g
                if np.abs(basis.T @ found - target).max() <= 1e-9 * len(nodes):
                    return found.reshape(nodes.shape), held
                break
    return weights, 0
