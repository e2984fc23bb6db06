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
from dataclasses import dataclass
from functools import partial
from typing import Any

from verify.sweep.codec import Record, Setting, encode_records

__all__ = ["Attempt", "RunCell", "check_cluster", "run_on_cluster", "run_on_this_machine", "usable_cores"]

RunCell = Callable[[Setting], Sequence[Record]]

# After so many deaths of processes in a row, cells are run one by one.
_MOST_DEATHS = 2
_WATCH = "ends with its parent"
_WATCH_SECONDS = 0.5


@dataclass(frozen=True)
class Attempt:
    """One cell that was run: its records as JSON text, or what went wrong."""

    index: int
    records: str | None
    seconds: float
    environment: str
    error: str = ""


def environment() -> str:
    """Versions of what computes here."""
    parts = [f"Python {platform.python_version()}", f"{sys.platform} {platform.machine()}"]
    parts += [f"{name} {sys.modules[name].__version__}" for name in ("numpy", "torch") if name in sys.modules]
    return ", ".join(parts)


def attempt(run_cell: RunCell, index: int, setting: Setting) -> Attempt:
    """Run one cell here; an exception becomes part of the answer, so that it stops no other cell."""
    start = time.perf_counter()
    try:
        text = encode_records(run_cell(setting))
    except Exception as error:
        words = " ".join(f"{type(error).__name__}: {error}".split())
        return Attempt(index, None, time.perf_counter() - start, environment(), words)
    return Attempt(index, text, time.perf_counter() - start, environment())


def attempt_below(parent: int, run_cell: RunCell, index: int, setting: Setting) -> Attempt:
    """The same in a process that ends with its parent, whatever ended that: nobody would take its result."""
    if _WATCH not in {thread.name for thread in threading.enumerate()}:
        threading.Thread(target=_end_with, args=(parent,), name=_WATCH, daemon=True).start()
    return attempt(run_cell, index, setting)


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
    task = delayed(attempt if jobs == 1 else partial(attempt_below, os.getpid()))
    waiting = dict(cells)
    deaths = 0
    while waiting:
        together = list(waiting.items()) if deaths < _MOST_DEATHS else [next(iter(waiting.items()))]
        try:
            for answer in parallel(task(run_cell, index, setting) for index, setting in together):
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
                yield Attempt(index, None, 0.0, environment(), words)


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
            f"cluster must be the address of a Dask scheduler such as tcp://10.0.0.1:8786, got {address!r}"
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
            client.submit(attempt, run_cell, index, setting, pure=False, priority=-rank): index
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
                yield Attempt(index, None, 0.0, environment(), words)
            future.release()
