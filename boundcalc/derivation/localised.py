"""Entropy of the neurons of one depth h, cell by cell, in the coordinates of the caps."""

from __future__ import annotations

from sympy import Expr, sqrt

from boundcalc.derivation.caps import cap_count, cap_mass, weight
from boundcalc.derivation.entropy import entropy
from boundcalc.derivation.exponents import tidy
from boundcalc.derivation.formula import Formula, Relation, Step
from boundcalc.symbols import h


def seminorm_cell() -> Expr:
    """Scaled variation of one cell when the whole seminorm is O(1), spread evenly over the cells.

    Total mass at depth h: 1/weight; a neuron's slope counts h in the coordinates of the cap. Even spreading is the
    worst case, since the entropy is a concave function of a cell's share after the best allocation of the resolution.
    """
    return tidy(h / weight() / cap_count())


def flatness_cell() -> Expr:
    """Scaled variation of one cell when sharpness is O(1), from localised flatness on the sample inside the cap.

    The subsample is the share cap_mass of the sample and gives each of the cell's neurons a weight of order h.
    """
    return tidy(h / (cap_mass() * h))


def depth_entropy(cell: Expr, radius: Expr) -> Expr:
    """Log covering number at resolution ``radius`` in L2(P) of the functions of depth h.

    In the caps' coordinates the volume element is the mass of a cap, so the squared resolution there is radius^2 /
    mass; it is shared among the cells.
    """
    cells = cap_count()
    return tidy(cells * entropy(cell, radius / sqrt(cap_mass() * cells)))


SEMINORM_STEP = Step(
    "Neurons at depth h, in cells of directions sqrt(h) apart. Budget O(1) on the seminorm, spread over all cells, "
    "gives each cell this variation in the coordinates of its cap.",
    (Formula("variation per cell", Relation.AT_MOST_ORDER, seminorm_cell()),),
)
FLATNESS_STEP = Step(
    "Neurons at depth h, in cells of directions sqrt(h) apart. Localised flatness with the sample inside a cell's cap "
    "(its share of the sample is the cap's mass, the weight of the neurons there is of order h) bounds every cell "
    "alone.",
    (Formula("variation per cell", Relation.AT_MOST_ORDER, flatness_cell()),),
)
