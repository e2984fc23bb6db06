"""The calculator: rates of the upper and lower bounds at one setting, with their theorems and statuses."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property, lru_cache

from sympy import Add, Expr, Integer, Pow, Rational, Symbol, latex

from boundcalc.exact import describe
from boundcalc.explicit import theorem_a
from boundcalc.explicit.result import ExplicitBound, Unmet
from boundcalc.powers import power_factors
from boundcalc.setting import Setting
from boundcalc.symbols import d as D
from boundcalc.symbols import n as N
from boundcalc.theorem import Bound, Quantity, Side, Status, Theorem
from boundcalc.theorems import get

__all__ = ["RateBound", "RateReport", "rate"]

_QUANTITIES = {"mse": Quantity.MSE, "gap": Quantity.GAP}
# theorem keys by quantity: (upper, lower for d >= 2, lower for d = 1, low norm)
_SELECTION: dict[Quantity, tuple[str, str, str | None, str]] = {
    Quantity.MSE: ("mse-upper", "minimax-lower", "minimax-lower-1d", "low-norm-mse"),
    Quantity.GAP: ("gap-upper", "gap-lower", None, "low-norm-gap"),
}
_FLOAT_LOG_MAX = math.log(1.7e308)


@dataclass(frozen=True)
class _Term:
    """A summand of a rate as a product of powers, ready for numbers."""

    factors: tuple[tuple[Expr, Expr, frozenset[Symbol]], ...]
    symbols: frozenset[Symbol]


@lru_cache(maxsize=256)
def _terms(expr: Expr) -> tuple[_Term, ...]:
    terms = []
    for summand in Add.make_args(expr):
        factors = tuple((base, power, frozenset(base.free_symbols)) for base, power in power_factors(summand))
        terms.append(_Term(factors, frozenset(summand.free_symbols)))
    return tuple(terms)


def _log(value: Rational) -> float:
    """Natural logarithm of a positive exact number of any size."""
    return math.log(int(value.p)) - math.log(int(value.q)) if value.q != 1 else math.log(int(value.p))


@dataclass(frozen=True)
class RateBound:
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
        return self.bound.exponent_at(self.setting.d)

    @cached_property
    def log_value(self) -> float:
        """Natural logarithm of :attr:`value`; it never overflows."""
        leading = self.bound.leading
        given = dict(self.setting.substitution)
        logs = []
        for term, summand in zip(_terms(self.bound.expr), Add.make_args(self.bound.expr), strict=True):
            # A lower-order term counts only where all its symbols are given; in the leading one a factor whose
            # symbols are not given is left out, as the constant is.
            if summand != leading and not term.symbols <= given.keys():
                continue
            total = 0.0
            for base, power, symbols in term.factors:
                if symbols <= given.keys():
                    total += float(power.subs(D, self.setting.d)) * _log(Rational(base.subs(given)))
            logs.append(total)
        top = max(logs)
        return top + math.log(math.fsum(math.exp(value - top) for value in logs))

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

    def _repr_latex_(self) -> str:
        return f"${self.latex()}$"

    def __repr__(self) -> str:
        return f"RateBound({self.power}, {self.side.value}, {self.theorem.source}, {self.status.value})"


def _shown(bound: RateBound) -> str:
    try:
        return f"{bound.value:.4g}"
    except OverflowError:
        return f"10^{bound.log_value / math.log(10):.6g}"


@dataclass(frozen=True)
class RateReport:
    """Upper and lower rates at one setting, beside the rate of low-norm networks.

    Attributes
    ----------
    setting : Setting
    quantity : Quantity
    upper, low_norm : RateBound
    lower : RateBound or None
        None where the paper states no lower bound (the gap at d = 1).
    """

    setting: Setting
    quantity: Quantity
    upper: RateBound
    lower: RateBound | None
    low_norm: RateBound

    @cached_property
    def explicit(self) -> ExplicitBound | Unmet:
        """Theorem A at this setting (sigma = B = C = 1 where not given), or why it says nothing here."""
        return theorem_a.evaluate(self.setting)

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader must know, in words."""
        notes = ["These are rates: constants that depend on d are hidden, so no value above is a value of the error."]
        omitted = [name for name in self._optional_symbols() if getattr(self.setting, name) is None]
        if omitted:
            notes.append(f"Factors in {', '.join(omitted)} are left out; pass them to have them evaluated.")
        if self.quantity is Quantity.MSE:
            notes.append(
                "The upper bound is in the empirical norm of optimized stable minima, the lower ones in L2(P)."
            )
        if self.lower is None:
            notes.append("The paper states no lower bound for the gap at d = 1.")
        return tuple(notes)

    def _optional_symbols(self) -> list[str]:
        bounds = [b for b in (self.upper, self.lower, self.low_norm) if b is not None]
        return sorted({s.name for b in bounds for s in b.expr.free_symbols} - {"d", "n"})

    def _rows(self) -> list[tuple[str, RateBound]]:
        rows = [("upper", self.upper), ("lower", self.lower), ("low norm", self.low_norm)]
        return [(name, bound) for name, bound in rows if bound is not None]

    def __str__(self) -> str:
        table = [("", "rate in n", "value", "theorem", "status")]
        table += [
            (name, f"n^(-{b.exponent})", _shown(b), str(b.theorem.source), b.status.value) for name, b in self._rows()
        ]
        widths = [max(len(row[i]) for row in table) for i in range(5)]
        given = ", ".join(f"{name} = {_number(value)}" for name, value in self.setting.given())
        lines = [f"Flat minima of two-layer ReLU networks: {self.quantity.value}, {given}", ""]
        lines += [
            "  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
            for row in table
        ]
        lines += ["", *self.notes, ""]
        if self.quantity is Quantity.MSE:
            lines.append(f"Explicit: {self.explicit}")
        return "\n".join(lines).rstrip()

    def __repr__(self) -> str:
        return str(self)

    def _repr_markdown_(self) -> str:
        given = ", ".join(f"${latex(s)} = {latex(v)}$" for s, v in self.setting.substitution.items())
        lines = [
            f"**{self.quantity.value.capitalize()}** of flat minima of two-layer ReLU networks, {given}",
            "",
            "| | bound, up to constants | rate | value | theorem | status |",
            "|---|---|---|---|---|---|",
        ]
        lines += [
            f"| {name} | ${b.latex()}$ | ${latex(b.power, root_notation=False)}$ | {_shown(b)} | {b.theorem.source} | {b.status.value} |"
            for name, b in self._rows()
        ]
        lines += ["", *self.notes]
        if self.quantity is Quantity.MSE:
            lines += ["", f"Explicit: {self.explicit}"]
        return "\n".join(lines)


