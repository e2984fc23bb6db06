"""The figure of the stability sweep."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from boundcalc.style import COLOURS, panels, styled
from verify.look import guide
from verify.stability.claims import CLAIMS
from verify.stability.networks import KINDS
from verify.stability.study import Sweep

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Networks almost without norm lie below the figure.
_SMALLEST_RATIO = 1e-6


@styled()
def stability_figure(sweep: Sweep) -> Figure:
    """Histograms of the slack by kind of network, and seminorm against bound, for both constants of Thm 3.2."""
    setting = sweep.setting
    title = f"{setting.networks} networks, n = {setting.n}, d in {list(setting.dims)}, seed {setting.seed}"
    figure, grid = panels(2, 2, (5.5, 3.2), title, height_ratios=(1, 1.1))
    for column, claim in enumerate(CLAIMS[:2]):
        slacks, upper, lower = [], grid[0, column], grid[1, column]
        for kind, colour in zip(KINDS, COLOURS, strict=False):
            mine = [m for m in sweep.measured if m.claim is claim and m.case.kind == kind.name]
            slack = np.array([m.slack.lower for m in mine])
            slacks.append(slack[slack > 0])
            norm = np.array([m.ratio for m in mine])
            lower.scatter(slack, norm, s=9, color=colour, alpha=0.6, linewidths=0, label=kind.name)
        every = np.concatenate(slacks)
        ends = np.log10([every.min(), every.max()]) if len(every) else (-1.0, 1.0)
        bins = np.logspace(np.floor(ends[0]), np.ceil(ends[1]) + 1e-9, 41)
        upper.hist(slacks, bins=bins, stacked=True, color=COLOURS[: len(KINDS)], label=[k.name for k in KINDS])
        upper.set(xscale="log", ylabel="networks", title=claim.words)
        lower.set(xscale="log", yscale="log", ylim=(_SMALLEST_RATIO, 3))
        lower.set(xlabel="slack = bound − seminorm (lower end)", ylabel="seminorm / bound")
        guide(lower, y=1)
    grid[1, 0].legend()
    return figure
