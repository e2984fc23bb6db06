"""A formula whose floats, logarithms, enclosures and LaTeX all come from one expression."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from sympy import Expr, Rational, Symbol

from boundcalc.cached import cached_property
from boundcalc.exact import describe, exact_rational, number_array
from boundcalc.shown import Shown
from boundcalc.statement import Status
from boundcalc.symbols import Variable, h
from boundcalc.typeset import tex

if TYPE_CHECKING:
    from boundcalc.enclosure import Enclosure
    from boundcalc.logspace import LogValue

NARROW = Rational(1, 10**15)
_LARGE = 2**53


@dataclass(frozen=True, repr=False)
class ClosedForm(Shown):
    """A formula in d and one more variable: expression, floats, enclosure and LaTeX from one tree.

    Attributes
    ----------
    name, words : str
        ``words`` says what the number is.
    formula : callable
        Makes :attr:`expr`, once and when it is first asked for: sympy takes its time.
    variables : tuple of Variable
        In the order of the arguments of a call, of :meth:`log` and of :meth:`enclose`.
    source : str
        Where it comes from.
    status : Status
    beyond : callable or None
        Makes an equal formula that is well conditioned where ``pivot`` > 1 (caps larger than half the ball), used for
        floats there.
    pivot : sympy.Expr
        Height whose passing 1 means a cap larger than half the ball.
    """

    name: str
    words: str
    formula: Callable[[], Expr]
    variables: tuple[Variable, ...]
    source: str
    status: Status = Status.DERIVED
    beyond: Callable[[], Expr] | None = None
    pivot: Expr = h

    @cached_property
    def expr(self) -> Expr:
        """The formula, true on the whole domain."""
        return self.formula()

    @property
    def symbols(self) -> tuple[Symbol, ...]:
        """The symbols of ``variables``."""
        return tuple(v.symbol for v in self.variables)

    def log(self, *values: Any) -> LogValue:
        """Sign and natural logarithm, for numbers or arrays that broadcast against each other.

        Right to about 1e-15 relative to the logarithm, and 1e-12 relative to the value wherever a float can hold it.

        Raises
        ------
        TypeError, ValueError
            For arguments that aren't numbers, or outside the domain; the message names the argument.
        """
        arrays = self._floats(values)
        try:
            return self._log(*arrays)
        except ArithmeticError as error:
            raise ValueError(
                f"{self._names} must be such that the logarithm of {self.name} is a float: {error}"
            ) from error

    def __call__(self, *values: Any) -> Any:
        """The number as a float (an array for array arguments).

        Raises
        ------
        OverflowError
            If it is outside the range of floats; :meth:`log` gives it then.
        """
        found = self.log(*values)
        try:
            result = found.value
        except OverflowError as error:
            raise OverflowError(f"{self.name}({self._names}): {error}") from None
        return float(result) if result.ndim == 0 else result

    def enclose(self, *values: Any, relative: Rational = NARROW) -> Enclosure:
        """A rigorous enclosure at exact values: int, Rational, Fraction, decimal text, or float read as its decimal.

        Raises
        ------
        TypeError, ValueError
            As :meth:`log`, and naming an argument that is too large for enclosures; they go to 2^53 and often beyond.
        boundcalc.enclosure.PrecisionError
            If no enclosure is narrow enough for another reason.
        """
        from boundcalc.enclosure import PrecisionError, enclose

        self._count(values)
        exact = {v.symbol: v.exact(value) for v, value in zip(self.variables, values, strict=True)}
        try:
            return enclose(self.expr, exact, relative=relative)
        except PrecisionError as error:
            for variable, value in zip(self.variables, values, strict=True):
                if exact[variable.symbol] > _LARGE:
                    words = f"{variable.name} ({variable.meaning}) must be at most 2^53 for an enclosure of {self.name} here"
                    raise ValueError(f"{words}, got {describe(value)}; log gives it as a float") from error
            raise

    def latex(self) -> str:
        """The formula as LaTeX."""
        return tex(self.expr)

    def __str__(self) -> str:
        return f"{self.name}: {self.words} = {self.expr} [{self.source}; {self.status.value}]"

    def _repr_markdown_(self) -> str:
        return f"$\\displaystyle {self.latex()}$"

    @cached_property
    def _log(self) -> Callable[..., LogValue]:
        from boundcalc.logspace import LogValue, compile_log

        inner = compile_log(self.expr, self.symbols)
        if self.beyond is None:
            return inner
        outer, pivot = compile_log(self.beyond(), self.symbols), compile_log(self.pivot, self.symbols)

        def both(*arrays: NDArray[np.float64]) -> LogValue:
            large = pivot(*arrays).log > 0
            if not np.any(large):
                return inner(*arrays)
            if np.all(large):
                return outer(*arrays)
            spread = np.broadcast_arrays(*arrays)
            sign, log = np.empty(large.shape), np.empty(large.shape)
            for mask, function in ((large, outer), (~large, inner)):
                part = function(*(array[mask] for array in spread))
                sign[mask], log[mask] = part.sign, part.log
            return LogValue(sign, log)

        return both

    @property
    def _names(self) -> str:
        return ", ".join(v.name for v in self.variables)

    def _count(self, values: tuple[Any, ...]) -> None:
        if len(values) != len(self.variables):
            raise TypeError(f"{self.name} takes ({self._names}), got {len(values)} arguments")

    def _floats(self, values: tuple[Any, ...]) -> list[NDArray[np.float64]]:
        self._count(values)
        arrays = [_as_floats(v, value) for v, value in zip(self.variables, values, strict=True)]
        try:
            np.broadcast_shapes(*(array.shape for array in arrays))
        except ValueError:
            shapes = ", ".join(f"{v.name} {a.shape}" for v, a in zip(self.variables, arrays, strict=True))
            raise ValueError(f"the arguments of {self.name} must broadcast to one shape, got {shapes}") from None
        return arrays


def _as_floats(variable: Variable, value: Any) -> NDArray[np.float64]:
    """Validated float64 array; ValueError or TypeError names the variable."""
    if isinstance(value, (np.ndarray, list, tuple)):
        array = number_array(variable.name, value)
    elif isinstance(value, float):
        array = np.asarray(value)
    else:
        exact = exact_rational(variable.name, value)
        try:
            array = np.asarray(int(exact.p) / int(exact.q))
        except OverflowError:
            array = np.asarray(0.0)
        if array == 0.0 and exact != 0:
            words = f"{variable.name} ({variable.meaning}) must be in the range of floats here"
            raise ValueError(f"{words}, got {describe(value)}; use enclose")
    inside = variable.inside(array)
    if not np.all(inside):
        shown = value if array.ndim == 0 else float(array[~inside].ravel()[0])
        raise ValueError(f"{variable.name} ({variable.meaning}) must be {variable.domain}, got {describe(shown)}")
    return array
