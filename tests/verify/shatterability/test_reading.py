"""Tables with the usual blemishes: each is read right, or refused with one line that says where and what to do."""

from __future__ import annotations

import bz2
import datetime
import gzip
import importlib.util
import json
import lzma
import warnings
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from verify.shatterability.__main__ import main
from verify.shatterability.job import shatterability
from verify.shatterability.reading import _sniff_separator
from verify.shatterability.render import json_text, text
from verify.shatterability.table import Table, read_table

PLAIN = ([[1.5, 2.0], [-3.0, 4.0], [5.0, 7.25]], [1.0, 0.0, 2.0])
HEAD, ROWS = "a,b,y\n", "1.5,2,1\n-3,4,0\n5,7.25,2\n"

# Read right: what stands in the file, how it is asked for, features and labels, and what is said.
RIGHT: dict[str, tuple[str | bytes, dict[str, Any], tuple[list[list[float]], list[float]], str]] = {
    "plain": (HEAD + ROWS, {}, PLAIN, "separator ',', decimal mark '.'"),
    "semicolons": ((HEAD + ROWS).replace(",", ";"), {}, PLAIN, "separator ';', decimal mark '.'"),
    "decimal commas": ((HEAD + ROWS).replace(",", ";").replace(".", ","), {}, PLAIN, "separator ';', decimal mark ','"),
    "tabs and decimal commas": ((HEAD + ROWS).replace(",", "\t").replace(".", ","), {}, PLAIN, "separator tab"),
    "quoted decimal commas": ('a,b,y\n"1,5",2,1\n-3,4,0\n5,"7,25",2\n', {}, PLAIN, "separator ',', decimal mark ','"),
    "bars": ((HEAD + ROWS).replace(",", "|"), {}, PLAIN, "separator '|'"),
    "blanks in columns": ("  a    b   y\n 1.5   2   1\n-3.0   4   0  \n 5.0  7.25 2\n", {}, PLAIN, "separator space"),
    "another separator": ((HEAD + ROWS).replace(",", ":"), {"sep": ":"}, PLAIN, "separator ':'"),
    "a tab by name": ((HEAD + ROWS).replace(",", "\t"), {"sep": "tab"}, PLAIN, "separator tab"),
    "windows": ((HEAD + ROWS).replace("\n", "\r\n"), {}, PLAIN, "UTF-8"),
    "old macs": ((HEAD + ROWS).replace("\n", "\r"), {}, PLAIN, "UTF-8"),
    "byte order mark": ("\ufeff" + HEAD + ROWS, {}, PLAIN, "UTF-8"),
    "UTF-16": ((HEAD + ROWS).encode("utf-16"), {}, PLAIN, "utf-16"),
    "latin-1": ("größe,b,y\n".encode("latin-1") + ROWS.encode(), {"encoding": "latin-1"}, PLAIN, "latin-1"),
    "no last newline": ((HEAD + ROWS).rstrip(), {}, PLAIN, ""),
    "blank lines": ("\n\n" + HEAD + "\n" + ROWS + "\n \n,,\n", {}, PLAIN, ""),
    "trailing separators": ("a,b,y,\n1.5,2,1,\n-3,4,0,\n5,7.25,2,\n", {}, PLAIN, ""),
    "trailing separators below": ("a,b,y\n1.5,2,1,,\n-3,4,0,,\n5,7.25,2,,\n", {}, PLAIN, ""),
    "trailing separators above": ("a,b,y,,\n1.5,2,1\n-3,4,0\n5,7.25,2\n", {}, PLAIN, ""),
    "comments": ("# made by hand, in 2020\n" + HEAD + "# a remark\n" + ROWS, {}, PLAIN, "2 line(s) of comments left out"),
    "a hint for Excel": ("sep=;\n" + (HEAD + ROWS).replace(",", ";"), {}, PLAIN, "1 line(s) of comments left out"),
    "numpy's header": ("# " + HEAD + ROWS, {}, PLAIN, ""),
    "numpy's header with blanks": ("# a b y\n1.5 2 1\n-3 4 0\n5 7.25 2\n", {}, PLAIN, "separator space"),
    "pandas' index": (",a,b,y\n0,1.5,2,1\n1,-3,4,0\n2,5,7.25,2\n", {}, PLAIN, "column 1 left out: it has no name (index)"),
    "pandas' index, read and saved again": ("Unnamed: 0,a,b,y\n0,1.5,2,1\n1,-3,4,0\n2,5,7.25,2\n", {}, PLAIN, "index"),
    "an index twice": (",Unnamed: 0,a,b,y\n0,0,1.5,2,1\n1,1,-3,4,0\n2,2,5,7.25,2\n", {}, PLAIN, "column 2 left out"),
    "an index with gaps": (",a,b,y\n7,1.5,2,1\n9,-3,4,0\n8,5,7.25,2\n", {}, PLAIN, "no name (index)"),
    "an index of names": (",a,b,y\nu,1.5,2,1\nv,-3,4,0\nw,5,7.25,2\n", {}, PLAIN, "no name (index)"),
    "R's row names": ('"a" "b" "y"\n"1" 1.5 2 1\n"2" -3 4 0\n"3" 5 7.25 2\n', {}, PLAIN, "no name (index)"),
    "R's row names in text": ("a,b,y\nfirst,1.5,2,1\nlast,-3,4,0\nmid,5,7.25,2\n", {}, PLAIN, "no name (index)"),
    "an identifier": ("a,id,b,y\n1.5,1,2,1\n-3,2,4,0\n5,3,7.25,2\n", {}, PLAIN, "column 'id' left out: it counts the rows"),
    "a counter kept": (
        "t,b,y\n0,2,1\n1,4,0\n2,7,2\n", {"keep": ["t"]}, ([[0, 2], [1, 4], [2, 7]], [1, 0, 2]), ""
    ),
    "a counter alone": ("t,y\n0,2\n1,4\n2,7\n", {}, ([[0], [1], [2]], [2, 4, 7]), ""),
    "commas in names": ('"a, in kg","b ""x""",y\n' + ROWS, {}, PLAIN, ""),
    "lines in names": ('"a\nin kg",b,y\n' + ROWS, {}, PLAIN, ""),
    "blanks around": (" a , b , y \n 1.5 , 2, 1 \n -3 ,4 ,0\n5,7.25,2\n", {}, PLAIN, ""),
    "quotes everywhere": ('"a","b","y"\n"1.5","2","1"\n"-3","4","0"\n"5","7.25","2"\n', {}, PLAIN, ""),
    "truth values": (
        "a,b,y\nTrue,2,FALSE\nFalse,4,TRUE\nTrue,7.25,TRUE\n", {}, ([[1, 2], [0, 4], [1, 7.25]], [0, 1, 1]), ""
    ),
    "missing values": (
        "a,b,y\n1.5,2,1\n,1,1\n-3,4,0\n1,#N/A,1\n5,7.25,2\n1,2,NULL\n#N/A,0,0\n?,-,.\n", {"missing": "drop"}, PLAIN,
        "5 of 8 rows left out for missing values: line 3, 5, 7, 8, 9",
    ),
    "names, one hot": (
        "c,y\nred,1\nblue,0\n red ,2\n", {"one_hot": True}, ([[0, 1], [1, 0], [0, 1]], [1, 0, 2]),
        "column 'c' became 2 columns of zeros and ones: 'blue', 'red'",
    ),
    "a name missing, one hot": (
        "c,y\nred,1\nNA,4\nblue,0\nred,2\n", {"one_hot": True, "missing": "drop"}, ([[0, 1], [1, 0], [0, 1]], [1, 0, 2]),
        "1 of 4 rows left out",
    ),
    "text left out": ("name,a,b,y\nu,1.5,2,1\nv,-3,4,0\nw,5,7.25,2\n", {"drop": ["name"]}, PLAIN, ""),
    "a name twice, left out": ("a,z,b,z,y\n1.5,0,2,0,1\n-3,0,4,0,0\n5,0,7.25,0,2\n", {"drop": ["z"]}, PLAIN, ""),
    "true minus signs": (HEAD + ROWS.replace("-", "−"), {}, PLAIN, ""),
    "exponents": ("a,b,y\n15e-1,+2.0,1E0\n-.3e1,4.,0\n5,725e-2,2\n", {}, PLAIN, ""),
    "2^53": ("a,y\n9007199254740992,1\n-9007199254740994,2\n0,1\n", {}, ([[2**53], [-(2**53) - 2], [0]], [1, 2, 1]), ""),
    "points and grouped commas": (
        'a,b,y\n"1,234.5",2,1\n1,2,3\n', {"drop": ["a"]}, ([[2], [2]], [1, 3]), "decimal mark '.'"
    ),
    "a point that may group, said": (
        "a;y\n1.234;1\n5.678;2\n", {"decimal": "."}, ([[1.234], [5.678]], [1, 2]), "decimal mark '.'"
    ),
    "lines of JSON": (
        '{"a": 1.5, "b": 2, "y": 1}\n{"b": 4, "a": -3, "y": 0}\n\n{"a": 5, "b": 7.25, "y": 2}\n',
        {"suffix": ".jsonl"}, PLAIN, "JSON",
    ),
    "a byte order mark before JSON": ('\ufeff{"a": true, "y": 1}\n{"a": 0.5, "y": 2}\n', {"suffix": ".ndjson"},
                                      ([[1], [0.5]], [1, 2]), "JSON"),
}  # fmt: skip

