"""From products of powers to affine exponents: every parameter p is written n^{-x_p}."""

from __future__ import annotations

from collections.abc import Iterable

from sympy import Expr, Integer, Mul, Pow, Symbol, factor, together

from boundcalc.powers import power_exponent
from boundcalc.symbols import n as N


def exponent_symbol(parameter: Symbol) -> Symbol:
    """The unknown x_p in p = n^{-x_p}."""
    return Symbol(f"x_{parameter.name}")


def decay(term: Expr, parameters: Iterable[Symbol]) -> Expr:
    """The exponent e of ``term`` = n^{-e}, affine in the unknowns of the parameters.

    Raises
    ------
    ValueError
        If n or a parameter occurs in ``term`` in another way than as a power.

    Examples
    --------
    >>> from boundcalc.symbols import d, h, n
    >>> decay(h ** (d + 1) / n, [h])
    x_h*(d + 1) + 1
    """
    total = -power_exponent(term, N)
    for p in parameters:
        total += power_exponent(term, p) * exponent_symbol(p)
    return total


def monomial(powers: Iterable[tuple[Symbol, Expr]]) -> Expr:
    """A product of powers with exponents in lowest terms."""
    result: Expr = Integer(1)
    for base, exponent in powers:
        result *= base ** factor(together(exponent))
    return result


def tidy(term: Expr) -> Expr:
    """A product of powers with each base once, in lowest terms; all bases count as positive.

    Sympy's own simplifier may rewrite symbolic powers as exponentials of logarithms, which hides the exponents.

    Examples
    --------
    >>> from boundcalc.symbols import d, h
    >>> tidy(h ** (d + 1) * (1 / h) ** d)
    h
    """
    powers: dict[Expr, Expr] = {}
    _collect(term, Integer(1), powers)
    result: Expr = Integer(1)
    for base, exponent in powers.items():
        result *= base ** factor(together(exponent))
    return result


def _collect(term: Expr, power: Expr, powers: dict[Expr, Expr]) -> None:
    if isinstance(term, Mul):
        for argument in term.args:
            _collect(argument, power, powers)
    elif isinstance(term, Pow):
        _collect(term.base, power * term.exp, powers)
    else:
        powers[term] = powers.get(term, Integer(0)) + power
