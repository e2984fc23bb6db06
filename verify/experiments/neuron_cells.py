"""Cells of the figures that look at neurons: one training with its trace, and every neuron at the end."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from verify.experiments.base import Inputs
from verify.rate_study.cells import SOURCES as RATE_SOURCES
from verify.rate_study.cells import training_runs
from verify.sweep import Sweep
from verify.training.setting import Activation, Init
from verify.training.shattering_outcomes import rare_share
from verify.training.train import train

__all__ = ["neuron_cell", "neuron_sweep", "run_neuron_cell", "spread_steps"]

SWEEP_NAME = "neurons"
SOURCES = (*RATE_SOURCES, "verify.rate_study.cells")
_CALL_SECONDS = 6e-5
_TRACES = 40


def spread_steps(steps: int, count: int = _TRACES) -> list[int]:
    """About ``count`` steps from 0 to the last, half evenly spaced, half evenly in their logarithm.

    >>> spread_steps(100, 8)
    [0, 2, 9, 25, 31, 50, 75, 100]
    """
    half = max(2, count // 2)
    even = {round(steps * i / half) for i in range(half + 1)}
    early = {round((steps + 1) ** (i / half)) - 1 for i in range(half + 1)}
    return sorted(even | early)


def neuron_cell(
    inputs: Inputs,
    *,
    dim: int,
    n: int,
    width: int,
    eta: float,
    steps: int,
    decay: float = 0.0,
    activation: Activation = Activation.RELU,
    sharpness: bool = False,
) -> dict[str, Any]:
    """The setting of one training with sigma = 1, the linear target and clipping at 50."""
    return {
        "dim": dim,
        "n": n,
        "width": width,
        "seed": inputs.seed,
        "repeats": [0],
        "eta": eta,
        "decay": decay,
        "clip": 50.0,
        "sigma": 1.0,
        "target": "linear",
        "init": Init.LINEAR.value,
        "activation": activation.value,
        "steps": steps,
        "trace_at": spread_steps(steps),
        "sharpness": sharpness,
        "fresh": 4096,
        "device": inputs.device,
    }


def run_neuron_cell(setting: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Train a cell; one record for each repetition, its traces as lists and the neurons at the end.

    Parameters
    ----------
    setting : mapping
        As for :func:`verify.rate_study.cells.run_cell`, with activation and sharpness (whether to trace lambda_max).

    Returns
    -------
    list of dict
        repeat, diverged_at, step, loss, train_mse, fresh_mse, lambda_max, seminorm, slack_sharp, alive, crossing (shares
        of the neurons active on some point, and on some but not on all) and rare along the trace; rates and norms of the
        neurons at the end.
    """
    activation = Activation(setting["activation"])
    training = train(
        [replace(run, activation=activation) for run in training_runs(setting)],
        setting["steps"],
        trace_at=setting["trace_at"],
        device=setting["device"],
        with_sharpness=setting["sharpness"],
    )
    records = []
    for at, repeat in enumerate(setting["repeats"]):
        trace = training.traces[at]
        # A run that diverged has NaN rates, which are neither.
        gone = np.isnan(trace.loss)
        alive = np.where(gone, math.nan, (trace.activation_rate > 0).mean(axis=1))
        inside = (trace.activation_rate > 0) & (trace.activation_rate < 1)
        records.append(
            {
                "repeat": repeat,
                "diverged_at": training.diverged_at[at],
                "step": trace.step,
                "loss": trace.loss,
                "train_mse": trace.train_mse,
                "fresh_mse": trace.fresh_mse,
                "lambda_max": trace.sharpness,
                "seminorm": trace.seminorm,
                "slack_sharp": trace.slack_sharp,
                "alive": alive,
                "crossing": np.where(gone, math.nan, inside.mean(axis=1)),
                "rare": [
                    math.nan if lost else rare_share(r) for lost, r in zip(gone, trace.activation_rate, strict=True)
                ],
                "rates": trace.activation_rate[-1],
                "norms": trace.weight_norm[-1],
            }
        )
    return records


def neuron_seconds(setting: Mapping[str, Any]) -> float:
    """Estimated time of a cell on one core; right within a factor of about four.

    Examples
    --------
    >>> cell = {"dim": 10, "n": 512, "width": 2048, "steps": 20000, "trace_at": [], "repeats": [0]}
    >>> 10 < neuron_seconds(cell | {"activation": "relu", "sharpness": False}) < 100
    True
    """
    pairs = setting["n"] * setting["width"]
    # ReLU: a call, and the products with the pattern. GELU: every pair, and erf.
    pair = 8e-9 if setting["activation"] == Activation.GELU.value else 1e-10 * (setting["dim"] + 2)
    traces = len(setting["trace_at"]) * pairs * (3e-7 if setting["sharpness"] else 2e-8)
    return float(len(setting["repeats"]) * (setting["steps"] * (_CALL_SECONDS + pair * pairs) + traces))


def neuron_sweep(cells: Sequence[Mapping[str, Any]], device: str) -> Sweep:
    """The sweep of these cells."""
    return Sweep(SWEEP_NAME, tuple(cells), run_neuron_cell, SOURCES, neuron_seconds if device == "cpu" else None)
