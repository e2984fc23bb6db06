"""1/(2m+4): mixtures of balls in m-dimensional subspaces behave like dimension m."""

from __future__ import annotations

from boundcalc.derivation.core_shell import ADDITIVE, core_shell
from boundcalc.derivation.derivation import Derivation, Derived
from boundcalc.derivation.entropy import net_deviation
from boundcalc.derivation.formula import Step
from boundcalc.statement import Side
from boundcalc.statements.extra_symbols import m
from boundcalc.symbols import d

__all__ = ["DERIVATION"]


def _work() -> Derived:
    found, steps = core_shell(net_deviation()[0], ADDITIVE)
    words = Step(
        "On each subspace a neuron acts as a neuron of dimension m, so every component of the mixture is split into "
        "its own shell and core. The steps below are those of one ball in dimension d; at the end d is the "
        "subspaces' dimension m."
    )
    return Derived(
        found.exponent.subs(d, m), (words, *steps), {k: e.subs(d, m) for k, e in found.terms.items()}, (found.optimum,)
    )


DERIVATION = Derivation(
    key="subspace-mixture-gap",
    title="Generalization gap for mixtures of low-dimensional balls",
    theorem="subspace-mixture-gap",
    side=Side.UPPER,
    work=_work,
)
