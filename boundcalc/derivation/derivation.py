"""A derivation: an exponent, and the steps that lead to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from sympy import Expr, Rational, Symbol

from boundcalc.cached import cached_property
from boundcalc.derivation.formula import Step
from boundcalc.derivation.program import Optimum
from boundcalc.shown import Shown
from boundcalc.statement import Side
from boundcalc.symbols import d as D
from boundcalc.typeset import tex


@dataclass(frozen=True)
class Derived:
    """The best exponent, and how it was found.

    Attributes
    ----------
    exponent : sympy.Expr
        e in n^{-e}.
    steps : tuple of Step
    terms : mapping of str to Expr
        Exponents of the single summands at the best choice, where the bound is a sum.
    parameters : mapping of Symbol to Expr
        Exponents x_p of the best parameters p = n^{-x_p}.
    optima : tuple of Optimum
        The certified programs behind the exponent.
    """

    exponent: Expr
    steps: tuple[Step, ...]
    terms: Mapping[str, Expr] = field(default_factory=dict)
    parameters: Mapping[Symbol, Expr] = field(default_factory=dict)
    optima: tuple[Optimum, ...] = ()

    def after(self, *steps: Step) -> Derived:
        """The same with these steps before."""
        return replace(self, steps=(*steps, *self.steps))


@dataclass(frozen=True, repr=False)
class Derivation(Shown):
    """An exponent derived from its ingredients; the work is done at the first access.

    Attributes
    ----------
    key : str
        Also that of the registered statement whose exponent this derives. Nothing is read from that statement.
    title : str
    side : Side
    work : callable
        Returns the :class:`Derived`.
    """

    key: str
    title: str
    side: Side
    work: Callable[[], Derived]

    @cached_property
    def derived(self) -> Derived:
        """Exponent, steps and terms."""
        return self.work()

    @property
    def exponent(self) -> Expr:
        """e in n^{-e}, in the dimension d (and other parameters of the statement)."""
        return self.derived.exponent

    @property
    def steps(self) -> tuple[Step, ...]:
        """Words and formulas, in order."""
        return self.derived.steps

    @property
    def terms(self) -> Mapping[str, Expr]:
        """Exponents of the single summands at the best choice."""
        return self.derived.terms

    def exponent_at(self, d: int) -> Expr:
        """The exponent at one dimension, exactly."""
        value = self.exponent.subs(D, d)
        return Rational(value) if value.is_Rational else value

    def __str__(self) -> str:
        lines = [f"{self.title} [{self.key}]"]
        lines += [f"{i}. {step}" for i, step in enumerate(self.steps, start=1)]
        return "\n".join([*lines, f"Exponent of 1/n ({self.side.value} bound): {self.exponent}"])

    def _repr_markdown_(self) -> str:
        parts = [f"**{self.title}** (`{self.key}`)"]
        parts += [f"{i}. {step._repr_markdown_()}" for i, step in enumerate(self.steps, start=1)]
        parts.append(f"Exponent of $1/n$ ({self.side.value} bound): ${tex(self.exponent)}$")
        return "\n\n".join(parts)
