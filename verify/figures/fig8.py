"""Figure 8: shattering across the input dimension, GELU."""

from __future__ import annotations

from collections.abc import Sequence

from verify.figures.base import Experiment, Inputs, Record, Scale
from verify.figures.dimension_figure import compare_dimensions, dimension_sweep, draw_dimensions
from verify.figures.neuron_panels import neuron_rows
from verify.outcome import Outcome
from verify.sweep import Sweep
from verify.training.setting import Activation

# n, width, steps. A step with GELU costs about ten times one with ReLU.
_SIZES = {Scale.SMALL: (256, 512, 4000), Scale.PAPER: (512, 1024, 20000)}


def sweep(inputs: Inputs) -> Sweep:
    """One training in each dimension."""
    n, width, steps = _SIZES[inputs.scale]
    return dimension_sweep(inputs, n=n, width=width, steps=steps, activation=Activation.GELU)


def compare(records: Sequence[Record]) -> list[Outcome]:
    """The trends."""
    return compare_dimensions(records, "fig8", reported=False)


EXPERIMENT: Experiment = Experiment(
    name="fig8",
    title="Shattering across the input dimension (GELU)",
    setting="as Fig. 4 with GELU: width 1024, n = 512, d = 1, ..., 6, eta = 0.5, 20 000 epochs",
    choices="GELU is z Phi(z); a neuron counts as active where its preactivation is positive. "
    "Small: n = 256, width 512, 4000 steps.",
    sweep=sweep,
    rows=neuron_rows,
    compare=compare,
    draw=draw_dimensions,
)
