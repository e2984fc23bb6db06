"""Runs cells in local processes through joblib, or on a Dask cluster; yields each one as it finishes."""

from __future__ import annotations

import importlib
import os
import platform
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass
from functools import partial
from typing import Any

from boundcalc.border import said
from boundcalc.exact import describe
from verify.sweep.codec import Setting, encode_records

# After so many deaths of processes in a row, cells are run one by one.
_MOST_DEATHS = 2
_WATCH = "ends with its parent"
_WATCH_SECONDS = 0.5


@dataclass(frozen=True)
class Attempt:
    """What became of one cell.

    Attributes
    ----------
    error : str
        What went wrong, empty if nothing did.
    version : str
        CELL_VERSION of the cell function's module, as the process that had the cell has loaded it.
    records : str
        JSON text; empty after an error, and where the version was not the one asked for: then nothing is computed.
    """

    index: int
    error: str
    version: str = ""
    records: str = ""
    seconds: float = 0.0
    environment: str = ""


RunCell = Callable[[int, Setting], Attempt]


def environment() -> str:
    """Versions of what computes here."""
    parts = [f"Python {platform.python_version()}", f"{sys.platform} {platform.machine()}"]
    parts += [f"{name} {sys.modules[name].__version__}" for name in ("numpy", "torch") if name in sys.modules]
    return ", ".join(parts)


def attempt(module: str, name: str, version: str, index: int, setting: Setting) -> Attempt:
    """Run one cell here, if this process has loaded the wanted version of the module.

    No other cell is stopped by what it raises: an exception of any kind, or the end of the program.
    """
    start = time.perf_counter()
    try:
        # Function and version are looked up here and now: what was sent may be of another age than what is loaded.
        home = importlib.import_module(module)
        loaded = str(getattr(home, "CELL_VERSION", None))
        # A copy: what the function does to its setting is no part of the setting.
        text = encode_records(getattr(home, name)(deepcopy(setting))) if loaded == version else ""
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        return Attempt(index, " ".join(f"{type(error).__name__}: {said(error)}".split()))
    return Attempt(index, "", loaded, text, time.perf_counter() - start, environment())


def attempt_below(parent: int, run_cell: RunCell, index: int, setting: Setting) -> Attempt:
    """The same in a process that ends with its parent, whatever ended that: nobody would take its result."""
    if _WATCH not in {thread.name for thread in threading.enumerate()}:
        threading.Thread(target=_end_with, args=(parent,), name=_WATCH, daemon=True).start()
    return run_cell(index, setting)


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_WATCH_SECONDS)
    os._exit(1)


def usable_cores() -> int:
    """Cores that this process may use."""
    import joblib

    return int(joblib.cpu_count())


def run_on_this_machine(run_cell: RunCell, cells: Sequence[tuple[int, Setting]], jobs: int) -> Iterator[Attempt]:
    """Run cells in ``jobs`` local processes (in this one for 1).

    Where a process is killed, its cells are run again. After the second death in a row they are run one by one, which
    shows the cell that is to blame; the others then go on together.
    """
    from joblib import Parallel, delayed
    from joblib.externals.loky.process_executor import TerminatedWorkerError

    # One cell per task: a task of several would lose all of them together.
    parallel = Parallel(n_jobs=jobs, batch_size=1, pre_dispatch="2*n_jobs", return_as="generator_unordered")
    task = delayed(run_cell if jobs == 1 else partial(attempt_below, os.getpid(), run_cell))
    waiting = dict(cells)
    deaths = 0
    while waiting:
        together = list(waiting.items()) if deaths < _MOST_DEATHS else [next(iter(waiting.items()))]
        try:
            for answer in parallel(task(index, setting) for index, setting in together):
                del waiting[answer.index]
                if len(together) > 1:
                    deaths = 0
                yield answer
        except TerminatedWorkerError as error:
            deaths += 1
            if len(together) == 1:
                index, _ = together[0]
                del waiting[index]
                deaths = 0
                words = f"its process was killed (memory?): {' '.join(str(error).split())[:200]}"
                yield Attempt(index, words)


def check_cluster(address: str) -> None:
    """Raise unless the address has the form that a Dask scheduler prints.

    Examples
    --------
    >>> check_cluster("10.0.0.1:8786")
    Traceback (most recent call last):
    ...
    ValueError: cluster must be the address of a Dask scheduler such as tcp://10.0.0.1:8786, got '10.0.0.1:8786'
    """
    scheme, found, rest = str(address).partition("://")
    host, colon, port = rest.rpartition(":")
    if not found or scheme not in ("tcp", "tls", "ws", "wss") or not host or not colon or not port.isdigit():
        raise ValueError(
            f"cluster must be the address of a Dask scheduler such as tcp://10.0.0.1:8786, got {describe(address)}"
        )


def _client(address: str) -> Any:
    """A client of the scheduler."""
    try:
        distributed: Any = importlib.import_module("distributed")
    except ImportError as error:
        raise ValueError(
            f"cluster needs the package distributed, got {address!r} without it; pip install 'boundcalc[cluster]'"
        ) from error
    host, port = address.partition("://")[2].rsplit(":", 1)
    try:
        # The client would try again and again where nobody listens.
        socket.create_connection((host.strip("[]"), int(port)), timeout=5).close()
        return distributed.Client(address, timeout="10s", set_as_default=False)
    except (OSError, TimeoutError) as error:
        raise ValueError(
            f"cluster must be the address of a running Dask scheduler, got {address!r}, where none answers; "
            "start one with: dask scheduler"
        ) from error


def run_on_cluster(run_cell: RunCell, cells: Sequence[tuple[int, Setting]], address: str) -> Iterator[Attempt]:
    """Run cells on a Dask cluster. Cells in flight on a worker that dies are run again by another one."""
    with _client(address) as client:
        distributed: Any = importlib.import_module("distributed")
        # Not pure: the store decides what is known, not the memory of the cluster.
        futures = {
            client.submit(run_cell, index, setting, pure=False, priority=-rank): index
            for rank, (index, setting) in enumerate(cells)
        }
        # With their results, so that none waits for another one that a dead worker must repeat.
        finished = distributed.as_completed(futures, loop=client.loop, with_results=True, raise_errors=False)
        for future, result in finished:
            index = futures.pop(future)
            if future.status == "finished":
                yield result
            else:
                words = " ".join(f"{future.status}: {future.exception()}".split())[:300]
                yield Attempt(index, words)
            future.release()
