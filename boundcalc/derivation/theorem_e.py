"""2(d+3)/(3(d+1)^2): stable minima under localised flatness, from above and from below."""

from __future__ import annotations

import dataclasses

from boundcalc.derivation.caps import GEOMETRY, cap_count, cap_mass
from boundcalc.derivation.derivation import Derivation, Derived
from boundcalc.derivation.exponents import tidy
from boundcalc.derivation.formula import Formula, Relation, Step
from boundcalc.derivation.hats import gap, squared_error
from boundcalc.derivation.localised import FLATNESS_STEP, flatness_cell
from boundcalc.derivation.lower import assouad
from boundcalc.derivation.theorem_b import WORDS, packet_variation, wave_packets
from boundcalc.statement import Side
from boundcalc.symbols import h

# Sum of the slopes of the neurons of all cells at depth h.
_SLOPES = tidy(cap_count() * flatness_cell() / h)


def _lower() -> Derived:
    # Curvature of one cap: sum over its neurons of |slope| * depth * (share of the sample that activates them). The
    # slopes sum to packet_variation / h, the depth is of order h.
    curvature = tidy(packet_variation() / h * h * cap_mass())
    words = Step(
        "For the networks to be stable, the sum over the neurons of one cap of slope, depth and share of active "
        "samples must be O(1): a second budget.",
        (Formula("curvature of one cap", Relation.ORDER, curvature),),
    )
    packets = dataclasses.replace(wave_packets(), budgets={"curvature of one cap": curvature})
    return assouad(packets).after(GEOMETRY, WORDS, words)


UPPER = Derivation(
    key="stable-mse-upper",
    title="Optimized stable minima under localised flatness, from above",
    side=Side.UPPER,
    work=lambda: squared_error(_SLOPES, FLATNESS_STEP),
)
LOWER = Derivation(
    key="stable-mse-lower",
    title="Wave packets that stable networks realise, from below",
    side=Side.LOWER,
    work=_lower,
)
GAP = Derivation(
    key="stable-gap-upper",
    title="Generalization gap of stable minima under localised flatness",
    side=Side.UPPER,
    work=lambda: gap(_SLOPES, FLATNESS_STEP),
)
