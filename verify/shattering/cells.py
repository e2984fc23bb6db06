"""One cell of the studies of neurons: some repetitions of one setting, trained as one batch, and what is kept of each."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from verify.sweep import Sweep
from verify.training.runs import COMMON, training_runs
from verify.training.setting import Activation
from verify.training.trace import Trace, rare_share, spread_steps
from verify.training.train import train

# Raised with every change, here or in what is used here, after which a cell gives other results (docs/sweeps.md).
CELL_VERSION = 1

SWEEP_NAME = "neurons"
_CALL_SECONDS = 6e-5
_TRACES = 40


def run_neuron_cell(setting: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Train a cell; one record for each repetition, as by :func:`neuron_record`, with repeat and diverged_at.

    Parameters
    ----------
    setting : mapping
        As for :func:`verify.rates.cells.run_cell`, with activation and sharpness (whether to trace lambda_max).
    """
    training = train(
        training_runs(setting),
        setting["steps"],
        trace_at=setting["trace_at"],
        device=setting["device"],
        with_sharpness=setting["sharpness"],
    )
    return [
        {"repeat": repeat, "diverged_at": training.diverged_at[at], **neuron_record(training.traces[at])}
        for at, repeat in enumerate(setting["repeats"])
    ]


def neuron_record(trace: Trace) -> dict[str, Any]:
    """What is kept of a run, traces as arrays.

    Returns
    -------
    dict
        step, loss, train_mse, fresh_mse, lambda_max, seminorm, slack_sharp, alive, crossing (shares of the neurons active
        on some point, and on some but not on all) and rare along the trace; rates and norms of the neurons at the end.
    """
    # A run that diverged has NaN rates, which are neither.
    gone = np.isnan(trace.loss)
    active = trace.activation_rate > 0
    return {
        "step": trace.step,
        "loss": trace.loss,
        "train_mse": trace.train_mse,
        "fresh_mse": trace.fresh_mse,
        "lambda_max": trace.sharpness,
        "seminorm": trace.seminorm,
        "slack_sharp": trace.slack_sharp,
        "alive": np.where(gone, math.nan, active.mean(axis=1)),
        "crossing": np.where(gone, math.nan, (active & (trace.activation_rate < 1)).mean(axis=1)),
        "rare": [math.nan if lost else rare_share(r) for lost, r in zip(gone, trace.activation_rate, strict=True)],
        "rates": trace.activation_rate[-1],
        "norms": trace.weight_norm[-1],
    }


def neuron_cell(setting: Mapping[str, Any]) -> dict[str, Any]:
    """A cell of one training: what the setting leaves out is that of COMMON, with ReLU and without lambda_max."""
    usual = {"repeats": [0], "activation": Activation.RELU.value, "sharpness": False}
    return {**COMMON, **usual, "trace_at": spread_steps(setting["steps"], _TRACES), **setting}


def neuron_seconds(setting: Mapping[str, Any]) -> float:
    """Estimated time of a cell on one core; right within a factor of about four.

    Examples
    --------
    >>> cell = neuron_cell({"dim": 10, "n": 512, "width": 2048, "eta": 0.5, "steps": 20000, "seed": 0})
    >>> 10 < neuron_seconds(cell) < 100
    True
    """
    pairs = setting["n"] * setting["width"]
    # ReLU: a call, and the products with the pattern. GELU: every pair, and erf.
    pair = 8e-9 if setting["activation"] == Activation.GELU.value else 1e-10 * (setting["dim"] + 2)
    traces = len(setting["trace_at"]) * pairs * (3e-7 if setting["sharpness"] else 2e-8)
    return float(len(setting["repeats"]) * (setting["steps"] * (_CALL_SECONDS + pair * pairs) + traces))


def neuron_sweep(cells: Sequence[Mapping[str, Any]]) -> Sweep:
    """The sweep of these cells."""
    on_cpu = all(cell["device"] == "cpu" for cell in cells)
    return Sweep(SWEEP_NAME, tuple(cells), run_neuron_cell, seconds=neuron_seconds if on_cpu else None)
