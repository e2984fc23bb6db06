"""Marks that several figures of verify share; colours, settings and panels are those of :mod:`boundcalc.style`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from boundcalc.style import BLUE, GREY

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def guide(
    axes: Axes, *, x: float | None = None, y: float | None = None, words: str = "", colour: str = GREY, label: str = ""
) -> None:
    """A thin dashed line at a value of x or of y, with words beside it, or a label in the legend."""
    style: dict[str, Any] = {"color": colour, "linewidth": 0.9, "linestyle": "--", "label": label or "_guide"}
    text: dict[str, Any] = {"color": colour, "fontsize": 8, "textcoords": "offset points"}
    if x is not None:
        axes.axvline(x, **style)
        axes.annotate(words, (x, 0.97), (4, 0), xycoords=("data", "axes fraction"), va="top", **text)
    if y is not None:
        axes.axhline(y, **style)
        axes.annotate(words, (0.15, y), (0, 3), xycoords=("axes fraction", "data"), **text)


def neurons(axes: Axes, rates: ArrayLike, norms: ArrayLike, colour: str = BLUE, title: str = "") -> None:
    """Activation rate against weight norm, one dot for each neuron."""
    axes.scatter(np.asarray(rates), np.asarray(norms), s=8, color=colour, alpha=0.5, linewidths=0)
    axes.set(xlabel="activation rate", ylabel=r"weight norm $|v_k|\,\|w_k\|$", title=title)


def steps(axes: Axes) -> None:
    """The axis of the steps of a training: linear for the first ten, then logarithmic."""
    axes.set_xscale("symlog", linthresh=10)
    axes.set(xlim=(0, None), xlabel="step")
