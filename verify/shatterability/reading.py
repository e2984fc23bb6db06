"""Reading files into columns: text in any dialect, compressed or not, Excel, Parquet, Feather, JSON lines, arrays.

What is found is not judged here: :mod:`verify.shatterability.table` decides what may be used. Lines of text are split by the
csv module, which alone knows where in the file a row stands; pandas reads Excel, Parquet and Feather.
"""

from __future__ import annotations

import bz2
import csv
import gzip
import importlib.util
import io
import itertools
import json
import lzma
import re
import warnings
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, NoReturn

import numpy as np

from boundcalc.exact import describe
from constructions.network import read_arrays
from verify.hessian.inputs import read_array
from verify.shatterability.cells import WHOLE, Column, as_number, is_grouped, parse, sniff_decimal

TEXT = (".csv", ".tsv", ".tab", ".txt", ".dat", ".data")
JSON = (".jsonl", ".ndjson", ".json")
EXCEL = (".xlsx", ".xlsm", ".xls", ".ods")
COMPRESSED = (".gz", ".bz2", ".xz", ".zst", ".zip")
_NAMED = {"tab": "\t", "\\t": "\t", "space": " ", "comma": ",", "semicolon": ";"}
_CHUNK = 400_000  # cells of text that are parsed at once
_HEAD = 2**18  # bytes by which a dialect is known
# Errors of Excel and R's missing value begin like comments.
_NO_COMMENT = re.compile(r"#(N/?A|DIV|REF|VALUE|NUM|NAME|NULL)", re.IGNORECASE)

Record = tuple[int, Sequence[Any]]


@dataclass
class Sheet:
    """What a file holds.

    Attributes
    ----------
    columns : list of Column
    rows : sequence
        What each row is called, and ``unit`` what they are: lines of a file, rows of a sheet, rows.
    decimal : str or None
        The decimal mark of numbers in text.
    words : list of str
        How it was read, and what was passed over.
    counted : bool
        Whether a column that counts the rows is taken for an index.
    """

    columns: list[Column]
    rows: Sequence[Any]
    unit: str
    decimal: str | None = "."
    words: list[str] = field(default_factory=list)
    counted: bool = True


@dataclass(frozen=True)
class Dialect:
    """What a caller knows about a file: separator, decimal mark, encoding, sheet; None to find it out."""

    sep: str | None = None
    decimal: str | None = None
    encoding: str | None = None
    sheet: str | None = None


def read_sheet(path: Path, dialect: Dialect, target: str) -> Sheet:
    """The content of a file of any of the formats; ``target`` is the array of labels of an .npz file.

    Raises
    ------
    ValueError
        Naming FILE or the option, and the line where there is one.
    """
    suffixes = [suffix.lower() for suffix in path.suffixes]
    packed = suffixes.pop() if suffixes and suffixes[-1] in COMPRESSED else ""
    kind = suffixes[-1] if suffixes else (".csv" if packed else "")
    others = {".parquet": _read_arrow, ".feather": _read_arrow, ".npz": lambda path, _: _read_npz(path, target)}
    others |= dict.fromkeys(EXCEL, _read_excel)
    if kind not in (*TEXT, *JSON, *others) or (packed and kind in others):
        raise ValueError(
            f"FILE must end in {', '.join((*TEXT, *JSON))} (also with {', '.join(COMPRESSED)}), "
            f"{', '.join(others)}, got {describe(str(path))}"
        )
    if not path.is_file():
        raise ValueError(f"FILE must be an existing file, got {str(path)!r}")
    unused = {
        "sheet": kind not in EXCEL,
        "sep": kind not in TEXT,
        "encoding": kind in others,
        "decimal": kind == ".npz",
    }
    for name, idle in unused.items():
        if idle and getattr(dialect, name) is not None:
            raise ValueError(
                f"--{name} means nothing for a {kind} file, got {describe(getattr(dialect, name))}; leave it out"
            )
    if kind in others:
        return others[kind](path, dialect)
    try:
        return (_read_text if kind in TEXT else _read_json)(path, dialect)
    except (
        OSError,
        EOFError,
        zipfile.BadZipFile,
        lzma.LZMAError,
        zlib.error,
        NotImplementedError,
        RuntimeError,
    ) as error:
        _no_such("readable", path, error)
    except UnicodeError as error:
        raise ValueError(
            f"FILE must be text in {dialect.encoding or 'UTF-8'}, {str(path)!r} is not ({error}); "
            "pass its --encoding, such as cp1252 or latin-1"
        ) from error


