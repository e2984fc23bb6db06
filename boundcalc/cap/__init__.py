"""Closed forms of spherical caps: mass, moments, atom norms, population weight, sphere measure, packing bounds.

X is uniform on the unit ball of R^d, a cap of height h = 1 − t is {x : u·x >= t}. Each closed form is one sympy
expression; its float, its logarithm, its enclosure and its LaTeX are computed from that expression:

>>> cap_mass(12, 0.2)
0.000171134916517845...
>>> print(cap_mass.log(10**6, 1e-300))
5.61e-149849639
>>> print(cap_mass.enclose(12, "0.2"))
0.0001711349165178455 ± ...

Floats are taken as the binary numbers they are by a call and by ``log``, and as the decimals they show by ``enclose``.
For large d that is visible: the relative condition number of the mass in h is about d/2.
"""

from boundcalc.cap.closed_form import ClosedForm
from boundcalc.cap.expressions import moment_expr
from boundcalc.cap.forms import (
    ALL,
    alpha,
    atom_norm_squared,
    atom_seminorm,
    atom_seminorm_population,
    atom_sup,
    canonical_weight,
    cap_angle,
    cap_mass,
    conditional_mean,
    first_moment,
    marginal_constant,
    moment,
    packing_existence,
    packing_volume,
    population_weight,
    sphere_measure,
    weight_limit,
    weight_ratio,
)

__all__ = [
    "ALL",
    "ClosedForm",
    "alpha",
    "atom_norm_squared",
    "atom_seminorm",
    "atom_seminorm_population",
    "atom_sup",
    "canonical_weight",
    "cap_angle",
    "cap_mass",
    "conditional_mean",
    "first_moment",
    "marginal_constant",
    "moment",
    "moment_expr",
    "packing_existence",
    "packing_volume",
    "population_weight",
    "sphere_measure",
    "weight_limit",
    "weight_ratio",
]
