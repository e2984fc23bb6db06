"""Random sequential addition: uniform points are kept if no earlier point is too near, until few still fit."""

from __future__ import annotations

from fractions import Fraction
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from constructions.codes.family import ANY_DIM, Family, up_to
from constructions.data import sphere
from constructions.rounding import rounded_down
from constructions.spherical_code import SphericalCode

_BATCH = 4096
_PRODUCT_BUDGET = 400_000_000  # candidate-point comparisons by matrix products (about a second)
_CANDIDATE_BUDGET = 1_500_000
_STALE = 1e-3  # stop once this share of the candidates of a batch, or fewer, still fits
_TREE_DIM = 6  # up to here a tree finds neighbours faster than matrix products do
_TREE_SIZE = 1000
_MARGIN = 1e-14

Float = NDArray[np.float64]


def _fits(candidates: Float, code: Float, cosine: float) -> NDArray[np.bool_]:
    """Which candidates have inner product at most `cosine` with every point of the code."""
    if not len(code):
        return np.ones(len(candidates), dtype=bool)
    if candidates.shape[1] <= _TREE_DIM and len(code) >= _TREE_SIZE:
        from scipy.spatial import cKDTree

        radius = sqrt(2 * (1 - cosine))
        distance, _ = cKDTree(code).query(candidates, distance_upper_bound=radius)
        return np.asarray(distance >= radius)
    fits = np.ones(len(candidates), dtype=bool)
    step = max(1, 4_000_000 // len(candidates))
    for start in range(0, len(code), step):
        fits &= (candidates @ code[start : start + step].T).max(axis=1) <= cosine
    return fits


def _thinned(candidates: Float, cosine: float, room: int) -> Float:
    """Candidates kept one after the other, each clearing its neighbourhood among the later ones."""
    # Share of near pairs, from a sample: lists of them pay only where they are short.
    near = float((candidates[:32] @ candidates.T > cosine).mean()) if len(candidates) else 0.0
    if candidates.shape[1] <= _TREE_DIM and near * len(candidates) < 100:
        from scipy.spatial import cKDTree

        alive = np.ones(len(candidates), dtype=bool)
        pairs = cKDTree(candidates).query_pairs(sqrt(2 * (1 - cosine)), output_type="ndarray")
        order = np.lexsort((pairs[:, 1], pairs[:, 0]))
        first, second = pairs[order, 0], pairs[order, 1]
        edges = np.searchsorted(first, np.arange(len(candidates) + 1))
        for i in np.unique(first):
            if alive[i]:
                alive[second[edges[i] : edges[i + 1]]] = False
        return candidates[alive][:room]
    alive = np.ones(len(candidates), dtype=bool)
    kept = 0
    for i in range(len(candidates)):
        if alive[i]:
            kept += 1
            if kept == room:
                alive[i + 1 :] = False
                break
            alive[i + 1 :] &= candidates[i + 1 :] @ candidates[i] <= cosine
    return candidates[alive]


def _build(d: int, cosine: Fraction, rng: np.random.Generator, max_size: int) -> SphericalCode | None:
    largest = rounded_down(cosine) - _MARGIN
    code = np.empty((0, d))
    products = candidates = 0
    while len(code) < max_size and products < _PRODUCT_BUDGET and candidates < _CANDIDATE_BUDGET:
        batch = sphere(_BATCH, d, rng)
        candidates += _BATCH
        if d > _TREE_DIM or len(code) < _TREE_SIZE:
            products += _BATCH * max(len(code), 64)
        fresh = batch[_fits(batch, code, largest)]
        fresh = _thinned(fresh, largest, max_size - len(code))
        code = np.vstack([code, fresh])
        if len(fresh) <= _STALE * _BATCH:
            break
    return SphericalCode(code, up_to(f"greedy in R^{d}", len(code), max_size))


FAMILY = Family("greedy", "random sequential addition", _build, ANY_DIM, Fraction(-999_999, 10**6))
