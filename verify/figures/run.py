"""Running figures: trainings through the store, then the drawing, the numbers and the comparison."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from boundcalc.files import check_figure_path, check_writable, save_figure
from verify.figures.base import Experiment, Inputs, Record, comparison
from verify.outcome import Outcome, Relation
from verify.sweep import Store, Sweep, SweepOptions, write_csv

__all__ = [
    "FigureFiles",
    "files_of",
    "prepare_folder",
    "run_figure",
    "write_figure",
]


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


def headline(entry: Experiment, inputs: Inputs) -> str:
    """What stands above a figure."""
    return f"{entry.source}: {entry.title} ({inputs.scale.value} scale, seed {inputs.seed})"


def write_figure(entry: Experiment, inputs: Inputs, records: Sequence[Record], files: FigureFiles) -> None:
    """Write the figure and its numbers."""
    write_csv(entry.rows(records), files.numbers)
    save_figure(entry.draw(records, headline(entry, inputs)), files.figure)


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
    diverged = len(
        {(r["dim"], r["n"], r["eta"], r["decay"], r["repeat"]) for r in records if r["diverged_at"] is not None}
    )
    write_figure(entry, inputs, records, files)
    return entry.compare(records), {
        **facts,
        "diverged runs": diverged,
        "figure": str(files.figure),
        "numbers": str(files.numbers),
    }
