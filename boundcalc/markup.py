"""Cells of tables in every output format, each built from one value."""

from __future__ import annotations

import html
import math
import re
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Decimal

from sympy import Expr, Rational, mathml

from boundcalc.shown import (
    Number,
    float_above,
    float_below,
    from_log10,
    is_beyond_powers,
    layout,
    rounded,
    show_log10,
    text,
)
from boundcalc.typeset import tex

_LATEX = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "_": r"\_", "%": r"\%",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"$<$", ">": r"$>$", "|": r"$|$", '"': r"''",
    "–": "--", "·": r"$\cdot$", "×": r"$\times$", "≤": r"$\le$", "≥": r"$\ge$", "σ": r"$\sigma$", "η": r"$\eta$",
}  # fmt: skip


@dataclass(frozen=True)
class Cell:
    """One cell: what a terminal, LaTeX, HTML, Markdown and a program reading CSV each get."""

    text: str
    latex: str
    html: str
    markdown: str
    csv: str

    def __str__(self) -> str:
        return self.text


EMPTY = Cell("–", "--", "–", "–", "")


def escape_latex(text: str) -> str:
    """Plain text as LaTeX; ASCII and a few symbols.

    Raises
    ------
    ValueError
        For a character that plain LaTeX doesn't print.

    >>> print(escape_latex("50 % of n^2 & more"))
    50 \\% of n\\textasciicircum{}2 \\& more
    """
    wrong = [c for c in text if ord(c) > 126 and c not in _LATEX]
    if wrong:
        raise ValueError(f"no LaTeX for the character {wrong[0]!r} in {text[:40]!r}")
    return "".join(_LATEX.get(c, c) for c in text)


# What starts mark-up within a line, and addresses that some readers turn into links.
_MARKDOWN = re.compile(r"[\\`*_|<>$\[\]~&#]|:(?=//)|(?<=www)\.", re.IGNORECASE)


def escape_markdown(text: str) -> str:
    """Text that Markdown shows as it is within a line: in a cell, a heading, or after a word of a paragraph.

    >>> print(escape_markdown("![x](http://a|b) <i> `c` &lt;"))
    !\\[x\\](http\\://a\\|b) \\<i\\> \\`c\\` \\&lt;
    """
    return _MARKDOWN.sub(r"\\\g<0>", " ".join(text.split()))


def words(text: str) -> Cell:
    """Plain words."""
    return Cell(text, escape_latex(text), html.escape(text), escape_markdown(text), text)


def verbatim(text: str) -> Cell:
    """Text from anywhere, with any characters; for all forms but LaTeX."""
    return Cell(text, "", html.escape(text), escape_markdown(text), text)


def code(text: str) -> Cell:
    """A name that a user types."""
    return Cell(text, rf"\texttt{{{escape_latex(text)}}}", f"<code>{html.escape(text)}</code>", f"`{text}`", text)


def _math(text: str, latex: str, markup: str, csv: str) -> Cell:
    return Cell(text, f"${latex}$", markup, f"${latex.replace('|', chr(92) + 'vert ')}$", csv)


def symbol(name: str) -> Cell:
    """A one-letter symbol."""
    return _math(name, name, f"<i>{name}</i>", name)


def fraction(value: Rational) -> Cell:
    """An exact rational number."""
    text = str(value)
    return _math(text, text, text, text)


def formula(expr: Expr) -> Cell:
    """An expression; in HTML as MathML, which browsers draw without help."""
    return _math(
        str(expr), tex(expr), f'<math display="inline">{mathml(expr, printer="presentation")}</math>', str(expr)
    )


def number(value: Number, digits: int = 3, rounding: str = ROUND_HALF_EVEN) -> Cell:
    """A number, rounded for readers; CSV gets 17 digits of the nearest float.

    ``rounding`` is one of decimal's. A bound is rounded to its safe side everywhere: a lower one down (ROUND_FLOOR), an
    upper one up (ROUND_CEILING); its float in CSV lies on that side too, and is spelled out where floats end.

    >>> from decimal import ROUND_FLOOR
    >>> number(0.00123456).text, number(123456.0).text, number(0.0159, 2, ROUND_FLOOR).latex
    ('0.00123', '1.23e+05', '$0.015$')
    """
    side = {ROUND_FLOOR: float_below, ROUND_CEILING: float_above}.get(rounding)
    near = float(value) if side is None else side(value)
    precise = near if math.isfinite(near) and near else value
    return _digits(rounded(value, digits, rounding), digits, text(rounded(precise, 17, rounding), 17))


def number_from_log10(log10: float, digits: int = 3) -> Cell:
    """A positive number that is known by its logarithm to base 10 alone and bounds nothing.

    >>> number_from_log10(-2000.5).text, number_from_log10(2.0).text, number_from_log10(-2000.5).csv
    ('3.16e-2001', '100', '3.16227766e-2001')
    """
    if not math.isfinite(log10):
        raise ValueError(f"log10 must be finite, got {log10}")
    csv = show_log10(log10, 9)
    if is_beyond_powers(log10):
        power = number(log10, digits)
        return _math(show_log10(log10, digits), f"10^{{{power.latex.strip('$')}}}", f"10<sup>{power.html}</sup>", csv)
    return _digits(from_log10(log10, digits), digits, csv)


def _digits(number: Decimal, digits: int, csv: str) -> Cell:
    plain, exponent = layout(number, digits)
    if exponent is None:
        return _math(plain, plain.replace("inf", r"\infty"), plain, csv)
    latex, markup = rf"10^{{{exponent}}}", f"10<sup>{exponent}</sup>"
    if plain != "1":
        latex, markup = rf"{plain}\times {latex}", f"{plain} × {markup}"
    return _math(text(number, digits), latex, markup.replace("-", "−"), csv)
