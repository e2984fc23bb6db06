"""One cell of the rate study: some repetitions of one setting, trained as one batch."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from constructions.data import labels, uniform_ball
from constructions.network import Network
from verify.training.setting import Init, Run, initial_network
from verify.training.targets import make_target
from verify.training.top_eigenvalue import top_eigenvalue
from verify.training.train import train

__all__ = ["CELL_VERSION", "batch_size", "cell_seconds", "run_cell", "trace_steps", "training_runs"]

# Raised with every change, here or in what is used here, after which a cell gives other results (docs/sweeps.md).
CELL_VERSION = 1

# A neuron active on at most this share of the sample counts as rarely active (LQWP25, Fig. 3).
_RARE = 0.1
# Independent random streams of one repetition, by use.
_STREAMS = ("target", "data", "noise", "network", "fresh")
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


def training_runs(setting: Mapping[str, Any]) -> list[Run]:
    """The runs of a cell. Data and start depend on seed, repetition, dimension and sample size, not on the training."""
    dim, n = setting["dim"], setting["n"]
    runs = []
    for repeat in setting["repeats"]:
        streams = {use: np.random.default_rng([setting["seed"], repeat, dim, n, at]) for at, use in enumerate(_STREAMS)}
        target = make_target(setting["target"], dim, streams["target"])
        X, fresh = uniform_ball(n, dim, streams["data"]), uniform_ball(setting["fresh"], dim, streams["fresh"])
        truth = target(X)
        runs.append(
            Run(
                initial_network(Init(setting["init"]), setting["width"], dim, streams["network"]),
                X,
                labels(truth, setting["sigma"], streams["noise"]),
                eta=setting["eta"],
                decay=setting["decay"],
                clip=setting["clip"],
                truth=truth,
                fresh_X=fresh,
                fresh_truth=target(fresh),
                large_step=setting["eta"] >= 2,
            )
        )
    return runs


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
            active = rates[rates > 0]
            records.append(
                {
                    "repeat": repeat,
                    "step": step,
                    "loss": trace.loss[row],
                    "train_mse": trace.train_mse[row],
                    "fresh_mse": trace.fresh_mse[row],
                    # A run that diverged has NaN for all of these.
                    "alive": math.nan if np.isnan(rates).any() else len(active) / len(rates),
                    "rare": float((active <= _RARE).mean()) if len(active) else math.nan,
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
