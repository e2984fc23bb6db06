"""Errors against n: one line for each dimension, step size and decay, with its fitted exponent."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from verify.outcome import Interval
from verify.power_law import BOOTSTRAP_LEVEL, ExponentFit, fit_medians

Float = NDArray[np.float64]
_RESAMPLES = 2000


def errors_by_size(records: Sequence[Mapping[str, Any]], step: int, field: str) -> dict[int, Float]:
    """The errors at a step by n, one entry for each repetition; NaN for a run that diverged."""
    found: dict[int, list[float]] = {}
    for record in records:
        if record["step"] == step:
            found.setdefault(record["n"], []).append(record[field])
    return {n: np.array(values, dtype=np.float64) for n, values in sorted(found.items())}


@dataclass(frozen=True, eq=False)
class Line:
    """Errors at the last step for one dimension, step size and decay.

    Attributes
    ----------
    errors : mapping from n to an array
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
        """Minus the slope of log median error on log n; NaN where there is no fit."""
        return math.nan if self.fit is None else self.fit.exponent

    @property
    def ends(self) -> tuple[float, float]:
        """The ends of the bootstrap interval, NaN where there is none."""
        return (math.nan, math.nan) if self.fit is None else (self.fit.lower, self.fit.upper)

    @property
    def interval(self) -> Interval | None:
        """The bootstrap interval."""
        return None if self.fit is None else Interval(*self.ends, f"{BOOTSTRAP_LEVEL:.0%} bootstrap interval")


def lines_of(records: Sequence[Mapping[str, Any]], field: str = "train_mse") -> list[Line]:
    """The lines in records of :func:`verify.rates.cells.run_cell`, by dimension, decay and step size."""
    lines = []
    for dim, decay, eta, steps in sorted({(r["dim"], r["decay"], r["eta"], r["steps"]) for r in records}):
        mine = [r for r in records if (r["dim"], r["decay"], r["eta"], r["steps"]) == (dim, decay, eta, steps)]
        errors = errors_by_size(mine, steps, field)
        # The seed is that of the resampling alone: the same records give the same interval.
        lines.append(Line(dim, eta, decay, errors, fit_medians(errors, _RESAMPLES, 0)))
    return lines
