"""The answer as text and as JSON."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from boundcalc.shown import show_upper
from verify.outcome import Interval, Trust, show, show_fact
from verify.shatterability.job import Shatterability

_POINTS = 12
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
        if math.isfinite(edge.sampled_lower):
            rows.append(("lambda* search", edge.sampled_lower, heuristic, "lower bound over the neurons searched"))
        if edge.network is not None:
            rows += [
                ("width", edge.network.width, proved, "neurons of that interpolant"),
                ("its loss", edge.loss, floating, "training loss in float64"),
            ]
    if math.isfinite(found.worst_labels):
        rows.append(
            ("worst labels", found.worst_labels, floating, "solitary sharpness for any labels within the bound")
        )
    for point in found.decay:
        proof = "no lower bound" if point.gap is None else f"duality gap {show_upper(point.gap, 2)}"
        words = f"of the label variance fitted by the best network found; loss {point.loss:.4g}, {proof}"
        rows.append((f"decay {point.decay:.3g}", f"{100 * point.memorised:.3g} %", point.evidence, words))
    return rows


def exposed_rows(found: Shatterability, most: int = _POINTS) -> NDArray[np.int64]:
    """The most exposed points: least depth first, then the largest margin."""
    order = np.lexsort((-found.margins.lower, found.depth.upper))
    return np.asarray(order[:most])


def text(found: Shatterability, title: str) -> str:
    """The report for a terminal."""
    rows = [(name, show_fact(value), kind.value if kind else "", words) for name, value, kind, words in numbers(found)]
    scales = [*found.features.lines(found.table.columns), *found.labels.lines(found.table.target)]
    lines = [
        title,
        *(f"  {words}" for words in (*found.table.words, *scales)),
        "",
        f"{found.verdict} ({found.evidence.value})",
        "",
    ]
    widths = [max(len(row[i]) for row in rows) for i in range(3)]
    lines += [f"  {a:<{widths[0]}}  {b:>{widths[1]}}  {c:<{widths[2]}}  {words}" for a, b, c, words in rows]
    lines += ["", "most exposed points (depth and margin proved; the rest float-certified)"]
    cells = [(found.table.unit, *_HEAD)] + [_point(found, row) for row in exposed_rows(found).tolist()]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines += ["  " + "  ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True)) for line in cells]
    lines += [f"note: {note}" for note in found.notes]
    return "\n".join(lines)


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


def json_text(found: Shatterability, setting: Mapping[str, object]) -> str:
    """The report for machines; numbers that are not finite become null."""

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
    content = {
        "setting": dict(setting),
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
            "protection": found.protection.value, "sentence": found.verdict, "evidence": found.evidence.value
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
    return json.dumps(content, indent=1, allow_nan=False, ensure_ascii=False) + "\n"
