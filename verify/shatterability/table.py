"""Reading a table of points and labels, and refusing what can't be used, with the reason."""

from __future__ import annotations

import csv
import math
import os
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from boundcalc.exact import describe
from boundcalc.files import as_path
from constructions.network import read_arrays
from verify.hessian.inputs import check_members, check_number, read_array

Float = NDArray[np.float64]

# From here on float64 rounds whole numbers.
_WHOLE = 2.0**53
_MISSING = frozenset({"", "na", "n/a", "nan", "null", "none", "?"})


@dataclass(frozen=True, eq=False)
class Table:
    """Points, labels and the names of their columns.

    Attributes
    ----------
    X, y : ndarray, shapes (n, d) and (n,)
    columns : tuple of str
        Names of the d features.
    """

    X: Float
    y: Float
    columns: tuple[str, ...]
    target: str


def read_table(path: str | os.PathLike[str], target: str | None = None, drop: Sequence[str] = ()) -> Table:
    """Read a CSV file with a header line, a Parquet file, or an .npz file with X (n, d) and the labels.

    Parameters
    ----------
    path : str or Path
        The suffix names the format: .csv, .parquet or .npz.
    target : str, optional
        Column (for .npz: array) of the labels; by default "y".
    drop : sequence of str
        Columns to leave out.

    Raises
    ------
    TypeError
        If ``path`` is no path.
    ValueError
        Naming what is wrong: no such file or format, no such column, text or missing or infinite values.
    """
    path = as_path("path", path)
    if target is not None and not isinstance(target, str):
        raise TypeError(f"target must be the name of a column or None, got {describe(target)}")
    drop = check_members("drop", drop, str)
    wanted = "y" if target is None else target
    suffix = path.suffix.lower()
    readers = {".csv": _read_csv, ".parquet": _read_parquet, ".npz": _read_npz}
    if suffix not in readers:
        raise ValueError(f"FILE must end in .csv, .parquet or .npz, got {describe(str(path))}")
    if not path.is_file():
        raise ValueError(f"FILE must be an existing file, got {str(path)!r}")
    names, values = readers[suffix](path, wanted)
    if len(set(names)) < len(names):
        twice = sorted({name for name in names if names.count(name) > 1})
        raise ValueError(f"FILE must have distinct column names, {str(path)!r} has {_listed(twice)} more than once")
    if wanted not in names:
        option = (
            f"--target {wanted if len(wanted) <= 45 else describe(wanted)}"
            if target is not None
            else "--target (default y)"
        )
        raise ValueError(f"{option} must name a column of {str(path)!r}; it has {_listed(names)}")
    unknown = [name for name in drop if name not in names or name == wanted]
    if unknown:
        raise ValueError(f"--drop must name feature columns of {str(path)!r}, got {_listed(unknown)}")
    features = tuple(name for name in names if name != wanted and name not in set(drop))
    if not features:
        raise ValueError(f"FILE must hold at least one feature column beside {wanted!r}, {str(path)!r} holds none")
    if isinstance(values, np.ndarray):
        X = np.ascontiguousarray(values[:, [names.index(name) for name in features]])
        y = np.ascontiguousarray(values[:, names.index(wanted)])
    else:
        X, y = _from_text(names, values, features, wanted)
    _refuse_gaps(X, features)
    _refuse_gaps(y[:, None], (wanted,))
    return Table(*check_data(X, y), features, wanted)


def check_points(X: Any) -> Float:
    """X (n, d) as a finite float64 array with at least two points.

    Raises
    ------
    TypeError, ValueError
        Naming the argument.

    Examples
    --------
    >>> check_points([[0, 1]])
    Traceback (most recent call last):
    ...
    ValueError: X must hold at least 2 points and 1 column, got shape (1, 2)
    """
    points = np.ascontiguousarray(read_array("X", X, (None, None)))
    if len(points) < 2 or points.shape[1] < 1:
        raise ValueError(f"X must hold at least 2 points and 1 column, got shape {points.shape}")
    _check_size("X", points)
    spread = float(np.ptp(points, axis=0).max())
    if 0 < spread < 1e-100:
        raise ValueError(f"X must spread over more than 1e-100 in some column, got {spread:.3g}; rescale it")
    return points


