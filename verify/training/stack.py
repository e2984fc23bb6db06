"""Runs of equal width and sample size, stacked into the arrays that the engines step.

Layout: a neuron's weights and bias are one column omega_k = (w_k, b_k) of an array (D, B, K), coordinate first, so that
elementwise work runs along neurons and both matrix products are in the order that BLAS does fastest. With
z_i = (x_i, -1) the preactivation is z_i·omega_k. Runs of smaller dimension are padded with zero coordinates, which have
zero gradient: padding changes nothing but the order of additions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from constructions.network import Network
from verify.training.setting import Activation, Run


@dataclass(frozen=True, eq=False)
class Stack:
    """B runs, D = largest d + 1. All arrays are in the working precision, on the host.

    Attributes
    ----------
    Z : (D, B, n)
    y : (B, n)
    omega, v, beta : (D, B, K), (B, K), (B,)
        The initial parameters.
    eta, decay, clip : (B,)
        clip is inf where there is none.
    biased : (B,)
        1 where the biases of the neurons are trained, else 0.
    limit : (B,)
        A loss above this counts as divergence.
    dims : tuple of int
        d of each run.
    """

    activation: Activation
    Z: NDArray[Any]
    y: NDArray[Any]
    omega: NDArray[Any]
    v: NDArray[Any]
    beta: NDArray[Any]
    eta: NDArray[Any]
    decay: NDArray[Any]
    clip: NDArray[Any]
    biased: NDArray[Any]
    limit: NDArray[Any]
    dims: tuple[int, ...]

    @property
    def width(self) -> int:
        return int(self.v.shape[1])

    @property
    def count(self) -> int:
        """Number of runs B."""
        return len(self.dims)


# Far above what a step size beyond stability reaches before it recovers (about 1e4 times the first loss).
_EXPLOSION = 1e12


def check_alike(runs: Sequence[Run]) -> None:
    """Raise unless the runs can be trained as one batch."""
    if not runs:
        raise ValueError("runs must hold at least one run, got none")
    for name, values in (
        ("width", {run.network.width for run in runs}),
        ("number of points", {len(np.asarray(run.X)) for run in runs}),
        ("activation", {run.activation for run in runs}),
    ):
        if len(values) > 1:
            shown = sorted(str(value) for value in values)
            raise ValueError(f"runs must have one {name} in a batch, got {', '.join(shown)}; train them apart")


def stack_runs(runs: Sequence[Run], dtype: np.dtype[Any]) -> Stack:
    """Stack runs of one width, sample size and activation."""
    dims = tuple(run.network.dim for run in runs)
    rows, count = max(dims) + 1, len(runs)
    n, width = len(np.asarray(runs[0].X)), runs[0].network.width
    Z, omega = np.zeros((rows, count, n), dtype), np.zeros((rows, count, width), dtype)
    for at, (run, d) in enumerate(zip(runs, dims, strict=True)):
        Z[:d, at] = np.asarray(run.X).T
        Z[-1, at] = -1
        omega[:d, at] = run.network.W.T
        omega[-1, at] = run.network.b

    def column(values: list[Any]) -> NDArray[Any]:
        return np.array(values, dtype=dtype)

    scale = [1 + float(np.mean((np.asarray(run.y) - run.network.beta) ** 2)) for run in runs]
    return Stack(
        activation=runs[0].activation,
        Z=Z,
        y=column([run.y for run in runs]),
        omega=omega,
        v=column([run.network.v for run in runs]),
        beta=column([run.network.beta for run in runs]),
        eta=column([run.eta for run in runs]),
        decay=column([run.decay for run in runs]),
        clip=column([np.inf if run.clip is None else run.clip for run in runs]),
        biased=column([float(run.bias) for run in runs]),
        limit=column([_EXPLOSION * s for s in scale]),
        dims=dims,
    )


def to_network(omega: NDArray[Any], v: NDArray[Any], beta: Any, d: int) -> Network:
    """The network of one run from its columns omega (D, K), v (K,) and beta."""
    return Network(omega[:d].T.astype(np.float64), omega[-1].astype(np.float64), v.astype(np.float64), float(beta))
