"""The calculator: rates of the upper and lower bounds at one setting, with their theorems and statuses."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, overload

import numpy as np
from sympy import Expr, Pow, Rational

from boundcalc.cached import cached_property
from boundcalc.exact import describe, rational
from boundcalc.explicit import theorem_a
from boundcalc.explicit.theorem_a import ExplicitBound, Unmet
from boundcalc.grids import RateGrid, flat_minima, is_grid
from boundcalc.options import OPTIONS
from boundcalc.rate_values import rate_values
from boundcalc.registry import theorem
from boundcalc.setting import Setting
from boundcalc.shown import Shown, aligned, show_log10
from boundcalc.statement import Bound, Quantity, Side, Status, Theorem
from boundcalc.symbols import d as D
from boundcalc.symbols import n as N
from boundcalc.typeset import tex

_QUANTITIES = {"mse": Quantity.MSE, "gap": Quantity.GAP}
# theorem keys by flatness and quantity: (upper, lower for d >= 2, lower for d = 1); then those of low norm by quantity
_SELECTION: dict[tuple[str, Quantity], tuple[str, str | None, str | None]] = {
    ("lambda-max", Quantity.MSE): ("mse-upper", "minimax-lower", "minimax-lower-1d"),
    ("lambda-max", Quantity.GAP): ("gap-upper", "gap-lower", None),
    ("localised", Quantity.MSE): ("stable-mse-upper", "stable-mse-lower", "stable-mse-lower"),
    ("localised", Quantity.GAP): ("stable-gap-upper", "gap-lower", None),
    ("trace", Quantity.MSE): ("trace-mse-upper", "trace-minimax", "trace-minimax"),
    ("trace", Quantity.GAP): ("trace-gap-upper", "trace-gap-lower", None),
    ("none", Quantity.MSE): ("low-norm-mse", "low-norm-mse", "low-norm-mse"),
    ("none", Quantity.GAP): ("low-norm-gap", None, None),
}
_LOW_NORM = {Quantity.MSE: "low-norm-mse", Quantity.GAP: "low-norm-gap"}
# What explicit_lower is asked for beside the setting. No weight stands for localised flatness.
_WEIGHTS: dict[str, list[str]] = {"lambda-max": [], "trace": ['weight="trace"'], "none": ["weight=0"]}
_FLOAT_LOG_MAX = math.log(1.7e308)


def read_quantity(quantity: object) -> Quantity:
    """The quantity that "mse" or "gap" means; a ValueError for anything else."""
    if not isinstance(quantity, str) or quantity not in _QUANTITIES:
        raise ValueError(f"quantity must be 'mse' or 'gap', got {describe(quantity)}")
    return _QUANTITIES[quantity]


@dataclass(frozen=True, repr=False)
class RateBound(Shown):
    """One bound at one setting: a rate, known up to a factor that depends on d alone.

    Attributes
    ----------
    theorem : Theorem
    bound : Bound
    setting : Setting
    """

    theorem: Theorem
    bound: Bound
    setting: Setting

    @property
    def expr(self) -> Expr:
        """The bound in symbols, as the theorem states it."""
        return self.bound.expr

    @property
    def side(self) -> Side:
        """Upper, lower or tight."""
        return self.bound.side

    @property
    def status(self) -> Status:
        """Which kind of truth the statement is."""
        return self.theorem.status

    @cached_property
    def exponent(self) -> Rational:
        """e in n**(-e), exactly, at this dimension."""
        exact = rate_values(self.bound).exponent.at(int(self.setting.substitution[D]))
        return rational(exact)

    @cached_property
    def log_value(self) -> float:
        """Natural logarithm of :attr:`value`; it never overflows."""
        return rate_values(self.bound).log(self.setting.substitution)

    @cached_property
    def value(self) -> float:
        """The constant-free rate as a float; factors whose symbols are given are evaluated.

        Raises
        ------
        OverflowError
            Where a float can't hold it; :attr:`log_value` always can.
        """
        if abs(self.log_value) > _FLOAT_LOG_MAX:
            raise OverflowError(f"the rate is exp({self.log_value:.6g}), outside the float range; use log_value")
        return math.exp(self.log_value)

    @property
    def power(self) -> Expr:
        """n**(-e) at this dimension, in the symbol n."""
        return Pow(N, -self.exponent)

    def latex(self) -> str:
        """The bound in symbols, as LaTeX."""
        return self.bound.latex()

    def _repr_markdown_(self) -> str:
        return f"${self.latex()}$"

    def __str__(self) -> str:
        return f"RateBound({self.power}, {self.side.value}, {self.theorem.source}, {self.status.value})"


def _shown(bound: RateBound) -> str:
    return show_log10(bound.log_value / math.log(10), 4)


@dataclass(frozen=True, repr=False)
class RateReport(Shown):
    """Upper and lower rates at one setting, beside the rate of low-norm networks.

    Attributes
    ----------
    setting : Setting
    quantity : Quantity
    upper, low_norm : RateBound
    lower : RateBound or None
        None where none is stated (the gap at d = 1, or without flatness).
    flatness : str
        As in :func:`rate`.
    """

    setting: Setting
    quantity: Quantity
    upper: RateBound
    lower: RateBound | None
    low_norm: RateBound
    flatness: str = "lambda-max"

    @cached_property
    def explicit(self) -> ExplicitBound | Unmet:
        """Theorem A at this setting (sigma = B = C = 1 where not given), or why it says nothing here.

        It is about the class of the canonical weight, whatever the flatness.
        """
        return theorem_a.evaluate(self.setting)

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader must know, in words."""
        notes = ["These are rates: constants that depend on d are hidden, so no value above is a value of the error."]
        omitted = [name for name in self._optional_symbols() if getattr(self.setting, name) is None]
        if omitted:
            notes.append(f"Factors in {', '.join(omitted)} are left out; pass them to have them evaluated.")
        if self.flatness == "none":
            notes.append("No flatness is asked for, but a bounded variation norm, as weight decay keeps it.")
        elif self.quantity is Quantity.MSE:
            notes.append(
                "The upper bound is in the empirical norm of optimized stable minima, the lower ones in L2(P)."
            )
        if self.lower is None and self.flatness == "lambda-max":
            notes.append("The paper states no lower bound for the gap at d = 1.")
        elif self.lower is None:
            notes.append("No lower bound for the gap is stated here.")
        return tuple(notes)

    @property
    def _numbers(self) -> tuple[str, ...]:
        """Where numbers with constants are: said of the class that they belong to."""
        if self.quantity is not Quantity.MSE or self.flatness not in _WEIGHTS:
            return ()
        call = f"For numbers with constants: {self._explicit_call()}."
        return (f"Explicit: {self.explicit}", call) if self.flatness == "lambda-max" else (call,)

    def _explicit_call(self) -> str:
        """The call that gives numbers at this setting."""
        names = ["d", "n", *(f"{s}={s}" for s in ("sigma", "B", "C") if getattr(self.setting, s) is not None)]
        names += _WEIGHTS[self.flatness]
        return f"boundcalc.explicit_lower({', '.join(names)})"

    def _optional_symbols(self) -> list[str]:
        bounds = [b for b in (self.upper, self.lower, self.low_norm) if b is not None]
        return sorted({s.name for b in bounds for s in b.expr.free_symbols} - {"d", "n"})

    def _rows(self) -> list[tuple[str, RateBound]]:
        rows = [("upper", self.upper), ("lower", self.lower), ("low norm", self.low_norm)]
        return [(name, bound) for name, bound in rows if bound is not None]

    def __str__(self) -> str:
        table = [("", "rate in n", "up to constants", "theorem", "status")]
        table += [
            (name, f"n^(-{b.exponent})", _shown(b), str(b.theorem.source), b.status.value) for name, b in self._rows()
        ]
        lines = [f"{flat_minima(self.flatness)}: {self.quantity.value}, {self.setting}", ""]
        lines += [f"  {line}" for line in aligned(table)]
        lines += ["", *self.notes, "", *self._numbers]
        return "\n".join(lines).rstrip()

    def _repr_markdown_(self) -> str:
        given = ", ".join(f"${tex(s)} = {tex(v)}$" for s, v in self.setting.substitution.items())
        lines = [
            f"**{self.quantity.value.capitalize()}** of {flat_minima(self.flatness).lower()}, {given}",
            "",
            "| | bound | rate | value up to constants | theorem | status |",
            "|---|---|---|---|---|---|",
        ]
        lines += [
            f"| {name} | ${b.latex()}$ | ${tex(b.power)}$ | {_shown(b)} | {b.theorem.source} | {b.status.value} |"
            for name, b in self._rows()
        ]
        lines += ["", *self.notes]
        for line in self._numbers:
            lines += ["", line.replace(self._explicit_call(), f"`{self._explicit_call()}`")]
        return "\n".join(lines)


