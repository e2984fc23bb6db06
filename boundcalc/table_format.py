"""A table and its renderings: aligned text, booktabs LaTeX, Markdown, CSV, HTML."""

from __future__ import annotations

import csv
import html
import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from boundcalc.markup import Cell, words
from boundcalc.shown import Shown

if TYPE_CHECKING:
    import pandas

_FRACTION = re.compile(r"-?\d+/\d+")
_NUMBER = re.compile(r"-?\d+(/\d+)?")


class Align(Enum):
    """Of a column; the value is LaTeX's letter."""

    LEFT = "l"
    RIGHT = "r"
    PARAGRAPH = "p"


@dataclass(frozen=True)
class Column:
    """Heading of a column, what stands below it in smaller print, and the alignment.

    ``width`` is the share of the line that a paragraph gets. ``own_line`` says that text and LaTeX set these cells on a
    line of their own, over the whole width: for formulas.
    """

    heading: Cell
    below: Cell | None = None
    align: Align = Align.RIGHT
    width: float = 0.0
    own_line: bool = False


@dataclass(frozen=True)
class Group:
    """Rows that belong together, set apart from the next group; ``title`` heads them over the whole width."""

    rows: tuple[tuple[Cell, ...], ...]
    title: Cell | None = None


@dataclass(frozen=True, repr=False)
class Table(Shown):
    """Rows of cells with headings and notes.

    ``long`` makes the LaTeX one break over pages.
    """

    title: str
    columns: tuple[Column, ...]
    groups: tuple[Group, ...]
    notes: tuple[str, ...] = ()
    long: bool = False

    @property
    def rows(self) -> tuple[tuple[Cell, ...], ...]:
        """All rows."""
        return tuple(row for group in self.groups for row in group.rows)

    @property
    def _beside(self) -> tuple[int, ...]:
        """Indices of the columns that stand beside each other in text and LaTeX."""
        return tuple(i for i, column in enumerate(self.columns) if not column.own_line)

    @property
    def _below(self) -> tuple[int, ...]:
        return tuple(i for i, column in enumerate(self.columns) if column.own_line)

    def __str__(self) -> str:
        head = [tuple(c.heading.text for c in self.columns)]
        if self._has_second_line:
            head.append(tuple(c.below.text if c.below else "" for c in self.columns))
        body = [tuple(cell.text for cell in row) for row in self.rows]
        widths = [max(len(row[i]) for row in [*head, *body]) for i in range(len(self.columns))]

        def line(row: Sequence[str]) -> str:
            right = [column.align is Align.RIGHT for column in self.columns]
            cells = [row[i].rjust(widths[i]) if right[i] else row[i].ljust(widths[i]) for i in self._beside]
            return "  ".join(cells).rstrip()

        rule = "-" * (sum(widths[i] + 2 for i in self._beside) - 2)
        lines = [self.title, "", *map(line, head), rule]
        for i, group in enumerate(self.groups):
            lines += ["" for _ in range(bool(i))]
            lines += [group.title.text] if group.title else []
            for row in group.rows:
                texts = [cell.text for cell in row]
                lines += [line(texts), *(f"    {texts[i]}" for i in self._below)]
        return "\n".join([*lines, "", *self.notes]).rstrip()

    @property
    def _has_second_line(self) -> bool:
        return any(column.below for column in self.columns)

    def markdown(self) -> str:
        """A pipe table with formulas between dollar signs."""

        def line(cells: Sequence[str]) -> str:
            return "| " + " | ".join(cells) + " |"

        def heading(column: Column) -> str:
            below = f"<br>{column.below.markdown}" if column.below else ""
            return column.heading.markdown + below

        lines = [f"**{words(self.title).markdown}**", ""] if self.title else []
        lines.append(line([heading(c) for c in self.columns]))
        lines.append("|" + "|".join("---:" if c.align is Align.RIGHT else "---" for c in self.columns) + "|")
        for group in self.groups:
            if group.title:
                lines.append(line([f"**{group.title.markdown}**", *([""] * (len(self.columns) - 1))]))
            lines += [line([cell.markdown for cell in row]) for row in group.rows]
        return "\n".join([*lines, *(f"\n{words(note).markdown}" for note in self.notes)])

    def _repr_markdown_(self) -> str:
        return self.markdown()

    def csv(self) -> str:
        """Comma-separated values with one line of headings; numbers in full, and fractions a second time as decimals."""
        headings, rows = self._plain()
        return csv_text([headings, *rows])

    def to_pandas(self) -> pandas.DataFrame:
        """A data frame of the rows: as :meth:`csv`, with numbers as numbers where floats hold them, and NaN for what is missing.

        Raises
        ------
        ImportError
            Without pandas.

        Examples
        --------
        >>> from boundcalc.tables import exponent_table
        >>> frame = exponent_table([2, 5]).to_pandas()
        >>> frame["Thm 3.7 (lower, paper)"].tolist(), frame["Thm 3.7 (lower, paper), decimal"].round(3).tolist()
        (['2/3', '1/3'], [0.667, 0.333])
        """
        try:
            import pandas
        except ImportError as error:
            raise ImportError("to_pandas needs pandas: pip install pandas") from error
        headings, rows = self._plain()
        frame = pandas.DataFrame(rows, columns=headings, dtype=object)
        for name in headings:
            kept = frame[name].where(frame[name] != "", None)
            try:
                numbers = pandas.to_numeric(kept)
            except ValueError:
                numbers = None
            # Numbers beyond floats, such as 1e2000, stay text.
            beyond = numbers is None or (abs(numbers) == float("inf")).any()
            frame[name] = kept if beyond else numbers
        return frame

    def _plain(self) -> tuple[list[str], list[list[str]]]:
        """Headings and rows as plain text; behind a column with fractions stands one with their decimals."""
        titled = any(group.title for group in self.groups)
        headings = ["group"] if titled else []
        columns = (
            [[group.title.csv if group.title else "" for group in self.groups for _ in group.rows]] if titled else []
        )
        for i, column in enumerate(self.columns):
            name = column.heading.csv + (f" ({column.below.csv})" if column.below else "")
            cells = [row[i].csv for row in self.rows]
            headings.append(name)
            columns.append(cells)
            if any(_FRACTION.fullmatch(cell) for cell in cells) and all(
                _NUMBER.fullmatch(cell) for cell in cells if cell
            ):
                headings.append(f"{name}, decimal")
                columns.append([repr(float(Fraction(cell))) if cell else "" for cell in cells])
        return headings, [list(row) for row in zip(*columns, strict=True)]

    def html(self) -> str:
        """A table element; formulas are MathML."""
        caption = [f"<caption>{html.escape(self.title)}</caption>"] if self.title else []
        lines = ["<table>", *caption, "<thead><tr>"]
        for column in self.columns:
            below = f"<br><small>{column.below.html}</small>" if column.below else ""
            lines.append(f'<th scope="col"{_style(column)}>{column.heading.html}{below}</th>')
        lines.append("</tr></thead>")
        for group in self.groups:
            lines.append("<tbody>")
            if group.title:
                lines.append(f'<tr><th scope="rowgroup" colspan="{len(self.columns)}">{group.title.html}</th></tr>')
            for row in group.rows:
                cells = (f"<td{_style(c)}>{cell.html}</td>" for c, cell in zip(self.columns, row, strict=True))
                lines.append(f"<tr>{''.join(cells)}</tr>")
            lines.append("</tbody>")
        if self.notes:
            notes = "<br>".join(html.escape(note) for note in self.notes)
            lines.append(f'<tfoot><tr><td colspan="{len(self.columns)}"><small>{notes}</small></td></tr></tfoot>')
        return "\n".join([*lines, "</table>"]) + "\n"

    def latex(self) -> str:
        """A floating booktabs table, or a longtable; it needs the packages booktabs, longtable, array and graphicx."""
        columns = [self.columns[i] for i in self._beside]
        spec = "".join(_specification(column) for column in columns)
        head = [_latex_heads(columns, [c.heading.latex for c in columns])]
        if self._has_second_line:
            head.append(_latex_heads(columns, [rf"\scriptsize {c.below.latex}" if c.below else "" for c in columns]))
        body: list[str] = []
        for i, group in enumerate(self.groups):
            body += [r"\addlinespace" for _ in range(bool(i))]
            if group.title:
                body.append(_spanned(len(columns), rf"\textit{{{group.title.latex}}}"))
            for row in group.rows:
                body.append(_latex_row([row[i].latex for i in self._beside]))
                if self._below:
                    # The page must not break between a row and its formula.
                    body[-1] = body[-1].removesuffix(r"\\") + r"\\*"
                    body += [
                        _spanned(len(columns), rf"\quad{_SHRINK}{{{_display(row[i].latex)}}}") for i in self._below
                    ]
        notes = [words(note).latex for note in self.notes]
        build = _longtable if self.long else _float
        return build(words(self.title).latex, spec, [r"\toprule", *head, r"\midrule"], body, notes)


