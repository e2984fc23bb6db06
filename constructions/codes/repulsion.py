"""Energy minimisation: N points repel each other until all angles hold, for the largest N that some start attains.

The energy Σ_{i<j} (x_i·x_j − c)_+² is zero exactly on the codes of inner products at most c. It is minimised by L-BFGS over
unnormalised points from several starts, with c lowered by a margin so that the floats can be certified; N grows by
steps that shrink after every failure.
"""

from __future__ import annotations

from fractions import Fraction
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from constructions.codes.bounds import size_bound
from constructions.codes.family import ANY_DIM, Family, up_to
from constructions.codes.greedy import FAMILY as GREEDY
from constructions.data import sphere
from constructions.rounding import rounded_down
from constructions.spherical_code import SphericalCode

_MARGIN = 1e-11
_RESTARTS = 3
_ITERATIONS = 400
_MOST_POINTS = 400
_MOST_TRIALS = 16

Float = NDArray[np.float64]


def _energy(flat: Float, size: int, cosine: float) -> tuple[float, Float]:
    """Energy and gradient at points given up to their norms."""
    rows = flat.reshape(size, -1)
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    unit = rows / norms
    excess = unit @ unit.T - cosine
    np.fill_diagonal(excess, 0.0)
    np.maximum(excess, 0.0, out=excess)
    gradient = 2 * excess @ unit
    gradient -= np.einsum("ij,ij->i", gradient, unit)[:, None] * unit
    return float((excess**2).sum()) / 2, (gradient / norms).ravel()


def relaxed(start: Float, cosine: float, iterations: int = _ITERATIONS) -> Float | None:
    """Unit vectors near `start` (N, d) with inner products at most `cosine`, or None where the descent found none."""
    from scipy.optimize import minimize

    # A slightly lower target makes the last steps end strictly inside.
    target = cosine - _MARGIN * 10
    points = start
    for _ in range(4):
        found = minimize(
            _energy,
            points.ravel(),
            (len(points), target),
            "L-BFGS-B",
            jac=True,
            options={"maxiter": iterations, "ftol": 0.0, "gtol": 1e-16, "maxcor": 20},
        )
        points = found.x.reshape(points.shape)
        points /= np.linalg.norm(points, axis=1, keepdims=True)
        gram = points @ points.T
        np.fill_diagonal(gram, -1.0)
        worst = float(gram.max())
        if worst <= cosine - _MARGIN:
            return points
        if found.fun > 1e-9 * sqrt(len(points)):
            return None
    return None


def best_of(size: int, d: int, cosine: float, rng: np.random.Generator, seed: Float | None = None) -> Float | None:
    """The first success among random starts of `size` points; the first start extends `seed`."""
    for attempt in range(_RESTARTS):
        start = sphere(size, d, rng)
        if attempt == 0 and seed is not None:
            start[: len(seed)] = seed[:size]
        found = relaxed(start, cosine)
        if found is not None:
            return found
    return None


def _build(d: int, cosine: Fraction, rng: np.random.Generator, max_size: int) -> SphericalCode | None:
    largest = rounded_down(cosine)
    first = GREEDY.build(d, cosine, rng, min(max_size, _MOST_POINTS))
    best = np.eye(1, d) if first is None else np.array(first.points)
    most = min(max_size, _MOST_POINTS, size_bound(d, cosine))
    step = max(1, len(best) // 4)
    for _ in range(_MOST_TRIALS):
        if len(best) + step > most:
            step = most - len(best)
        if step == 0:
            break
        found = best_of(len(best) + step, d, largest, rng, best)
        if found is not None:
            best = found
        elif step == 1:
            break
        else:
            step //= 2
    return SphericalCode(best, up_to(f"repulsion in R^{d}", len(best), min(max_size, _MOST_POINTS)))


FAMILY = Family(
    "repulsion",
    f"energy minimisation with restarts, at most {_MOST_POINTS} points",
    _build,
    ANY_DIM,
    Fraction(-999_999, 10**6),
    automatic=False,
)
