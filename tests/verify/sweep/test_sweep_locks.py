"""Whatever cells, other processes and file systems do to a store: nothing is stored wrong, and nothing is lost in silence."""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from processes import ROOT, paths
from square_cells import greedy_square, square, unruly_square

from verify.sweep import Store, Sweep, grid, plan_sweep, read_store, run_sweep, write_csv, write_parquet
from verify.sweep.__main__ import main


def fill(path: Path | str, values: list[object]) -> list[object]:
    result = run_sweep(Sweep("squares", grid({"x": values}), square), path, jobs=1)
    return [record["square"] for record in result.records]


def killed_writer(path: Path) -> None:
    """A process that stores one cell and is killed: the cell is in the log."""
    code = (
        "import os, signal, sys; from verify.sweep import Store\n"
        "store = Store(sys.argv[1]); store.commit('squares', '1', {'x': 7}, '[{\"square\":49}]', 0.1, '')\n"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(path)], env=paths(), cwd=ROOT)
    assert done.returncode == -signal.SIGKILL


@pytest.mark.parametrize("jobs", [1, 2])
def test_what_a_cell_does_to_its_setting_is_not_stored(tmp_path: Path, jobs: int) -> None:
    cells = [{"x": x, "more": [x]} for x in (1, 2)]
    result = run_sweep(Sweep("squares", cells, greedy_square), tmp_path / "s.db", jobs=jobs)
    assert [record["square"] for record in result.records] == [10000, 40000]
    found = sorted((cell.setting for cell in read_store(tmp_path / "s.db")), key=lambda setting: setting["x"])
    assert found == cells == [{"x": 1, "more": [1]}, {"x": 2, "more": [2]}]
    assert run_sweep(Sweep("squares", cells, greedy_square), tmp_path / "s.db", jobs=jobs).skipped == 2


def test_what_the_caller_does_to_the_settings_later_is_not_stored(tmp_path: Path) -> None:
    def estimate(setting: dict[str, object]) -> float:
        setting["x"] = -1
        return 1.0

    cells = [{"x": 1}, {"x": 2}]
    sweep = Sweep("squares", cells, square, seconds=estimate)
    cells[0]["x"] = 5
    assert [record["square"] for record in run_sweep(sweep, tmp_path / "s.db", jobs=1).records] == [1, 4]
    assert [cell.setting["x"] for cell in read_store(tmp_path / "s.db")] == [1, 2]


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_cell_that_ends_the_program_ends_only_itself(tmp_path: Path, jobs: int) -> None:
    values = [1, "exit", "exit words", "mute", "odd", "deep", 2]
    result = run_sweep(Sweep("squares", grid({"x": values}), unruly_square), tmp_path / "s.db", jobs=jobs)
    assert [cell is not None for cell in result.cells] == [True, *[False] * 5, True]
    words = {setting["x"]: said for setting, said in result.failed}
    assert words["exit"] == "SystemExit: 3"
    assert words["exit words"] == "SystemExit: enough"
    assert words["mute"] == "_Mute: (its own text raises RuntimeError)"
    assert words["odd"] == "_Odd: odd end"
    assert words["deep"].startswith("RecursionError")


