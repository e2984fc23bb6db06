"""The answer as text and as JSON."""

from __future__ import annotations

import json
import math
import textwrap
from collections.abc import Container, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from boundcalc.shown import show_upper
from verify.outcome import Interval, Trust, show, show_fact
from verify.shatterability.job import Shatterability
from verify.shatterability.plainly import difference, glossary, paragraph, plain_numbers

_POINTS = 12
_WIDTH = 120
_HEAD = ("label", "depth", "margin", "alone", "leverage")


def numbers(found: Shatterability) -> list[tuple[str, object, Trust | None, str]]:
    """Name, value, evidence and meaning of every number that belongs to the whole data set."""
    n = len(found.y)
    margins, depth, edge = found.margins, found.depth, found.edge
    proved, floating, heuristic = Trust.PROVED, Trust.FLOAT_CERTIFIED, Trust.HEURISTIC
    rows: list[tuple[str, object, Trust | None, str]] = [
        ("threshold", 2 / found.eta, None, "2/eta, the largest stable sharpness"),
        ("extreme", f"{int(margins.extreme.sum())} of {n}", proved, "points outside the hull of the others"),
    ]
    unless = "" if margins.extreme.all() else ", were all points extreme"
    if margins.undecided.any():
        rows.append(("perhaps extreme", f"{int(margins.undecided.sum())} of {n}", heuristic, "no direction found"))
    rows += [
        ("depth", f"[{int(depth.lower.max())}, {int(depth.upper.max())}]", proved, "bracket of the deepest count"),
        ("memorisable", f"{len(found.capacity.rows)} of {n}", floating, "most points that solitary neurons fit at eta"),
        ("solitary", found.solo.value, floating, f"lambda_max with a solitary neuron for each point{unless}"),
    ]
    if edge is not None:
        rows += [
            ("lambda* lower", edge.lower, edge.lower_evidence, "no interpolating network is flatter"),
            ("lambda* upper", edge.upper, edge.upper_evidence, f"an explicit interpolant ({edge.method})"),
            ("edge", Interval(edge.eta_ok, edge.eta_max), edge.lower_evidence.worse(edge.upper_evidence), "2/lambda*"),
        ]
        if edge.network is not None:
            rows += [
                ("width", edge.network.width, proved, "neurons of that interpolant"),
                ("its loss", edge.loss, floating, "training loss in float64"),
            ]
    if found.trace is not None:
        trace = found.trace
        rows += [
            ("tr* lower", trace.lower, trace.lower_evidence, "no interpolating network has a smaller trace"),
            ("tr* upper", trace.upper, trace.upper_evidence, f"an explicit interpolant ({trace.method})"),
            (
                "edge of SGD",
                trace.eta_max,
                trace.lower_evidence,
                "2/tr*: SGD of batch size 1 is stable at none above it",
            ),
        ]
    if math.isfinite(found.worst_labels):
        rows.append(
            ("worst labels", found.worst_labels, floating, "solitary sharpness for any labels within the bound")
        )
    if found.half_decay is not None:
        rows.append(("decay for half", found.half_decay, heuristic, "about where half of the label variance is fitted"))
    for point in found.decay:
        proof = "no lower bound" if point.gap is None else f"duality gap {show_upper(point.gap, 2)}"
        words = f"of the label variance fitted by the best network found; loss {point.loss:.4g}, {proof}"
        rows.append((f"decay {point.decay:.3g}", f"{100 * point.memorised:.3g} %", point.evidence, words))
    return rows


def exposed_rows(found: Shatterability, most: int = _POINTS) -> NDArray[np.int64]:
    """The most exposed points: least depth first, then the largest margin."""
    order = np.lexsort((-found.margins.lower, found.depth.upper))
    return np.asarray(order[:most])


def text(questions: Mapping[str, Shatterability], title: str) -> str:
    """The report for a terminal: answers side by side, in plain words, then numbers, the most exposed points and notes.

    Parameters
    ----------
    questions : mapping of str to Shatterability
        One or two answers for the same table, by what their scales are called; points are those of the last one.
    """
    every, last = list(questions.values()), list(questions.values())[-1]
    table = last.table
    heads = [("", "features", "labels", "answer")]
    heads += [
        (name, found.features.words, found.labels.words, f"{found.verdict} ({found.evidence.value})")
        for name, found in questions.items()
    ]
    lines = [title, *(f"  {words}" for words in table.words), "", *_aligned(heads)]
    if len(every) > 1:
        lines += _wrapped(difference(*every))
    for name, found in questions.items():
        if found is every[0] or found.protection is not every[0].protection:
            lines += ["", *_wrapped(f"{name.capitalize()}: {paragraph(found)}" if len(every) > 1 else paragraph(found))]
    listed = [{row[0]: row for row in numbers(found)} for found in every]
    names = list(dict.fromkeys(name for rows in listed for name in rows))
    cells = [("", *(name for head in questions for name in (head, "")), "")]
    for name in names:
        values = [
            cell
            for rows in listed
            for cell in ((show_fact(rows[name][1]), _evidence(rows[name][2])) if name in rows else ("-", ""))
        ]
        cells.append((name, *values, next(rows[name][3] for rows in listed if name in rows)))
    lines += ["", *_aligned(cells if len(every) > 1 else cells[1:], right={1, 3} if len(every) > 1 else {1})]
    scales = [*last.features.lines(table.columns), *last.labels.lines(table.target)]
    lines += ["", *([f"scales of what follows: {'; '.join(scales)}"] if scales else [])]
    lines += ["most exposed points (depth and margin proved; the rest float-certified)"]
    points = [(table.unit, *_HEAD)] + [_point(last, row) for row in exposed_rows(last).tolist()]
    lines += _aligned(points, right=set(range(len(points[0]))))
    lines += ["", "words", *(f"  {line}" for line in glossary(lines)), ""]
    for name, found in questions.items():
        shared = set.intersection(*(set(one.notes) for one in every))
        lines += [
            f"note{'' if note in shared or len(every) == 1 else f' ({name})'}: {note}"
            for note in found.notes
            if note not in shared or found is every[0]
        ]
    return "\n".join(lines).rstrip()


