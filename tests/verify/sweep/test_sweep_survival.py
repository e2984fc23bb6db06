"""SIGKILL at any moment loses at most the cells in flight, never a finished one: kill, count, start again, count."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from processes import ROOT, cluster, ended, needs_dask, paths, until
from square_cells import deadly_square

from verify.sweep import Sweep, grid, read_store, run_sweep

SWEEP = """
import sys
from pathlib import Path
from verify.sweep import Sweep, grid, run_sweep
from square_cells import slow_square
folder, count, seconds, jobs, cluster = sys.argv[1:]
cells = grid({"x": list(range(int(count))), "seconds": [float(seconds)], "log": [str(Path(folder) / "log")]})
workers = {"cluster": cluster} if cluster else {"jobs": int(jobs)}
result = run_sweep(Sweep("squares", cells, slow_square), Path(folder) / "s.db", **workers)
print(result.skipped, result.ran, len(result.failed))
"""


def start(folder: Path, count: int, seconds: float, *, jobs: int = 2, cluster: str = "") -> subprocess.Popen[str]:
    command = [sys.executable, "-c", SWEEP, str(folder), str(count), str(seconds), str(jobs), cluster]
    # A session of its own, so that what is left of it can be ended at the end of the test.
    return subprocess.Popen(
        command,
        cwd=ROOT,
        env=paths(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def logged(folder: Path, word: str) -> list[int]:
    """The cells that started, or were done, in order."""
    log = folder / "log"
    lines = log.read_text().splitlines() if log.exists() else []
    return [int(line.split()[1]) for line in lines if line.startswith(word)]


def workers(folder: Path) -> set[int]:
    return {int(line.split()[2]) for line in (folder / "log").read_text().splitlines()}


def alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def stored(folder: Path) -> list[int]:
    path = folder / "s.db"
    return [cell.setting["x"] for cell in read_store(path)] if path.exists() else []


def finish(process: subprocess.Popen[str]) -> tuple[int, int, int]:
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    skipped, ran, failed = map(int, out.split())
    return skipped, ran, failed


@pytest.mark.slow
@pytest.mark.parametrize(("jobs", "delays"), [(1, (0.1,)), (2, (0.0, 0.13))])
def test_killing_the_parent_again_and_again(tmp_path, jobs, delays):
    count = 16
    for delay in delays:
        before = len(stored(tmp_path))
        with ended(start(tmp_path, count, 0.2, jobs=jobs)) as process:
            until(lambda least=before + 3: len(stored(tmp_path)) >= least, process)
            time.sleep(delay)
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
            kept = stored(tmp_path)
            # What was done but not committed was in flight: at most one cell for each process.
            assert before + 3 <= len(kept) < count
            assert len(set(logged(tmp_path, "done")) - set(kept)) <= jobs
            if jobs > 1:
                # The processes that it started end too.
                until(lambda: not any(alive(worker) for worker in workers(tmp_path)))
        (tmp_path / "log").rename(tmp_path / f"log {len(kept)}")
    kept = stored(tmp_path)
    assert len(kept) == len(set(kept)) >= 3 * len(delays)
    with ended(start(tmp_path, count, 0.2, jobs=jobs)) as process:
        assert finish(process) == (len(kept), count - len(kept), 0)
    assert sorted(logged(tmp_path, "start")) == sorted(set(range(count)) - set(kept))
    cells = read_store(tmp_path / "s.db")
    assert sorted(cell.records[0]["square"] for cell in cells) == [x * x for x in range(count)]


@pytest.mark.slow
def test_killing_a_local_worker(tmp_path):
    count = 10
    with ended(start(tmp_path, count, 0.3)) as process:
        until(lambda: len(stored(tmp_path)) >= 2, process)
        victim = next(iter(workers(tmp_path) - {process.pid}))
        os.kill(victim, signal.SIGKILL)
        assert finish(process) == (0, count, 0)
    assert sorted(stored(tmp_path)) == list(range(count))
    # Only cells in flight were run again: joblib ends both processes when one dies.
    assert len(logged(tmp_path, "done")) <= len(logged(tmp_path, "start")) <= count + 4


@pytest.mark.slow
@needs_dask
def test_killing_a_dask_worker_and_then_the_parent(tmp_path):
    count = 24
    with cluster(tmp_path) as address:
        with ended(start(tmp_path, count, 0.3, cluster=address)) as process:
            # Both work, and some cells are committed.
            until(lambda: len(stored(tmp_path)) >= 4 and len(workers(tmp_path)) == 2, process)
            os.kill(min(workers(tmp_path)), signal.SIGKILL)
            kept = stored(tmp_path)
            until(lambda: len(stored(tmp_path)) >= len(kept) + 4, process)
            assert set(kept) <= set(stored(tmp_path))
            process.kill()
            process.wait()
            time.sleep(0.5)
            kept = stored(tmp_path)
            assert len(kept) < count
        (tmp_path / "log").rename(tmp_path / "old log")
        with ended(start(tmp_path, count, 0.3, cluster=address)) as process:
            assert finish(process) == (len(kept), count - len(kept), 0)
    assert sorted(stored(tmp_path)) == list(range(count))
    assert not set(logged(tmp_path, "start")) & set(kept)


@pytest.mark.slow
def test_a_cell_that_kills_its_process_stops_no_other(tmp_path):
    """Not even one that takes longer than the deadly one lives."""
    cells = grid({"x": [0, 1, 2, 3], "deadly": [2], "seconds": [0.5], "log": [str(tmp_path / "log")]})
    result = run_sweep(Sweep("squares", cells, deadly_square), tmp_path / "s.db", jobs=2)
    assert sorted(stored(tmp_path)) == [0, 1, 3]
    ((setting, words),) = result.failed
    assert setting["x"] == 2
    assert "its process was killed" in words


@pytest.mark.slow
@needs_dask
def test_no_scheduler_there(tmp_path):
    with ended(start(tmp_path, 2, 0.1, cluster="tcp://127.0.0.1:1")) as process:
        _, err = process.communicate(timeout=60)
    assert "cluster must be the address of a running Dask scheduler" in err
    assert stored(tmp_path) == []
