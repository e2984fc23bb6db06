"""Figure 14: the target with roots, stable minima against weight decay, dimensions 1 and 2."""

from __future__ import annotations

from collections.abc import Sequence

from verify.figures.base import Experiment, Inputs, Record
from verify.figures.mse_figure import draw_with_decay, mse_rows
from verify.figures.root_figure import CHOICES, SETTING, compare_with_decay, root_sweep
from verify.outcome import Outcome
from verify.sweep import Sweep


def sweep(inputs: Inputs) -> Sweep:
    """Both kinds at every step size."""
    return root_sweep(inputs, (1, 2), ("0", "0.01"))


def compare(records: Sequence[Record]) -> list[Outcome]:
    """Exponents with the dimension, and without decay against with."""
    return compare_with_decay(records, "fig14")


EXPERIMENT: Experiment = Experiment(
    name="fig14",
    title="MSE against n: target with roots, with and without decay, d = 1, 2",
    setting=f"{SETTING}; against decay 0.01",
    choices=CHOICES,
    sweep=sweep,
    rows=mse_rows,
    compare=compare,
    draw=draw_with_decay,
)
