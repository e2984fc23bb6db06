"""Figure of the lower-bound study: bounds against n, each with its symbolic rate, one panel per dimension."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from boundcalc.style import BLACK, BLUE, DASHED, GREEN, ORANGE, label_ends, panels, powers_of_ten, styled
from verify.lower_bound.series import CAP_ATOMS, CONSTRUCTIONS, STACKED_HATS, series
from verify.power_law import sizes_between

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from verify.lower_bound.study import Study

_COLOURS = dict(zip(CONSTRUCTIONS, (BLUE, ORANGE, BLACK, GREEN), strict=True))
_LARGEST_LOG10_SHOWN = 40.0
_POINTS = 33


@styled()
def lower_bound_figure(study: Study) -> Figure:
    """Solid lines are proved bounds, dashed ones the symbolic rates through their last points.

    The axis of n is extended to where Theorem A overtakes the cap atoms, up to n = 10^40; the dot marks that place.
    """
    dims = study.setting.dims
    columns = min(2, len(dims))
    figure, grid = panels(-(-len(dims) // columns), columns, (6.2, 3.7))
    for d, axes in zip(dims, grid.flat, strict=False):
        _panel(study, d, axes)
    for axes in grid.flat[len(dims) :]:
        axes.set_axis_off()
    return figure


def _panel(study: Study, d: int, axes: Axes) -> None:
    base = study.setting.base(d)
    overtaking = next(
        (c for c in study.crossings[d] if c.behind is CAP_ATOMS and c.ahead is STACKED_HATS and c.low is not None), None
    )
    low, high = math.log10(study.setting.n[0]), math.log10(study.setting.n[-1])
    if overtaking is not None and math.log10(overtaking.high) < _LARGEST_LOG10_SHOWN:
        high = max(high, math.ceil(math.log10(overtaking.high)) + 2.0)
    sizes = sizes_between(low, high, _POINTS)
    for construction, colour in _COLOURS.items():
        usable = series(construction, base, sizes).usable
        if not usable:
            continue
        x = np.array([math.log10(point.n) for point in usable])
        y = np.array([point.log10 for point in usable])
        exponent = construction.exponent(d)
        label = f"{construction.name}\n$n^{{-{exponent}}}$"
        axes.plot(x, y, color=colour, linewidth=1.8, label=label)
        axes.plot(x, y[-1] - float(exponent) * (x - x[-1]), color=colour, linewidth=0.9, linestyle=DASHED)
    if overtaking is not None and math.log10(overtaking.high) <= high:
        at = math.log10(overtaking.high)
        value = series(STACKED_HATS, base, [overtaking.high]).points[0].log10
        axes.plot([at], [value], "o", color=_COLOURS[STACKED_HATS], markersize=5)
        axes.annotate(f"n = {overtaking.high:.2g}", (at, value), (4, 6), textcoords="offset points", fontsize=8)
    values = np.concatenate([line.get_ydata() for line in axes.get_lines() if line.get_linestyle() == "-"])
    axes.set(xlim=(low, high), ylim=(float(values.min()) - 0.3, float(values.max()) + 0.3))
    powers_of_ten(axes.xaxis, axes.yaxis)
    axes.set(xlabel="samples n", ylabel="lower bound of the minimax risk", title=f"d = {d}")
    label_ends(axes, gap=0.13)
