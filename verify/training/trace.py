"""What is recorded of a run at chosen steps, all in float64 from the stored weights, apart from the engine's products."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from constructions.network import Network
from verify.training.setting import Activation, Run
from verify.training.top_eigenvalue import top_eigenvalue

Float = NDArray[np.float64]

# A neuron active on at most this share of the sample counts as rarely active (LQWP25, Fig. 3).
RARE = 0.1


@dataclass(frozen=True, eq=False)
class Trace:
    """One run at T steps, K neurons. NaN marks what doesn't apply or wasn't asked for, and all that follows divergence.

    Attributes
    ----------
    step : (T,) int
    loss : (T,)
        (1/2n) sum_i (f(x_i) - y_i)^2.
    train_mse, fresh_mse : (T,)
        Mean of (f(x) - truth(x))^2 over the training points and over the fresh ones.
    sharpness, sharpness_residual : (T,)
        Ritz value of lambda_max of the Hessian of the loss, and the norm of its residual.
    seminorm : (T,)
        sum_k |v_k| |w_k| g_n(u_k, t_k) with the empirical weight of the sample.
    slack, slack_sharp : (T,)
        Bound of Thm 3.2 minus the seminorm, with R + 1 and with sqrt(R^2 + 1)/2 in front of sqrt(2L); ReLU only.
    alive : (T,) int
        Neurons with a positive preactivation on some point of the sample.
    activation_rate, weight_norm : (T, K)
        Share of the sample with positive preactivation, and |v_k| |w_k|.
    """

    step: NDArray[np.int64]
    loss: Float
    train_mse: Float
    fresh_mse: Float
    sharpness: Float
    sharpness_residual: Float
    seminorm: Float
    slack: Float
    slack_sharp: Float
    alive: NDArray[np.int64]
    activation_rate: Float
    weight_norm: Float


def trace_from(rows: Sequence[Mapping[str, Any]]) -> Trace:
    """Stack what :func:`measure` found of one run."""
    return Trace(**{f.name: np.array([row[f.name] for row in rows]) for f in fields(Trace)})


def spread_steps(steps: int, count: int) -> list[int]:
    """About ``count`` steps from 0 to the last, half evenly spaced, half evenly in their logarithm.

    >>> spread_steps(100, 8)
    [0, 2, 9, 25, 31, 50, 75, 100]
    """
    half = max(2, count // 2)
    even = {round(steps * i / half) for i in range(half + 1)}
    early = {round((steps + 1) ** (i / half)) - 1 for i in range(half + 1)}
    return sorted(even | early)


def rare_share(rate: Float) -> float:
    """Share of the neurons active somewhere that are active on at most 10 % of the sample; NaN if none is.

    >>> rare_share(np.array([0.0, 0.05, 0.5, 0.1]))
    0.6666666666666666
    """
    active = rate[rate > 0]
    return float((active <= RARE).mean()) if len(active) else math.nan


def network_values(network: Network, X: Float, activation: Activation) -> Float:
    """Values of the network with that activation at X (n, d), shape (n,)."""
    if activation is Activation.RELU:
        return network(X)
    values = np.empty(len(X))
    for start in range(0, len(X), 512):
        h = network.preactivations(X[start : start + 512])
        values[start : start + 512] = (h * ndtr(h)) @ network.v + network.beta
    return values


def stability_slacks(sharpness: float, loss: float, radius: float, seminorm: float) -> tuple[float, float]:
    """Bound of Thm 3.2 minus the seminorm, with the paper's constant and with the sharper one.

    |f| <= lambda_max/2 - 1/2 + C sqrt(2L) with C = R + 1 (LQWP25, Thm 3.2), or sqrt(R^2 + 1)/2 since the second
    derivative of a neuron has operator norm sqrt(|x|^2 + 1).

    Examples
    --------
    >>> stability_slacks(3.0, 0.5, 0.0, 1.5)
    (0.5, 0.0)
    """
    root = math.sqrt(2 * loss)
    base = sharpness / 2 - 0.5 - seminorm
    return base + (radius + 1) * root, base + math.sqrt(radius * radius + 1) / 2 * root


def measure(
    run: Run, network: Network | None, step: int, warm: Float | None, *, device: Any = None, with_sharpness: bool = True
) -> tuple[dict[str, Any], Float | None]:
    """The entries of a :class:`Trace` at one step; also the top eigenvector, for the next call.

    Parameters
    ----------
    run : Run
        With data as the engine holds them, rounded to its precision.
    network : Network or None
        None for a run that diverged.
    step : int
    warm : array or None
        Top eigenvector of an earlier call.
    device : torch device, optional
        For the products of the Hessian.
    with_sharpness : bool
    """
    X, y, width = np.asarray(run.X), np.asarray(run.y), run.network.width
    found: dict[str, Any] = {f.name: math.nan for f in fields(Trace)}
    found |= {
        "step": step,
        "alive": 0,
        "activation_rate": np.full(width, math.nan),
        "weight_norm": np.full(width, math.nan),
    }
    if network is None:
        return found, None
    values = network_values(network, X, run.activation)
    with np.errstate(over="ignore"):
        found["loss"] = float(np.mean((values - y) ** 2) / 2)
    if run.truth is not None:
        found["train_mse"] = float(np.mean((values - np.asarray(run.truth)) ** 2))
    if run.fresh_X is not None:
        error = network_values(network, np.asarray(run.fresh_X), run.activation) - np.asarray(run.fresh_truth)
        found["fresh_mse"] = float(np.mean(error**2))
    if with_sharpness:
        top = top_eigenvalue(network, X, y, activation=run.activation, warm=warm, seed=step, device=device)
        found["sharpness"], found["sharpness_residual"], warm = top.value, top.residual, top.vector
    found["seminorm"] = network.empirical_seminorm(X)
    if run.activation is Activation.RELU:
        radius = float(np.linalg.norm(X, axis=1).max())
        slacks = stability_slacks(found["sharpness"], found["loss"], radius, found["seminorm"])
        found["slack"], found["slack_sharp"] = slacks
    found["activation_rate"] = (network.preactivations(X) > 0).mean(axis=0)
    found["alive"] = int((found["activation_rate"] > 0).sum())
    found["weight_norm"] = np.abs(network.v) * np.linalg.norm(network.W, axis=1)
    return found, warm
