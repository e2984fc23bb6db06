"""What weight decay lets a network memorise: the lasso over all neurons.

(decay/2)(v^2 + |w|^2 + b^2) >= decay |v| |(w, b)|, with equality in the right balance. So the least of the loss plus
(decay/2)|(W, b, v)|^2 over networks of any width is the lasso

    min over a, beta:   (1/2n) |y - sum_k a_k h_k - beta|^2 + decay sum_k |a_k|,   h_k = max(Z omega_k, 0), |omega_k| = 1,

over all unit vectors omega. It is solved over a growing set of neurons; new ones maximise |r'h|/n for the residual r by
ascent from many starts. At the optimum that is at most decay; the violation left, and the duality gap that follows from
it, are reported. They are heuristic: no ascent proves that it has found the largest.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from constructions.network import Network
from verify.hessian.inputs import check_positive
from verify.shatterability.dictionary import augmented
from verify.shatterability.pricing import SearchPricing
from verify.shatterability.table import check_data

__all__ = ["DecayPoint", "decay_path"]

Float = NDArray[np.float64]

_STARTS = 200
_ASCENT = 40
_MOST_NEW = 60
_SWEEPS = 4000


@dataclass(frozen=True, eq=False)
class DecayPoint:
    """The optimum at one weight decay.

    Attributes
    ----------
    decay : float
    objective : float
        Loss plus decay times sum |a_k|.
    loss : float
        (1/2n) sum (y - f)^2.
    values : ndarray, shape (n,)
        f(x_i).
    memorised : float
        1 - sum (y - f)^2 / sum (y - mean y)^2: the share of the labels' variance that is fitted.
    network : Network
        The balanced network of that function.
    violation : float
        max |r'h_k| / (n decay) - 1 over the neurons that the search found; 0 at the optimum.
    gap : float
        Relative duality gap for that violation.
    """

    decay: float
    objective: float
    loss: float
    values: Float
    memorised: float
    network: Network
    violation: float
    gap: float


def decay_path(
    X: Float,
    y: Float,
    decays: Sequence[float],
    *,
    tol: float = 1e-3,
    time_limit: float = 30.0,
    seed: int = 0,
    progress: Callable[[str], None] | None = None,
) -> tuple[DecayPoint, ...]:
    """The optimal network for each weight decay, from the largest to the smallest.

    Parameters
    ----------
    X : array_like, shape (n, d)
    y : array_like, shape (n,)
    decays : sequence of float
        Positive. The output bias is not decayed.
    tol : float
        Relative duality gap aimed at.
    time_limit : float
        Seconds for the whole path, most of them for the smallest decay.
    seed : int
    progress : callable, optional
        Told in words what is under way.

    Examples
    --------
    One point above the mean of the others; a large decay learns nothing.

    >>> X, y = np.array([[-1.0], [0.0], [1.0]]), np.array([0.0, 0.0, 3.0])
    >>> [round(point.memorised, 3) for point in decay_path(X, y, [10.0, 1e-3])]
    [0.0, 1.0]
    """
    X, y = check_data(X, y)
    if not len(decays):
        raise ValueError("decays must name at least one weight decay, got none")
    ordered = sorted((check_positive("decays", float(value)) for value in decays), reverse=True)
    solver = _Lasso(augmented(X), y, np.random.default_rng(seed))
    result = []
    started = time.monotonic()
    for at, decay in enumerate(ordered):
        # The smallest decay is the hardest, and starts from the others.
        share = 1.0 if at + 1 == len(ordered) else 0.4 * (at + 1) / (len(ordered) - 1)
        deadline = started + share * time_limit
        result.append(solver.solve(decay, tol, deadline, progress))
    return tuple(result)


class _Lasso:
    """The neurons and weights found so far, which the next point of the path starts from."""

    def __init__(self, Z: Float, y: Float, rng: np.random.Generator) -> None:
        self.Z, self.y, self.rng = Z, y, rng
        self.omega: Float = np.empty((0, Z.shape[1]))
        self.a: Float = np.empty(0)
        self._search = SearchPricing(Z, rng)

    def solve(self, decay: float, tol: float, deadline: float, progress: Callable[[str], None] | None) -> DecayPoint:
        """Alternate between the lasso on the neurons there are and the search for new ones."""
        while True:
            H = np.maximum(self.omega @ self.Z.T, 0.0)
            self.a = _lasso(H, self.y, decay, self.a, 0.1 * tol)
            used = self.a != 0
            self.omega, self.a, H = self.omega[used], self.a[used], H[used]
            values = self.a @ H
            beta = float(np.mean(self.y - values))
            values = values + beta
            residual = self.y - values
            fresh, top = self._new_neurons(residual)
            violation = max(0.0, top / (len(self.y) * decay) - 1)
            loss = 0.5 * float(np.mean(residual**2))
            objective = loss + decay * float(np.abs(self.a).sum())
            # Dual: max of (y'alpha - |alpha|^2/2)/n over 1'alpha = 0, |alpha'h| <= n decay.
            alpha = residual / (1 + violation)
            dual = float(self.y @ alpha - 0.5 * alpha @ alpha) / len(self.y)
            gap = (objective - dual) / max(objective, 1e-300)
            if progress is not None:
                progress(f"decay {decay:g}: objective {objective:.6g}, gap {gap:.1e}, {len(self.a)} neurons")
            if gap <= tol or time.monotonic() > deadline:
                break
            self.omega = np.vstack([self.omega, fresh])
            self.a = np.concatenate([self.a, np.zeros(len(fresh))])
        scale = np.sqrt(np.abs(self.a))
        omega = self.omega * scale[:, None]
        if len(omega):
            network = Network(omega[:, :-1], omega[:, -1], np.sign(self.a) * scale, beta)
        else:
            network = Network(np.zeros((1, self.Z.shape[1] - 1)), np.zeros(1), np.zeros(1), beta)
        total = float(np.sum((self.y - self.y.mean()) ** 2))
        memorised = 1 - 2 * len(self.y) * loss / total if total > 0 else 1.0
        return DecayPoint(decay, objective, loss, values, max(memorised, 0.0), network, violation, max(gap, 0.0))

    def _new_neurons(self, residual: Float) -> tuple[Float, float]:
        """Unit vectors omega with large |r'h|, no two with equal active points, and the largest value."""
        rng, Z = self.rng, self.Z
        random = rng.standard_normal((_STARTS // 2, Z.shape[1]))
        through = self._search.through_points(_STARTS // 2)
        size = np.linalg.norm(Z, axis=1).max()
        near = Z[np.argsort(-np.abs(residual))[: _STARTS // 4]] / size
        starts = np.vstack([self.omega, random, through, -through, near])
        omega, value = _ascend(Z, residual, starts)
        order = np.argsort(-value)
        patterns = omega[order] @ Z.T > 0
        _, first = np.unique(patterns, axis=0, return_index=True)
        chosen = order[np.sort(first)[:_MOST_NEW]]
        return omega[chosen], float(value[order[0]])


def _ascend(Z: Float, residual: Float, starts: Float) -> tuple[Float, Float]:
    """Local maxima of |r'max(Z omega, 0)| over unit vectors omega (m, d + 1), each step kept if it helps."""
    omega = starts / np.linalg.norm(starts, axis=1, keepdims=True)

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


def _lasso(H: Float, y: Float, decay: float, start: Float, tol: float) -> Float:
    """The lasso's weights a (K,) for columns H (K, n) with a free intercept, to a relative duality gap ``tol``.

    Accelerated proximal gradient with restarts (Beck & Teboulle 2009; O'Donoghue & Candes 2015), on scaled columns.
    """
    if not len(H):
        return start
    n = len(y)
    C = H - H.mean(axis=1, keepdims=True)
    c = y - y.mean()
    gram, right = C @ C.T / n, C @ c / n
    square = float(c @ c) / n
    lipschitz = float(np.linalg.eigvalsh(gram)[-1]) * (1 + 1e-9)
    if lipschitz <= 0:
        return np.zeros(len(H))
    a, b, momentum = start.copy(), start.copy(), 1.0
    for sweep in range(_SWEEPS):
        moved = b - (gram @ b - right) / lipschitz
        new = np.sign(moved) * np.maximum(np.abs(moved) - decay / lipschitz, 0.0)
        if (b - new) @ (new - a) > 0:
            momentum = 1.0
        following = 0.5 * (1 + math.sqrt(1 + 4 * momentum**2))
        b = new + (momentum - 1) / following * (new - a)
        a, momentum = new, following
        if sweep % 50 == 49:
            image = gram @ a
            slope = right - image
            scale = 1 / max(1.0, float(np.abs(slope).max()) / decay)
            rest = square - 2 * float(right @ a) + float(a @ image)
            primal = 0.5 * rest + decay * float(np.abs(a).sum())
            dual = scale * (square - float(right @ a)) - 0.5 * scale**2 * rest
            if primal - dual <= tol * max(primal, 1e-300):
                break
    return a