Scalar = int | float | str | Fraction | np.integer[Any] | np.floating[Any]


@overload
def rate(
    d: Scalar,
    n: Scalar,
    *,
    quantity: str = ...,
    flatness: str = ...,
    eta: Scalar | None = ...,
    sigma: Scalar | None = ...,
    B: Scalar | None = ...,
    C: Scalar | None = ...,
    M: Scalar | None = ...,
) -> RateReport: ...


@overload
def rate(
    d: object,
    n: object,
    *,
    quantity: str = ...,
    flatness: str = ...,
    eta: object = ...,
    sigma: object = ...,
    B: object = ...,
    C: object = ...,
    M: object = ...,
) -> RateReport | RateGrid: ...


def rate(
    d: object,
    n: object,
    *,
    quantity: str = "mse",
    flatness: str = "lambda-max",
    eta: object = None,
    sigma: object = None,
    B: object = None,
    C: object = None,
    M: object = None,
) -> RateReport | RateGrid:
    """Rates of the bounds for flat (stable) minima at dimension d and sample size n.

    Parameters
    ----------
    d : int, or array of them
        Dimension of the inputs, at least 1.
    n : number or text, or array of numbers
        Sample size, at least 1; ``1e4``, ``"1e300"``.
    quantity : {"mse", "gap"}
        Mean squared error, or generalization gap.
    flatness : {"lambda-max", "localised", "trace", "none"}
        What is flat. ``"lambda-max"``: the largest eigenvalue is at most 2/eta, as for gradient descent, with the paper's
        bounds; ``"localised"``: the same networks, by Theorem E; ``"trace"``: the trace is at most 2/eta, as for global minima
        that are linearly stable for SGD; ``"none"``: a bounded variation norm instead (weight decay).
    eta, sigma, B, C, M : number or text, or array of numbers, optional
        Step size, noise level, bounds on sup norm and weighted variation norm, and max{D, sup norm, 1}. Where given, the
        factors that they enter are evaluated; where not, these factors are left out like the constants.

    Returns
    -------
    RateReport or RateGrid
        With ``upper``, ``lower`` and ``low_norm``; it prints as a table. A grid where one of the arguments is an array or
        list: the shapes are broadcast together and the values are arrays. Single numbers are exact, arrays are floats.

    Raises
    ------
    TypeError, ValueError
        If an argument is not a number or lies outside its domain, or shapes don't fit; the message names it.

    Notes
    -----
    By default the bounds are Thms 3.5, 3.6 and 3.7 of arXiv:2506.20779 and the low-norm rates that it compares with.

    Examples
    --------
    >>> report = rate(d=20, n=1e4)
    >>> report.upper.exponent, report.lower.exponent, report.low_norm.exponent
    (1/44, 2/21, 23/43)
    >>> report.lower.expr
    (sigma**2/n)**(2/(d + 1))*Min(B, C)**((2*d - 2)/(d + 1))
    >>> round(report.lower.value, 6)
    0.415956
    >>> [rate(20, 1e4, flatness=which).upper.exponent for which in ("localised", "trace", "none")]
    [46/1323, 46/563, 23/43]
    >>> rate(d=[5, 10, 20], n=1e6).lower.value.round(4)
    array([0.01  , 0.0811, 0.2683])
    """
    which = read_quantity(quantity)
    arguments = {"d": d, "n": n, "eta": eta, "sigma": sigma, "B": B, "C": C, "M": M}
    for name in ("d", "n"):
        if arguments[name] is None:
            raise TypeError(f"{name} must be a number, got None; pass for instance d=20, n=1e4")
    flat = OPTIONS["flatness"].reader.read("flatness", flatness)
    upper, lower, lower_1d = _SELECTION[flat, which]
    if is_grid(*arguments.values()):
        below = (theorem(lower), theorem(lower_1d) if lower_1d else None) if lower else None
        return RateGrid.build(which, arguments, theorem(upper), below, theorem(_LOW_NORM[which]), flat)
    setting = Setting.parse(**arguments)
    lower_key = lower if setting.substitution[D] >= 2 else lower_1d

    def at(key: str) -> RateBound:
        found = theorem(key)
        return RateBound(found, found.bound, setting)

    return RateReport(setting, which, at(upper), at(lower_key) if lower_key else None, at(_LOW_NORM[which]), flat)
