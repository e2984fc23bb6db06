"""What a figure of LQWP25 is here: trainings in a sweep, numbers, a drawing, and the paper's values beside ours."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

from boundcalc.statement import Status
from verify.outcome import Interval, Outcome, Relation, judged
from verify.sweep import FinishedCell, Sweep
from verify.sweep.codec import encode_setting

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Record = dict[str, Any]


class Scale(Enum):
    """SMALL runs all figures within minutes on a laptop; PAPER has the paper's sizes and numbers of steps."""

    SMALL = "small"
    PAPER = "paper"


@dataclass(frozen=True)
class Inputs:
    """What the trainings of a figure depend on besides its own setting."""

    scale: Scale
    seed: int = 0
    device: str = "cpu"


@dataclass(frozen=True)
class Experiment:
    """A figure of the paper.

    Attributes
    ----------
    name : str
        "fig2", ...
    setting : str
        The paper's setting in words.
    choices : str
        What the paper leaves open, and what is taken here; and what differs at the small scale.
    sweep : callable
        From inputs to the trainings.
    rows : callable
        From records to the numbers behind the figure, one mapping for each row of its CSV file.
    compare : callable
        From records to outcomes that hold ours against the paper's values and claims.
    draw : callable
        From records and a headline to the figure.
    """

    name: str
    title: str
    setting: str
    choices: str
    sweep: Callable[[Inputs], Sweep]
    rows: Callable[[Sequence[Record]], list[Record]]
    compare: Callable[[Sequence[Record]], list[Outcome]]
    draw: Callable[[Sequence[Record], str], Figure]

    @property
    def source(self) -> str:
        """The place in the paper."""
        return f"LQWP25, Fig. {self.name.removeprefix('fig')}"


def comparison(
    figure: str,
    claim: str,
    measured: float | Interval | None,
    relation: Relation,
    bound: float | Interval | None,
    evidence: Mapping[str, object] | None = None,
    paper: float | None = None,
) -> Outcome:
    """Our measurement against a value of the paper, a threshold, or another measurement. NaN is not measured.

    ``paper`` is the number that the paper reports, where it gives one; it stands in the evidence under this name.
    A reproduction never refutes a figure: the paper leaves settings open, and the small scale differs on purpose. A
    measurement is a float, and where it disagrees, the verdict is "undecided".
    """
    place = f"Fig. {figure.removeprefix('fig')}"
    ours, other = (None if isinstance(x, float) and math.isnan(x) else x for x in (measured, bound))
    facts = {**(evidence or {}), **({} if paper is None else {"paper": paper})}
    return judged(place, f"LQWP25, {place}", claim, ours, relation, other, Status.NUMERIC, facts)


def by_setting(cells: Sequence[FinishedCell]) -> dict[tuple[str, str], FinishedCell]:
    """Cells by their sweep and their setting as text."""
    return {(cell.sweep, encode_setting(cell.setting)): cell for cell in cells}


def records_of(sweep: Sweep, known: Mapping[tuple[str, str], FinishedCell]) -> list[Record] | None:
    """The records of a sweep from :func:`by_setting`, whichever code computed them; None if a cell is missing."""
    mine = [known.get((sweep.name, encode_setting(setting))) for setting in sweep.cells]
    if any(cell is None for cell in mine):
        return None
    return [{**cell.setting, **record} for cell in mine if cell is not None for record in cell.records]
