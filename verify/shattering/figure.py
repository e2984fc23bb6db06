"""The figure of the shattering experiment."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from verify.look import BLUE, ORANGE, guide, neurons, panels, steps, styled
from verify.shattering.claims import RARE, rare_share
from verify.shattering.study import NAMES, Experiment

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["shattering_figure"]

_COLOURS = (ORANGE, BLUE)


@styled()
def shattering_figure(experiment: Experiment) -> Figure:
    """Loss, lambda_max against 2/eta, errors, shares of neurons, and activation rate against weight norm."""
    setting, training = experiment.setting, experiment.training
    title = (
        f"d = {setting.dim}, n = {setting.n}, width {setting.width}, σ = {float(setting.sigma):g}, seed {setting.seed}"
    )
    figure, grid = panels(2, 3, (4, 3.3), title)
    names = [f"η = {run.eta:g}" + (f", decay {run.decay:g}" if run.decay else ", no decay") for run in training.runs]
    _curves(grid[0, 0], experiment, names, "loss", "training loss")
    _sharpness(grid[0, 1], experiment, names)
    _errors(grid[0, 2], experiment, names)
    _shares(grid[1, 0], experiment, names)
    for axes, at in ((grid[1, 1], 0), (grid[1, 2], 1)):
        _scatter(axes, experiment, at)
    return figure


def _curves(axes: Axes, experiment: Experiment, names: list[str], field: str, label: str, legend: bool = True) -> None:
    for name, trace, colour in zip(names, experiment.training.traces, _COLOURS, strict=True):
        axes.plot(trace.step, getattr(trace, field), color=colour, label=name)
    axes.set_yscale("log")
    steps(axes)
    axes.set_ylabel(label)
    if legend:
        axes.legend()


def _sharpness(axes: Axes, experiment: Experiment, names: list[str]) -> None:
    _curves(axes, experiment, names, "sharpness", r"$\lambda_{\max}$ of the Hessian", legend=False)
    for run, colour in zip(experiment.training.runs, _COLOURS, strict=True):
        edge = 2 / run.eta
        guide(axes, y=edge, words=f"2/η = {edge:.3g}", colour=colour)
    axes.set_ylim(top=1.6 * axes.get_ylim()[1])


def _errors(axes: Axes, experiment: Experiment, names: list[str]) -> None:
    for name, trace, colour in zip(names, experiment.training.traces, _COLOURS, strict=True):
        axes.plot(trace.step, trace.train_mse, color=colour, label=f"{name}: training points")
        axes.plot(trace.step, trace.fresh_mse, color=colour, linestyle=":", label="… fresh points")
    axes.set_yscale("log")
    steps(axes)
    axes.set_ylabel("MSE to the truth")
    axes.legend()


def _shares(axes: Axes, experiment: Experiment, names: list[str]) -> None:
    for name, trace, colour in zip(names, experiment.training.traces, _COLOURS, strict=True):
        alive = trace.alive / trace.activation_rate.shape[1]
        rare = np.array([rare_share(rate) for rate in trace.activation_rate])
        axes.plot(trace.step, alive, color=colour, label=f"{name}: alive")
        axes.plot(trace.step, rare, color=colour, linestyle=":", label=f"… active on ≤ {RARE:.0%}")
    axes.set_ylim(0, 1.3)
    axes.set_yticks(np.linspace(0, 1, 6))
    steps(axes)
    axes.set_ylabel("share of neurons")
    axes.legend(fontsize=7, ncols=2, loc="upper center", columnspacing=1)


def _scatter(axes: Axes, experiment: Experiment, at: int) -> None:
    trace = experiment.training.traces[at]
    rate, norm = trace.activation_rate[-1], trace.weight_norm[-1]
    active = rate > 0
    title = f"{NAMES[at]}: {int(active.sum())} of {len(rate)} neurons alive"
    neurons(axes, rate[active], norm[active], _COLOURS[at], title)
    guide(axes, x=RARE)
    axes.set(xlim=(0, 1), yscale="log")
