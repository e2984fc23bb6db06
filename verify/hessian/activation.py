"""Which neuron is active on which point, decided without error.

The preactivation g_ik = w_k·x_i - b_k of float64 data is a rational number, so its sign is a fact. Almost all signs
follow from the float64 product and its error bound; the rest are computed in integer arithmetic. A kink is a pair
with g_ik = 0 exactly.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import product

import numpy as np
import scipy.sparse
from numpy.typing import NDArray

from verify.hessian.arrays import Array, Backend
from verify.hessian.rounding import SLACK, TINY, gamma


@dataclass(frozen=True)
class Pattern:
    """The matrix ``active`` (n, K), dense boolean in the backend or scipy CSR of 0.0 and 1.0; ``kinks`` (m, 2) holds pairs
    (i, k); ``distance`` is min over all pairs of |w_k·x_i - b_k|, up to rounding; 0.0 exactly where there is a kink."""

    active: Array
    kinks: NDArray[np.int64]
    distance: float


def augment(X: NDArray[np.float64]) -> NDArray[np.float64]:
    """The rows z_i = (x_i, -1)."""
    return np.concatenate([X, np.full((len(X), 1), -1.0)], axis=1)


def power_of_two_scale(rows: NDArray[np.float64]) -> NDArray[np.int64]:
    """Exponents e such that the largest entry of each row of ``ldexp(rows, -e)`` lies in [1/2, 1); 0 for zero rows."""
    if rows.shape[0] == 0 or rows.shape[1] == 0:
        return np.zeros(rows.shape[0], dtype=np.int64)
    return np.frexp(np.abs(rows).max(axis=1))[1].astype(np.int64)


def exact_values(Z: NDArray[np.float64], omega: NDArray[np.float64], pairs: NDArray[np.int64]) -> NDArray[np.float64]:
    """z_i·omega_k for the given pairs (i, k), by exact rational arithmetic, rounded once: 0.0 only where it is 0."""
    values = np.empty(len(pairs))
    for at, (i, k) in enumerate(pairs.tolist()):
        total = sum(
            (Fraction(p) * Fraction(q) for p, q in zip(Z[i].tolist(), omega[k].tolist(), strict=True)), Fraction(0)
        )
        size = max(float(abs(total)), math.ulp(0.0))  # what underflows is no kink
        values[at] = size if total > 0 else -size if total < 0 else 0.0
    return values


def dense_pattern(Z: NDArray[np.float64], omega: NDArray[np.float64], backend: Backend) -> Pattern:
    """The activation pattern as a dense boolean matrix of the backend, with the points of a neuron contiguous."""
    width = Z.shape[1]
    # Rows are scaled by powers of two where that is needed, which keeps every sign and can't overflow. Components lost to
    # underflow are below 2**-1021, which TINY covers.
    scale, zscale = power_of_two_scale(omega), int(power_of_two_scale(Z.reshape(1, -1))[0])
    scaled, points = omega, Z
    extreme = bool(max(abs(zscale), np.abs(scale).max(initial=0)) > 64)
    if extreme:
        scaled, points = np.ldexp(omega, -scale[:, None]), np.ldexp(Z, -zscale)
    else:
        scale, zscale = np.zeros_like(scale), 0
    norms = np.sqrt(np.einsum("kj,kj->k", scaled, scaled))
    # |fl(z·w) - z·w| <= gamma(d + 1) |z||w|
    longest = float(np.sqrt(np.einsum("ij,ij->i", points, points)).max())
    error = gamma(width) * longest * norms * SLACK + TINY
    active, smallest = backend.signs(points, scaled, each=extreme)
    kinks, distance = [], math.inf
    # A block shares its least value: all its neurons are looked at again.
    for k in np.flatnonzero(np.isin(smallest, smallest[smallest <= error])):
        column = np.abs(points @ scaled[k])
        # A second computation of the same products: within twice the error of the first.
        rows = np.flatnonzero(column <= 3 * error[k])
        smallest[k] = np.delete(column, rows).min(initial=np.inf)
        pairs = np.stack([rows, np.full_like(rows, k)], axis=1)
        values = exact_values(Z, omega, pairs) if norms[k] > 0 else np.zeros(len(rows))
        for i, value in zip(rows.tolist(), values.tolist(), strict=True):
            active[int(k), i] = value > 0
        kinks.append(pairs[values == 0])
        distance = min(distance, float(np.abs(values).min(initial=np.inf)))
    found = np.concatenate(kinks) if kinks else np.empty((0, 2), dtype=np.int64)
    with np.errstate(over="ignore", under="ignore"):
        distance = min(distance, float(np.min(np.ldexp(smallest, scale + zscale), initial=np.inf)))
    return Pattern(active.T, found.astype(np.int64), distance)


def one_sided_patterns(pattern: Pattern) -> Iterator[Pattern]:
    """Every pattern that counts each kink as active or inactive; 2**m of them for m kinks."""
    compressed = scipy.sparse.issparse(pattern.active)
    for values in product((0.0, 1.0), repeat=len(pattern.kinks)):
        active = pattern.active.tolil(copy=True) if compressed else (pattern.active.T | False).T
        for (i, k), value in zip(pattern.kinks.tolist(), values, strict=True):
            active[i, k] = value
        chosen = scipy.sparse.csr_array(active) if compressed else active
        yield Pattern(chosen, np.empty((0, 2), dtype=np.int64), 0.0)
