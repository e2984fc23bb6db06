"""Rates on whole grids: arrays of d, n and the optional symbols, broadcast against each other."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from sympy import Symbol

from boundcalc.cached import cached_property
from boundcalc.exact import describe, log_exact, number_array
from boundcalc.logvalue import LogValue
from boundcalc.rate_values import RateValues, rate_values
from boundcalc.shown import Shown, show_log10
from boundcalc.statement import Quantity, Side, Theorem
from boundcalc.symbols import VARIABLES
from boundcalc.symbols import d as D

_Array = NDArray[np.float64]
_FLOAT_LOG_MAX = 708.0


def is_grid(*values: object) -> bool:
    """Whether one of the arguments is an array, list or tuple, so that the answer is a grid."""
    return any(isinstance(v, (list, tuple)) or (isinstance(v, np.ndarray) and v.ndim > 0) for v in values)


def flat_minima(flatness: str) -> str:
    """The title of rates: of which minima."""
    said = {"lambda-max": "Flat minima", "none": "Minima of bounded variation norm"}
    return f"{said.get(flatness, f'Flat ({flatness}) minima')} of two-layer ReLU networks"


def read_array(name: str, value: object) -> _Array:
    """An argument of a grid as an array of floats, checked against the domain of its symbol.

    Raises
    ------
    TypeError
        If it is not made of numbers.
    ValueError
        If it is empty or ragged, or an entry is not finite or outside the domain; the message says which.
    """
    variable = VARIABLES[name]
    if not is_grid(value):
        exact = variable.exact(value.item() if isinstance(value, np.ndarray) else value)
        if abs(log_exact(exact)) > _FLOAT_LOG_MAX:
            raise ValueError(f"{name} must fit a float in a grid, got {describe(value)}; pass it without arrays")
        return np.asarray(float(exact))
    array = number_array(name, value)
    if array.size == 0:
        raise ValueError(f"{name} must hold at least one number, got an empty array of shape {array.shape}")
    inside = variable.inside(array)
    if not np.all(inside):
        index = tuple(int(i) for i in np.argwhere(~inside)[0])
        where = f"entry {index[0] if len(index) == 1 else index} is {float(array[index])!r}"
        raise ValueError(f"{name} ({variable.meaning}) must be {variable.domain}; {where}")
    return array


@dataclass(frozen=True, eq=False, repr=False)
class RateGridBound(Shown):
    """One side on a grid: rates, known up to factors that depend on d alone.

    Attributes
    ----------
    theorem : Theorem
        It gives the bound wherever its assumptions on d hold.
    at_one : Theorem or None
        The theorem that takes its place at d = 1; where there is none but one is needed, the bound is the trivial 0.
    """

    theorem: Theorem
    at_one: Theorem | None
    _given: Mapping[Symbol, _Array] = field(repr=False)
    _logs: Mapping[Symbol, _Array] = field(repr=False)
    _special: NDArray[np.bool_] | None = field(repr=False, default=None)

    @property
    def side(self) -> Side:
        """Upper, lower or tight."""
        return self.theorem.bound.side

    def __str__(self) -> str:
        ends = (show_log10(end(self.log_value) / math.log(10), 4) for end in (np.min, np.max))
        return f"{' .. '.join(ends)}  {self.theorem.source}" + (
            f"; at d = 1 {self.at_one.source}" if self.at_one else ""
        )

    def _everywhere(self, evaluate: Callable[[RateValues], _Array], trivial: float) -> _Array:
        """A number of the bound on the grid; at d = 1 that of ``at_one``, or the one of the trivial bound."""
        values = evaluate(rate_values(self.theorem.bound))
        if self._special is None:
            return values
        return np.where(
            self._special, trivial if self.at_one is None else evaluate(rate_values(self.at_one.bound)), values
        )

    @cached_property
    def exponent(self) -> _Array:
        """e in n**(-e) for each d, as floats; inf where the bound is the trivial 0."""
        d = self._given[D]
        return np.broadcast_to(self._everywhere(lambda rate: rate.exponent.on(d), math.inf), d.shape)

    @cached_property
    def log_value(self) -> _Array:
        """Natural logarithms of the constant-free rates; -inf where the bound is the trivial 0."""
        shape = np.broadcast_shapes(*(array.shape for array in self._given.values()))
        values = self._everywhere(lambda rate: rate.log_on(self._given, self._logs), -math.inf)
        return np.broadcast_to(values, shape)

    @cached_property
    def value(self) -> _Array:
        """The constant-free rates as floats.

        Raises
        ------
        OverflowError
            Where a float can't hold one of them; :attr:`log_value` always can.
        """
        logs = self.log_value
        if self._special is None and float(np.min(logs)) > -708.0 and float(np.max(logs)) < 709.0:
            return np.asarray(np.exp(logs))
        return LogValue(np.where(logs == -math.inf, 0.0, 1.0), logs).value


@dataclass(frozen=True, eq=False, repr=False)
class RateGrid(Shown):
    """Upper and lower rates on a grid, beside the rate of low-norm networks.

    Attributes
    ----------
    quantity : Quantity
    given : mapping of Symbol to array
        The arguments, not broadcast.
    upper, low_norm : RateGridBound
    lower : RateGridBound or None
        None where none is stated (the gap without flatness).
    shape : tuple of int
        Of every ``log_value`` and ``value``.
    flatness : str
        As in :func:`boundcalc.rate`.

    Examples
    --------
    >>> from boundcalc import rate
    >>> grid = rate(d=[2, 20], n=[[1e4], [1e6]])
    >>> grid.shape, grid.lower.exponent
    ((2, 2), array([0.66666667, 0.0952381 ]))
    >>> print(grid.lower.value[0, 1].round(6))
    0.415956
    """

    quantity: Quantity
    given: Mapping[Symbol, _Array]
    upper: RateGridBound
    lower: RateGridBound | None
    low_norm: RateGridBound
    shape: tuple[int, ...]
    flatness: str = "lambda-max"

    @classmethod
    def build(
        cls,
        quantity: Quantity,
        arguments: Mapping[str, object],
        upper: Theorem,
        lower: tuple[Theorem, Theorem | None] | None,
        low_norm: Theorem,
        flatness: str = "lambda-max",
    ) -> RateGrid:
        """Check the arguments, broadcast their shapes, and prepare the bounds; ``lower`` is for d >= 2 and d = 1."""
        arrays = {name: read_array(name, value) for name, value in arguments.items() if value is not None}
        try:
            shape = np.broadcast_shapes(*(array.shape for array in arrays.values()))
        except ValueError:
            shapes = ", ".join(f"{name} {array.shape}" for name, array in arrays.items() if array.ndim)
            raise ValueError(f"{', '.join(arrays)} must have shapes that broadcast together, got {shapes}") from None
        given = {VARIABLES[name].symbol: array for name, array in arrays.items()}
        logs = {symbol: np.log(array) for symbol, array in given.items() if symbol is not D}
        ones = given[D] == 1
        below = RateGridBound(*lower, given, logs, ones if np.any(ones) else None) if lower else None
        above, low = (RateGridBound(theorem, None, given, logs) for theorem in (upper, low_norm))
        return cls(quantity, given, above, below, low, shape, flatness)

    def __str__(self) -> str:
        names = ", ".join(str(symbol) for symbol in self.given)
        lines = [f"{flat_minima(self.flatness)}: {self.quantity.value} on a grid of shape {self.shape} in {names}"]
        rows = (("upper", self.upper), ("lower", self.lower), ("low norm", self.low_norm))
        lines += [f"  {label:<8}  {bound}" for label, bound in rows if bound is not None]
        lines.append("These are rates: constants that depend on d are hidden, so no value is a value of the error.")
        return "\n".join(lines)
