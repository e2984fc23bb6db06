"""The figure of the rate study: error against n in both modes, and exponents against d beside the bounds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from boundcalc.style import BLUE, COLOURS, ORANGE, panels, styled
from verify.power_law import ExponentFit
from verify.rates.claims import ModeResult, bounds_at
from verify.rates.lines import errors_by_size
from verify.rates.setting import MODES
from verify.rates.study import Study

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_MODE_COLOURS = (ORANGE, BLUE)


@styled()
def rate_figure(study: Study, error: str = "train_mse") -> Figure:
    """Errors of all runs with fitted lines through their medians, and the exponents with their intervals.

    Parameters
    ----------
    study : Study
    error : str
        "train_mse" for the error on the sample, "fresh_mse" for that in the population norm.
    """
    figure, ((left, middle, right),) = panels(1, 3, (4, 3.9))
    middle.sharey(left)
    for axes, mode in ((left, MODES[0]), (middle, MODES[1])):
        _errors(axes, study, mode, error)
    left.set_ylabel("MSE to the truth, " + ("on the sample" if error == "train_mse" else "on fresh points"))
    _exponents(right, study, error)
    return figure


def _errors(axes: Axes, study: Study, mode: str, error: str) -> None:
    eta, decay, steps = study.setting.training(mode)
    for at, result in enumerate(r for r in study.results if r.mode == mode):
        colour = COLOURS[at % len(COLOURS)]
        key = (result.dim, float(eta), float(decay))
        mine = [r for r in study.records if (r["dim"], r["eta"], r["decay"]) == key]
        fit = result.fits[error]
        label = "" if fit is None else f"d = {result.dim}: {-fit.exponent:.2f}"
        draw_line(axes, errors_by_size(mine, steps, error), fit, colour, label)
    title = f"η = {float(eta):g}, " + (f"decay {float(decay):g}" if decay else "no decay")
    axes.set(xlabel="n", title=title)
    axes.legend(title="slope")


def draw_line(
    axes: Axes, errors: Mapping[int, NDArray[np.float64]], fit: ExponentFit | None, colour: str, label: str
) -> None:
    """Log error against log n: every repetition light, the medians with their fitted line."""
    for n, values in errors.items():
        known = values[np.isfinite(values)]
        axes.plot([n] * len(known), known, ".", color=colour, alpha=0.25)
    if fit is not None:
        axes.plot(fit.sizes, fit.medians, "o", color=colour)
        axes.plot(fit.sizes, fit.line(), color=colour, label=label)
    axes.set_xscale("log", base=2)
    axes.set_yscale("log")


def _exponents(axes: Axes, study: Study, error: str) -> None:
    for at, mode in enumerate(MODES):
        own = [(r, fit) for r in study.results if r.mode == mode and (fit := r.fits[error]) is not None]
        if own:
            x = np.array([r.dim for r, _ in own]) + 0.08 * (2 * at - 1)
            y = np.array([fit.exponent for _, fit in own])
            # Bootstrap intervals need not hold the point estimate.
            ends = np.maximum(0, np.array([(fit.exponent - fit.lower, fit.upper - fit.exponent) for _, fit in own]).T)
            axes.errorbar(x, y, yerr=ends, fmt="o", capsize=3, color=_MODE_COLOURS[at], label=mode)
    _bound_curves(axes, [r for r in study.results if r.mode == MODES[0]])
    axes.axhline(0, color="0.8", linewidth=0.8, zorder=0)
    axes.set(xticks=list(study.setting.dims), xlabel="d", ylabel="exponent of 1/n, with 95 % interval")
    axes.legend(fontsize=7)


def _bound_curves(axes: Axes, results: list[ModeResult]) -> None:
    styles = {"mse-upper": "-", "stable-mse-upper": "--", "minimax-lower": ":", "theorem-b": "-."}
    for key, style in styles.items():
        points = [
            (result.dim, float(theorem.bound.exponent_at(result.dim)), theorem)
            for result in results
            for theorem, _ in bounds_at(result.dim, result.mode)
            if theorem.key.startswith(key)
        ]
        if points:
            dims, exponents, theorems = zip(*points, strict=True)
            label = f"{theorems[-1].bound.side.value}: {theorems[-1].source}"
            marker = "." if len(points) == 1 else None
            axes.plot(dims, exponents, color="0.35", linewidth=1, linestyle=style, marker=marker, label=label)
