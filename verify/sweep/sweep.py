"""A grid of settings, each run once; finished cells survive whatever ends the process."""

from __future__ import annotations

import importlib
import itertools
import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from copy import deepcopy
from dataclasses import dataclass, field
from functools import partial
from typing import Any, cast

from boundcalc.cached import cached_property
from boundcalc.exact import describe
from boundcalc.files import as_path
from constructions import _arguments as check
from verify.command import Progress
from verify.sweep.codec import Record, Setting, cell_key, encode_setting
from verify.sweep.executor import attempt, check_cluster, run_on_cluster, run_on_this_machine, usable_cores
from verify.sweep.store import FinishedCell, Store, read_store

# Characters of a version.
_LONGEST = 40


def grid(axes: Mapping[str, Sequence[Any]]) -> tuple[dict[str, Any], ...]:
    """Every combination of the values on some axes, the last axis fastest.

    Examples
    --------
    >>> [list(cell.values()) for cell in grid({"dim": [1, 2], "n": [32, 64]})]
    [[1, 32], [1, 64], [2, 32], [2, 64]]
    """
    if not isinstance(axes, Mapping):
        raise TypeError(f"axes must be a mapping from names to lists, got {type(axes).__name__}")
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
        The settings, each with numbers, text, bools, None and lists of them: together with the version, everything that
        determines the result, seeds included. A cell is what is lost at most when a process dies.
    run_cell : callable
        A function of a module (other processes import it) from a setting to a list of records: mappings with the same
        kinds of values, NaN allowed, and numpy scalars and arrays. No record is kept of what it prints.
        Its module declares ``CELL_VERSION``, an integer or short text: the author's promise that cells of one version
        are results of the same code, so raise it with whatever changes them.
    seconds : callable, optional
        Estimate for one cell, from its setting.
    version : str
        The CELL_VERSION at the time when the sweep was made.

    Raises
    ------
    ValueError, TypeError
        If a setting can't be stored exactly, occurs twice, ``run_cell`` can't be imported by other processes, or its
        module declares no version.
    """

    name: str
    cells: Sequence[Setting]
    run_cell: Callable[[Setting], Sequence[Record]]
    seconds: Callable[[Setting], float] | None = None
    version: str = field(init=False)

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not self.name:
            raise ValueError(f"name must be text, got {describe(self.name)}")
        check.function("seconds", self.seconds)
        module, name = getattr(self.run_cell, "__module__", ""), getattr(self.run_cell, "__qualname__", "")
        found = None if module in ("", "__main__") else getattr(importlib.import_module(module), name, None)
        if found is not self.run_cell:
            raise ValueError(
                f"run_cell must be a function at the top level of an importable module, got {describe(self.run_cell)}"
            )
        version = getattr(importlib.import_module(module), "CELL_VERSION", None)
        if isinstance(version, bool) or not isinstance(version, (int, str)) or not 0 < len(str(version)) <= _LONGEST:
            raise ValueError(
                f"run_cell must stand in a module with a CELL_VERSION, an integer or text of at most {_LONGEST} characters, "
                f"got {version!r} in {module}; add CELL_VERSION = 1 to it, and raise it with whatever changes its results"
            )
        object.__setattr__(self, "version", str(version))
        object.__setattr__(self, "cells", check.members("cells", self.cells, Mapping))
        if not self.cells:
            raise ValueError("cells must hold at least one setting, got none")
        # Copies: what becomes of the caller's settings later on is no part of the sweep.
        object.__setattr__(self, "cells", tuple(deepcopy(cell) for cell in self.cells))
        seen: set[str] = set()
        for cell in self.cells:
            text = encode_setting(cell)
            if text in seen:
                raise ValueError(f"cells must differ, got {text} twice")
            seen.add(text)

    @cached_property
    def keys(self) -> tuple[str, ...]:
        """The key of each cell."""
        return tuple(cell_key(self.name, self.version, cell) for cell in self.cells)

    def cost(self, index: int) -> float:
        """Estimated seconds of a cell; 1 where nothing is known."""
        return 1.0 if self.seconds is None else float(self.seconds(deepcopy(self.cells[index])))


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


def plan_sweep(sweep: Sweep, store: str | os.PathLike[str] | None) -> Plan:
    """What a run would do, refused where that would be; nothing is written."""
    known: set[str] = set()
    if store is not None and as_path("store", store).exists():
        known = {cell.key for cell in read_store(store, sweep.name, sweep.version)}
    waiting = [index for index, key in enumerate(sweep.keys) if key not in known]
    seconds = None if sweep.seconds is None else sum(sweep.cost(index) for index in waiting)
    return Plan(sweep, len(sweep.keys) - len(waiting), seconds)


def run_sweep(
    sweep: Sweep, store: str | os.PathLike[str] | None = None, *, jobs: int | None = None, cluster: str | None = None
) -> SweepResult:
    """Run the cells that the store does not hold yet, and commit each one as it finishes.

    Parameters
    ----------
    sweep : Sweep
    store : str or Path, optional
        SQLite file that finished cells are kept in; without one they are kept in memory only.
    jobs : int, optional
        Local processes; by default one for each core. With 1 everything runs in this process.
    cluster : str, optional
        Address of a Dask scheduler whose workers run the cells instead. They must be able to import ``run_cell``.

    Raises
    ------
    ValueError, TypeError
        Before any work: for bad arguments, and for a store that is damaged, of another format, being written by another
        process, or with cells of this sweep by another version of the code. While it runs: where the process that should
        run a cell has loaded another version; what is stored by then is kept.

    Examples
    --------
    >>> from verify.rates.setting import RateSetting, rate_sweep
    >>> sweep = rate_sweep(RateSetting.parse([1], [8, 16], seeds=2, steps=100, fresh=50))
    >>> [(record["n"], record["repeat"]) for record in run_sweep(sweep, jobs=1).records if record["step"] == 0]
    [(8, 0), (8, 1), (8, 0), (8, 1), (16, 0), (16, 1), (16, 0), (16, 1)]
    """
    check.instance("sweep", sweep, Sweep)
    if jobs is not None and (isinstance(jobs, bool) or not isinstance(jobs, int) or jobs < 1):
        raise ValueError(f"jobs must be a positive int, got {describe(jobs)}")
    if cluster is not None:
        check_cluster(cluster)
    run_cell = partial(attempt, sweep.run_cell.__module__, sweep.run_cell.__qualname__, sweep.version)
    with Store(store) as target:
        found = {cell.key for cell in target.cells(sweep.name, sweep.version)}
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
                run_on_cluster(run_cell, waiting, cluster)
                if cluster
                else run_on_this_machine(run_cell, waiting, workers)
            )
            # A generator, closed here so that its processes end with an interruption.
            with Progress(sum(costs.values())) as progress, closing(cast(Any, attempts)):
                for done in attempts:
                    setting = sweep.cells[done.index]
                    if done.error:
                        failed.append((setting, done.error))
                        words = f"cell failed, the others go on: {encode_setting(setting)}: {done.error}"
                        progress.write(f"{sweep.name}: {words}")
                    elif done.version != sweep.version:
                        raise ValueError(
                            f"workers must have loaded version {sweep.version} of {sweep.run_cell.__module__}, got a process "
                            f"with version {done.version} for the cell {encode_setting(setting)}, which was not stored; "
                            "restart the workers, and where they are local this program, so that all load the same code"
                        )
                    else:
                        target.commit(sweep.name, sweep.version, setting, done.records, done.seconds, done.environment)
                        ran += 1
                    progress.advance(costs[done.index], f"{sweep.name}: {skipped + ran} of {len(sweep.keys)} cells")
        cells = {cell.key: cell for cell in target.cells(sweep.name)}
    return SweepResult(tuple(cells.get(key) for key in sweep.keys), skipped, ran, tuple(failed))
