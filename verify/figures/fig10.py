"""Figure 10: MSE against n for gradient descent, dimensions 4 and 5."""

from __future__ import annotations

from collections.abc import Sequence

from verify.figures.base import Experiment, Inputs, Record, comparison
from verify.figures.mse_figure import ETAS, compare_slopes, draw_by_dimension, lines_of, mse_rows, mse_sweep
from verify.outcome import Outcome
from verify.sweep import Sweep

_DIMS = (4, 5)


def sweep(inputs: Inputs) -> Sweep:
    """Gradient descent at every step size."""
    return mse_sweep(inputs, dims=_DIMS, etas=ETAS[inputs.scale], width_factor=4, sigma="1")


def compare(records: Sequence[Record]) -> list[Outcome]:
    """Exponents of both dimensions, and the two step sizes at d = 5."""
    lines = lines_of(records)
    last = sorted((x for x in lines if x.dim == _DIMS[-1]), key=lambda x: x.eta)
    smallest, largest = last[0], last[-1]
    found = [
        comparison(
            "fig10",
            f"exponent at d = {x.dim}, eta = {x.eta:g}; paper: almost flat",
            x.interval,
            0.0,
            x.exponent <= 0.2,
            evidence={"exponent": x.exponent},
        )
        for x in last
    ]
    claim = f"median MSE at d = {largest.dim} and the largest n, eta = {largest.eta:g} against {smallest.eta:g}"
    ends = largest.largest_n_median, smallest.largest_n_median
    worse = comparison("fig10", f"{claim}; paper: even worse", *ends, ends[0] >= ends[1], ">=")
    return [*compare_slopes("fig10", lines), *found, worse]


EXPERIMENT: Experiment = Experiment(
    name="fig10",
    title="MSE against n: gradient descent, d = 4, 5",
    setting="linear target, sigma^2 = 1, width 4n, median of 5 repetitions",
    choices="eta from 0.05 to 0.4 and n from 32 to 512, eta times steps = 10 000 as in Fig. 5, where the paper names none. "
    "Small: n up to 256, eta 0.1 and 0.4, eta times steps = 1000.",
    sweep=sweep,
    rows=mse_rows,
    compare=compare,
    draw=draw_by_dimension,
)
