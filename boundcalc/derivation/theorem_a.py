"""4/(3d+5): stacked hats on disjoint caps, optimised over the slab width."""

from __future__ import annotations

from boundcalc.derivation.caps import GEOMETRY, cap_count, cap_mass, weight
from boundcalc.derivation.derivation import Derivation
from boundcalc.derivation.formula import Step
from boundcalc.derivation.lower import Construction, assouad
from boundcalc.derivation.parameters import width
from boundcalc.statement import Side
from boundcalc.symbols import h


def stacked_hats() -> Construction:
    """Hats of slab width w filling the depths [h/2, h] of every cap.

    One hat has slope variation of order 1/w, all of it at depth of order h; a slab is the share w/h of its cap.
    """
    slabs = h / width
    return Construction(
        caps=cap_count(),
        atoms_per_cap=slabs,
        norm_squared=cap_mass() * width / h,
        seminorm=cap_count() * slabs * weight() / width,
        parameters=(h, width),
        shape={"slabs no wider than the cap is high": width / h},
    )


_WORDS = Step(
    "In each cap, slabs of width w across the axis, each with a ridge hat of height 1: three ReLUs, slope variation of "
    "order 1/w."
)
DERIVATION = Derivation(
    key="theorem-a",
    title="Stacked hats on disjoint caps: the best slab width",
    side=Side.LOWER,
    work=lambda: assouad(stacked_hats()).after(GEOMETRY, _WORDS),
)
