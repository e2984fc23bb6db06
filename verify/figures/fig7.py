"""Figure 7: shattering of small networks in high dimension."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from verify.figures.base import Experiment, Inputs, Record, Scale, comparison
from verify.figures.neuron_cells import neuron_cell, neuron_sweep
from verify.figures.neuron_panels import neuron_rows, rank_correlation, scatter, series
from verify.look import panels
from verify.outcome import Outcome
from verify.sweep import Sweep

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_DIMS = (64, 48, 32)
_STEPS = {Scale.SMALL: 5000, Scale.PAPER: 20000}


def sweep(inputs: Inputs) -> Sweep:
    """One training in each dimension."""
    cells = [neuron_cell(inputs, dim=dim, n=1024, width=16, eta=0.5, steps=_STEPS[inputs.scale]) for dim in _DIMS]
    return neuron_sweep(cells, inputs.device)


def compare(records: Sequence[Record]) -> list[Outcome]:
    """Rare neurons have large norms."""
    found = []
    for record in records:
        correlation, rates = rank_correlation(record), series(record, "rates")
        found.append(
            comparison(
                "fig7",
                f"d = {record['dim']}: rank correlation of activation rate and weight norm",
                correlation,
                0.0,
                correlation < 0,
                "<=",
                {"rates": sorted(rates.tolist())},
            )
        )
    return found


def draw(records: Sequence[Record], headline: str) -> Figure:
    """Neurons, one panel for each dimension."""
    figure, grid = panels(1, len(records), (3.6, 3.2), headline)
    for axes, record in zip(grid[0], records, strict=True):
        scatter(axes, record, f"d = {record['dim']}")
    return figure


EXPERIMENT: Experiment = Experiment(
    name="fig7",
    title="Shattering of small networks in high dimension",
    setting="width 16, n = 1024, d = 64, 48, 32, eta = 0.5, linear target",
    choices="20 000 steps (small: 5000), sigma = 1, where the paper names neither.",
    sweep=sweep,
    rows=neuron_rows,
    compare=compare,
    draw=draw,
)