# Refused: what is said about it.
WRONG: dict[str, tuple[str | bytes, dict[str, Any], str]] = {
    "empty": ("", {}, "must start with a line of column names, .* is empty"),
    "comments only": ("# nothing\n# here\n", {}, "is empty"),
    "a header alone": (HEAD, {}, "must hold rows below its header"),
    "no header": (ROWS, {}, "line 1 of .* holds numbers only; write a line of names there"),
    "no header, names among the data": ("5.1,3.5,setosa\n4.9,3.0,setosa\n", {}, "--target .* it has '5.1', '3.5', 'setosa'"),
    "years for names": ("2019,2020,2021\n1,2,3\n3,4,5\n", {"target": "2021"}, "put a letter before one"),
    "units below the names": (HEAD + "kg,cm,-\n" + ROWS, {}, r"'a' \(line 2 holds 'kg'\), 'b' \(line 2 holds 'cm'\)"),
    "a title above": ("Our table\n" + HEAD + ROWS, {}, "header, 1; line 2 of .* has 3"),
    "a decimal comma": ("a;y\n1.5;1\n2,5;2\n", {}, r"'a' \(line 3 holds '2,5'\); if ',' is the decimal mark, pass --decimal ','"),
    "decimal commas between commas": ("a,y\n1,5,2\n2,5,3\n", {}, "line 2 of .* has 3; .* decimal commas .* need quotes"),
    "counting decimal commas": ("a,y\n1,5,2\n2,5,3\n3,5,4\n", {}, "line 2 of .* has 3; .* decimal commas"),
    "a decimal point": ("a;y\n1,5;1\n2.5;2\n7,1;1\n", {"decimal": ","}, r"line 3 holds '2.5'\); if '.' is the decimal mark"),
    "points between thousands": ("a;y\n1.234;1\n5.678;2\n", {}, "1.234 in line 2 of .* may have either; pass --decimal ."),
    "points between thousands, said": ("a;y\n1.234;1\n5.678;2\n", {"decimal": ","}, "between thousands, remove it"),
    "commas between thousands": ('a,y\n"1,234",1\n"5,678",2\n', {}, r"line 2 holds '1,234'\); .* between thousands, remove it"),
    "commas between millions": ('a,y\n"1,234,567",1\n2,2\n', {}, "remove the separators of thousands"),
    "thousands and decimals": ("a;y\n1.234,5;1\n2;2\n", {}, r"'1.234,5'\); remove the separators of thousands"),
    "blanks between thousands": ("a;y\n1 234;1\n5 678;2\n", {}, r"line 2 holds '1 234'\); remove the separators of thousands"),
    "swiss": ("a;y\n1'234;1\n5'678;2\n", {}, "remove the separators of thousands"),
    "underscores": ("a,y\n1_0,1\n2,2\n", {}, r"'a' \(line 2 holds '1_0'\); remove the underscores"),
    "dollars": ("a,y\n$5,1\n$6,2\n", {}, r"'\$5'\); remove the signs of currency"),
    "euros": ("a;y\n5,50 €;1\n6,10 €;2\n", {}, "remove the signs of currency"),
    "percent": ("a,y\n5%,1\n6%,2\n", {}, "remove the percent signs"),
    "hexadecimal": ("a,y\n0x1F,1\n1,2\n", {}, r"'0x1F'\); encode text as numbers"),
    "infinite": ("a,y\n1,1\n-inf,2\n", {}, r"line 3 holds '-inf'\); remove or replace the infinite values"),
    "beyond floats": ("a,y\n1,1\n1e400,2\n", {}, "beyond float64 in 1 row.s., first in line 3: '1e400'"),
    "beyond 2^53": ("id,y\n9007199254740993,1\n2,2\n", {}, "'id', line 2, must be .* got 9007199254740993; if it identifies"),
    "beyond 2^53, missing too": ("id,y\n,1\n-9007199254740993,2\n", {"missing": "drop"}, "line 3, must be"),
    "dates": ("t,y\n2020-01-31,1\n2020-02-28,2\n", {"one_hot": True}, "'2020-01-31'.; turn dates into numbers"),
    "german dates": ("t;y\n31.01.2020;1,5\n28.02.2020;2\n", {}, "turn dates into numbers"),
    "times": ("t,y\n12:30,1\n13:45,2\n", {}, "turn dates into numbers"),
    "names": ("c,y\nred,1\nblue,2\n", {}, "with --one-hot; or leave the column out with --drop"),
    "names and numbers": ("c,y\nred,1\n5,2\nblue,1\n", {"one_hot": True}, r"'c' \(line 2 holds 'red'\)"),
    "too many names": (
        "c,y\n" + "".join(f"n{i},{i * i}\n" for i in range(30)), {"one_hot": True}, "'c' holds 30 in 30 rows; leave it out"
    ),
    "names for labels": ("a,y\n1,red\n2,blue\n3,tan\n", {"one_hot": True}, "has 3: .blue., .red., .tan.; pass --target y=blue"),
    "a missing value": ("a,b,y\n1,2,3\n4,,6\n", {}, r"1 of 2 rows have some in 'b' \(1, first in line 3\); --missing drop"),
    "all missing": ("a,y\n1,\n,2\n", {"missing": "drop"}, "at least 2 points, .* holds 0 without missing values"),
    "a short row": (HEAD + "1,2\n" + ROWS, {}, "as its header, 3; line 2 of .* has 2"),
    "a long row": (HEAD + ROWS + "1,2,3,4\n", {}, "as its header, 3; line 5 of .* has 4"),
    "a short row of what is left out": ("a,y,c\n1,2,u\n3,v\n4,5,w\n", {"drop": ["c"]}, "line 3 of .* has 2"),
    "a name lost": ("ab|y\n398-.9|713|-2\n-14|5|1\n-8|11|6\n", {}, "as its header, 2; line 2 of .* has 3"),
    "a quote that does not end": (HEAD + '1,"2,3\n4,5,6\n', {}, "unexpected end of data, from line 2 on"),
    "a name twice": ("a,a,y\n1,2,3\n4,5,6\n", {}, "distinct column names, 'a' stand"),
    "a column without a name": ("a,,y\n1,2,3\n4,7,6\n5,3,3\n", {}, "column 2 of .* has no name and holds data; name it"),
    "a row in comments": (HEAD + "1,2,3\n#4,5,6\n7,8,9\n", {}, "line 3 of .* does and has as many cells"),
    "latin-1": ("größe,y\n1,2\n3,4\n".encode("latin-1"), {}, "must be text in UTF-8.*pass its --encoding, such as cp1252"),
    "not that encoding": ("größe,y\n1,2\n3,4\n", {"encoding": "ascii"}, "must be text in ascii"),
    "no encoding": (HEAD + ROWS, {"encoding": "utf-99"}, "--encoding must name an encoding"),
    "no separator": (HEAD + ROWS, {"sep": ",,"}, "--sep must be one character"),
    "the wrong separator": (HEAD + ROWS, {"sep": ";"}, "--target .default y. must name a column of .* it has 'a,b,y'"),
    "a sheet of text": (HEAD + ROWS, {"sheet": "a"}, "--sheet means nothing for a .csv file"),
    "no such decimal mark": (HEAD + ROWS, {"decimal": "x"}, "decimal must be one of"),
    "no such column": (HEAD + ROWS, {"target": "price"}, "--target price must name a column of .* it has 'a', 'b', 'y'"),
    "nothing but labels": ("y\n1\n2\n", {}, "at least one feature column"),
    "nothing but an index": (",y\n0,1\n1,2\n", {}, "at least one feature column"),
    "no JSON": ('{"a": 1, "y": 1}\n{"a": 1, "y"\n', {"suffix": ".jsonl"}, "line 2 of .* does not"),
    "a name twice in JSON": ('{"a": 1, "a": 2, "y": 1}\n', {"suffix": ".jsonl"}, "distinct names in every line, line 1"),
    "lists in JSON": ('{"a": [1], "y": 1}\n{"a": [2], "y": 3}\n', {"suffix": ".jsonl"}, "only numbers, text and truth values"),
    "JSON that lacks a name": ('{"a": 1, "y": 1}\n\n{"y": 3}\n', {"suffix": ".jsonl"}, "in 'a' .1, first in line 3"),
    "large numbers in JSON": ('{"a": 9007199254740993, "y": 1}\n{"a": 0, "y": 1}\n', {"suffix": ".jsonl"}, "line 1, must be"),
}  # fmt: skip


