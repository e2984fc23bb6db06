"""Orders of magnitude of caps of height h in the unit ball of R^d, from their shape.

In the coordinates x = (sqrt(h) y, 1 - h s) about its axis, a cap of height h is a set of size 1: it is sqrt(h) wide in
d - 1 directions and h deep. Everything below follows from that.
"""

from __future__ import annotations

from sympy import Expr, Integer

from boundcalc.derivation.exponents import tidy
from boundcalc.derivation.formula import Formula, Relation, Step
from boundcalc.symbols import d, h, n

_ONE = Integer(1)


def cap_count() -> Expr:
    """Number of disjoint caps of height h: directions sqrt(h) apart on a sphere of dimension d - 1.

    Examples
    --------
    >>> cap_count()
    h**(1/2 - d/2)
    """
    return h ** (-(d - 1) / 2)


def cap_mass(radial: Expr = _ONE) -> Expr:
    """Probability of a cap of height h when P(|x| > 1 - h) = h^radial and the direction is uniform.

    The radius must exceed 1 - h, and the direction must lie within sqrt(h) of the axis; ``radial = 1`` is the uniform
    law.

    Examples
    --------
    >>> cap_mass()
    h**((d + 1)/2)
    """
    return tidy(h**radial * h ** ((d - 1) / 2))


def weight(radial: Expr = _ONE) -> Expr:
    """Weight of a neuron at depth h: squared probability of its half-space times the mean excess, which is of order h.

    Examples
    --------
    >>> weight()
    h**(d + 2)
    """
    return tidy(cap_mass(radial) ** 2 * h)


def samples_in_caps(height: Expr, radial: Expr = _ONE) -> dict[str, Expr]:
    """The condition of a relative deviation bound: n times the mass of a cap of this height is of order at least 1.

    Examples
    --------
    >>> from boundcalc.symbols import eps
    >>> samples_in_caps(eps)
    {'caps of this height hold samples': epsilon**(d/2 + 1/2)*n}
    """
    return {"caps of this height hold samples": n * cap_mass(radial).subs(h, height)}


GEOMETRY = Step(
    "A cap of height h is sqrt(h) wide in d - 1 directions and h deep: this gives how many are disjoint, their mass, "
    "and the weight of a neuron at that depth.",
    (
        Formula("disjoint caps", Relation.ORDER, cap_count()),
        Formula("mass of a cap", Relation.ORDER, cap_mass()),
        Formula("weight at depth h", Relation.ORDER, weight()),
    ),
)
