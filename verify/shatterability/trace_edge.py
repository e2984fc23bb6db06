"""The trace edge: the least trace of the Hessian of an interpolating network, which is what SGD's flatness bounds.

At an interpolating network tr = 1 + sum_k (v_k^2 M_k + |h_k|^2 / n), M_k the sum of |z_i|^2 / n over the points where neuron k
is active. In the best balance that is 1 + 2 sum_k |a_k| c_k, c_k = sqrt(M_k / n) |h_k| for unit output weight (Theorem F on the
page of proofs), so the least trace is the linear program

    tr* = min 1 + 2 sum_k |a_k| c_k   over   sum_k a_k h_k + beta 1 = y

over all neurons, with the dual max 1 + nu'y over 1'nu = 0 and |nu'h| <= 2 c for every neuron.

By Cauchy-Schwarz |nu_i| <= (2/n) |z_i| for all i is enough, so tr* >= 1 + (2/n) min over beta of sum_i |z_i| |y_i - beta|. That
is the trace of solitary neurons, and tr* if all points with other labels than beta are extreme. For other points the program is
solved by columns. On the cone of neurons with given active points the constraint compares a linear function with a norm: where
the patterns can be listed, nonnegative least squares bounds it for each, and nu, scaled back, is feasible.

SGD of batch size 1 is stable at an interpolating network only if tr <= 2/eta. So for eta > 2/tr* it is stable at none.

A network with several outputs is an interpolating network for each of them, and its trace is the sum over outputs.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from constructions.network import Network
from verify.hessian.inputs import check_function, check_instance, check_integer, check_positive
from verify.hessian.rounding import gamma
from verify.outcome import Trust
from verify.shatterability.dictionary import MOST_COLUMNS, Dictionary, augmented, neurons
from verify.shatterability.frame import Frame
from verify.shatterability.guard import Guard
from verify.shatterability.interpolant import FIT, fitted_network, interpolation_loss, simple_columns
from verify.shatterability.margins import HullMargins, hull_margins
from verify.shatterability.master import lacks_program, linear_program
from verify.shatterability.patterns import Patterns, activation_patterns, largest_response
from verify.shatterability.pricing import SearchPricing
from verify.shatterability.reach import least_spread
from verify.shatterability.solitary import measure_solitary, solitary_network
from verify.shatterability.table import check_data, refuse_conflicts

Float = NDArray[np.float64]

_ROUNDS = 60
_MOST_NEW = 300
_NOISE = 1e-12
# Violations below this share are left.
_WORTH = 1e-6
# The program holds a few columns for each point; beyond, networks are not evaluated pair by pair.
_MOST_POINTS, _MOST_EVALUATED = 2000, 5000
# Seconds for each pair of points that the first program takes at least.
_PROGRAM = 1e-5
# Added to the Gram matrix of few points, as a share of its trace: lengths grow by less than rounding takes from them.
_REGULAR = 1e-13


@dataclass(frozen=True, eq=False)
class TraceEdge:
    """An enclosure of tr*, the least trace of the Hessian over interpolating networks of any width.

    Attributes
    ----------
    lower, upper : float
        tr* lies between; ``upper`` is inf if no interpolating network was found.
    lower_evidence, upper_evidence : Trust
    method : str
        "solitary neurons", "all patterns" or "search".
    network : Network or None
        The interpolating network with trace ``upper``; None for several outputs.
    loss : float
        Its training loss.
    stopped : bool
        Whether time ran out.
    """

    lower: float
    upper: float
    lower_evidence: Trust
    upper_evidence: Trust
    method: str
    network: Network | None = None
    loss: float = math.nan
    stopped: bool = False

    @property
    def eta_max(self) -> float:
        """A step size above which SGD of batch size 1 is stable at no interpolating network, 2/lower."""
        return 2.0 / self.lower

    @property
    def eta_flat(self) -> float:
        """A step size up to which an explicit interpolating network has trace at most 2/eta, 2/upper."""
        return 2.0 / self.upper


def trace_edge(
    X: Float,
    y: Float,
    *,
    tol: float = 0.005,
    time_limit: float = 300.0,
    seed: int = 0,
    margins: HullMargins | None = None,
    most_columns: int = MOST_COLUMNS,
    progress: Callable[[str], None] | None = None,
) -> TraceEdge:
    """Enclose tr*(y), the least trace of the Hessian of (1/2n) sum |y - f|^2 over interpolating networks of any width.

    Parameters
    ----------
    X : array_like, shape (n, d)
    y : array_like, shape (n,) or (n, c)
        For c outputs the enclosure is [sum of their tr*, c + sqrt(c) sum of (tr* - 1)].
    tol : float
        Relative width aimed at.
    time_limit : float
        Seconds after which to stop.
    seed : int
        Of the search for neurons.
    margins : optional
        A result for the same X, to save its time.
    most_columns : int
        Up to so many hyperplanes, both sides counted, all activation patterns are listed.
    progress : callable, optional
        Told in words what is under way.

    Raises
    ------
    ValueError
        If two equal rows of X have different labels: no function interpolates.

    References
    ----------
    Theorem F and the stability of SGD, page of proofs.

    Examples
    --------
    Two points of the line, at distance 2: each gets a neuron, and tr* = 1 + sqrt(2) sum |y_i - beta| = 1 + 2 sqrt(2).

    >>> edge = trace_edge(np.array([[1.0], [-1.0]]), np.array([1.0, -1.0]))
    >>> f"{edge.lower:.6f} {edge.upper:.6f}", edge.method
    ('3.828427 3.828427', 'solitary neurons')
    """
    tol, time_limit = check_positive("tol", tol, below=1), check_positive("time_limit", time_limit)
    check_function("progress", progress)
    seed, most_columns = check_integer("seed", seed, 0), check_integer("most_columns", most_columns, 0)
    if margins is not None:
        check_instance("margins", margins, HullMargins)
    outputs = np.asarray(y)
    columns = [y] if outputs.ndim != 2 or outputs.shape[1] == 0 else list(outputs.T)
    if margins is None:
        margins = hull_margins(check_data(X, columns[0])[0], time_limit=time_limit / 2, progress=progress)
    guard = Guard(time_limit)
    found = []
    for at, labels in enumerate(columns):
        points, labels = check_data(X, labels)
        refuse_conflicts(points, labels)
        part = Guard(guard.left() / (len(columns) - at))
        found.append(_one_output(points, labels, tol, part, seed, margins, most_columns, progress))
    if outputs.ndim != 2:
        return found[0]
    c = len(found)
    return TraceEdge(
        sum(edge.lower for edge in found) * (1 - gamma(c)),
        (c + math.sqrt(c) * sum(edge.upper - 1 for edge in found)) * (1 + gamma(c + 4)),
        reduce(Trust.worse, (edge.lower_evidence for edge in found)),
        reduce(Trust.worse, (edge.upper_evidence for edge in found)),
        " and ".join(sorted({edge.method for edge in found})),
        stopped=any(edge.stopped for edge in found),
    )


def solitary_trace(X: Float, y: Float) -> tuple[float, float]:
    """1 + (2/n) min over beta of sum |z_i| |y_i - beta|, rounded down, at most tr*; and that beta. O(n d + n log n).

    >>> solitary_trace(np.array([[0.0], [0.0], [0.0]]), np.array([1.0, 2.0, 4.0]))
    (2.99999999999..., 2.0)
    """
    n = len(y)
    spread, beta = least_spread(np.hypot(1.0, np.linalg.norm(X, axis=1)), y)
    return 1.0 + 2 / n * max(spread, 0.0) * (1 - gamma(X.shape[1] + 16)), beta


def trace_capacity(X: Float, y: Float, etas: Float, able: NDArray[np.bool_]) -> NDArray[np.int64]:
    """The most of the ``able`` points fitted by solitary neurons with a trace of at most 2/eta, for each of ``etas``.

    Parameters
    ----------
    X, y : ndarrays, shapes (n, d) and (n,)
    etas : ndarray, shape (m,)
    able : ndarray of bool, shape (n,)
        Points outside the hull of the others.

    Examples
    --------
    >>> trace_capacity(np.eye(3), np.array([0.0, 0.0, 9.0]), np.array([0.1, 0.3, 1.9]), np.ones(3, dtype=bool)).tolist()
    [3, 2, 2]
    """
    _, beta = solitary_trace(X, y)
    costs = 2 * np.hypot(1.0, np.linalg.norm(X, axis=1)) * np.abs(y - beta)
    total = 1.0 + np.cumsum(np.sort(costs[able])) / len(y)
    return np.searchsorted(total, 2 / etas, side="right")


def network_trace(network: Network, X: Float) -> tuple[float, bool]:
    """The trace at zero residuals, 1 + sum_k (v_k^2 M_k + |h_k|^2 / n), rounded up; and whether no point may be on a kink."""
    before = network.preactivations(X)
    rounding = gamma(X.shape[1] + 4) * (np.abs(X) @ np.abs(network.W).T + np.abs(network.b))
    active = before > -rounding
    h = np.where(active, np.maximum(before, 0.0) + rounding, 0.0)
    moments = (1.0 + np.einsum("ij,ij->i", X, X)) @ active
    total = float(moments @ network.v**2) + float(np.einsum("ik,ik->", h, h))
    slack = gamma(X.shape[1] + len(X) + 2 * network.width + 64)
    return 1.0 + total / len(X) * (1 + slack) + slack, bool((np.abs(before) > rounding).all())


def _one_output(
    X: Float,
    y: Float,
    tol: float,
    guard: Guard,
    seed: int,
    margins: HullMargins,
    most_columns: int,
    progress: Callable[[str], None] | None,
) -> TraceEdge:
    lower, beta = solitary_trace(X, y)
    needed = np.flatnonzero(y != beta)
    if len(X) > _MOST_EVALUATED:
        return _many(X, y, margins, lower, beta, needed)
    if margins.extreme[needed].all():
        network = solitary_network(X, y, margins.directions, margins.lower, beta, needed)
        found = _measured(network, X, y)
        if found is not None and found[0] - lower <= tol * found[0]:
            return TraceEdge(lower, max(found[0], lower), Trust.PROVED, found[1], "solitary neurons", network, found[2])
    if len(X) > _MOST_POINTS or guard.lacks(_PROGRAM * len(X) ** 2):
        return TraceEdge(lower, math.inf, Trust.PROVED, Trust.PROVED, "solitary neurons", stopped=guard.stopped)
    program = _Program(X, y, margins, np.random.default_rng(seed), most_columns, guard)
    program.solve(lower, tol, progress)
    evidence = Trust.PROVED
    if program.lower > lower:
        lower, evidence = program.lower, Trust.FLOAT_CERTIFIED
    method = "all patterns" if program.patterns is not None else "search"
    best = TraceEdge(lower, math.inf, evidence, Trust.PROVED, method, stopped=guard.stopped)
    if program.network is None:
        return best
    found = _measured(program.network, X, y)
    if found is None:
        return best
    return replace(
        best, upper=max(found[0], lower), upper_evidence=found[1], network=program.network, loss=found[2]
    )  # fmt: skip


def _many(X: Float, y: Float, margins: HullMargins, lower: float, beta: float, needed: NDArray[np.int64]) -> TraceEdge:
    """The same for many points, without a program, and without keeping the network."""
    found = TraceEdge(lower, math.inf, Trust.PROVED, Trust.PROVED, "solitary neurons")
    if not margins.extreme[needed].all():
        return found
    network = solitary_network(X, y, margins.directions, margins.lower, beta, needed)
    measured = measure_solitary(network, X, y, needed, margins.lower)
    if measured is None or not (measured.worst_loss <= FIT * float(np.var(y)) or not np.ptp(y)):
        return found
    return replace(found, upper=max(measured.trace, lower), loss=measured.loss)


def _measured(network: Network, X: Float, y: Float) -> tuple[float, Trust, float] | None:
    """Trace, evidence and loss of a network; None if it does not interpolate or float64 can't hold its trace."""
    loss = interpolation_loss(network, X, y)
    trace, sure = network_trace(network, X)
    if loss is None or not math.isfinite(trace):
        return None
    return trace, Trust.PROVED if sure else Trust.HEURISTIC, loss