def put(folder: Path, content: str | bytes, name: str = "t.csv") -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.mark.parametrize("case", RIGHT)
def test_blemishes_that_do_no_harm(case: str, tmp_path: Path) -> None:
    content, asked, (X, y), words = RIGHT[case]
    asked = dict(asked)
    table = read_table(put(tmp_path, content, "t" + asked.pop("suffix", ".csv")), **asked)
    assert table.X.tolist() == X
    assert table.y.tolist() == y
    assert words in " / ".join(table.words)
    assert len(table.rows) == len(y)
    assert len(table.columns) == len(X[0])


@pytest.mark.parametrize("case", WRONG)
def test_blemishes_that_are_refused_in_one_line(case: str, tmp_path: Path) -> None:
    content, asked, words = WRONG[case]
    asked = dict(asked)
    with pytest.raises(ValueError, match=words) as caught:
        read_table(put(tmp_path, content, "t" + asked.pop("suffix", ".csv")), **asked)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 500


def test_names_and_lines_are_those_of_the_file(tmp_path: Path) -> None:
    table = read_table(put(tmp_path, '# note\n"a\nin kg",b,y\n\n1,2,3\n"4\n",5,6\n7,9,9\n'))
    assert table.columns == ("a\nin kg", "b")
    assert table.rows == [5, 6, 8]
    assert table.row(1) == "line 6"


