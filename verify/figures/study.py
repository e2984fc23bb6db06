"""Running figures: trainings through one store, drawings, numbers, and the comparison with the paper."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from boundcalc.files import check_figure_path, check_writable, save_figure
from verify.figures.base import Experiment, Inputs, Record, comparison
from verify.figures.setting import FiguresSetting
from verify.outcome import Outcome, Relation, Report
from verify.sweep import Store, Sweep, SweepOptions, write_csv


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


@dataclass(frozen=True)
class FigureFiles:
    """Where a figure and its numbers go."""

    figure: Path
    numbers: Path


def files_of(entry: Experiment, inputs: Inputs, folder: Path, kind: str = "png") -> FigureFiles:
    """The files of a figure in a folder."""
    stem = f"{entry.name}-{inputs.scale.value}" + (f"-seed{inputs.seed}" if inputs.seed else "")
    return FigureFiles(folder / f"{stem}.{kind}", folder / f"{stem}.csv")


def prepare_folder(option: str, folder: Path, files: Sequence[FigureFiles]) -> None:
    """Make the folder, in an existing one, and check that the files can be written.

    Raises
    ------
    ValueError
        Naming the option.
    """
    if not folder.is_dir():
        if folder.exists() or not folder.parent.is_dir():
            raise ValueError(f"{option} must be a folder in an existing one, got {str(folder)!r}")
        folder.mkdir()
    for pair in files:
        check_figure_path(option, pair.figure)
        check_writable(option, pair.numbers)


def check_store(path: Path | None, sweeps: Sequence[Sweep]) -> None:
    """Raise if a store can't take these sweeps: before the first of them is run.

    Raises
    ------
    ValueError
        If it is damaged, no store, being written by another process, or holds cells by another version of the code.
    """
    if path is not None and path.exists():
        with Store(path) as store:
            for name, version in {(sweep.name, sweep.version) for sweep in sweeps}:
                store.cells(name, version)


def write_figure(entry: Experiment, inputs: Inputs, records: Sequence[Record], files: FigureFiles) -> None:
    """Write the figure and its numbers."""
    write_csv(entry.rows(records), files.numbers)
    headline = f"{entry.source}: {entry.title} ({inputs.scale.value} scale, seed {inputs.seed})"
    save_figure(entry.draw(records, headline), files.figure)


def run_figure(
    entry: Experiment, inputs: Inputs, sweep: Sweep, options: SweepOptions, files: FigureFiles
) -> tuple[list[Outcome], dict[str, object]]:
    """Train what the store lacks of the sweep, write figure and numbers, compare; outcomes and facts of the figure.

    Where a training failed nothing is written, and the one outcome says so: the next start tries it again.
    """
    result = options.run(sweep)
    facts: dict[str, object] = {
        "setting": entry.setting,
        "choices": entry.choices,
        "cells": len(result.cells),
        "in the store before": result.skipped,
        "seconds": sum(cell.seconds for cell in result.cells if cell is not None),
    }
    if result.failed:
        _, words = result.failed[0]
        claim = f"{len(result.failed)} of {len(result.cells)} trainings failed; the first one: {words}"
        return [comparison(entry.name, claim, None, Relation.AT_MOST, None)], facts
    records = list(result.records)
    names = ("dim", "n", "width", "eta", "decay", "repeat")
    diverged = len({tuple(r[name] for name in names) for r in records if r["diverged_at"] is not None})
    write_figure(entry, inputs, records, files)
    return entry.compare(records), {
        **facts,
        "diverged runs": diverged,
        "figure": str(files.figure),
        "numbers": str(files.numbers),
    }
