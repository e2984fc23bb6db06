"""Figures 3 to 8: what becomes of the neurons, by step size, decay, dimension and width."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.stats import rankdata

from boundcalc.style import BLUE, ORANGE, panels, styled
from verify.figures.base import Experiment, Inputs, Record, Scale, comparison
from verify.outcome import Interval, Outcome, Relation, Trust
from verify.shattering.cells import neuron_cell, neuron_sweep
from verify.shattering.claims import EDGE_BAND
from verify.shattering.figure import alive, curves, draw_pair, scatter, series
from verify.sweep import Sweep
from verify.training.setting import Activation

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_AT_MOST, _BELOW, _ABOVE = Relation.AT_MOST, Relation.BELOW, Relation.ABOVE
_STEPS = {
    "fig3": {Scale.SMALL: 8000, Scale.PAPER: 20000},
    "fig4": {Scale.SMALL: 6000, Scale.PAPER: 20000},
    "fig6": {Scale.SMALL: 5000, Scale.PAPER: 20000},
    "fig7": {Scale.SMALL: 5000, Scale.PAPER: 20000},
    # A step with GELU costs about ten times one with ReLU.
    "fig8": {Scale.SMALL: 4000, Scale.PAPER: 20000},
}
# Of Fig. 5: eta times steps.
_TIME = {Scale.SMALL: 2000, Scale.PAPER: 10000}


# Numbers


def _last(record: Record, name: str) -> float:
    """The value at the last step."""
    return float(series(record, name)[-1])


def active_norm(record: Record) -> float:
    """Median weight norm |v_k| |w_k| of the neurons active on some but not on all points; NaN if there is none."""
    rates, norms = alive(record)
    chosen = norms[rates < 1]
    return float(np.median(chosen)) if len(chosen) else float("nan")


def _median_rate(record: Record) -> float:
    rates, _ = alive(record)
    return float(np.median(rates)) if len(rates) else float("nan")


def _spearman(first: Sequence[float] | np.ndarray, second: Sequence[float] | np.ndarray) -> float:
    """Spearman's correlation; NaN where a value is NaN or all of one side are equal."""
    if not (np.isfinite(first).all() and np.isfinite(second).all()):
        return float("nan")
    ranks = rankdata(first), rankdata(second)
    return float(np.corrcoef(*ranks)[0, 1]) if min(rank.std() for rank in ranks) > 0 else float("nan")


def rank_correlation(record: Record) -> float:
    """Spearman's correlation of activation rate and weight norm over the neurons alive; NaN for fewer than three."""
    rates, norms = alive(record)
    return _spearman(rates, norms) if len(rates) >= 3 else float("nan")


def neuron_rows(records: Sequence[Record]) -> list[Record]:
    """Settings and final numbers of every training."""
    keep = ("dim", "n", "width", "activation", "eta", "decay", "sigma", "steps", "seed", "repeat", "diverged_at")
    final = ("loss", "train_mse", "fresh_mse", "lambda_max", "alive", "crossing", "rare")
    return [
        {
            **{name: record[name] for name in keep},
            **{name: _last(record, name) for name in final},
            "median_norm": active_norm(record),
            "rank_correlation": rank_correlation(record),
        }
        for record in records
    ]


# Trainings


def _sweep(inputs: Inputs, varied: Sequence[Mapping[str, Any]], **common: Any) -> Sweep:
    """One training for each of ``varied``."""
    both = {"seed": inputs.seed, "device": inputs.device, **common}
    return neuron_sweep([neuron_cell({**both, **one}) for one in varied])


def _decay_sweep(inputs: Inputs) -> Sweep:
    varied = [{"eta": 0.9, "decay": 0.0}, {"eta": 0.01, "decay": 0.1}]
    return _sweep(inputs, varied, dim=10, n=512, width=2048, steps=_STEPS["fig3"][inputs.scale], sharpness=True)


def _dimension_sweep(inputs: Inputs, figure: str, activation: Activation) -> Sweep:
    n = 256 if activation is Activation.GELU and inputs.scale is Scale.SMALL else 512
    varied, steps = [{"dim": dim} for dim in (1, 2, 3, 4, 5, 6)], _STEPS[figure][inputs.scale]
    return _sweep(inputs, varied, n=n, width=2 * n, eta=0.5, steps=steps, activation=activation.value)


def _step_size_sweep(inputs: Inputs) -> Sweep:
    n = {Scale.SMALL: 256, Scale.PAPER: 512}[inputs.scale]
    varied = [{"eta": eta, "steps": round(_TIME[inputs.scale] / eta)} for eta in (0.05, 0.1, 0.2, 0.4, 0.8)]
    return _sweep(inputs, varied, dim=5, n=n, width=2 * n)


def _width_sweep(inputs: Inputs) -> Sweep:
    varied = [{"width": width, "decay": decay} for decay in (0.0, 0.05) for width in (32, 48, 64)]
    return _sweep(inputs, varied, dim=16, n=1024, eta=0.5, steps=_STEPS["fig6"][inputs.scale])