def _no_such(what: str, path: Path, error: Exception) -> NoReturn:
    """There is no end to what a damaged file makes its readers raise."""
    said = " ".join(str(error).split())[:200] or type(error).__name__
    raise ValueError(f"FILE must be a {what} file, {str(path)!r} is not: {said}") from error


def need(package: str, extra: str, path: Path) -> None:
    """Refuse a file whose reader isn't installed, and say how to get it."""
    if importlib.util.find_spec(package) is None:
        raise ValueError(
            f"FILE {str(path)!r} needs {package}, which isn't installed: pip install 'boundcalc[{extra}]'; or pass a .csv file"
        )


def _open(path: Path) -> IO[bytes]:
    """The bytes of a file, unpacked."""
    suffix = path.suffix.lower()
    if suffix == ".zip":
        archive = zipfile.ZipFile(path)
        names = [name for name in archive.namelist() if not name.endswith("/") and not name.startswith("__MACOSX/")]
        if len(names) != 1:
            raise ValueError(f"FILE must be an archive of one file, {str(path)!r} holds {len(names)}")
        return archive.open(names[0])
    if suffix == ".zst":
        need("pyarrow", "parquet", path)
        import pyarrow

        return io.BufferedReader(pyarrow.CompressedInputStream(str(path), "zstd"))
    openers: dict[str, Callable[..., Any]] = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}
    stream: IO[bytes] = openers.get(suffix, open)(path, "rb")
    return stream


