"""What a theorem is here: bounds as expressions, assumptions as predicates, a source and a status."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum

from sympy import Expr, Rational, Symbol
from sympy.logic.boolalg import Boolean

from boundcalc.cached import cached_property
from boundcalc.powers import leading_term, power_exponent
from boundcalc.setting import Setting
from boundcalc.shown import Shown
from boundcalc.symbols import d as D
from boundcalc.symbols import n as N
from boundcalc.typeset import tex


class Side(Enum):
    """On which side of the quantity the expression lies."""

    UPPER = "upper"
    LOWER = "lower"
    TIGHT = "tight"
    INEQUALITY = "inequality"

    def bound(self, quantity: Quantity, expr: Expr, remark: str = "") -> Bound:
        """A bound with every constant: it has values."""
        return Bound(expr, self, quantity, constant_known=True, remark=remark)

    def rate(self, quantity: Quantity, expr: Expr, remark: str = "") -> Bound:
        """A bound up to a factor that depends on d alone."""
        return Bound(expr, self, quantity, constant_known=False, remark=remark)


class Status(Enum):
    """Which kind of truth a claim is."""

    PAPER = "paper"
    DERIVED = "derived"
    NUMERIC = "numeric"
    CONJECTURE = "conjecture"


class Quantity(Enum):
    """What a bound bounds."""

    MSE = "mean squared error"
    GAP = "generalization gap"
    SEMINORM = "weighted variation norm"
    SHARPNESS = "largest Hessian eigenvalue"
    TRACE = "trace of the Hessian"
    DEVIATION = "deviation of the empirical weight"
    PROBABILITY = "probability"
    NORM = "norm"
    SIZE = "number of elements"
    APPROXIMATION = "approximation error"
    WEIGHT = "weight of a neuron"
    COVARIANCE = "covariance"
    CONSTANT = "constant of an identity"
    NOISE = "standard deviation of the noise"


# In LaTeX: of rates, and of bounds with constants.
_RELATIONS = {Side.UPPER: (r"\lesssim_d", r"\le"), Side.LOWER: (r"\gtrsim_d", r"\ge"), Side.TIGHT: (r"\asymp_d", "=")}


@dataclass(frozen=True)
class Source:
    """Where a statement comes from; ``label`` is the place inside it, such as "Thm 3.6"."""

    authors: str
    year: int
    title: str
    identifier: str
    short: str
    label: str = ""

    def at(self, label: str) -> Source:
        """This source at a given place."""
        return replace(self, label=label)

    def __str__(self) -> str:
        return f"{self.short} {self.label}".strip()


@dataclass(frozen=True)
class Assumption:
    """A condition on the setting.

    ``relation`` is a sympy relation in the symbols of the theory, or None for conditions that no number decides
    (such as "x uniform on the unit ball").
    """

    words: str
    relation: Boolean | None = None

    def holds(self, setting: Setting) -> bool | None:
        """True or False where the setting decides it, None where a value is missing or it is not numeric."""
        if self.relation is None or not setting.covers(self.relation):
            return None
        value = self.relation.subs(dict(setting.substitution))
        return bool(value) if value in (True, False) else None


@dataclass(frozen=True, repr=False)
class Bound(Shown):
    """One expression on one side of one quantity.

    Attributes
    ----------
    expr : sympy.Expr
        In the symbols of :mod:`boundcalc.symbols`. With ``constant_known=False`` it holds up to a factor that
        depends on d alone: a rate, not a value.
    side : Side
    quantity : Quantity
    constant_known : bool
    remark : str
        What a reader must know about this bound, in words.
    """

    expr: Expr
    side: Side
    quantity: Quantity
    constant_known: bool
    remark: str = ""

    @cached_property
    def leading(self) -> Expr:
        """The term that decays slowest in n, for every d >= 1."""
        return leading_term(self.expr, N, D)

    @cached_property
    def exponent(self) -> Expr:
        """The exponent e of the leading n**(-e), as an expression in d, read off the expression."""
        return -power_exponent(self.leading, N)

    def exponent_at(self, d: int | Rational) -> Rational:
        """The exponent at one dimension, exactly."""
        return Rational(self.exponent.subs(D, d))

    def __str__(self) -> str:
        hidden = "" if self.constant_known else "  (up to a constant depending on d)"
        return f"{self.quantity.value}, {self.side.value}: {self.expr}{hidden}"

    def latex(self) -> str:
        """The expression as LaTeX."""
        return tex(self.expr)


@dataclass(frozen=True, repr=False)
class Theorem(Shown):
    """A statement with its bounds, assumptions, source and status.

    Attributes
    ----------
    key : str
        Unique name, such as ``"minimax-lower"``.
    title, statement : str
        In words; the formulas live in ``bounds``.
    bounds : mapping of str to Bound
        By a short name; the first one is the main one.
    assumptions : tuple of Assumption
    source : Source
    status : Status
    errata : tuple of int
        Numbers of the errata that touch it (:mod:`boundcalc.erratum`).
    symbols : mapping of Symbol to str
        Meanings of symbols that only this statement uses.
    """

    key: str
    title: str
    statement: str
    bounds: Mapping[str, Bound]
    assumptions: tuple[Assumption, ...]
    source: Source
    status: Status
    errata: tuple[int, ...] = ()
    symbols: Mapping[Symbol, str] = field(default_factory=dict)

    @property
    def bound(self) -> Bound:
        """The main bound."""
        return next(iter(self.bounds.values()))

    def broken(self, setting: Setting) -> tuple[Assumption, ...]:
        """The assumptions that the setting breaks."""
        return tuple(a for a in self.assumptions if a.holds(setting) is False)

    def require(self, setting: Setting) -> None:
        """Raise a ValueError naming the first assumption that the setting breaks."""
        for assumption in self.broken(setting):
            raise ValueError(f"{self.title} ({self.source}) assumes {assumption.words}; got {setting}")

    def __str__(self) -> str:
        lines = [f"{self.title} [{self.key}]", f"  {self.statement}"]
        for name, bound in self.bounds.items():
            lines.append(f"  {name}: {bound}")
            if bound.remark:
                lines.append(f"    {bound.remark}")
        if self.symbols:
            lines.append("  where " + "; ".join(f"{symbol}: {meaning}" for symbol, meaning in self.symbols.items()))
        if self.assumptions:
            lines.append("  assumes " + "; ".join(a.words for a in self.assumptions))
        lines.append(f"  source {self.source}; status {self.status.value}")
        if self.errata:
            lines.append(f"  errata {', '.join(map(str, self.errata))}")
        return "\n".join(lines)

    def _repr_markdown_(self) -> str:
        parts = [f"**{self.title}** (`{self.key}`, {self.source}, *{self.status.value}*)", self.statement]
        for name, bound in self.bounds.items():
            rate, value = _RELATIONS.get(bound.side, (r"\le", r"\le"))
            relation = value if bound.constant_known else rate
            parts.append(rf"$$\text{{{name}}} \;{relation}\; {bound.latex()}$$")
        if self.symbols:
            parts.append(
                "Where " + "; ".join(f"`{symbol}`: {meaning}" for symbol, meaning in self.symbols.items()) + "."
            )
        if self.assumptions:
            parts.append("Assumes " + "; ".join(a.words for a in self.assumptions) + ".")
        return "\n\n".join(parts)
