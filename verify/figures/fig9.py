"""Figure 9: MSE against n for gradient descent, dimensions 1 to 3."""

from __future__ import annotations

from collections.abc import Sequence

from verify.figures.base import Experiment, Inputs, Record
from verify.figures.mse_figure import ETAS, compare_slopes, draw_by_dimension, lines_of, mse_rows, mse_sweep
from verify.outcome import Outcome
from verify.sweep import Sweep

_DIMS = (1, 2, 3)


def sweep(inputs: Inputs) -> Sweep:
    """Gradient descent at every step size."""
    return mse_sweep(inputs, dims=_DIMS, etas=ETAS[inputs.scale], width_factor=4, sigma="1")


def compare(records: Sequence[Record]) -> list[Outcome]:
    """Exponents of the smallest and the largest dimension."""
    return compare_slopes("fig9", lines_of(records))


EXPERIMENT: Experiment = Experiment(
    name="fig9",
    title="MSE against n: gradient descent, d = 1, 2, 3",
    setting="linear target, sigma^2 = 1, width 4n, median of 5 repetitions",
    choices="eta from 0.05 to 0.4 and n from 32 to 512, eta times steps = 10 000 as in Fig. 5, where the paper names none. "
    "Small: n up to 256, eta 0.1 and 0.4, eta times steps = 1000.",
    sweep=sweep,
    rows=mse_rows,
    compare=compare,
    draw=draw_by_dimension,
)