@pytest.mark.parametrize("suffix", [".gz", ".bz2", ".xz", ".zip", ".zst"])
def test_compressed_files(suffix: str, tmp_path: Path) -> None:
    data, path = (HEAD + ROWS).encode(), tmp_path / f"t.csv{suffix}"
    if suffix == ".zip":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("inside.csv", data)
            archive.writestr("__MACOSX/._inside.csv", "noise")
    elif suffix == ".zst":
        pyarrow = pytest.importorskip("pyarrow")
        with pyarrow.CompressedOutputStream(str(path), "zstd") as stream:
            stream.write(data)
    else:
        path.write_bytes({".gz": gzip, ".bz2": bz2, ".xz": lzma}[suffix].compress(data))  # type: ignore[attr-defined]
    assert read_table(path).X.tolist() == PLAIN[0]
    whole = path.read_bytes()
    for spoilt in (whole[: len(whole) // 2], b"plain text", b""):
        path.write_bytes(spoilt)
        with pytest.raises(ValueError, match="FILE must "):
            read_table(path)


def test_an_archive_of_several_files_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "t.zip", "w") as archive:
        for name in ("a.csv", "b.csv"):
            archive.writestr(name, HEAD + ROWS)
    with pytest.raises(ValueError, match=r"archive of one file, .* holds 2"):
        read_table(tmp_path / "t.zip")


FRAME = pandas.DataFrame({"a": [1.5, -3.0, 5.0], "b": [2, 4, 7.25], "y": [1, 0, 2]})


def test_spreadsheets(tmp_path: Path) -> None:
    pytest.importorskip("openpyxl")
    path = tmp_path / "t.xlsx"
    with pandas.ExcelWriter(path) as book:
        FRAME.to_excel(book, sheet_name="first")
        FRAME.to_excel(book, sheet_name="lower", startrow=3, startcol=1, index=False)
        FRAME.assign(t=datetime.datetime(2020, 1, 1), c="red", a=["1,5", "2", "3"]).to_excel(book, sheet_name="odd")
        FRAME.assign(a=["1.5", "-3", None]).to_excel(book, sheet_name="text", index=False)
    for sheet, rows in ((None, [2, 3, 4]), ("lower", [5, 6, 7])):
        table = read_table(path, sheet=sheet)
        assert (table.X.tolist(), table.y.tolist()) == PLAIN
        assert (table.rows, table.unit) == (rows, "sheet row")
    assert read_table(path).words[0] == "sheet 'first' of 4 sheets"
    with pytest.raises(
        ValueError, match=r"'a' \(sheet row 2 holds '1,5'\), 't' \(sheet row 2 holds 2020-01-01 00:00:00\), 'c'"
    ):
        read_table(path, sheet="odd")
    assert read_table(path, sheet="odd", decimal=",", drop=["t", "c"]).X[0].tolist() == [1.5, 2.0]
    assert read_table(path, sheet="text", missing="drop").X.tolist() == PLAIN[0][:2]
    with pytest.raises(ValueError, match="--sheet must be one of 'first', 'lower', 'odd', 'text', got 'none'"):
        read_table(path, sheet="none")
    path.write_bytes(b"PK no book")
    with pytest.raises(ValueError, match="must be a spreadsheet file"):
        read_table(path)


@pytest.mark.parametrize("kind", ["parquet", "feather"])
def test_frames_in_files(kind: str, tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    path = tmp_path / f"t.{kind}"
    write = {"parquet": "to_parquet", "feather": "to_feather"}[kind]
    getattr(FRAME.set_index(pandas.Index(["u", "v", "w"], name="who")), write)(path)
    table = read_table(path)
    assert (table.X.tolist(), table.y.tolist(), list(table.rows)) == (*PLAIN, ["u", "v", "w"])
    gaps = FRAME.assign(
        n=pandas.array([2**53, None, 3], dtype="Int64"), o=pandas.array([True, None, False], dtype="boolean")
    )
    getattr(gaps, write)(path)
    with pytest.raises(ValueError, match=r"1 of 3 rows have some in 'n' \(1, first in row 1\), 'o'"):
        read_table(path)
    assert read_table(path, missing="drop").X.tolist() == [[1.5, 2.0, 2.0**53, 1.0], [5.0, 7.25, 3.0, 0.0]]
    getattr(FRAME.assign(n=pandas.array([2**53 + 1, None, 3], dtype="Int64")), write)(path)
    with pytest.raises(
        ValueError, match="column 'n', row 0, must be a number that float64 can hold, got 9007199254740993"
    ):
        read_table(path, missing="drop")
    for column, words in (
        (pandas.Categorical(["1", "2", "1"]), "row 0 holds '1'.; encode text as numbers, with --one-hot"),
        (pandas.date_range("2020", periods=3), "dates"),
        ([1j, 2, 3], "must"),
    ):
        try:
            getattr(FRAME.assign(z=column), write)(path)
        except Exception:  # complex numbers have no place in Arrow
            continue
        with pytest.raises(ValueError, match=words):
            read_table(path)


@pytest.mark.parametrize(
    ("package", "name", "extra"),
    [
        ("openpyxl", "t.xlsx", "excel"), ("pandas", "t.xlsx", "verify"), ("pyarrow", "t.parquet", "parquet"),
        ("pyarrow", "t.feather", "parquet"), ("pyarrow", "t.csv.zst", "parquet"), ("pandas", "t.parquet", "verify"),
    ],
)  # fmt: skip
def test_a_missing_reader_is_named(package: str, name: str, extra: str, tmp_path: Path, monkeypatch) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr("importlib.util.find_spec", lambda asked: None if asked == package else found(asked))
    with pytest.raises(
        ValueError, match=rf"needs {package}, which isn't installed: pip install 'boundcalc\[{extra}\]'"
    ):
        read_table(put(tmp_path, b"", name))


def test_text_needs_no_pandas(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pandas", None)
    assert read_table(put(tmp_path, HEAD + ROWS)).X.tolist() == PLAIN[0]


def test_text_that_begins_late_is_read_again(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr("verify.shatterability.reading._CHUNK", 4)
    rows = [f"{i}.5,0{i % 3},{i}" for i in range(9)]
    table = read_table(put(tmp_path, "a,c,y\n" + "\n".join(rows)))
    assert table.X.tolist() == [[i + 0.5, i % 3] for i in range(9)]
    with pytest.raises(ValueError, match=r"'c' \(line 11 holds 'x'\)"):
        read_table(put(tmp_path, "a,c,y\n" + "\n".join([*rows, "1,x,2"])), one_hot=True)


cells = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False, width=64).filter(lambda x: abs(x) <= 1e90),
    st.integers(-(2**53), 2**53).map(float),
    st.decimals(-1000, 1000, places=3, allow_nan=False).map(float),
)
names = st.text(st.characters(codec="utf-8", exclude_characters="#\r\n\0", exclude_categories=["Cs", "Cc"]), min_size=1)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    data=st.data(),
    sep=st.sampled_from(",;\t| :^"),
    decimal=st.sampled_from(".,"),
    index=st.booleans(),
    known=st.booleans(),
)
def test_frames_come_back_from_text(tmp_path: Path, data, sep: str, decimal: str, index: bool, known: bool) -> None:
    """What pandas writes with any separator and decimal mark is read as it was, and as pandas reads it; or asked about."""
    n, d = data.draw(st.integers(3, 6)), data.draw(st.integers(1, 3))
    heads = data.draw(
        st.lists(names.filter(lambda x: x == x.strip() and x != "y"), min_size=d, max_size=d, unique=True)
    )
    values = data.draw(st.lists(st.lists(cells, min_size=d + 1, max_size=d + 1), min_size=n, max_size=n))
    frame = pandas.DataFrame(values, columns=[*heads, "y"])
    path = tmp_path / "t.csv"
    frame.to_csv(path, sep=sep, decimal=decimal, index=index)
    known = known or sep in ":^"
    try:
        table = read_table(path, **({"sep": sep, "decimal": decimal} if known else {}))
    except ValueError as error:
        # What is asked back: marks that may stand between thousands, a dialect that can't be known, names that are numbers.
        if not known or "holds numbers only" in str(error) or "has no name" in str(error):
            return
        if "must spread over more than" in str(error):  # no column is wider than 1e-100
            assert (np.ptp(frame[heads].to_numpy(), axis=0) <= 1e-100).any()
            return
        raise
    back = pandas.read_csv(path, sep=sep, decimal=decimal, index_col=0 if index else None)
    left = [name for name in heads if name not in table.columns]
    assert len(table.words) == 1 + index + len(left)
    assert all(any(repr(name) in words and "counts the rows" in words for words in table.words) for name in left)
    assert table.X.tolist() == frame[list(table.columns)].to_numpy().tolist()
    # pandas rounds to the last place but one.
    assert np.allclose(table.X, back[list(table.columns)].to_numpy(dtype=float), rtol=1e-15, atol=0)
    assert table.y.tolist() == frame["y"].tolist()


@pytest.mark.parametrize("sep", [",", ";", "\t", "|", " "])
@pytest.mark.parametrize("decimal", [".", ","])
def test_separators_are_found(sep: str, decimal: str, tmp_path: Path) -> None:
    frame = pandas.DataFrame(
        np.random.default_rng(0).standard_normal((9, 4)).round(2), columns=["a b", "c,d", "e;f", "y"]
    )
    for shown in (frame, frame.astype(int), frame[["a b", "y"]], frame.assign(y=["New York", "Rome, Italy", "x"] * 3)):
        assert _sniff_separator(shown.to_csv(sep=sep, decimal=decimal), tmp_path) == sep


# Frames in Python


def test_frames_keep_names_and_index() -> None:
    frame = pandas.DataFrame(
        {
            "size, m²": pandas.array([1.0, 0.5, -1.0], dtype="Float64"),
            "rooms": pandas.array([0, 1, -1], dtype="Int64"),
            "new": pandas.array([True, False, False], dtype="boolean"),
        },
        index=["x", "y", "z"],
    )
    labels = pandas.Series([1, -1, 0], index=frame.index, name="price", dtype="Int8")
    found = shatterability(frame, labels, 0.5)
    assert found.table.columns == ("size, m²", "rooms", "new")
    assert found.table.target == "price"
    assert found.X.tolist() == [[1.0, 0.0, 1.0], [0.5, 1.0, 0.0], [-1.0, -1.0, 0.0]]
    content = json.loads(json_text(found, {}))
    assert content["table"]["columns"] == ["size, m²", "rooms", "new"]
    assert {point["row"] for point in content["exposed"]} == {"x", "y", "z"}
    assert content["exposed"][0]["label"] == labels[content["exposed"][0]["row"]]
    plain = shatterability(frame.to_numpy(dtype=float), labels.to_numpy(dtype=float), 0.5)
    assert plain.verdict == found.verdict
    twice = shatterability(pandas.concat([frame, frame[:1]]).set_axis(list("pqrs")), [1, 2, 3, 4], 0.5)
    assert "rows p and s are equal with labels 1 and 4" in twice.verdict


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            lambda f: f.assign(a=pandas.Categorical(["u", "v", "u"])),
            r"'a' \(row 5 holds 'u'\); encode text as numbers, with pandas.*get_dummies; or",
        ),
        (lambda f: f.assign(a=pandas.Categorical([1, 2, 1])), r"'a' \(row 5 holds 1 \(int\)\)"),
        (lambda f: f.assign(a=["1.5", "2", "3"]), r"'a' \(row 5 holds '1.5'\); convert the text to numbers"),
        (lambda f: f.assign(a=pandas.date_range("2020", periods=3)), "turn dates into numbers"),
        (lambda f: f.assign(a=pandas.to_timedelta([1, 2, 3], unit="D")), "must hold numbers"),
        (lambda f: f.assign(a=[1j, 2, 3]), "must hold numbers"),
        (
            lambda f: f.assign(a=[1.0, np.nan, 2.0]),
            r"1 of 3 rows have some in 'a' \(1, first in row 6\); fill them or use dropna",
        ),
        (lambda f: f.assign(a=pandas.array([1, None, 2], dtype="Int64")), "no missing values"),
        (lambda f: f.assign(a=[1.0, np.inf, 2.0]), "finite numbers, but 'a' .* row 6"),
        (lambda f: f.assign(a=[1, 2**53 + 1, 2]), "column 'a', row 6, must be a number that float64 can hold"),
        (lambda f: f.assign(**{"Unnamed: 0": [0, 1, 2]}), "'Unnamed: 0' counts the rows"),
        (lambda f: f[["a", "a"]], "distinct column names, 'a'"),
        (lambda f: f[[]], "at least 2 points and 1 column"),
        (lambda f: f[:0], "at least 2 points"),
        (lambda f: f.reset_index(drop=True), "y must have the index of X"),
    ],
)
def test_frames_that_are_refused(change, words: str) -> None:
    frame = pandas.DataFrame({"a": [1.0, 2.0, 4.0], "b": [0.0, 1.0, 0.0]}, index=[5, 6, 7])
    X = change(frame)
    y = pandas.Series([1.0, 2.0, 3.0], index=[5, 6, 7])[: len(X)]
    with pytest.raises(ValueError, match=words) as caught:
        shatterability(X, y, 0.5)
    assert "\n" not in str(caught.value)


