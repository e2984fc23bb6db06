"""Expression → numpy function for sign and logarithm: no overflow, no underflow, no avoidable cancellation.

What "12 digits" means here. The logarithm is right to a few units of 1e-16 of the largest logarithm that enters it, so
the value has 12 digits wherever those logarithms stay below about 10**3, which includes every value that a float can
hold when the expression is a product of positive factors. A value such as exp(-3.5e8) is known by its logarithm to 15
digits, and by that to 7 digits itself: no float logarithm can say more; ask :mod:`boundcalc.enclosure`.
Inputs are taken as the binary numbers they are.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray
from sympy import Expr, Symbol

from boundcalc.special import log_erfc, log_gamma, log_gamma_ratio, log_hyp2f1

__all__ = ["LogValue", "compile_log"]

Array = NDArray[np.float64]
_LN10 = math.log(10)
_TINY, _HUGE = 1e-280, 1e280


@dataclass(frozen=True, eq=False)
class LogValue:
    """Real numbers as sign and natural logarithm of the absolute value (−inf where the sign is 0).

    Attributes
    ----------
    sign, log : numpy.ndarray
        Of one shape; sign is −1, 0 or 1.

    Examples
    --------
    >>> tiny = LogValue(np.array(1.0), np.array(-3.5e8))
    >>> print(tiny)
    2.16e-152003069
    >>> tiny.value()
    Traceback (most recent call last):
    ...
    OverflowError: the value 2.16e-152003069 is outside the range of a float; use its logarithm
    """

    sign: Array
    log: Array

    @property
    def log10(self) -> Array:
        """Logarithm to base 10 of the absolute value."""
        return self.log / _LN10

    def value(self) -> Array:
        """The numbers as floats.

        Raises
        ------
        OverflowError
            If one of them is too large or too small (below 2.3e-308) for a float with full precision.
        """
        outside = (self.sign != 0) & ((self.log > 709.78) | (self.log < -708.39))
        if np.any(outside):
            first = LogValue(self.sign[outside].ravel()[:1], self.log[outside].ravel()[:1])
            raise OverflowError(f"the value {first} is outside the range of a float; use its logarithm")
        return self.sign * np.exp(self.log)

    def __str__(self) -> str:
        if self.log.size != 1:
            return f"LogValue of shape {self.log.shape}, log10 from {self.log10.min():.6g} to {self.log10.max():.6g}"
        sign, log10 = float(self.sign.ravel()[0]), float(self.log10.ravel()[0])
        if sign == 0:
            return "0"
        exponent = math.floor(log10)
        # Digits that the logarithm still carries after its integer part.
        digits = max(0, min(11, 14 - len(str(abs(exponent)))))
        mantissa = 10 ** (log10 - exponent)
        if float(f"{mantissa:.{digits}f}") >= 10:
            mantissa, exponent = mantissa / 10, exponent + 1
        return f"{'-' if sign < 0 else ''}{mantissa:.{min(digits, 2)}f}e{exponent:+03d}"


class _Real:
    """A plain value as an unevaluated sum hi + lo of two floats (lo carries what hi rounded away)."""

    __slots__ = ("hi", "lo")

    def __init__(self, hi: Any, lo: Any = 0.0) -> None:
        self.hi = hi
        self.lo = lo


class _Log:
    """Sign and logarithm of the absolute value."""

    __slots__ = ("log", "sign")

    def __init__(self, sign: Any, log: Any) -> None:
        self.sign = sign
        self.log = log


_Slots = list[Any]
_Step = Callable[[_Slots], Any]


def compile_log(expr: Expr, symbols: Sequence[Symbol]) -> Callable[..., LogValue]:
    """Compile an expression to a numpy function of arrays that returns its sign and logarithm.

    Parameters
    ----------
    expr : sympy.Expr
        Built of numbers, π, E, ``symbols``, sums, products, powers, exp, log, gamma, loggamma, factorial, beta, erf,
        erfc, Min, Max, Abs, Piecewise, trigonometric functions, and ₂F₁ with positive parameters.
    symbols : sequence of sympy.Symbol
        In the order of the arguments of the result.

    Returns
    -------
    callable
        Takes one array (or number) per symbol; they are broadcast against each other.

    Raises
    ------
    TypeError
        For a symbol that isn't listed, a Float, or a function that isn't supported: at compile time.

    Notes
    -----
    The expression becomes a straight list of numpy operations; equal subexpressions are computed once. Sums of
    polynomials are taken in twice the working precision, so that 2 − h near h = 1 keeps its logarithm; other sums are
    signed logsumexp. Quotients of gamma functions whose arguments differ by a number never pass through the logarithms
    of both.

    Examples
    --------
    >>> from sympy import gamma, symbols
    >>> x = symbols("x", positive=True)
    >>> f = compile_log(gamma(x + 1) / x**x, [x])
    >>> print(f(1e6))
    8.26e-434292
    """
    compiler = _Compiler(tuple(symbols))
    root = compiler.log(expr)
    steps = tuple(compiler.steps)
    count = len(compiler.symbols)

    def evaluate(*arrays: Any) -> LogValue:
        if len(arrays) != count:
            raise TypeError(f"the compiled expression takes {count} arrays, got {len(arrays)}")
        values = [np.asarray(array, dtype=np.float64) for array in arrays]
        slots: _Slots = [_Real(value) for value in values]
        with np.errstate(all="ignore"):
            for step in steps:
                slots.append(step(slots))
        result = slots[root]
        shape = np.broadcast_shapes(*(value.shape for value in values)) if values else ()
        log = np.broadcast_to(np.asarray(result.log, dtype=np.float64), shape)
        sign = np.broadcast_to(np.asarray(result.sign, dtype=np.float64), shape)
        if np.any(np.isnan(log)) or np.any(np.isnan(sign)) or np.any(log == np.inf):
            raise ArithmeticError(f"{_shorten(expr)} is undefined, or its logarithm too large, at one of the arguments")
        return LogValue(sign, log)

    return evaluate


def _shorten(expr: Expr) -> str:
    text = str(expr)
    return text if len(text) <= 60 else text[:57] + "..."


class _Compiler:
    """Emits steps; each node has up to two slots, its plain value (``real``) and its logarithm (``log``)."""

    def __init__(self, symbols: tuple[Symbol, ...]) -> None:
        self.symbols = symbols
        self.steps: list[_Step] = []
        self._real: dict[Expr, int] = {symbol: i for i, symbol in enumerate(symbols)}
        self._log: dict[Expr, int] = {}

    def emit(self, step: _Step) -> int:
        self.steps.append(step)
        return len(self.symbols) + len(self.steps) - 1

    def real(self, expr: Expr) -> int:
        """Slot of the plain value."""
        if expr not in self._real:
            self._real[expr] = self.emit(self._real_step(expr))
        return self._real[expr]

    def log(self, expr: Expr) -> int:
        """Slot of sign and logarithm."""
        if expr not in self._log:
            self._log[expr] = self.emit(self._log_step(expr))
        return self._log[expr]

    # Plain values: exponents, arguments of functions, polynomials.

    def _real_step(self, expr: Expr) -> _Step:
        if isinstance(expr, Symbol):
            raise TypeError(f"the expression contains {expr}, which is not among the symbols {self.symbols}")
        if isinstance(expr, sp.Float):
            raise TypeError(f"the expression contains the rounded number {expr}; write it as an exact Rational")
        if expr.is_Rational or expr in _CONSTANTS:
            constant = _exact_pair(expr)
            return lambda slots: constant
        if isinstance(expr, (sp.Add, sp.Mul)) and _is_polynomial(expr):
            parts = [self.real(arg) for arg in expr.args]
            combine = _dd_add if isinstance(expr, sp.Add) else _dd_mul
            return lambda slots: _fold(combine, [slots[i] for i in parts])
        if isinstance(expr, sp.Pow) and _is_polynomial(expr):
            base, power = self.real(expr.base), int(expr.exp)
            return lambda slots: _fold(_dd_mul, [slots[base]] * power)
        if isinstance(expr, sp.Add):
            parts = [self.real(arg) for arg in expr.args]
            return lambda slots: _Real(sum(slots[i].hi for i in parts))
        if isinstance(expr, sp.log):
            inner = self.log(expr.args[0])
            return lambda slots: _Real(np.where(slots[inner].sign > 0, slots[inner].log, np.nan))
        if type(expr) in _PLAIN:
            function, inputs = _PLAIN[type(expr)], [self.real(arg) for arg in expr.args]
            return lambda slots: _Real(function(*(slots[i].hi for i in inputs)))
        inner = self.log(expr)
        return lambda slots: _Real(slots[inner].sign * np.exp(slots[inner].log))

    # Signs and logarithms.

    def _log_step(self, expr: Expr) -> _Step:
        if isinstance(expr, sp.Add):
            return self._add(expr)
        if isinstance(expr, sp.Mul):
            return self._mul(expr)
        if isinstance(expr, sp.exp):
            inner = self.real(expr.args[0])
            return lambda slots: _Log(1.0, slots[inner].hi + slots[inner].lo)
        if isinstance(expr, sp.Pow):
            return self._pow(expr)
        if isinstance(expr, (sp.gamma, sp.factorial)):
            argument = self.real(expr.args[0] + (1 if isinstance(expr, sp.factorial) else 0))
            return lambda slots: _Log(1.0, log_gamma(_positive(slots[argument].hi)))
        if isinstance(expr, sp.beta):
            # B(p, q) = Γ(p) / (Γ(p+q)/Γ(q)), with p the smaller one.
            first, second = (self.real(arg) for arg in expr.args)
            return lambda slots: _Log(1.0, _log_beta(_positive(slots[first].hi), _positive(slots[second].hi)))
        if isinstance(expr, sp.erfc):
            inner = self.real(expr.args[0])
            return lambda slots: _Log(1.0, log_erfc(slots[inner].hi))
        if isinstance(expr, sp.hyper):
            return self._hyper(expr)
        if isinstance(expr, (sp.Min, sp.Max)):
            parts = [self.log(arg) for arg in expr.args]
            largest = isinstance(expr, sp.Max)
            return lambda slots: _extreme([slots[i] for i in parts], largest)
        if isinstance(expr, sp.Abs):
            inner = self.log(expr.args[0])
            return lambda slots: _Log(np.abs(slots[inner].sign), slots[inner].log)
        if isinstance(expr, sp.sin):
            inner = self.real(expr.args[0])
            return lambda slots: _log_sin(slots[inner].hi)
        if expr.is_Rational or expr.is_Symbol or expr in _CONSTANTS or isinstance(expr, (sp.log, *_PLAIN)):
            inner = self.real(expr)
            return lambda slots: _log_of(slots[inner])
        raise TypeError(f"cannot take the logarithm of {type(expr).__name__} in {_shorten(expr)}")

    def _add(self, expr: Expr) -> _Step:
        parts = [self.log(arg) for arg in expr.args]
        if not _is_polynomial(expr):
            return lambda slots: _logsumexp([slots[i] for i in parts])
        plain = self.real(expr)

        def polynomial(slots: _Slots) -> _Log:
            value = slots[plain]
            size = np.abs(value.hi)
            direct = _log_of(value)
            if np.all((size > _TINY) & (size < _HUGE)):
                return direct
            safe = _logsumexp([slots[i] for i in parts])
            good = (size > _TINY) & (size < _HUGE)
            return _Log(np.where(good, direct.sign, safe.sign), np.where(good, direct.log, safe.log))

        return polynomial

    def _mul(self, expr: Expr) -> _Step:
        ratios, rest = _pair_gammas(expr)
        powers, rest = _group_powers(rest)
        parts = [self.log(factor) for factor in rest]
        parts += [self.emit(self._power_of_product(bases, power)) for power, bases in powers]
        inputs = [(self.real(x), float(s)) for x, s in ratios]

        def product(slots: _Slots) -> _Log:
            sign: Any = 1.0
            log: Any = 0.0
            for i in parts:
                sign, log = sign * slots[i].sign, log + slots[i].log
            for i, step in inputs:
                log = log + log_gamma_ratio(_positive(slots[i].hi), step)
            return _Log(sign, np.where(sign == 0, -np.inf, log))

        return product

    def _power_of_product(self, bases: list[Expr], power: Expr) -> _Step:
        # (h(2-h))**(d/2) near h = 1: the logarithms of the factors cancel, that of the product doesn't.
        inputs, parts, exponent = [self.real(b) for b in bases], [self.log(b) for b in bases], self.real(power)

        def raised(slots: _Slots) -> _Log:
            value = _fold(_dd_mul, [slots[i] for i in inputs])
            log = sum(slots[i].log for i in parts)
            positive = np.logical_and.reduce([np.broadcast_to(slots[i].sign > 0, np.shape(log)) for i in parts])
            good = (value.hi > _TINY) & (value.hi < _HUGE)
            log = np.where(good, _log_of(value).log, log) if np.any(good) else log
            return _Log(np.where(positive, 1.0, np.nan), slots[exponent].hi * log)

        return raised

    def _pow(self, expr: Expr) -> _Step:
        if expr.base == sp.E:
            inner = self.real(expr.exp)
            return lambda slots: _Log(1.0, slots[inner].hi + slots[inner].lo)
        base, power = self.log(expr.base), self.real(expr.exp)
        parity = int(expr.exp) % 2 if expr.exp.is_Integer else None

        def raised(slots: _Slots) -> _Log:
            b, e = slots[base], slots[power].hi
            log = np.where(e == 0, 0.0, e * b.log)
            if parity is None:
                return _Log(np.where(b.sign > 0, 1.0, np.where((b.sign == 0) & (e > 0), 0.0, np.nan)), log)
            return _Log(b.sign if parity else np.abs(b.sign), log)

        return raised

    def _hyper(self, expr: Expr) -> _Step:
        upper, lower, argument = expr.args
        if len(upper) != 2 or len(lower) != 1:
            raise TypeError(f"only 2F1 is supported among hypergeometric functions, got {_shorten(expr)}")
        inputs = [self.real(arg) for arg in (*upper, *lower, argument)]
        return lambda slots: _Log(1.0, log_hyp2f1(*(slots[i].hi for i in inputs)))


_CONSTANTS = (sp.pi, sp.E)
_PLAIN: dict[type, Callable[..., Any]] = {
    sp.sin: np.sin,
    sp.cos: np.cos,
    sp.tan: np.tan,
    sp.asin: np.arcsin,
    sp.acos: np.arccos,
    sp.atan: np.arctan,
    sp.loggamma: lambda x: log_gamma(_positive(x)),
    sp.erf: lambda x: _erf(x),
}


def _erf(x: Any) -> Any:
    from scipy.special import erf

    return erf(x)


def _log_sin(x: Any) -> _Log:
    # Near a peak the rounding of sin x is large against log|sin x|; cos x is small and accurate there.
    sine, cosine = np.sin(x), np.cos(x)
    near = np.abs(cosine) < 0.5
    return _Log(
        np.sign(sine), np.where(near, 0.5 * np.log1p(-(np.where(near, cosine, 0.0) ** 2)), np.log(np.abs(sine)))
    )


def _positive(x: Any) -> Any:
    """NaN where a gamma function is asked for outside x > 0; NaN becomes an error at the end."""
    return np.where(x > 0, x, np.nan)


def _is_polynomial(expr: Expr) -> bool:
    """A polynomial in symbols with rational or π, E coefficients and small powers."""
    if isinstance(expr, sp.Pow):
        return bool(expr.exp.is_Integer and 1 <= expr.exp <= 4 and _is_polynomial(expr.base))
    if isinstance(expr, (sp.Add, sp.Mul)):
        return all(_is_polynomial(arg) for arg in expr.args)
    return bool(expr.is_Rational or expr.is_Symbol or expr in _CONSTANTS)


def _exact_pair(expr: Expr) -> _Real:
    """A constant as the sum of two floats; beyond the float range as inf or 0, which the log path repairs."""
    exact = expr if expr.is_Rational else sp.Rational(str(expr.evalf(40)))
    try:
        hi = int(exact.p) / int(exact.q)
    except OverflowError:
        return _BigReal(exact)
    if hi == 0.0 and exact != 0:
        return _BigReal(exact)
    rest = exact - sp.Rational(*hi.as_integer_ratio())
    return _Real(hi, int(rest.p) / int(rest.q))


class _BigReal(_Real):
    """A rational constant outside the float range, which keeps its logarithm."""

    __slots__ = ("log", "sign")

    def __init__(self, exact: sp.Rational) -> None:
        super().__init__(math.inf if abs(exact) > 1 else 0.0)
        self.sign = 1.0 if exact > 0 else -1.0
        self.log = math.log(abs(int(exact.p))) - math.log(int(exact.q))


def _log_of(value: _Real) -> _Log:
    if isinstance(value, _BigReal):
        return _Log(value.sign, value.log)
    size = np.abs(value.hi)
    return _Log(
        np.sign(value.hi), np.log(size) + np.where(size > 0, value.lo / np.where(value.hi == 0, 1, value.hi), 0.0)
    )


def _fold(combine: Callable[[_Real, _Real], _Real], parts: list[_Real]) -> _Real:
    result = parts[0]
    for part in parts[1:]:
        result = combine(result, part)
    return result


def _dd_add(x: _Real, y: _Real) -> _Real:
    # Knuth's two-sum: hi + lo is exactly x.hi + y.hi.
    hi = x.hi + y.hi
    back = hi - x.hi
    lo = (x.hi - (hi - back)) + (y.hi - back) + (x.lo + y.lo)
    total = hi + lo
    return _Real(total, lo - (total - hi))


def _dd_mul(x: _Real, y: _Real) -> _Real:
    # Dekker's product with Veltkamp's splitting; overflow gives NaN in lo, where the log path takes over.
    hi = x.hi * y.hi
    a, b = 134217729.0 * x.hi, 134217729.0 * y.hi
    x1, y1 = a - (a - x.hi), b - (b - y.hi)
    x2, y2 = x.hi - x1, y.hi - y1
    lo = ((x1 * y1 - hi) + x1 * y2 + x2 * y1) + x2 * y2 + (x.hi * y.lo + x.lo * y.hi)
    total = hi + lo
    return _Real(total, lo - (total - hi))


def _logsumexp(parts: list[_Log]) -> _Log:
    top: Any = parts[0].log
    for part in parts[1:]:
        top = np.maximum(top, part.log)
    anchor = np.where(np.isfinite(top), top, 0.0)
    total: Any = 0.0
    for part in parts:
        total = total + part.sign * np.exp(part.log - anchor)
    return _Log(np.sign(total), np.where(total == 0, -np.inf, np.log(np.abs(total)) + anchor))


def _extreme(parts: list[_Log], largest: bool) -> _Log:
    best = parts[0]
    for part in parts[1:]:
        # Order by sign first, then by size within the sign.
        above = (part.sign > best.sign) | ((part.sign == best.sign) & (part.sign * part.log > best.sign * best.log))
        take = above if largest else ~above
        best = _Log(np.where(take, part.sign, best.sign), np.where(take, part.log, best.log))
    return best


def _log_beta(p: Any, q: Any) -> Any:
    small, large = np.minimum(p, q), np.maximum(p, q)
    return log_gamma(small) - log_gamma_ratio(large, small)


def _group_powers(factors: list[Expr]) -> tuple[list[tuple[Expr, list[Expr]]], list[Expr]]:
    """Powers of polynomials that share an exponent which isn't an integer, and the other factors."""
    groups: dict[Expr, list[Expr]] = {}
    rest: list[Expr] = []
    for factor in factors:
        base, power = factor.as_base_exp()
        if power.is_Rational or not _is_polynomial(base) or base == sp.E:
            rest.append(factor)
        else:
            groups.setdefault(power, []).append(base)
    for power in [p for p, bases in groups.items() if len(bases) == 1]:
        rest.append(groups.pop(power)[0] ** power)
    return list(groups.items()), rest


def _pair_gammas(expr: Expr) -> tuple[list[tuple[Expr, Expr]], list[Expr]]:
    """Split a product into quotients Γ(x+s)/Γ(x), as pairs (x, s) with a number s, and the other factors."""
    above: list[Expr] = []
    below: list[Expr] = []
    rest: list[Expr] = []
    for factor in expr.args:
        base, power = factor.as_base_exp()
        if isinstance(base, (sp.gamma, sp.factorial)) and power.is_Integer and abs(power) <= 8:
            argument = base.args[0] + (1 if isinstance(base, sp.factorial) else 0)
            (above if power > 0 else below).extend([argument] * abs(int(power)))
        else:
            rest.append(factor)
    ratios: list[tuple[Expr, Expr]] = []
    for x in list(above):
        for y in below:
            step = sp.expand(x - y)
            if step.is_Rational and abs(step) < 10**6:
                ratios.append((y, step))
                above.remove(x)
                below.remove(y)
                break
    return ratios, rest + [sp.gamma(x) for x in above] + [1 / sp.gamma(x) for x in below]
