"""Tables of points and labels: which columns are features, and the reason where something can't be used."""

from __future__ import annotations

import hashlib
import os
import re
import shlex
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from boundcalc.exact import describe
from boundcalc.files import as_path
from boundcalc.options import choice
from verify.hessian.inputs import check_flag, check_members, read_array
from verify.shatterability.cells import WHOLE, Column, as_number, is_date, remedy, rounded_whole, shown
from verify.shatterability.reading import Dialect, Sheet, frame_columns, is_running, read_sheet, series_column

Float = NDArray[np.float64]

# Names that stand for none: pandas gives them to an index that was saved without one.
_UNNAMED = re.compile(r"|Unnamed: \d+(_level_\d+)?|__index_level_\d+__")
_MOST_LEVELS = 100


@dataclass(frozen=True, eq=False)
class Table:
    """Points, labels and what their columns and rows are called.

    Attributes
    ----------
    X, y : ndarray, shapes (n, d) and (n,)
    columns : tuple of str
        Names of the d features.
    target : str
        Name of the labels.
    rows : sequence
        What each row is called: the line of the file on which it begins, or the index of the data frame.
    unit : str
        What these are: "line", "sheet row" or "row".
    words : tuple of str
        How the file was read, and what was left out.
    """

    X: Float
    y: Float
    columns: tuple[str, ...]
    target: str
    rows: Sequence[Any]
    unit: str = "row"
    words: tuple[str, ...] = ()

    @classmethod
    def of(cls, X: Any, y: Any) -> Table:
        """Arrays as they are, or a data frame and a series of pandas with their names and index.

        Raises
        ------
        TypeError, ValueError
            Naming X or y: what is missing, no number, or of different length or index.

        Examples
        --------
        >>> Table.of([[1.0, 2.0], [3.0, 4.0]], [0, 1]).columns
        ('x0', 'x1')
        """
        framed = hasattr(X, "iloc") and hasattr(X, "columns")
        labelled = hasattr(y, "iloc") and not hasattr(y, "columns")
        if framed and labelled and not X.index.equals(y.index):
            raise ValueError(
                "y must have the index of X, row by row; pass y.loc[X.index], or y.to_numpy() to ignore it"
            )
        rows: Sequence[Any] = (
            X.index if framed else y.index if labelled else range(len(X) if hasattr(X, "__len__") else 0)
        )
        target = str(y.name) if labelled and y.name is not None else "y"
        if labelled and len(y):
            y = _checked("y", [series_column(target, y)], rows)[0]
        if not framed:
            X, y = check_data(X, y)
            return cls(X, y, tuple(f"x{i}" for i in range(X.shape[1])), target, rows)
        columns = frame_columns(X)
        _refuse_twice("X", [column.name for column in columns])
        for column in columns:
            if len(X) and _UNNAMED.fullmatch(column.name) and is_running(column):
                raise ValueError(
                    f"X must hold features, column {column.name!r} counts the rows; pass X.drop(columns=...)"
                )
        points = (
            np.column_stack(_checked("X", columns, rows)) if columns and len(X) else np.empty((len(X), len(columns)))
        )
        return cls(*check_data(points, y), tuple(column.name for column in columns), target, rows)

    def row(self, i: int) -> str:
        """What row i is called.

        >>> Table.of([[1.0], [3.0]], [0, 1]).row(1)
        'row 1'
        """
        return f"{self.unit} {self.rows[i]}"


