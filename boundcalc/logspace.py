"""Expression → numpy function for sign and logarithm: no overflow, no underflow, no avoidable cancellation.

What "12 digits" means here. The logarithm is right to a few units of 1e-16 of the largest logarithm that enters it. So
the value has 12 digits wherever those logarithms stay below about 10**3, which for a product of positive factors holds
whenever a float can hold it. A value such as exp(-3.5e8) is known by its logarithm to 15 digits, and by that itself to
7: no logarithm in floats can say more; ask :mod:`boundcalc.enclosure`. Inputs are taken as the binary numbers they are.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import reduce
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray
from sympy import Expr, Symbol

from boundcalc import pairs
from boundcalc.factors import CONSTANTS, group_powers, is_linear, is_polynomial, pair_gammas
from boundcalc.logvalue import Log, LogValue, extreme, log_sine, signed_sum
from boundcalc.pairs import Pair
from boundcalc.special import log_erfc, log_gamma, log_gamma_ratio, log_hyp2f1

__all__ = ["LogValue", "compile_log"]

# Polynomials are evaluated as numbers inside this range, as logarithms outside.
_TINY, _HUGE = 1e-280, 1e280
# Rows are processed in blocks of about this many elements, which fit a core's cache.
_BLOCK = 1 << 14

_Slots = list[Any]
_Step = Callable[[_Slots], Any]


def compile_log(expr: Expr, symbols: Sequence[Symbol]) -> Callable[..., LogValue]:
    """Compile an expression to a numpy function of arrays that returns its sign and logarithm.

    Parameters
    ----------
    expr : sympy.Expr
        Built of rationals, π, E, ``symbols``, sums, products, powers, exp, log, gamma, loggamma, factorial, beta, erf,
        erfc, sin, cos, tan, asin, acos, atan, Min, Max, Abs, and ₂F₁ with positive parameters. Gamma functions take
        positive arguments.
    symbols : sequence of sympy.Symbol
        In the order of the arguments of the result. A symbol declared positive takes values >= 0.

    Returns
    -------
    callable
        Takes one array (or number) per symbol; they are broadcast against each other. It raises ArithmeticError where
        the expression is undefined.

    Raises
    ------
    TypeError
        At compile time, for a symbol that isn't listed, a Float, or a function that isn't supported.

    Notes
    -----
    The expression becomes a straight list of numpy operations; equal subexpressions are computed once. Sums that are
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
    root = compiler.log(sp.sympify(expr, strict=True))
    steps = tuple(compiler.steps)
    count = len(symbols)

    def run(arrays: Sequence[NDArray[np.float64]]) -> Log:
        slots: _Slots = list(arrays)
        for step in steps:
            slots.append(step(slots))
        return slots[root]

    def evaluate(*arguments: Any) -> LogValue:
        if len(arguments) != count:
            raise TypeError(f"the compiled expression takes {count} arrays, got {len(arguments)}")
        arrays = [np.asarray(argument, dtype=np.float64) for argument in arguments]
        shape = np.broadcast_shapes(*(array.shape for array in arrays))
        sign, log = np.empty(shape), np.empty(shape)
        with np.errstate(all="ignore"):
            for rows in _blocks(shape):
                result = run([array[rows] if _spans(array, shape) else array for array in arrays])
                sign[rows], log[rows] = result.sign, result.log
        sign[log == -np.inf] = 0.0
        if not np.all(log < np.inf):  # NaN too
            raise ArithmeticError(f"{_shorten(expr)} is undefined, or its logarithm too large, at one of the arguments")
        return LogValue(sign, log)

    return evaluate


