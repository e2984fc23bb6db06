"""The options by which commands read a table."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from verify.command import Setting, asked
from verify.shatterability.scaling import Scale, rescale
from verify.shatterability.table import Table, read_table


@dataclass(frozen=True)
class TableColumns(Setting):
    """How a table is written, and what to make of its columns and gaps."""

    target: str | None = asked("target")
    drop: str | None = asked("drop")
    keep: str | None = asked("keep")
    sep: str | None = asked("sep")
    decimal: str | None = asked("decimal")
    encoding: str | None = asked("encoding")
    sheet: str | None = asked("sheet")
    missing: str = asked("missing")
    one_hot: bool = asked("one_hot")

    def read(self, path: str) -> Table:
        """Read a table so; raises what :func:`verify.shatterability.table.read_table` does."""
        return read_table(
            Path(path),
            self.target,
            _names(self.drop),
            keep=_names(self.keep),
            sep=self.sep,
            decimal=self.decimal,
            encoding=self.encoding,
            sheet=self.sheet,
            missing=self.missing,
            one_hot=self.one_hot,
        )


def points_for(dim: int, table: Table, features: Scale, name: str) -> NDArray[np.float64]:
    """The table's points (n, dim) in that scale, for a network that takes ``dim`` features; ``name`` is what the table is called.

    Raises
    ------
    ValueError
        If the table has other features.
    """
    X = rescale(table.X, features).X
    if X.shape[1] != dim:
        raise ValueError(
            f"{name} must have the {dim} feature(s) of MODEL, got {X.shape[1]}: {', '.join(table.columns)}; "
            "leave others out with --drop, or name the labels with --target"
        )
    return X


@dataclass(frozen=True)
class TableFile(Setting):
    """The table's file."""

    file: str = asked("file")


@dataclass(frozen=True)
class TableSetting(TableColumns, TableFile):
    """The table, and how to read it; the file comes first, as dataclasses take fields from the last base on."""

    def table(self) -> Table:
        """Read it."""
        return self.read(self.file)


def _names(listed: str | None) -> list[str]:
    """Names of columns, separated by commas; quotes protect those inside a name.

    >>> _names('"size, in m",id')
    ['size, in m', 'id']
    """
    return [name for name in next(csv.reader([listed or ""], skipinitialspace=True), []) if name]