def _encoding(head: bytes, asked: str | None) -> str:
    if asked is not None:
        try:
            "".encode(asked)
            b"".decode(asked)
        except (LookupError, ValueError) as error:
            raise ValueError(
                f"--encoding must name an encoding such as utf-8 or cp1252, got {describe(asked)}"
            ) from error
        return "utf-8-sig" if asked.lower() in ("utf-8", "utf8") else asked
    return "utf-16" if head[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"


def _separator(asked: str) -> str:
    sep = _NAMED.get(asked, asked)
    if len(sep) != 1 or sep in '"\r\n':
        raise ValueError(f"--sep must be one character, or tab, space, comma or semicolon, got {describe(asked)}")
    return sep


def _records(stream: Iterable[str], sep: str, path: Path, strict: bool = True) -> Iterator[Record]:
    """The rows that are not blank, with the line on which each begins."""
    reader = csv.reader(stream, delimiter=sep, skipinitialspace=True, strict=strict)
    line = 1
    try:
        for row in reader:
            if row and (row[0].strip() or "".join(row).strip()):
                yield line, row
            line = reader.line_num + 1
    except csv.Error as error:
        raise ValueError(
            f"FILE must be text with separator {sep!r}, {str(path)!r} is not: {error}, from line {line} on"
        ) from error


def _is_comment(cells: Sequence[Any]) -> bool:
    """Whether a row begins with #, or tells Excel the separator: sep=;"""
    first = cells[0].lstrip() if isinstance(cells[0], str) else ""
    return (first.startswith("#") and not _NO_COMMENT.match(first)) or (first[:4] == "sep=" and len(first) < 6)


def _sniff_separator(head: str, path: Path) -> str:
    """The separator under which rows have as many cells as the header names, and cells are numbers."""
    best, found = (0, 0.0, 0), ","
    for sep in (",", ";", "\t", "|", " "):
        try:
            records = _records(io.StringIO(head, newline=""), sep, path, strict=False)
            rows = [row for _, row in itertools.islice(records, 100) if not _is_comment(row)][:60]
        except ValueError:  # a whole line in one cell may be too long
            continue
        if sep == " ":
            rows = [[cell for cell in row if cell] for row in rows]
        # The last cells may be missing, or there only because lines end with the separator.
        cut = [row[: max((i + 1 for i, cell in enumerate(row) if cell.strip()), default=0)] for row in rows]
        for these in (rows, cut):
            below = these[1:] or these
            cells = [cell for row in below for cell in row if cell.strip()]
            if not cells:
                continue
            width, agreeing = Counter(len(row) for row in below).most_common(1)[0]
            numbers = sum(as_number(cell, ".") is not None or as_number(cell, ",") is not None for cell in cells)
            named = {width: 2, width - 1: 1}.get(len(these[0]), 0)  # R leaves out the name of the first column
            score = (named, agreeing / len(below) + numbers / len(cells), width)
            if width > 1 and score > best:
                best, found = score, sep
    return found


def _read_text(path: Path, dialect: Dialect) -> Sheet:
    with _open(path) as stream:
        start = stream.read(_HEAD)
    encoding = _encoding(start, dialect.encoding)
    head = start.decode(encoding, errors="replace")
    whole = len(start) < _HEAD
    end = max(head.rfind("\n"), head.rfind("\r"))
    head = head if whole or end < 0 else head[:end]
    sep = _sniff_separator(head, path) if dialect.sep is None else _separator(dialect.sep)
    sample = [
        (line, cell) for line, row in _records(io.StringIO(head, newline=""), sep, path, strict=False) for cell in row
    ]
    decimal = dialect.decimal or sniff_decimal([cell for _, cell in sample], sep)
    if decimal is None:
        line, cell = next((line, cell.strip()) for line, cell in sample if is_grouped(cell))
        raise ValueError(
            f"FILE must tell decimal marks from separators of thousands, {cell} in line {line} of {str(path)!r} may have either; "
            "pass --decimal . if the point is the decimal mark, else remove the points"
        )

    def records() -> Iterator[Record]:
        with _open(path) as raw, io.TextIOWrapper(raw, encoding=encoding, newline="") as text:
            yield from _records(text, sep, path)

    name = {"\t": "tab", " ": "space"}.get(sep, repr(sep))
    plain = _read_plain(path, sep) if (encoding, decimal) == ("utf-8-sig", ".") and sep != " " else None
    sheet = plain or _gather(records, "line", decimal, path, sep)
    said = "UTF-8" if encoding == "utf-8-sig" else encoding
    sheet.words.insert(0, f"text in {said}, separator {name}, decimal mark {decimal!r}")
    return sheet


def _read_plain(path: Path, sep: str) -> Sheet | None:
    """The fast way for what is usual: a line of names, and lines of numbers; None for anything else."""
    with _open(path) as raw:
        lines, last = 0, b"\n"
        while block := raw.read(2**20):
            lines, last = lines + block.count(b"\n"), block[-1:]
    with _open(path) as raw, io.TextIOWrapper(raw, encoding="utf-8-sig", newline="") as text:
        try:
            names, first, comments = _header(_records(itertools.islice(text, 1), sep, path), "line", path)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of numpy, where there are no rows
                values = np.loadtxt(text, delimiter=sep, quotechar='"', comments=None, ndmin=2)
        except ValueError:
            return None
    # Blank lines and lines within quotes would move the numbers of lines.
    if (
        first
        or comments
        or values.shape != (lines + (last != b"\n") - 1, len(names))
        or not (np.abs(values) < WHOLE).all()
    ):
        return None
    columns = [Column(name, column) for name, column in zip(names, values.T, strict=True)]
    return Sheet(columns, range(2, len(values) + 2), "line")


def _gather(records: Callable[[], Iterable[Record]], unit: str, decimal: str, path: Path, sep: str = "") -> Sheet:
    """Columns from rows under a header; once more, with the text kept, of those that turn out to hold some."""
    sheet, mixed = _gather_once(records(), unit, decimal, path, sep, frozenset())
    return sheet if not mixed else _gather_once(records(), unit, decimal, path, sep, mixed)[0]


def _gather_once(
    records: Iterable[Record], unit: str, decimal: str, path: Path, sep: str, kept: frozenset[int]
) -> tuple[Sheet, frozenset[int]]:
    rows = iter(records)
    names, first, comments = _header(rows, unit, path)
    width, shifted = len(names), False
    parts: list[list[Any]] = []
    pending: list[Sequence[Any]] = []
    places: list[int] = []

    def flush() -> None:
        if not parts:
            parts.extend([] for _ in range(width))
        for at, cells in enumerate(zip(*pending, strict=True)):
            as_text = np.fromiter(cells, dtype=object, count=len(cells)) if at in kept else parse(cells, decimal)
            parts[at].append(as_text)
        pending.clear()

    for place, cells in (*first, *rows) if first else rows:
        if _is_comment(cells):
            if len(cells) == width > 1:
                raise ValueError(
                    f"FILE must not begin rows with #, {unit} {place} of {str(path)!r} does and has as many cells as the "
                    "others; remove it if it is a comment, else the #"
                )
            comments += 1
            continue
        while len(cells) > width and _blank(cells[-1]):
            cells = cells[:-1]
        if not places and len(cells) == width + 1:  # row names without a heading, as R writes them
            names, width, shifted = ["", *names], width + 1, True
        if len(cells) != width:
            raise _ragged(unit, place, len(cells), width - shifted, sep, path, first=not places)
        places.append(place)
        pending.append(cells)
        if len(pending) * width >= _CHUNK:
            flush()
    if not places:
        raise ValueError(f"FILE must hold rows below its header, {str(path)!r} has none")
    flush()
    mixed = frozenset(at for at, some in enumerate(parts) if len({part.dtype.kind for part in some}) > 1)
    columns = [
        Column(name, some[0] if len(some) == 1 else np.concatenate(some))
        for name, some in zip(names, parts, strict=True)
    ]
    # A decimal comma makes one cell more, too (1,5,2 below the header a,y), and so does a name that was lost.
    if shifted and not (
        all(as_number(cell, decimal) is None for cell in columns[0].values)
        if columns[0].is_text
        else sep != "," and is_running(columns[0])
    ):
        raise _ragged(unit, places[0], width, width - 1, sep, path, first=True)
    words = [f"{comments} line(s) of comments left out"] if comments else []
    return Sheet(columns, places, unit, decimal, words), mixed


def _header(rows: Iterator[Record], unit: str, path: Path) -> tuple[list[str], list[Record], int]:
    """The names of the columns, the first row if it was read already, and how many comments stood above."""
    comments: list[Sequence[Any]] = []
    for place, cells in rows:
        if _is_comment(cells):
            comments.append(cells)
            continue
        filled = [cell for cell in cells if not _blank(cell)]
        numbers = [cell for cell in filled if as_number(cell, ".") is not None or as_number(cell, ",") is not None]
        if numbers and comments and str(comments[-1][0]).lstrip().startswith("#"):  # numpy writes the names behind a #
            above = [str(comments[-1][0]).lstrip(" #"), *comments[-1][1:]]
            above = above[1:] if not above[0] and len(above) == len(cells) + 1 else above
            if len(above) == len(cells):
                return [str(cell).strip() for cell in above], [(place, cells)], len(comments) - 1
        if len(numbers) == len(filled):
            raise ValueError(
                f"FILE must have the names of its columns above the data, {unit} {place} of {str(path)!r} holds numbers only; "
                "write a line of names there (if these are the names, put a letter before one)"
            )
        names = ["" if _blank(cell) else str(cell).strip() for cell in cells]
        while not names[-1]:
            names.pop()
        return names, [], len(comments)
    raise ValueError(f"FILE must start with a line of column names, {str(path)!r} is empty")


def _blank(cell: object) -> bool:
    return cell is None or (isinstance(cell, str) and not cell.strip())


def _ragged(unit: str, place: int, found: int, wanted: int, sep: str, path: Path, first: bool) -> ValueError:
    hint = {
        "": "",
        ",": "; decimal commas and names with commas need quotes, or another separator",
        " ": "; names and text with blanks need quotes, or another separator",
    }.get(sep, "; pass --sep if the separator is another")
    hint = f"; if what stands above are no names, put a # before it{hint}" if first else hint
    return ValueError(
        f"FILE must have as many cells in every {unit} as its header, {wanted}; {unit} {place} of {str(path)!r} has {found}{hint}"
    )


def is_running(column: Column) -> bool:
    """Whether a column counts the rows: 0, 1, 2, ... or 1, 2, 3, ..."""
    values = column.values
    if column.category or values.dtype != np.float64 or values[0] not in (0.0, 1.0):
        return False
    return bool((values == np.arange(len(values)) + values[0]).all())


def _read_json(path: Path, dialect: Dialect) -> Sheet:
    """One object in every line, or a list of objects; what one lacks is missing there."""
    with _open(path) as stream:
        head = stream.read(64)
    encoding = _encoding(head, dialect.encoding)
    whole = head.decode(encoding, errors="ignore").lstrip().startswith("[")
    found: dict[str, list[Any]] = {}
    places: list[int] = []
    with _open(path) as raw, io.TextIOWrapper(raw, encoding=encoding) as text:
        listed = _json_list(text, path) if whole else None
        unit = "line" if listed is None else "row"
        for line, words in enumerate(text if listed is None else listed, start=1):
            if listed is None and not words.strip():
                continue
            try:
                pairs = json.loads(words, object_pairs_hook=_Pairs) if listed is None else words
            except (ValueError, RecursionError) as error:
                raise ValueError(
                    f"FILE must hold JSON in every line, line {line} of {str(path)!r} does not: {error}"
                ) from error
            if not isinstance(pairs, _Pairs) or len(dict(pairs)) < len(pairs):
                raise ValueError(
                    f"FILE must hold one JSON object with distinct names in every {unit}, {unit} {line} of {str(path)!r} does not"
                )
            for name, value in pairs:
                column = found.setdefault(name, [])
                column.extend([None] * (len(places) - len(column)))
                column.append(value)
            places.append(line)
    if not places:
        raise ValueError(f"FILE must hold a JSON object in every line, {str(path)!r} is empty")
    cells = {name: column + [None] * (len(places) - len(column)) for name, column in found.items()}
    columns = [Column(name.strip(), parse(column, dialect.decimal or ".")) for name, column in cells.items()]
    said = ["JSON lines" if listed is None else "JSON, a list of objects"]
    return Sheet(columns, places, unit, dialect.decimal or ".", said)


def _json_list(text: IO[str], path: Path) -> list[Any]:
    """The objects in a file that holds one list of them."""
    try:
        found: list[Any] = json.loads(text.read(), object_pairs_hook=_Pairs)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"FILE must hold JSON, {str(path)!r} does not: {error}") from error
    if found and not all(isinstance(each, _Pairs) for each in found):
        raise ValueError(f"FILE must hold a list of JSON objects, one for each row, {str(path)!r} holds another")
    return found


