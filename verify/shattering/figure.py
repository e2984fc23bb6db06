"""The figure of the shattering experiment, from the records of its trainings, and the panels that it shares with others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from boundcalc.style import BLUE, GREY, ORANGE, panels, styled
from verify.look import guide, neurons, steps
from verify.shattering.cells import neuron_record
from verify.shattering.study import Experiment
from verify.training.trace import RARE

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Record = Mapping[str, Any]
_COLOURS = (ORANGE, BLUE)


def shattering_figure(experiment: Experiment) -> Figure:
    """Of the command."""
    setting, training = experiment.setting, experiment.training
    records = [
        {"eta": run.eta, "decay": run.decay, **neuron_record(trace)}
        for run, trace in zip(training.runs, training.traces, strict=True)
    ]
    sigma = float(setting.sigma)
    title = f"d = {setting.dim}, n = {setting.n}, width {setting.width}, σ = {sigma:g}, seed {setting.seed}"
    return draw_pair(records, title)


@styled()
def draw_pair(records: Sequence[Record], title: str) -> Figure:
    """Loss, lambda_max against 2/eta, errors, shares of neurons, and activation rate against weight norm, of both runs."""
    figure, grid = panels(2, 3, (4, 3.3), title)
    loss, sharpness, errors, shares, *scatters = grid.flat
    for record, axes, colour in zip(records, scatters, _COLOURS, strict=True):
        name = f"η = {record['eta']:g}, " + (f"decay {record['decay']:g}" if record["decay"] else "no decay")
        _curves(loss, record, colour, {"loss": name})
        _curves(sharpness, record, colour, {"lambda_max": name})
        _curves(errors, record, colour, {"train_mse": f"{name}: training points", "fresh_mse": "… fresh points"})
        _curves(shares, record, colour, {"alive": f"{name}: alive", "rare": f"… active on ≤ {RARE:.0%}"})
        guide(sharpness, y=2 / record["eta"], words=f"2/η = {2 / record['eta']:.3g}", colour=colour)
        scatter(axes, record, name, colour)
        axes.set_yscale("log")
    words = ("training loss", r"$\lambda_{\max}$ of the Hessian", "MSE to the truth")
    for axes, label in zip((loss, sharpness, errors), words, strict=True):
        axes.set(yscale="log", ylabel=label)
    sharpness.set_ylim(top=1.6 * sharpness.get_ylim()[1])
    shares.set(ylim=(0, 1.3), yticks=np.linspace(0, 1, 6), ylabel="share of neurons")
    loss.legend()
    errors.legend()
    shares.legend(fontsize=7, ncols=2, loc="upper center", columnspacing=1)
    return figure


def _curves(axes: Axes, record: Record, colour: str, words: Mapping[str, str]) -> None:
    """Quantities along the training, with their labels; the second one dotted."""
    for (name, label), style in zip(words.items(), ("-", ":"), strict=False):
        axes.plot(series(record, "step"), series(record, name), color=colour, linestyle=style, label=label)
    steps(axes)


def series(record: Record, name: str) -> NDArray[np.float64]:
    """A traced quantity or a list of neurons as an array; None, which stands for NaN in a store, reads back as NaN."""
    return np.array(record[name], dtype=np.float64)


def alive(record: Record) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Rates and norms of the neurons that are active somewhere at the end."""
    rates, norms = series(record, "rates"), series(record, "norms")
    return rates[rates > 0], norms[rates > 0]


def scatter(axes: Axes, record: Record, title: str, colour: str = ORANGE) -> None:
    """Activation rate against weight norm of every neuron that is alive."""
    rates, norms = alive(record)
    neurons(axes, rates, norms, colour, f"{title}: {len(rates)} of {len(record['rates'])} alive")
    guide(axes, x=RARE)
    axes.set_xlim(-0.02, 1.02)


def curves(axes: Axes, record: Record) -> None:
    """Training loss and MSE to the truth along the training."""
    step = series(record, "step")
    axes.plot(step, 2 * series(record, "loss"), color=GREY, label="twice the loss")
    axes.plot(step, series(record, "train_mse"), color=ORANGE, label="MSE, training points")
    axes.plot(step, series(record, "fresh_mse"), color=BLUE, label="MSE, fresh points")
    axes.set_yscale("log")
    steps(axes)
