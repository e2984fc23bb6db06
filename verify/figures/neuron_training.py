"""One training of the figures that look at neurons."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from verify.rates.cells import training_runs
from verify.shattering.claims import rare_share
from verify.training.setting import Activation
from verify.training.train import train

__all__ = ["CELL_VERSION", "run_neuron_cell"]

# Raised with every change, here or in what is used here, after which a cell gives other results (docs/sweeps.md).
CELL_VERSION = 1


def run_neuron_cell(setting: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Train a cell; one record for each repetition, its traces as lists and the neurons at the end.

    Parameters
    ----------
    setting : mapping
        As for :func:`verify.rates.cells.run_cell`, with activation and sharpness (whether to trace lambda_max).

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
