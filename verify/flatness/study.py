"""Train by every method on the same data, and measure every network that is recorded on the way."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from constructions.network import Network
from verify.command import Progress, random_stream
from verify.flatness.claims import DECAY, GD, LABEL_NOISE, MEASURES, METHODS, Measured, facts_of, outcomes_of
from verify.flatness.setting import FlatnessSetting
from verify.hessian import sgd_threshold, sharpness
from verify.outcome import Report
from verify.stability.enclosure import SampleBounds
from verify.training.runs import random_run
from verify.training.setting import Run
from verify.training.stochastic import train_stochastic
from verify.training.trace import rare_share, spread_steps
from verify.training.train import train

_TRACES = 14
# Beyond, the threshold of SGD takes longer than all the rest.
_MOST_FOR_THRESHOLD = 128


@dataclass(frozen=True, eq=False)
class Experiment:
    """What was measured, by dimension and method: ``measured[d, method][i][j]`` of repetition i at step ``steps[j]``."""

    setting: FlatnessSetting
    steps: list[int]
    measured: Mapping[tuple[int, str], list[list[Measured | None]]]

    def series(self, dim: int, method: str, name: str) -> NDArray[np.float64]:
        """A measured number over repetitions and steps; NaN where the run has diverged."""
        rows = self.measured[dim, method]
        return np.array([[np.nan if m is None else m.number(name) for m in row] for row in rows])

    def arrays(self) -> dict[str, Any]:
        """The steps, and every series by its name: d5_sgd_trace."""
        found: dict[str, Any] = {"steps": np.array(self.steps)}
        for dim, method in self.measured:
            for name in MEASURES:
                key = f"d{dim}_{method.lower().replace(' ', '_').replace('-', '_')}_{name}"
                found[key] = self.series(dim, method, name)
        return found


def flatness_runs(setting: FlatnessSetting, method: str) -> list[Run]:
    """The runs of a method, dimension by dimension; data and start do not depend on the method."""
    found = []
    for dim in setting.dims:
        for repeat in range(setting.seeds):
            run = random_run(
                [setting.seed, dim, repeat], dim=dim, n=setting.n, width=setting.width, fresh=setting.fresh,
                sigma=float(setting.sigma), target=setting.truth, init=setting.init, eta=float(setting.eta),
            )  # fmt: skip
            start = run.network
            if not setting.bias:
                start = Network(start.W, np.zeros(start.width), start.v, start.beta)
            run = replace(run, network=start, bias=setting.bias, clip=float(setting.clip) or None)
            if method == DECAY:
                run = replace(run, eta=float(setting.decay_eta), decay=float(setting.decay))
            found.append(run)
    return found


def advance(
    runs: Sequence[Run], method: str, steps: int, rng: np.random.Generator, noise: float
) -> list[Network | None]:
    """The networks after more steps of the method."""
    if method in (GD, DECAY):
        return list(train(runs, steps).networks)
    return train_stochastic(runs, steps, rng, label_noise=noise if method == LABEL_NOISE else 0.0)


def measure(run: Run, network: Network, seed: int) -> Measured:
    """Everything that is recorded of a network; what claims are about is enclosed."""
    X, y = np.asarray(run.X), np.asarray(run.y)
    enclosed = SampleBounds(network, X, y)
    top = sharpness(network, X, y, seed=seed)
    active = network.preactivations(X) > 0
    fresh = network(np.asarray(run.fresh_X)) - np.asarray(run.fresh_truth)
    return Measured(
        sharpness=top.interval,
        trace=enclosed.trace,
        trace_seminorm=enclosed.trace_seminorm,
        sgd_sharpness=2 / sgd_threshold(network, X) if len(X) <= _MOST_FOR_THRESHOLD else math.nan,
        seminorm=network.empirical_seminorm(X),
        loss=float(np.mean((network(X) - y) ** 2) / 2),
        train_mse=float(np.mean((network(X) - np.asarray(run.truth)) ** 2)),
        fresh_mse=float(np.mean(fresh**2)),
        alive=float(active.any(axis=0).mean()),
        rare=rare_share(active.mean(axis=0)),
    )


def run_experiment(setting: FlatnessSetting) -> tuple[Experiment, Report]:
    """Train, measure, compare; progress goes to stderr.

    Examples
    --------
    >>> setting = FlatnessSetting.parse([2], 20, width=24, steps=100, seeds=2, fresh=50)
    >>> experiment, report = run_experiment(setting)
    >>> report.outcomes[0].verdict.value, experiment.series(2, "SGD", "trace").shape == (2, len(experiment.steps))
    ('proved', True)
    """
    marks = spread_steps(setting.steps, _TRACES)
    measured: dict[tuple[int, str], list[list[Measured | None]]] = {}
    with Progress(len(METHODS)) as progress:
        for method in METHODS:
            runs = flatness_runs(setting, method)
            rng = random_stream(METHODS, setting.seed, method)
            networks: list[Network | None] = [run.network for run in runs]
            rows: list[list[Measured | None]] = [[] for _ in runs]
            progress.step(method)
            for before, step in pairwise([0, *marks]):
                progress.note(f"{method}, step {step} of {setting.steps}")
                going = {i: replace(runs[i], network=one) for i, one in enumerate(networks) if one is not None}
                if going:
                    moved = advance([*going.values()], method, step - before, rng, float(setting.label_noise))
                    for i, network in zip(going, moved, strict=True):
                        networks[i] = network
                for run, network, row in zip(runs, networks, rows, strict=True):
                    row.append(None if network is None else measure(run, network, step))
            for at, dim in enumerate(setting.dims):
                measured[dim, method] = rows[at * setting.seeds : (at + 1) * setting.seeds]
    experiment = Experiment(setting, marks, measured)
    title = (
        f"Kinds of flatness: d = {', '.join(map(str, setting.dims))}, n = {setting.n}, width {setting.width}, "
        f"eta = {float(setting.eta):g}, {setting.steps} steps, seed {setting.seed}"
        + ("" if setting.bias else ", without biases")
    )
    facts = {f"d = {dim}, {method}": facts_of(rows) for (dim, method), rows in measured.items()}
    return experiment, Report(title, setting.as_json(), facts, outcomes_of(setting, measured), progress.timing)
