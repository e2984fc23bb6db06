"""A setting: exact values for the symbols of the theory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields

from sympy import Expr, Rational, Symbol

from boundcalc.shown import show_exact
from boundcalc.symbols import VARIABLES


@dataclass(frozen=True)
class Setting:
    """Exact values of d, n, η, σ, B, C, M, …; ``None`` where a value is not given.

    Build it with :meth:`parse`, which reads numbers and decimal text exactly and checks the domains.

    Examples
    --------
    >>> Setting.parse(d=20, n="1e4", eta="0.2")
    Setting(d=20, n=10000, eta=1/5)
    >>> Setting.parse(d=0)
    Traceback (most recent call last):
    ...
    ValueError: d (dimension of the inputs) must be an integer with d >= 1, got 0 (int)
    """

    d: Rational | None = None
    n: Rational | None = None
    eta: Rational | None = None
    sigma: Rational | None = None
    B: Rational | None = None
    C: Rational | None = None
    M: Rational | None = None
    R: Rational | None = None
    delta: Rational | None = None

    @classmethod
    def parse(cls, **values: object) -> Setting:
        """Read the values exactly; ``None`` means not given.

        Raises
        ------
        TypeError
            For a name that is not a symbol of the theory, or a value that is not a number.
        ValueError
            For a value outside its domain.
        """
        known = {f.name for f in fields(cls)}
        for name in values:
            if name not in known:
                raise TypeError(f"{name} is not a symbol of a setting; pass some of {', '.join(sorted(known))}")
        return cls(**{name: VARIABLES[name].exact(value) for name, value in values.items() if value is not None})

    def given(self) -> Iterator[tuple[str, Rational]]:
        """Names and values that are given."""
        for f in fields(self):
            value = getattr(self, f.name)
            if value is not None:
                yield f.name, value

    @property
    def substitution(self) -> Mapping[Symbol, Rational]:
        """Symbol → exact value, for the given ones."""
        return {VARIABLES[name].symbol: value for name, value in self.given()}

    def covers(self, expr: Expr) -> bool:
        """Whether every symbol of ``expr`` has a value here."""
        return expr.free_symbols <= set(self.substitution)

    def __str__(self) -> str:
        return ", ".join(f"{name} = {show_exact(value)}" for name, value in self.given())

    def __repr__(self) -> str:
        return f"Setting({str(self).replace(' = ', '=')})"