def read_table(
    path: str | os.PathLike[str],
    target: str | None = None,
    drop: Sequence[str] = (),
    *,
    keep: Sequence[str] = (),
    sep: str | None = None,
    decimal: str | None = None,
    encoding: str | None = None,
    sheet: str | None = None,
    missing: str = "refuse",
    one_hot: bool = False,
) -> Table:
    """Read text with a header line, Excel, Parquet, Feather, JSON lines, or an .npz file with X (n, d) and the labels.

    Columns that count the rows (0, 1, 2, ... or 1, 2, 3, ...) and a first column without a name are no features: they are left
    out, and ``words`` of the table say so.

    Parameters
    ----------
    path : str or Path
        The suffix names the format: .csv, .tsv, .tab, .txt, .dat, .data, .json, .jsonl, .ndjson (also with .gz, .bz2, .xz, .zst,
        .zip), .xlsx, .xlsm, .xls, .ods, .parquet, .feather or .npz.
    target : str, optional
        Column (for .npz: array) of the labels; by default "y". Two names become -1 and 1, in sorted order; of a column of more
        classes, "column=class" takes one of them, 1, against the rest, -1.
    drop : sequence of str
        Columns to leave out.
    keep : sequence of str
        Columns to use although they count the rows.
    sep, decimal, encoding : str, optional
        Of text; found out and said in ``words`` by default.
    sheet : str, optional
        Of a spreadsheet; by default the first.
    missing : str
        "drop" leaves out rows with missing values, "refuse" does not.
    one_hot : bool
        Whether a column of names becomes a column of zeros and ones for each of them.

    Raises
    ------
    TypeError
        If ``path`` is no path.
    ValueError
        Naming what is wrong: no such file or format, no such column, text or missing or infinite values, with the line.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = Path(folder, "t.csv").write_text("a;b;y\\n1,5;2;3\\n2;NA;5\\n4;8;1\\n")
    ...     table = read_table(Path(folder, "t.csv"), missing="drop")
    >>> table.X.tolist(), list(table.rows)
    ([[1.5, 2.0], [4.0, 8.0]], [2, 4])
    >>> table.words
    ("text in UTF-8, separator ';', decimal mark ','", '1 of 3 rows left out for missing values: line 3')
    """
    path = as_path("path", path)
    for name, value in {"target": target, "sep": sep, "encoding": encoding, "sheet": sheet}.items():
        if value is not None and not isinstance(value, str):
            raise TypeError(f"{name} must be text or None, got {describe(value)}")
    if decimal is not None:
        decimal = choice((".", ",")).read("decimal", decimal)
    missing, one_hot = choice(("refuse", "drop")).read("missing", missing), check_flag("one_hot", one_hot)
    drop, keep = check_members("drop", drop, str), check_members("keep", keep, str)
    wanted = "y" if target is None else target
    found = read_sheet(path, Dialect(sep, decimal, encoding, sheet), wanted)
    column = wanted
    if wanted not in [each.name for each in found.columns] and "=" in wanted:
        column = wanted.rpartition("=")[0]
    columns, words = _choose(found, path, target, column, drop, keep)
    *features, labels = columns
    labels = _classes(labels, wanted[len(column) + 1 :] if column != wanted else None, found, words)
    if one_hot:
        features = [part for column in features for part in _one_hot(column, found, words)]
    values = _checked("FILE", [*features, labels], found.rows, found.unit, found.decimal, missing == "refuse", one_hot)
    gaps = np.any([np.isnan(column) for column in values], axis=0)
    rows = found.rows
    if (complete := int((~gaps).sum())) < 2:
        raise ValueError(
            f"FILE must hold at least 2 points, {str(path)!r} holds {complete} without missing values{_gappy(features, values)}"
        )
    if gaps.any():
        left = [str(rows[i]) for i in np.flatnonzero(gaps).tolist()]
        words.append(f"{len(left)} of {len(gaps)} rows left out for missing values: {found.unit} {_some(left, 6)}")
        rows = [rows[i] for i in np.flatnonzero(~gaps).tolist()]
        values = [column[~gaps] for column in values]
    X, y = check_data(np.column_stack(values[:-1]), values[-1])
    names = tuple(column.name for column in features)
    return Table(X, y, names, wanted, rows, found.unit, (*found.words, *words))