def test_an_interruption_is_none_of_the_cells(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_: object) -> None:
        raise KeyboardInterrupt

    sweep = Sweep("squares", grid({"x": [1]}), square)
    monkeypatch.setattr("square_cells.square", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run_sweep(sweep, jobs=1)


def test_a_cell_that_leaves_the_folder_does_not_move_the_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert run_sweep(Sweep("squares", grid({"x": ["folder", 2]}), unruly_square), "s.db", jobs=1).ran == 2
    assert len(read_store(tmp_path / "s.db")) == 2


@pytest.mark.parametrize("kind", ["symlink", "hard link", "folder link", "other spelling"])
def test_no_name_of_a_store_lets_a_second_writer_in(tmp_path: Path, kind: str) -> None:
    (tmp_path / "a").mkdir()
    path = tmp_path / "a" / "s.db"
    fill(path, [1])
    second = tmp_path / "second.db"
    if kind == "symlink":
        second.symlink_to(path)
    elif kind == "folder link":
        (tmp_path / "b").symlink_to(tmp_path / "a")
        second = tmp_path / "b" / "s.db"
    elif kind == "other spelling":
        second = tmp_path / "a" / ".." / "a" / "s.db"
    with Store(path) as store:
        if kind == "hard link":
            os.link(path, second)
        store.commit("squares", "1", {"x": 2}, '[{"square":4}]', 0.1, "")
        with pytest.raises(ValueError, match=r"store must have one (writer|name)"):
            fill(second, [3])
        assert len(read_store(path)) == 2
    if kind == "hard link":  # each name would have a log of its own
        with pytest.raises(ValueError, match="2 hard links"):
            fill(path, [3])
        second.unlink()
    assert fill(path if kind == "hard link" else second, [1, 2, 3]) == [1, 4, 9]


def test_a_lock_leaves_nothing_behind_and_follows_no_link(tmp_path: Path) -> None:
    victim, path = tmp_path / "victim", tmp_path / "s.db"
    victim.write_bytes(b"precious")
    (tmp_path / "s.db.lock").symlink_to(victim)
    with Store(path):
        pass
    assert victim.read_bytes() == b"precious"
    assert sorted(file.name for file in tmp_path.iterdir()) == ["s.db", "s.db.lock", "victim"]


def test_many_writers_at_once_are_one_at_a_time(tmp_path: Path) -> None:
    path, inside, most, refused = tmp_path / "s.db", [], [], {True}

    def write(number: int) -> None:
        while True:
            try:
                with Store(path) as store:
                    inside.append(number)
                    most.append(len(inside))
                    store.commit("squares", "1", {"x": number}, "[]", 0.1, "")
                    inside.remove(number)
                return
            except ValueError as error:
                refused.add("one writer at a time" in str(error))

    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(most) == {1}
    assert refused == {True}
    assert sorted(cell.setting["x"] for cell in read_store(path)) == list(range(8))


@pytest.mark.parametrize("what", ["deleted", "moved", "replaced", "folder deleted"])
def test_a_store_that_goes_while_it_is_written_is_an_error(tmp_path: Path, what: str) -> None:
    path = tmp_path / "folder" / "s.db"
    path.parent.mkdir()
    with Store(path) as store:
        store.commit("squares", "1", {"x": 1}, "[]", 0.1, "")
        if what == "deleted":
            path.unlink()
        elif what == "folder deleted":
            shutil.rmtree(path.parent)
        else:
            path.rename(tmp_path / "moved.db")
            if what == "replaced":
                fill(tmp_path / "other.db", [1])
                (tmp_path / "other.db").rename(path)
        with pytest.raises(ValueError, match="store must stay where it is"):
            store.commit("squares", "1", {"x": 2}, "[]", 0.1, "")
        with pytest.raises(ValueError, match="store must stay where it is"):
            store.cells()


def test_cells_of_a_killed_writer_are_kept_and_come_back_nowhere_else(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    killed_writer(path)
    assert (tmp_path / "s.db-wal").stat().st_size
    assert [cell.setting for cell in read_store(path)] == [{"x": 7}]
    aside = tmp_path / "aside.db"
    path.rename(aside)
    for make in (lambda: None, path.touch):
        make()
        for use in (lambda: fill(path, [1]), lambda: path.exists() and read_store(path) == ()):
            if path.exists() or make is path.touch:
                with pytest.raises(ValueError, match=r"store must be with its log, got .*s\.db-wal"):
                    use()
    path.unlink()
    aside.rename(path)  # nothing was lost
    assert fill(path, [7, 8]) == [49, 64]
    assert sorted(file.name for file in tmp_path.iterdir()) == ["s.db"]


@pytest.mark.parametrize("code", [errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS])
def test_a_file_system_without_locks_is_said_to_be_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    def fails(*_: object) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(fcntl, "flock", fails)
    with pytest.raises(ValueError, match="store must lie where files can be locked"):
        fill(tmp_path / "s.db", [1])


def test_errors_of_sqlite_name_the_store(tmp_path: Path) -> None:
    with Store(tmp_path / "s.db") as store:
        store._connection.execute("PRAGMA max_page_count = 3")  # a full disk
        store.commit("squares", "1", {"x": 1}, "[]", 0.1, "")
        with pytest.raises(ValueError, match=r"store must be a file that SQLite can use, got .*s\.db': .* full"):
            store.commit("squares", "1", {"x": 2, "padding": "a" * 30000}, "[]", 0.1, "")
    assert [cell.setting for cell in read_store(tmp_path / "s.db")] == [{"x": 1}]


VIEW = "CREATE VIEW cells AS WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i FROM c) SELECT i AS key, i AS sweep, "
VIEW += "i AS code, i AS setting, i AS records, i AS digest, i AS seconds, i AS finished, i AS environment FROM c"
TRIGGER = "CREATE TRIGGER t BEFORE INSERT ON cells BEGIN SELECT 1; END"


@pytest.mark.parametrize(
    "statements",
    [
        ("DROP TABLE cells", VIEW),
        (TRIGGER,),
        ("DROP TABLE cells",),
        ("CREATE TABLE more (x)",),
        ("ALTER TABLE cells ADD COLUMN x GENERATED ALWAYS AS (hex(zeroblob(100000000)))",),
        ("CREATE INDEX i ON cells (hex(zeroblob(100000000)))",),
        ("UPDATE cells SET records = CAST(x'ff' AS TEXT)",),
        ("UPDATE cells SET records = x'ff'",),
        ("UPDATE cells SET seconds = 'long'",),
        ("UPDATE cells SET digest = 7",),
    ],
)
def test_a_crafted_store_neither_hangs_nor_gets_in(tmp_path: Path, statements: tuple[str, ...]) -> None:
    path = tmp_path / "s.db"
    fill(path, [1])
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode=DELETE")
    for statement in statements:
        connection.execute(statement)
    connection.close()
    for use in (lambda: read_store(path), lambda: fill(path, [1]), lambda: main([str(path)])):
        with pytest.raises(ValueError, match="store must be"):
            use()


@pytest.mark.parametrize("records", ["[" * 100000 + "]" * 100000, "{}", "[1]", "[[]]", "7", "[{}", "9" * 5000])
def test_records_that_are_none_are_damage(tmp_path: Path, records: str) -> None:
    with Store(tmp_path / "s.db") as store:
        store.commit("squares", "1", {"x": 1}, records, 0.1, "")  # with the right digest
    with pytest.raises(ValueError, match="store must be intact"):
        read_store(tmp_path / "s.db")


def test_reading_while_a_writer_starts_and_ends_is_never_torn(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    fill(path, [0])
    code = (
        "import sys; from verify.sweep import Store\n"
        "for x in range(1, 60):\n"
        "    with Store(sys.argv[1]) as store: store.commit('squares', '1', {'x': x}, '[]', 0.1, '')"
    )
    with subprocess.Popen([sys.executable, "-c", code, str(path)], env=paths(), cwd=ROOT) as writer:
        last = 0
        while writer.poll() is None:
            count = len(read_store(path))
            assert last <= count
            last = count
        assert writer.returncode == 0
    assert len(read_store(path)) == 60


def test_paths_may_be_text(tmp_path: Path) -> None:
    path = str(tmp_path / "s.db")
    assert fill(path, [2]) == [4]
    sweep = Sweep("squares", grid({"x": [2, 3]}), square)
    assert plan_sweep(sweep, path).finished == 1
    with Store(path) as store:
        assert len(store.cells()) == len(read_store(path)) == 1
    write_csv([{"x": 1}], str(tmp_path / "s.csv"))
    assert (tmp_path / "s.csv").read_text() == "x\n1\n"
    for use in (Store, read_store, lambda p: fill(p, [2]), lambda p: plan_sweep(sweep, p)):
        for wrong in (b"s.db", 3, ["s.db"]):
            with pytest.raises(TypeError, match="store must be a path"):
                use(wrong)
    for write in (write_csv, write_parquet):
        if write is write_parquet:
            pytest.importorskip("pyarrow")
        with pytest.raises(TypeError, match="path must be a path"):
            write([{"x": 1}], 3)
