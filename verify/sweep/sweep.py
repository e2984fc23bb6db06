"""A grid of settings, each run once; finished cells survive whatever ends the process."""

from __future__ import annotations

import importlib
import itertools
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any, cast

from verify.command import ProgressBar
from verify.sweep.code_version import code_version
from verify.sweep.codec import Setting, cell_key, encode_setting
from verify.sweep.executor import Attempt, RunCell, check_cluster, run_on_cluster, run_on_this_machine, usable_cores
from verify.sweep.store import FinishedCell, Store, read_store

__all__ = ["Plan", "Sweep", "SweepResult", "grid", "plan_sweep", "run_sweep"]


def grid(axes: Mapping[str, Sequence[Any]]) -> tuple[dict[str, Any], ...]:
    """Every combination of the values on some axes, the last axis fastest.

    Examples
    --------
    >>> [list(cell.values()) for cell in grid({"dim": [1, 2], "n": [32, 64]})]
    [[1, 32], [1, 64], [2, 32], [2, 64]]
    """
    for name, values in axes.items():
        if isinstance(values, str) or not isinstance(values, Sequence) or not values:
            raise ValueError(f"axes[{name!r}] must be a list of at least one value, got {values!r}")
    return tuple(dict(zip(axes, values, strict=True)) for values in itertools.product(*axes.values()))


@dataclass(frozen=True, eq=False)
class Sweep:
    """What is to be run.

    Attributes
    ----------
    name : str
        Names the sweep in a store, which may hold several.
    cells : sequence of mapping
        The settings, each with numbers, text, bools, None and lists of them: together with the code, everything that
        determines the result, seeds included. A cell is what is lost at most when a process dies.
    run_cell : callable
        A function of a module (other processes import it) from a setting to a list of records: mappings with the same
        kinds of values, NaN allowed, and numpy scalars and arrays. No record is kept of what it prints.
        Its module, with all that this imports from the project, is the code that a cell depends on.
    sources : sequence of str
        Names of further modules that results depend on, if ``run_cell`` finds them in another way than by an import.
    seconds : callable, optional
        Estimate for one cell, from its setting.

    Raises
    ------
    ValueError, TypeError
        If a setting can't be stored exactly, occurs twice, or ``run_cell`` can't be imported by other processes.
    """

    name: str
    cells: Sequence[Setting]
    run_cell: RunCell
    sources: Sequence[str] = ()
    seconds: Callable[[Setting], float] | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not self.name:
            raise ValueError(f"name must be text, got {self.name!r}")
        module, name = getattr(self.run_cell, "__module__", ""), getattr(self.run_cell, "__qualname__", "")
        found = None if module in ("", "__main__") else getattr(importlib.import_module(module), name, None)
        if found is not self.run_cell:
            raise ValueError(
                f"run_cell must be a function at the top level of an importable module, got {self.run_cell!r}"
            )
        if not self.cells:
            raise ValueError("cells must hold at least one setting, got none")
        seen: set[str] = set()
        for cell in self.cells:
            text = encode_setting(cell)
            if text in seen:
                raise ValueError(f"cells must differ, got {text} twice")
            seen.add(text)

    @cached_property
    def code(self) -> str:
        """The version of the code, a hash of its source."""
        return code_version([self.run_cell.__module__, *self.sources])

    @cached_property
    def keys(self) -> tuple[str, ...]:
        """The key of each cell."""
        return tuple(cell_key(self.name, self.code, cell) for cell in self.cells)

    def cost(self, index: int) -> float:
        """Estimated seconds of a cell; 1 where nothing is known."""
        return 1.0 if self.seconds is None else float(self.seconds(self.cells[index]))


@dataclass(frozen=True, eq=False)
class SweepResult:
    """What is known of a sweep after a run.

    Attributes
    ----------
    cells : tuple of FinishedCell or None
        In the order of the sweep's cells; None for one that failed.
    skipped, ran : int
        Cells that were in the store already, and cells that finished in this run.
    failed : tuple of (setting, words)
        Cells that raised an exception or brought down their process; they will be tried again by the next run.
    """

    cells: tuple[FinishedCell | None, ...]
    skipped: int
    ran: int
    failed: tuple[tuple[Setting, str], ...]

    @property
    def records(self) -> tuple[dict[str, Any], ...]:
        """The records of all finished cells, each with the entries of its cell's setting where it has none of that name."""
        return tuple({**cell.setting, **record} for cell in self.cells if cell is not None for record in cell.records)

    def require_complete(self) -> None:
        """Raise a RuntimeError that names the first failure, if any."""
        if self.failed:
            setting, words = self.failed[0]
            raise RuntimeError(f"{len(self.failed)} cells failed; the first one, {encode_setting(setting)}: {words}")


