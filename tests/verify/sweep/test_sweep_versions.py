"""Results are kept under the version of the code that the process which computed them has loaded, or not at all."""

from __future__ import annotations

import csv
import importlib
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from processes import ROOT, cluster, needs_dask, paths

from verify.sweep import Store, Sweep, grid, plan_sweep, read_store, run_sweep
from verify.sweep.__main__ import main

# Two ages of a study. Their lengths differ, so that no compiled file of the one is taken for the other.
FIRST = """
import time
CELL_VERSION = 1
def power(setting):
    time.sleep(0.2)
    return [{"power": setting["x"] ** 2}]
"""
SECOND = FIRST.replace("= 1", "= 'second'").replace("** 2", "** 3")
CELLS = grid({"x": list(range(6))})
# Runs the first age on some workers, then the second one on the same workers.
BOTH_AGES = """
import importlib, sys
from pathlib import Path
from verify.sweep import Sweep, grid, run_sweep
import aged_study
folder, cluster, second = sys.argv[1:]
def run():
    sweep = Sweep("powers", grid({"x": list(range(6))}), aged_study.power)
    return run_sweep(sweep, Path(folder) / f"{sweep.version}.db", **({"cluster": cluster} if cluster else {"jobs": 2})).ran
print(run(), flush=True)
Path(aged_study.__file__).write_text(second)
importlib.reload(aged_study)
run()
"""


def write(folder: Path, text: str) -> None:
    (folder / "aged_study.py").write_text(text)


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """The first age, imported."""
    write(tmp_path, FIRST)
    monkeypatch.syspath_prepend(tmp_path)
    yield importlib.import_module("aged_study")
    del sys.modules["aged_study"]


def renew(study: ModuleType, text: str = SECOND) -> None:
    write(Path(str(study.__file__)).parent, text)
    importlib.reload(study)


@pytest.mark.parametrize("line", ["", "CELL_VERSION = 1.5", "CELL_VERSION = True", "CELL_VERSION = ''"])
def test_a_module_without_a_version_is_told_what_to_add(study, line):
    renew(study, FIRST.replace("CELL_VERSION = 1", line or "pass"))
    if not line:
        del study.CELL_VERSION  # reloading keeps it
    with pytest.raises(ValueError, match="in aged_study; add CELL_VERSION = 1 to it"):
        Sweep("powers", CELLS, study.power)


def test_a_sweep_made_before_a_reload_stores_nothing(study, tmp_path):
    sweep, path = Sweep("powers", CELLS[:2], study.power), tmp_path / "s.db"
    renew(study)
    words = r'version 1 of aged_study, got a process with version second for the cell \{"x":0\}, .*restart the workers'
    with pytest.raises(ValueError, match=words):
        run_sweep(sweep, path, jobs=1)
    assert read_store(path) == ()
    del study.CELL_VERSION
    with pytest.raises(ValueError, match="got a process with version None"):
        run_sweep(sweep, path, jobs=1)
    assert read_store(path) == ()


def test_a_function_from_before_a_reload_is_refused(study):
    old = study.power
    renew(study)
    with pytest.raises(ValueError, match="top level of an importable module"):
        Sweep("powers", CELLS, old)


def test_versions_share_no_store(study, tmp_path):
    path = tmp_path / "s.db"
    assert run_sweep(Sweep("powers", CELLS[:1], study.power), path, jobs=1).ran == 1
    renew(study)
    new = Sweep("powers", CELLS[:2], study.power)
    for use in (lambda: run_sweep(new, path, jobs=1), lambda: plan_sweep(new, path)):
        with pytest.raises(ValueError, match=r"by version 1 in .* this is version second; pass another path"):
            use()
    assert [(cell.version, cell.records) for cell in read_store(path)] == [("1", ({"power": 0},))]
    assert run_sweep(Sweep("others", CELLS[:2], study.power), path, jobs=1).ran == 2
    assert run_sweep(new, tmp_path / "t.db", jobs=1).records[1] == {"x": 1, "power": 1}


@pytest.mark.slow
@pytest.mark.parametrize("where", ["local processes", pytest.param("Dask", marks=needs_dask)])
def test_workers_with_old_code_are_refused(tmp_path, where):
    write(tmp_path, FIRST)

    def both_ages(address: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", BOTH_AGES, str(tmp_path), address, SECOND]
        return subprocess.run(command, env=paths(tmp_path), capture_output=True, text=True, check=False, timeout=120)

    if where == "Dask":
        with cluster(tmp_path) as address:
            done = both_ages(address)
    else:
        done = both_ages("")
    assert (done.returncode, done.stdout) == (1, "6\n"), done.stderr
    assert re.search(
        r"ValueError: workers must have loaded version second of aged_study, got a process with version 1 for the cell "
        r'\{"x":\d\}, which was not stored; restart the workers',
        done.stderr,
    ), done.stderr
    assert {cell.version for cell in read_store(tmp_path / "1.db")} == {"1"}
    # A worker that came to the study only now has loaded the new one.
    for cell in read_store(tmp_path / "second.db"):
        assert (cell.version, cell.records[0]["power"]) == ("second", cell.setting["x"] ** 3)


@pytest.mark.slow
def test_a_store_from_before_there_were_versions(tmp_path):
    """It has a hash of sources in their place: one line for who would go on with it, and its cells can be had."""
    path, out = tmp_path / "s.db", tmp_path / "s.csv"
    with Store(path) as store:
        store.commit("rates", "0123456789abcdef", {"n": 8}, '[{"train_mse":0.5}]', 0.1, "")
    before = path.read_bytes()
    for more in ([], ["--dry-run"]):
        done = subprocess.run(
            [sys.executable, "-m", "verify.rates", "--store", str(path), *more],
            cwd=ROOT, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 2
        assert re.fullmatch(r".*1 of the sweep 'rates' by version 0123456789abcdef in .* version 1; .*\n", done.stderr)
    assert main([str(path), "--csv", str(out)]) == 0
    with out.open(newline="") as stream:
        (row,) = csv.DictReader(stream)
    assert (row["version"], row["n"], row["train_mse"]) == ("0123456789abcdef", "8", "0.5")
    assert path.read_bytes() == before


@pytest.mark.slow
def test_the_documented_study_runs(tmp_path):
    pages = (ROOT / "docs" / "sweeps.md").read_text()
    (text,) = re.findall(r"```python\n(# my_study.py.*?)```", pages, flags=re.DOTALL)
    (tmp_path / "my_study.py").write_text(text)
    for _ in range(2):
        done = subprocess.run(
            [sys.executable, "my_study.py"], cwd=tmp_path, env=paths(), capture_output=True, text=True, check=True
        )
        assert len(done.stdout.splitlines()) == 9
    assert {cell.version for cell in read_store(tmp_path / "norms.db")} == {"1"}
