"""The command: a table in, the answer as text, JSON, network and figure out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from boundcalc.files import save_figure, write_arrays, write_text
from boundcalc.options import choice, number
from verify.command import Progress, Setting, asked, check_outputs
from verify.outcome import ExitCode
from verify.shatterability.figure import shatterability_figure
from verify.shatterability.job import Protection, shatterability
from verify.shatterability.render import json_text, text
from verify.shatterability.scaling import Scale, rescale
from verify.shatterability.table import read_table

_POSITIVE = number("a positive number", lambda x: x > 0)


@dataclass(frozen=True)
class ShatterSetting(Setting):
    """The table, what to make of its columns, and how long to search."""

    file: str = asked("file")
    target: str | None = asked("target")
    drop: str | None = asked("drop")
    eta: Fraction = asked("eta", "0.5", reader=_POSITIVE)
    decay: Fraction | None = asked("decay", None)
    features: Scale = asked("features", reader=choice(Scale))
    bound: Fraction | None = asked("bound", None, reader=_POSITIVE)
    columns: int = asked("columns")
    time: Fraction = asked("time")
    seed: int = asked("seed")
    checkpoint: str | None = asked("checkpoint")


def answer(typed: Mapping[str, Any]) -> int:
    """Read, compute, write, print; the exit code: 0 for an answer, 3 for undecided."""
    setting = ShatterSetting.typed(typed)
    outputs = {name: typed[name] for name in ("json", "save", "plot")}
    check_outputs(**outputs)
    table = read_table(Path(setting.file), setting.target, [name for name in (setting.drop or "").split(",") if name])
    scaled = rescale(table.X, setting.features)
    eta, time = float(setting.eta), float(setting.time)
    decay, bound = (None if value is None else float(value) for value in (setting.decay, setting.bound))
    with Progress() as progress:
        found = shatterability(
            scaled.X,
            table.y,
            eta,
            decay=decay,
            bound=bound,
            time_limit=time,
            seed=setting.seed,
            most_columns=setting.columns,
            progress=progress.note,
            checkpoint=None if setting.checkpoint is None else Path(setting.checkpoint),
        )
    n, d = scaled.X.shape
    title = (
        f"Shatterability of {setting.file}: {n} points, {d} feature(s) ({scaled.words}), "
        f"labels {table.target!r} in [{table.y.min():g}, {table.y.max():g}]"
    )
    facts = {
        "file": setting.file, "target": table.target, "columns": list(table.columns), "points": n, "features": d,
        "scale": setting.features.value, "eta": eta, "decay": decay, "bound": bound, "time": time, "seed": setting.seed,
    }  # fmt: skip
    content = json_text(found, facts)
    if outputs["json"] not in (None, "-"):
        write_text(Path(outputs["json"]), content)
    if outputs["plot"] is not None:
        save_figure(shatterability_figure(found), Path(outputs["plot"]))
    network = None if found.edge is None else found.edge.network
    if outputs["save"] is not None and network is not None:
        brackets = {
            f"{name}_{end}": getattr(bracket, end)
            for name, bracket in (("margin", found.margins), ("depth", found.depth))
            for end in ("lower", "upper")
        }
        data = {"X": found.X, "y": found.y, **brackets, "leverage": found.leverage}
        write_arrays(Path(outputs["save"]), network.arrays | data)
    print(content if outputs["json"] == "-" else text(found, title), end="" if outputs["json"] == "-" else "\n")
    if outputs["save"] is not None and network is None:
        raise ValueError("--save needs an interpolating network, and none was found; see the notes without --save")
    return ExitCode.UNDECIDED if found.protection is Protection.UNDECIDED else ExitCode.FINE
