"""Figure 6: shattering with fewer parameters than points, or about as many."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from verify.figures.base import Experiment, Inputs, Record, Scale, comparison
from verify.figures.neuron_cells import neuron_cell, neuron_sweep
from verify.figures.neuron_panels import neuron_rows, rank_correlation, scatter, series
from verify.look import BLUE, ORANGE, panels
from verify.outcome import Outcome
from verify.sweep import Sweep

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_WIDTHS, _DECAYS = (32, 48, 64), (0.0, 0.05)
_STEPS = {Scale.SMALL: 5000, Scale.PAPER: 20000}


def sweep(inputs: Inputs) -> Sweep:
    """Every width with and without decay."""
    cells = [
        neuron_cell(inputs, dim=16, n=1024, width=width, eta=0.5, decay=decay, steps=_STEPS[inputs.scale])
        for decay in _DECAYS
        for width in _WIDTHS
    ]
    return neuron_sweep(cells, inputs.device)


def _median_rate(record: Record) -> float:
    rates = series(record, "rates")
    return float(np.median(rates[rates > 0])) if (rates > 0).any() else float("nan")


def compare(records: Sequence[Record]) -> list[Outcome]:
    """At every width: rare neurons with large norms, and rarer than with decay."""
    found = []
    for width in _WIDTHS:
        plain, decay = (
            next(r for r in records if r["width"] == width and (r["decay"] > 0) == with_decay)
            for with_decay in (False, True)
        )
        rates = _median_rate(plain), _median_rate(decay)
        correlation = rank_correlation(plain)
        found += [
            comparison(
                "fig6", f"width {width}: median activation rate without decay against with", rates[0], rates[1],
                rates[0] < rates[1], "<=",
            ),
            comparison(
                "fig6", f"width {width}: rank correlation of activation rate and weight norm without decay",
                correlation, 0.0, correlation < 0, "<=",
            ),
        ]  # fmt: skip
    return found


def draw(records: Sequence[Record], headline: str) -> Figure:
    """Neurons, without decay above, with decay below."""
    figure, grid = panels(len(_DECAYS), len(_WIDTHS), (3.6, 3.2), headline)
    for row, decay in enumerate(_DECAYS):
        for column, width in enumerate(_WIDTHS):
            record = next(r for r in records if r["width"] == width and r["decay"] == decay)
            scatter(grid[row, column], record, f"W = {width}, decay {decay:g}", BLUE if decay else ORANGE)
    return figure


EXPERIMENT: Experiment = Experiment(
    name="fig6",
    title="Shattering in the underparametrised regime",
    setting="n = 1024, width 32, 48, 64, eta = 0.5, decay 0 or 0.05",
    choices="d = 16, where the paper's parameter count Wd + W + 1 passes n between widths 48 and 64 as it says; "
    "20 000 steps (small: 5000).",
    sweep=sweep,
    rows=neuron_rows,
    compare=compare,
    draw=draw,
)
