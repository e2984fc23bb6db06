"""One cell of the rate study: some repetitions of one setting, trained as one batch."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from constructions.network import Network
from verify.sweep import Sweep
from verify.training.runs import COMMON, training_runs
from verify.training.setting import Run
from verify.training.top_eigenvalue import top_eigenvalue
from verify.training.trace import rare_share
from verify.training.train import train

# Raised with every change, here or in what is used here, after which a cell gives other results (docs/sweeps.md).
CELL_VERSION = 1

# Pairs (point, neuron) that the host steps together: larger batches gain nothing.
_BATCH_PAIRS = 2**19
_MOST_RUNS = 5
# One step of one run on one core, float32: per call, and per pair (point, neuron).
_STEP_SECONDS = 12e-6
_PAIR_SECONDS = 1.2e-9


def batch_size(n: int, width: int) -> int:
    """Repetitions that are trained together: as many as gain by it, at most five, so that little is lost with a cell."""
    return max(1, min(_MOST_RUNS, _BATCH_PAIRS // (n * width)))


def trace_steps(steps: int) -> list[int]:
    """Steps 0, 100, 200, 500, 1000, ... and the last one.

    >>> trace_steps(2500)
    [0, 100, 200, 500, 1000, 2000, 2500]
    """
    marks = {0, steps}
    for power in range(2, 10):
        marks |= {lead * 10**power for lead in (1, 2, 5) if lead * 10**power <= steps}
    return sorted(marks)


def run_cell(setting: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Train a cell; one record for each repetition and traced step.

    Parameters
    ----------
    setting : mapping
        dim, n, width, seed, repeats (list), eta, decay, clip (None for none), sigma, target, init, steps, trace_at (list),
        fresh (points for the population error), device.

    Returns
    -------
    list of dict
        repeat, step, loss, train_mse, fresh_mse, alive (share of neurons), rare (share of those active on at most 10 % of
        the sample), diverged_at (None for a run that did not), and, at the last step only, lambda_max and optimized, the
        share of points with (f(x_i) - y_i)^2 <= (f_0(x_i) - y_i)^2, and sup, the largest |f| on the sample and the fresh
        points. A run that diverged has NaN from then on.
    """
    training = train(
        training_runs(setting),
        setting["steps"],
        trace_at=setting["trace_at"],
        device=setting["device"],
        with_sharpness=False,
    )
    records = []
    for at, repeat in enumerate(setting["repeats"]):
        trace, network = training.traces[at], training.networks[at]
        last = _last(training.runs[at], network, setting)
        for row, step in enumerate(trace.step.tolist()):
            rates = trace.activation_rate[row]
            records.append(
                {
                    "repeat": repeat,
                    "step": step,
                    "loss": trace.loss[row],
                    "train_mse": trace.train_mse[row],
                    "fresh_mse": trace.fresh_mse[row],
                    # A run that diverged has NaN for all of these.
                    "alive": math.nan if np.isnan(rates).any() else float((rates > 0).mean()),
                    "rare": rare_share(rates),
                    "diverged_at": training.diverged_at[at],
                    **(last if step == setting["steps"] else {}),
                }
            )
    return records


def _last(run: Run, network: Network | None, setting: Mapping[str, Any]) -> dict[str, float]:
    """What is measured at the end only: it costs more."""
    if network is None:
        return {"lambda_max": math.nan, "optimized": math.nan, "sup": math.nan}
    X, y = np.asarray(run.X), np.asarray(run.y)
    device = None if setting["device"] == "cpu" else setting["device"]
    top = top_eigenvalue(network, X, y, activation=run.activation, seed=0, device=device)
    values = network(X)
    optimized = (values - y) ** 2 <= (np.asarray(run.truth) - y) ** 2
    largest = max(float(np.abs(values).max()), float(np.abs(network(np.asarray(run.fresh_X))).max()))
    return {"lambda_max": top.value, "optimized": float(optimized.mean()), "sup": largest}


def cell_seconds(setting: Mapping[str, Any]) -> float:
    """Estimated time of a cell on one core; right within a factor of about three.

    Examples
    --------
    >>> cell = {"n": 512, "width": 2048, "steps": 20000, "repeats": [0]}
    >>> 10 < cell_seconds(cell) < 100
    True
    """
    step = _STEP_SECONDS + _PAIR_SECONDS * setting["n"] * setting["width"]
    return float(len(setting["repeats"]) * setting["steps"] * step)


def rate_cells(setting: Mapping[str, Any], repeats: int) -> list[dict[str, Any]]:
    """The cells of ``repeats`` trainings of a setting: what it leaves out is that of COMMON, traces are taken as always.

    >>> cells = rate_cells({"dim": 3, "n": 512, "width": 2048, "seed": 0, "eta": 0.2, "steps": 500}, 2)
    >>> [(cell["repeats"], cell["trace_at"], cell["sigma"]) for cell in cells]
    [([0], [0, 100, 200, 500], 1.0), ([1], [0, 100, 200, 500], 1.0)]
    """
    whole = {**COMMON, "trace_at": trace_steps(setting["steps"]), **setting}
    size = batch_size(whole["n"], whole["width"])
    return [{**whole, "repeats": list(range(first, min(first + size, repeats)))} for first in range(0, repeats, size)]


def sweep_of(cells: Sequence[Mapping[str, Any]]) -> Sweep:
    """The sweep of these cells, of one store with every other of them."""
    return Sweep("rates", tuple(cells), run_cell, seconds=cell_seconds if cells[0]["device"] == "cpu" else None)
