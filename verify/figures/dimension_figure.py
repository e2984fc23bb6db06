"""Figures 4 and 8: the same training in dimensions 1 to 6, with ReLU and with GELU."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from verify.figures.base import Inputs, Record, comparison
from verify.figures.neuron_cells import neuron_cell, neuron_sweep
from verify.figures.neuron_panels import curves, last, rank_correlation, scatter
from verify.look import panels
from verify.outcome import Outcome
from verify.sweep import Sweep
from verify.training.setting import Activation

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["compare_dimensions", "dimension_sweep", "draw_dimensions"]

DIMS = (1, 2, 3, 4, 5, 6)


def dimension_sweep(inputs: Inputs, *, n: int, width: int, steps: int, activation: Activation) -> Sweep:
    """One training in each dimension, eta = 0.5."""
    cells = [
        neuron_cell(inputs, dim=dim, n=n, width=width, eta=0.5, steps=steps, activation=activation) for dim in DIMS
    ]
    return neuron_sweep(cells, inputs.device)


def compare_dimensions(records: Sequence[Record], figure: str, reported: bool) -> list[Outcome]:
    """Trends with the dimension, and what the captions add: shares in Fig. 4 (``reported``), norms in Fig. 8."""
    ordered = sorted(records, key=lambda r: int(r["dim"]))
    crossing = [last(r, "crossing") for r in ordered]
    loss, error = ([last(r, name) for r in ordered] for name in ("loss", "train_mse"))
    evidence = {
        "dims": [r["dim"] for r in ordered],
        "share active on some, not all points": crossing,
        "alive": [last(r, "alive") for r in ordered],
        "loss": loss,
        "train_mse": error,
    }
    rises, falls = _spearman(error), _spearman(loss)
    found = [
        comparison(
            figure, "rank correlation of MSE with d; paper: the MSE rises", rises, 1.0, rises >= 0.7, "=", evidence
        ),
        comparison(figure, "rank correlation of loss with d; paper: the loss falls", falls, -1.0, falls <= -0.7),
    ]
    if reported:
        claim = "share of neurons active on some but not on all points"
        first, last_share = crossing[0], crossing[-1]
        return [
            *found,
            comparison(
                figure, f"{claim}, d = 6 against d = 1; paper: rises", last_share, first, last_share > first, ">"
            ),
            comparison(figure, f"{claim}, d = 1; paper: none", first, 0.0, first <= 0.05),
            comparison(figure, f"{claim}, d = 6; paper: up to 65 %", last_share, 0.65, 0.5 <= last_share <= 0.8),
        ]
    correlations = [rank_correlation(r) for r in ordered]
    largest = max(correlations)
    claim = "rank correlation of activation rate and weight norm, largest over d; paper: rare neurons have large norms"
    by_dim = {"by dimension": correlations}
    return [*found, comparison(figure, claim, largest, 0.0, largest < 0, "<=", by_dim)]


def _spearman(values: Sequence[float]) -> float:
    from scipy.stats import rankdata

    if not np.isfinite(values).all():
        return float("nan")
    return float(np.corrcoef(np.arange(len(values)), rankdata(values))[0, 1])


def draw_dimensions(records: Sequence[Record], headline: str) -> Figure:
    """Neurons above, curves below, one column for each dimension."""
    ordered = sorted(records, key=lambda r: int(r["dim"]))
    figure, grid = panels(2, len(ordered), (3.6, 3.2), headline)
    for (top, bottom), record in zip(grid.T, ordered, strict=True):
        scatter(top, record, f"d = {record['dim']}")
        curves(bottom, record)
    grid[1, 0].legend(fontsize=7)
    return figure
