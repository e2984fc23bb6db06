"""Statements that are deliberately wrong."""

from dataclasses import replace

from sympy import Expr, Rational, Symbol

from boundcalc.statement import Theorem
from verify.outcome import Outcome
from verify.siblings.sibling import Sibling


def with_expression(theorem: Theorem, name: str, expression: Expr) -> Theorem:
    """The statement with another expression in one of its bounds."""
    return replace(theorem, bounds={**theorem.bounds, name: replace(theorem.bounds[name], expr=expression)})


def scaled(theorem: Theorem, name: str, factor: Rational) -> Theorem:
    """A constant that is off by a factor."""
    return with_expression(theorem, name, factor * theorem.bounds[name].expr)


def bent(theorem: Theorem, name: str, symbol: Symbol, factor: Rational) -> Theorem:
    """An exponent that is off by a factor: every power of the symbol is multiplied by it."""
    return with_expression(theorem, name, theorem.bounds[name].expr.subs(symbol, symbol**factor))


def refuted(sibling: Sibling, found: object, wrong: Theorem) -> list[Outcome]:
    """What is refuted when this statement takes the place of the right one."""
    outcomes = sibling.outcomes(found, {**sibling.statements, wrong.key: wrong})
    return [outcome for outcome in outcomes if outcome.verdict.name == "REFUTED"]
