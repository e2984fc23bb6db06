"""What a cell of a table says: a number, nothing, or something that is no number, and then what to do about it."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from boundcalc.exact import describe

Float = NDArray[np.float64]

# From here on float64 rounds whole numbers.
WHOLE = 2.0**53
_MISSING = frozenset(
    ("", "na", "n/a", "#n/a", "#n/a n/a", "#na", "<na>", "nan", "-nan", "nat", "null", "none", "nil", "missing", "?", "-",
     "--", ".", "1.#ind", "-1.#ind", "1.#qnan", "-1.#qnan")
)  # fmt: skip
_TRUTH = {"true": 1.0, "false": 0.0}
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
# One mark, or groups of three digits between marks: what may be a decimal mark, and what may stand between thousands.
_MARKED = re.compile(r"[+-]?\d*[.,]\d+(?:[eE][+-]?\d+)?")
_GROUPED = re.compile(r"[+-]?[1-9]\d{0,2}(?:([.,' \u00a0\u202f])\d{3})(?:\1\d{3})*(?:[.,]\d+)?")
_INFINITE = re.compile(r"[+-]?(?:inf|infinity|∞|1\.#inf)", re.IGNORECASE)
_DATE = re.compile(
    r"\d{4}([-/.])\d{1,2}\1\d{1,2}([T ].*)?|\d{1,2}([-/.])\d{1,2}\3\d{2,4}( .*)?|\d{1,2}:\d\d(:\d\d.*)?|\d{4}-\d\d"
    r"|\d{1,2}[ -][A-Z][a-z]{2,8}[ -]\d{2,4}|[A-Z][a-z]{2,8}[ -]\d{1,2}(?:,? |-)\d{4}|\d{4}[ -]?Q[1-4]"
)
_CURRENCY = re.compile(r"[+-]?(?:[$€£¥₹]|USD|EUR|GBP|CHF)\s*[\d.,' ]+|[\d.,' ]+\s*(?:[$€£¥₹]|USD|EUR|GBP|CHF)")


@dataclass
class Column:
    """A column: float64 numbers (nan for a missing one), or cells of any kind where not all are numbers or missing.

    ``category`` says that the cells are names, even where they look like numbers. ``origin`` is the column of the file that this
    one was made from, if another.
    """

    name: str
    values: NDArray[Any]
    category: bool = False
    origin: str | None = None

    @property
    def is_text(self) -> bool:
        return self.values.dtype == object


def as_number(cell: object, decimal: str | None) -> float | None:
    """The number in a cell, nan for a missing one, None for what is no number; in text only with a ``decimal`` mark.

    Examples
    --------
    >>> as_number("1,5", ","), as_number(" 2e3 ", "."), as_number("TRUE", "."), as_number("N/A", ".")
    (1.5, 2000.0, 1.0, nan)
    >>> [as_number(cell, ".") for cell in ("1,5", "1_0", "$3", "5%", "0x1F", "inf")]
    [None, None, None, None, None, None]
    """
    if isinstance(cell, str):
        text = cell.strip()
        if text.lower() in _MISSING:
            return math.nan
        if decimal is None:
            return None
        if decimal == ",":
            if "." in text:
                return None
            text = text.replace(",", ".")
        if text.startswith("\N{MINUS SIGN}"):
            text = f"-{text[1:]}"
        return float(text) if _NUMBER.fullmatch(text) else _TRUTH.get(text.lower())
    if cell is None:
        return math.nan
    try:
        return float(cell) if isinstance(cell, (int, float, np.number, np.bool_)) or _is_decimal(cell) else None  # type: ignore[arg-type]
    except OverflowError:
        return math.inf
    except (ValueError, TypeError):  # complex numbers, signalling NaN
        return None


def _is_decimal(cell: object) -> bool:
    return type(cell).__name__ == "Decimal"


def parse(cells: Sequence[object], decimal: str | None) -> NDArray[Any]:
    """Cells as float64, nan for missing ones, if float64 holds them all; else the cells as they are, as objects."""
    texts = cells
    try:
        joined = "".join(cells)  # type: ignore[arg-type]
        if decimal == "," and "." not in joined:
            texts = [cell.replace(",", ".") for cell in cells]  # type: ignore[attr-defined]
        # Python reads 1_0 as 10.
        if "_" not in joined and (decimal == "." or texts is not cells):
            values = np.fromiter(map(float, texts), np.float64, len(texts))  # type: ignore[arg-type]
            if (np.abs(values) < WHOLE).all():
                return values
    except (ValueError, TypeError):
        pass
    found = [as_number(cell, decimal) for cell in cells]
    if any(value is None or abs(value) >= WHOLE for value in found):
        return np.fromiter(cells, dtype=object, count=len(cells))
    return np.array(found, dtype=np.float64)


def rounded_whole(cell: object) -> int | None:
    """The whole number in a cell that no float64 equals; None if there is none.

    >>> rounded_whole("9007199254740993"), rounded_whole("9007199254740992"), rounded_whole("9007199254740993.0")
    (9007199254740993, None, None)
    """
    if isinstance(cell, str):
        cell = int(cell) if len(cell) < 400 and cell.strip().lstrip("+-").isdecimal() else None
    if isinstance(cell, (int, np.integer)) and abs(int(cell)) < 2**1023 and int(float(int(cell))) != int(cell):
        return int(cell)
    return None


def sniff_decimal(cells: Sequence[str], sep: str) -> str | None:
    """The decimal mark of numbers in text; None if a point may as well stand between thousands.

    Examples
    --------
    >>> sniff_decimal(["1,5", "2"], ";"), sniff_decimal(["1.5", "1,234"], ";"), sniff_decimal(["1.234,5"], ";")
    (',', '.', ',')
    >>> sniff_decimal(["1.234", "999"], ";"), sniff_decimal(["1.234", "999"], ",")
    (None, '.')
    """
    marked = [cell for cell in map(str.strip, cells) if _MARKED.fullmatch(cell) and not _GROUPED.fullmatch(cell)]
    both = [cell.strip() for cell in cells if "." in cell and "," in cell and _GROUPED.fullmatch(cell.strip())]
    last = [max(cell, key=lambda mark, cell=cell: cell.rfind(mark) if mark in ".," else -1) for cell in both]  # type: ignore[misc]
    points = any("." in cell for cell in marked) or "." in last
    if points or any("," in cell for cell in marked) or "," in last:
        return "." if points else ","
    return None if sep not in (",", " ") and any(map(is_grouped, cells)) else "."


def is_grouped(cell: str) -> bool:
    """Whether the points of a number may stand between thousands, as in 1.234."""
    return "." in cell and bool(_GROUPED.fullmatch(cell.strip()))


def is_date(cell: object) -> bool:
    """Whether a cell is a date or a time, or text that looks like one."""
    return hasattr(cell, "isoformat") or (isinstance(cell, str) and bool(_DATE.fullmatch(cell.strip())))


def remedy(cell: object, decimal: str | None) -> str:
    """What to do about a cell that is no number; empty for text of no special kind.

    Examples
    --------
    >>> remedy("1,234", "."), remedy("7 %", "."), remedy("red", ".")
    ("if ',' is the decimal mark, pass --decimal ','; if it stands between thousands, remove it", 'remove the percent signs', '')
    """
    if is_date(cell):
        return "turn dates into numbers, such as days since a start"
    if not isinstance(cell, str):
        return "only numbers, text and truth values can be read"
    text = cell.strip()
    if _INFINITE.fullmatch(text):
        return "remove or replace the infinite values"
    if decimal is not None:
        other = "," if decimal == "." else "."
        if other in text and decimal not in text and (_MARKED.fullmatch(text) or _GROUPED.fullmatch(text)):
            once = text.count(other) == 1
            return (
                f"if {other!r} is the decimal mark, pass --decimal {other!r}; if it stands between thousands, remove it"
                if once
                else "remove the separators of thousands"
            )
    if _GROUPED.fullmatch(text):
        return "remove the separators of thousands"
    if _NUMBER.fullmatch(text.replace("_", "")):
        return "remove the underscores" if "_" in text else "convert the text to numbers"
    if text.endswith("%"):
        return "remove the percent signs"
    return "remove the signs of currency" if _CURRENCY.fullmatch(text) else ""


def shown(cell: object) -> str:
    """A cell in an error message."""
    if hasattr(cell, "isoformat"):
        return str(cell)
    return describe(cell.strip()) if isinstance(cell, str) else describe(cell)
