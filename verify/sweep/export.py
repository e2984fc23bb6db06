"""Stores as tables: one row for each record, with the setting of its cell beside it."""

from __future__ import annotations

import importlib
import json
import os
import re
from collections.abc import Mapping, Sequence
from typing import Any

from boundcalc.files import as_path, check_writable, write_atomically, write_text
from boundcalc.table_format import csv_text
from verify.sweep.store import FinishedCell

# Text that is a number or a fraction stays as it is.
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?(/\d+)?|[+-]?inf|nan", re.ASCII)
_OWN = ("sweep", "version", "finished", "seconds")


def table_rows(cells: Sequence[FinishedCell]) -> list[dict[str, Any]]:
    """One row for each record: sweep, version, time, seconds of the cell, its setting, then the record.

    Where a record has an entry of the same name as the setting, the record's is kept. Every row has every column; None
    where a cell has no such entry.
    """
    rows = [
        {**{name: getattr(cell, name) for name in _OWN}, **cell.setting, **record}
        for cell in cells
        for record in cell.records
    ]
    columns = _columns(rows)
    return [{name: row.get(name) for name in columns} for row in rows]


def _columns(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    return list(dict.fromkeys(name for row in rows for name in row))


def write_csv(rows: Sequence[Mapping[str, Any]], path: str | os.PathLike[str]) -> None:
    """Write rows as CSV (UTF-8, RFC 4180), whole or not at all. Lists are written as JSON; floats read back exactly.

    Text that a spreadsheet would run as a formula is written behind an apostrophe.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_csv([{"n": 32, "mse": 0.1}, {"n": 64, "mse": None}], f"{folder}/t.csv")
    ...     print(pathlib.Path(folder, "t.csv").read_text())
    n,mse
    32,0.1
    64,
    """
    target = as_path("path", path)
    check_writable("path", target)
    columns = _columns(rows)
    head = [_csv_value(name) for name in columns]
    write_text(target, csv_text([head, *([_csv_value(row.get(name)) for name in columns] for row in rows)]))


def _csv_value(value: Any) -> Any:
    """Numbers so that they read back exactly; text that a spreadsheet would run as a formula gets an apostrophe before it."""
    if isinstance(value, str):
        formula = value.lstrip()[:1] in tuple("=+-@|%") and not _NUMBER.fullmatch(value)
        return f"'{value}" if formula or value[:1] in tuple("\t\r\n\0") else value
    if isinstance(value, (list, tuple, bool)):
        return json.dumps(value)
    return repr(value) if isinstance(value, float) else value


def check_parquet() -> Any:
    """pyarrow's Parquet writer, or a ValueError that says how to get it."""
    try:
        return importlib.import_module("pyarrow.parquet")
    except ImportError as error:
        raise ValueError("Parquet needs the package pyarrow; pip install 'boundcalc[parquet]', or write CSV") from error


def write_parquet(rows: Sequence[Mapping[str, Any]], path: str | os.PathLike[str]) -> None:
    """Write rows as Parquet, whole or not at all; numbers, text, bools and lists keep their types.

    Raises
    ------
    ValueError
        If pyarrow is missing, or a column mixes kinds of values.
    """
    parquet = check_parquet()
    arrow: Any = importlib.import_module("pyarrow")
    target = as_path("path", path)
    check_writable("path", target)
    arrays = {}
    for name in _columns(rows):
        try:
            arrays[name] = arrow.array([row.get(name) for row in rows])
        except (arrow.ArrowInvalid, arrow.ArrowTypeError) as error:
            raise ValueError(f"the column {name!r} must hold one kind of values for Parquet, got {error}") from error
    write_atomically(target, lambda stream: parquet.write_table(arrow.table(arrays), stream))
