"""Figure 11: MSE against n with little noise and little weight decay, dimensions 1 to 3."""

from __future__ import annotations

from collections.abc import Sequence

from verify.figures.base import Experiment, Inputs, Record
from verify.figures.mse_figure import ETAS, compare_slopes, draw_with_decay, lines_of, mse_rows, mse_sweep
from verify.outcome import Outcome
from verify.sweep import Sweep

_DIMS = (1, 2, 3)


def sweep(inputs: Inputs) -> Sweep:
    """With decay 0.01 and without at every step size."""
    return mse_sweep(inputs, dims=_DIMS, etas=ETAS[inputs.scale], width_factor=2, sigma="0.5", decays=("0", "0.01"))


def compare(records: Sequence[Record]) -> list[Outcome]:
    """Exponents of the smallest and the largest dimension, with and without decay."""
    return compare_slopes("fig11", lines_of(records))


EXPERIMENT: Experiment = Experiment(
    name="fig11",
    title="MSE against n: sigma = 0.5, decay 0.01, d = 1, 2, 3",
    setting="linear target, sigma^2 = 0.25, width 2n, decay 0.01, median of 5 repetitions",
    choices="eta from 0.05 to 0.4 and n from 32 to 512, eta times steps = 10 000 as in Fig. 5, where the paper names none; "
    "trainings without decay beside those with it, which the caption's stable minima leave open. "
    "Small: n up to 256, eta 0.1 and 0.4, eta times steps = 1000.",
    sweep=sweep,
    rows=mse_rows,
    compare=compare,
    draw=draw_with_decay,
)
