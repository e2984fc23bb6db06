"""Finding neurons that violate a dual constraint: over the whole finite dictionary, or by a search."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from verify.shatterability.dictionary import Dictionary, neurons, normals
from verify.shatterability.frame import Frame
from verify.shatterability.guard import Guard
from verify.shatterability.master import Dual, column_costs

Float = NDArray[np.float64]
Rows = NDArray[np.int64]

_MOST_NEW = 300
# Columns that violate their constraint by less than this share of it are not worth adding.
_WORTH = 1e-7
_CHEAP_ROUNDS = 120
_BLOCK = 2**15
_SEARCH_ROUNDS = 10
_EACH = 3


class Limits(Protocol):
    """Multipliers of the interpolation, and what |nu'h| may be for columns h."""

    @property
    def nu(self) -> Float:
        """Shape (n,)."""
        ...

    def limits(self, H: Float, Z: Float) -> Float:
        """For columns H (K, n), shape (K,)."""
        ...


class Pricing(Protocol):
    """Where new columns come from."""

    complete: bool
    """Whether the scale returned holds for every neuron there is."""

    def price(self, dual: Dual, held: Dictionary) -> tuple[Dictionary | None, float]:
        """Columns that violate the dual most, and the factor in (0, 1] on nu that mends every violation seen.

        ``held`` are the columns that the program has already.
        """
        ...


def _worst(columns: Dictionary, ratio: Float, most: int = _MOST_NEW) -> Dictionary | None:
    over = np.flatnonzero(ratio > 1 + _WORTH)
    if over.size > most:
        over = over[np.argpartition(-ratio[over], most)[:most]]
    return columns.take(over) if over.size else None


class FullPricing:
    """Pricing over all columns of a dictionary."""

    complete = True

    def __init__(self, columns: Dictionary, Z: Float) -> None:
        self._columns, self._Z = columns, Z
        self._costs: dict[bytes, Float] = {}

    def cost(self, p: Float) -> Float:
        """G_p of all columns; kept, since cuts stay."""
        key = p.tobytes()
        if key not in self._costs:
            H = self._columns.H
            parts = [column_costs(H[at : at + _BLOCK], self._Z, p) for at in range(0, len(H), _BLOCK)]
            self._costs[key] = np.concatenate(parts)
        return self._costs[key]

    def price(self, dual: Dual, held: Dictionary) -> tuple[Dictionary | None, float]:
        """See `Pricing`."""
        limit = np.zeros(self._columns.size)
        for weight, p in zip(dual.mu.tolist(), dual.cuts, strict=True):
            limit += weight * self.cost(p)
        limit *= 2 / len(self._Z)
        ratio = np.abs(self._columns.H @ dual.nu) / np.maximum(limit, 1e-300)
        return _worst(self._columns, ratio), float(min(1.0, 1.0 / max(float(ratio.max()), 1e-300)))

    def spread(self, p: Float, each: int, extra: int, rng: np.random.Generator) -> Dictionary:
        """A part to start from: for each point the columns that move it at the least cost, and some at random."""
        H = self._columns.H
        cost = self.cost(p)
        chosen = [rng.choice(len(H), min(len(H), extra), replace=False)]
        for i in range(H.shape[1]):
            seen = np.flatnonzero(H[:, i] > 0)
            rate = cost[seen] / H[seen, i]
            chosen.append(seen if seen.size <= each else seen[np.argpartition(rate, each)[:each]])
        return self._columns.take(np.unique(np.concatenate(chosen)))


