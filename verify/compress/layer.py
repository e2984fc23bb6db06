"""A smaller network with the same outputs on the data and no larger cost: a vertex of a linear program.

The neurons of a trained layer add up to its outputs: with phi_k their activations at the n points, sum_k phi_k v_k' is the
matrix Y of outputs (n, c). Projecting every v_k on the rows that Y has changes nothing there and makes none longer. Then the
matrices phi_k v_k' lie in a space of dimension rank(Phi) rank(Y), and multipliers m_k >= 0 with sum_k m_k phi_k v_k' = Y of
least cost sum_k m_k |v_k| |w_k| exist with no more nonzero ones than this dimension: m = 1 is feasible, and a linear program
has its optimum at a vertex. The neurons keep w_k and b_k, so the network is another function away from the data.

What is certified is measured on the result, whatever the program did: the outputs' difference in exact arithmetic, from a
bound on all rounding; the costs, enclosed; the ranks, from below, as ranks modulo a prime.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import qr
from scipy.optimize import linprog

from constructions import memory
from verify.compress.network import VectorNetwork
from verify.compress.ranks import layer_ranks
from verify.hessian.inputs import check_positive, read_array
from verify.hessian.rounding import SLACK, gamma
from verify.outcome import Interval
from verify.shatterability.frame import row_norms

Float = NDArray[np.float64]
# Input stays below _LARGEST and output weights below _MOST: sums stay far from overflow, and fewer than 2^60 underflowing
# products, each off by at most 2^-1021 and multiplied by less than 2^200 later, stay below _TINY.
_LARGEST, _MOST, _TINY = 2.0**70, 2.0**110, 2.0**-700
_EPS = float(np.finfo(np.float64).eps)


@dataclass(frozen=True, eq=False)
class Compressed:
    """A smaller network, and what is certain of it.

    Attributes
    ----------
    network : VectorNetwork
    kept : ndarray of int
        Which neurons of the given one it has; their w and b are unchanged.
    difference : Interval
        Encloses max |f - g| over points and outputs, in exact arithmetic on the floats that both networks are.
    relative : Interval
        The same with each output over ``size``.
    size : ndarray, shape (c,)
        Of each output: the largest sum over the neurons of their absolute contributions and beta, at a point; 1 instead of 0.
    cost, cost_before : Interval
        Enclose sum |v_k| |w_k|.
    feature_rank, output_rank : int
        Ranks of the activations and of the outputs (without beta) of the given layer at the data, certain from below.
    obstacle : str or None
        Why all neurons that contribute were kept, if they were given back.
    """

    network: VectorNetwork
    kept: NDArray[np.int64]
    difference: Interval
    relative: Interval
    size: Float
    cost: Interval
    cost_before: Interval
    feature_rank: int
    output_rank: int
    obstacle: str | None = None

    @property
    def width(self) -> int:
        """Neurons that are left: those of ``network``, or none if its single one has v = 0."""
        return len(self.kept)


def compress(model: Any, data: Any, *, tol: float = 1e-10) -> Compressed:
    """Leave out neurons of a two-layer ReLU network: same outputs on the data, no larger cost, least cost of all such.

    Parameters
    ----------
    model : network or torch module
        As :meth:`VectorNetwork.of` takes it.
    data : array_like, shape (n, d)
        The points on which the outputs are kept; labels play no part.
    tol : float
        How far the relative difference of outputs and the growth of the cost may go before the neurons are given back: the
        network then keeps all that contribute.

    Raises
    ------
    TypeError, ValueError
        Naming the argument: what is no network or no data, or beyond 2^70; if the program needs more memory than there is.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> network = VectorNetwork(rng.normal(size=(200, 3)), np.zeros(200), rng.normal(size=(200, 2)), np.zeros(2))
    >>> found = compress(network, rng.normal(size=(10, 3)))
    >>> found.width, found.feature_rank * found.output_rank, bool(found.relative.upper < 1e-12)
    (20, 20, True)
    """
    network, tol = VectorNetwork.of(model), check_positive("tol", tol, below=1)
    X = read_array("data", data, (None, network.W.shape[1]))
    if not len(X):
        raise ValueError("data must hold at least one point, got none")
    for name, array in {"data": X, **network.arrays}.items():
        largest = float(np.abs(array).max())
        most = _MOST if name == "v" else _LARGEST
        if largest > most:
            raise ValueError(f"{name} must not exceed {most:.3g} in absolute value, got {largest:.3g}; rescale it")
    memory.require_array("data", len(X), len(network.W), copies=6)
    activations = np.maximum(X @ network.W.T - network.b, 0.0)
    # Computed activations are off by `error`, that of a sum of d products and b, but where they surely vanish.
    error = gamma(X.shape[1] + 2) * (np.abs(X) @ np.abs(network.W).T + np.abs(network.b))
    ranks = layer_ranks(network, X, error)
    error[X @ network.W.T - network.b < -SLACK * error] = 0.0
    certified = partial(_certified, network, activations, error, ranks)
    live = np.flatnonzero(activations.any(axis=0) & network.v.any(axis=1))
    layer = _layer(live, activations[:, live], network.v[live], row_norms(network.W[live]), math.prod(ranks))
    allowed, differences = Fraction(str(tol)), []
    for multipliers in (_program, _elimination):
        value = multipliers(layer)
        used = np.flatnonzero(value)
        v = value[used, None] * layer.v[used]
        if np.abs(v).max(initial=0.0) <= _MOST:
            found = certified(layer.live[used], v)
            same, cheap = found.relative.upper <= allowed, found.cost.upper <= found.cost_before.lower * (1 + allowed)
            if same and cheap and found.width <= layer.rank:
                return found
            differences.append(float(found.relative.upper))
    least = min(differences, default=math.inf)
    words = (
        f"in floats, fewer neurons keep the outputs to {least:.2g} only, or cost more; rescale the data, or raise tol"
    )
    return replace(certified(live, network.v[live]), obstacle=words)


@dataclass(frozen=True, eq=False)
class _Layer:
    """The neurons that contribute, each with its cost and its column: what it adds to the outputs, up to isometries.

    An output counts in units of the norm of what adds up to it, so that what is small is not what is counted in large units.
    """

    live: NDArray[np.int64]
    v: Float
    cost: Float
    columns: Float
    rank: int


def _layer(live: NDArray[np.int64], activations: Float, v: Float, inner: Float, rank: int) -> _Layer:
    """``inner`` are the norms of the w_k, ``rank`` is the most that the columns can have in exact arithmetic."""
    if not live.size:
        return _Layer(live, v, inner, np.empty((0, 0)), rank)
    unit = row_norms((activations @ np.abs(v)).T)
    scaled = (activations @ v) / np.where(unit > 0, unit, 1.0)
    _, singular, rows = np.linalg.svd(scaled, full_matrices=False)
    basis = rows[singular > 4 * max(*activations.shape, len(unit)) * _EPS].T
    if basis.shape[1] < len(unit):
        # Rows in order of size and pivots among the columns: then the small rows of the factor are as accurate as the large.
        rowspace = unit[:, None] * basis
        order = np.argsort(-np.abs(rowspace).max(axis=1, initial=0.0))
        span = np.empty_like(rowspace)
        span[order] = qr(rowspace[order], mode="economic", pivoting=True)[0]
        v = v @ span @ span.T
    unit[unit == 0] = 1.0
    weights = (v / unit) @ basis
    useful = weights.any(axis=1)
    live, v, weights, inner, activations = (
        live[useful],
        v[useful],
        weights[useful],
        inner[useful],
        activations[:, useful],
    )
    triangle = np.asarray(np.linalg.qr(activations, mode="r"))
    memory.require_array("data", triangle.shape[0] * weights.shape[1], live.size, copies=4)
    columns = (triangle[:, None, :] * weights.T[None]).reshape(-1, live.size)
    return _Layer(live, v, inner * row_norms(v), columns, rank)


def _null_space(columns: Float, most: int) -> tuple[Float, Float]:
    """Orthonormal rows that span the rows of the matrix, and orthonormal columns that it maps to nothing beyond rounding.

    Of its singular values at most ``most`` are more than rounding.
    """
    _, singular, rows = np.linalg.svd(columns, full_matrices=True)
    rank = min(most, int((singular > 4 * max(columns.shape) * _EPS * singular.max(initial=0.0)).sum()))
    return rows[:rank], rows[rank:].T


def _program(layer: _Layer) -> Float:
    """Multipliers of least cost: the optimal vertex, as far as the solver's tolerance lets it be found."""
    size = row_norms(layer.columns.T)
    start = size / size.max(initial=1e-300)
    scaled = layer.columns / size
    rows, null = _null_space(scaled, layer.rank)
    price = layer.cost / start
    if not null.size:
        return np.ones_like(start)
    solved = linprog(
        price / (price.max() or 1.0), A_eq=rows, b_eq=rows @ start, method="highs-ds",
        options={"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10},
    )  # fmt: skip
    result = np.zeros_like(start)
    if solved.x is None:  # badly scaled: nothing is certified of no neurons, and the elimination goes on
        return result
    # A vertex is determined by which multipliers vanish; the others are solved for beyond the solver's tolerance.
    used = np.flatnonzero(solved.x > 1e-12)
    while used.size:
        value = np.linalg.lstsq(scaled[:, used], scaled @ start, rcond=None)[0]
        if (value > 0).all():
            result[used] = value / start[used]
            break
        used = used[value > 0]
    return result


def _elimination(layer: _Layer) -> Float:
    """Multipliers of a vertex that costs no more: from 1, along directions that change no output, until one vanishes.

    Every step is a ratio test in floats, so that badly scaled layers, which a solver's tolerance spoils, lose nothing.
    """
    value, null = np.ones_like(layer.cost), _null_space(layer.columns, layer.rank)[1]
    cost = layer.cost / (layer.cost.max(initial=0.0) or 1.0)
    while null.shape[1]:
        step = -null @ (null.T @ cost)
        if np.abs(step).max() <= 1e-12:
            step = null[:, 0]
        if not (step < 0).any():
            step = -step
        falling = np.flatnonzero(step < 0)
        ratio = value[falling] / -step[falling]
        gone = falling[int(ratio.argmin())]
        value = np.maximum(value + float(ratio.min()) * step, 0.0)
        value[gone] = 0.0
        # Householder's reflection of the directions: all but the first one then leave the vanished multiplier alone.
        mirror = null[gone].copy()
        mirror[0] += math.copysign(float(np.linalg.norm(mirror)), mirror[0])
        null = (null - 2 / (mirror @ mirror) * np.outer(null @ mirror, mirror))[:, 1:]
        null[gone] = 0.0
    return value


def _certified(
    network: VectorNetwork, activations: Float, error: Float, ranks: tuple[int, int], kept: NDArray[np.int64], v: Float
) -> Compressed:
    """The network with these neurons, and its certificate."""
    none = not kept.size
    rows = kept if not none else np.array([0])
    small = VectorNetwork(
        network.W[rows], network.b[rows], v if not none else np.zeros_like(network.v[rows]), network.beta
    )
    # Both networks have the same exact activations, so f - g is these times the difference of v, which is rounded once.
    change = network.v.copy()
    change[rows] -= small.v
    terms = gamma(len(network.W) + 2) * activations
    rounding = (error + terms) @ np.abs(change) * SLACK + _TINY * change.any()
    computed = np.abs(activations @ change)
    size = (activations @ np.abs(network.v)).max(axis=0) + np.abs(network.beta)
    size = np.where(size > 0, size, 1.0)
    upper, lower = (computed + rounding) * SLACK, np.maximum(computed - rounding, 0.0) / SLACK
    return Compressed(
        small,
        kept,
        Interval(float(lower.max()), float(upper.max())),
        Interval(float((lower / size).max()) / SLACK, float((upper / size).max()) * SLACK),
        size,
        _cost(small),
        _cost(network),
        *ranks,
    )


def _cost(network: VectorNetwork) -> Interval:
    """sum |v_k| |w_k|, enclosed: nonnegative terms, each and their sum with a relative error below gamma of all roundings."""
    outer, inner = row_norms(network.v), row_norms(network.W)
    if not outer @ (inner > 0):
        return Interval(0, 0)
    value, error = Fraction(float(outer @ inner)), Fraction(gamma(sum(network.W.shape) + network.v.shape[1] + 8))
    return Interval(max(value * (1 - error) - Fraction(_TINY), Fraction(0)), value * (1 + error) + Fraction(_TINY))
