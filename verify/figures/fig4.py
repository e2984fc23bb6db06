"""Figure 4: shattering across the input dimension, ReLU."""

from __future__ import annotations

from collections.abc import Sequence

from verify.figures.base import Experiment, Inputs, Record, Scale
from verify.figures.dimension_figure import compare_dimensions, dimension_sweep, draw_dimensions
from verify.figures.neuron_panels import neuron_rows
from verify.outcome import Outcome
from verify.sweep import Sweep
from verify.training.setting import Activation

_STEPS = {Scale.SMALL: 6000, Scale.PAPER: 20000}


def sweep(inputs: Inputs) -> Sweep:
    """One training in each dimension."""
    return dimension_sweep(inputs, n=512, width=1024, steps=_STEPS[inputs.scale], activation=Activation.RELU)


def compare(records: Sequence[Record]) -> list[Outcome]:
    """The shares of the caption, and the trends."""
    return compare_dimensions(records, "fig4", reported=True)


EXPERIMENT: Experiment = Experiment(
    name="fig4",
    title="Shattering across the input dimension (ReLU)",
    setting="width 1024, n = 512, d = 1, ..., 6, eta = 0.5, 20 000 epochs, sigma = 1, linear target",
    choices="The share of neurons that stay active is read as: active on some but not on all points. Small: 6000 steps.",
    sweep=sweep,
    rows=neuron_rows,
    compare=compare,
    draw=draw_dimensions,
)
