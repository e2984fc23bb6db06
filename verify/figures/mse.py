"""Figures 2 and 9 to 15: the MSE against n, by dimension, step size and weight decay.

They differ in their data alone: the trainings are cells of ``python -m verify.rates``, the lines and exponents its own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import product
from typing import TYPE_CHECKING

from boundcalc.style import COLOURS, panels, styled
from verify.figures.base import Experiment, Inputs, Record, Scale, comparison
from verify.outcome import Interval, Outcome, Relation, Trust
from verify.rates.cells import rate_cells, sweep_of
from verify.rates.figure import draw_line
from verify.rates.lines import Line, lines_of
from verify.sweep import Sweep

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_ETAS = {Scale.SMALL: (0.1, 0.4), Scale.PAPER: (0.05, 0.1, 0.2, 0.4)}
_SIZES = {Scale.SMALL: (32, 64, 128, 256), Scale.PAPER: (32, 64, 128, 256, 512)}
# eta times steps: the same time for every step size; 10 000 is the rule of Fig. 5.
_TIME = {Scale.SMALL: 1000, Scale.PAPER: 10_000}
# Of Fig. 2. eta times decay times steps = 20 at the paper's scale: after that nothing moves any more.
_DECAY_STEPS = {Scale.SMALL: 5000, Scale.PAPER: 20_000}
_SEEDS = 5


@dataclass(frozen=True)
class _Study:
    """What the figures of one study share.

    ``trainings`` gives step size, decay (0 for none) and number of steps of all trainings at a scale.
    """

    setting: str
    choices: str
    width_factor: int
    sigma: float
    target: str
    trainings: Callable[[Scale], list[tuple[float, float, int]]]

    def sweep(self, inputs: Inputs, dims: Sequence[int]) -> Sweep:
        """The trainings at every dimension and sample size: cells of the rate study."""
        common = {"seed": inputs.seed, "sigma": self.sigma, "target": self.target, "device": inputs.device}
        cells = []
        for (eta, decay, steps), dim, n in product(self.trainings(inputs.scale), dims, _SIZES[inputs.scale]):
            own = {"dim": dim, "n": n, "width": self.width_factor * n, "eta": eta, "decay": decay, "steps": steps}
            cells += rate_cells(common | own, _SEEDS)
        return sweep_of(cells)


def _every_step_size(*decays: float) -> Callable[[Scale], list[tuple[float, float, int]]]:
    return lambda scale: [(eta, decay, round(_TIME[scale] / eta)) for eta in _ETAS[scale] for decay in decays]


def _two_step_sizes(scale: Scale) -> list[tuple[float, float, int]]:
    """Those of Fig. 2: gradient descent, and weight decay with a step size and a number of steps of its own."""
    return [(0.2, 0.0, round(_TIME[scale] / 0.2)), (0.01, 0.1, _DECAY_STEPS[scale])]


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
            fit = dict(zip(("exponent", "exponent_lower", "exponent_upper"), (line.exponent, *line.ends), strict=True))
            rows.append({**{name: r.get(name) for name in keep}, **fit})
    return rows


def _slopes(lines: Sequence[Line], figure: str) -> list[Outcome]:
    """For each step size and decay: the exponent in the largest dimension is below that in the smallest."""
    found = []
    for decay, eta in sorted({(line.decay, line.eta) for line in lines}):
        mine = sorted((x for x in lines if (x.decay, x.eta) == (decay, eta)), key=lambda x: x.dim)
        first, last = mine[0], mine[-1]
        words = f"eta = {eta:g}" + (f", decay {decay:g}" if decay else "")
        claim = f"{words}: exponent of the MSE at d = {last.dim} against d = {first.dim}; paper: flatter"
        evidence = {f"d = {x.dim}": [x.exponent, *x.ends] for x in mine}
        found.append(comparison(figure, claim, last.exponent, Relation.BELOW, first.exponent, evidence))
    return found


def _almost_flat(lines: Sequence[Line], figure: str) -> list[Outcome]:
    """Those of Fig. 10: the slopes, the exponents at d = 5, and the two step sizes there."""
    last = sorted((x for x in lines if x.dim == max(line.dim for line in lines)), key=lambda x: x.eta)
    found = [
        comparison(
            figure, f"exponent at d = {x.dim}, eta = {x.eta:g}; paper: almost flat", x.exponent, Relation.AT_MOST, 0.2,
            {"interval": list(x.ends)},
        )
        for x in last
    ]  # fmt: skip
    small, large = last[0], last[-1]
    claim = (
        f"median MSE at d = {large.dim} and the largest n, eta = {large.eta:g} against {small.eta:g}; paper: even worse"
    )
    medians = [None if x.fit is None else x.fit.medians[-1] for x in (large, small)]
    return [*_slopes(lines, figure), *found, comparison(figure, claim, medians[0], Relation.AT_LEAST, medians[1])]


def _with_and_without(lines: Sequence[Line], figure: str) -> list[Outcome]:
    """Without decay the exponent falls with the dimension, and is below that with decay, at every step size."""
    plain = [x for x in lines if x.decay == 0]
    found = _slopes(plain, figure)
    for line in plain:
        decay = next(x for x in lines if (x.dim, x.eta) == (line.dim, line.eta) and x.decay > 0)
        claim = f"d = {line.dim}, eta = {line.eta:g}: exponent of the MSE without decay against with"
        evidence = {"without": list(line.ends), "with": list(decay.ends)}
        found.append(comparison(figure, claim, line.exponent, Relation.BELOW, decay.exponent, evidence))
    return found


def _caption(lines: Sequence[Line], figure: str) -> list[Outcome]:
    """The slopes of the caption of Fig. 2."""
    plain = [x for x in lines if x.decay == 0]
    first, last = plain[0], plain[-1]
    about = None
    if last.fit is not None:
        words = "95% bootstrap interval, widened by 0.05 for the paper's 'about'"
        about = Interval(last.fit.lower - 0.05, last.fit.upper + 0.05, words, Trust.HEURISTIC)
    claim = f"exponent of the MSE at d = {last.dim}, gradient descent; paper: about 0.1"
    evidence = {f"d = {x.dim}": [x.exponent, *x.ends] for x in plain}
    words = "the same against d = 1; paper: falls rapidly"
    found = [
        comparison(figure, claim, about, Relation.CONTAINS, 0.1, evidence, paper=0.1),
        comparison(figure, words, last.exponent, Relation.BELOW, first.exponent),
    ]
    for line in lines:
        if line.decay > 0:
            claim = f"exponent of the MSE at d = {line.dim}, weight decay; paper: above 0.5"
            ends = {"interval": list(line.ends)}
            found.append(comparison(figure, claim, line.exponent, Relation.AT_LEAST, 0.5, ends, paper=0.5))
    return found


_Compare = Callable[[Sequence[Line], str], list[Outcome]]
_Draw = Callable[[Sequence[Record], str], "Figure"]
_Words = Callable[[Line], str]


def _dim(line: Line) -> str:
    return f"d = {line.dim}"


def _eta(line: Line) -> str:
    return f"η = {line.eta:g}"


def _decay(line: Line) -> str:
    return "with decay" if line.decay else "no decay"


def _kind(line: Line) -> str:
    return f"weight decay {line.decay:g}, η = {line.eta:g}" if line.decay else f"gradient descent, η = {line.eta:g}"


@styled()
def _draw(
    records: Sequence[Record], headline: str, *, column: _Words, label: _Words, row: _Words = lambda _: ""
) -> Figure:
    """Panels of log MSE against log n by what ``row`` and ``column`` say of a line, with its exponent in the legend."""
    lines = lines_of(records)
    rows, columns = (list(dict.fromkeys(map(words, lines))) for words in (row, column))
    figure, grid = panels(len(rows), len(columns), (3.6, 3.2), headline, sharex=True, sharey=True)
    for i, above in enumerate(rows):
        for j, beside in enumerate(columns):
            axes = grid[i, j]
            mine = [line for line in lines if (row(line), column(line)) == (above, beside)]
            for line, colour in zip(mine, COLOURS, strict=False):
                ends = "[{:.2f}, {:.2f}]".format(*line.ends)
                draw_line(axes, line.errors, line.fit, colour, f"{label(line)}: {line.exponent:.2f} {ends}")
            axes.set_title(f"{above}, {beside}" if above else beside)
            if axes.get_legend_handles_labels()[0]:
                axes.legend(fontsize=7)
    for axes in grid[-1]:
        axes.set_xlabel("n")
    for axes in grid[:, 0]:
        axes.set_ylabel("MSE, training points")
    return figure


_TIMES = "n from 32 to 512{} eta times steps = 10 000 as in Fig. 5, where the paper names none"
_SMALL = "Small: n up to 256, eta 0.1 and 0.4, eta times steps = 1000."
_VARIED = "eta from 0.05 to 0.4 and " + _TIMES.format(",")
_CAPTION_2 = _Study(
    "n = 32, ..., 512, d = 1, ..., 5, sigma = 1, width 4n, linear target, median of 5 repetitions; "
    "eta = 0.2, against eta = 0.01 with decay 0.1",
    "eta times steps = 10 000 as in Fig. 5, and 20 000 steps with decay, where the paper names none; "
    "MSE to the truth on the training points. Small: n up to 256, 5000 steps.",
    4, 1.0, "linear", _two_step_sizes,
)  # fmt: skip
_LINEAR = _Study(
    "linear target, sigma^2 = 1, width 4n, median of 5 repetitions", f"{_VARIED}. {_SMALL}",
    4, 1.0, "linear", _every_step_size(0.0),
)  # fmt: skip
_DECAYED = _Study(
    "linear target, sigma^2 = 0.25, width 2n, decay 0.01, median of 5 repetitions",
    f"{_VARIED}; trainings without decay beside those with it, which the caption's stable minima leave open. {_SMALL}",
    2, 0.5, "linear", _every_step_size(0.0, 0.01),
)  # fmt: skip
_ROOT = _Study(
    "f_0(x) = (1/d) sum_j |u_j.x|^(1/2) + 1, sigma^2 = 0.25, width 2n, eta = 0.05, 0.1, 0.2, 0.4, "
    "median of 5 repetitions",
    f"{_TIMES.format(' and')}. {_SMALL}",
    2, 0.5, "root", _every_step_size(0.0),
)  # fmt: skip
_ROOT_DECAYED = replace(_ROOT, setting=f"{_ROOT.setting}; against decay 0.01", trainings=_every_step_size(0.0, 0.01))

_BY_KIND = partial(_draw, column=_kind, label=_dim)
_BY_DIMENSION = partial(_draw, column=_dim, label=_eta)
_BY_STEP_SIZE = partial(_draw, column=_eta, label=_dim)
_BY_DECAY = partial(_draw, row=_dim, column=_decay, label=_eta)

_TABLE: tuple[tuple[int, str, _Study, tuple[int, ...], _Compare, _Draw], ...] = (
    (2, "gradient descent and weight decay", _CAPTION_2, (1, 2, 3, 4, 5), _caption, _BY_KIND),
    (9, "gradient descent, d = 1, 2, 3", _LINEAR, (1, 2, 3), _slopes, _BY_DIMENSION),
    (10, "gradient descent, d = 4, 5", _LINEAR, (4, 5), _almost_flat, _BY_DIMENSION),
    (11, "sigma = 0.5, decay 0.01, d = 1, 2, 3", _DECAYED, (1, 2, 3), _slopes, _BY_DECAY),
    (12, "sigma = 0.5, decay 0.01, d = 4, 5", _DECAYED, (4, 5), _slopes, _BY_DECAY),
    (13, "target with roots, d = 1, ..., 4", _ROOT, (1, 2, 3, 4), _slopes, _BY_STEP_SIZE),
    (14, "target with roots, with and without decay, d = 1, 2", _ROOT_DECAYED, (1, 2), _with_and_without, _BY_DECAY),
    (15, "target with roots, with and without decay, d = 3, 4", _ROOT_DECAYED, (3, 4), _with_and_without, _BY_DECAY),
)


def _experiment(
    number: int, title: str, study: _Study, dims: tuple[int, ...], compare: _Compare, draw: _Draw
) -> Experiment:
    return Experiment(
        name=f"fig{number}",
        title=f"MSE against n: {title}",
        setting=study.setting,
        choices=study.choices,
        sweep=partial(study.sweep, dims=dims),
        rows=mse_rows,
        compare=lambda records: compare(lines_of(records), f"fig{number}"),
        draw=draw,
    )


MSE_FIGURES: tuple[Experiment, ...] = tuple(_experiment(*entry) for entry in _TABLE)
