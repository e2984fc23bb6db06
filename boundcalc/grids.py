"""Rates on whole grids: arrays of d, n and the optional symbols, broadcast against each other."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from sympy import Symbol

from boundcalc.exact import describe, log_exact
from boundcalc.logvalue import LogValue
from boundcalc.rate_values import rate_values
from boundcalc.shown import Shown, show_power_of_ten
from boundcalc.statement import Quantity, Side, Theorem
from boundcalc.symbols import VARIABLES
from boundcalc.symbols import d as D

__all__ = ["RateGrid", "RateGridBound", "is_grid", "read_array"]

_Array = NDArray[np.float64]
_FLOAT_LOG_MAX = 708.0


def is_grid(*values: object) -> bool:
    """Whether one of the arguments is an array, list or tuple, so that the answer is a grid."""
    return any(isinstance(v, (list, tuple)) or (isinstance(v, np.ndarray) and v.ndim > 0) for v in values)


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
    try:
        array = np.asarray(value)
    except ValueError:
        raise ValueError(f"{name} must be a rectangular array of numbers, got {describe(value)}") from None
    if array.dtype.kind not in "iuf":
        raise TypeError(f"{name} must be an array of integers or floats, got {describe(value)} of dtype {array.dtype}")
    if array.size == 0:
        raise ValueError(f"{name} must hold at least one number, got an empty array of shape {array.shape}")
    array = array.astype(np.float64, copy=False)
    # Two reductions and, for integers, one rounding: this is on the path of a million entries.
    inside = math.isfinite(float(np.min(array))) and math.isfinite(float(np.max(array)))
    if inside and variable.lower is not None:
        lowest, bound = float(np.min(array)), float(variable.lower)
        inside = lowest > bound if variable.lower_open else lowest >= bound
    if inside and variable.upper is not None:
        highest, bound = float(np.max(array)), float(variable.upper)
        inside = highest < bound if variable.upper_open else highest <= bound
    if inside and variable.integer:
        inside = bool(np.all(array == np.rint(array)))
    if not inside:
        raise ValueError(f"{name} ({variable.meaning}) must be {variable.domain}; {_first_wrong(name, array)}")
    return array


def _first_wrong(name: str, array: _Array) -> str:
    for index, entry in np.ndenumerate(array):
        try:
            VARIABLES[name].exact(float(entry))
        except ValueError:
            place = index[0] if len(index) == 1 else tuple(int(i) for i in index)
            return f"entry {place} is {float(entry)!r}"
    return "got a value outside it"


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
        ends = (show_power_of_ten(end(self.log_value) / math.log(10), 4) for end in (np.min, np.max))
        return f"{' .. '.join(ends)}  {self.theorem.source}" + (
            f"; at d = 1 {self.at_one.source}" if self.at_one else ""
        )

    @cached_property
    def exponent(self) -> _Array:
        """e in n**(-e) for each d, as floats; inf where the bound is the trivial 0."""
        d = self._given[D]
        values = np.broadcast_to(rate_values(self.theorem.bound).exponent.on(d), d.shape)
        if self._special is None:
            return values
        special = math.inf if self.at_one is None else rate_values(self.at_one.bound).exponent.on(d)
        return np.where(self._special, special, values)

    @cached_property
    def log_value(self) -> _Array:
        """Natural logarithms of the constant-free rates; -inf where the bound is the trivial 0."""
        shape = np.broadcast_shapes(*(array.shape for array in self._given.values()))
        values = rate_values(self.theorem.bound).log_on(self._given, self._logs)
        if self._special is not None:
            special = (
                -math.inf if self.at_one is None else rate_values(self.at_one.bound).log_on(self._given, self._logs)
            )
            values = np.where(self._special, special, values)
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
    upper, lower, low_norm : RateGridBound
    shape : tuple of int
        Of every ``log_value`` and ``value``.

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
    lower: RateGridBound
    low_norm: RateGridBound
    shape: tuple[int, ...]

    @classmethod
    def build(
        cls,
        quantity: Quantity,
        arguments: Mapping[str, object],
        upper: Theorem,
        lower: tuple[Theorem, Theorem | None],
        low_norm: Theorem,
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
        special = ones if bool(np.any(ones)) else None
        return cls(
            quantity,
            given,
            RateGridBound(upper, None, given, logs),
            RateGridBound(*lower, given, logs, special),
            RateGridBound(low_norm, None, given, logs),
            shape,
        )

    def __str__(self) -> str:
        names = ", ".join(str(symbol) for symbol in self.given)
        lines = [
            f"Flat minima of two-layer ReLU networks: {self.quantity.value} on a grid of shape {self.shape} in {names}"
        ]
        rows = (("upper", self.upper), ("lower", self.lower), ("low norm", self.low_norm))
        lines += [f"  {label:<8}  {bound}" for label, bound in rows]
        lines.append("These are rates: constants that depend on d are hidden, so no value is a value of the error.")
        return "\n".join(lines)
