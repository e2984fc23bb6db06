"""What weight decay lets a network memorise: the lasso over all neurons.

(decay/2)(v^2 + |w|^2 + b^2) >= decay |v| |(w, b)|, with equality in the right balance. So the least of the loss plus
(decay/2)|(W, b, v)|^2 over networks of any width is the lasso

    min over a, beta:   (1/2n) |y - sum_k a_k h_k - beta|^2 + decay sum_k |a_k|,   h_k = max(Z omega_k, 0), |omega_k| = 1,

over all unit vectors omega (Pilanci & Ergen 2020). Three steps alternate, and none of them raises the objective: the lasso
over the neurons there are; quasi-Newton steps that move neurons and weights together, as training does (the sliding step of
Denoyelle et al. 2019); and new neurons that maximise |r'h| for the residual r.

The dual is max of (y'alpha - |alpha|^2/2)/n over 1'alpha = 0 and |alpha'h| <= n decay for every neuron. The residual, scaled
back by its largest |r'h|, is such an alpha. Where the activation patterns can be listed that largest value is bounded over
all neurons, and the dual gives a lower bound of the optimum whatever the solvers did. Elsewhere it is searched by ascent from
many starts, which proves nothing: then there is an explicit network, and no lower bound.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from constructions.network import Network
from verify.hessian.inputs import check_entries, check_function, check_integer, check_positive
from verify.outcome import Trust
from verify.shatterability.dictionary import MOST_COLUMNS, augmented
from verify.shatterability.guard import Guard
from verify.shatterability.patterns import activation_patterns, largest_response
from verify.shatterability.table import check_data

Float = NDArray[np.float64]

_ROUNDS = 30
# Starts of the search, fewer where there are many points, and steps from each.
_STARTS = (100, 1000)
_ASCENT = 40
_MOST_NEW = 60
_SWEEPS = 1000
_SLIDES = 200
# Decays tried for half of the variance, each so much smaller than the last.
_HALVINGS, _FACTOR = 20, 3.0
# Where the patterns are listed, the search looks for responses above this share of the limit; the list does the rest.
_LITTLE = 1.02


@dataclass(frozen=True, eq=False)
class DecayPoint:
    """The best network found at one weight decay.

    Attributes
    ----------
    objective : float
        Loss plus decay times sum |a_k|; no less than the optimum over all networks.
    loss : float
        (1/2n) sum (y - f)^2.
    values : ndarray, shape (n,)
        f(x_i).
    memorised : float
        1 - sum (y - f)^2 / sum (y - mean y)^2: the share of the labels' variance that is fitted.
    network : Network
        The balanced network of that function.
    lower : float or None
        No network of any width has a smaller objective: a dual bound over all activation patterns, float-certified. None
        where there are too many of them to list.
    stopped : bool
        Whether time ran out.
    """

    decay: float
    objective: float
    loss: float
    values: Float
    memorised: float
    network: Network
    lower: float | None
    stopped: bool = False

    @property
    def gap(self) -> float | None:
        """Relative duality gap: the optimum is at least (1 - gap) times the objective. None without a lower bound."""
        return None if self.lower is None else max(0.0, self.objective - self.lower) / max(self.objective, 1e-300)

    @property
    def evidence(self) -> Trust:
        """What stands behind the claim that this is the optimum, up to the gap."""
        return Trust.HEURISTIC if self.lower is None else Trust.FLOAT_CERTIFIED


def decay_path(
    X: Float,
    y: Float,
    decays: Sequence[float],
    *,
    tol: float = 1e-3,
    time_limit: float = 300.0,
    seed: int = 0,
    most_columns: int = MOST_COLUMNS,
    progress: Callable[[str], None] | None = None,
) -> tuple[DecayPoint, ...]:
    """The best network under each weight decay, from the largest to the smallest.

    Parameters
    ----------
    X, y : array_like, shapes (n, d) and (n,)
    decays : sequence of float
        Positive. The output bias is not decayed.
    tol : float
        Relative duality gap aimed at.
    time_limit : float
        Seconds after which to stop, for the whole path; most of them for the smallest decay.
    seed : int
    most_columns : int
        Up to so many hyperplanes, both sides counted, all activation patterns are listed, which gives a lower bound.
    progress : callable, optional
        Told in words what is under way.

    Examples
    --------
    One point above the mean of the others; a large decay learns nothing.

    >>> X, y = np.array([[-1.0], [0.0], [1.0]]), np.array([0.0, 0.0, 3.0])
    >>> [(round(point.memorised, 3), point.gap <= 1e-3) for point in decay_path(X, y, [10.0, 1e-3])]
    [(0.0, True), (1.0, True)]
    """
    X, y = check_data(X, y)
    decays = check_entries("decays", decays, "numbers")
    if not decays:
        raise ValueError("decays must name at least one weight decay, got none")
    tol = check_positive("tol", tol, below=1)
    check_function("progress", progress)
    most_columns = check_integer("most_columns", most_columns, 0)
    seed = check_integer("seed", seed, 0)
    ordered = sorted((check_positive("decays", value) for value in decays), reverse=True)
    solver = _Lasso(X, y, most_columns, np.random.default_rng(seed))
    result = []
    whole = Guard(time_limit)
    for at, decay in enumerate(ordered):
        # The smallest decay is the hardest, and starts from the others.
        share = 1.0 if at + 1 == len(ordered) else 0.4 * (at + 1) / (len(ordered) - 1)
        left = whole.left()
        seconds = left if left == math.inf else left - (1 - share) * time_limit
        result.append(solver.solve(decay, tol, Guard(seconds), progress))
    return tuple(result)


def halving_decay(X: Float, y: Float, *, time_limit: float = 60.0, seed: int = 0) -> float | None:
    """About the weight decay at which the best network found fits half of the labels' variance; None if time runs out.

    A search: neither the networks nor the decay between two tried ones is certified.

    Examples
    --------
    >>> X, y = np.array([[-1.0], [0.0], [1.0]]), np.array([0.0, 0.0, 3.0])
    >>> 0.1 < halving_decay(X, y) < 1
    True
    """
    X, y = check_data(X, y)
    guard = Guard(time_limit)
    decay, before = 2 * float(np.abs(y - y.mean()).mean()) * float(np.hypot(1.0, np.linalg.norm(X, axis=1)).max()), None
    for _ in range(_HALVINGS):
        if guard.over() or not decay > 0:
            return None
        share = decay_path(X, y, [decay], tol=2e-2, time_limit=guard.left(), seed=seed, most_columns=0)[0].memorised
        if share >= 0.5:
            if before is None or share == before:
                return decay
            # Between the two last ones, on a logarithmic scale.
            return float(decay * _FACTOR ** ((share - 0.5) / (share - before)))
        decay, before = decay / _FACTOR, share
    return None


class _Lasso:
    """The neurons and weights found so far, which the next point of the path starts from."""

    def __init__(self, X: Float, y: Float, most_columns: int, rng: np.random.Generator) -> None:
        self.Z, self.y, self.rng = augmented(X), y, rng
        self.patterns = activation_patterns(X, most_columns)
        self.omega: Float = np.empty((0, self.Z.shape[1]))
        self.a: Float = np.empty(0)
        self.beta = float(y.mean())

    def solve(self, decay: float, tol: float, guard: Guard, progress: Callable[[str], None] | None) -> DecayPoint:
        """Alternate between the lasso, moving its neurons, and the search for new ones."""
        y, n = self.y, len(self.y)
        limit = n * decay * (1 + 0.5 * tol)
        much = limit if self.patterns is None else _LITTLE * limit
        lower: float | None = None
        for turn in range(_ROUNDS):
            self._weigh(decay, tol)
            self._slide(decay, guard)
            self._weigh(decay, tol)
            values = self.a @ np.maximum(self.omega @ self.Z.T, 0.0) + self.beta
            residual = y - values
            loss = 0.5 * float(np.mean(residual**2))
            objective = loss + decay * float(np.abs(self.a).sum())
            fresh = self._search(residual, much)
            last = turn + 1 == _ROUNDS or (len(fresh) > 0 and guard.over())
            if self.patterns is not None and (last or not len(fresh)):
                top, fresh = largest_response(self.patterns, self.Z, residual, limit, guard=guard)
                alpha = residual * min(1.0, n * decay / top)
                lower = max(lower or 0.0, float((y - y.mean()) @ alpha - 0.5 * alpha @ alpha) / n)
                last |= guard.stopped
            if progress is not None:
                below = "no lower bound" if lower is None else f"at least {lower:.6g}"
                progress(f"decay {decay:g}: objective {objective:.6g}, {below}, {len(self.a)} neurons")
            if last or not len(fresh) or (lower is not None and objective - lower <= tol * objective):
                break
            order = np.argsort(-np.abs(np.maximum(fresh @ self.Z.T, 0.0) @ residual))[:_MOST_NEW]
            self.omega = np.vstack([self.omega, fresh[order]])
            self.a = np.concatenate([self.a, np.zeros(len(order))])
        root = np.sqrt(np.abs(self.a))
        omega = self.omega * root[:, None]
        if len(omega):
            network = Network(omega[:, :-1], omega[:, -1], np.sign(self.a) * root, self.beta)
        else:
            network = Network(np.zeros((1, self.Z.shape[1] - 1)), np.zeros(1), np.zeros(1), self.beta)
        total = float(np.sum((y - y.mean()) ** 2))
        memorised = 1 - 2 * n * loss / total if total > 0 else 1.0
        return DecayPoint(decay, objective, loss, values, max(memorised, 0.0), network, lower, guard.stopped)

    def _weigh(self, decay: float, tol: float) -> None:
        """The lasso over the neurons there are; unused ones go."""
        H = np.maximum(self.omega @ self.Z.T, 0.0)
        self.a = _lasso(H - H.mean(axis=1, keepdims=True), self.y - self.y.mean(), decay, self.a, 0.1 * tol)
        used = self.a != 0
        self.omega, self.a = self.omega[used], self.a[used]
        self.beta = float(np.mean(self.y - self.a @ H[used]))

    def _slide(self, decay: float, guard: Guard) -> None:
        """Move neurons and weights together, by quasi-Newton steps on the balanced network's loss with decay."""
        from scipy.optimize import minimize

        Z, y, n = self.Z, self.y, len(self.y)
        count, r = self.omega.shape
        if not count:
            return
        root = np.sqrt(np.abs(self.a))
        start = np.concatenate([(self.omega * root[:, None]).ravel(), np.sign(self.a) * root])

        def objective(theta: Float) -> tuple[float, Float]:
            omega, v = theta[: count * r].reshape(count, r), theta[count * r :]
            before = omega @ Z.T
            H = np.maximum(before, 0.0)
            residual = v @ H - y
            residual -= residual.mean()  # the best output bias
            slope = ((before > 0) * residual) @ Z * v[:, None] / n + decay * omega
            value = 0.5 * float(residual @ residual) / n + 0.5 * decay * float(theta @ theta)
            return value / unit, np.concatenate([slope.ravel(), H @ residual / n + decay * v]) / unit

        def late(theta: Float) -> None:
            if guard.over():
                raise StopIteration

        # In units of its value at the start, for the solver's tolerances.
        unit = 1.0
        unit = max(objective(start)[0], 1e-300)
        options = {"maxiter": _SLIDES, "ftol": 1e-9, "gtol": 0.0}
        theta = minimize(objective, start, jac=True, method="L-BFGS-B", options=options, callback=late).x
        omega, v = theta[: count * r].reshape(count, r), theta[count * r :]
        # Neurons with equal active points and signs are one neuron, whose norm is no larger than their sum.
        _, group = np.unique(np.column_stack([omega @ Z.T > 0, v > 0]), axis=0, return_inverse=True)
        merged = np.zeros((int(group.max()) + 1, r))
        sign = np.zeros(len(merged))
        np.add.at(merged, np.ravel(group), np.abs(v)[:, None] * omega)
        sign[np.ravel(group)] = np.sign(v)
        norms = np.linalg.norm(merged, axis=1)
        alive = norms > 0
        self.omega, self.a = merged[alive] / norms[alive, None], (sign * norms)[alive]

    def _search(self, residual: Float, limit: float) -> Float:
        """Unit vectors omega with |r'h| above ``limit``, no two with equal active points; none if none was found."""
        rng, Z = self.rng, self.Z
        n = len(Z)
        # Hyperplanes of random directions through points.
        starts = rng.standard_normal((int(np.clip(4e5 / n, *_STARTS)), Z.shape[1]))
        starts[:, -1] = np.einsum("ij,ij->i", starts[:, :-1], Z[rng.integers(0, n, len(starts)), :-1])
        omega, value = _ascend(Z, residual, np.vstack([self.omega, starts]))
        omega = omega[np.argsort(-value)[: (value > limit).sum()]]
        _, first = np.unique(omega @ Z.T > 0, axis=0, return_index=True)
        return omega[np.sort(first)]


