"""Figure 3: neural shattering at a large step size, against weight decay."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from verify.figures.base import Experiment, Inputs, Record, Scale, comparison
from verify.figures.neuron_cells import neuron_cell, neuron_sweep
from verify.figures.neuron_panels import last, neuron_rows, scatter, series
from verify.look import BLUE, ORANGE, guide, panels, steps
from verify.outcome import Interval, Outcome
from verify.shattering.claims import EDGE_BAND
from verify.sweep import Sweep

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_STEPS = {Scale.SMALL: 8000, Scale.PAPER: 20000}
_COLOURS = (ORANGE, BLUE)


def sweep(inputs: Inputs) -> Sweep:
    """Both trainings, from one start on the same data."""
    cells = [
        neuron_cell(inputs, dim=10, n=512, width=2048, eta=eta, decay=decay, steps=_STEPS[inputs.scale], sharpness=True)
        for eta, decay in ((0.9, 0.0), (0.01, 0.1))
    ]
    return neuron_sweep(cells, inputs.device)


def compare(records: Sequence[Record]) -> list[Outcome]:
    """The values that the paper's text and caption report."""
    plain, decay = records
    edge = 2 / plain["eta"]
    late = series(plain, "step") >= plain["steps"] / 2
    middle = float(np.median(series(plain, "lambda_max")[late]))
    band = Interval(EDGE_BAND[0] * edge, EDGE_BAND[1] * edge, "edge-of-stability band about 2/eta")
    rates = series(plain, "rates")
    share = last(plain, "rare")
    errors = last(plain, "train_mse"), last(decay, "train_mse")
    name = "fig3"
    return [
        comparison(name, "median lambda_max of the last half; paper: about 2/eta", middle, band, middle in band, "in"),
        comparison(
            name, "share of the alive neurons active on at most 10 % of the data; paper: all", share, 1.0, share >= 0.9,
            evidence={"largest activation rate": float(rates.max()), "alive": last(plain, "alive")},
        ),
        comparison(
            name, "MSE to the truth on the training points, eta = 0.9", errors[0], 1.105, abs(errors[0] - 1.105) < 0.2
        ),
        comparison(
            name, "the same with decay 0.1, eta = 0.01", errors[1], 0.055, errors[1] < 0.11,
            evidence={"least along the trace": float(np.nanmin(series(decay, "train_mse")))},
        ),
    ]  # fmt: skip


def draw(records: Sequence[Record], headline: str) -> Figure:
    """Neurons, loss, lambda_max and errors of both."""
    figure, grid = panels(2, 3, (3.6, 3.2), headline)
    names = [f"η = {r['eta']:g}, decay {r['decay']:g}" for r in records]
    for axes, record, name, colour in zip(grid[0], records, names, _COLOURS, strict=False):
        scatter(axes, record, name, colour)
    quantities = (
        (grid[0, 2], "loss", "training loss"),
        (grid[1, 0], "lambda_max", "λ_max of the Hessian"),
        (grid[1, 1], "train_mse", "MSE, training points"),
        (grid[1, 2], "fresh_mse", "MSE, fresh points"),
    )
    for axes, quantity, label in quantities:
        for record, name, colour in zip(records, names, _COLOURS, strict=True):
            axes.plot(series(record, "step"), series(record, quantity), color=colour, label=name)
        axes.set(yscale="log", ylabel=label)
        steps(axes)
    grid[0, 2].legend(fontsize=7)
    guide(grid[1, 0], y=2 / records[0]["eta"], colour=ORANGE)
    return figure


EXPERIMENT: Experiment = Experiment(
    name="fig3",
    title="Neural shattering: a large step size against weight decay",
    setting="width 2048, n = 512, d = 10, sigma = 1, linear target; eta = 0.9, against eta = 0.01 with decay 0.1",
    choices="20 000 steps, where the paper names none (small: 8000); the initialisation of torch.nn.Linear.",
    sweep=sweep,
    rows=neuron_rows,
    compare=compare,
    draw=draw,
)
