"""Figure 13: MSE against n for a target with roots, gradient descent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from verify.figures.base import Experiment, Inputs, Record
from verify.figures.mse_figure import Panel, compare_slopes, draw_lines, lines_of, mse_rows
from verify.figures.root_figure import CHOICES, SETTING, root_sweep
from verify.outcome import Outcome
from verify.sweep import Sweep

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def sweep(inputs: Inputs) -> Sweep:
    """Gradient descent at every step size."""
    return root_sweep(inputs, (1, 2, 3, 4), ("0",))


def compare(records: Sequence[Record]) -> list[Outcome]:
    """Exponents of the smallest and the largest dimension."""
    return compare_slopes("fig13", lines_of(records))


def draw(records: Sequence[Record], headline: str) -> Figure:
    """One panel for each step size, one line for each dimension."""
    lines = lines_of(records)
    etas = sorted({x.eta for x in lines})
    row = [Panel(f"η = {eta:g}", [x for x in lines if x.eta == eta], lambda x: f"d = {x.dim}") for eta in etas]
    return draw_lines([row], headline)


EXPERIMENT: Experiment = Experiment(
    name="fig13",
    title="MSE against n: target with roots, d = 1, ..., 4",
    setting=SETTING,
    choices=CHOICES,
    sweep=sweep,
    rows=mse_rows,
    compare=compare,
    draw=draw,
)