def _blocks(shape: tuple[int, ...]) -> list[Any]:
    size = math.prod(shape)
    if size <= 2 * _BLOCK:
        return [...]
    step = max(1, _BLOCK * shape[0] // size)
    return [slice(start, start + step) for start in range(0, shape[0], step)]


def _spans(array: NDArray[np.float64], shape: tuple[int, ...]) -> bool:
    return array.ndim == len(shape) and array.ndim > 0 and array.shape[0] == shape[0]


def _shorten(expr: Expr) -> str:
    text = str(expr)
    return text if len(text) <= 60 else text[:57] + "..."


class _Compiler:
    """Emits steps. A node has up to three slots: its value as a float, as a pair of floats, and its logarithm."""

    def __init__(self, symbols: tuple[Symbol, ...]) -> None:
        self.symbols = symbols
        self.steps: list[_Step] = []
        self._real: dict[Expr, int] = {symbol: i for i, symbol in enumerate(symbols)}
        self._pair: dict[Expr, int] = {}
        self._log: dict[Expr, int] = {}

    def emit(self, step: _Step) -> int:
        self.steps.append(step)
        return len(self.symbols) + len(self.steps) - 1

    def real(self, expr: Expr) -> int:
        """Slot of the plain value: exponents and arguments of functions."""
        if expr not in self._real:
            self._real[expr] = self.emit(self._real_step(expr))
        return self._real[expr]

    def pair(self, expr: Expr) -> int:
        """Slot of the value of a polynomial in twice the working precision."""
        if expr not in self._pair:
            self._pair[expr] = self.emit(self._pair_step(expr))
        return self._pair[expr]

    def log(self, expr: Expr) -> int:
        """Slot of sign and logarithm."""
        if expr not in self._log:
            self._log[expr] = self.emit(self._log_step(expr))
        return self._log[expr]

    def _check(self, expr: Expr) -> None:
        if isinstance(expr, Symbol) and expr not in self.symbols:
            raise TypeError(f"the expression contains {expr}, which is not among the symbols {self.symbols}")
        if isinstance(expr, sp.Float):
            raise TypeError(f"the expression contains the rounded number {expr}; write it as an exact Rational")

    def _real_step(self, expr: Expr) -> _Step:
        self._check(expr)
        if expr.is_Rational or expr in CONSTANTS:
            constant = _float(expr)
            return lambda slots: constant
        if isinstance(expr, sp.Add):
            parts = [self.real(arg) for arg in expr.args]
            return lambda slots: sum(slots[i] for i in parts)
        if isinstance(expr, sp.Mul) and all(is_linear(arg) or is_linear(1 / arg) for arg in expr.args):
            top = [self.real(arg) for arg in expr.args if is_linear(arg)]
            bottom = [self.real(1 / arg) for arg in expr.args if not is_linear(arg)]
            return lambda slots: _product(slots, top) / _product(slots, bottom)
        if isinstance(expr, sp.Pow) and is_linear(1 / expr):
            inner = self.real(1 / expr)
            return lambda slots: 1.0 / slots[inner]
        if isinstance(expr, sp.log):
            inner = self.log(expr.args[0])
            return lambda slots: np.where(slots[inner].sign > 0, slots[inner].log, np.nan)
        if type(expr) in _PLAIN:
            function, argument = _PLAIN[type(expr)], self.real(expr.args[0])
            return lambda slots: function(slots[argument])
        inner = self.log(expr)
        return lambda slots: slots[inner].sign * np.exp(slots[inner].log)

    def _pair_step(self, expr: Expr) -> _Step:
        if expr.is_Rational or expr in CONSTANTS:
            exact = expr if expr.is_Rational else sp.Rational(str(expr.evalf(40)))
            constant = pairs.split_rational(exact) if 0 < abs(_float(exact)) < math.inf else Pair(math.nan, 0.0)
            return lambda slots: constant
        if isinstance(expr, Symbol):
            index = self.real(expr)
            return lambda slots: Pair(slots[index], 0.0)
        if isinstance(expr, sp.Pow):
            base, power = self.pair(expr.base), int(expr.exp)
            return lambda slots: reduce(pairs.multiply, [slots[base]] * power)
        combine = pairs.add if isinstance(expr, sp.Add) else pairs.multiply
        parts = [self.pair(arg) for arg in expr.args]
        return lambda slots: reduce(combine, [slots[i] for i in parts])

    def _log_step(self, expr: Expr) -> _Step:
        self._check(expr)
        if expr.is_Rational or expr in CONSTANTS:
            constant = _log_constant(expr)
            return lambda slots: constant
        if isinstance(expr, Symbol):
            index = self.real(expr)
            if expr.is_positive:
                return lambda slots: Log(1.0, np.log(slots[index]))
            return lambda slots: Log(np.sign(slots[index]), np.log(np.abs(slots[index])))
        if isinstance(expr, sp.Add):
            return self._add(expr)
        if isinstance(expr, sp.Mul):
            return self._mul(expr)
        if isinstance(expr, sp.exp) or (isinstance(expr, sp.Pow) and expr.base == sp.E):
            inner = self.real(expr.exp)
            return lambda slots: Log(1.0, slots[inner])
        if isinstance(expr, sp.Pow):
            return self._pow(expr)
        if isinstance(expr, sp.hyper):
            return self._hyper(expr)
        if isinstance(expr, (sp.Min, sp.Max)):
            parts = [self.log(arg) for arg in expr.args]
            largest = isinstance(expr, sp.Max)
            return lambda slots: extreme([slots[i] for i in parts], largest)
        if isinstance(expr, sp.Abs):
            inner = self.log(expr.args[0])
            return lambda slots: Log(np.abs(slots[inner].sign), slots[inner].log)
        if isinstance(expr, sp.factorial):
            return self._log_step(sp.gamma(expr.args[0] + 1, evaluate=False))
        if type(expr) in _POSITIVE:
            positive, inputs = _POSITIVE[type(expr)], [self.real(arg) for arg in expr.args]
            return lambda slots: Log(1.0, positive(*(slots[i] for i in inputs)))
        if isinstance(expr, sp.sin):
            inner = self.real(expr.args[0])
            return lambda slots: log_sine(slots[inner])
        if isinstance(expr, sp.log) or type(expr) in _PLAIN:
            inner = self.real(expr)
            return lambda slots: Log(np.sign(slots[inner]), np.log(np.abs(slots[inner])))
        raise TypeError(f"cannot take the logarithm of {type(expr).__name__} in {_shorten(expr)}")

    def _add(self, expr: Expr) -> _Step:
        parts = [self.log(arg) for arg in expr.args]
        if not is_polynomial(expr):
            return lambda slots: signed_sum([slots[i] for i in parts])
        value = self.pair(expr)

        def polynomial(slots: _Slots) -> Log:
            number = slots[value]
            size = np.abs(number.hi)
            good = (size > _TINY) & (size < _HUGE)
            if np.all(good):
                return Log(np.sign(number.hi), pairs.log(number))
            safe = signed_sum([slots[i] for i in parts])
            return Log(np.where(good, np.sign(number.hi), safe.sign), np.where(good, pairs.log(number), safe.log))

        return polynomial

    def _mul(self, expr: Expr) -> _Step:
        ratios, rest = pair_gammas(expr)
        powers, rest = group_powers(rest)
        parts = [self.log(factor) for factor in rest]
        parts += [self.emit(self._power_of_product(bases, power)) for power, bases in powers]
        inputs = [(self.real(x), float(s), times) for (x, s), times in ratios.items()]

        def product(slots: _Slots) -> Log:
            sign: Any = 1.0
            log: Any = 0.0
            for i in parts:
                sign, log = sign * slots[i].sign, log + slots[i].log
            for i, step, times in inputs:
                log = log + times * log_gamma_ratio(_positive(slots[i]), step)
            return Log(sign, log)

        return product

    def _power_of_product(self, bases: list[Expr], power: Expr) -> _Step:
        # (h(2-h))**(d/2) near h = 1: the logarithms of the factors cancel, that of the product doesn't.
        inputs, parts, exponent = [self.pair(b) for b in bases], [self.log(b) for b in bases], self.real(power)

        def raised(slots: _Slots) -> Log:
            value = reduce(pairs.multiply, [slots[i] for i in inputs])
            separate = sum(slots[i].log for i in parts)
            positive = reduce(np.multiply, [slots[i].sign for i in parts]) >= 0
            good = (value.hi > _TINY) & (value.hi < _HUGE)
            log = np.where(good, pairs.log(value), separate)
            return Log(1.0, slots[exponent] * np.where(positive, log, np.nan))

        return raised

    def _pow(self, expr: Expr) -> _Step:
        if isinstance(expr.base, sp.Mul) and not expr.exp.is_Rational and is_polynomial(expr.base):
            return self._power_of_product(list(expr.base.args), expr.exp)
        base, power = self.log(expr.base), self.real(expr.exp)
        parity = int(expr.exp) % 2 if expr.exp.is_Integer else None

        def raised(slots: _Slots) -> Log:
            b, e = slots[base], slots[power]
            log = e * b.log
            if np.any(e == 0):
                log = np.where(e == 0, 0.0, log)
            if parity is None:
                return Log(1.0, log if np.all(b.sign >= 0) else np.where(b.sign >= 0, log, np.nan))
            return Log(b.sign if parity else 1.0, log)

        return raised

    def _hyper(self, expr: Expr) -> _Step:
        upper, lower, argument = expr.args
        if len(upper) != 2 or len(lower) != 1:
            raise TypeError(f"only 2F1 is supported among hypergeometric functions, got {_shorten(expr)}")
        inputs = [self.real(arg) for arg in (*upper, *lower, argument)]
        return lambda slots: Log(1.0, log_hyp2f1(*(slots[i] for i in inputs)))


def _erf(x: Any) -> Any:
    from scipy.special import erf

    return erf(x)


def _log_beta(p: Any, q: Any) -> Any:
    # B(p, q) = Γ(p) / (Γ(p+q)/Γ(q)), with p the smaller one.
    small, large = np.minimum(p, q), np.maximum(p, q)
    return log_gamma(_positive(small)) - log_gamma_ratio(large, small)


def _positive(x: Any) -> Any:
    """NaN where a gamma function is asked for outside x > 0; NaN becomes an error at the end."""
    return np.where(x > 0, x, np.nan)


# Functions of real arguments, and logarithms of positive functions.
_PLAIN: dict[type, Callable[..., Any]] = {
    sp.sin: np.sin,
    sp.cos: np.cos,
    sp.tan: np.tan,
    sp.asin: np.arcsin,
    sp.acos: np.arccos,
    sp.atan: np.arctan,
    sp.erf: _erf,
    sp.loggamma: lambda x: log_gamma(_positive(x)),
}
_POSITIVE: dict[type, Callable[..., Any]] = {
    sp.gamma: lambda x: log_gamma(_positive(x)),
    sp.beta: _log_beta,
    sp.erfc: log_erfc,
}


def _product(slots: _Slots, parts: list[int]) -> Any:
    return math.prod([slots[i] for i in parts])


def _float(expr: Expr) -> float:
    """Nearest float; ±inf or 0 beyond the range."""
    if not expr.is_Rational:
        return float(expr)
    try:
        return int(expr.p) / int(expr.q)
    except OverflowError:
        return math.inf if expr > 0 else -math.inf


def _log_constant(expr: Expr) -> Log:
    if expr == 0:
        return Log(0.0, -math.inf)
    value = abs(_float(expr))
    if expr.is_Rational and not 0 < value < math.inf:
        return Log(1.0 if expr > 0 else -1.0, math.log(abs(int(expr.p))) - math.log(int(expr.q)))
    return Log(1.0 if expr > 0 else -1.0, math.log(value))