class _Pairs(list[tuple[str, Any]]):
    """An object of JSON, repeated names included."""


def _read_excel(path: Path, dialect: Dialect) -> Sheet:
    need("pandas", "verify", path)
    if path.suffix.lower() in (".xlsx", ".xlsm"):
        need("openpyxl", "excel", path)
    import pandas

    try:
        with pandas.ExcelFile(path) as book:
            names = [str(name) for name in book.sheet_names]
            name = names[0] if dialect.sheet is None else dialect.sheet
            cells = None
            if name in names:
                frame = pandas.read_excel(book, sheet_name=name, header=None, dtype=object, na_filter=False)
                cells = frame.to_numpy(dtype=object)
    except ImportError as error:
        raise ValueError(f"FILE {str(path)!r} needs a reader that isn't installed: {error}") from error
    except Exception as error:
        _no_such("spreadsheet", path, error)
    if cells is None:
        raise ValueError(f"--sheet must be one of {', '.join(map(repr, names))}, got {describe(name)}")
    rows = [(number, row.tolist()) for number, row in enumerate(cells, start=1) if not all(map(_blank, row))]
    sheet = _gather(lambda: rows, "sheet row", dialect.decimal or ".", path)
    sheet.words.insert(0, f"sheet {name!r}" + (f" of {len(names)} sheets" if len(names) > 1 else ""))
    return sheet


