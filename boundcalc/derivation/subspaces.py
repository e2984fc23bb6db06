"""1/(2m+4): mixtures of balls in m-dimensional subspaces behave like dimension m."""

from __future__ import annotations

import dataclasses

from boundcalc.derivation.core_shell import ADDITIVE, core_shell
from boundcalc.derivation.derivation import Derivation, Derived
from boundcalc.derivation.entropy import net_deviation
from boundcalc.derivation.formula import Step
from boundcalc.statement import Side
from boundcalc.statements.extra_symbols import m
from boundcalc.symbols import d


def _work() -> Derived:
    words = Step(
        "On each subspace a neuron acts as a neuron of dimension m, so every component of the mixture is split into "
        "its own shell and core. The steps below are those of one ball in dimension d; at the end d is the "
        "subspaces' dimension m."
    )
    found = core_shell(net_deviation()[0], ADDITIVE).after(words)
    terms = {name: exponent.subs(d, m) for name, exponent in found.terms.items()}
    return dataclasses.replace(found, exponent=found.exponent.subs(d, m), terms=terms)


DERIVATION = Derivation(
    key="subspace-mixture-gap",
    title="Generalization gap for mixtures of low-dimensional balls",
    side=Side.UPPER,
    work=_work,
)
