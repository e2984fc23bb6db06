"""Rigorous enclosures of expressions: tree → Arb ball, node by node, in exact or outward-rounded arithmetic.

The only file of boundcalc that imports python-flint. Rational subexpressions stay exact; everything else is a ball
whose radius bounds every rounding and truncation error. The precision is raised until the ball is as narrow as asked.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from threading import RLock
from typing import Any

import flint
import sympy as sp
from flint import arb, fmpq, fmpz
from sympy import Expr, Rational, Symbol

from boundcalc.cached import cached_property
from boundcalc.dyadic import Dyadic
from boundcalc.exact import exact_rational, fraction
from boundcalc.shown import Shown

__all__ = [
    "Dyadic",
    "Enclosure",
    "PrecisionError",
    "ball_of",
    "dyadic",
    "enclose",
    "enclose_apart",
    "evaluate",
    "precision",
]

NARROW = Rational(1, 10**15)
_MAX_BITS = 1 << 15
# Exact rationals may grow to this size before they are turned into balls.
_MAX_EXACT = 1 << 14

_Value = Any  # fmpq (exact) or arb


class PrecisionError(ArithmeticError):
    """The asked width was not reached at the largest precision allowed."""


@dataclass(frozen=True, repr=False)
class Enclosure(Shown):
    """A closed interval with dyadic ends that contains the exact value: a theorem, not an estimate.

    Comparisons return True or False where the interval decides, None where it doesn't.

    Examples
    --------
    >>> third = enclose(Rational(1, 3), {})
    >>> third.floats
    (0.3333333333333333, 0.33333333333333337)
    >>> third.contains("1/3"), third.contains("0.3333")
    (True, False)
    >>> third.less_than("0.34"), third.less_than(third)
    (True, None)
    """

    low: Dyadic
    high: Dyadic

    @property
    def lower(self) -> Rational:
        """Lower end, exact; OverflowError when it is too long to write as a fraction."""
        return Rational(self.low.fraction)

    @property
    def upper(self) -> Rational:
        """Upper end, exact; OverflowError when it is too long to write as a fraction."""
        return Rational(self.high.fraction)

    @property
    def floats(self) -> tuple[float, float]:
        """Ends rounded outwards: a positive value below every float gives (0.0, 5e-324), a huge one (1.8e308, inf)."""
        return self.low.round_down(), self.high.round_up()

    @property
    def sign(self) -> int | None:
        """−1, 0 or 1 where the interval decides it, else None."""
        return self.low.sign if self.low.sign == self.high.sign else None

    @cached_property
    def log10(self) -> tuple[float, float]:
        """Rigorous bounds of the logarithm to base 10 of a positive value.

        Raises
        ------
        ValueError
            If the interval is not positive.
        """
        if self.low.sign <= 0:
            raise ValueError("log10 needs a positive enclosure")
        with precision(128):
            ends = [ball_of(x).log() / arb(10).log() for x in (self.low, self.high)]
            return dyadic(ends[0].lower()).round_down(), dyadic(ends[1].upper()).round_up()

    @property
    def relative_width(self) -> float:
        """(upper − lower) / min(|lower|, |upper|), rounded up; inf where the interval contains 0 and is not 0."""
        width = self._relative_width
        return math.inf if width is None else width.round_up()

    @property
    def _relative_width(self) -> Dyadic | None:
        """The same, which may be below every float; None for inf."""
        if self.low == self.high:
            return Dyadic(0, 0)
        if self.sign is None or self.sign == 0:
            return None
        with precision(64):
            low, high = ball_of(self.low), ball_of(self.high)
            return dyadic(((high - low) / min(abs(low), abs(high), key=lambda x: x.mid())).upper())

    def contains(self, value: Enclosure | Dyadic | Fraction | Rational | int | float | str) -> bool:
        """Whether a number, or a whole enclosure, lies inside; floats count as the binary numbers they are."""
        low, high = _ends(value)
        return self.low <= low and self.high >= high

    def less_than(self, other: Enclosure | Dyadic | Fraction | Rational | int | float | str) -> bool | None:
        """Whether the value is below another; None where the intervals overlap."""
        low, high = _ends(other)
        return True if self.high < low else False if self.low >= high else None

    def at_most(self, other: Enclosure | Dyadic | Fraction | Rational | int | float | str) -> bool | None:
        """Whether the value is at most another; None where the intervals overlap."""
        low, high = _ends(other)
        return True if self.high <= low else False if self.low > high else None

    def greater_than(self, other: Enclosure | Dyadic | Fraction | Rational | int | float | str) -> bool | None:
        """Whether the value is above another; None where the intervals overlap."""
        at_most = self.at_most(other)
        return None if at_most is None else not at_most

    def at_least(self, other: Enclosure | Dyadic | Fraction | Rational | int | float | str) -> bool | None:
        """Whether the value is at least another; None where the intervals overlap."""
        less = self.less_than(other)
        return None if less is None else not less

    def __str__(self) -> str:
        with precision(max(64, self.low.mantissa.bit_length(), self.high.mantissa.bit_length()) + 64):
            return str(ball_of(self.low).union(ball_of(self.high)).str(16)).strip("[]").replace("+/-", "±")


def _ends(value: object) -> tuple[Dyadic | Fraction, Dyadic | Fraction]:
    if isinstance(value, Enclosure):
        return value.low, value.high
    if isinstance(value, Dyadic):
        return value, value
    if isinstance(value, float):
        exact = Fraction(value)
        return exact, exact
    exact = fraction(exact_rational("value", value))
    return exact, exact


@contextmanager
def precision(bits: int) -> Iterator[None]:
    """Set the working precision, and restore it on the way out.

    It is one for all threads: whoever has set it keeps the others waiting. The lock is kept with the library whose precision
    it is, where other packages find it.

    Examples
    --------
    >>> with precision(64):
    ...     print((arb(2).sqrt() - 1).str(6))
    [0.414214 +/- ...]
    """
    with vars(flint).setdefault("_precision_lock", RLock()):
        before = flint.ctx.prec
        flint.ctx.prec = bits
        try:
            yield
        finally:
            flint.ctx.prec = before


def ball_of(value: Dyadic) -> arb:
    """The exact ball of a dyadic number."""
    return arb((fmpz(value.mantissa), fmpz(value.exponent)))


def dyadic(exact: arb) -> Dyadic:
    """The number of an exact ball, such as an end of another."""
    mantissa, exponent = exact.man_exp()
    return Dyadic(int(mantissa), int(exponent))


def enclose(
    expr: Expr,
    values: Mapping[Symbol, Rational],
    *,
    relative: Rational = NARROW,
    max_bits: int = _MAX_BITS,
) -> Enclosure:
    """A rigorous enclosure of an expression at exact values of its symbols.

    Parameters
    ----------
    expr : sympy.Expr
        Built of rationals, π, E, symbols, sums, products, powers, exp, log, gamma, loggamma, beta, factorial, erf,
        erfc, hypergeometric and Bessel functions, trigonometric functions and their inverses, Abs, Min, Max.
    values : mapping of sympy.Symbol to sympy.Rational
        Exact; see :func:`boundcalc.exact.exact_rational`.
    relative : sympy.Rational
        Largest width, relative to the value. An exact 0 has width 0.
    max_bits : int
        Largest working precision.

    Raises
    ------
    TypeError
        For a Float, a symbol without a value, or a node that isn't supported.
    PrecisionError
        If the width isn't reached: the value is 0, or undefined, or needs more bits.

    Examples
    --------
    >>> from sympy import Symbol, exp, sqrt
    >>> x = Symbol("x")
    >>> print(enclose(sqrt(2) * exp(-x), {x: Rational(10) ** 6}))
    4.66242378917137...e-434295 ± ...
    """
    for symbol, value in values.items():
        if not (isinstance(value, Rational) and value.is_finite):
            raise TypeError(f"the value of {symbol} must be an exact sympy Rational, got {value!r}")
    tolerance = fraction(relative)
    if tolerance <= 0:
        raise ValueError(f"relative must be positive, got {relative}")
    bits = 64 + max(0, tolerance.denominator.bit_length() - tolerance.numerator.bit_length() + 1)
    ball: arb | None = None
    while bits <= max_bits:
        with precision(bits):
            ball = _as_arb(_Evaluator(values)(expr))
            if ball.is_finite():
                result = Enclosure(dyadic(ball.lower()), dyadic(ball.upper()))
                width = result._relative_width
                if width is not None and width <= tolerance:
                    return result
        bits *= 2
    shown = "no finite ball" if ball is None or not ball.is_finite() else ball.str(5)
    raise PrecisionError(
        f"no enclosure of relative width {float(tolerance):.1g} within {max_bits} bits (last: {shown}): "
        "the value may be 0 or undefined here"
    )


def evaluate(expr: Expr, values: Mapping[Symbol, arb]) -> arb:
    """An expression, as for :func:`enclose`, at balls: one pass at the precision that is set.

    Raises
    ------
    TypeError
        As :func:`enclose`.

    Examples
    --------
    >>> from sympy import Symbol, sqrt
    >>> x = Symbol("x")
    >>> with precision(64):
    ...     print(evaluate(sqrt(x), {x: arb(2)}).str(6))
    [1.41421 +/- ...]
    """
    return _as_arb(_Evaluator(values)(expr))


def enclose_apart(
    first: Expr, second: Expr, values: Mapping[Symbol, Rational], *, narrowest: int = 3000
) -> tuple[Enclosure, Enclosure]:
    """Enclosures of two expressions, so narrow that they are disjoint if a relative width of 10^-narrowest does it.

    Raises
    ------
    TypeError, PrecisionError
        As :func:`enclose`.

    Examples
    --------
    >>> from sympy import Symbol, exp
    >>> x = Symbol("x")
    >>> values = {x: Rational(1, 10**40)}
    >>> enclose(1 - x, values).less_than(enclose(exp(-x), values)) is None
    True
    >>> less, more = enclose_apart(1 - x, exp(-x), values)
    >>> less.less_than(more)
    True
    """
    digits, found = 15, (enclose(first, values), enclose(second, values))
    while found[0].less_than(found[1]) is None and digits < narrowest:
        digits = min(3 * digits, narrowest)
        relative = Rational(1, 10**digits)
        try:
            found = enclose(first, values, relative=relative), enclose(second, values, relative=relative)
        except PrecisionError:
            break
    return found


def _as_arb(value: _Value) -> arb:
    return value if isinstance(value, arb) else arb(value)


def _size(value: fmpq) -> int:
    return max(int(value.p).bit_length(), int(value.q).bit_length())


class _Evaluator:
    """One pass over a tree at the precision that is set."""

    def __init__(self, values: Mapping[Symbol, Rational] | Mapping[Symbol, arb]) -> None:
        self.values = values
        self.seen: dict[Expr, _Value] = {}

    def __call__(self, expr: Expr) -> _Value:
        if expr not in self.seen:
            self.seen[expr] = self._evaluate(expr)
        return self.seen[expr]

    def _evaluate(self, expr: Expr) -> _Value:
        if isinstance(expr, Symbol):
            if expr not in self.values:
                raise TypeError(f"no value for the symbol {expr}")
            value = self.values[expr]
            return value if isinstance(value, arb) else _exact(value)
        if isinstance(expr, sp.Float):
            raise TypeError(f"the expression contains the rounded number {expr}; write it as an exact Rational")
        if isinstance(expr, Rational):
            if not expr.is_finite:
                raise TypeError(f"the expression contains {expr}")
            return _exact(expr)
        if expr is sp.pi:
            return arb.pi()
        if expr is sp.E:
            return arb.const_e()
        if isinstance(expr, sp.Add):
            return self._fold(expr, lambda x, y: x + y)
        if isinstance(expr, sp.Mul):
            return self._fold(expr, lambda x, y: x * y)
        if isinstance(expr, sp.Pow):
            return _power(self(expr.base), self(expr.exp)) if expr.base is not sp.E else _as_arb(self(expr.exp)).exp()
        if isinstance(expr, sp.hyper):
            return self._hyper(expr)
        if isinstance(expr, (sp.Min, sp.Max)):
            largest = isinstance(expr, sp.Max)
            return self._fold(expr, lambda x, y: _extreme(x, y, largest))
        function = _FUNCTIONS.get(type(expr))
        if function is None:
            raise TypeError(f"cannot enclose {type(expr).__name__} (in {str(expr)[:60]})")
        return function(*(self(arg) for arg in expr.args))

    def _fold(self, expr: Expr, combine: Callable[[Any, Any], Any]) -> _Value:
        total = self(expr.args[0])
        for arg in expr.args[1:]:
            total = combine(total, self(arg))
            if isinstance(total, fmpq) and _size(total) > _MAX_EXACT:
                total = arb(total)
        return total

    def _hyper(self, expr: Expr) -> arb:
        upper, lower, argument = expr.args
        z = _as_arb(self(argument))
        above, below = ([_as_arb(self(arg)) for arg in part] for part in (upper, lower))
        if len(above) == 2 and len(below) == 1:
            return z.hypgeom_2f1(above[0], above[1], below[0])
        return z.hypgeom(above, below)


def _exact(value: Rational) -> fmpq:
    return fmpq(int(value.p), int(value.q))


def _power(base: _Value, exponent: _Value) -> _Value:
    if not isinstance(exponent, fmpq):
        return _as_arb(base) ** exponent
    if exponent.q == 1:
        power = int(exponent.p)
        if isinstance(base, fmpq):
            if base == 0 and power < 0:
                return arb.nan()
            if _size(base) * abs(power) <= _MAX_EXACT:
                return base**power
        return _as_arb(base) ** fmpz(power)
    if isinstance(base, fmpq) and base == 0 and exponent > 0:
        return base
    ball = _as_arb(base)
    if exponent.q == 2:
        return ball.sqrt() ** fmpz(int(exponent.p))
    return ball ** arb(exponent)


def _extreme(x: _Value, y: _Value, largest: bool) -> _Value:
    if isinstance(x, fmpq) and isinstance(y, fmpq):
        return max(x, y) if largest else min(x, y)
    x, y = _as_arb(x), _as_arb(y)
    return x.max(y) if largest else x.min(y)


def _gamma(x: _Value) -> arb:
    if isinstance(x, fmpq) and x.q == 1 and x.p <= 0:
        return arb.nan()
    return arb.gamma_fmpq(x) if isinstance(x, fmpq) else x.gamma()


def _beta(p: _Value, q: _Value) -> arb:
    return _gamma(p) * _gamma(q) * _as_arb(p + q).rgamma()


def _beta_lower(p: _Value, q: _Value, x: _Value, regularised: bool) -> arb:
    if isinstance(x, fmpq) and x == 0:
        return arb(0)
    return _as_arb(x).beta_lower(_as_arb(p), _as_arb(q), regularized=regularised)


def _on_ball(name: str) -> Callable[[_Value], arb]:
    def apply(x: _Value) -> arb:
        return getattr(_as_arb(x), name)()

    return apply


# Functions that python-flint calls as sympy does.
_SAME_NAME = (
    sp.exp,
    sp.log,
    sp.erf,
    sp.erfc,
    sp.sin,
    sp.cos,
    sp.tan,
    sp.asin,
    sp.acos,
    sp.atan,
    sp.sinh,
    sp.cosh,
    sp.tanh,
)
_FUNCTIONS: dict[type, Callable[..., _Value]] = {
    **{function: _on_ball(function.__name__) for function in _SAME_NAME},
    sp.gamma: _gamma,
    sp.loggamma: _on_ball("lgamma"),
    sp.factorial: lambda x: _gamma(x + 1),
    sp.beta: _beta,
    sp.Abs: abs,
    sp.besselj: lambda order, x: _as_arb(x).bessel_j(_as_arb(order)),
    sp.betainc: lambda p, q, x, y: _beta_lower(p, q, y, False) - _beta_lower(p, q, x, False),
    sp.functions.special.beta_functions.betainc_regularized: lambda p, q, x, y: (
        _beta_lower(p, q, y, True) - _beta_lower(p, q, x, True)
    ),
}
