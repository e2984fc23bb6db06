"""The activation pattern of many neurons on many points, most pairs inactive: found without forming all pairs.

A neuron with w != 0 is active only inside the half-space u·x > t, u = w/|w|, t = b/|w|, so on no point with |x| <= t; and
within a ball of radius R a half-space with t >= 0 lies in the ball of radius sqrt(R^2 - t^2) about t u. The first fact
orders points and neurons, the second lets a k-d tree find the points of thin caps. What is left is screened in
float32 blocks; every pair above minus the error bound is computed in float64, and exactly where that doesn't decide.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from verify.hessian.activation import Pattern, exact_values
from verify.hessian.rounding import SLACK, gamma

Float = NDArray[np.float64]
Index = NDArray[np.int64]

_POINTS, _NEURONS = 1024, 512  # block of the float32 screening: 2 MiB, near the cache
_PAIR_LIMIT = 2 * 10**8
# The tree pays where screening all pairs would take over a few seconds and a ball holds few points.
_TREE_ABOVE = 10**8
_TREE_DIMENSION = 6


@dataclass(frozen=True)
class _Scaled:
    """Unit-scale copies: rows of omega divided by a power of two near |w|, points by one near the largest."""

    points: Float
    omega: Float
    radius: Float
    threshold: Float
    omega_norm: Float
    z_max: float
    exponent: Index


def estimate_density(X: Float, W: Float, b: Float, sample: int = 128) -> float:
    """Share of active pairs on an evenly spaced sample of the points."""
    rows = np.unique(np.linspace(0, len(X) - 1, min(sample, len(X))).astype(np.int64))
    return float(np.mean(X[rows] @ W.T > b)) if len(W) else 0.0


def sparse_pattern(Z: Float, omega: Float) -> Pattern:
    """The activation pattern in CSR form. ``distance`` is a lower bound here: pairs screened out aren't measured.

    Raises
    ------
    ValueError
        If more than 2e8 pairs are active.
    """
    scaled = _scale(Z, omega)
    width = Z.shape[1]
    # float32: conversion of both factors, products and sums.
    margin = (width + 6) * 2.0**-23 * scaled.z_max * 2
    null = np.flatnonzero(scaled.omega_norm == 0)
    usable = np.flatnonzero(scaled.omega_norm > 0)
    order_points = np.argsort(-scaled.radius, kind="stable")
    order_neurons = usable[np.argsort(scaled.threshold[usable], kind="stable")]
    sorted_radius = scaled.radius[order_points]
    reachable = int(np.searchsorted(-sorted_radius, -scaled.threshold[usable], side="left").sum()) if len(usable) else 0
    thin = bool(len(usable)) and float(scaled.threshold[usable].min()) > 0.5 * float(sorted_radius[0])
    if reachable > _TREE_ABOVE and width - 1 <= _TREE_DIMENSION and thin:
        candidates = _by_tree(scaled, order_neurons)
    else:
        candidates = _by_screening(scaled, order_points, order_neurons, margin)
    i, k = candidates
    rows, columns, kinks, distance = _decide(Z, omega, scaled, i, k)
    if len(usable) and reachable:
        floor = np.ldexp(margin * scaled.omega_norm[usable], scaled.exponent[usable])
        distance = min(distance, float(floor.min()))
    if len(null):
        zero = np.stack(np.meshgrid(np.arange(len(Z)), null, indexing="ij"), axis=-1).reshape(-1, 2)
        kinks = np.concatenate([kinks, zero])
    data = np.ones(len(rows))
    active = scipy.sparse.csr_array((data, (rows, columns)), shape=(len(Z), len(omega)))
    return Pattern(active, kinks, 0.0 if len(kinks) else distance)


def _scale(Z: Float, omega: Float) -> _Scaled:
    exponent = np.frexp(np.abs(omega).max(axis=1, initial=0.0))[1].astype(np.int64)
    z_exponent = int(np.frexp(np.abs(Z).max())[1])
    points, small = np.ldexp(Z, -z_exponent), np.ldexp(omega, -exponent[:, None])
    w_norm = np.linalg.norm(small[:, :-1], axis=1)
    radius = np.linalg.norm(points[:, :-1], axis=1)
    # b is multiplied by the last column of the points, -2**-z_exponent.
    offset = small[:, -1] * float(np.ldexp(1.0, -z_exponent))
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        threshold = np.where(w_norm > 0, offset / w_norm, np.where(offset >= 0, np.inf, -np.inf))
    # Rounded so that a pair is dropped only if |w||x| < b for certain; ties count as reachable.
    threshold = threshold - 1e-12 * (np.abs(threshold) + 1.0)
    return _Scaled(
        points=points,
        omega=small,
        radius=radius * (1 + 1e-12) + 1e-300,
        threshold=threshold,
        omega_norm=np.linalg.norm(small, axis=1),
        z_max=float(np.linalg.norm(points, axis=1).max()) * SLACK,
        exponent=exponent + z_exponent,
    )


def _by_screening(scaled: _Scaled, order_points: Index, order_neurons: Index, margin: float) -> tuple[Index, Index]:
    """Blocks of points (largest first) against blocks of neurons (lowest threshold first), in float32."""
    omega32 = (scaled.omega / np.maximum(scaled.omega_norm, 1e-300)[:, None])[order_neurons].astype(np.float32)
    thresholds = scaled.threshold[order_neurons]
    found_i, found_k, count = [], [], 0
    buffer = np.empty((_POINTS, _NEURONS), dtype=np.float32)
    for at in range(0, len(order_points), _POINTS):
        rows = order_points[at : at + _POINTS]
        z32 = scaled.points[rows].astype(np.float32)
        end = int(np.searchsorted(thresholds, scaled.radius[rows[0]], side="right"))
        if end == 0:
            break
        for start in range(0, end, _NEURONS):
            stop = min(start + _NEURONS, end)
            block = buffer.ravel()[: len(rows) * (stop - start)].reshape(len(rows), stop - start)
            np.matmul(z32, omega32[start:stop].T, out=block)
            # Most blocks of thin caps are empty: the maximum is cheaper than a search.
            if float(block.max()) <= -margin:
                continue
            hits = np.flatnonzero(block > -margin)
            found_i.append(rows[hits // (stop - start)])
            found_k.append(order_neurons[start + hits % (stop - start)])
            count += len(hits)
            if count > _PAIR_LIMIT:
                raise ValueError(
                    f"network and X: more than {_PAIR_LIMIT:.0e} active pairs; use fewer points or neurons"
                )
    return _joined(found_i), _joined(found_k)


def _by_tree(scaled: _Scaled, neurons: Index) -> tuple[Index, Index]:
    """Points within sqrt(R^2 - t^2) of t u, for every neuron; needs t >= 0."""
    X = scaled.points[:, :-1]
    keep = np.flatnonzero(scaled.radius >= float(scaled.threshold[neurons].min()))
    tree = cKDTree(X[keep])
    R = float(scaled.radius.max())
    found_i, found_k = [], []
    for at in range(0, len(neurons), _NEURONS):
        part = neurons[at : at + _NEURONS]
        w = scaled.omega[part, :-1]
        t = np.minimum(scaled.threshold[part], R)
        centres = w * (t / np.linalg.norm(w, axis=1))[:, None]
        # Distances are computed to about 1e-15 R; the radius is enlarged by far more.
        reach = np.sqrt(np.maximum(R * R - t * t, 0.0) + 1e-10 * R * R)
        lists = tree.query_ball_point(centres, reach, workers=-1, return_sorted=False)
        lengths = np.fromiter(map(len, lists), dtype=np.int64, count=len(lists))
        if lengths.sum():
            found_i.append(keep[np.concatenate([np.asarray(l, dtype=np.int64) for l in lists if l])])
            found_k.append(np.repeat(part, lengths))
    return _joined(found_i), _joined(found_k)


def _joined(parts: list[Index]) -> Index:
    return np.concatenate(parts) if parts else np.empty(0, dtype=np.int64)


def _decide(Z: Float, omega: Float, scaled: _Scaled, i: Index, k: Index) -> tuple[Index, Index, Index, float]:
    """Signs of the candidate pairs: active rows and columns, kinks, and the least |w·x - b| among candidates."""
    width = Z.shape[1]
    active_i, active_k, kinks = [], [], [np.empty((0, 2), dtype=np.int64)]
    distance = np.inf
    step = max(1, 2**22 // width)
    for at in range(0, len(i), step):
        rows, columns = i[at : at + step], k[at : at + step]
        values = np.einsum("mj,mj->m", scaled.points[rows], scaled.omega[columns])
        error = gamma(width) * scaled.z_max * scaled.omega_norm[columns] * SLACK + 2.0**-800
        unsure = np.flatnonzero(np.abs(values) <= error)
        with np.errstate(over="ignore", under="ignore"):
            values = np.ldexp(values, scaled.exponent[columns])
        if len(unsure):
            pairs = np.stack([rows[unsure], columns[unsure]], axis=1)
            values[unsure] = exact_values(Z, omega, pairs)
            kinks.append(pairs[values[unsure] == 0])
        distance = min(distance, float(np.abs(values).min(initial=np.inf)))
        on = values > 0
        active_i.append(rows[on])
        active_k.append(columns[on])
    return _joined(active_i), _joined(active_k), np.concatenate(kinks), distance
