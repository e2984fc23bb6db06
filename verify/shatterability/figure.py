"""The figure of a data set: what can be memorised at which step size in each scaling, margins, depths, and the decay path."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from boundcalc.style import BLUE, ORANGE, panels, styled
from verify.look import guide
from verify.shatterability.job import Shatterability, largest_capacity
from verify.shatterability.trace_edge import trace_capacity

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


@styled()
def shatterability_figure(questions: Mapping[str, Shatterability]) -> Figure:
    """What can be memorised, a panel for each scaling by its name; for the last one margins, depths and a decay path."""
    found = list(questions.values())[-1]
    draws = [_margins, _depth, *([_decay] if found.decay else [])]
    figure, grid = panels(1, len(questions) + len(draws))
    axes = list(grid.flat)
    for at, (name, each) in enumerate(questions.items()):
        _capacity(axes[at], each, f"memorisable, {name}")
    for at, draw in enumerate(draws, len(questions)):
        draw(axes[at], found)
    return figure


def _capacity(axes: Axes, found: Shatterability, title: str) -> None:
    ends = [found.eta / 2, 2.0] + [2 / edge.lower for edge in (found.edge, found.trace) if edge is not None]
    etas = np.geomspace(max(min(0.02, *ends) / 2, 1e-300), 2.0, 160)
    able, n = found.margins.extreme, len(found.y)
    shares = [largest_capacity(found.X, found.y, float(e), found.solo.beta, able).share for e in etas]
    axes.step(etas, shares, color=BLUE, where="post", label="GD: λ_max ≤ 2/η")
    traces = trace_capacity(found.X, found.y, etas, able) / n
    axes.step(etas, traces, color=ORANGE, linestyle="--", where="post", label="SGD: trace ≤ 2/η")
    for edge, color, words in ((found.edge, BLUE, "GD"), (found.trace, ORANGE, "SGD")):
        if edge is not None and edge.lower > 1:
            low = 2 / edge.upper
            axes.axvspan(max(low, etas[0]), edge.eta_max, color=color, alpha=0.15, label=f"edge of {words}")
    guide(axes, x=found.eta, words="η")
    axes.set(xscale="log", ylim=(-0.02, 1.08), xlabel="step size η", ylabel="share of points memorised", title=title)
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
