"""Many small linear systems in boxes at once: is there a t with sum_j t_j z_j = 0 and low <= t <= high?

The first phase of the simplex method with bounded variables, on a batch: all problems share the rows z_j (n, r), and each has
bounds, a basis of r rows and sides of its own to start from. The sum of the violations of the basic variables falls with
each step; its slope is w·z_j along variable j, and the step goes through the bounds of basic variables as long as it gains.
Where no variable gains any more, w is a neuron that shows why there is no t. Every step is algebra of size r and one product
with the rows; steps are counted, and a problem that takes too many is left open, which is never wrong for its caller.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]
Rows = NDArray[np.int64]
Bools = NDArray[np.bool_]

_MOST_STEPS = 60
_VIOLATION = 1e-10
_GAIN = 1e-10
_PIVOT = 1e-11


@dataclass(frozen=True, eq=False)
class Feasibility:
    """What became of each problem.

    Attributes
    ----------
    feasible, open : ndarray of bool, shape (B,)
        ``open`` if neither was found; what is not feasible and not open has no t, up to rounding.
    t : ndarray, shape (B, n)
        Within the bounds but for rounding of the basic ones, where feasible.
    basis : ndarray of int, shape (B, r)
    upper : ndarray of bool, shape (B, n)
        Which nonbasic variables are at their upper bound.
    omega : ndarray, shape (B, r)
        A linear function on the rows that is above 0 somewhere where t is bounded from below alone, where not feasible.
    """

    feasible: Bools
    open: Bools
    t: Float
    basis: Rows
    upper: Bools
    omega: Float


def feasible_points(Z: Float, low: Float, high: Float, basis: Rows, upper: Bools) -> Feasibility:
    """Solve a batch; ``basis`` and ``upper`` are where to start, and one bound of each variable must be finite.

    Parameters
    ----------
    Z : ndarray, shape (n, r)
    low, high : ndarrays, shape (B, n)
    basis : ndarray of int, shape (B, r)
        Independent rows.
    upper : ndarray of bool, shape (B, n)

    Examples
    --------
    Is the middle one of three points of the line in the hull of the others? Is the first?

    >>> Z = np.array([[0.0, 1.0], [1.0, 1.0], [2.0, 1.0]])
    >>> low = np.array([[-9.0, 1.0, -9.0], [1.0, -9.0, -9.0]])
    >>> high = np.where(low > 0, np.inf, 0.0)
    >>> start = np.array([[0, 2], [0, 2]]), np.zeros((2, 3), dtype=bool)
    >>> feasible_points(Z, low, high, *start).feasible.tolist()
    [True, False]
    """
    batch, r = len(low), Z.shape[1]
    columns = np.ascontiguousarray(Z.T)
    every = np.arange(batch)[:, None]
    basis = basis.copy()
    upper = (upper | np.isinf(low)) & ~np.isinf(high)
    at = np.where(upper, high, low)
    scale = np.abs(at).max(axis=1) + 1e-300
    # Wide boxes first: a variable that soon hits its other bound is worth less.
    room = np.minimum((high - low) / scale[:, None], 1.0)
    worth = np.where(upper, room, -room)
    at[every, basis] = worth[every, basis] = 0.0
    inverse = np.linalg.inv(Z[basis].transpose(0, 2, 1))
    x = -np.einsum("bij,bj->bi", inverse, at @ Z)
    feasible, stopped = np.zeros(batch, dtype=bool), np.zeros(batch, dtype=bool)
    omega, values = np.zeros((batch, r)), np.zeros((batch, r))
    # Small arrays of the problems still at work; ``idx`` are their places in the batch, ``live`` those not yet done.
    idx, held, live = np.arange(batch), basis.copy(), np.ones(batch, dtype=bool)
    low_x, high_x = low[every, basis], high[every, basis]
    slack = _VIOLATION * scale[:, None]
    for step in range(_MOST_STEPS):
        side = (x < low_x - slack).astype(np.float64) - (x > high_x + slack)
        w = np.einsum("bi,bij->bj", side, inverse)
        gains = w @ columns
        gains *= worth
        entering = gains.argmax(axis=1)
        b = np.arange(len(entering))
        fine = ~side.any(axis=1)
        stuck = ~fine & (gains[b, entering] <= _GAIN * np.abs(w).max(axis=1))
        done = live & (fine | stuck | (step == _MOST_STEPS - 1))
        if done.any():
            places = idx[done]
            basis[places], omega[places], values[places] = held[done], w[done], x[done]
            feasible[places], stopped[places] = fine[done], stuck[done]
            live &= ~done
            left = int(live.sum())
            if not left:
                break
            if left <= 0.7 * len(live):
                idx, held, entering = idx[live], held[live], entering[live]
                worth, inverse, side, w = worth[live], inverse[live], side[live], w[live]
                x, low_x, high_x, slack = x[live], low_x[live], high_x[live], slack[live]
                live, b = np.ones(left, dtype=bool), np.arange(left)
        toward = -np.sign(worth[b, entering])
        slope = np.maximum(-toward * np.einsum("bi,bi->b", w, Z[entering]), 0.0)
        direction = np.einsum("bij,bj->bi", inverse, Z[entering])
        change = -toward[:, None] * direction
        length, place, to_high = _line_search(x, low_x, high_x, side, change, slope)
        low_e, high_e = low[idx, entering], high[idx, entering]
        flips = (high_e - low_e <= length) & live
        length = np.where(flips, high_e - low_e, length)
        stops = np.isfinite(length) & live  # the others wait until their steps are used up
        length[~stops] = 0.0
        x = x + change * length[:, None]
        f = b[flips & stops]
        upper[idx[f], entering[f]] ^= True
        worth[f, entering[f]] *= -1
        g = b[~flips & stops]
        if not len(g):
            continue
        # The basic variable that stopped the step leaves at the bound it met.
        leaving, j, i, at_high = held[g, place[g]], entering[g], idx[g], to_high[g]
        upper[i, leaving] = at_high
        width = np.minimum((high[i, leaving] - low[i, leaving]) / scale[i], 1.0)
        worth[g, leaving] = np.where(at_high, width, -width)
        worth[g, j] = 0.0
        held[g, place[g]] = j
        x[g, place[g]] = np.where(toward[g] > 0, low_e[g], high_e[g]) + toward[g] * length[g]
        low_x[g, place[g]], high_x[g, place[g]] = low_e[g], high_e[g]
        row = inverse[g, place[g]] / direction[g, place[g]][:, None]
        updated = inverse[g] - direction[g][:, :, None] * row[:, None, :]
        updated[np.arange(len(g)), place[g]] = row
        inverse[g] = updated
    t = np.where(upper, high, low)
    t[every, basis] = values
    return Feasibility(feasible, ~feasible & ~stopped, t, basis, upper, omega)


def _line_search(
    x: Float, low: Float, high: Float, side: Float, change: Float, slope: Float
) -> tuple[Float, Rows, Bools]:
    """How far to go, which basic variable stops the step, and whether at its upper bound; inf if none does.

    A basic variable out of its bounds gains until the nearer one and loses beyond the farther; one within loses beyond the
    bound ahead. The step ends where the gains no longer exceed the losses.
    """
    r = x.shape[1]
    speed = np.abs(change)
    still = speed < _PIVOT
    rate = 1 / np.where(still, np.inf, change)
    near_high = np.where(side != 0, side < 0, change > 0)
    with np.errstate(invalid="ignore"):
        ends = np.concatenate(
            [(np.where(near_high, high, low) - x) * rate, (np.where(side > 0, high, low) - x) * rate], axis=1
        )
    away = still | (change * side < 0)
    none = np.concatenate([away, away | (side == 0)], axis=1) | np.isnan(ends)
    ends = np.where(none, np.inf, np.maximum(ends, 0.0))
    order = ends.argsort(axis=1)
    losses = np.cumsum(np.take_along_axis(np.concatenate([speed, speed], axis=1), order, axis=1), axis=1)
    first = (losses >= (1 - 1e-12) * slope[:, None]).argmax(axis=1)
    b = np.arange(len(x))
    chosen = order[b, first]
    place = chosen % r
    return ends[b, chosen], place, np.where(chosen < r, near_high[b, place], side[b, place] > 0)
