"""Numbers of a rate: a sum of products of powers, evaluated at one exact setting or on a whole grid.

The exponents are rational functions of d, the bases are symbols or expressions in the optional symbols. A factor whose
symbols have no value is left out of the leading term, as the constant is; a lower-order term counts only where all its
symbols have values.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from sympy import Add, Expr, Max, Min, Poly, Rational, Symbol, fraction, together

from boundcalc.cached import cached_property
from boundcalc.exact import log_exact
from boundcalc.powers import power_factors
from boundcalc.statement import Bound
from boundcalc.symbols import d as D

_Number = TypeVar("_Number", int, NDArray[np.float64])


def _horner(coefficients: tuple[int, ...], d: _Number) -> _Number:
    total = 0 * d
    for coefficient in coefficients:
        total = total * d + coefficient
    return total


_Coefficients = tuple[int, ...]


@dataclass(frozen=True)
class Exponent:
    """A rational function of d with integer coefficients, highest power first; or the least or largest of several.

    Examples
    --------
    >>> Exponent.of(2 / (D + 1)).at(20)
    Fraction(2, 21)
    >>> Exponent.of(-Min(1, 2 / (D + 1), evaluate=False)).at(20)
    Fraction(-2, 21)
    """

    pieces: tuple[tuple[_Coefficients, _Coefficients], ...]
    largest: bool = False

    @classmethod
    def of(cls, expr: Expr) -> Exponent:
        """Read it off an expression.

        Raises
        ------
        ValueError
            If the expression is not a rational function of d alone, nor (minus) the least or largest of such.
        """
        sign, rest = expr.as_coeff_Mul()
        if sign in (1, -1) and isinstance(rest, (Min, Max)):
            return cls(tuple(_quotient(sign * a) for a in rest.args), isinstance(rest, Max) == (sign == 1))
        return cls((_quotient(expr),))

    def at(self, d: int) -> Fraction:
        """The exact value at one dimension."""
        values = [Fraction(_horner(top, d), _horner(bottom, d)) for top, bottom in self.pieces]
        return max(values) if self.largest else min(values)

    def on(self, d: NDArray[np.float64]) -> NDArray[np.float64]:
        """The values on an array of dimensions."""
        chosen = np.maximum if self.largest else np.minimum
        return functools.reduce(chosen, (_quotient_on(top, bottom, d) for top, bottom in self.pieces))


def _quotient(expr: Expr) -> tuple[_Coefficients, _Coefficients]:
    if expr.free_symbols - {D} or not expr.is_rational_function(D):
        raise ValueError(f"the exponent must be a rational function of d, got {expr}")
    parts = [Poly(part, D).all_coeffs() for part in fraction(together(expr))]
    scale = math.lcm(*(int(c.q) for part in parts for c in part))
    top, bottom = (tuple(int(c * scale) for c in part) for part in parts)
    return top, bottom


def _quotient_on(top: _Coefficients, bottom: _Coefficients, d: NDArray[np.float64]) -> NDArray[np.float64]:
    if len(top) == len(bottom) == 1:
        return np.asarray(top[0] / bottom[0])
    return np.asarray((np.float64(top[0]) if len(top) == 1 else _horner(top, d)) / _horner(bottom, d))


@dataclass(frozen=True)
class _Term:
    factors: tuple[tuple[Expr, Exponent, frozenset[Symbol]], ...]
    symbols: frozenset[Symbol]
    leading: bool

    def counted(self, given: Collection[Symbol]) -> list[tuple[Expr, Exponent]] | None:
        """Factors to evaluate, or None where the term doesn't count."""
        if not self.leading and not all(symbol in given for symbol in self.symbols):
            return None
        return [(base, power) for base, power, symbols in self.factors if all(s in given for s in symbols)]


@lru_cache(maxsize=1024)
def _log_base(base: Expr, given: tuple[tuple[Symbol, Rational], ...]) -> float:
    return log_exact(Rational(base.subs(dict(given))))


@dataclass(frozen=True)
class RateValues:
    """Evaluates one bound; build it with :func:`rate_values`."""

    bound: Bound

    @cached_property
    def exponent(self) -> Exponent:
        """e in n**(-e)."""
        return Exponent.of(self.bound.exponent)

    @cached_property
    def _terms(self) -> tuple[_Term, ...]:
        terms = []
        for summand in Add.make_args(self.bound.expr):
            factors = [
                (base, Exponent.of(power), frozenset(base.free_symbols)) for base, power in power_factors(summand)
            ]
            terms.append(_Term(tuple(factors), frozenset(summand.free_symbols), summand == self.bound.leading))
        return tuple(terms)

    def log(self, given: Mapping[Symbol, Rational]) -> float:
        """Natural logarithm at exact values; ``given`` holds d and n at least."""
        d = int(given[D])
        logs = []
        for term in self._terms:
            factors = term.counted(given)
            if factors is not None:
                total = 0.0
                for base, power in factors:
                    if base in given:
                        log = log_exact(given[base])
                    else:
                        log = _log_base(base, tuple((s, given[s]) for s in sorted(base.free_symbols, key=str)))
                    exponent = power.at(d)
                    try:
                        total += log * exponent.numerator / exponent.denominator
                    except OverflowError:  # d is beyond the range of floats; 2/d isn't
                        total += log * (exponent.numerator / exponent.denominator)
                logs.append(total)
        top = max(logs)
        return top if len(logs) == 1 else top + math.log(math.fsum(math.exp(value - top) for value in logs))

    def log_on(
        self, given: Mapping[Symbol, NDArray[np.float64]], logs: Mapping[Symbol, NDArray[np.float64]]
    ) -> NDArray[np.float64]:
        """Natural logarithms on arrays that broadcast; ``logs`` holds the logarithms of the given values but d's."""
        summands = []
        for term in self._terms:
            factors = term.counted(given)
            if factors is not None:
                parts = (_log_array(base, given, logs) * power.on(given[D]) for base, power in factors)
                summands.append(functools.reduce(np.add, parts))
        return summands[0] if len(summands) == 1 else np.logaddexp.reduce(np.broadcast_arrays(*summands))


def _log_array(
    base: Expr, given: Mapping[Symbol, NDArray[np.float64]], logs: Mapping[Symbol, NDArray[np.float64]]
) -> NDArray[np.float64]:
    if base in logs:
        return logs[base]
    from boundcalc.logspace import compile_log

    symbols = sorted(base.free_symbols, key=str)
    return compile_log(base, symbols)(*(given[s] for s in symbols)).log


@lru_cache(maxsize=256)
def rate_values(bound: Bound) -> RateValues:
    """The evaluator of a bound; prepared once."""
    return RateValues(bound)
