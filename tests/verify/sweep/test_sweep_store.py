"""Stores: what is committed is kept, and anything that is no intact store is refused and left as it is."""

from __future__ import annotations

import csv
import json
import math
import sqlite3
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from square_cells import square, wasteful_square

from verify.sweep import Store, Sweep, grid, plan_sweep, read_store, run_sweep, table_rows, write_csv, write_parquet
from verify.sweep.__main__ import main
from verify.sweep.codec import cell_key, decode_records, encode_records, encode_setting
from verify.sweep.sweep import SweepResult

SCALARS = st.none() | st.booleans() | st.integers() | st.text() | st.floats(allow_nan=False, allow_infinity=False)


def squares(path: Path | None, values: list[object], jobs: int = 1, name: str = "squares") -> SweepResult:
    return run_sweep(Sweep(name, grid({"x": values}), square), path, jobs=jobs)


def contents(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir()}


@given(st.dictionaries(st.text(), SCALARS | st.lists(SCALARS)))
def test_settings_and_records_read_back_exactly(entries):
    assert decode_records(encode_records([entries])) == (entries,)
    assert json.loads(encode_setting(entries)) == entries
    shuffled = dict(reversed(entries.items()))
    assert cell_key("s", "c", shuffled) == cell_key("s", "c", entries)


def test_keys_differ_in_name_version_and_setting():
    keys = {
        cell_key(*arguments)
        for arguments in (
            ("s", "c", {"x": 1}),
            ("t", "c", {"x": 1}),
            ("s", "d", {"x": 1}),
            ("s", "c", {"x": 1.0}),
            ("s", "c", {"x": math.nextafter(1.0, 2)}),
            ("sc", "", {"x": 1}),
        )
    }
    assert len(keys) == 6


@pytest.mark.parametrize(
    ("entries", "error", "word"),
    [
        ({"x": math.nan}, ValueError, "finite"),
        ({"x": math.inf}, ValueError, "finite"),
        ({"x": {1}}, TypeError, "set"),
        ({"x": {"y": 1}}, TypeError, "dict"),
        ({1: 2}, TypeError, "names"),
        ([1], TypeError, "mapping"),
    ],
)
def test_what_cannot_be_stored_exactly_is_refused(entries, error, word):
    with pytest.raises(error, match=word):
        encode_setting(entries)


def test_numpy_values_are_stored_and_nan_reads_back_as_none():
    record = {"a": np.float64(0.1), "b": np.arange(3), "c": np.bool_(True), "d": np.float32(np.nan), "e": (1, 2)}
    assert decode_records(encode_records([record])) == ({"a": 0.1, "b": [0, 1, 2], "c": True, "d": None, "e": [1, 2]},)
    with pytest.raises(ValueError, match="finite or NaN"):
        encode_records([{"x": np.inf}])
    for wrong in ("text", {"x": 1}, 3):
        with pytest.raises(TypeError, match="list of records"):
            encode_records(wrong)


def test_a_second_start_skips_what_is_done(tmp_path):
    path = tmp_path / "s.db"
    first = squares(path, [1, 2])
    assert (first.skipped, first.ran) == (0, 2)
    before = {cell.key: cell for cell in read_store(path)}
    second = squares(path, [3, 2, 1])
    assert (second.skipped, second.ran) == (2, 1)
    assert [record["square"] for record in second.records] == [9, 4, 1]
    after = {cell.key: cell for cell in read_store(path)}
    assert all(after[key] == cell for key, cell in before.items())
    # Another sweep in the same store has cells of its own.
    assert squares(path, [1], name="others").ran == 1
    assert len(read_store(path)) == 4
    assert len(read_store(path, "others")) == 1
    assert sorted(file.name for file in tmp_path.iterdir()) == ["s.db"]


def test_a_failing_cell_stops_no_other_and_is_tried_again(tmp_path, capsys):
    path = tmp_path / "s.db"
    for _ in range(2):
        result = squares(path, [1, "bad", 2])
        assert [cell and cell.records[0]["square"] for cell in result.cells] == [1, None, 4]
        ((setting, words),) = result.failed
        assert setting == {"x": "bad"}
        assert words == "ValueError: x must be a number, got 'bad'"
        assert "the others go on" in capsys.readouterr().err
        with pytest.raises(RuntimeError, match="1 cells failed"):
            result.require_complete()
    assert result.skipped == 2


@pytest.mark.slow
def test_several_processes_give_the_same_records(tmp_path):
    values = list(range(7))
    assert squares(tmp_path / "a.db", values, jobs=2).records == squares(None, values).records