def _number(value: Rational) -> str:
    """An exact number as short text; long integers as a power of ten where they are one."""
    text = str(value)
    if len(text) <= 12:
        return text
    digits = math.floor(_log(value) / math.log(10) + 0.5)
    return f"1e{digits}" if value == Integer(10) ** digits else f"10^{_log(value) / math.log(10):.6g}"


def rate(
    d: object,
    n: object,
    *,
    quantity: str = "mse",
    eta: object = None,
    sigma: object = None,
    B: object = None,
    C: object = None,
    M: object = None,
) -> RateReport:
    """Rates of the bounds for flat (stable) minima at dimension d and sample size n.

    Parameters
    ----------
    d : int
        Dimension of the inputs, at least 1.
    n : number or text
        Sample size, at least 1; ``1e4``, ``"1e300"``.
    quantity : {"mse", "gap"}
        Mean squared error, or generalization gap.
    eta, sigma, B, C, M : number or text, optional
        Step size, noise level, bounds on sup norm and weighted variation norm, and max{D, sup norm, 1}. Where given, the
        factors that they enter are evaluated; where not, these factors are left out like the constants.

    Returns
    -------
    RateReport
        With ``upper``, ``lower`` and ``low_norm``; it prints as a table.

    Raises
    ------
    TypeError, ValueError
        If an argument is not a number or lies outside its domain; the message names it.

    Notes
    -----
    The bounds are Thms 3.5, 3.6 and 3.7 of arXiv:2506.20779 and the low-norm rates that it compares with.

    Examples
    --------
    >>> report = rate(d=20, n=1e4)
    >>> report.upper.exponent, report.lower.exponent, report.low_norm.exponent
    (1/44, 2/21, 23/43)
    >>> report.lower.expr
    (sigma**2/n)**(2/(d + 1))*Min(B, C)**((2*d - 2)/(d + 1))
    >>> round(report.lower.value, 6)
    0.415956
    """
    if not isinstance(quantity, str) or quantity not in _QUANTITIES:
        raise ValueError(f"quantity must be 'mse' or 'gap', got {describe(quantity)}")
    which = _QUANTITIES[quantity]
    setting = Setting.parse(d=d, n=n, eta=eta, sigma=sigma, B=B, C=C, M=M)
    if setting.d is None or setting.n is None:
        raise TypeError(
            f"{'d' if setting.d is None else 'n'} must be a number, got None; pass for instance d=20, n=1e4"
        )
    upper, lower, lower_1d, low_norm = _SELECTION[which]
    lower_key = lower if setting.d >= 2 else lower_1d

    def at(key: str) -> RateBound:
        theorem = get(key)
        return RateBound(theorem, theorem.bound, setting)

    return RateReport(setting, which, at(upper), at(lower_key) if lower_key else None, at(low_norm))