def _gappy(features: Sequence[Column], values: Sequence[Float]) -> str:
    """Which features to leave out where too few rows are complete: those with most missing values."""
    counts = {
        column.origin or column.name: int(np.isnan(cells).sum())
        for column, cells in zip(features, values, strict=False)
    }
    most = sorted(counts, key=lambda name: -counts[name])[:5]
    listed = ", ".join(f"{name!r} ({counts[name]} missing)" for name in most if counts[name])
    return f"; leave out columns with --drop, such as {listed}" if listed else ""


def _choose(
    found: Sheet, path: Path, target: str | None, wanted: str, drop: Sequence[str], keep: Sequence[str]
) -> tuple[list[Column], list[str]]:
    """The columns of the features, and last that of the labels; what was left out, in words."""
    names = [column.name for column in found.columns]
    if wanted not in names:
        option = (
            f"--target {wanted if len(wanted) <= 45 else describe(wanted)}"
            if target is not None
            else "--target (default y)"
        )
        raise ValueError(f"{option} must name a column of {str(path)!r}; it has {_listed(names)}")
    for flag, asked in (("--drop", drop), ("--keep", keep)):
        unknown = [name for name in asked if name not in names or name == wanted]
        if unknown:
            raise ValueError(f"{flag} must name feature columns of {str(path)!r}, got {_listed(unknown)}")
    used = [column for column in found.columns if column.name not in drop]
    named, words = [], []
    for at, column in enumerate(used):
        if not _UNNAMED.fullmatch(column.name) or column.name in (wanted, *keep):
            named.append(column)
        elif column is found.columns[0] or is_running(column) or _empty(column):
            kind = "empty column" if _empty(column) else "index"
            words.append(f"column {found.columns.index(column) + 1} left out: it has no name ({kind})")
        else:
            raise ValueError(
                f"FILE must name every column, column {at + 1} of {str(path)!r} has no name and holds data; name it in the header"
            )
    _refuse_twice("FILE", [column.name for column in named])
    labels = next(column for column in named if column.name == wanted)
    features = [column for column in named if column is not labels]
    if len(features) > 1 and found.counted and len(found.rows) > 2:
        counting = [column.name for column in features if is_running(column) and column.name not in keep]
        if len(counting) < len(features):
            features = [column for column in features if column.name not in counting]
            words += [f"column {name!r} left out: it counts the rows; --keep uses it" for name in counting]
    if not features:
        raise ValueError(
            f"FILE must hold at least one feature column beside {wanted!r}, {str(path)!r} holds none; "
            + (f"drop fewer columns than {_listed(drop)}" if drop else "add a column to predict the labels from")
        )
    return [*features, labels], words


def _empty(column: Column) -> bool:
    return not column.is_text and bool(np.isnan(column.values).all())


def _refuse_twice(called: str, names: Sequence[str]) -> None:
    twice = sorted(name for name, count in Counter(names).items() if count > 1)
    if twice:
        raise ValueError(
            f"{called} must have distinct column names, {_listed(twice)} stand(s) more than once; rename or drop them"
        )


def _classes(labels: Column, one: str | None, found: Sheet, words: list[str]) -> Column:
    """Labels that are names as -1 and 1: two classes in sorted order, or the class ``one`` against the rest."""
    if not labels.is_text and one is None:
        return labels
    cells = [str(cell).strip() if labels.is_text else f"{cell:g}" for cell in labels.values.tolist()]
    missing = [as_number(cell, found.decimal) != as_number(cell, found.decimal) for cell in labels.values.tolist()]
    levels = sorted({cell for cell, lacks in zip(cells, missing, strict=True) if not lacks})
    if one is not None and one not in levels:
        raise ValueError(
            f"--target {labels.name}=CLASS must name a class of {labels.name!r}, got {one!r}; it has {_listed(levels)}"
        )
    odd = next((level for level in levels if is_date(level) or remedy(level, found.decimal)), None)
    named = labels.category or not any(as_number(level, found.decimal) is not None for level in levels)
    if one is None and (not named or odd is not None or len(levels) < 2):
        return labels
    if one is None and len(levels) > 2:
        if len(levels) > _MOST_LEVELS or (len(levels) > 10 and 2 * len(levels) > len(cells)):
            return labels
        example = shlex.quote(f"{labels.name}={levels[0]}")
        raise ValueError(
            f"FILE must hold labels that are numbers or of two classes, {labels.name!r} has {len(levels)}: {_listed(levels)}; "
            f"pass --target {example} for one of them against the rest"
        )
    high = levels[1] if one is None else one
    words.append(
        f"labels {labels.name!r}: 1 for {high!r}, -1 for {repr(levels[0]) if len(levels) == 2 and one is None else 'the others'}"
    )
    signs = [np.nan if lacks else 1.0 if cell == high else -1.0 for cell, lacks in zip(cells, missing, strict=True)]
    return Column(labels.name, np.array(signs))


