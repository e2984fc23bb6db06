"""Hull margins: how far each point lies outside the convex hull of the others.

The shortest vector of conv{y_j}, y_j = x_j - x_i, comes from nonnegative least squares in one step: for lambda = s mu
with mu in the simplex, |Y lambda|^2 + (g sum lambda - g)^2 = s^2 |Y mu|^2 + g^2 (s - 1)^2, whose minimiser has the mu of
the shortest vector, for every g > 0. Only the few points that carry it matter, so it is solved on candidates, which
grow by the points that the direction found does not separate. Both bounds are then computed from the solution alone.

Points that no direction separates yet are looked at in units of their own first: there columns in small units count.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from verify.hessian.inputs import check_function, check_positive
from verify.hessian.rounding import SLACK, UNIT, gamma
from verify.shatterability.frame import Frame, row_norms
from verify.shatterability.guard import Guard
from verify.shatterability.large import LARGE, early_answers
from verify.shatterability.margin_checkpoint import MarginCheckpoint
from verify.shatterability.scaling import Scaled
from verify.shatterability.screening import Screening, block_rows, screen, separation
from verify.shatterability.simplices import shortest
from verify.shatterability.table import check_points, repeated

Float = NDArray[np.float64]

_TURNS = 60
# Shortest vectors below this share of the largest norm are 0 but for rounding errors.
_ZERO = 1e-14
# Of many points, so many extreme ones get narrow brackets: those with the largest margins.
_SHOWN = 24


@dataclass(frozen=True, eq=False)
class HullMargins:
    """Bounds of m_i = dist(x_i, conv of the other points).

    Attributes
    ----------
    lower, upper : ndarray, shape (n,)
        Certified: rounding errors are bounded.
    directions : ndarray, shape (n, d)
        Unit vectors u_i with u_i·(x_i - x_j) >= lower_i for every j != i; zero rows where lower_i = 0.
    tolerance : float
        Width aimed at.
    complete : bool
        Whether every bracket is that narrow; False if time ran out, or float64 can't make them. Beyond n^2 d = 10^10 only
        points inside and 24 extreme ones with large margins are asked for.
    stopped : bool
        Whether time ran out.
    """

    lower: Float
    upper: Float
    directions: Float
    tolerance: float
    complete: bool
    stopped: bool

    @property
    def extreme(self) -> NDArray[np.bool_]:
        """Points that certainly lie outside the hull of the others."""
        return self.lower > 0

    @property
    def undecided(self) -> NDArray[np.bool_]:
        """Points that may lie outside by more than the tolerance, but for which no direction was found."""
        return (self.lower == 0) & (self.upper > self.tolerance)


def hull_margins(
    X: Float,
    *,
    tol: float = 1e-9,
    time_limit: float = math.inf,
    progress: Callable[[str], None] | None = None,
    checkpoint: str | Path | None = None,
) -> HullMargins:
    """Distances of every point to the convex hull of the others, from both sides.

    Parameters
    ----------
    X : array_like, shape (n, d)
        n >= 2 points. Equal rows have margin 0.
    tol : float
        Width of the brackets aimed at, in units of the largest distance to the mean; in (0, 1).
    time_limit : float
        Seconds after which to stop; the brackets of the points that are left are wide.
    progress : callable, optional
        Told in words what is under way.
    checkpoint : str or Path, optional
        File that the state is written to from time to time. If it exists, the computation goes on from it.

    Raises
    ------
    ValueError, TypeError
        Naming the argument: for fewer than two points, entries that are not finite, another tolerance, or a
        checkpoint that is damaged or of other points.

    Examples
    --------
    >>> square = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0], [0.5, 0.5]])
    >>> hull_margins(square).upper.round(9).tolist()
    [0.707106781, 0.707106781, 0.707106781, 0.707106781, 0.0]
    """
    X = check_points(X)
    tol = check_positive("tol", tol, below=1)
    guard = Guard(time_limit)
    check_function("progress", progress)
    n = len(X)
    frame = Frame.of(X)
    points = X - frame.centre  # exact
    store = None if checkpoint is None else MarginCheckpoint(checkpoint, X)
    begun = None if store is None else store.load(frame)
    keep = None if store is None else store.keep
    tolerance = tol * float(row_norms(points - points.mean(axis=0)).max())
    if begun is None:
        begun = Screening.begin(frame.points, repeated(X))
    large = n * X.size >= LARGE
    if large:
        begun = early_answers(frame, begun, tolerance, guard=guard, progress=progress, keep=keep)
    found = screen(frame, guard=guard, progress=progress, start=begun, keep=keep)
    lower, upper, directions = found.lower, found.upper, found.directions
    step = max(1, min(512, block_rows(n)))
    narrowed = np.ones(n, dtype=bool)
    if large:
        # What the report shows; the other extreme points keep the bracket that made them extreme.
        narrowed[:] = lower <= 0
        narrowed[np.argsort(-lower, kind="stable")[:_SHOWN]] = True
    for units, factor, wanted in (
        (frame.points, frame.factor, lower <= 0),
        (points, np.ones(X.shape[1]), narrowed),
    ):
        open_rows = np.flatnonzero(wanted & (upper - lower > tolerance))
        for start in range(0, len(open_rows), step):
            if guard.over():
                break
            if progress is not None:
                progress(f"margins: {start} of {len(open_rows)} points")
            rows = open_rows[start : start + step]
            _refine(units, factor, rows, tolerance, lower, upper, directions, guard)
            found.moved[rows] = True
            if store is not None:
                store.keep(found)
    if store is not None:
        store.save(found)
    directions[lower <= 0] = 0.0
    for array in (lower, upper, directions):
        array.setflags(write=False)
    complete = bool((upper - lower <= tolerance)[narrowed].all())
    return HullMargins(lower, upper, directions, tolerance, complete, guard.stopped)


def carried_over(margins: HullMargins, old: Scaled, new: Scaled) -> HullMargins | None:
    """The margins of the same points in other scales, if these differ by one factor for all columns; None if not, or if
    rounding of the scales loses an extreme point.

    Coordinates differ from exact ones, (x - shift) / factor, by three units in the last place at most.

    Examples
    --------
    >>> from verify.shatterability.scaling import Scale, rescale
    >>> X = np.array([[0.0, 0.0], [3.0, 0.0], [0.0, 4.0]])
    >>> as_given, ball = rescale(X, Scale.AS_IS), rescale(X, Scale.UNIT_BALL)
    >>> found = carried_over(hull_margins(X), as_given, ball)
    >>> bool(np.abs(found.upper - hull_margins(ball.X).upper).max() < 1e-9)
    True
    """
    ratios = old.factor / new.factor
    if np.ptp(ratios):
        return None
    ratio = float(ratios[0])
    sizes = [float(row_norms(each.X).max()) for each in (old, new)]
    error = 8 * UNIT * (ratio * sizes[0] + sizes[1])
    lower = margins.lower * ratio * (1 - 4 * UNIT) - error
    lower[margins.lower <= 0] = 0.0
    if (lower[margins.extreme] <= 1e-290).any():
        return None
    upper = margins.upper * ratio * (1 + 4 * UNIT) + np.where(margins.upper > 0, error, 0.0)
    for array in (lower, upper):
        array.setflags(write=False)
    return replace(margins, lower=lower, upper=upper, tolerance=margins.tolerance * ratio)


def _refine(
    points: Float,
    factor: Float,
    rows: NDArray[np.int64],
    tolerance: float,
    lower: Float,
    upper: Float,
    directions: Float,
    guard: Guard,
) -> None:
    """Narrow the brackets of ``rows`` in place; the margins are those of factor * points.

    With other factors than 1 the vectors found are not the shortest ones: it is enough if one separates.
    """
    n, d = points.shape
    radius = float(row_norms(points).max())
    own_units = bool((factor != 1).any())
    grow = 2 * (d + 1)
    candidates = _nearest(points, rows, min(n - 1, 2 * grow))
    active = list(range(len(rows)))
    slack = 1 + gamma(d + 16)
    for _ in range(_TURNS):
        vectors = np.zeros((len(active), d))
        keep = []
        for at, position in enumerate(active):
            if guard.over():
                return
            row = int(rows[position])
            w, error = shortest(points[candidates[position]] - points[row])
            length = float(row_norms(factor * w[None])[0])
            tiny = 1e-290 if length > 0 else 0.0  # what may have underflown
            upper[row] = min(upper[row], (length + error * float(factor.max())) * slack + tiny)
            vectors[at] = -w
        norms = row_norms(vectors)
        own = rows[active]
        products = vectors @ points.T
        bounds, units, _ = separation(points, own, vectors, radius * SLACK, factor)
        for at, position in enumerate(active):
            row = int(rows[position])
            if bounds[at] > lower[row]:
                lower[row], directions[row] = bounds[at], units[at]
            upper[row] = max(upper[row], lower[row])
            if upper[row] - lower[row] <= tolerance:
                continue
            if own_units and (lower[row] > 0 or norms[at] <= _ZERO * radius):
                continue
            near = _ZERO * radius if own_units else tolerance / 4
            violated = products[at] > products[at, row] - (norms[at] ** 2 - norms[at] * near)
            violated[row] = False
            violated[candidates[position]] = False
            fresh = np.flatnonzero(violated)
            if not fresh.size:
                continue  # as narrow as float64 allows
            if fresh.size > grow:
                fresh = fresh[np.argpartition(-products[at, fresh], grow)[:grow]]
            candidates[position] = np.concatenate([candidates[position], fresh])
            keep.append(position)
        active = keep
        if not active:
            break


def _nearest(points: Float, rows: NDArray[np.int64], count: int) -> list[NDArray[np.int64]]:
    """The ``count`` nearest other points of each row."""
    squares = np.einsum("ij,ij->i", points, points)
    distances = squares - 2 * points[rows] @ points.T
    distances[np.arange(len(rows)), rows] = np.inf
    return list(np.argpartition(distances, count - 1, axis=1)[:, :count])