def _read_arrow(path: Path, dialect: Dialect) -> Sheet:
    kind = path.suffix.lower()[1:]
    need("pandas", "verify", path)
    need("pyarrow", "parquet", path)
    import pandas

    reader = pandas.read_parquet if kind == "parquet" else pandas.read_feather
    try:
        frame = reader(path, dtype_backend="numpy_nullable")
        columns = frame_columns(frame)
    except Exception as error:
        _no_such(kind.capitalize(), path, error)
    if not len(frame):
        raise ValueError(f"FILE must hold rows, {str(path)!r} has none")
    return Sheet(columns, frame.index, "row", dialect.decimal or ".", [kind.capitalize()])


def frame_columns(frame: Any) -> list[Column]:
    """The columns of a data frame of pandas, whose names may repeat."""
    return [series_column(str(name).strip(), frame.iloc[:, at]) for at, name in enumerate(frame.columns)]


def series_column(name: str, series: Any) -> Column:
    """A series of pandas: numbers and truth values of any dtype, nullable ones too, as float64; the rest as objects."""
    category = type(series.dtype).__name__ == "CategoricalDtype"
    if not category and getattr(series.dtype, "kind", "O") in "fiub":
        values = series.to_numpy(dtype=np.float64, na_value=np.nan)
        if series.dtype.kind == "f" or not (np.abs(values) >= WHOLE).any():
            return Column(name, values)
    cells = series.astype(object)
    return Column(name, cells.where(series.notna().to_numpy(), None).to_numpy(dtype=object), category)


