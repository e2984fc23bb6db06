"""A page as data, and its two renderings: Markdown with files beside it, and HTML that holds everything."""

from __future__ import annotations

import base64
import html
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Heading", "Image", "Page", "Table", "Text", "to_html", "to_markdown"]

_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 72rem; margin: 2rem auto; padding: 0 1rem; color: #1a1a1a; }
table { border-collapse: collapse; font-size: 0.85rem; margin: 1rem 0; display: block; overflow-x: auto; }
th, td { padding: 0.25rem 0.6rem; text-align: left; vertical-align: top; border-bottom: 1px solid #ddd; }
th { border-bottom: 2px solid #888; }
td.number { text-align: right; font-variant-numeric: tabular-nums; }
img { max-width: 100%; }
"""


@dataclass(frozen=True)
class Heading:
    """A heading of level 1, 2 or 3."""

    level: int
    words: str


@dataclass(frozen=True)
class Text:
    """A paragraph."""

    words: str


@dataclass(frozen=True)
class Table:
    """Cells as text, all rows as long as the head."""

    head: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True)
class Image:
    """A PNG file, and what it shows."""

    path: Path
    words: str


Page = Sequence[Heading | Text | Table | Image]


def to_markdown(page: Page, folder: Path) -> str:
    """The page as Markdown; images are linked relative to ``folder``.

    Examples
    --------
    >>> print(to_markdown([Heading(2, "Rates"), Table(["d", "a|b"], [["1", "0.5"]])], Path(".")))
    ## Rates
    <BLANKLINE>
    | d | a\\|b |
    |---|---|
    | 1 | 0.5 |
    <BLANKLINE>
    """
    parts = []
    for item in page:
        if isinstance(item, Heading):
            parts.append(f"{'#' * item.level} {_plain(item.words)}")
        elif isinstance(item, Text):
            parts.append(_plain(item.words))
        elif isinstance(item, Image):
            parts.append(f"![{_plain(item.words)}]({item.path.relative_to(folder).as_posix()})")
        else:
            lines = [item.head, ["---"] * len(item.head), *item.rows]
            parts.append(
                "\n".join(
                    "|" + "|".join(row) + "|" if row is lines[1] else "| " + " | ".join(map(_plain, row)) + " |"
                    for row in lines
                )
            )
    return "\n\n".join(parts) + "\n"


def _plain(words: str) -> str:
    """Text that Markdown shows as it is."""
    for mark in "\\`*_|<>":
        words = words.replace(mark, "\\" + mark)
    return " ".join(words.split())


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def to_html(page: Page, title: str) -> str:
    """The page as one HTML file, images inside."""
    body = []
    for item in page:
        if isinstance(item, Heading):
            body.append(f"<h{item.level}>{html.escape(item.words)}</h{item.level}>")
        elif isinstance(item, Text):
            body.append(f"<p>{html.escape(item.words)}</p>")
        elif isinstance(item, Image):
            data = base64.b64encode(item.path.read_bytes()).decode("ascii")
            body.append(f'<p><img alt="{html.escape(item.words)}" src="data:image/png;base64,{data}"></p>')
        else:
            head = "".join(f"<th>{html.escape(cell)}</th>" for cell in item.head)
            rows = "\n".join("<tr>" + "".join(_cell(cell) for cell in row) + "</tr>" for row in item.rows)
            body.append(f"<table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{rows}\n</tbody>\n</table>")
    content = "\n".join(body)
    return (
        f'<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>{html.escape(title)}</title>\n'
        f"<style>{_STYLE}</style>\n</head>\n<body>\n{content}\n</body>\n</html>\n"
    )


def _cell(text: str) -> str:
    kind = ' class="number"' if _is_number(text) else ""
    return f"<td{kind}>{html.escape(text)}</td>"
