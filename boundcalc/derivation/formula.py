"""What a derivation is made of: formulas between rates, and steps that say why."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from sympy import Expr

from boundcalc.typeset import tex


class Relation(Enum):
    """How two sides compare; the value is (text, LaTeX). The ``ORDER`` ones hide constants that depend on d."""

    EQUAL = ("=", "=")
    AT_MOST = ("<=", r"\le")
    AT_LEAST = (">=", r"\ge")
    ORDER = ("≍", r"\asymp")
    AT_MOST_ORDER = ("≲", r"\lesssim")
    AT_LEAST_ORDER = ("≳", r"\gtrsim")


@dataclass(frozen=True)
class Formula:
    """``left relation right``; the left side may be a name in words.

    Examples
    --------
    >>> from boundcalc.symbols import d, h
    >>> print(Formula(h, Relation.AT_MOST_ORDER, h ** (d + 2)))
    h ≲ h**(d + 2)
    >>> Formula(h, Relation.ORDER, h**d).latex()
    'h \\\\asymp h^{d}'
    """

    left: Expr | str
    relation: Relation
    right: Expr

    def __str__(self) -> str:
        return f"{self.left} {self.relation.value[0]} {self.right}"

    def latex(self) -> str:
        """The formula as LaTeX, without dollar signs."""
        left = rf"\text{{{self.left}}}" if isinstance(self.left, str) else tex(self.left)
        return f"{left} {self.relation.value[1]} {tex(self.right)}"


@dataclass(frozen=True)
class Step:
    """One step: what is done and why, and the formulas that it gives."""

    words: str
    formulas: tuple[Formula, ...] = ()

    def __str__(self) -> str:
        return "\n".join([self.words, *(f"    {formula}" for formula in self.formulas)])

    def _repr_markdown_(self) -> str:
        return "\n\n".join([self.words, *(f"$${formula.latex()}$$" for formula in self.formulas)])
