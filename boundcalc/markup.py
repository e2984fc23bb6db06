"""Cells of tables in every output format, each built from one value."""

from __future__ import annotations

import html
import math
import re
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal

from sympy import Expr, Rational, mathml

from boundcalc.typeset import tex

__all__ = [
    "EMPTY",
    "Cell",
    "code",
    "escape_latex",
    "formula",
    "fraction",
    "number",
    "number_from_log10",
    "symbol",
    "words",
]

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


def _escape_markdown(text: str) -> str:
    return re.sub(r"([\\`*_|<>$])", r"\\\1", text)


def words(text: str) -> Cell:
    """Plain words."""
    return Cell(text, escape_latex(text), html.escape(text), _escape_markdown(text), text)


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


def number(value: float, digits: int = 3, rounding: str = ROUND_HALF_EVEN) -> Cell:
    """A float, rounded for readers and whole in CSV.

    ``rounding`` is one of decimal's, so that a lower bound can be rounded down and an upper bound up.

    >>> from decimal import ROUND_FLOOR
    >>> number(0.00123456).text, number(123456).text, number(0.0159, 2, ROUND_FLOOR).latex
    ('0.00123', '1.23e5', '$0.015$')
    """
    if value == 0 or not math.isfinite(value):
        return words(f"{value:g}")
    return _decimal(Decimal(value), digits, rounding, repr(float(value)))


def number_from_log10(log10: float, digits: int = 3, rounding: str = ROUND_HALF_EVEN) -> Cell:
    """A positive number known by its logarithm to base 10; outside the float range as a power of ten.

    >>> number_from_log10(-2000.5).text, number_from_log10(2.0).text
    ('10^-2000.5', '100')
    """
    if abs(log10) < 300:
        return number(10.0**log10, digits, rounding)
    exact = Context(prec=6, rounding=rounding).create_decimal(Decimal(log10))
    text = f"{exact.normalize():f}"
    return _math(f"10^{text}", rf"10^{{{text}}}", f"10<sup>{text}</sup>", f"1e{log10!r}")


def _decimal(exact: Decimal, digits: int, rounding: str, csv: str) -> Cell:
    rounded = Context(prec=digits, rounding=rounding).create_decimal(exact)
    exponent = rounded.adjusted()
    if -4 <= exponent < max(digits, 5):
        text = f"{rounded:f}"
        if exponent >= digits:  # 12300, not 1.23E+4
            text = f"{int(rounded)}"
        return _math(text, text, text, csv)
    mantissa = (
        f"{rounded.scaleb(-exponent):f}".rstrip("0").rstrip(".") if digits > 1 else f"{rounded.scaleb(-exponent):f}"
    )
    latex = rf"10^{{{exponent}}}" if mantissa == "1" else rf"{mantissa}\times 10^{{{exponent}}}"
    markup = f"10<sup>{exponent}</sup>" if mantissa == "1" else f"{mantissa} × 10<sup>{exponent}</sup>"
    return _math(f"{mantissa}e{exponent}", latex, markup.replace("-", "−"), csv)