def test_pandas_and_arrays_may_be_mixed() -> None:
    frame = pandas.DataFrame({"a": [1.0, 2.0, 4.0]}, index=[5, 6, 7])
    for X, y in ((frame, [1, 2, 3]), (frame.to_numpy(), pandas.Series([1, 2, 3], index=[5, 6, 7]))):
        assert list(Table.of(X, y).rows) == [5, 6, 7]
    with pytest.raises(ValueError, match="y must hold no missing values"):
        Table.of(frame, pandas.Series([1.0, None, 2.0], index=[5, 6, 7]))
    with pytest.raises(ValueError, match=r"y must have shape \(3,\)"):
        Table.of(frame, [1, 2])


# The command


def test_the_command_says_how_it_read(tmp_path: Path, capsys) -> None:
    path = put(tmp_path, ";a;b, in kg;c;y\n0;1,5;2;u;1\n1;-3;4;v;0\n2;;3;u;1\n3;5;7,25;u;2\n")
    options = [
        str(path),
        "--one-hot",
        "--missing",
        "drop",
        "--features",
        "standardise",
        "--labels",
        "unit",
        "--time",
        "5",
    ]
    assert main(options) == 0
    out = capsys.readouterr().out
    for words in (
        "text in UTF-8, separator ';', decimal mark ','",
        "column 1 left out: it has no name (index)",
        "1 of 4 rows left out for missing values: line 4",
        "column 'c' became 2 columns of zeros and ones: 'u', 'v'",
        "y: ('y' - 1) / 1",
        "a: ('a' - 1.16667) / 3.27448",
        "line  label",
    ):
        assert words in out
    assert main([*options, "--drop", '"b, in kg",a', "--json", "-"]) == 0
    content = json.loads(capsys.readouterr().out)
    assert content["table"]["columns"] == ["c=u", "c=v"]
    assert content["scaling"]["labels"] == {"words": "to [-1, 1]", "shift": 1.0, "factor": 1.0}
    assert content["exposed"][0]["row"] in (2, 3, 4, 5)
    with pytest.raises(ValueError, match=r"--missing must be one of refuse, drop"):
        main([str(path), "--missing", "ignore"])


def test_no_warning_leaves_the_reader(tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        frame = pandas.DataFrame({"a": pandas.Categorical(["u", "v", "u"]), "b": [1, 2, 4]})
        with pytest.raises(ValueError, match="X must hold numbers"):
            text(shatterability(frame, [1, 2, 3], 0.5), "")