def check_data(X: Any, y: Any) -> tuple[Float, Float]:
    """The same, with a label y_i for each point, shape (n,)."""
    points, labels = check_points(X), np.ascontiguousarray(read_array("y", y, (None,)))
    if labels.shape != points.shape[:1]:
        raise ValueError(f"y must have shape {points.shape[:1]}, one label per row of X, got {labels.shape}")
    _check_size("y", labels)
    return points, labels


def _check_size(name: str, array: Float) -> None:
    largest = float(np.abs(array).max())
    if largest > 1e100:
        raise ValueError(f"{name} must not exceed 1e100 in absolute value, got {largest:.3g}; rescale it")


def _floats(where: str, values: NDArray[Any]) -> Float:
    """Numbers as float64, with the gaps of floats; whole ones that float64 would round are refused."""
    return read_array(where, values, values.shape) if values.dtype.kind in "iu" else values.astype(np.float64)


def conflicting_rows(X: Float, y: Float) -> tuple[int, int] | None:
    """Two rows with equal points and different labels, the first such pair; None if there is none.

    >>> conflicting_rows(np.array([[0.0], [1.0], [0.0]]), np.array([1.0, 2.0, 3.0]))
    (0, 2)
    """
    # -0.0 and 0.0 are one point.
    _, first, inverse = np.unique(X + 0.0, axis=0, return_index=True, return_inverse=True)
    origin = first[np.ravel(inverse)]
    rows = np.flatnonzero(y != y[origin])
    return (int(origin[rows[0]]), int(rows[0])) if rows.size else None


def refuse_conflicts(X: Float, y: Float) -> None:
    """ValueError if two equal points have different labels: no function interpolates them."""
    clash = conflicting_rows(X, y)
    if clash is not None:
        i, j = clash
        raise ValueError(
            f"y must agree on equal rows of X, but rows {i} and {j} are equal with labels {y[i]:g} and {y[j]:g}: "
            "no function interpolates them"
        )


def constant_columns(X: Float) -> NDArray[np.int64]:
    """Indices of the columns that hold one value only.

    >>> constant_columns(np.array([[1.0, 2.0], [1.0, 3.0]]))
    array([0])
    """
    return np.flatnonzero((X[0] == X).all(axis=0))


def _listed(names: Sequence[str], most: int = 8) -> str:
    shown = ", ".join(repr(name) for name in names[:most])
    return shown + (f" and {len(names) - most} more" if len(names) > most else "")