def _costs(H: Float, sizes: Float) -> Float:
    """2 c_k of columns H (K, n), for sizes |z_i|^2."""
    return np.asarray(2 / H.shape[1] * np.sqrt((H > 0) @ sizes) * np.linalg.norm(H, axis=1))


@dataclass(frozen=True, eq=False)
class _Multipliers:
    nu: Float
    sizes: Float

    def limits(self, H: Float, Z: Float) -> Float:
        return _costs(H, self.sizes)


class _Program:
    """Columns for the linear program, its best network, and the best lower bound that holds for every neuron."""

    def __init__(
        self,
        X: Float,
        y: Float,
        margins: HullMargins,
        rng: np.random.Generator,
        most_columns: int,
        guard: Guard,
    ) -> None:
        self.guard = guard
        self.X, self.y, self.frame = X, y, Frame.of(X)
        self.Z = augmented(X)
        self.sizes = np.einsum("ij,ij->i", self.Z, self.Z)
        every = activation_patterns(X, most_columns)
        self.patterns = None if every is None else every[every.any(axis=1)]
        self.search = SearchPricing(self.frame, self.Z, rng, guard)
        self.columns = simple_columns(self.frame, margins, rng)
        self.columns = self.columns.join(neurons(self.frame, self.search.through_points(4 * len(y))))
        self.lower, self.upper = 1.0, math.inf
        self.network: Network | None = None

    def solve(self, known: float, tol: float, progress: Callable[[str], None] | None) -> None:
        """Add columns until the bounds are within ``tol``, relatively, or nothing violates the dual."""
        for turn in range(_ROUNDS):
            found = self._weigh()
            if found is None:
                break
            a, beta, nu = found
            self._merge(a, beta)
            fresh, ratio = self._price(nu)
            if self.patterns is not None:
                self.lower = max(self.lower, 1.0 + float(nu @ (self.y - beta)) / ratio)
            below = max(self.lower, known)
            if progress is not None:
                progress(f"trace edge: round {turn + 1}, tr* in [{below:.6g}, {self.upper:.6g}]")
            if fresh is None or self.upper - below <= tol * self.upper or self.guard.over():
                break
            self.columns = self.columns.join(fresh)

    def _weigh(self) -> tuple[Float, float, Float] | None:
        """Weights, output bias and multipliers of the program with the columns so far."""
        import scipy.sparse as sparse

        if lacks_program(self.guard, self.columns.H):
            return None
        # Equal points give equal rows: each is asked for once. Labels and columns in units that suit the solver.
        _, first = np.unique(self.Z, axis=0, return_index=True)
        centre, unit = 0.5 * float(self.y.max() + self.y.min()), float(np.ptp(self.y))
        size = np.maximum(_costs(self.columns.H, self.sizes), 1e-300)
        H = sparse.csc_array((self.columns.H[:, first] / size[:, None]).T)
        found = linear_program(
            self.guard,
            {},
            c=np.append(np.ones(2 * len(size)), 0.0),
            A_eq=sparse.hstack([H, -H, np.ones((len(first), 1))], format="csc"),
            b_eq=(self.y[first] - centre) / unit,
            bounds=[(0, None)] * (2 * len(size)) + [(None, None)],
        )
        if found is None:
            return None
        weights = (found.x[: len(size)] - found.x[len(size) : -1]) / size * unit
        nu = np.zeros(len(self.y))
        nu[first] = found.eqlin.marginals
        return weights, centre + unit * float(found.x[-1]), nu

    def _merge(self, a: Float, beta: float) -> None:
        """Keep the network if it is the best; neurons with equal active points and signs are one, no dearer than their sum."""
        used = np.flatnonzero(np.abs(a) > _NOISE * np.abs(a).max(initial=0.0))
        if not used.size:
            return
        H, omega = self.columns.H[used], self.columns.omega[used]
        _, group = np.unique(np.column_stack([H > 0, a[used] > 0]), axis=0, return_inverse=True)
        share = np.zeros((int(group.max()) + 1, used.size))
        share[np.ravel(group), np.arange(used.size)] = np.abs(a[used])
        sign = np.sign(share @ np.sign(a[used]))
        merged = share @ H
        size = merged.max(axis=1)
        upper = 1.0 + float(_costs(merged, self.sizes).sum())
        if upper < self.upper:
            self.upper = upper
            H, omega = merged / size[:, None], share @ omega / size[:, None]
            # sqrt(M_k) v_k = |h_k| / sqrt(n), for h_k = sqrt(|a_k|) exp(-log_balance_k / 2) H_k
            balance = np.log(np.linalg.norm(H, axis=1)) - 0.5 * np.log((H > 0) @ self.sizes)
            self.network = fitted_network(self.X, self.y, omega, sign * size, balance, beta)

    def _price(self, nu: Float) -> tuple[Dictionary | None, float]:
        """Columns that violate the dual, and by which factor, at least 1, nu is too large."""
        if self.patterns is None:
            fresh, scale = self.search.price(_Multipliers(nu, self.sizes), self.columns)
            return fresh, 1 / scale
        top, omega = largest_response(self.patterns, self.frame.coordinates, nu, 1 + _WORTH, self._lengths, self.guard)
        fresh = neurons(self.frame, omega)
        rate = np.abs(fresh.H @ nu) / _costs(fresh.H, self.sizes)
        over = np.flatnonzero(rate > 1 + 0.5 * _WORTH)
        over = over[np.argsort(-rate[over], kind="stable")[:_MOST_NEW]]
        return fresh.take(over) if over.size else None, top

    def _lengths(self, patterns: Patterns) -> Float:
        """R (m, r, r) with |R omega| = (2/n) sqrt(sum of |z_i|^2) |h| over the active points of a pattern."""
        U = self.frame.coordinates
        n, r = U.shape
        squares = (patterns @ (U[:, :, None] * U[:, None, :]).reshape(n, -1)).reshape(-1, r, r)
        size = np.trace(squares, axis1=1, axis2=2)
        squares += _REGULAR * size[:, None, None] * np.eye(r)
        moments = 2 / n * np.sqrt(patterns @ self.sizes)
        return np.asarray(moments[:, None, None] * np.swapaxes(np.linalg.cholesky(squares), 1, 2))
