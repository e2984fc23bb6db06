"""The exponent of one symbol, read off an expression that is a sum of products of powers."""

from __future__ import annotations

from sympy import Add, Expr, Integer, Mul, Pow, Symbol, expand_power_base, together

from boundcalc.positivity import is_nonnegative


def power_exponent(term: Expr, symbol: Symbol) -> Expr:
    """The exponent of ``symbol`` in a product of powers.

    Raises
    ------
    ValueError
        If ``symbol`` occurs in another way than as a power, for instance inside a sum or a logarithm.

    Examples
    --------
    >>> from boundcalc.symbols import d, n, sigma
    >>> power_exponent((sigma**2 / n) ** (2 / (d + 1)), n)
    -2/(d + 1)
    """
    total: Expr = Integer(0)
    for factor in Mul.make_args(expand_power_base(term)):
        if not factor.has(symbol):
            continue
        base, exponent = factor.as_base_exp()
        if exponent.has(symbol):
            raise ValueError(f"{symbol} stands in an exponent of {term}")
        if base == symbol:
            total += exponent
        elif isinstance(base, (Mul, Pow)):
            total += power_exponent(base, symbol) * exponent
        else:
            raise ValueError(f"{symbol} does not stand as a power in {term}")
    return together(total)


def leading_term(expr: Expr, symbol: Symbol, parameter: Symbol) -> Expr:
    """The summand of ``expr`` with the largest exponent of ``symbol``, for every integer ``parameter >= 1``.

    Raises
    ------
    ValueError
        If no summand leads for every value of the parameter.
    """
    terms = Add.make_args(expr)
    exponents = [power_exponent(term, symbol) for term in terms]
    for term, exponent in zip(terms, exponents, strict=True):
        if all(is_nonnegative(exponent - other, {parameter: 1}) for other in exponents):
            return term
    raise ValueError(f"no summand of {expr} leads in {symbol} for every {parameter} >= 1")


def power_factors(term: Expr) -> tuple[tuple[Expr, Expr], ...]:
    """A product of powers as (base, exponent) pairs; a base that is itself a product is split.

    Examples
    --------
    >>> from boundcalc.symbols import d, n, sigma
    >>> power_factors((sigma**2 / n) ** (2 / (d + 1)))
    ((n, -2/(d + 1)), (sigma, 4/(d + 1)))
    """
    pairs: list[tuple[Expr, Expr]] = []
    for factor in Mul.make_args(expand_power_base(term)):
        base, exponent = factor.as_base_exp()
        if isinstance(base, (Mul, Pow)) and base != term:
            pairs += [(inner, power * exponent) for inner, power in power_factors(base)]
        else:
            pairs.append((base, exponent))
    return tuple(sorted(pairs, key=lambda pair: pair[0].sort_key()))
