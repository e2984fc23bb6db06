"""Stochastic gradient descent, one point a step, on batches of runs; with fresh label noise in every step if asked for."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from constructions.network import Network
from verify.hessian.inputs import check_integer, check_number
from verify.training.setting import Activation, Run
from verify.training.stack import check_alike, stack_runs, to_network

# Draws are made for so many steps at once.
_BLOCK = 1024


@np.errstate(over="ignore", invalid="ignore", under="ignore")
def train_stochastic(
    runs: Sequence[Run], steps: int, rng: np.random.Generator, *, label_noise: float = 0.0
) -> list[Network | None]:
    """The networks after that many steps on one point each, drawn uniformly with replacement; None for a run that diverged.

    Parameters
    ----------
    runs : sequence of Run
        Of one width and sample size, with ReLU and without decay; ``clip`` bounds the gradient of the one point.
    steps : int
    rng : numpy.random.Generator
    label_noise : float
        Standard deviation of the normal noise that is added to the label, drawn anew in every step.

    Raises
    ------
    ValueError
        For runs that don't go together, decay, or another activation.

    Examples
    --------
    >>> from verify.training import Init, initial_network
    >>> rng = np.random.default_rng(0)
    >>> X = rng.uniform(-1, 1, (20, 1))
    >>> run = Run(initial_network(Init.LINEAR, 32, 1, rng), X, X[:, 0], eta=0.1)
    >>> (network,) = train_stochastic([run], 2000, rng)
    >>> bool(np.mean((network(X) - run.y) ** 2) < 1e-3)
    True
    """
    check_alike(runs)
    check_integer("steps", steps, 0)
    check_number("label_noise", label_noise)
    for run in runs:
        if run.decay or run.activation is not Activation.RELU:
            what = f"decay {run.decay!r}" if run.decay else f"activation {run.activation.value!r}"
            raise ValueError(f"runs must have ReLU and no weight decay to be trained point by point, got {what}")
    stack = stack_runs(runs, np.dtype(np.float32))
    Z, omega, v, beta = stack.Z, stack.omega, stack.v, stack.beta
    at, single = np.arange(stack.count), np.float32
    for start in range(0, steps, _BLOCK):
        points = rng.integers(0, stack.y.shape[1], (min(_BLOCK, steps - start), stack.count))
        noise = (label_noise * rng.standard_normal(points.shape)).astype(single)
        for drawn, shift in zip(points, noise, strict=True):
            z = Z[:, at, drawn]
            h = np.einsum("db,dbk->bk", z, omega)
            np.maximum(h, 0, out=h)
            active = v * (h > 0)
            residual = np.einsum("bk,bk->b", h, v) + beta - stack.y[at, drawn] - shift
            moved = z.copy()
            moved[-1] *= stack.biased
            # |gradient|^2 = residual^2 (1 + sum h^2 + |z|^2 sum over active neurons of v^2), z without the -1 of fixed biases.
            square = 1 + np.einsum("bk,bk->b", h, h)
            square += np.einsum("db,db->b", moved, moved) * np.einsum("bk,bk->b", active, active)
            norm = np.abs(residual) * np.sqrt(square)
            pull = stack.eta * residual * np.minimum(stack.clip / (norm + single(1e-6)), single(1))
            omega -= (moved * pull)[:, :, None] * active
            v -= pull[:, None] * h
            beta -= pull
    gone = ~(np.isfinite(omega).all(axis=(0, 2)) & np.isfinite(v).all(axis=1) & np.isfinite(beta))
    return [None if gone[i] else to_network(omega[:, i], v[i], beta[i], d) for i, d in enumerate(stack.dims)]
