"""The figures of MSE against n: trainings of the rate study, fitted exponents, panels of lines."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from verify.figures.base import Inputs, Record, Scale, comparison, number
from verify.look import COLOURS, panels
from verify.outcome import Interval, Outcome
from verify.power_law import BOOTSTRAP_LEVEL, ExponentFit, fit_medians
from verify.rates.setting import RateSetting, rate_sweep
from verify.sweep import Sweep

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = [
    "Line",
    "Panel",
    "compare_slopes",
    "draw_by_dimension",
    "draw_lines",
    "draw_with_decay",
    "lines_of",
    "mse_rows",
    "mse_sweep",
]

Float = NDArray[np.float64]
ETAS = {Scale.SMALL: ("0.1", "0.4"), Scale.PAPER: ("0.05", "0.1", "0.2", "0.4")}
_SIZES = {Scale.SMALL: (32, 64, 128, 256), Scale.PAPER: (32, 64, 128, 256, 512)}
# eta times steps: the same time for every step size; 10 000 is the rule of Fig. 5.
_TIME = {Scale.SMALL: 1000, Scale.PAPER: 10_000}
_SEEDS = 5
_RESAMPLES = 2000


def mse_sweep(
    inputs: Inputs,
    *,
    dims: Sequence[int],
    etas: Sequence[str],
    width_factor: int,
    sigma: str,
    target: str = "linear",
    decays: Sequence[str] = ("0",),
    decay_eta: str | None = None,
    decay_steps: int | None = None,
) -> Sweep:
    """Trainings at every dimension, sample size and step size; cells of ``python -m verify.rates``, so of one store.

    Parameters
    ----------
    inputs : Inputs
    dims : sequence of int
    etas, decays : sequence of str
        Step sizes and weight decays, "0" for none.
    width_factor : int
        The width over n.
    sigma, target : str
    decay_eta, decay_steps : optional
        Step size and number of steps of the runs with decay, where they differ.
    """
    cells, sweep = [], None
    for eta in etas:
        steps = round(_TIME[inputs.scale] / float(eta))
        for decay in decays:
            setting = RateSetting.parse(
                dims,
                _SIZES[inputs.scale],
                seeds=_SEEDS,
                width_factor=width_factor,
                eta=eta,
                steps=steps,
                # A study has runs with and without decay; those of the other kind are left out below.
                decay=decay if float(decay) else "0.01",
                decay_eta=decay_eta or eta,
                decay_steps=decay_steps,
                sigma=sigma,
                truth=target,
                seed=inputs.seed,
            )
            sweep = rate_sweep(setting)
            # The device is set here: a store may come from a machine with another one.
            cells += [
                {**cell, "device": inputs.device} for cell in sweep.cells if (cell["decay"] > 0) == (float(decay) > 0)
            ]
    if sweep is None:
        raise ValueError("etas and decays must hold at least one value each, got none")
    return replace(sweep, cells=tuple(cells), seconds=sweep.seconds if inputs.device == "cpu" else None)


@dataclass(frozen=True, eq=False)
class Line:
    """MSE to the truth on the training points at the last step, for one dimension, step size and decay.

    Attributes
    ----------
    dim, eta, decay
    errors : mapping from n to an array
        One entry for each repetition; NaN for a run that diverged.
    fit : ExponentFit or None
        The exponent of 1/n with its interval; None where fewer than two sample sizes are usable.
    """

    dim: int
    eta: float
    decay: float
    errors: Mapping[int, Float]
    fit: ExponentFit | None

    @property
    def exponent(self) -> float:
        """Minus the slope of log median MSE on log n; NaN where there is no fit."""
        return math.nan if self.fit is None else self.fit.exponent

    @property
    def ends(self) -> tuple[float, float]:
        """The ends of the bootstrap interval, NaN where there is none."""
        return (math.nan, math.nan) if self.fit is None else (self.fit.lower, self.fit.upper)

    @property
    def interval(self) -> Interval | None:
        """The bootstrap interval."""
        return None if self.fit is None else Interval(*self.ends, f"{BOOTSTRAP_LEVEL:.0%} bootstrap interval")

    @property
    def largest_n_median(self) -> float:
        """Median at the largest n of the fit; NaN where there is none."""
        return math.nan if self.fit is None else self.fit.medians[-1]


def lines_of(records: Sequence[Record]) -> list[Line]:
    """One line for each dimension, step size and decay, from the records at the last step."""
    final = [r for r in records if r["step"] == r["steps"]]
    lines = []
    for dim, decay, eta in sorted({(r["dim"], r["decay"], r["eta"]) for r in final}):
        mine = [r for r in final if (r["dim"], r["decay"], r["eta"]) == (dim, decay, eta)]
        errors = {
            n: np.array([number(r["train_mse"]) for r in mine if r["n"] == n]) for n in sorted({r["n"] for r in mine})
        }
        # The seed is that of the resampling alone: the same records give the same interval.
        lines.append(Line(dim, eta, decay, errors, fit_medians(errors, _RESAMPLES, 0)))
    return lines


def mse_rows(records: Sequence[Record]) -> list[Record]:
    """The records at the last step, and the fitted exponent of their line."""
    exponents = {(line.dim, line.decay, line.eta): line for line in lines_of(records)}
    keep = (
        "dim", "n", "width", "eta", "decay", "sigma", "target", "steps", "seed", "repeat", "loss", "train_mse",
        "fresh_mse", "alive", "rare", "lambda_max", "diverged_at",
    )  # fmt: skip
    rows = []
    for r in records:
        if r["step"] == r["steps"]:
            line = exponents[r["dim"], r["decay"], r["eta"]]
            lower, upper = line.ends
            fit = {"exponent": line.exponent, "exponent_lower": lower, "exponent_upper": upper}
            rows.append({**{name: r.get(name) for name in keep}, **fit})
    return rows


def compare_slopes(figure: str, lines: Sequence[Line]) -> list[Outcome]:
    """For each step size and decay: the exponent in the largest dimension is below that in the smallest."""
    found = []
    for decay, eta in sorted({(line.decay, line.eta) for line in lines}):
        mine = sorted((x for x in lines if (x.decay, x.eta) == (decay, eta)), key=lambda x: x.dim)
        first, last = mine[0], mine[-1]
        words = f"eta = {eta:g}" + (f", decay {decay:g}" if decay else "")
        claim = f"{words}: exponent of the MSE at d = {last.dim} against d = {first.dim}; paper: flatter"
        evidence = {f"d = {x.dim}": [x.exponent, *x.ends] for x in mine}
        found.append(
            comparison(figure, claim, last.exponent, first.exponent, last.exponent < first.exponent, "<=", evidence)
        )
    return found


@dataclass(frozen=True, eq=False)
class Panel:
    """Lines drawn together, each with its label."""

    title: str
    lines: Sequence[Line]
    label: Callable[[Line], str]


def draw_by_dimension(records: Sequence[Record], headline: str) -> Figure:
    """One panel for each dimension, one line for each step size."""
    lines = lines_of(records)
    dims = sorted({x.dim for x in lines})
    row = [Panel(f"d = {dim}", [x for x in lines if x.dim == dim], lambda x: f"η = {x.eta:g}") for dim in dims]
    return draw_lines([row], headline)


def draw_with_decay(records: Sequence[Record], headline: str) -> Figure:
    """Rows: dimensions. Without decay on the left, with decay on the right, one line for each step size."""
    lines = lines_of(records)
    grid = [
        [
            Panel(
                f"d = {dim}, " + ("with decay" if with_decay else "no decay"),
                [x for x in lines if x.dim == dim and (x.decay > 0) == with_decay],
                lambda x: f"η = {x.eta:g}",
            )
            for with_decay in (False, True)
        ]
        for dim in sorted({x.dim for x in lines})
    ]
    return draw_lines(grid, headline)


def draw_lines(grid: Sequence[Sequence[Panel]], headline: str) -> Figure:
    """Log MSE against log n: every repetition light, the medians with their fitted line."""
    figure, axes_grid = panels(len(grid), max(len(row) for row in grid), (3.6, 3.2), headline)
    low, high = np.inf, 0.0
    for row, axes_row in zip(grid, axes_grid, strict=True):
        for panel, axes in zip(row, axes_row, strict=False):
            for line, colour in zip(panel.lines, COLOURS, strict=False):
                for n, values in line.errors.items():
                    known = values[np.isfinite(values)]
                    axes.plot([n] * len(known), known, ".", color=colour, alpha=0.25, markersize=4)
                    low, high = min(low, float(known.min(initial=np.inf))), max(high, float(known.max(initial=0)))
                if line.fit is None:
                    continue
                sizes = line.fit.sizes
                ends = "[{:.2f}, {:.2f}]".format(*line.ends)
                axes.plot(sizes, line.fit.medians, "o", color=colour)
                label = f"{panel.label(line)}: {line.exponent:.2f} {ends}"
                axes.plot(sizes, line.fit.line(), color=colour, label=label)
            axes.set_xscale("log", base=2)
            axes.set_yscale("log")
            axes.set(xlabel="n", ylabel="MSE, training points", title=panel.title)
            if axes.get_legend_handles_labels()[0]:
                axes.legend(fontsize=7)
    if 0 < low < high:
        for axes_row in axes_grid:
            for axes in axes_row:
                axes.set_ylim(low / 1.5, high * 1.5)
    return figure
