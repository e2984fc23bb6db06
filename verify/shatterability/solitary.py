"""Memorising with solitary neurons: one neuron for each point, active on that point alone.

At zero residual on its point, a neuron with output weight v and activation h, v h = r, adds
v^2 (1 + |x|^2) + h^2 >= 2 |r| sqrt(1 + |x|^2) =: q to the diagonal of J J', with equality for h^2 = |r| sqrt(1 + |x|^2).
The output bias adds 1 1'. So lambda_max is that of (1 1' + diag q) / n, the largest root of sum_i 1/(n lambda - q_i) = 1,
whatever the margins are. Points that are not memorised have q_i = 0: they see no neuron.

The largest root is max over unit vectors p of ((1'p)^2 + sum p_i^2 q_i) / n: it increases with each q_i, so the flattest
way to memorise m points takes those with the smallest q_i, and it is convex in the output bias.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from constructions.network import Network
from verify.hessian.inputs import check_number, check_positive, read_array
from verify.hessian.rounding import UNIT, gamma
from verify.hessian.structure import secular_gaps, secular_root
from verify.shatterability.table import check_data

Float = NDArray[np.float64]
Rows = NDArray[np.int64]

_STEPS = 200


@dataclass(frozen=True, eq=False)
class SoloSharpness:
    """lambda_max of the network with one solitary neuron for each point, balanced to be flattest.

    Attributes
    ----------
    value : float
        lambda_max.
    beta : float
        The output bias.
    costs : ndarray, shape (n,)
        q_i = 2 |y_i - beta| sqrt(1 + |x_i|^2).
    vector : ndarray, shape (n,)
        The positive unit eigenvector of (1 1' + diag q) / n.
    """

    value: float
    beta: float
    costs: Float
    vector: Float


@dataclass(frozen=True, eq=False)
class SoloCapacity:
    """The most points that solitary neurons can memorise below 2/eta.

    Attributes
    ----------
    rows : ndarray of int64
        Which points, cheapest first.
    share : float
        Of all n points.
    value : float
        lambda_max of that network, at most 2/eta.
    """

    rows: Rows
    share: float
    value: float
    beta: float


def single_sharpness(costs: Float) -> Float:
    """lambda_max of memorising one point alone, for each point; costs as in `SoloSharpness`.

    It is the larger root of the secular equation for one cost q. With m = n lambda that is 1/(m - q) + (n - 1)/m = 1, or
    m^2 - (n + q) m + (n - 1) q = 0.

    >>> bool(abs(single_sharpness(np.array([3.0, 0.0]))[0] - secular_root(np.array([3.0, 0.0]))) < 1e-15)
    True
    """
    n = len(costs)
    # (n + q)^2 - 4 (n - 1) q = (n - q)^2 + 4 q
    return np.asarray(0.5 * (n + costs + np.hypot(n - costs, 2 * np.sqrt(costs))) / n)


def solo_sharpness(X: Float, y: Float, beta: float | None = None) -> SoloSharpness:
    """Sharpness of memorising every point with a solitary neuron of its own; O(n d + n log n).

    Parameters
    ----------
    X, y : array_like, shapes (n, d) and (n,)
    beta : float, optional
        Output bias; by default the flattest one.

    Examples
    --------
    >>> round(solo_sharpness(np.array([[1.0], [-1.0]]), np.array([1.0, -1.0])).value, 12)
    2.414213562373
    """
    X, y = check_data(X, y)
    norms = np.hypot(1.0, np.linalg.norm(X, axis=1))
    at = flattest_bias(norms, y) if beta is None else _bias(beta)
    costs = 2 * np.abs(y - at) * norms
    return SoloSharpness(secular_root(costs), at, costs, perron_vector(costs))


def perron_vector(costs: Float) -> Float:
    """The positive unit eigenvector of 1 1' + diag(costs), shape (n,)."""
    p = 1.0 / secular_gaps(costs)
    return np.asarray(p / np.linalg.norm(p))


def flattest_bias(norms: Float, y: Float) -> float:
    """The output bias with the smallest root for q_i = 2 |y_i - beta| norms_i, by bisection of the slope."""
    low, high = float(y.min()), float(y.max())
    for _ in range(_STEPS):
        middle = 0.5 * (low + high)
        if not low < middle < high:
            break
        costs = 2 * np.abs(y - middle) * norms
        weight = 1.0 / secular_gaps(costs)
        # The slope of the root is sum p_i^2 q_i' over |p|^2.
        slope = float((weight**2 * norms) @ np.sign(middle - y))
        if slope == 0:
            return middle
        low, high = (low, middle) if slope > 0 else (middle, high)
    return 0.5 * (low + high)


def solo_capacity(
    X: Float, y: Float, eta: float, beta: float | None = None, able: NDArray[np.bool_] | None = None
) -> SoloCapacity:
    """The largest set of points that solitary neurons memorise with lambda_max <= 2/eta; O(n d + n log n).

    Parameters
    ----------
    X, y : array_like, shapes (n, d) and (n,)
    eta : float
        Step size; for eta > 2 no network is stable and the set is empty.
    beta : float, optional
        Output bias, which the points that are not memorised get; by default the flattest for all. The set is the
        largest one for this bias.
    able : ndarray of bool, shape (n,), optional
        Points for which a solitary neuron exists (those outside the hull of the others); by default all.

    Examples
    --------
    >>> X, y = np.eye(4), np.array([0.0, 1.0, 1.0, -9.0])
    >>> solo_capacity(X, y, eta=1.0, beta=0.0).rows.tolist()
    [0, 1, 2]
    """
    X, y = check_data(X, y)
    eta = check_positive("eta", eta)
    n = len(y)
    norms = np.hypot(1.0, np.linalg.norm(X, axis=1))
    at = flattest_bias(norms, y) if beta is None else _bias(beta)
    costs = 2 * np.abs(y - at) * norms
    rows = np.arange(n) if able is None else np.flatnonzero(_mask("able", able, n))
    c = 2.0 / eta
    if c < 1:
        return SoloCapacity(np.empty(0, dtype=np.int64), 0.0, 1.0, at)
    rows = rows[np.argsort(costs[rows], kind="stable")]
    rows = rows[costs[rows] < n * c]
    # 1/(nc - q) - 1/(nc); the sum over all points of 1/(nc - q_i) must not exceed 1.
    load = np.cumsum(costs[rows] / (n * c) / (n * c - costs[rows]))
    count = int(np.searchsorted(load, (1 - 1 / c) * (1 + 1e-12), side="right"))
    while True:
        chosen = np.zeros(n)
        chosen[rows[:count]] = costs[rows[:count]]
        value = secular_root(chosen)
        if value <= c or count == 0:
            return SoloCapacity(rows[:count], count / n, value, at)
        count -= 1


def _bias(beta: float) -> float:
    number = check_number("beta", beta)
    if abs(number) > 1e100:
        raise ValueError(f"beta must not exceed 1e100 in absolute value, got {beta!r}")
    return number


def _mask(name: str, value: NDArray[np.bool_], n: int) -> NDArray[np.bool_]:
    try:
        mask = np.asarray(value)
    except Exception as error:
        raise TypeError(f"{name} must hold truth values, got {type(value).__name__}") from error
    if mask.dtype != bool or mask.shape != (n,) or np.ma.is_masked(value):
        raise TypeError(
            f"{name} must hold one truth value for each of {n} points, got shape {mask.shape} of {mask.dtype}; of the "
            f"indices of points, numpy.isin(numpy.arange({n}), indices) makes them"
        )
    return mask


def _rows(value: Rows | None, n: int) -> Rows:
    """Indices of different points; by default all."""
    if value is None:
        return np.arange(n)
    rows = read_array("rows", value, (None,))
    if not ((rows == np.floor(rows)) & (rows >= 0) & (rows < n)).all() or len(np.unique(rows)) < len(rows):
        raise ValueError(f"rows must be different indices from 0 to {n - 1}, got others")
    return rows.astype(np.int64)


def solitary_network(
    X: Float, y: Float, directions: Float, margins: Float, beta: float, rows: Rows | None = None, share: float = 0.5
) -> Network:
    """The network beta + one neuron for each of ``rows`` that is active on that point alone and fits its label.

    Parameters
    ----------
    X, y : array_like, shapes (n, d) and (n,)
    directions : ndarray, shape (n, d)
        Unit vectors u_i with u_i·(x_i - x_j) >= margins_i > 0 for every j != i, as from `hull_margins`.
    margins : ndarray, shape (n,)
    beta : float
        Output bias.
    rows : ndarray of int, optional
        Points to memorise, by default all.
    share : float
        The kink stands at this share of the margin below the point; in (0, 1).

    Raises
    ------
    ValueError
        If a row has no positive margin.
    """
    X, y = check_data(X, y)
    beta, share, chosen = _bias(beta), check_positive("share", share, below=1.0), _rows(rows, len(y))
    directions, margins = read_array("directions", directions, X.shape), read_array("margins", margins, y.shape)
    bad = chosen[~(margins[chosen] > 0)]
    if bad.size:
        raise ValueError(f"rows must lie outside the hull of the other points, row {int(bad[0])} has no such margin")
    residual = y[chosen] - beta
    chosen, residual = chosen[residual != 0], residual[residual != 0]
    if not chosen.size:
        return Network(np.eye(1, X.shape[1]), np.array([1.0 + 2 * np.abs(X).max()]), np.zeros(1), beta)
    points, norms = X[chosen], np.hypot(1.0, np.linalg.norm(X[chosen], axis=1))
    activation = np.sqrt(np.abs(residual) * norms)
    with np.errstate(over="ignore", divide="ignore"):
        slope = activation / (share * margins[chosen])
    if not np.isfinite(slope).all():
        raise ValueError(f"share must be so large that the weights don't leave the range of floats, got {share!r}")
    W = directions[chosen] * slope[:, None]
    b = np.einsum("ij,ij->i", W, points) - activation
    # What float64 makes of the activation, so that the fit is as good as it can be.
    seen = np.einsum("ij,ij->i", W, points) - b
    return Network(W, b, residual / np.where(seen > 0, seen, activation), beta)


@dataclass(frozen=True)
class SoloMeasure:
    """Of a float64 network of solitary neurons: bounds of lambda_max and the trace, rounded up, and the loss with its errors."""

    sharpness: float
    trace: float
    loss: float
    worst_loss: float


def measure_solitary(network: Network, X: Float, y: Float, rows: Rows, margins: Float) -> SoloMeasure | None:
    """What holds for the network of :func:`solitary_network` that fits ``rows``, all roundings included; O(n d).

    The margins bound from below how much less each neuron's direction sees of the other points: none is active there. None if
    rounding can't tell that.

    Examples
    --------
    >>> X, y = np.array([[1.0], [-1.0]]), np.array([1.0, -1.0])
    >>> network = solitary_network(X, y, X, np.array([2.0, 2.0]), 0.0)
    >>> found = measure_solitary(network, X, y, np.arange(2), np.array([2.0, 2.0]))
    >>> round(found.sharpness, 9), round(found.trace, 9), found.loss
    (2.414213562, 3.828427125, 0.0)
    """
    n, d = X.shape
    rows = rows[y[rows] != network.beta]
    if not rows.size:  # one neuron, active nowhere
        return SoloMeasure(1.0, 1.0, 0.0, 0.0) if (y == network.beta).all() else None
    if len(rows) != network.width or (np.delete(y, rows) != network.beta).any():
        return None
    points, slack = X[rows], gamma(d + 16)
    slopes, squares = np.linalg.norm(network.W, axis=1), np.einsum("ij,ij->i", points, points)
    products = np.einsum("ij,ij->i", network.W, points)
    h = products - network.b
    error = slack * (slopes * np.sqrt(squares) + np.abs(network.b))
    spread = 2 * float(np.linalg.norm(X - X.mean(axis=0), axis=1).max())
    # The neuron's direction is that of the margin up to a few roundings.
    away = slopes * (margins[rows] - slack * spread) * (1 - slack)
    if not ((h - error > 0).all() and (h + error < away).all()):
        return None
    h = h + error
    residual = np.abs(y[rows] - (network.beta + network.v * (products - network.b)))
    worst = residual + np.abs(network.v) * error + 8 * UNIT * (np.abs(y[rows]) + np.abs(network.beta))
    costs = network.v**2 * (1 + squares) * (1 + slack) + h**2
    every = np.zeros(n)
    every[rows] = costs * (1 + slack)
    # Each neuron's block of second derivatives has the largest eigenvalue |r| |z| / n.
    bent = float((worst * np.sqrt(1 + squares)).max()) / n
    return SoloMeasure(
        (root_above(every) + bent) * (1 + 4 * UNIT),
        (1.0 + float(every.sum()) / n) * (1 + gamma(n + 16)),
        0.5 * float(residual @ residual) / n,
        0.5 * float(worst @ worst) / n * (1 + gamma(n + 16)),
    )


def root_above(costs: Float) -> float:
    """A number above the root of :func:`verify.hessian.structure.secular_root`, certainly, and close to it.

    >>> bool(0 < root_above(np.array([3.0, 1.0])) - secular_root(np.array([3.0, 1.0])) < 1e-12)
    True
    """
    n = len(costs)
    top = float(costs.max())
    x = float(secular_gaps(costs).min()) * (1 + 1e-15)
    excess = gamma(n + 16)
    while True:
        # The left side decreases; with n lambda = top + x each term is 1/(x + top - q).
        if float((1.0 / (x + (top - costs))).sum()) * (1 + excess) <= 1.0:
            return (top + x) / n * (1 + 8 * UNIT)
        x *= 1 + excess