def test_a_cell_that_uses_up_its_setting_keeps_it(tmp_path):
    result = run_sweep(Sweep("squares", grid({"x": [2, 3]}), wasteful_square), tmp_path / "s.db", jobs=1)
    assert result.records == ({"x": 2, "square": 4}, {"x": 3, "square": 9})
    assert [cell.setting for cell in read_store(tmp_path / "s.db")] == [{"x": 2}, {"x": 3}]


def test_the_plan_writes_nothing(tmp_path):
    path = tmp_path / "s.db"
    sweep = Sweep("squares", grid({"x": [1, 2, 3], "y": [0]}), square, seconds=lambda cell: 100.0 * cell["x"])
    assert plan_sweep(sweep, path).seconds == 600
    assert not path.exists()
    run_sweep(Sweep("squares", sweep.cells[:2], square), path, jobs=1)
    before = contents(tmp_path)
    plan = plan_sweep(sweep, path)
    assert (plan.finished, plan.seconds) == (2, 300)
    assert contents(tmp_path) == before
    text = plan.text(2)
    assert "3 cells, 2 of them finished" in text
    assert "x: 1, 2, 3" in text
    assert "about 5 min on one core" in text


@pytest.mark.parametrize("damage", ["text", "empty header", "truncated", "overwritten page", "changed record"])
def test_a_damaged_store_is_refused_and_left_untouched(tmp_path, damage):
    path = tmp_path / "s.db"
    run_sweep(Sweep("squares", grid({"x": list(range(60))}), square), path, jobs=1)
    if damage == "text":
        path.write_text("sweep,setting\n")
    elif damage == "empty header":
        path.write_bytes(b"\0" * 4096)
    elif damage == "truncated":
        path.write_bytes(path.read_bytes()[:-5000])
    elif damage == "overwritten page":
        data = bytearray(path.read_bytes())
        data[4096:8192] = b"\xff" * 4096
        path.write_bytes(data)
    else:
        data = path.read_bytes()
        assert data.count(b'{"square":3364}') == 1
        path.write_bytes(data.replace(b'{"square":3364}', b'{"square":3365}'))
    before = contents(tmp_path)
    for use in (lambda: read_store(path), lambda: squares(path, [1]), lambda: main([str(path)])):
        with pytest.raises(ValueError, match=r"damaged|intact") as caught:
            use()
        assert "s.db" in str(caught.value)
        assert "pass another path" in str(caught.value)
        assert contents(tmp_path) == before


def test_stores_of_other_versions_are_refused_and_left_untouched(tmp_path):
    path = tmp_path / "s.db"
    squares(path, [1])
    for pragma, word in (("user_version=99", "format 99"), ("application_id=7", "another application")):
        with sqlite3.connect(path) as connection:
            connection.execute(f"PRAGMA {pragma}")
        connection.close()
        before = contents(tmp_path)
        for use in (lambda: read_store(path), lambda: squares(path, [1])):
            with pytest.raises(ValueError, match=word):
                use()
            assert contents(tmp_path) == before


def test_one_writer_at_a_time(tmp_path):
    path = tmp_path / "s.db"
    with Store(path) as store:
        with pytest.raises(ValueError, match="one writer"):
            squares(path, [1])
        assert read_store(path) == ()
        store.commit("s", "1", {}, "[]", 0.1, "")
        assert len(read_store(path)) == 1
    assert squares(path, [1]).ran == 1


def test_an_empty_file_becomes_a_store(tmp_path):
    """What a process leaves that was killed before it made the store."""
    path = tmp_path / "s.db"
    path.touch()
    assert read_store(path) == ()
    assert squares(path, [1]).ran == 1
    assert [file.name for file in tmp_path.iterdir()] == ["s.db"]


@pytest.mark.parametrize("make", [lambda path: path.mkdir(), lambda path: path.parent.rmdir()])
def test_paths_that_cannot_be_written(tmp_path, make):
    path = tmp_path / "folder" / "s.db"
    path.parent.mkdir()
    make(path)
    with pytest.raises(ValueError, match="store must"):
        squares(path, [1])


