"""The figure of the experiment: flatness, seminorms and errors of every method over the steps, one column a dimension."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from boundcalc.style import BLUE, GREEN, GREY, ORANGE, panels, styled
from verify.flatness.claims import METHODS
from verify.flatness.study import Experiment
from verify.look import guide, steps

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_COLOURS = dict(zip(METHODS, (ORANGE, BLUE, GREEN, GREY), strict=True))
_ROWS = (
    ("trace, $\\lambda_{\\max}$ (dotted),\nedge of SGD (dash-dotted)", ("trace", "sharpness", "sgd_sharpness")),
    ("seminorms: of the trace,\nof $\\lambda_{\\max}$ (dotted)", ("trace_seminorm", "seminorm")),
    ("share of alive neurons\nactive on ≤ 10 %", ("rare",)),
    ("MSE: fresh points,\ntraining points (dotted)", ("fresh_mse", "train_mse")),
)


@styled()
def flatness_figure(experiment: Experiment) -> Figure:
    """Medians over the repetitions."""
    setting = experiment.setting
    title = f"n = {setting.n}, width {setting.width}, η = {float(setting.eta):g}, σ = {float(setting.sigma):g}"
    figure, grid = panels(len(_ROWS), len(setting.dims), (3.4, 2.7), title + ("" if setting.bias else ", no biases"))
    for column, dim in zip(grid.T, setting.dims, strict=True):
        column[0].set_title(f"d = {dim}")
        for axes, (label, names) in zip(column, _ROWS, strict=True):
            for method, colour in _COLOURS.items():
                for name, style in zip(names, ("-", ":", "-."), strict=False):
                    shown = method if style == "-" else "_"
                    values = np.median(experiment.series(dim, method, name), axis=0)
                    axes.plot(experiment.steps, values, style, color=colour, label=shown)
            if names != ("rare",):
                axes.set_yscale("log")
            steps(axes)
            if dim == setting.dims[0]:
                axes.set_ylabel(label)
        guide(column[0], y=float(2 / setting.eta), words="2/η")
    grid[0, 0].legend(fontsize=7)
    return figure
