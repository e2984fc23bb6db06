"""Reading tables: what can be used arrives unchanged, what can't is refused with the reason."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from verify.shatterability.scaling import Scale, rescale
from verify.shatterability.table import check_data, conflicting_rows, constant_columns, read_table


def write(tmp_path: Path, text: str, name: str = "t.csv") -> Path:
    path = tmp_path / name
    path.write_text(text)
    return path


def test_csv_columns_in_any_order(tmp_path: Path) -> None:
    table = read_table(write(tmp_path, 'a,"the label",b\n1,2,3\n4.5,-5e-1,6\n'), "the label")
    assert table.columns == ("a", "b")
    assert table.X.tolist() == [[1.0, 3.0], [4.5, 6.0]]
    assert table.y.tolist() == [2.0, -0.5]


def test_a_text_column_can_be_dropped(tmp_path: Path) -> None:
    path = write(tmp_path, "name,a,y\nx,1,2\nz,3,4\n")
    assert read_table(path, "y", ["name"]).X.tolist() == [[1.0], [3.0]]
    with pytest.raises(ValueError, match=r"text stands in 'name' \(line 2 holds 'x'\).*--drop"):
        read_table(path, "y")


def test_npz_is_read_back_exactly(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((7, 3)), rng.standard_normal(7)
    np.savez(tmp_path / "t.npz", X=X, label=y)
    table = read_table(tmp_path / "t.npz", "label")
    assert (table.X == X).all()
    assert (table.y == y).all()
    with pytest.raises(ValueError, match="must hold the arrays X and y"):
        read_table(tmp_path / "t.npz")


def test_parquet_is_read_where_pyarrow_is(tmp_path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    import pyarrow.parquet as parquet

    content = pyarrow.table({"a": [1, 2, 3], "y": [0.5, 1.5, 2.5]})
    parquet.write_table(content, tmp_path / "t.parquet")
    table = read_table(tmp_path / "t.parquet")
    assert table.X.ravel().tolist() == [1.0, 2.0, 3.0]
    assert table.y.tolist() == [0.5, 1.5, 2.5]
    parquet.write_table(pyarrow.table({"a": [1, 2**53 + 1], "y": [0.5, 1.5]}), tmp_path / "t.parquet")
    with pytest.raises(
        ValueError, match=r"column 'a', row 1, must be a number that float64 can hold, got 9007199254740993\b"
    ):
        read_table(tmp_path / "t.parquet")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ("a,y\n", "must hold rows below its header"),
        ("1,2\n3,4\n", "line 1 of .* holds numbers only; write a line of names"),
        ("a,b\n1,2\n3,4\n", r"--target \(default y\) must name a column of .*; it has 'a', 'b'"),
        ("a,y\n1,2\n,4\n", r"1 of 2 rows have some in 'a' .1, first in line 3.; --missing drop"),
        ("a,y\n1,2\nnan,4\n", "no missing values, .* 'a' "),
        ("a,y\n1,2\n3,inf\n", r"'y' .line 3 holds 'inf'.; remove or replace the infinite values"),
        ("a,y\n1,2\nNA,4\n", "no missing values, .* 'a' "),
        ("a,y\n1,2\n3\n", "as many cells in every line as its header, 2; line 3 of .* has 1"),
        ("a,a,y\n1,2,3\n1,2,3\n", "distinct column names"),
        ("y\n1\n2\n", "at least one feature column"),
        ("a,y\n1,2\n", "at least 2 points"),
        (f"a,y\n1,2\n1{'0' * 400},3\n", "'a' has infinite values or some beyond float64 in 1 row.*line 3"),
        ("a,y\n1,2\nred,3\n", "text stands in 'a' .line 3 holds 'red'"),
    ],
)
def test_bad_tables_are_named(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        read_table(write(tmp_path, text))


@pytest.mark.parametrize("big", [2**53 + 1, -(2**53) - 1, 2**63 - 1])
def test_whole_numbers_that_floats_would_round_are_refused(tmp_path: Path, big: int) -> None:
    # 2^53 and 2^53 + 1 are one float: rows with such identifiers would count as equal points.
    with pytest.raises(ValueError, match=rf"column 'a', line 3, must be a number that float64 can hold, got {big}\b"):
        read_table(write(tmp_path, f"a,y\n1,2\n{big},3\n"))
    with pytest.raises(ValueError, match=rf"X must be a number that float64 can hold, got {big}\b"):
        check_data(np.array([[1], [big]]), [0, 1])
    np.savez(tmp_path / "t.npz", X=np.array([[1], [big]]), y=np.zeros(2))
    with pytest.raises(ValueError, match=rf"array X, must .* got {big}\b"):
        read_table(tmp_path / "t.npz")
    assert read_table(write(tmp_path, f"a,y\n1,2\n{big}.0,3\n")).X[1, 0] == float(big)
    assert read_table(write(tmp_path, "a,y\n1,2\n9007199254740994,3\n")).X[1, 0] == 2**53 + 2


def test_bad_paths_are_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"must end in \.csv, \.tsv, .* \.npz, .* got"):
        read_table(write(tmp_path, "a", "t.doc"))
    with pytest.raises(ValueError, match="must be an existing file"):
        read_table(tmp_path / "none.csv")
    with pytest.raises(ValueError, match=r"must be a file written with numpy\.savez"):
        read_table(write(tmp_path, "no archive", "t.npz"))
    with pytest.raises(ValueError, match="--drop must name feature columns"):
        read_table(write(tmp_path, "a,b,y\n1,2,3\n4,5,6\n"), "y", ["c"])


@pytest.mark.parametrize("name", ["t.csv", "t.npz", "t.parquet"])
def test_a_path_may_be_text(tmp_path, name):
    path = tmp_path / name
    if name == "t.csv":
        write(tmp_path, "x0,y\n1,2\n4,5\n")
    elif name == "t.npz":
        np.savez(path, X=[[1.0], [4.0]], y=[2.0, 5.0])
    else:
        parquet = pytest.importorskip("pyarrow.parquet")
        parquet.write_table(pytest.importorskip("pyarrow").table({"x0": [1, 4], "y": [2, 5]}), path)
    assert read_table(str(path)).X.tolist() == read_table(path).X.tolist() == [[1.0], [4.0]]
    with pytest.raises(ValueError, match="FILE must be an existing file"):
        read_table(f"no-{name}")


@pytest.mark.parametrize("path", [None, 1, b"t.csv", ["t.csv"]])
def test_what_is_no_path_is_refused_by_name(path):
    with pytest.raises(TypeError, match="path must be a path"):
        read_table(path)


def test_arrays_are_refused_before_any_work() -> None:
    with pytest.raises(ValueError, match=r"index \[1, 0\]"):
        check_data([[1.0], [np.nan]], [0.0, 1.0])
    with pytest.raises(TypeError, match="X must be an array of real numbers"):
        check_data([["a"], ["b"]], [0, 1])
    with pytest.raises(ValueError, match=r"y must have shape \(2,\)"):
        check_data([[1.0], [2.0]], [0.0])
    with pytest.raises(ValueError, match="1e100"):
        check_data([[1.0], [1e200]], [0.0, 1.0])


def test_conflicts_and_constant_columns() -> None:
    X = np.array([[0.0, 1.0], [1.0, 1.0], [-0.0, 1.0], [0.0, 1.0]])
    assert conflicting_rows(X, np.array([1.0, 5.0, 1.0, 1.0])) is None
    assert conflicting_rows(X, np.array([1.0, 5.0, 2.0, 1.0])) == (0, 2)
    assert constant_columns(X).tolist() == [1]


def test_scales_do_what_they_say() -> None:
    X = np.random.default_rng(1).standard_normal((50, 3)) * [1, 10, 100] + 5
    assert rescale(X, Scale.AS_IS).X is X
    ball = rescale(X, Scale.UNIT_BALL)
    norms = np.linalg.norm(ball.X, axis=1)
    assert norms.max() <= 1
    assert norms.max() > 1 - 1e-12
    assert np.allclose(ball.X * ball.factor + ball.shift, X)
    standard = rescale(X, Scale.STANDARDISE).X
    assert np.allclose(standard.mean(axis=0), 0, atol=1e-12)
    assert np.allclose(standard.var(axis=0), 1)
    constant = rescale(np.column_stack([X[:, 0], np.full(50, 0.1)]), Scale.STANDARDISE)
    assert constant.words.endswith("1 constant one(s) to 0")
    assert not constant.X[:, 1].any()
    assert (constant.shift[1], constant.factor[1]) == (0.1, 1.0)
    assert not rescale(np.full((3, 2), 0.1), Scale.UNIT_BALL).X.any()
    with pytest.raises(TypeError, match="member of Scale"):
        rescale(X, "unit-ball")  # type: ignore[arg-type]