def _high_dimension_sweep(inputs: Inputs) -> Sweep:
    varied = [{"dim": dim} for dim in (64, 48, 32)]
    return _sweep(inputs, varied, n=1024, width=16, eta=0.5, steps=_STEPS["fig7"][inputs.scale])


# Comparisons


def _compare_decay(records: Sequence[Record]) -> list[Outcome]:
    """The values that the paper's text and caption report."""
    plain, decay = records
    edge = 2 / plain["eta"]
    late = series(plain, "step") >= plain["steps"] / 2
    middle = float(np.median(series(plain, "lambda_max")[late]))
    band = Interval(EDGE_BAND[0] * edge, EDGE_BAND[1] * edge, "edge-of-stability band about 2/eta")
    near = Interval(1.105 - 0.2, 1.105 + 0.2, "the paper's 1.105, give or take 0.2", Trust.HEURISTIC)
    rates = {"largest activation rate": float(series(plain, "rates").max()), "alive": _last(plain, "alive")}
    least = {"least along the trace": float(np.nanmin(series(decay, "train_mse")))}
    return [
        comparison(
            "fig3", "median lambda_max of the last half; paper: about 2/eta", middle, Relation.WITHIN, band, paper=edge
        ),
        comparison(
            "fig3", "share of the alive neurons active on at most 10 % of the data; paper: all", _last(plain, "rare"),
            Relation.AT_LEAST, 0.9, rates, paper=1.0,
        ),
        comparison(
            "fig3", "MSE to the truth on the training points, eta = 0.9", _last(plain, "train_mse"), Relation.WITHIN, near,
            paper=1.105,
        ),
        comparison(
            "fig3", "the same with decay 0.1, eta = 0.01: at most twice the paper's", _last(decay, "train_mse"), _AT_MOST,
            0.11, least, paper=0.055,
        ),
    ]  # fmt: skip


def _compare_dimensions(records: Sequence[Record], figure: str) -> list[Outcome]:
    """Trends with the dimension, and what the captions add: shares in Fig. 4, norms in Fig. 8."""
    ordered = sorted(records, key=lambda r: int(r["dim"]))
    crossing, loss, error = ([_last(r, name) for r in ordered] for name in ("crossing", "loss", "train_mse"))
    evidence = {
        "dims": [r["dim"] for r in ordered],
        "share active on some, not all points": crossing,
        "alive": [_last(r, "alive") for r in ordered],
        "loss": loss,
        "train_mse": error,
    }
    order = range(len(ordered))
    found = [
        comparison(
            figure, "rank correlation of MSE with d; paper: the MSE rises", _spearman(order, error), Relation.AT_LEAST,
            0.7, evidence,
        ),
        comparison(
            figure, "rank correlation of loss with d; paper: the loss falls", _spearman(order, loss), _AT_MOST, -0.7
        ),
    ]  # fmt: skip
    if figure == "fig4":
        claim = "share of neurons active on some but not on all points"
        near = Interval(0.5, 0.8, "about the paper's 65 %", Trust.HEURISTIC)
        return [
            *found,
            comparison(figure, f"{claim}, d = 6 against d = 1; paper: rises", crossing[-1], _ABOVE, crossing[0]),
            comparison(figure, f"{claim}, d = 1; paper: none", crossing[0], _AT_MOST, 0.05, paper=0.0),
            comparison(figure, f"{claim}, d = 6; paper: up to 65 %", crossing[-1], Relation.WITHIN, near, paper=0.65),
        ]
    by_dim = [rank_correlation(r) for r in ordered]
    claim = "rank correlation of activation rate and weight norm, largest over d; paper: rare neurons have large norms"
    return [*found, comparison(figure, claim, float(np.max(by_dim)), _BELOW, 0.0, {"by dimension": by_dim})]


def _compare_step_sizes(records: Sequence[Record]) -> list[Outcome]:
    """Smallest against largest step size."""
    ordered = sorted(records, key=lambda r: float(r["eta"]))
    rare, norms = [_last(r, "rare") for r in ordered], [active_norm(r) for r in ordered]
    evidence = {"eta": [r["eta"] for r in ordered], "rare": rare, "median norm": norms}
    words = "largest eta against smallest"
    return [
        comparison(
            "fig5", f"share of the alive neurons active on at most 10 % of the data, {words}", rare[-1], _ABOVE, rare[0],
            evidence,
        ),
        comparison("fig5", f"median weight norm of the active neurons, {words}", norms[-1], _ABOVE, norms[0]),
    ]  # fmt: skip


