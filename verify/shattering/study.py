"""The shattering experiment: the same network and data trained at a large step size, and with weight decay."""

from __future__ import annotations

import time
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from verify.command import Progress, Setting, asked
from verify.outcome import Report
from verify.shattering.claims import facts_of, outcomes_of
from verify.shattering.setting import ShatteringSetting
from verify.training.runs import random_run
from verify.training.setting import Run
from verify.training.train import Training, train

NAMES = ("without decay", "with decay")


@dataclass(frozen=True, eq=False)
class Experiment:
    """The runs without and with weight decay, in this order."""

    setting: ShatteringSetting
    training: Training

    def arrays(self) -> dict[str, Any]:
        """Data, traces and trained networks."""
        training = self.training
        found: dict[str, Any] = {"X": training.runs[0].X, "y": training.runs[0].y}
        for name, trace, network in zip(("plain", "decay"), training.traces, training.networks, strict=True):
            found |= {f"{name}_{f.name}": getattr(trace, f.name) for f in fields(trace)}
            if network is not None:
                found |= {f"{name}_{key}": value for key, value in network.arrays.items()}
        return found


def shattering_runs(setting: ShatteringSetting) -> list[Run]:
    """Both runs, from the same start on the same data."""
    drawn = random_run(
        [setting.seed], dim=setting.dim, n=setting.n, width=setting.width, fresh=setting.fresh,
        sigma=float(setting.sigma), target=setting.truth, init=setting.init, eta=float(setting.eta),
    )  # fmt: skip
    plain = replace(drawn, clip=float(setting.clip) or None)
    large = setting.large_step
    return [plain, replace(plain, eta=float(setting.decay_eta), decay=float(setting.decay), large_step=large)]


@dataclass(frozen=True)
class Checkpoint(Setting):
    """Where the state of a training is kept, as for :func:`verify.training.train`; no result depends on it."""

    checkpoint: str | None = asked("checkpoint")


def run_experiment(setting: ShatteringSetting, kept: Checkpoint = Checkpoint(None)) -> tuple[Experiment, Report]:
    """Train, measure, compare; progress goes to stderr.

    Examples
    --------
    >>> setting = ShatteringSetting.parse(2, 40, width=64, steps=200, traces=8, fresh=50)
    >>> _, report = run_experiment(setting)
    >>> sorted(report.facts)
    ['with decay', 'without decay']
    """
    start = time.perf_counter()
    tenths = 10

    with Progress(tenths + 1) as progress:
        announced = 0

        def tell(step: int) -> None:
            nonlocal announced
            while announced < tenths and step * tenths >= announced * setting.steps:
                progress.step(f"step {step} of {setting.steps}, with and without decay")
                announced += 1

        training = train(
            shattering_runs(setting),
            setting.steps,
            trace_at=setting.trace_steps(),
            device=setting.device,
            checkpoint=None if kept.checkpoint is None else Path(kept.checkpoint),
            progress=tell,
        )
        timing = {"training": time.perf_counter() - start}
        progress.step("enclosing lambda_max of the trained networks")
        experiment = Experiment(setting, training)
        outcomes = outcomes_of(setting, training)
    timing["total"] = time.perf_counter() - start
    title = (
        f"Neural shattering: d = {setting.dim}, n = {setting.n}, width {setting.width}, "
        f"eta = {float(setting.eta):g}, {setting.steps} steps, seed {setting.seed}"
    )
    facts = {name: facts_of(training, at) for at, name in enumerate(NAMES)}
    return experiment, Report(title, setting.as_json(), facts, outcomes, timing)
