"""Running figures one after the other: trainings through one store, drawings, numbers, and the comparison with the paper."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

from verify.figures.run import check_store, files_of, prepare_folder, run_figure
from verify.figures.setting import FiguresSetting
from verify.outcome import Outcome, Report
from verify.sweep import SweepOptions

__all__ = ["figures_report", "plan"]


def plan(setting: FiguresSetting, how: SweepOptions) -> str | None:
    """The grids and what they cost, for a dry run."""
    if not how.dry_run:
        return None
    how = _with_store(setting, how)
    return "\n\n".join(f"{entry.name}: {how.plan(entry.sweep(setting.inputs))}" for entry in setting.entries)


def _with_store(setting: FiguresSetting, how: SweepOptions) -> SweepOptions:
    """Figures share trainings, and an interrupted start is continued: there is always a store."""
    return how if how.store is not None else replace(how, store=Path(setting.folder) / "store.db")


def figures_report(setting: FiguresSetting, how: SweepOptions) -> tuple[None, Report]:
    """Train what the store lacks, write figures and numbers, compare; progress goes to stderr."""
    entries, inputs, folder = setting.entries, setting.inputs, Path(setting.folder)
    sweeps = {entry.name: entry.sweep(inputs) for entry in entries}
    files = {entry.name: files_of(entry, inputs, folder, setting.image) for entry in entries}
    if how.store is not None:
        check_store(how.store, list(sweeps.values()))
    prepare_folder("--folder", folder, list(files.values()))
    how = _with_store(setting, how)
    check_store(how.store, list(sweeps.values()))
    start = time.perf_counter()
    outcomes: list[Outcome] = []
    facts = {}
    for entry in entries:
        found, facts[entry.name] = run_figure(entry, inputs, sweeps[entry.name], how, files[entry.name])
        outcomes += found
    title = f"Figures of LQWP25, {inputs.scale.value} scale, seed {inputs.seed}: measured, and what it is compared with"
    return None, Report(title, setting.as_json(), facts, outcomes, {"total": time.perf_counter() - start})
