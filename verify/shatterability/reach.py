"""A lower bound of lambda* for every data set, from depths.

For p >= 0 and z_i·z_j >= 0, a neuron with active set S costs, in the notation of :mod:`verify.shatterability.master`,
G_p = |sum_S p_j z_j| sum_S p_i h_i >= sum_S p_i D_i h_i, D_i the least |sum_S p_j z_j| over all half-spaces S with x_i in
them. An interpolant beta + sum a_k h_k has |y_i - beta| <= sum |a_k| h_ik. Hence for every p

    n |p|^2 lambda* >= (1'p)^2 + 2 min over beta of sum_i p_i D_i |y_i - beta|.

D_i >= p_i |z_i| always, which is attained when x_i is extreme: if all points are, the right side with the Perron vector
of (1 1' + diag q)/n is the sharpness of solitary neurons, and the bound is an equality. For a point in simplices with
disjoint vertices T_1, ..., T_m, every S meets each of them, so D_i >= p_i + sum over T of min_T p, the last coordinate
of z alone; for equal p that is the depth count. Without z_i·z_j >= 0 the last coordinates still give the bound.
"""

from __future__ import annotations

from dataclasses import dataclass
from operator import mul

import numpy as np
from numpy.typing import NDArray

from verify.hessian.rounding import gamma
from verify.shatterability.depth import DepthBracket
from verify.shatterability.dictionary import augmented
from verify.shatterability.solitary import perron_vector, solo_sharpness

Float = NDArray[np.float64]

_TURNS = 12
_BLOCK_ENTRIES = 2**24
_MOST_PAIRS = 10**6


@dataclass(frozen=True, eq=False)
class ReachBound:
    """A certified lower bound ``value`` of lambda*, with the vector ``p`` (n,) that gives it."""

    value: float
    p: Float


