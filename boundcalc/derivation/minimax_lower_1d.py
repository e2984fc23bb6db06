"""1/2: bumps stacked towards the ends of the interval, by Fano."""

from __future__ import annotations

import dataclasses

from boundcalc.derivation.derivation import Derivation, Derived
from boundcalc.derivation.formula import Step
from boundcalc.derivation.lower import fano
from boundcalc.derivation.theorem_a import stacked_hats
from boundcalc.statement import Side
from boundcalc.symbols import d


def _work() -> Derived:
    general = stacked_hats()
    on_interval = dataclasses.replace(
        general,
        caps=general.caps.subs(d, 1),
        norm_squared=general.norm_squared.subs(d, 1),
        seminorm=general.seminorm.subs(d, 1),
    )
    return fano(on_interval, domain={}).after(
        Step("On the interval, h/w hats of width w fill the last stretch of length h before an end.")
    )


DERIVATION = Derivation(
    key="minimax-lower-1d",
    title="Stacked hats at the ends of the interval, by Fano",
    side=Side.LOWER,
    work=_work,
)