def cheap_columns(
    frame: Frame, Z: Float, p: Float, rows: Rows, directions: Float, rng: np.random.Generator, guard: Guard
) -> Dictionary:
    """For each of ``rows`` a few neurons that move it at a small cost G_p per unit, by a local search.

    Parameters
    ----------
    frame : Frame
        Of the points.
    Z : ndarray, shape (n, d + 1)
        The rows z_i, for the costs.
    p : ndarray, shape (n,)
    rows : ndarray of int, shape (m,)
    directions : ndarray, shape (m, d)
        Of half-spaces that hold few points, each with its row on the boundary: where to start. In the units of the frame.
    guard : Guard
        Ends the search with what it has.
    """
    heights = directions @ frame.points.T
    own = heights[np.arange(len(rows)), rows]
    below = np.where(heights < own[:, None] - 1e-12 * np.abs(heights).max(), heights, -np.inf).max(axis=1)
    level = np.where(np.isfinite(below), 0.5 * (own + below), own - 1e-3 * np.abs(own) - 1e-3)
    best = frame.inner(np.column_stack([directions, level]))
    rate = _rates(frame, Z, p, rows, best)
    kept = [best.copy()]
    width = 0.5
    for turn in range(_CHEAP_ROUNDS):
        if guard.over():
            kept.append(best)
            break
        step = rng.standard_normal(best.shape) * np.linalg.norm(best, axis=1, keepdims=True)
        step /= np.sqrt(frame.rank)
        trial = best + width * step
        found = _rates(frame, Z, p, rows, trial)
        better = found > rate
        best[better], rate[better] = trial[better], found[better]
        width = max(0.9 * width, 1e-3)
        if turn % (_CHEAP_ROUNDS // 4) == _CHEAP_ROUNDS // 4 - 1:
            kept.append(best.copy())
    columns = neurons(frame, np.vstack(kept))
    _, first = np.unique(columns.H, axis=0, return_index=True)
    return columns.take(np.sort(first))


def _rates(frame: Frame, Z: Float, p: Float, rows: Rows, omega: Float) -> Float:
    """h_i / G_p of the neuron of each row, 0 where it is not active there."""
    H = np.maximum(omega @ frame.coordinates.T, 0.0)
    return np.asarray(H[np.arange(len(rows)), rows] / np.maximum(column_costs(H, Z, p), 1e-300))


class SearchPricing:
    """Pricing by random hyperplanes through data points and a local search, cut short by ``guard``; no bound follows from it."""

    complete = False

    def __init__(self, frame: Frame, Z: Float, rng: np.random.Generator, guard: Guard) -> None:
        self._frame, self._Z, self._rng, self._guard = frame, Z, rng, guard

    def price(self, dual: Limits, held: Dictionary) -> tuple[Dictionary | None, float]:
        """See `Pricing`."""
        rng = self._rng
        n, r = self._frame.coordinates.shape
        tight = np.abs(held.H @ dual.nu) > 0.999 * dual.limits(held.H, self._Z)
        base = np.vstack([held.omega[tight], self.through_points(int(np.clip(4e5 / n, 100, 1000)))])
        best, ratio = self._best(base, dual)
        width = 0.6
        for _ in range(_SEARCH_ROUNDS):
            if self._guard.over():
                break
            step = (
                rng.standard_normal(best.omega.shape) * np.linalg.norm(best.omega, axis=1, keepdims=True) / np.sqrt(r)
            )
            # Widths of all sizes at once: cells are small where points are dense.
            trial = best.omega + width * np.exp(-3 * rng.random((best.size, 1))) * step
            best, ratio = self._best(np.vstack([best.omega, trial, self._snapped(best.omega)]), dual)
        found = _worst(best, ratio)
        return found, float(min(1.0, 1.0 / max(float(ratio.max(initial=0.0)), 1e-300)))

    def _best(self, omega: Float, dual: Limits) -> tuple[Dictionary, Float]:
        """The worst violators, a few for each point that carries most of a column's left side."""
        columns = neurons(self._frame, omega)
        ratio = np.abs(columns.H @ dual.nu) / np.maximum(dual.limits(columns.H, self._Z), 1e-300)
        group = (columns.H * np.abs(dual.nu)).argmax(axis=1)
        order = np.lexsort((-ratio, group))
        first = np.searchsorted(group[order], np.arange(len(self._Z)))
        place = np.arange(order.size) - first[group[order]]
        chosen = order[place < _EACH]
        return columns.take(chosen), ratio[chosen]

    def through_points(self, count: int) -> Float:
        """Hyperplanes through r - 1 points each: anywhere, or near one of them."""
        Z, rng = self._frame.coordinates, self._rng
        n, r = Z.shape
        if n < r:
            return rng.standard_normal((count, r))
        chosen = np.argpartition(rng.random((count, n)), r - 2, axis=1)[:, : r - 1]
        near = count // 2
        centres = rng.integers(0, n, near)
        distance = ((Z[centres, None, :] - Z[None, :, :]) ** 2).sum(axis=2) if near * n * r < 2e7 else None
        if distance is not None:
            # The nearest points, in an order blurred by random factors.
            blurred = distance * rng.uniform(0.2, 5.0, distance.shape)
            chosen[:near] = np.argpartition(blurred, r - 2, axis=1)[:, : r - 1]
        omega = normals(Z, chosen)
        return omega[omega.any(axis=1)]

    def _snapped(self, omega: Float) -> Float:
        """The hyperplanes through the r - 1 points nearest to each one given."""
        Z = self._frame.coordinates
        n, r = Z.shape
        if n < r:
            return omega
        nearest = np.argpartition(np.abs(omega @ Z.T), r - 2, axis=1)[:, : r - 1]
        found = normals(Z, nearest)
        return found[found.any(axis=1)]
