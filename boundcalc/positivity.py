"""Sign of a rational function over a range of dimensions, by a sufficient test on coefficients."""

from __future__ import annotations

from collections.abc import Mapping

from sympy import Expr, Poly, Rational, Symbol, cancel, fraction, sympify

# Symbol -> lower end of its range; every symbol ranges over all reals from there on.
Domain = Mapping[Symbol, Rational | int]


def is_nonnegative(expr: Expr, domain: Domain) -> bool:
    """Whether a rational function is shown to be >= 0 wherever every symbol is at least its lower end.

    After the shift symbol = lower end + t, a quotient of two polynomials without sign changes among their coefficients
    is nonnegative for t >= 0 (where the denominator isn't zero). True is a proof; False says only that the test does
    not show it.

    Raises
    ------
    ValueError
        If ``expr`` has a symbol without a range.

    Examples
    --------
    >>> from boundcalc.symbols import d
    >>> is_nonnegative(d**2 - 2 * d + 1, {d: 1}), is_nonnegative(d - 2, {d: 1})
    (True, False)
    """
    expr = sympify(expr, strict=True)
    unknown = expr.free_symbols - set(domain)
    if unknown:
        raise ValueError(f"domain must give a lower end for {sorted(map(str, unknown))}, got one for {list(domain)}")
    shifts = {symbol: Symbol(f"t_{symbol.name}") for symbol in domain}
    shifted = expr.subs({symbol: shifts[symbol] + start for symbol, start in domain.items()}, simultaneous=True)
    numerator, denominator = fraction(cancel(shifted))
    if numerator == 0:
        return True
    signs = [_sign(part, list(shifts.values())) for part in (numerator, denominator)]
    return None not in signs and signs[0] == signs[1]


def _sign(polynomial: Expr, variables: list[Symbol]) -> int | None:
    """The common sign of all coefficients, or None."""
    coefficients = Poly(polynomial, *variables).coeffs() if variables else [polynomial]
    if all(c > 0 for c in coefficients):
        return 1
    if all(c < 0 for c in coefficients):
        return -1
    return None
