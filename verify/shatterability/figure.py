"""The figure of a data set: what can be memorised at which step size, margins, depths, and the decay path."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from boundcalc.style import BLUE, GREY, ORANGE, panels, styled
from verify.look import guide
from verify.shatterability.job import Shatterability
from verify.shatterability.solitary import solo_capacity

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


@styled()
def shatterability_figure(found: Shatterability) -> Figure:
    """Three panels, four with a decay path."""
    draws = [_capacity, _margins, _depth, *([_decay] if found.decay else [])]
    figure, grid = panels(1, len(draws))
    for axes, draw in zip(grid.flat, draws, strict=True):
        draw(axes, found)
    return figure


def _capacity(axes: Axes, found: Shatterability) -> None:
    etas = np.geomspace(min(0.02, found.eta / 2), 2.0, 80)
    able = found.margins.extreme
    shares = [solo_capacity(found.X, found.y, float(e), beta=found.solo.beta, able=able).share for e in etas]
    axes.step(etas, shares, color=BLUE, where="post", label="solitary neurons")
    if found.edge is not None:
        low, high = found.edge.eta_ok, found.edge.eta_max
        if low > 0:
            axes.plot([etas[0], low], [1, 1], color=ORANGE, linewidth=2.5, label="an explicit interpolant")
        axes.axvspan(max(low, etas[0]), high, color=GREY, alpha=0.2, label="the edge lies here")
    guide(axes, x=found.eta, words="η")
    axes.set(
        xscale="log", ylim=(-0.02, 1.08), xlabel="step size η", ylabel="share of points memorised", title="memorisable"
    )
    axes.legend(loc="lower left")


def _margins(axes: Axes, found: Shatterability) -> None:
    extreme = found.margins.extreme
    inside = 1 - float(extreme.mean())
    if extreme.any():
        logs = np.log10(found.margins.lower[extreme])
        axes.hist(10**logs, bins=list(10 ** np.linspace(logs.min() - 0.05, logs.max() + 0.05, 30)), color=BLUE)
        axes.set_xscale("log")
    axes.set(xlabel="hull margin of extreme points", ylabel="points", title=f"{100 * inside:.3g} % not extreme")


def _depth(axes: Axes, found: Shatterability) -> None:
    n = len(found.y)
    ranks = np.arange(1, n + 1) / n
    axes.step(np.sort(found.depth.upper), ranks, color=BLUE, where="post", label="upper bounds")
    if not found.depth.exact:
        axes.step(np.sort(found.depth.lower), ranks, color=ORANGE, where="post", label="lower bounds")
        axes.legend(loc="lower right")
    axes.set(
        xscale="log",
        ylim=(0, 1.05),
        xlabel="Tukey depth count",
        ylabel="share of points at most as deep",
        title="depth profile",
    )


def _decay(axes: Axes, found: Shatterability) -> None:
    decays = [point.decay for point in found.decay]
    axes.plot(decays, [point.memorised for point in found.decay], "o-", color=BLUE, label="label variance fitted")
    scale = 0.5 * float(np.var(found.y)) or 1.0
    losses = [point.loss / scale for point in found.decay]
    axes.plot(decays, losses, "s--", color=ORANGE, label="loss / (label variance / 2)")
    axes.set(xscale="log", ylim=(-0.02, 1.05), xlabel="weight decay", title="best networks found with decay")
    axes.legend()