def _read_csv(path: Path, _: str) -> tuple[list[str], Float | list[list[str]]]:
    try:
        with path.open(newline="", encoding="utf-8-sig") as stream:
            reader = csv.reader(stream)
            names = [name.strip() for name in next(reader, [])]
            if not names:
                raise ValueError(f"FILE must start with a line of column names, {str(path)!r} is empty")
            if all(_is_number(name) for name in names):
                raise ValueError(
                    f"FILE must start with a line of column names, the first line of {str(path)!r} holds numbers only"
                )
            try:
                # The fast way; whatever it can't read is read again as text, to say which column is to blame.
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")  # an empty table gets its own message below
                    fast = np.loadtxt(stream, delimiter=",", quotechar='"', comments=None, ndmin=2)
                if fast.shape[1] == len(names) and fast.shape[0] and not (np.abs(fast) >= _WHOLE).any():
                    return names, fast
            except ValueError:
                pass
        with path.open(newline="", encoding="utf-8-sig") as stream:
            rows = [row for row in list(csv.reader(stream))[1:] if row]
    except UnicodeDecodeError as error:
        raise ValueError(f"FILE must be UTF-8 text, {str(path)!r} is not: {error}") from error
    except csv.Error as error:
        raise ValueError(f"FILE must be comma-separated text, {str(path)!r} is not: {error}") from error
    if not rows:
        raise ValueError(f"FILE must hold rows below its header, {str(path)!r} has none")
    for number, row in enumerate(rows, start=1):
        if len(row) != len(names):
            raise ValueError(
                f"FILE must have {len(names)} cells in every row, row {number} of {str(path)!r} has {len(row)}"
            )
    return names, rows


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _from_text(names: list[str], rows: list[list[str]], features: tuple[str, ...], target: str) -> tuple[Float, Float]:
    """Parse the columns that are used; text in them is refused by column."""
    columns: dict[str, Float] = {}
    wrong: list[str] = []
    for name in (*features, target):
        at = names.index(name)
        out = np.empty(len(rows))
        for number, row in enumerate(rows):
            cell = row[at].strip()
            if cell.lower() in _MISSING:
                out[number] = math.nan
                continue
            try:
                out[number] = float(cell)
            except ValueError:
                wrong.append(f"{name!r} (row {number + 1} holds {cell[:40]!r})")
                break
            if _WHOLE <= abs(out[number]) < math.inf and cell.lstrip("+-").isdecimal():
                check_number(f"FILE, column {name!r}, row {number + 1},", int(cell))
        columns[name] = out
    if wrong:
        raise ValueError(
            f"FILE must hold numbers, but text stands in {', '.join(wrong[:5])}"
            + (f" and {len(wrong) - 5} more columns" if len(wrong) > 5 else "")
            + "; encode these columns as numbers or leave them out with --drop"
        )
    return np.stack([columns[name] for name in features], axis=1), columns[target]


def _refuse_gaps(values: Float, names: Sequence[str]) -> None:
    bad = ~np.isfinite(values)
    if bad.any():
        which = np.flatnonzero(bad.any(axis=0))
        rows = np.flatnonzero(bad[:, which[0]])
        raise ValueError(
            f"FILE must hold finite numbers, but {_listed([names[i] for i in which.tolist()])} "
            f"has missing or infinite values, {names[which[0]]!r} in {rows.size} row(s), first in row {rows[0] + 1}; "
            "drop or fill these rows, or leave the column out with --drop"
        )


def _read_parquet(path: Path, target: str) -> tuple[list[str], Float | list[list[str]]]:
    try:
        import pyarrow.parquet as parquet
    except ImportError:
        raise ValueError(
            f"FILE {str(path)!r} needs pyarrow, which isn't installed; install it, or pass a CSV or .npz file"
        ) from None
    try:
        content = parquet.read_table(path)
    except Exception as error:  # there is no end to what a damaged file makes its readers raise
        raise ValueError(f"FILE must be a Parquet file, {str(path)!r} is not: {error}") from error
    names = [str(name) for name in content.column_names]
    columns = [np.asarray(content.column(i).to_numpy()) for i in range(len(names))]
    if all(column.dtype.kind in "fiub" for column in columns):
        return names, np.stack(
            [_floats(f"FILE, column {n!r},", c) for n, c in zip(names, columns, strict=True)], axis=1
        )
    return names, [["" if cell is None else str(cell) for cell in row] for row in zip(*columns, strict=True)]


def _read_npz(path: Path, target: str) -> tuple[list[str], Float]:
    found = read_arrays("FILE", path)
    for name in ("X", target):
        if name not in found:
            raise ValueError(f"FILE must hold the arrays X and {target}, {str(path)!r} holds {_listed(list(found))}")
        if found[name].dtype.kind not in "fiub":
            raise ValueError(f"FILE must hold numbers, array {name} of {str(path)!r} has dtype {found[name].dtype}")
    X, y = (_floats(f"FILE, array {name},", found[name]) for name in ("X", target))
    if X.ndim != 2 or y.shape != X.shape[:1]:
        raise ValueError(f"FILE must hold X (n, d) and {target} (n,), got shapes {X.shape} and {y.shape}")
    names = [f"x{i}" for i in range(X.shape[1])]
    if target in names:
        raise ValueError(f"--target must not be one of x0, x1, ..., the names of the columns of X, got {target!r}")
    return [*names, target], np.column_stack([X, y])
