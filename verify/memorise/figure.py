"""Figure of the memorisation study: distance of the pair and sharpness of the interpolator against n."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from boundcalc.derivation import derive
from boundcalc.plots import label_ends
from verify.memorise.pair import Row
from verify.memorise.sphere import build_interpolator

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from verify.memorise.study import Memorised

__all__ = ["memorise_figure"]

_BLUE, _ORANGE, _GREEN = "#0072B2", "#D55E00", "#009E73"
_SIZES = 7


def memorise_figure(memorised: Memorised) -> Figure:
    """Left, squared distance of the pair with its symbolic rate; right, lambda_max - 1 on the sphere with its bounds."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(12.4, 4.0), layout="constrained")
    left, right = figure.subplots(1, 2)
    _pair(left, memorised)
    _sphere(right, memorised)
    for axes in (left, right):
        axes.set_xlabel("samples n")
        axes.spines[["top", "right"]].set_visible(False)
    return figure


def _pair(axes: Axes, memorised: Memorised) -> None:
    drawn, d = memorised.drawn, memorised.setting.d
    height, distance = float(drawn.packing.height), drawn.distance.floats[0]
    own = Row(memorised.setting.n, drawn.packing.size, len(drawn.pair.empty), height, distance, 1)
    rows = memorised.rows or (own,)
    n = np.array([row.n for row in rows], dtype=float)
    value = np.array([row.distance for row in rows])
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.plot(n, value, "o-", color=_BLUE, markersize=4, linewidth=1.6, label="squared distance\nof the pair")
    exponent = derive("gap-lower").exponent_at(d)
    if len(rows) > 1:
        rate = value[-1] * (n / n[-1]) ** -float(exponent)
        axes.plot(n, rate, color=_BLUE, linewidth=0.9, linestyle=(0, (5, 3)), label=f"$n^{{-{exponent}}}$")
    axes.set_title(f"two flat networks that agree on the sample, d = {d}", fontsize=10)
    label_ends(axes, gap=0.14)


def _sphere(axes: Axes, memorised: Memorised) -> None:
    setting, found = memorised.setting, memorised.interpolator
    axes.set_title("flat interpolators of points on the sphere", fontsize=10)
    if found is None:
        axes.set_axis_off()
        return
    sizes = sorted({max(2, round(setting.n * 2.0**-k)) for k in range(_SIZES)})
    built = [found if n == setting.n else build_interpolator(setting, n, k + 1) for k, n in enumerate(sizes)]
    axes.set_xscale("log")
    axes.set_yscale("log")
    one = [(x.sharp_balanced.value - 1, 2 * math.sqrt(2) * x.largest_label / len(x.y)) for x in built]
    two = [(x.sharp_unbalanced.value - 1, (x.largest_label**2 + 2) / len(x.y)) for x in built]
    words = (("balanced", _ORANGE, r"$2\sqrt{2}D/n$", one), ("activations $\\sqrt{2}$", _GREEN, "$(D^2+2)/n$", two))
    for name, color, bound, pairs in words:
        axes.plot(sizes, [p[0] for p in pairs], "o-", color=color, markersize=4, linewidth=1.6, label=name)
        axes.plot(sizes, [p[1] for p in pairs], color=color, linewidth=0.9, linestyle=(0, (5, 3)), label=bound)
    axes.set_ylabel(r"$\lambda_{\max} - 1$")
    label_ends(axes, gap=0.1)
