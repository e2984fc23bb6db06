"""Figure 5: shattering and the step size."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from verify.figures.base import Experiment, Inputs, Record, Scale, comparison
from verify.figures.neuron_cells import neuron_cell, neuron_sweep
from verify.figures.neuron_panels import active_norm, curves, last, neuron_rows, scatter
from verify.look import panels
from verify.outcome import Outcome
from verify.sweep import Sweep

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_ETAS = (0.05, 0.1, 0.2, 0.4, 0.8)
# n, width, eta times steps.
_SIZES = {Scale.SMALL: (256, 512, 2000), Scale.PAPER: (512, 1024, 10000)}


def sweep(inputs: Inputs) -> Sweep:
    """One training at each step size, all for the same time eta times steps."""
    n, width, time = _SIZES[inputs.scale]
    cells = [neuron_cell(inputs, dim=5, n=n, width=width, eta=eta, steps=round(time / eta)) for eta in _ETAS]
    return neuron_sweep(cells, inputs.device)


def compare(records: Sequence[Record]) -> list[Outcome]:
    """Smallest against largest step size."""
    ordered = sorted(records, key=lambda r: float(r["eta"]))
    rare, norms = [last(r, "rare") for r in ordered], [active_norm(r) for r in ordered]
    evidence = {"eta": [r["eta"] for r in ordered], "rare": rare, "median norm": norms}
    return [
        comparison(
            "fig5",
            "share of the alive neurons active on at most 10 % of the data, largest eta against smallest",
            rare[-1], rare[0], rare[-1] > rare[0], ">", evidence,
        ),
        comparison(
            "fig5", "median weight norm of the active neurons, largest eta against smallest",
            norms[-1], norms[0], norms[-1] > norms[0], ">",
        ),
    ]  # fmt: skip


def draw(records: Sequence[Record], headline: str) -> Figure:
    """Neurons above, curves below, one column for each step size."""
    ordered = sorted(records, key=lambda r: float(r["eta"]))
    figure, grid = panels(2, len(ordered), (3.6, 3.2), headline)
    for (top, bottom), record in zip(grid.T, ordered, strict=True):
        scatter(top, record, f"η = {record['eta']:g}")
        curves(bottom, record)
    grid[1, 0].legend(fontsize=7)
    return figure


EXPERIMENT: Experiment = Experiment(
    name="fig5",
    title="Shattering and the step size, d = 5",
    setting="d = 5, eta varied, eta times epochs = 10 000, no decay",
    choices="n = 512 and width 1024 as in Fig. 4, eta from 0.05 to 0.8: the paper names none of these. "
    "Small: n = 256, width 512, eta times steps = 2000.",
    sweep=sweep,
    rows=neuron_rows,
    compare=compare,
    draw=draw,
)