def _read_npz(path: Path, target: str) -> Sheet:
    found = read_arrays("FILE", path)
    for name in ("X", target):
        if name not in found:
            held = ", ".join(map(repr, list(found)[:8]))
            raise ValueError(
                f"FILE must hold the arrays X and {target}, {str(path)!r} holds {held}; write them with numpy.savez, or name the "
                "labels with --target"
            )
        if found[name].dtype.kind not in "fiub":
            raise ValueError(f"FILE must hold numbers, array {name} of {str(path)!r} has dtype {found[name].dtype}")
    X, y = (
        read_array(f"FILE, array {name},", found[name], found[name].shape)
        if found[name].dtype.kind in "iu"
        else found[name].astype(np.float64)
        for name in ("X", target)
    )
    if X.ndim != 2 or y.shape != X.shape[:1]:
        raise ValueError(f"FILE must hold X (n, d) and {target} (n,), got shapes {X.shape} and {y.shape}")
    names = [f"x{i}" for i in range(X.shape[1])]
    if target in names:
        raise ValueError(f"--target must not be one of x0, x1, ..., the names of the columns of X, got {target!r}")
    columns = [Column(name, values) for name, values in zip([*names, target], [*X.T, y], strict=True)]
    return Sheet(columns, range(len(y)), "row", None, ["arrays X and labels"], counted=False)
