"""(d+3)/(2d^2+6d+3): mean squared error of optimized stable minima, with the relative deviation bound of "
"Theorem D."""

from __future__ import annotations

from boundcalc.derivation.caps import samples_in_caps
from boundcalc.derivation.core_shell import core_shell_mse
from boundcalc.derivation.derivation import Derivation, Derived
from boundcalc.statement import Side
from boundcalc.symbols import eps

__all__ = ["DERIVATION"]


def _work() -> Derived:
    found, steps = core_shell_mse(samples_in_caps(eps))
    return Derived(found.exponent, steps, found.terms, (found.optimum,))


DERIVATION = Derivation(
    key="mse-core-shell",
    title="Mean squared error of optimized stable minima: shell against core, relative deviation",
    theorem="mse-core-shell",
    side=Side.UPPER,
    work=_work,
)