def _one_hot(column: Column, found: Sheet, words: list[str]) -> list[Column]:
    """A column of names as one of zeros and ones for each; any other column as it is."""
    if not column.is_text:
        return [column]
    cells = [
        None if as_number(cell, found.decimal) != as_number(cell, found.decimal) else cell for cell in column.values
    ]
    present = [cell for cell in cells if cell is not None]
    if not column.category and any(
        not isinstance(cell, str)
        or as_number(cell, found.decimal) is not None
        or is_date(cell)
        or remedy(cell, found.decimal)
        for cell in present
    ):
        return [column]
    levels = sorted({str(cell).strip() for cell in present})
    if len(levels) > _MOST_LEVELS or (len(levels) > 10 and 2 * len(levels) > len(present)):
        raise ValueError(
            f"FILE must hold few different names where --one-hot is to encode them, column {column.name!r} holds "
            f"{len(levels)} in {len(present)} rows; leave it out with --drop"
        )
    words.append(f"column {column.name!r} became {len(levels)} columns of zeros and ones: {_listed(levels)}")
    ones = [[np.nan if cell is None else float(str(cell).strip() == level) for cell in cells] for level in levels]
    return [
        Column(f"{column.name}={level}", np.array(one), origin=column.name)
        for level, one in zip(levels, ones, strict=True)
    ]


def _checked(
    called: str,
    columns: Sequence[Column],
    rows: Sequence[Any],
    unit: str = "row",
    decimal: str | None = None,
    refuse_gaps: bool = True,
    one_hot: bool = False,
) -> list[Float]:
    """The columns as float64; text, infinite and rounded numbers, and missing ones if asked, are refused by column and row.

    With ``one_hot`` columns of names have been encoded already; text that is left stands among numbers.
    """
    ours = called == "FILE"
    encode = "encode text as numbers, with " + ("--one-hot" if ours else "pandas.to_numeric or pandas.get_dummies")
    if one_hot:
        encode = "names among numbers are not encoded: write names for these numbers as well, such as n4 for 4"
    out = "leave the column out" + (" with --drop" if ours else "")
    texts: list[str] = []
    hints: dict[str, None] = {}
    result: list[Float] = []
    for column in columns:
        if column.is_text:
            cells = column.values.tolist()
            numbers = [as_number(cell, decimal) for cell in cells]
            names = [column.category and value == value for value in numbers]
            at = next((i for i, value in enumerate(numbers) if value is None or names[i]), None)
            if at is not None:
                texts.append(f"{column.name!r} ({unit} {rows[at]} holds {shown(cells[at])})")
                plain = "make labels numbers, such as -1 and 1" if ours and column is columns[-1] else encode
                hints[("" if column.category else remedy(cells[at], decimal)) or plain] = None
                continue
            values = np.array(numbers, dtype=np.float64)
            for i in np.flatnonzero(np.abs(values) >= WHOLE).tolist():
                whole = rounded_whole(cells[i])
                if whole is not None:
                    raise ValueError(
                        f"{called}, column {column.name!r}, {unit} {rows[i]}, must be a number that float64 can hold, "
                        f"got {whole}; if it identifies rows, {out}"
                    )
        else:
            values = column.values
        endless = np.flatnonzero(np.isinf(values))
        if endless.size:
            i = int(endless[0])
            cell = shown(column.values[i]) if column.is_text else f"{values[i]:g}"
            raise ValueError(
                f"{called} must hold finite numbers, but {column.name!r} has infinite values or some beyond float64 in "
                f"{endless.size} row(s), first in {unit} {rows[i]}: {cell}; drop or replace these, or {out}"
            )
        result.append(values)
    if texts:
        raise ValueError(
            f"{called} must hold numbers, but text stands in {_some(texts, 5)}; {'; '.join(hints)}; or {out}"
        )
    gaps = {
        column.origin or column.name: np.flatnonzero(np.isnan(values))
        for column, values in zip(columns, result, strict=True)
    }
    lacking = [f"{name!r} ({at.size}, first in {unit} {rows[int(at[0])]})" for name, at in gaps.items() if at.size]
    if lacking and refuse_gaps:
        count = len(np.unique(np.concatenate(list(gaps.values()))))
        way = "--missing drop leaves these rows out, --drop the columns" if ours else "fill them or use dropna()"
        raise ValueError(
            f"{called} must hold no missing values, but {count} of {len(rows)} rows have some in {_some(lacking, 5)}; {way}"
        )
    return result


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


