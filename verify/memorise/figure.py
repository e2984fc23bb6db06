"""Figure of the memorisation study: distance of the pair and sharpness of the interpolator against n."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from boundcalc.derivation import derive
from boundcalc.style import BLUE, DASHED, GREEN, ORANGE, label_ends, panels, styled
from verify.memorise.pair import Row
from verify.memorise.sphere import build_interpolator

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from verify.memorise.study import Memorised

_SIZES = 7


@styled()
def memorise_figure(memorised: Memorised) -> Figure:
    """Left, squared distance of the pair with its symbolic rate; right, lambda_max - 1 on the sphere with its bounds."""
    figure, ((left, right),) = panels(1, 2, (6.2, 4.0))
    _pair(left, memorised)
    _sphere(right, memorised)
    return figure


def _pair(axes: Axes, memorised: Memorised) -> None:
    drawn, d = memorised.drawn, memorised.setting.dim
    height, distance = float(drawn.packing.height), drawn.distance.floats[0]
    own = Row(memorised.setting.n, drawn.packing.size, len(drawn.pair.empty), height, distance, 1)
    rows = memorised.rows or (own,)
    n = np.array([row.n for row in rows], dtype=float)
    value = np.array([row.distance for row in rows])
    title = f"two flat networks that agree on the sample, d = {d}"
    axes.set(xscale="log", yscale="log", xlabel="samples n", title=title)
    axes.plot(n, value, "o-", color=BLUE, label="squared distance\nof the pair")
    exponent = derive("gap-lower").exponent_at(d)
    if len(rows) > 1:
        rate = value[-1] * (n / n[-1]) ** -float(exponent)
        axes.plot(n, rate, color=BLUE, linewidth=0.9, linestyle=DASHED, label=f"$n^{{-{exponent}}}$")
    label_ends(axes, gap=0.14)


def _sphere(axes: Axes, memorised: Memorised) -> None:
    setting, found = memorised.setting, memorised.interpolator
    axes.set(xlabel="samples n", ylabel=r"$\lambda_{\max} - 1$", title="flat interpolators of points on the sphere")
    if found is None:
        axes.set_axis_off()
        return
    sizes = sorted({max(2, round(setting.n * 2.0**-k)) for k in range(_SIZES)})
    built = [found if n == setting.n else build_interpolator(setting, n, k + 1) for k, n in enumerate(sizes)]
    axes.set(xscale="log", yscale="log")
    one = [(x.sharp_balanced.value - 1, 2 * math.sqrt(2) * x.largest_label / len(x.y)) for x in built]
    two = [(x.sharp_unbalanced.value - 1, (x.largest_label**2 + 2) / len(x.y)) for x in built]
    words = (("balanced", ORANGE, r"$2\sqrt{2}D/n$", one), ("activations $\\sqrt{2}$", GREEN, "$(D^2+2)/n$", two))
    for name, colour, bound, pairs in words:
        axes.plot(sizes, [p[0] for p in pairs], "o-", color=colour, label=name)
        axes.plot(sizes, [p[1] for p in pairs], color=colour, linewidth=0.9, linestyle=DASHED, label=bound)
    label_ends(axes, gap=0.1)
