"""The figures of LQWP25: their trainings, numbers, drawings, and what the paper reports."""

from verify.figures.base import Experiment, Inputs, Scale
from verify.figures.mse import MSE_FIGURES
from verify.figures.neurons import NEURON_FIGURES

__all__ = ["EXPERIMENTS", "Experiment", "Inputs", "Scale", "experiment"]

EXPERIMENTS: tuple[Experiment, ...] = tuple(
    sorted((*MSE_FIGURES, *NEURON_FIGURES), key=lambda entry: int(entry.name.removeprefix("fig")))
)


def experiment(name: str) -> Experiment:
    """The figure of that name.

    >>> experiment("fig1")
    Traceback (most recent call last):
    ...
    ValueError: figures must be of fig2, ..., got 'fig1'; the paper's other figures are illustrations
    """
    known = {entry.name: entry for entry in EXPERIMENTS}
    if name not in known:
        shown = ", ".join(known)
        raise ValueError(f"figures must be of {shown}, got {name!r}; the paper's other figures are illustrations")
    return known[name]
