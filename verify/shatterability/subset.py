"""Lower bounds of lambda* from a part of the data.

With a vector p that vanishes off a subset S, p'J J'p sees only the points of S, where the network interpolates too:
lambda*(X, y) >= (|S|/n) lambda*(X_S, y_S). For a part small enough that its hyperplanes can be listed, the right side has
a certified bound.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from verify.shatterability.dictionary import augmented, hyperplane_count, hyperplane_dictionary
from verify.shatterability.dual_check import certified_dual_value
from verify.shatterability.guard import Guard
from verify.shatterability.master import Master
from verify.shatterability.pricing import FullPricing
from verify.shatterability.program import solve_program

Float = NDArray[np.float64]

_MOST_COLUMNS = 20_000
_MOST_POINTS = 200


@dataclass(frozen=True, eq=False)
class SubsetBound:
    """A certified lower bound ``value`` of lambda*, with its vectors ``cuts`` (m, n), zero off the subset."""

    value: float
    cuts: Float


def subset_bound(X: Float, y: Float, rng: np.random.Generator, guard: Guard) -> SubsetBound | None:
    """The bound from a random subset of distinct points; None for d > 3, or where nothing is proved.

    Parameters
    ----------
    X, y : ndarrays, shapes (n, d) and (n,)
    rng : numpy.random.Generator
    guard : Guard
        When to stop.
    """
    n, d = X.shape
    _, first = np.unique(X + 0.0, axis=0, return_index=True)
    size = min(len(first), _MOST_POINTS)
    while size > d + 1 and hyperplane_count(size, d) > _MOST_COLUMNS:
        size -= 1
    if d > 3 or size <= d + 1:
        return None
    rows = np.sort(rng.choice(first, size, replace=False))
    if not np.ptp(y[rows]):
        return None
    Z = augmented(X[rows])
    pricing = FullPricing(hyperplane_dictionary(X[rows], _MOST_COLUMNS), Z)
    uniform = np.full(size, size**-0.5)
    columns = pricing.spread(uniform, 10, 2 * size, rng)
    found = solve_program(Master(Z, y[rows], columns), pricing, uniform, known_lower=1.0, tol=0.02, guard=guard)
    if found is None or found.dual is None:
        return None
    value = certified_dual_value(X[rows], y[rows], found.dual)
    if value is None:
        return None
    cuts = np.zeros((len(found.dual.cuts), n))
    cuts[:, rows] = found.dual.cuts
    # One rounding each of the quotient and the product.
    return SubsetBound(value * (size / n) * (1 - 4e-16), cuts)
