"""What a figure of LQWP25 is here: trainings in a sweep, numbers, a drawing, and the paper's values beside ours."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

from boundcalc.statement import Status
from verify.outcome import Measured, Outcome, Verdict
from verify.sweep import FinishedCell, Sweep
from verify.sweep.codec import encode_setting

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Experiment", "Inputs", "Record", "Scale", "comparison", "number", "records_of"]

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
    title : str
    setting : str
        The paper's setting in words.
    choices : str
        What the paper leaves open, and what is taken here; and what differs at the small scale.
    sweep : callable
        From inputs to the trainings.
    rows : callable
        From records to the numbers behind the figure, one mapping for each row of its CSV file.
    compare : callable
        From records to outcomes that hold the paper's value against ours.
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
    measured: Measured,
    paper: Measured,
    agrees: bool | None,
    relation: str = "=",
    evidence: Mapping[str, object] | None = None,
) -> Outcome:
    """The paper's value as the bound, ours as the measurement.

    A reproduction never refutes a figure: the paper leaves settings open, and the small scale differs on purpose. Where
    ours disagrees (``agrees`` False), or can't be measured (None), the verdict is "undecided".
    """
    number = figure.removeprefix("fig")
    return Outcome(
        f"Fig. {number}",
        f"LQWP25, Fig. {number}",
        claim,
        measured,
        paper,
        Verdict.CONSISTENT if agrees else Verdict.UNDECIDED,
        Status.NUMERIC,
        dict(evidence or {}),
        relation,
    )


def number(value: object) -> float:
    """A stored number; None, which stands for NaN, reads back as NaN."""
    if value is None:
        return math.nan
    if not isinstance(value, (int, float)):
        raise TypeError(f"a stored number must be a number or None, got {value!r}")
    return float(value)


def records_of(sweep: Sweep, cells: Sequence[FinishedCell]) -> list[Record] | None:
    """The records of a sweep from a store, by its settings, whichever code computed them; None if a cell is missing."""
    found = {encode_setting(cell.setting): cell for cell in cells if cell.sweep == sweep.name}
    mine = [found.get(encode_setting(setting)) for setting in sweep.cells]
    if any(cell is None for cell in mine):
        return None
    return [{**cell.setting, **record} for cell in mine if cell is not None for record in cell.records]
