"""The command: a table in, the answer as text, JSON, network and figure out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from boundcalc.files import save_figure, write_arrays, write_text
from boundcalc.options import choice, number
from verify.command import Progress, asked, check_outputs
from verify.outcome import ExitCode
from verify.shatterability.figure import shatterability_figure
from verify.shatterability.guard import Guard
from verify.shatterability.job import Protection, Shatterability, examine
from verify.shatterability.render import json_text, text
from verify.shatterability.scaling import LabelScale, Scale
from verify.shatterability.table_setting import TableSetting

_POSITIVE = number("a positive number", lambda x: x > 0)


@dataclass(frozen=True)
class ShatterSetting(TableSetting):
    """The table, its scales, and how long to search."""

    eta: Fraction = asked("eta", "0.5", reader=_POSITIVE)
    decay: Fraction | None = asked("decay", None)
    features: Scale = asked("features", reader=choice(Scale))
    labels: LabelScale = asked("labels", reader=choice(LabelScale))
    bound: Fraction | None = asked("bound", None, reader=_POSITIVE)
    columns: int = asked("columns")
    nodes: int = asked("nodes")
    time: Fraction = asked("time")
    seed: int = asked("seed")
    checkpoint: str | None = asked("checkpoint")


def answer(typed: Mapping[str, Any]) -> int:
    """Read, compute, write, print; the exit code: 0 for an answer, 3 for undecided."""
    setting = ShatterSetting.typed(typed)
    outputs = {name: typed[name] for name in ("json", "save", "plot")}
    check_outputs(**outputs)
    table = setting.table()
    eta, time = float(setting.eta), float(setting.time)
    decay, bound = (None if value is None else float(value) for value in (setting.decay, setting.bound))
    asked = (setting.features, setting.labels)
    given, normalised = (Scale.AS_IS, LabelScale.AS_IS), (Scale.UNIT_BALL, LabelScale.UNIT)
    # What was asked for comes last; beside it the normalised question, or the data as given where that was asked for.
    names = {given: "as given", normalised: "normalised"}
    pairs = [given if asked == normalised else normalised, asked]
    answers: dict[tuple[Scale, LabelScale], Shatterability] = {}
    clock = Guard(time)
    with Progress() as progress:
        for each in reversed(pairs):
            answers[each] = examine(
                table,
                eta,
                each[0],
                each[1],
                decay=decay if each == asked else None,
                bound=bound if each == asked else None,
                time_limit=max(clock.left(), 0.1 * time) / (2 - len(answers)),
                seed=setting.seed,
                most_columns=setting.columns,
                most_nodes=setting.nodes,
                progress=progress.note,
                checkpoint=None if setting.checkpoint is None or each != asked else Path(setting.checkpoint),
                like=answers.get(asked),
            )
    questions = {names.get(each, "as asked"): answers[each] for each in pairs}
    *others, last = questions
    found = questions[last]
    n, d = found.X.shape
    title = (
        f"Shatterability of {setting.file} at eta = {eta:g}: {n} points, {d} feature(s), labels {table.target!r} in "
        f"[{table.y.min():g}, {table.y.max():g}]"
    )
    facts = {
        "file": setting.file, "target": table.target, "columns": list(table.columns), "points": n, "features": d,
        "scale": setting.features.value, "labels": setting.labels.value, "eta": eta, "decay": decay, "bound": bound,
        "time": time, "seed": setting.seed,
    }  # fmt: skip
    content = json_text(found, facts, {name: questions[name] for name in others})
    if outputs["json"] not in (None, "-"):
        write_text(Path(outputs["json"]), content)
    if outputs["plot"] is not None:
        save_figure(shatterability_figure(questions), Path(outputs["plot"]))
    network = None if found.edge is None else found.edge.network
    if outputs["save"] is not None and network is not None:
        brackets = {
            f"{name}_{end}": getattr(bracket, end)
            for name, bracket in (("margin", found.margins), ("depth", found.depth))
            for end in ("lower", "upper")
        }
        scales = {
            f"{name}_{part}": np.asarray(getattr(scaled, part))
            for name, scaled in (("X", found.features), ("y", found.labels))
            for part in ("shift", "factor")
        }
        data = {"X": found.X, "y": found.y, **scales, **brackets, "leverage": found.leverage}
        write_arrays(Path(outputs["save"]), network.arrays | data)
    print(content if outputs["json"] == "-" else text(questions, title), end="" if outputs["json"] == "-" else "\n")
    if outputs["save"] is not None and network is None:
        raise ValueError("--save needs an interpolating network, and none was found; see the notes without --save")
    return ExitCode.UNDECIDED if found.protection is Protection.UNDECIDED else ExitCode.FINE
