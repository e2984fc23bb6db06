"""Expressions as LaTeX in the form that papers use: exponents on one line, roots only where they are square roots."""

from __future__ import annotations

from functools import lru_cache

from sympy import Expr, Integer, Pow, Rational, Symbol, fraction, together
from sympy.printing.latex import LatexPrinter
from sympy.printing.precedence import PRECEDENCE


class _Printer(LatexPrinter):
    """sympy's printer with another way to write powers."""

    def __init__(self) -> None:
        super().__init__({"root_notation": False})

    def _print_Pow(self, expr: Pow) -> str:
        if expr.exp == Rational(1, 2):
            return rf"\sqrt{{{self._print(expr.base)}}}"
        if expr.exp.is_Rational and expr.exp.is_negative and not expr.exp.is_Integer and expr.exp != Rational(-1, 2):
            return str(self._helper_print_standard_power(expr, "%s^{%s}"))
        if expr.base.is_Function and not expr.exp.is_Rational:
            return str(self._print(expr.base, exp=self._on_one_line(expr.exp)))
        return str(super()._print_Pow(expr))

    def _helper_print_standard_power(self, expr: Pow, template: str) -> str:
        base = self.parenthesize(expr.base, PRECEDENCE["Pow"])
        if expr.base.is_Symbol:
            base = self.parenthesize_super(base)
        return template % (base, self._on_one_line(expr.exp))

    def _on_one_line(self, exponent: Expr) -> str:
        """a/(b c) instead of a fraction, which would be tiny in an exponent."""
        numerator, denominator = (
            fraction(together(exponent)) if exponent.is_rational_function() else (exponent, Integer(1))
        )
        if denominator == 1:
            return str(self._print(exponent))
        sign = ""
        if numerator.could_extract_minus_sign():
            sign, numerator = "-", -numerator
        top = self._print(numerator)
        bottom = self._print(denominator)
        if numerator.is_Add:
            top = rf"({top})"
        if not isinstance(denominator, Symbol) and not denominator.is_Integer:
            bottom = rf"({bottom})"
        return f"{sign}{top}/{bottom}"


@lru_cache(maxsize=1024)
def tex(expr: Expr) -> str:
    """An expression as LaTeX, without dollar signs.

    Examples
    --------
    >>> from boundcalc.symbols import d, n, sigma
    >>> print(tex((sigma**2 / n) ** (2 / (d + 1))))
    \\left(\\frac{\\sigma^{2}}{n}\\right)^{2/(d + 1)}
    >>> print(tex(n ** (-(d + 3) / (2 * d + 3))), tex(n ** Rational(-1, 2)))
    n^{-(d + 3)/(2 d + 3)} \\frac{1}{\\sqrt{n}}
    """
    return str(_Printer().doprint(expr))