def _evidence(kind: Trust | None) -> str:
    return "" if kind is None else kind.value


def _wrapped(words: str) -> list[str]:
    return textwrap.wrap(words, _WIDTH, break_long_words=False, break_on_hyphens=False)


def _aligned(cells: Sequence[tuple[str, ...]], right: Container[int] = ()) -> list[str]:
    """Rows of a table, indented; columns of numbers on their right ends, and no blanks at the end of a line."""
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return [
        (
            "  "
            + "  ".join(
                c.rjust(w) if i in right else c.ljust(w) for i, (c, w) in enumerate(zip(row, widths, strict=True))
            )
        ).rstrip()
        for row in cells
    ]


def _point(found: Shatterability, row: int) -> tuple[str, ...]:
    low, high = int(found.depth.lower[row]), int(found.depth.upper[row])
    margin = Interval(float(found.margins.lower[row]), float(found.margins.upper[row]))
    close = margin.upper - margin.lower <= found.margins.tolerance
    return (
        str(found.table.rows[row]),
        show(float(found.table.y[row])),
        str(low) if low == high else f"[{low}, {high}]",
        show(margin.upper if close and margin.lower > 0 else margin),
        show(float(found.single[row])) if math.isfinite(found.single[row]) else "-",
        f"{found.leverage[row]:.4f}",
    )


def json_text(
    found: Shatterability, setting: Mapping[str, object], beside: Mapping[str, Shatterability] | None = None
) -> str:
    """The report for machines; numbers that are not finite become null. ``beside`` holds answers in other scales, by name."""
    content = {"setting": dict(setting)} | _content(found)
    content["beside"] = {name: _content(other) for name, other in (beside or {}).items()}
    return json.dumps(content, indent=1, allow_nan=False, ensure_ascii=False) + "\n"


def _content(found: Shatterability) -> dict[str, object]:
    def plain(value: object) -> object:
        if isinstance(value, Interval):
            return {"lower": plain(value.lower), "upper": plain(value.upper)}
        if isinstance(value, float) and not math.isfinite(value):
            return None
        if isinstance(value, np.generic):
            return plain(value.item())
        return value if value is None or isinstance(value, (bool, int, float, str)) else str(value)

    points = [
        {
            "row": plain(found.table.rows[row]),
            "index": row,
            "label": float(found.table.y[row]),
            "depth": {"lower": int(found.depth.lower[row]), "upper": int(found.depth.upper[row])},
            "margin": {"lower": float(found.margins.lower[row]), "upper": float(found.margins.upper[row])},
            "alone": plain(float(found.single[row])),
            "leverage": float(found.leverage[row]),
        }
        for row in exposed_rows(found).tolist()
    ]
    return {
        "table": {
            "columns": list(found.table.columns), "target": found.table.target, "rows_are": found.table.unit,
            "read": list(found.table.words),
        },
        "scaling": {
            "features": {
                "words": found.features.words, "shift": found.features.shift.tolist(),
                "factor": found.features.factor.tolist(),
            },
            "labels": {"words": found.labels.words, "shift": found.labels.shift, "factor": found.labels.factor},
        },
        "verdict": {
            "protection": found.protection.value, "sentence": found.verdict, "evidence": found.evidence.value,
            "paragraph": paragraph(found), **plain_numbers(found),
        },
        "numbers": [
            {"name": name, "value": plain(value), "evidence": kind.value if kind else None, "meaning": words}
            for name, value, kind, words in numbers(found)
        ],
        "exposed": points,
        "decay": [
            {
                "decay": p.decay, "objective": p.objective, "loss": p.loss, "memorised": p.memorised,
                "lower": p.lower, "gap": p.gap, "evidence": p.evidence.value,
            }
            for p in found.decay
        ],
        "notes": list(found.notes),
    }  # fmt: skip
