"""The figures of LQWP25, one file each."""

from verify.figures import (
    fig2,
    fig3,
    fig4,
    fig5,
    fig6,
    fig7,
    fig8,
    fig9,
    fig10,
    fig11,
    fig12,
    fig13,
    fig14,
    fig15,
)
from verify.figures.base import Experiment, Inputs, Scale

__all__ = ["EXPERIMENTS", "Experiment", "Inputs", "Scale", "experiment"]

EXPERIMENTS: tuple[Experiment, ...] = (
    fig2.EXPERIMENT,
    fig3.EXPERIMENT,
    fig4.EXPERIMENT,
    fig5.EXPERIMENT,
    fig6.EXPERIMENT,
    fig7.EXPERIMENT,
    fig8.EXPERIMENT,
    fig9.EXPERIMENT,
    fig10.EXPERIMENT,
    fig11.EXPERIMENT,
    fig12.EXPERIMENT,
    fig13.EXPERIMENT,
    fig14.EXPERIMENT,
    fig15.EXPERIMENT,
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
