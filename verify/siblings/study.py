"""The command's inputs, the studies that it runs one after the other, and their figure."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from boundcalc.options import choice
from boundcalc.style import panels, styled
from verify.command import Progress, Setting, asked
from verify.outcome import Outcome, Report
from verify.siblings import (
    besov,
    compress,
    gaussian_gap,
    k_plane,
    masks,
    memory,
    multivariate,
    n_term,
    relu_process,
)
from verify.siblings.sibling import Sibling

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SIBLINGS: tuple[Sibling, ...] = (
    gaussian_gap.SIBLING,
    relu_process.SIBLING,
    k_plane.SIBLING,
    multivariate.SIBLING,
    n_term.SIBLING,
    compress.SIBLING,
    besov.SIBLING,
    masks.SIBLING,
    memory.SIBLING,
)


@dataclass(frozen=True)
class SiblingsSetting(Setting):
    """Which papers, and the seed of everything random."""

    sibling: str = asked("sibling", reader=choice(("all", *(sibling.name for sibling in SIBLINGS))))
    seed: int = asked("seed")


@dataclass(frozen=True, eq=False)
class Measured:
    """What was measured for each paper, in order."""

    found: tuple[tuple[Sibling, Any], ...]


def siblings_report(setting: SiblingsSetting) -> tuple[Measured, Report]:
    """Build, measure and judge; progress goes to stderr.

    Examples
    --------
    >>> _, report = siblings_report(SiblingsSetting.parse("k-plane"))
    >>> int(report.exit_code)
    0

    Raises
    ------
    ValueError
        If a package that one of the papers needs is missing.
    """
    chosen = [sibling for sibling in SIBLINGS if setting.sibling in ("all", sibling.name)]
    for sibling in chosen:
        sibling.require()  # before the first minute
    found: list[tuple[Sibling, Any]] = []
    outcomes: list[Outcome] = []
    facts = {}
    with Progress(len(chosen)) as progress:
        for sibling in chosen:
            progress.step(sibling.name)
            measured = sibling.measure(setting.seed)
            found.append((sibling, measured))
            facts[sibling.name] = {"paper": str(sibling.source), **sibling.facts(measured)}
            outcomes += sibling.outcomes(measured, sibling.statements)
    title = f"{chosen[0].title if len(chosen) == 1 else 'The sibling papers'}, seed {setting.seed}"
    return Measured(tuple(found)), Report(title, setting.as_json(), facts, outcomes, progress.timing)


@styled()
def siblings_figure(measured: Measured) -> Figure:
    """One panel per paper, three in a row."""
    count = len(measured.found)
    columns = min(3, count)
    figure, grid = panels(math.ceil(count / columns), columns, (4.8, 3.8))
    for axes, (sibling, found) in zip(grid.flat, measured.found, strict=False):
        axes.set_title(sibling.title)
        sibling.draw(axes, found)
    for axes in grid.flat[count:]:
        axes.set_axis_off()
    return figure
