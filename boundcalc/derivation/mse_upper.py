"""1/(2d+4): the mean squared error of optimized stable minima, with an additive deviation bound for the weight."""

from __future__ import annotations

from boundcalc.derivation.core_shell import ADDITIVE, core_shell_mse
from boundcalc.derivation.derivation import Derivation, Derived
from boundcalc.statement import Side

__all__ = ["DERIVATION"]


def _work() -> Derived:
    found, steps = core_shell_mse(ADDITIVE)
    return Derived(found.exponent, steps, found.terms, (found.optimum,))


DERIVATION = Derivation(
    key="mse-upper",
    title="Mean squared error of optimized stable minima: shell against core, additive deviation",
    theorem="mse-upper",
    side=Side.UPPER,
    work=_work,
)
