"""1/(2d+4): the generalization gap of stable minima, with an additive deviation bound for the weight."""

from __future__ import annotations

from boundcalc.derivation.core_shell import ADDITIVE, core_shell_gap
from boundcalc.derivation.derivation import Derivation, Derived
from boundcalc.statement import Side

__all__ = ["DERIVATION"]


def _work() -> Derived:
    found, steps = core_shell_gap(ADDITIVE)
    return Derived(found.exponent, steps, found.terms, (found.optimum,))


DERIVATION = Derivation(
    key="gap-upper",
    title="Generalization gap of stable minima: shell against core, additive deviation",
    theorem="gap-upper",
    side=Side.UPPER,
    work=_work,
)
