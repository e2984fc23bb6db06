"""The explicit lower bounds over a grid of n, with the claims about their exponents and crossings."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from boundcalc.shown import show_lower
from verify.command import Progress
from verify.lower_bound.claims import exponents, overtaking, shown
from verify.lower_bound.series import (
    CONSTRUCTIONS,
    PAIRS,
    Crossing,
    Series,
    crossing,
    series,
)
from verify.lower_bound.setting import LowerBoundSetting
from verify.outcome import Outcome, Report


@dataclass(frozen=True)
class Study:
    """The bounds over the requested sizes, by dimension, and what overtakes what."""

    setting: LowerBoundSetting
    requested: dict[int, tuple[Series, ...]]
    crossings: dict[int, tuple[Crossing, ...]]


def lower_bound_study(setting: LowerBoundSetting) -> tuple[Study, Report]:
    """Evaluate, fit and compare; progress goes to stderr.

    Examples
    --------
    >>> study, report = lower_bound_study(LowerBoundSetting.parse([1], ["1e8..1e12"]))
    >>> int(report.exit_code), [3900 < c.high < 4000 for c in study.crossings[1] if c.low]
    (0, [True])
    """
    requested: dict[int, tuple[Series, ...]] = {}
    crossings: dict[int, tuple[Crossing, ...]] = {}
    outcomes: list[Outcome] = []
    with Progress(2 * len(setting.dims)) as progress:
        for d in setting.dims:
            base = setting.base(d)
            progress.step(f"d = {d}: exponents")
            requested[d] = tuple(series(c, base, setting.n) for c in CONSTRUCTIONS)
            for found in requested[d]:
                outcomes += exponents(d, base, setting, found)
            progress.step(f"d = {d}: overtaking")
            pairs = [(a, b) for a, b in PAIRS if b.exponent(d) < a.exponent(d)]
            compared = [(a, b, crossing(a, b, base)) for a, b in pairs]
            crossings[d] = tuple(c for _, _, c in compared if c is not None)
            outcomes += [overtaking(d, a, b, c) for a, b, c in compared]
    study = Study(setting, requested, crossings)
    return study, Report(_title(study), setting.as_json(), {}, outcomes, progress.timing)


def _title(study: Study) -> str:
    """A heading and a table of the bounds at the requested sizes, at most nine of them."""
    sizes = study.setting.n
    chosen = sorted({round(k) for k in np.linspace(0, len(sizes) - 1, min(9, len(sizes)))})
    rows = [("d", "lower bound at n =", *(shown(sizes[k]) for k in chosen))]
    for d, found in study.requested.items():
        for one in found:
            if one.usable:
                values = (one.points[k].enclosure for k in chosen)
                cells = ("-" if value is None else show_lower(value, 3) for value in values)
                rows.append((str(d), one.construction.name, *cells))
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = ["Explicit minimax lower bounds of the constructions (every number is proved, rounded down)", ""]
    for row in rows:
        padded = [
            row[0].rjust(widths[0]),
            row[1].ljust(widths[1]),
            *(c.rjust(w) for c, w in zip(row[2:], widths[2:], strict=True)),
        ]
        lines.append("  " + "  ".join(padded))
    return "\n".join(lines)
