"""Proof that a dual solution bounds lambda* from below: every column of the finite dictionary, rounding included.

The columns through d points have preactivations det(z_T; z_k), by explicit cofactors with a-priori error bounds, so this
covers d <= 3. Points that rounding can't place on one side of a hyperplane are placed by exact rational arithmetic. The
multipliers nu are rounded to a common grid on which they sum to zero exactly; then nu is divided by the largest ratio of
the two sides of a constraint, which makes all of them hold.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction
from itertools import combinations, islice

import numpy as np
from numpy.typing import NDArray

from verify.hessian.rounding import SLACK, gamma
from verify.shatterability.dictionary import augmented, cofactors
from verify.shatterability.frame import Frame, determinant
from verify.shatterability.master import Dual
from verify.shatterability.reach import nonnegative_products

Float = NDArray[np.float64]
Rows = NDArray[np.int64]

_BLOCK_ENTRIES = 2**20
_EXACT_PLACEMENTS = 5000


def certified_dual_value(X: Float, y: Float, dual: Dual) -> float | None:
    """A proved lower bound of lambda* from a nearly feasible dual; None where the proof does not go through.

    Parameters
    ----------
    X : ndarray, shape (n, d)
        d <= 3, not in an affine subspace, with z_i·z_j >= 0 for all pairs: both are decided exactly.
    y : ndarray, shape (n,)
    dual : Dual
        Approximate multipliers.
    """
    n, d = X.shape
    _, first, inverse = np.unique(X + 0.0, axis=0, return_index=True, return_inverse=True)
    if d > 3 or not nonnegative_products(X):
        return None
    frame = Frame.of(X)
    if not _span_everything(frame):
        return None
    nu = zero_sum(dual.nu)
    if nu is None:
        return None
    checker = _Checker(augmented(X), augmented(frame.points), np.ravel(inverse), nu, dual)
    size = max(1, _BLOCK_ENTRIES // n)
    largest = 0.0
    for chosen in _subsets(len(first), d, size):
        ratio = checker.largest_ratio(first[chosen], chosen)
        if ratio is None:
            return None
        largest = max(largest, ratio)
    scale = 1.0 / max(1.0, largest * (1 + 1e-14))
    slack = gamma(4 * n + 64)
    squares = np.einsum("ij,ij->i", dual.cuts, dual.cuts)
    constant = float(dual.mu @ (dual.cuts.sum(axis=1) ** 2 / squares)) / n * (1 - slack)
    gain = float(nu @ y) - slack * float(np.abs(nu) @ np.abs(y))
    total = constant + max(gain, 0.0) * scale * (1 - slack)
    return max(1.0, total / (float(dual.mu.sum()) * (1 + slack)) * (1 - slack))


def _span_everything(frame: Frame) -> bool:
    """Whether d + 1 of the points lie on no hyperplane, exactly."""
    size = frame.points.shape[1] + 1
    if frame.rank < size:
        return False
    from scipy.linalg import qr

    rows = qr(frame.coordinates.T, mode="r", pivoting=True)[1][:size]
    return frame.independent(rows)


def zero_sum(nu: Float) -> Float | None:
    """``nu`` rounded to a grid 2^-k so that its entries sum to 0 exactly; None if they are all 0.

    >>> from fractions import Fraction
    >>> sum(Fraction(v) for v in zero_sum(np.array([0.1, 0.2, -0.3])))
    Fraction(0, 1)
    """
    top = float(np.abs(nu).max())
    if not top > 0:
        return None
    # Integers below 2^46, so that up to 2^17 of them sum without overflow; the last correction keeps them below 2^53.
    unit = 46 - math.frexp(top)[1]
    steps = np.rint(np.ldexp(nu, unit)).astype(np.int64)
    steps[int(np.abs(steps).argmax())] -= steps.sum()
    return np.ldexp(steps.astype(np.float64), -unit)


def _subsets(count: int, d: int, size: int) -> Iterator[Rows]:
    """All d-subsets of range(count), in blocks."""
    source = combinations(range(count), d)
    while True:
        block = list(islice(source, size))
        if not block:
            return
        yield np.array(block, dtype=np.int64)


class _Checker:
    """Ratios of the two sides of the dual constraints.

    Sides of hyperplanes are those of ``points``, which are the z_i but for an exact change of origin and units.
    """

    def __init__(self, Z: Float, points: Float, group: Rows, nu: Float, dual: Dual) -> None:
        self._Z, self._points, self._group, self._nu = Z, points, group, nu
        self._placements = 0
        # (2/n) mu_j / |p_j|^2, rounded down.
        squares = np.einsum("ij,ij->i", dual.cuts, dual.cuts)
        n = len(Z)
        self._weights = 2 / n * dual.mu / squares * (1 - gamma(2 * n + 8))
        self._cuts = dual.cuts
        self._longest = float(np.linalg.norm(Z, axis=1).max()) * SLACK

    def largest_ratio(self, rows: Rows, groups: Rows) -> float | None:
        """max of |nu'h| over its limit, rounded up, for the hyperplanes through ``rows`` (m, d); None if undecidable.

        ``groups`` are the indices of the same points among the distinct ones.
        """
        Z = self._points
        omega, size = cofactors(Z[rows])
        values = omega @ Z.T
        error = gamma(20) * (size @ np.abs(Z).T) * SLACK
        on_plane = (self._group[None, :, None] == groups[:, None, :]).any(axis=2)
        values[on_plane] = 0.0
        error[on_plane] = 0.0
        unsure = (np.abs(values) <= error) & ~on_plane
        at, points = np.nonzero(unsure)
        self._placements += at.size
        if self._placements > _EXACT_PLACEMENTS:
            return None
        for s, k in zip(at.tolist(), points.tolist(), strict=True):
            exact = determinant([[Fraction(v) for v in row] for row in [*Z[rows[s]].tolist(), Z[k].tolist()]])
            values[s, k] = float(exact) * self._orientation(Z.shape[1])
            error[s, k] = 0.0 if exact == 0 else 2.0**-50 * abs(values[s, k]) + 1e-300
        worst = 0.0
        for sign in (1.0, -1.0):
            ratio = self._side(sign * values, error)
            if ratio is None:
                return None
            worst = max(worst, ratio)
        return worst

    @staticmethod
    def _orientation(r: int) -> float:
        """Sign of the cofactor expansion against det(rows; z), which puts z last."""
        return 1.0 if (r - 1) % 2 == 0 else -1.0

    def _side(self, values: Float, error: Float) -> float | None:
        active = values > 0
        n, r = self._Z.shape
        low = np.where(active, np.maximum(values - error, 0.0), 0.0)
        nu_size = np.abs(self._nu)
        left = np.abs(np.where(active, values, 0.0) @ self._nu)
        reach = np.where(active, values, 0.0) @ nu_size
        left = left * (1 + gamma(4)) + (reach * gamma(n + 4) + np.where(active, error, 0.0) @ nu_size) * SLACK
        pattern = active.astype(np.float64)
        right = np.zeros(len(values))
        for weight, p in zip(self._weights.tolist(), self._cuts, strict=True):
            share = pattern @ p
            norm = np.linalg.norm(pattern @ (p[:, None] * self._Z), axis=1) * (1 - gamma(r + 4))
            norm = np.maximum(norm - gamma(n + 4) * math.sqrt(r) * self._longest * share * SLACK, 0.0)
            right += weight * norm * (low @ p) * (1 - gamma(n + 8))
        needed = left > 0
        if (right[needed] <= 0).any():
            return None
        return float((left[needed] / right[needed]).max(initial=0.0)) * (1 + gamma(8))
