"""One look for all figures."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["BLUE", "COLOURS", "GREY", "ORANGE", "finish", "panels"]

# Distinguishable with every kind of colour vision (Okabe and Ito), dark ones first.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
BLUE, ORANGE = COLOURS[:2]
GREY = "0.5"
_PANEL = (3.6, 3.0)


def panels(rows: int, columns: int, headline: str) -> tuple[Figure, NDArray[np.object_]]:
    """A figure with a grid of panels, always as a two-dimensional array of axes."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(_PANEL[0] * columns, _PANEL[1] * rows + 0.4), layout="constrained")
    figure.suptitle(headline, fontsize=10)
    return figure, figure.subplots(rows, columns, squeeze=False)


def finish(axes: Axes, xlabel: str = "", ylabel: str = "", title: str = "", legend: bool = False) -> None:
    """Labels and frame of one panel."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_xlabel(xlabel)
    axes.set_ylabel(ylabel)
    axes.set_title(title, fontsize=9)
    axes.tick_params(labelsize=8)
    if legend and axes.get_legend_handles_labels()[0]:
        axes.legend(frameon=False, fontsize=7)
