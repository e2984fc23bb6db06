"""A page as data, and its two renderings: Markdown with images beside it, and HTML that holds everything.

Whatever text stands in a store is shown as it is: no mark-up, no link, no image comes out of it.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from boundcalc.markup import escape_markdown, verbatim
from boundcalc.table_format import Align, Column, Group, Table


@dataclass(frozen=True)
class Heading:
    """A heading of level 1, 2 or 3."""

    level: int
    words: str


@dataclass(frozen=True)
class Image:
    """A PNG file beside the page, and what it shows."""

    path: Path
    words: str

    @property
    def data(self) -> str:
        """The file as an address that holds it."""
        return f"data:image/png;base64,{base64.b64encode(self.path.read_bytes()).decode('ascii')}"


Item = Heading | str | Table | Image
"""A string is a paragraph."""
Page = Sequence[Item]


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    """A table of text; columns of numbers are set to the right."""
    right = [all(map(_is_number, column)) for column in zip(*rows, strict=True)] or [False] * len(head)
    columns = [
        Column(verbatim(name), align=Align.RIGHT if numbers else Align.LEFT)
        for name, numbers in zip(head, right, strict=True)
    ]
    return Table("", tuple(columns), (Group(tuple(tuple(map(verbatim, row)) for row in rows)),))


def _is_number(text: str) -> bool:
    try:
        return text == "-" or float(text) is not None
    except ValueError:
        return False


def to_markdown(page: Page) -> str:
    """The page as Markdown, with links to images in its own folder.

    Examples
    --------
    >>> print(to_markdown([Heading(2, "Rates"), table(["d", "a|b"], [["1", "[x](y)"]])]))
    ## Rates
    <BLANKLINE>
    | d | a\\|b |
    |---:|---|
    | 1 | \\[x\\](y) |
    <BLANKLINE>
    """
    return _rendered("page.md.jinja", page)


def to_html(page: Page, title: str) -> str:
    """The page as one HTML file, images inside."""
    return _rendered("page.html.jinja", page, title)


def _rendered(name: str, page: Page, title: str = "") -> str:
    jinja = Environment(
        loader=PackageLoader("verify.report", ""),
        autoescape=name.endswith(".html.jinja"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    jinja.filters["plain"] = escape_markdown
    return jinja.get_template(name).render(page=[(type(item).__name__, item) for item in page], title=title)