def conflicting_rows(X: Float, y: Float) -> tuple[int, int] | None:
    """Two rows with equal points and different labels, the first such pair; None if there is none.

    >>> conflicting_rows(np.array([[0.0], [1.0], [0.0]]), np.array([1.0, 2.0, 3.0]))
    (0, 2)
    """
    origin = first_equal(X)
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


def first_equal(X: Float) -> NDArray[np.int64]:
    """The first row that each row of X (n, d) equals, shape (n,), in little memory.

    >>> first_equal(np.array([[0.0], [1.0], [-0.0]])).tolist()
    [0, 1, 0]
    """
    seen: dict[bytes, int] = {}
    origin = np.empty(len(X), dtype=np.int64)
    for i, row in enumerate(X):
        # -0.0 and 0.0 are one point. Different digests mean different rows; equal ones are looked at below.
        key = hashlib.blake2b((row + 0.0).tobytes(), digest_size=20).digest()
        origin[i] = seen.setdefault(key, i)
    later = np.flatnonzero(origin != np.arange(len(X)))
    if any((X[i] != X[origin[i]]).any() for i in later.tolist()):
        raise RuntimeError("two different rows have one digest of 160 bits; please report the data")
    return origin


def repeated(X: Float) -> NDArray[np.bool_]:
    """Whether a row equals another one, shape (n,).

    >>> repeated(np.array([[0.0], [1.0], [-0.0]])).tolist()
    [True, False, True]
    """
    origin = first_equal(X)
    return np.asarray(np.bincount(origin)[origin] > 1)


def constant_columns(X: Float) -> NDArray[np.int64]:
    """Indices of the columns that hold one value only.

    >>> constant_columns(np.array([[1.0, 2.0], [1.0, 3.0]]))
    array([0])
    """
    return np.flatnonzero((X[0] == X).all(axis=0))


def date_columns(X: Float) -> NDArray[np.int64]:
    """Indices of the columns (n,) of X that hold nothing but dates written as whole numbers, year, month and day.

    >>> date_columns(np.array([[19580329.0, 19580329.0], [20240101.0, 20241301.0]]))
    array([0])
    """
    with np.errstate(invalid="ignore"):
        days, months, years = X % 100, X // 100 % 100, X // 10000
        fine = (np.floor(X) == X) & (days >= 1) & (days <= 31) & (months >= 1) & (months <= 12)
    return np.flatnonzero((fine & (years >= 1800) & (years < 2200)).all(axis=0))


def _listed(names: Sequence[str], most: int = 8) -> str:
    return _some([repr(name) for name in names], most)


def _some(words: Sequence[str], most: int) -> str:
    return ", ".join(words[:most]) + (f" and {len(words) - most} more" if len(words) > most else "")
