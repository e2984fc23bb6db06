"""Numbers and panels that the figures about neurons share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from verify.figures.base import Record, number
from verify.look import BLUE, GREY, ORANGE, guide, neurons, steps
from verify.shattering.claims import RARE

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["active_norm", "curves", "last", "neuron_rows", "rank_correlation", "scatter", "series"]

Float = NDArray[np.float64]


def series(record: Record, name: str) -> Float:
    """A traced quantity or a list of neurons as an array."""
    return np.array([number(value) for value in record[name]])


def last(record: Record, name: str) -> float:
    """The value at the last step."""
    return number(record[name][-1])


def _active(record: Record) -> tuple[Float, Float]:
    """Rates and norms of the neurons that are active somewhere at the end."""
    rates, norms = series(record, "rates"), series(record, "norms")
    return rates[rates > 0], norms[rates > 0]


def active_norm(record: Record) -> float:
    """Median weight norm |v_k| |w_k| of the neurons active on some but not on all points; NaN if there is none."""
    rates, norms = _active(record)
    chosen = norms[rates < 1]
    return float(np.median(chosen)) if len(chosen) else float("nan")


def rank_correlation(record: Record) -> float:
    """Spearman's correlation of activation rate and weight norm over the neurons alive; NaN for fewer than three."""
    from scipy.stats import rankdata

    rates, norms = _active(record)
    if len(rates) < 3:
        return float("nan")
    ranks = rankdata(rates), rankdata(norms)
    if ranks[0].std() == 0 or ranks[1].std() == 0:
        return float("nan")
    return float(np.corrcoef(*ranks)[0, 1])


def neuron_rows(records: Sequence[Record]) -> list[Record]:
    """Settings and final numbers of every training."""
    keep = ("dim", "n", "width", "activation", "eta", "decay", "sigma", "steps", "seed", "repeat", "diverged_at")
    final = ("loss", "train_mse", "fresh_mse", "lambda_max", "alive", "crossing", "rare")
    return [
        {
            **{name: record[name] for name in keep},
            **{name: last(record, name) for name in final},
            "median_norm": active_norm(record),
            "rank_correlation": rank_correlation(record),
        }
        for record in records
    ]


def scatter(axes: Axes, record: Record, title: str, colour: str = ORANGE) -> None:
    """Activation rate against weight norm of every neuron that is alive."""
    rates, norms = _active(record)
    neurons(axes, rates, norms, colour, f"{title}: {len(rates)} of {len(record['rates'])} alive")
    guide(axes, x=RARE)
    axes.set_xlim(-0.02, 1.02)


def curves(axes: Axes, record: Record, label: Callable[[str], str] = str) -> None:
    """Training loss and MSE to the truth along the training."""
    step = series(record, "step")
    axes.plot(step, 2 * series(record, "loss"), color=GREY, label=label("twice the loss"))
    axes.plot(step, series(record, "train_mse"), color=ORANGE, label=label("MSE, training points"))
    axes.plot(step, series(record, "fresh_mse"), color=BLUE, label=label("MSE, fresh points"))
    axes.set_yscale("log")
    steps(axes)
