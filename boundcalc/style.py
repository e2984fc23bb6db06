"""How figures look, whatever a user's matplotlibrc says: colours, settings, panels, labels at the ends of lines."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure

# Okabe and Ito's palette, distinct with every kind of colour vision, dark ones first.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
BLUE, ORANGE, GREEN, PINK = COLOURS[:4]
BLACK, GREY = "#000000", "0.5"
DASHED = (0, (5, 3))

_SETTINGS = {
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 10,
    "axes.labelsize": 9.5,
    "xtick.labelsize": 9,
    "ytick.labelsize": 9,
    "figure.titlesize": 11,
    "legend.frameon": False,
    "legend.fontsize": 8,
    "legend.title_fontsize": 8,
    "lines.linewidth": 1.4,
    "lines.markersize": 4,
    "svg.hashsalt": "boundcalc",
}


@contextmanager
def styled() -> Iterator[None]:
    """Draw with this look, and nothing of the user's settings; a context, or a decorator of a function that draws.

    >>> with styled():
    ...     figure, axes = panels(1, 2)
    >>> axes.shape
    (1, 2)
    """
    from matplotlib.style import context

    with context(_SETTINGS, after_reset=True):
        yield


def panels(
    rows: int, columns: int, size: tuple[float, float] = (4.2, 3.6), title: str = "", **keywords: Any
) -> tuple[Figure, NDArray[Any]]:
    """A figure with a grid of axes, always a two-dimensional array; ``size`` of one panel in inches.

    ``keywords`` are those of ``Figure.subplots``.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(size[0] * columns, size[1] * rows), layout="constrained")
    if title:
        figure.suptitle(title)
    return figure, figure.subplots(rows, columns, squeeze=False, **keywords)


_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def power_of_ten(exponent: float) -> str:
    """The power as text, by raised characters where it is whole: mathtext takes its time.

    >>> power_of_ten(-12), power_of_ten(0.25)
    ('10⁻¹²', '$10^{0.25}$')
    """
    if exponent == round(exponent):
        return "10" + f"{exponent:.0f}".translate(_RAISED)
    return f"$10^{{{exponent:g}}}$"


def powers_of_ten(*axes: Axis) -> None:
    """Label axes that show logarithms to base 10 by the powers."""
    for axis in axes:
        axis.set_major_formatter(lambda value, _: power_of_ten(value))


def decades(*axes: Axis) -> None:
    """Ticks of logarithmic axes whose limits are final: 1, 2, 5, ... or some powers of ten; else the ends."""
    from matplotlib.ticker import NullLocator

    for axis in axes:
        ends = axis.get_view_interval()
        low, high = (math.log10(end) for end in ends)
        few, step = high - low < 2.5, math.ceil((high - low) / 7)
        powers = range(math.floor(low), math.ceil(high) + 1)
        ticks = [(k, p) for p in powers for k in ((1, 2, 5) if few else (1,)) if few or p % step == 0]
        shown = [(k, p) for k, p in ticks if low - 1e-9 <= math.log10(k) + p <= high + 1e-9]
        if len(shown) < 2:
            axis.set_ticks(ends, [f"{end:g}" for end in ends])
        else:
            labels = [_round_number(k, p) if few else power_of_ten(p) for k, p in shown]
            axis.set_ticks([k * 10.0**p for k, p in shown], labels)
        axis.set_minor_locator(NullLocator())


def _round_number(digit: int, power: int) -> str:
    if power < 4:
        return f"{digit * 10.0**power:g}"
    return f"{digit} · {power_of_ten(power)}" if digit > 1 else power_of_ten(power)


def _spread(positions: list[float], gap: float) -> list[float]:
    """Move positions apart to at least ``gap``, keeping their order and as close as possible to where they were."""
    order = sorted(range(len(positions)), key=lambda i: positions[i])
    clusters: list[list[int]] = []
    centres: list[float] = []
    for i in order:
        clusters.append([i])
        centres.append(positions[i])
        while len(clusters) > 1 and centres[-1] - centres[-2] < gap * (len(clusters[-1]) + len(clusters[-2])) / 2:
            merged = clusters[-2] + clusters[-1]
            clusters[-2:] = [merged]
            centres[-2:] = [sum(positions[j] for j in merged) / len(merged)]
    placed = [0.0] * len(positions)
    for cluster, centre in zip(clusters, centres, strict=True):
        for place, j in enumerate(cluster):
            placed[j] = centre + gap * (place - (len(cluster) - 1) / 2)
    return placed


# Share of the width of the axes up to which a line ends inside.
_INSIDE = 0.8


def label_ends(axes: Axes, gap: float = 0.075) -> None:
    """Write each line's label beside its right end, in its colour, moved apart where they would overlap.

    A line that ends well inside the axes has its label there, above its end.

    Call it when the axes' limits are final.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    gap : float
        Least distance of two labels, as a share of the height of the axes.
    """
    lines = [line for line in axes.get_lines() if not str(line.get_label()).startswith("_")]
    axes.get_xlim(), axes.get_ylim()  # settles pending automatic limits, which the transformation below needs
    to_axes = axes.transData + axes.transAxes.inverted()
    ends = [to_axes.transform(np.asarray(line.get_xydata(), dtype=float)[-1]) for line in lines]
    for line, end in zip(lines, ends, strict=True):
        if end[0] < _INSIDE:
            axes.annotate(
                " ".join(str(line.get_label()).split()), xy=(end[0], end[1]), xytext=(3, 5), xycoords="axes fraction",
                textcoords="offset points", color=line.get_color(), fontsize=8.5, annotation_clip=False,
            )  # fmt: skip
    outer = [(line, end) for line, end in zip(lines, ends, strict=True) if end[0] >= _INSIDE]
    for (line, end), y in zip(outer, _spread([float(end[1]) for _, end in outer], gap), strict=True):
        axes.annotate(
            str(line.get_label()), xy=(end[0], end[1]), xytext=(max(1.0, end[0]) + 0.05, y), xycoords="axes fraction",
            textcoords="axes fraction", color=line.get_color(), fontsize=8.5, va="center", linespacing=1.0,
            annotation_clip=False,
            # From just left of the text, so that nothing has to be cut off.
            arrowprops={"arrowstyle": "-", "color": line.get_color(), "linewidth": 0.6, "relpos": (-0.01, 0.5),
                        "patchA": None, "shrinkA": 0, "shrinkB": 0},
        )  # fmt: skip
