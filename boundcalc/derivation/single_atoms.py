"""2/(d+1): one atom on each of the disjoint caps, by Fano with noise, or because empty caps show nothing."""

from __future__ import annotations

from sympy import Expr, Integer

from boundcalc.derivation.caps import GEOMETRY, cap_count, cap_mass, weight
from boundcalc.derivation.derivation import Derivation
from boundcalc.derivation.formula import Step
from boundcalc.derivation.lower import Construction, fano, unseen
from boundcalc.statement import Side
from boundcalc.symbols import h

_ONE = Integer(1)
WORDS = Step(
    "One ReLU on each cap, scaled to height 1: its slope is 1/h, and its squared norm is of the order of the cap's "
    "mass."
)


def single_atoms(radial: Expr = _ONE) -> Construction:
    """One ReLU of slope 1/h on every cap; ``radial`` as in :func:`boundcalc.derivation.caps.cap_mass`."""
    return Construction(
        caps=cap_count(),
        atoms_per_cap=_ONE,
        norm_squared=cap_mass(radial),
        seminorm=cap_count() * weight(radial) / h,
        parameters=(h,),
        cap_mass=cap_mass(radial),
    )


DERIVATION = Derivation(
    key="minimax-lower",
    title="Single atoms on disjoint caps, by Fano",
    side=Side.LOWER,
    work=lambda: fano(single_atoms()).after(GEOMETRY, WORDS),
)
GAP = Derivation(
    key="gap-lower",
    title="Single atoms on caps that hold no sample",
    side=Side.LOWER,
    work=lambda: unseen(single_atoms()).after(GEOMETRY, WORDS),
)
