"""No command ends with a traceback or with the code of a refuted claim on a damaged file, whatever the damage."""

from __future__ import annotations

import io
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from damaged import csv_bytes, damages, edit_store, odd_archives, odd_records, odd_tables

from boundcalc import border
from boundcalc.program import group
from constructions import Network
from verify.shatterability.table import read_table
from verify.sweep.codec import digest
from verify.sweep.store import Store

RNG = np.random.default_rng(0)
ARRAYS = {
    **Network(RNG.normal(size=(3, 2)), RNG.normal(size=3), RNG.normal(size=3)).arrays,
    "X": RNG.normal(size=(5, 2)),
    "y": RNG.normal(size=5),
}
COLUMNS = {"a": ARRAYS["X"][:, 0], "b": ARRAYS["X"][:, 1], "y": ARRAYS["y"]}
Run = Callable[..., tuple[int, str]]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """A command in this process, through the border: its exit code and what it says on standard error."""

    def call(*arguments: str) -> tuple[int, str]:
        with monkeypatch.context() as changed:
            changed.setattr(sys, "argv", ["boundcalc", *arguments])
            changed.setattr(sys, "stderr", sys.stderr)  # the border wraps it
            with pytest.raises(SystemExit) as ended:
                border.run(group, "boundcalc")
        return int(ended.value.code or 0), capsys.readouterr().err

    return call


def fails_well(run: Run, *arguments: str, fine: bool = False) -> bool:
    """Whether the command failed; it did so in one line, and with the code of a bad file."""
    code, said = run(*arguments)
    assert "Traceback" not in said, said
    if code == 2:
        errors = [line for line in said.splitlines() if line.startswith("boundcalc ")]
        assert len(errors) == 1, said
        assert len(errors[0]) < 1000 + 2 * len(max(arguments, key=len)), said
        return True
    assert fine, (code, said)
    assert code in (0, 3), said
    return False


def saved(arrays: dict[str, np.ndarray]) -> bytes:
    """An archive as it should be."""
    stream = io.BytesIO()
    np.savez(stream, **arrays)  # type: ignore[arg-type]
    return stream.getvalue()


ARCHIVES = [*damages(saved(ARRAYS), np.random.default_rng(1), 90), *odd_archives(ARRAYS)]
TABLES = [*damages(csv_bytes(COLUMNS), np.random.default_rng(2), 60), *odd_tables()]


def test_damaged_networks(tmp_path: Path, run: Run) -> None:
    path, failed = tmp_path / "network.npz", 0
    for data in ARCHIVES:
        path.write_bytes(data)
        failed += fails_well(run, "sharpness", str(path), "--eta", "1e-3", fine=True)
    assert failed > 150 < len(ARCHIVES)


def test_damaged_tables(tmp_path: Path, run: Run) -> None:
    failed = 0
    for kind, files in (("csv", TABLES), ("npz", ARCHIVES[::3])):
        path = tmp_path / f"table.{kind}"
        for data in files:
            path.write_bytes(data)
            failed += fails_well(run, "shatterability", str(path), "--time", "0.05", fine=True)
    assert failed > 60


def test_damaged_parquet(tmp_path: Path, run: Run) -> None:
    arrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    path = tmp_path / "table.parquet"
    parquet.write_table(arrow.table({name: column for name, column in COLUMNS.items()}), path)
    whole = path.read_bytes()
    for data in damages(whole, np.random.default_rng(0), 60):
        path.write_bytes(data)
        fails_well(run, "shatterability", str(path), "--time", "0.05", fine=True)


@pytest.mark.parametrize("kind", ["csv.gz", "csv.xz", "csv.bz2", "csv.zip", "jsonl", "xlsx", "feather"])
def test_damaged_tables_of_other_kinds(kind: str, tmp_path: Path) -> None:
    """Read or refused in one line; what a command does with that line is tested with the plain ones."""
    pandas = pytest.importorskip("pandas")
    pytest.importorskip({"xlsx": "openpyxl", "feather": "pyarrow"}.get(kind, "csv"))
    path, frame = tmp_path / f"t.{kind}", pandas.DataFrame(COLUMNS)
    write = {"jsonl": "to_json", "xlsx": "to_excel", "feather": "to_feather"}.get(kind, "to_csv")
    getattr(frame, write)(path, **({"orient": "records", "lines": True} if kind == "jsonl" else {}))
    truth, said = read_table(path), []
    assert truth.y == pytest.approx(COLUMNS["y"], abs=1e-10)  # JSON of pandas has ten digits
    for data in [*damages(path.read_bytes(), np.random.default_rng(1), 40), *odd_tables()]:
        path.write_bytes(data)
        try:
            read_table(path)
        except ValueError as error:
            said.append(str(error))
    assert len(said) > 30
    assert all(re.fullmatch("(FILE|--target) .*", words) for words in said)