def nonnegative_products(X: Float) -> bool:
    """Whether z_i·z_j = x_i·x_j + 1 >= 0 for all pairs, decided exactly. It is for points of the unit ball.

    Only where rounding leaves more than a million pairs open the answer is False without knowing.

    >>> nonnegative_products(np.array([[1.0], [-1.0]])), nonnegative_products(np.array([[1.0], [-1.5]]))
    (True, False)
    """
    squares = np.einsum("ij,ij->i", X, X)
    rounding = gamma(X.shape[1] + 4)
    if float(squares.max()) * (1 + rounding) <= 1.0:
        return True
    if ((X.min(axis=0) >= 0) | (X.max(axis=0) <= 0)).all():
        return True
    # Products are at least -1 together with those of positive and negative parts.
    above, below = (float(np.einsum("ij,ij->i", part, part).max()) for part in (np.maximum(X, 0), np.minimum(X, 0)))
    if 4 * above * below * (1 + 4 * rounding) <= 1.0:
        return True
    size = np.sqrt(squares)
    if _exact_products(X):
        rounding = 0.0
    pairs = 0
    # Long points first: what is below -1 is soon found.
    order = np.argsort(-size, kind="stable")
    step = max(1, _BLOCK_ENTRIES // len(X))
    starts = [0, *range(min(step, 50), len(X), step)]
    for start, stop in zip(starts, [*starts[1:], len(X)], strict=True):
        part = order[start:stop]
        products = X[part] @ X.T
        error = rounding * size[part, None] * size + (1e-300 if rounding else 0.0)  # of products that underflow, too
        if (products + error < -1.0).any():
            return False
        if not rounding:
            continue
        i, j = np.nonzero(products - error < -1.0)
        once = part[i] < j
        pairs += int(once.sum())
        # So many that can't be told from -1: what rests on it is left out.
        if pairs > _MOST_PAIRS or not _exactly_nonnegative(X, np.stack([part[i], j], axis=1)[once]):
            return False
    return True


def _exact_products(X: Float) -> bool:
    """Whether float64 makes no error in products of rows: multiples of a power of two, not too large."""
    unit = 2.0**-20
    size = np.abs(X).max() / unit
    return bool(size**2 * X.shape[1] < 2.0**52 and (X / unit == np.floor(X / unit)).all())


def _exactly_nonnegative(X: Float, pairs: NDArray[np.int64]) -> bool:
    """Whether x_i·x_j >= -1 for the given pairs (m, 2), in whole numbers: multiples of a power of two."""
    used = np.unique(pairs)
    ratios = {int(i): [value.as_integer_ratio() for value in X[i].tolist()] for i in used}
    unit = max((q for row in ratios.values() for _, q in row), default=1)
    whole = {i: [p * (unit // q) for p, q in row] for i, row in ratios.items()}
    return all(sum(map(mul, whole[i], whole[j])) >= -(unit**2) for i, j in pairs.tolist())


def reach_bound(X: Float, y: Float, depth: DepthBracket | None, starts: tuple[Float, ...] = ()) -> ReachBound:
    """The largest lower bound found over vectors p; certified.

    Parameters
    ----------
    X, y : ndarrays, shapes (n, d) and (n,)
    depth : DepthBracket, optional
        Adds what simplices and exact counts say.
    starts : tuple of ndarray, shape (n,)
        Nonnegative vectors to try beside the uniform one and that of solitary neurons.
    """
    n = len(y)
    Z = augmented(X)
    lengths = np.linalg.norm(Z, axis=1) if nonnegative_products(X) else np.ones(n)
    solo = solo_sharpness(X, y)
    flat = ReachBound(1.0, np.full(n, n**-0.5))
    if not np.ptp(y):
        return flat
    best = flat
    costs = 2 * np.abs(y - solo.beta) * lengths
    for p in (flat.p, solo.vector, perron_vector(costs), *starts):
        for _ in range(_TURNS):
            reach = _reach(p, lengths, depth)
            value, beta = _value(p, reach, y)
            if value > best.value:
                best = ReachBound(value, p)
            # The matrix whose quadratic form at p is the bound; its Perron vector is the next p.
            p = perron_vector(2 * np.abs(y - beta) * (reach / np.maximum(p, 1e-50)))
    return best


def _reach(p: Float, lengths: Float, depth: DepthBracket | None) -> Float:
    """Lower bounds of D_i, up to rounding."""
    reach = p * lengths
    if depth is None:
        return np.asarray(reach)
    if np.ptp(p) == 0:
        return np.maximum(reach, depth.lower * p)
    sums = np.array([p[i] + p[rows].min(axis=1).sum() if len(rows) else 0.0 for i, rows in enumerate(depth.simplices)])
    # A depth count of k: x_i itself and at least k - 1 others, which weigh at least as much as the k - 1 lightest.
    least = np.concatenate([[0.0], np.cumsum(np.sort(p))])
    return np.maximum.reduce([reach, sums, p + least[depth.lower - 1]])


def _value(p: Float, reach: Float, y: Float) -> tuple[float, float]:
    """The bound for p, less its rounding errors, and the minimising beta."""
    n = len(y)
    spread, beta = least_spread(p * reach, y)
    top = float(p.sum()) ** 2 * (1 - gamma(4 * n + 64)) + 2 * max(spread, 0.0)
    return max(1.0, top / (n * float(p @ p)) * (1 - gamma(4 * n + 64))), beta


def least_spread(weights: Float, y: Float) -> tuple[float, float]:
    """min over beta of sum_i weights_i |y_i - beta|, less rounding errors, and that beta: a weighted median.

    >>> least_spread(np.array([1.0, 1.0, 3.0]), np.array([0.0, 1.0, 2.0]))[1]
    2.0
    """
    order = np.argsort(y)
    beta = float(y[order][np.searchsorted(np.cumsum(weights[order]), 0.5 * weights.sum())])
    # All sums have nonnegative terms. Rounding may pick a beta whose slope is wrong by gamma(n) times all weights.
    slack = gamma(4 * len(y) + 64)
    spread = float(weights @ np.abs(y - beta))
    return spread * (1 - slack) - slack * float(weights.sum()) * float(np.ptp(y)), beta
