"""4/(d^2+5d+2) and 2/(3d+7): what the estimators behind the explicit upper bounds reach."""

from __future__ import annotations

from boundcalc.derivation.balance import balance
from boundcalc.derivation.caps import GEOMETRY, cap_count, cap_mass, weight
from boundcalc.derivation.derivation import Derivation, Derived
from boundcalc.derivation.exponents import tidy
from boundcalc.derivation.formula import Step
from boundcalc.derivation.parameters import averaging, scale
from boundcalc.statement import Side
from boundcalc.symbols import d, h, n

_CELLS = Step(
    "The estimate is 0 at depths below h and affine in cells of relative width ell: width ell h, mass of those that a plane at "
    "depth h meets ell times that of its cap. A ReLU is within that width of an affine function in each of them, and the "
    "squared bias is at most the sup norm times the bias in L1; each cell costs d + 1 times 1/n. Cells further in add "
    "geometric series."
)
_MIXTURE = Step(
    "The estimate is 0 at depths below h and, in the core, the exponentially weighted mean over all means of 1/m ridge functions "
    "of a grid (Maurey). A ReLU of depth h has a squared norm of h^2 times the mass of its cap, and its variation is at "
    "most the inverse of the weight; the logarithm of the number of means is of order 1/m, up to log n."
)


def _cells() -> Derived:
    terms = {
        "shell": h,
        "squared bias": tidy(scale * h * scale * cap_mass() / weight()),
        "cells over n": tidy(cap_count() * scale**-d / n),
    }
    return balance(terms, [h, scale]).after(GEOMETRY, _CELLS)


def _mixture() -> Derived:
    terms = {
        "shell": h,
        "squared bias of means": tidy(averaging * h**2 * cap_mass() / weight() ** 2),
        "log size over n": 1 / (averaging * n),
    }
    return balance(terms, [h, averaging]).after(GEOMETRY, _MIXTURE)


CELLS = Derivation(
    key="cells-upper",
    title="Projection on polar cells: the best shape of the cells",
    side=Side.UPPER,
    work=_cells,
)
MIXTURE = Derivation(
    key="mixture-upper",
    title="Exponential weights over means of ridge functions: the best number of terms",
    side=Side.UPPER,
    work=_mixture,
)
