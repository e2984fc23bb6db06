"""Processes that tests start and end: any, and a Dask cluster as the documentation starts it."""

from __future__ import annotations

import importlib.util
import os
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
needs_dask = pytest.mark.skipif(
    importlib.util.find_spec("distributed") is None, reason="needs distributed (the extra 'cluster')"
)


def paths(*folders: Path) -> dict[str, str]:
    """The environment of a process that imports from this project, from here, and from some folders."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, (ROOT, Path(__file__).parent, *folders)))}


def until(condition: Callable[[], bool], process: subprocess.Popen[str] | None = None) -> None:
    """Wait for something that ``process`` brings about."""
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        assert process is None or process.poll() is None, process.communicate()
        time.sleep(0.01)


@contextmanager
def ended(process: subprocess.Popen[str]) -> Iterator[subprocess.Popen[str]]:
    """End the process, and what it started, with the test."""
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        for stream in (process.stdout, process.stderr):
            if stream is not None:
                stream.close()


def documented(program: str) -> list[list[str]]:
    """The commands of the documentation that start with these words."""
    lines = (ROOT / "docs" / "sweeps.md").read_text().splitlines()
    return [shlex.split(line, comments=True)[1:] for line in lines if line.startswith(program)]


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def cluster(folder: Path) -> Iterator[str]:
    """A scheduler and two workers, which can import from the folder, started by the documented commands on a free port."""
    (scheduler,), workers_of_it = documented("dask scheduler"), documented("dask worker")
    assert len(workers_of_it) == 2
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    environment = {**paths(folder), "DASK_TEMPORARY_DIRECTORY": str(folder)}
    with (folder / "dask.log").open("w") as log, ExitStack() as processes:
        for arguments in (scheduler, *workers_of_it):
            command = [sys.executable, "-m", "dask", *(word.replace("8786", port) for word in arguments)]
            process = subprocess.Popen(
                command, cwd=folder, env=environment, stdout=log, stderr=log, text=True, start_new_session=True
            )
            processes.enter_context(ended(process))
        until(lambda: listens(int(port)))
        yield f"tcp://127.0.0.1:{port}"
