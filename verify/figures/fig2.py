"""Figure 2: the curse of dimensionality of gradient descent, and its absence with weight decay."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from verify.figures.base import Experiment, Inputs, Record, Scale, comparison
from verify.figures.mse_figure import Line, Panel, draw_lines, lines_of, mse_rows, mse_sweep
from verify.outcome import Outcome
from verify.sweep import Sweep

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_DIMS = (1, 2, 3, 4, 5)
# eta times decay times steps = 20 at the paper's scale: after that nothing moves any more.
_DECAY_STEPS = {Scale.SMALL: 5000, Scale.PAPER: 20_000}


def sweep(inputs: Inputs) -> Sweep:
    """Gradient descent and weight decay in every dimension."""
    return mse_sweep(
        inputs,
        dims=_DIMS,
        etas=["0.2"],
        width_factor=4,
        sigma="1",
        decays=("0", "0.1"),
        decay_eta="0.01",
        decay_steps=_DECAY_STEPS[inputs.scale],
    )


def _split(records: Sequence[Record]) -> tuple[list[Line], list[Line]]:
    lines = lines_of(records)
    return [x for x in lines if x.decay == 0], [x for x in lines if x.decay > 0]


def compare(records: Sequence[Record]) -> list[Outcome]:
    """The slopes of the caption."""
    plain, decay = _split(records)
    evidence = {f"d = {x.dim}": [x.exponent, *x.ends] for x in plain}
    last = plain[-1]
    found = [
        comparison(
            "fig2", f"exponent of the MSE at d = {last.dim}, gradient descent; paper: about 0.1", last.interval, 0.1,
            last.ends[0] - 0.05 <= 0.1 <= last.ends[1] + 0.05, evidence=evidence,
        ),
        comparison(
            "fig2", "the same against d = 1; paper: falls rapidly", last.exponent, plain[0].exponent,
            last.exponent < plain[0].exponent, "<=",
        ),
    ]  # fmt: skip
    for line in decay:
        claim = f"exponent of the MSE at d = {line.dim}, weight decay; paper: above 0.5"
        found.append(comparison("fig2", claim, line.interval, 0.5, line.exponent >= 0.5, ">="))
    return found


def draw(records: Sequence[Record], headline: str) -> Figure:
    """Gradient descent on the left, weight decay on the right."""
    titles = ("gradient descent, η = 0.2", "weight decay 0.1, η = 0.01")
    row = [Panel(title, lines, lambda x: f"d = {x.dim}") for title, lines in zip(titles, _split(records), strict=True)]
    return draw_lines([row], headline)


EXPERIMENT: Experiment = Experiment(
    name="fig2",
    title="MSE against n: gradient descent and weight decay",
    setting="n = 32, ..., 512, d = 1, ..., 5, sigma = 1, width 4n, linear target, median of 5 repetitions; "
    "eta = 0.2, against eta = 0.01 with decay 0.1",
    choices="eta times steps = 10 000 as in Fig. 5, and 20 000 steps with decay, where the paper names none; "
    "MSE to the truth on the training points. "
    "Small: n up to 256, 5000 steps.",
    sweep=sweep,
    rows=mse_rows,
    compare=compare,
    draw=draw,
)