def _lasso(C: Float, y: Float, decay: float, start: Float, tol: float) -> Float:
    """The lasso's weights (K,) for centred columns C (K, n) and labels, no worse than ``start``.

    Coordinate descent, and least-angle regression where nearly equal columns make that slow.
    """
    from sklearn.linear_model import lars_path, lasso_path

    n = len(y)

    def value_and_gap(a: Float) -> tuple[float, float]:
        residual = y - a @ C
        value = 0.5 * float(residual @ residual) / n + decay * float(np.abs(a).sum())
        alpha = residual * min(1.0, n * decay / max(float(np.abs(C @ residual).max()), 1e-300))
        return value, value - float(y @ alpha - 0.5 * alpha @ alpha) / n

    if not len(C):
        return start
    columns = np.asfortranarray(C.T)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of slow convergence: the gap is measured here
        best = lasso_path(
            columns, y, alphas=[decay], coef_init=start, precompute=True, tol=1e-2 * tol, max_iter=_SWEEPS
        )[1][:, 0]
        value, gap = value_and_gap(best)
        if gap > tol * value:
            other = lars_path(columns, y, alpha_min=decay, method="lasso", max_iter=10 * n, return_path=False)[2]
            if value_and_gap(other)[0] < value:
                best = other
    return np.asarray(best)


def _ascend(Z: Float, residual: Float, starts: Float) -> tuple[Float, Float]:
    """Local maxima of |r'max(Z omega, 0)| over unit vectors omega (m, d + 1), each step kept if it helps."""
    omega = starts / np.maximum(np.linalg.norm(starts, axis=1, keepdims=True), 1e-300)

    def evaluate(omega: Float) -> tuple[Float, Float]:
        values = omega @ Z.T
        signed = np.maximum(values, 0.0) @ residual
        # The gradient of the modulus.
        gradient = ((values > 0) * residual) @ Z * np.sign(signed)[:, None]
        return np.abs(signed), gradient

    best, gradient = evaluate(omega)
    step = np.ones(len(omega))
    for _ in range(_ASCENT):
        length = np.linalg.norm(gradient, axis=1)
        moved = omega + (step / np.where(length > 0, length, 1.0))[:, None] * gradient
        moved /= np.maximum(np.linalg.norm(moved, axis=1, keepdims=True), 1e-300)
        value, slope = evaluate(moved)
        better = value > best
        omega[better], best[better], gradient[better] = moved[better], value[better], slope[better]
        step = np.where(better, 1.3 * step, 0.5 * step)
    return omega, best