def stored(path: Path) -> bytes:
    """A store as it should be."""
    with Store(path) as store:
        for x in range(20):
            store.commit("squares", "1", {"x": x, "seed": x % 3}, f'[{{"square":{x * x}}}]', 0.1, "here")
    return path.read_bytes()


def test_damaged_stores(tmp_path: Path, run: Run) -> None:
    path, failed = tmp_path / "s.db", 0
    whole = stored(path)
    for number, data in enumerate(damages(whole, np.random.default_rng(3), 90)):
        path.write_bytes(data)
        command = (["sweep", str(path)], ["report", str(path), "--folder", str(tmp_path / "page")],
                   ["rates", "1", "8", "16", "--store", str(path), "--dry-run"])[number % 3]  # fmt: skip
        failed += fails_well(run, *command, fine=True)
        for beside in tmp_path.glob("s.db-*"):
            beside.unlink()
    assert failed > 60


def test_stores_with_cells_that_none_has_computed(tmp_path: Path, run: Run) -> None:
    path = tmp_path / "s.db"
    with Store(path) as store:
        store.commit("squares", "1", {}, "[]", 0.1, "")
    for sweep, setting, records in odd_records():
        key = f"{sweep} {len(records)}"
        values = (key, sweep, "1", setting, records, digest(key, setting, records), 0.1, "2026-01-01T00:00", "here")
        edit_store(path, ("DELETE FROM cells", ()), (f"INSERT INTO cells VALUES ({', '.join('?' * 9)})", values))
        for command in (
            ["report", str(path), "--folder", str(tmp_path / "page")],
            ["sweep", str(path), "--csv", os.devnull],
        ):
            fails_well(run, *command, fine=True)


def test_files_that_are_no_stores(tmp_path: Path, run: Run) -> None:
    (tmp_path / "folder.db").mkdir()
    (tmp_path / "loop.db").symlink_to(tmp_path / "loop.db")
    (tmp_path / "dangling.db").symlink_to(tmp_path / "nowhere.db")
    (tmp_path / "text.db").write_text("no store")
    names = [str(tmp_path / f"{name}.db") for name in ("folder", "loop", "dangling", "text")]
    for path in [*names, "/dev/null", "/dev/zero", "", "\0", "x" * 5000]:
        assert fails_well(run, "sweep", path)
        assert fails_well(run, "report", path, "--folder", str(tmp_path / "page"))
        assert fails_well(run, "sharpness", path)
        assert fails_well(run, "shatterability", path)
        if not path.endswith("dangling.db"):
            assert fails_well(run, "rates", "1", "8", "16", "--store", path, "--steps", "2", "--seeds", "2")


@pytest.mark.parametrize("command", ["shatterability", "shattering"])
def test_damaged_checkpoints(tmp_path: Path, run: Run, command: str) -> None:
    path, table = tmp_path / "c.npz", tmp_path / "t.csv"
    table.write_bytes(csv_bytes(COLUMNS))
    arguments = (
        ["shatterability", str(table), "--time", "0.05"]
        if command == "shatterability"
        else ["shattering", "--dim", "1", "--n", "8", "--width", "8", "--steps", "3", "--traces", "4", "--fresh", "4"]
    )
    run(*arguments, "--checkpoint", str(path))
    whole = path.read_bytes()
    with np.load(path) as archive:
        arrays = {name: archive[name] for name in archive.files if archive[name].dtype.kind == "f"}
    odd = list(odd_archives(dict(list(arrays.items())[:2])))
    failed = 0
    for data in [*damages(whole, np.random.default_rng(5), 30), *odd[::2]]:
        path.write_bytes(data)
        failed += fails_well(run, *arguments, "--checkpoint", str(path), fine=True)
    assert failed > 20
