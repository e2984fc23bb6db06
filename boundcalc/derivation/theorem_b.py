"""2/(3d+1): wave packets in every cap, optimised over their scale."""

from __future__ import annotations

from sympy import Expr, sqrt

from boundcalc.derivation.caps import GEOMETRY, cap_count, cap_mass, weight
from boundcalc.derivation.derivation import Derivation
from boundcalc.derivation.formula import Formula, Relation, Step
from boundcalc.derivation.lower import Construction, assouad
from boundcalc.derivation.parameters import fill, scale
from boundcalc.statement import Side
from boundcalc.symbols import d, h


def packet_variation() -> Expr:
    """Variation of a signed sum of the packets of one cap, in the cap's coordinates.

    A sum of ridge functions F_a in the directions of a cone; by Cauchy-Schwarz and Plancherel its variation is at most
    the root of the integral of |frequency|^{d+3} |transform|^2: frequencies are of order 1/ell, and orthonormality
    makes the squared norm phi, for all signs.
    """
    return scale ** (-(d + 3) / 2) * sqrt(fill)


def wave_packets() -> Construction:
    """Orthogonal packets of scale ell in all d coordinates of a cap, a share phi of the ell^{-d} places used."""
    return Construction(
        caps=cap_count(),
        atoms_per_cap=fill * scale**-d,
        norm_squared=cap_mass() * scale**d,
        seminorm=cap_count() * (weight() / h) * packet_variation(),
        parameters=(h, scale, fill),
    )


WORDS = Step(
    "In the coordinates of a cap, orthogonal wave packets of scale ell whose spectrum lies in a cone about the axis. "
    "By Plancherel the variation of a signed sum obeys, for all signs,",
    (Formula("variation in one cap", Relation.AT_MOST_ORDER, packet_variation()),),
)


DERIVATION = Derivation(
    key="theorem-b",
    title="Wave packets in disjoint caps: the best packet scale",
    side=Side.LOWER,
    work=lambda: assouad(wave_packets()).after(GEOMETRY, WORDS),
)