# Scaled down only where it is wider than the line.
_SHRINK = r"\resizebox{\ifdim\width>0.97\linewidth 0.97\linewidth\else\width\fi}{!}"


def csv_text(rows: Iterable[Iterable[Any]]) -> str:
    r"""Rows as comma-separated values with lines that end in a newline.

    Examples
    --------
    >>> csv_text([["a", "b"], ["one\rcell", 1]])
    'a,b\n"one\rcell",1\n'
    """
    lines = []
    for row in rows:
        line = io.StringIO(newline="")
        # csv quotes a carriage return only where lines end in one.
        csv.writer(line, lineterminator="\r\n").writerow(row)
        lines.append(line.getvalue().removesuffix("\r\n") + "\n")
    return "".join(lines)


def _display(latex: str) -> str:
    return rf"$\displaystyle {latex[1:]}" if latex.startswith("$") else latex


def _specification(column: Column) -> str:
    if column.align is Align.PARAGRAPH:
        return rf">{{\raggedright\arraybackslash}}p{{{column.width:.3g}\linewidth}}"
    return column.align.value


def _latex_heads(columns: Sequence[Column], texts: Sequence[str]) -> str:
    # Headings of paragraphs are set as words; the outer ones stay flush with the rules.
    last = len(columns) - 1
    cells = []
    for i, (column, text) in enumerate(zip(columns, texts, strict=True)):
        letter = "r" if column.align is Align.RIGHT else "l"
        spec = ("@{}" if i == 0 else "") + letter + ("@{}" if i == last else "")
        cells.append(rf"\multicolumn{{1}}{{{spec}}}{{{text}}}")
    return _latex_row(cells)


