"""The figure of the stability sweep."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from verify.stability.claims import CLAIMS
from verify.stability.networks import KINDS
from verify.stability.study import Sweep

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Networks almost without norm lie below the figure.
_SMALLEST_RATIO = 1e-6

__all__ = ["stability_figure"]

_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00")


def stability_figure(sweep: Sweep) -> Figure:
    """Histograms of the slack by kind of network, and seminorm against bound, for both constants of Thm 3.2."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 6.4), layout="constrained")
    grid = figure.subplots(2, 2, height_ratios=(1, 1.1))
    for column, claim in enumerate(CLAIMS[:2]):
        slacks, upper, lower = [], grid[0, column], grid[1, column]
        for kind, colour in zip(KINDS, _COLOURS, strict=True):
            mine = [m for m in sweep.measured if m.claim is claim and m.case.kind == kind.name]
            slack = np.array([m.slack.lower for m in mine])
            slacks.append(slack[slack > 0])
            norm = np.array([m.ratio for m in mine])
            lower.scatter(slack, norm, s=9, color=colour, alpha=0.6, linewidths=0, label=kind.name)
        every = np.concatenate(slacks)
        ends = np.log10([every.min(), every.max()]) if len(every) else (-1.0, 1.0)
        bins = np.logspace(np.floor(ends[0]), np.ceil(ends[1]) + 1e-9, 41)
        upper.hist(slacks, bins=bins, stacked=True, color=_COLOURS[: len(KINDS)], label=[k.name for k in KINDS])
        for axes in (upper, lower):
            axes.set_xscale("log")
            axes.spines[["top", "right"]].set_visible(False)
        upper.set_ylabel("networks")
        upper.set_title(claim.words, fontsize=9)
        lower.set_yscale("log")
        lower.set_ylim(_SMALLEST_RATIO, 3)
        lower.set_ylabel("seminorm / bound")
        lower.set_xlabel("slack = bound − seminorm (lower end)")
        lower.axhline(1, color="0.5", linewidth=0.8, linestyle="--")
    grid[1, 0].legend(frameon=False, fontsize=8)
    setting = sweep.setting
    figure.suptitle(f"{setting.networks} networks, n = {setting.n}, d in {list(setting.dims)}, seed {setting.seed}")
    return figure
