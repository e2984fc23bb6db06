"""1/(2d+2): the generalization gap of stable minima, with the relative deviation bound of Theorem D."""

from __future__ import annotations

from boundcalc.derivation.caps import samples_in_caps
from boundcalc.derivation.core_shell import core_shell_gap
from boundcalc.derivation.derivation import Derivation, Derived
from boundcalc.statement import Side
from boundcalc.symbols import eps

__all__ = ["DERIVATION"]


def _work() -> Derived:
    found, steps = core_shell_gap(samples_in_caps(eps))
    return Derived(found.exponent, steps, found.terms, (found.optimum,))


DERIVATION = Derivation(
    key="gap-core-shell",
    title="Generalization gap of stable minima: shell against core, relative deviation",
    theorem="gap-core-shell",
    side=Side.UPPER,
    work=_work,
)
