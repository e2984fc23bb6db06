"""Tables that come with scikit-learn: answered, or refused with what to do; labels that are words; lists in JSON."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn import datasets

from verify.shatterability import shatterability
from verify.shatterability.table import read_table

FOLDER = Path(datasets.__file__).parent / "data"


@pytest.mark.parametrize(
    ("name", "target", "shape"),
    [
        ("iris.csv", "virginica", (150, 4)),
        ("linnerud_exercise.csv", "Jumps", (20, 2)),
        ("linnerud_physiological.csv", "Pulse", (20, 2)),
    ],
)
def test_files_as_they_come(name: str, target: str, shape: tuple[int, int]) -> None:
    assert read_table(FOLDER / name, target).X.shape == shape


@pytest.mark.parametrize(
    ("name", "target", "remedy"),
    [
        ("breast_cancer.csv", "benign", "put a # before it"),
        ("wine_data.csv", "class_2", "put a # before it"),
        ("digits.csv.gz", "y", "write a line of names"),
        ("diabetes_data_raw.csv.gz", "y", "write a line of names"),
        ("linnerud_exercise.csv", "Weight", "it has 'Chins', 'Situps', 'Jumps'"),
    ],
)
def test_refusals_name_what_to_do(name: str, target: str, remedy: str) -> None:
    with pytest.raises(ValueError, match=remedy) as refused:
        read_table(FOLDER / name, target)
    assert "\n" not in str(refused.value)


def test_words_as_labels(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("a,kind\n1,yes\n2,no\n4,yes\n3,\n")
    found = read_table(path, "kind", missing="drop")
    assert found.y.tolist() == [1, -1, 1]
    assert "labels 'kind': 1 for 'yes', -1 for 'no'" in found.words
    path.write_text("a,kind\n1,red\n2,blue\n4,red\n3,light green\n")
    with pytest.raises(ValueError, match=r"'kind' has 3: .*pass --target kind=blue for one of them"):
        read_table(path, "kind")
    one = read_table(path, "kind=light green")
    assert one.y.tolist() == [-1, -1, -1, 1]
    assert one.target == "kind=light green"
    with pytest.raises(ValueError, match="must name a class of 'kind', got 'pink'"):
        read_table(path, "kind=pink")
    path.write_text("a,kind\n1,3\n2,5\n4,3\n")
    assert read_table(path, "kind").y.tolist() == [3, 5, 3]
    assert read_table(path, "kind=5").y.tolist() == [-1, 1, -1]
    path.write_text("a,day\n1,2020-01-01\n2,2020-01-02\n")
    with pytest.raises(ValueError, match="turn dates into numbers"):
        read_table(path, "day")


def test_a_list_of_objects_in_json(tmp_path: Path) -> None:
    path = tmp_path / "t.json"
    path.write_text(json.dumps([{"a": 1, "y": 2.5}, {"y": 3, "a": 2}, {"a": None, "y": 1}], indent=1))
    found = read_table(path, missing="drop")
    np.testing.assert_array_equal(found.X[:, 0], [1, 2])
    assert found.y.tolist() == [2.5, 3]
    assert list(found.rows) == [1, 2]
    path.write_text('{"a": 1, "y": 2}\n{"a": 3, "y": 5}\n')
    assert read_table(path).y.tolist() == [2, 5]
    for damaged in ('[{"a": 1}, 3]', "[1, 2]", '[{"a": 1', "[]"):
        path.write_text(damaged)
        with pytest.raises(ValueError, match="FILE must hold"):
            read_table(path)


def test_separators_where_last_cells_are_missing(tmp_path: Path) -> None:
    """As in the World Bank's tables: names with blanks and commas in quotes, and years without data at the end."""
    path = tmp_path / "t.csv"
    lines = [f'Land {i},"Rate, total (per head)",{i}.5,{i * i}.25,' for i in range(12)]
    path.write_text("\n".join(["Country Name,Indicator Name,1960,1961,1962", *lines]) + "\n")
    found = read_table(path, "1961", drop=["Country Name", "Indicator Name", "1962"])
    assert found.columns == ("1960",)
    assert found.words[0] == "text in UTF-8, separator ',', decimal mark '.'"


def test_remedies_that_can_be_followed(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("a,drive,y\n1,4,1\n2,f,2\n3,r,3\n")
    with pytest.raises(
        ValueError, match=r"'drive' \(line 3 holds 'f'\); names among numbers are not encoded: write names"
    ):
        read_table(path, one_hot=True)
    path.write_text("a,b,y\n1,,1\n2,,2\n3,,3\n,4,2\n")
    with pytest.raises(
        ValueError, match=r"0 without missing values; leave out columns with --drop, such as 'b' \(3 missing"
    ):
        read_table(path, missing="drop")
    path.write_text("a,kind,y\n1,x,1\n2,,2\n3,z,3\n")
    with pytest.raises(ValueError, match=r"1 of 3 rows have some in 'kind' \(1, first in line 3\)"):
        read_table(path, one_hot=True)
    path.write_text("quarter,when,y\n1974Q1,Jan-1-1995,1\n1974Q2,Feb-1-1995,2\n")
    with pytest.raises(
        ValueError, match=r"'quarter' .*'when' .*; turn dates into numbers, such as days since a start; or"
    ):
        read_table(path)
    with pytest.raises(ValueError, match="holds none; drop fewer columns than 'quarter', 'when'"):
        read_table(path, drop=["quarter", "when"])


def test_dates_written_as_numbers_are_told(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("day,id,y\n19580329,19581329,1\n20240229,19581330,2\n20010911,1,4\n20010910,3,4\n")
    table = read_table(path)
    assert table.columns == ("day", "id")
    found = shatterability(pd.DataFrame(table.X, columns=list(table.columns)), table.y, 0.5)
    (note,) = (note for note in found.notes if "dates" in note)
    assert note.startswith("feature(s) 'day' (such as 19580329) look like dates written as numbers")
    assert "days since a start" in note