def test_bad_sweeps():
    cells = grid({"x": [1]})
    with pytest.raises(ValueError, match="top level of an importable module"):
        Sweep("s", cells, lambda setting: [])
    with pytest.raises(ValueError, match="twice"):
        Sweep("s", [*cells, *cells], square)
    with pytest.raises(ValueError, match="none"):
        Sweep("s", [], square)
    with pytest.raises(ValueError, match="name"):
        Sweep("", cells, square)
    with pytest.raises(ValueError, match="axes"):
        grid({"x": []})
    sweep = Sweep("s", cells, square)
    for jobs in (0, True, 1.5):
        with pytest.raises(ValueError, match="jobs"):
            run_sweep(sweep, jobs=jobs)
    for cluster in ("localhost:8786", "tcp://host", "http://host:80"):
        with pytest.raises(ValueError, match="cluster must be the address"):
            run_sweep(sweep, cluster=cluster)


def test_export(tmp_path, capsys):
    path = tmp_path / "s.db"
    record = {"mse": [0.1, math.nan, 1e-300], "rates": [[0.5], [], [1.0, 0.1 + 0.2]], "name": ["a,b", 'c"d', "e\nf"]}
    rows = [{"repeat": i, **{name: values[i] for name, values in record.items()}} for i in range(3)]
    setting = {"x": 1, "eta": 0.1, "repeat": "replaced"}
    with Store(path) as store:
        store.commit("s", "1", setting, encode_records(rows), 1.5, "")
        store.commit("t", "1", {"y": 2}, '[{"z":true}]', 0.5, "")
    out = tmp_path / "s.csv"
    assert main([str(path), "--csv", str(out)]) == 0
    assert "s: 1 cells, 3 records, 2 s" in capsys.readouterr().out
    with out.open(newline="", encoding="utf-8") as stream:
        read = list(csv.DictReader(stream))
    assert [row["sweep"] for row in read] == ["s", "s", "s", "t"]
    assert [float(row["mse"]) if row["mse"] else None for row in read[:3]] == [0.1, None, 1e-300]
    assert [json.loads(row["rates"]) for row in read[:3]] == record["rates"]
    assert [row["name"] for row in read[:3]] == record["name"]
    assert [row["repeat"] for row in read] == ["0", "1", "2", ""]
    assert read[3]["z"] == "true"
    main([str(path), "--sweep", "t"])
    assert capsys.readouterr().out.startswith("t: 1 cells")
    with pytest.raises(ValueError, match=r"--sweep must be one of the store's sweeps \(s, t\)"):
        main([str(path), "--sweep", "u"])
    with pytest.raises(ValueError, match="--csv"):
        main([str(path), "--csv", str(tmp_path / "none" / "x.csv")])
    parquet = pytest.importorskip("pyarrow.parquet")
    arrow_path = tmp_path / "s.parquet"
    main([str(path), "--parquet", str(arrow_path)])
    table = parquet.read_table(arrow_path).to_pylist()
    assert table == table_rows(read_store(path))
    assert table[2]["rates"] == [1.0, 0.1 + 0.2]
    with pytest.raises(ValueError, match="'x' must hold one kind"):
        write_parquet([{"x": 1}, {"x": "one"}], arrow_path)
    assert parquet.read_table(arrow_path).to_pylist() == table
    write_csv([], tmp_path / "empty.csv")
    assert (tmp_path / "empty.csv").read_text() == "\n"


@pytest.mark.parametrize(
    "text", ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", " =1", "=", "-", "%0", "|x"]
)
def test_no_cell_of_a_table_is_a_formula(tmp_path, text):
    write_csv([{text: text, "x": [text]}], tmp_path / "t.csv")
    with (tmp_path / "t.csv").open(newline="", encoding="utf-8") as stream:
        head, row = list(csv.reader(stream))
    assert head[0] == row[0] == "'" + text
    assert json.loads(row[1]) == [text]


@pytest.mark.parametrize("text", ["a\rb", "a\nb", "a\r\nb", "end\r", 'quo"te', "a,b", "\x0b\x0c\x1c\x85\u2028", " a "])
def test_cells_that_hold_ends_of_lines_read_back(tmp_path, text):
    write_csv([{text: text, "x": 1}, {text: "", "x": 2}], tmp_path / "t.csv")
    with (tmp_path / "t.csv").open(newline="", encoding="utf-8") as stream:
        assert list(csv.reader(stream)) == [[text, "x"], [text, "1"], ["", "2"]]


def test_numbers_in_a_table_stay_numbers(tmp_path):
    values = [-1, -0.5, 1e-300, -math.inf, "-1", "+2.5e-3", "-1/3", "-.5", "-inf", "word", "a=b", "", "٣"]
    write_csv([{"x": value} for value in values], tmp_path / "t.csv")
    with (tmp_path / "t.csv").open(newline="", encoding="utf-8") as stream:
        assert [row["x"] for row in csv.DictReader(stream)] == [str(value) for value in values]