def _spanned(columns: int, text: str) -> str:
    return rf"\multicolumn{{{columns}}}{{@{{}}l@{{}}}}{{{text}}} \\"


def _style(column: Column) -> str:
    return ' style="text-align:right"' if column.align is Align.RIGHT else ' style="text-align:left"'


def _latex_row(cells: Sequence[str]) -> str:
    return " & ".join(cells) + r" \\"


def _float(title: str, spec: str, head: list[str], body: list[str], notes: list[str]) -> str:
    lines = [r"\begin{table}[htbp]", r"\centering", rf"\caption{{{title}}}", _SHRINK + "{%"]
    lines += [rf"\begin{{tabular}}{{@{{}}{spec}@{{}}}}", *head, *body, r"\bottomrule", r"\end{tabular}}"]
    if notes:
        lines.append(r"\par\smallskip\parbox{\linewidth}{\footnotesize\raggedright " + r"\\ ".join(notes) + "}")
    return "\n".join([*lines, r"\end{table}"]) + "\n"


def _longtable(title: str, spec: str, head: list[str], body: list[str], notes: list[str]) -> str:
    lines = [rf"\begin{{longtable}}{{@{{}}{spec}@{{}}}}", rf"\caption{{{title}}} \\", *head, r"\endfirsthead"]
    lines += [*head, r"\endhead", r"\bottomrule", r"\endfoot", *body]
    lines += [r"\midrule" for _ in range(bool(notes))]
    spanned = rf"\multicolumn{{{head[1].count('&') + 1}}}{{@{{}}p{{\linewidth}}@{{}}}}"
    lines += [rf"{spanned}{{\footnotesize {note}}} \\" for note in notes]
    return "\n".join([*lines, r"\end{longtable}"]) + "\n"


def latex_document(tables: Sequence[Table]) -> str:
    """A whole document with the tables, ready for pdflatex."""
    head = [
        r"\documentclass{article}",
        r"\usepackage[a4paper,margin=2cm]{geometry}",
        r"\usepackage{amsmath,array,booktabs,graphicx,longtable}",
        r"\begin{document}",
    ]
    # A longtable does not float: what waits to be placed comes before it.
    body = [(r"\clearpage" + "\n" if table.long else "") + table.latex() for table in tables]
    return "\n".join([*head, *body, r"\end{document}"]) + "\n"


def html_document(tables: Sequence[Table]) -> str:
    """A whole page with the tables."""
    head = '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>boundcalc</title>\n'
    style = (
        "<style>body{font-family:sans-serif;margin:2em}table{border-collapse:collapse;margin-bottom:2em}"
        "caption{text-align:left;font-weight:bold;padding:.5em 0}td,th{padding:.2em .6em}"
        "thead{border-top:2px solid;border-bottom:1px solid}tbody{border-bottom:1px solid #bbb}</style>\n</head>\n<body>\n"
    )
    return head + style + "\n".join(table.html() for table in tables) + "</body>\n</html>\n"