@dataclass(frozen=True)
class Plan:
    """What a run would do.

    Attributes
    ----------
    sweep : Sweep
    finished : int
        Cells that the store holds.
    seconds : float or None
        Estimated time of the others on one core; None where the sweep has no estimate.
    """

    sweep: Sweep
    finished: int
    seconds: float | None

    def text(self, workers: int) -> str:
        """The grid and its cost, for a terminal."""
        cells = self.sweep.cells
        names = dict.fromkeys(name for cell in cells for name in cell)
        lines = [f"{self.sweep.name}: {len(cells)} cells, {self.finished} of them finished", ""]
        for name in names:
            values = dict.fromkeys(encode_setting({name: cell[name]}) for cell in cells if name in cell)
            shown = [value.split(":", 1)[1][:-1] for value in values]
            more = f" ... ({len(shown)} values)" if len(shown) > 12 else ""
            lines.append(f"  {name}: {', '.join(shown[:12])}{more}")
        if self.seconds is None:
            lines += ["", "no estimate of the cost"]
        else:
            wall = self.seconds / max(1, min(workers, len(cells) - self.finished))
            lines += ["", f"to run: {len(cells) - self.finished} cells, about {duration(self.seconds)} on one core, "
                      f"{duration(wall)} with {workers} worker{'s' * (workers != 1)}"]  # fmt: skip
        return "\n".join(lines)


def duration(seconds: float) -> str:
    """Seconds as short text.

    >>> duration(12.3), duration(200), duration(7300), duration(4e5)
    ('12 s', '3 min', '2.0 h', '4.6 days')
    """
    for size, unit, digits in ((86400, "days", 1), (3600, "h", 1), (60, "min", 0)):
        if seconds >= 2 * size:
            return f"{seconds / size:.{digits}f} {unit}"
    return f"{seconds:.0f} s"


def plan_sweep(sweep: Sweep, store: Path | None) -> Plan:
    """What a run would do; nothing is written."""
    known: set[str] = set()
    if store is not None and store.exists():
        known = {cell.key for cell in read_store(store, sweep.name)}
    waiting = [index for index, key in enumerate(sweep.keys) if key not in known]
    seconds = None if sweep.seconds is None else sum(sweep.cost(index) for index in waiting)
    return Plan(sweep, len(sweep.keys) - len(waiting), seconds)


def run_sweep(
    sweep: Sweep, store: Path | None = None, *, jobs: int | None = None, cluster: str | None = None
) -> SweepResult:
    """Run the cells that the store does not hold yet, and commit each one as it finishes.

    Parameters
    ----------
    sweep : Sweep
    store : Path, optional
        SQLite file that finished cells are kept in; without one they are kept in memory only.
    jobs : int, optional
        Local processes; by default one for each core. With 1 everything runs in this process.
    cluster : str, optional
        Address of a Dask scheduler whose workers run the cells instead. They must be able to import ``run_cell``.

    Raises
    ------
    ValueError, TypeError
        Before any work: for bad arguments, and for a store that is damaged, of another version, being written by another
        process, or with cells of this sweep by another version of the code.

    Examples
    --------
    >>> from verify.sweep.demo import square
    >>> sweep = Sweep("squares", grid({"x": [1, 2, 3]}), square)
    >>> [record["square"] for record in run_sweep(sweep, jobs=1).records]
    [1, 4, 9]
    """
    if jobs is not None and (isinstance(jobs, bool) or not isinstance(jobs, int) or jobs < 1):
        raise ValueError(f"jobs must be a positive int, got {jobs!r}")
    if cluster is not None:
        check_cluster(cluster)
    with Store(store) as target:
        target.check_code(sweep.name, sweep.code)
        found = {cell.key: cell for cell in target.cells(sweep.name)}
        waiting = [(index, sweep.cells[index]) for index, key in enumerate(sweep.keys) if key not in found]
        skipped = len(sweep.keys) - len(waiting)
        failed: list[tuple[Setting, str]] = []
        ran = 0
        if waiting:
            costs = {index: sweep.cost(index) for index, _ in waiting}
            workers = 1 if cluster else min(jobs or usable_cores(), len(waiting))
            if cluster or workers > 1:
                # Long cells first, so that none is left alone at the end.
                waiting.sort(key=lambda cell: -costs[cell[0]])
            attempts = (
                run_on_cluster(sweep.run_cell, waiting, cluster)
                if cluster
                else run_on_this_machine(sweep.run_cell, waiting, workers)
            )
            # A generator, closed here so that its processes end with an interruption.
            with ProgressBar(sweep.name, sum(costs.values())) as progress, closing(cast(Any, attempts)):
                for attempt in attempts:
                    if attempt.records is None:
                        failed.append((sweep.cells[attempt.index], attempt.error))
                        print(f"{sweep.name}: {_failure(sweep, attempt)}", file=sys.stderr)
                    else:
                        _commit(target, sweep, attempt)
                        ran += 1
                    progress.advance(costs[attempt.index], f"{skipped + ran} of {len(sweep.keys)} cells")
        cells = {cell.key: cell for cell in target.cells(sweep.name)}
    return SweepResult(tuple(cells.get(key) for key in sweep.keys), skipped, ran, tuple(failed))


def _failure(sweep: Sweep, attempt: Attempt) -> str:
    return f"cell failed, the others go on: {encode_setting(sweep.cells[attempt.index])}: {attempt.error}"


def _commit(store: Store, sweep: Sweep, attempt: Attempt) -> None:
    store.commit(
        sweep.keys[attempt.index],
        sweep.name,
        sweep.code,
        encode_setting(sweep.cells[attempt.index]),
        cast(str, attempt.records),
        attempt.seconds,
        datetime.fromtimestamp(time.time(), UTC).isoformat(timespec="microseconds"),
        attempt.environment,
    )