def _compare_widths(records: Sequence[Record]) -> list[Outcome]:
    """At every width: rare neurons with large norms, and rarer than with decay."""
    found = []
    for plain in (r for r in records if not r["decay"]):
        decay = next(r for r in records if r["width"] == plain["width"] and r["decay"])
        claim = f"width {plain['width']}: median activation rate without decay against with"
        found.append(comparison("fig6", claim, _median_rate(plain), _BELOW, _median_rate(decay)))
        claim = f"width {plain['width']}: rank correlation of activation rate and weight norm without decay"
        found.append(comparison("fig6", claim, rank_correlation(plain), _BELOW, 0.0))
    return found


def _compare_high_dimensions(records: Sequence[Record]) -> list[Outcome]:
    """Rare neurons have large norms."""
    claim = "d = {}: rank correlation of activation rate and weight norm"
    return [
        comparison(
            "fig7", claim.format(record["dim"]), rank_correlation(record), _BELOW, 0.0,
            {"rates": sorted(series(record, "rates").tolist())},
        )
        for record in records
    ]  # fmt: skip


# Drawings

_Words = Callable[[Record], str]


@styled()
def _draw_neurons(records: Sequence[Record], headline: str, *, words: _Words, rows: int = 1) -> Figure:
    """Neurons, one panel for each training; those with decay in blue."""
    figure, grid = panels(rows, len(records) // rows, (3.6, 3.2), headline)
    for axes, record in zip(grid.flat, records, strict=True):
        scatter(axes, record, words(record), BLUE if record["decay"] else ORANGE)
    return figure


@styled()
def _draw_with_curves(records: Sequence[Record], headline: str, *, words: _Words) -> Figure:
    """Neurons above, curves below, one column for each training."""
    figure, grid = panels(2, len(records), (3.6, 3.2), headline)
    for (top, bottom), record in zip(grid.T, records, strict=True):
        scatter(top, record, words(record))
        curves(bottom, record)
    grid[1, 0].legend(fontsize=7)
    return figure


def _dim(record: Record) -> str:
    return f"d = {record['dim']}"


NEURON_FIGURES: tuple[Experiment, ...] = (
    Experiment(
        "fig3",
        "Neural shattering: a large step size against weight decay",
        "width 2048, n = 512, d = 10, sigma = 1, linear target; eta = 0.9, against eta = 0.01 with decay 0.1",
        "20 000 steps, where the paper names none (small: 8000); the initialisation of torch.nn.Linear.",
        _decay_sweep,
        neuron_rows,
        _compare_decay,
        draw_pair,
    ),
    Experiment(
        "fig4",
        "Shattering across the input dimension (ReLU)",
        "width 1024, n = 512, d = 1, ..., 6, eta = 0.5, 20 000 epochs, sigma = 1, linear target",
        "The share of neurons that stay active is read as: active on some but not on all points. Small: 6000 steps.",
        partial(_dimension_sweep, figure="fig4", activation=Activation.RELU),
        neuron_rows,
        partial(_compare_dimensions, figure="fig4"),
        partial(_draw_with_curves, words=_dim),
    ),
    Experiment(
        "fig5",
        "Shattering and the step size, d = 5",
        "d = 5, eta varied, eta times epochs = 10 000, no decay",
        "n = 512 and width 1024 as in Fig. 4, eta from 0.05 to 0.8: the paper names none of these. "
        "Small: n = 256, width 512, eta times steps = 2000.",
        _step_size_sweep,
        neuron_rows,
        _compare_step_sizes,
        partial(_draw_with_curves, words=lambda record: f"η = {record['eta']:g}"),
    ),
    Experiment(
        "fig6",
        "Shattering in the underparametrised regime",
        "n = 1024, width 32, 48, 64, eta = 0.5, decay 0 or 0.05",
        "d = 16, where the paper's parameter count Wd + W + 1 passes n between widths 48 and 64 as it says; "
        "20 000 steps (small: 5000).",
        _width_sweep,
        neuron_rows,
        _compare_widths,
        partial(_draw_neurons, words=lambda record: f"W = {record['width']}, decay {record['decay']:g}", rows=2),
    ),
    Experiment(
        "fig7",
        "Shattering of small networks in high dimension",
        "width 16, n = 1024, d = 64, 48, 32, eta = 0.5, linear target",
        "20 000 steps (small: 5000), sigma = 1, where the paper names neither.",
        _high_dimension_sweep,
        neuron_rows,
        _compare_high_dimensions,
        partial(_draw_neurons, words=_dim),
    ),
    Experiment(
        "fig8",
        "Shattering across the input dimension (GELU)",
        "as Fig. 4 with GELU: width 1024, n = 512, d = 1, ..., 6, eta = 0.5, 20 000 epochs",
        "GELU is z Phi(z); a neuron counts as active where its preactivation is positive. "
        "Small: n = 256, width 512, 4000 steps.",
        partial(_dimension_sweep, figure="fig8", activation=Activation.GELU),
        neuron_rows,
        partial(_compare_dimensions, figure="fig8"),
        partial(_draw_with_curves, words=_dim),
    ),
)
