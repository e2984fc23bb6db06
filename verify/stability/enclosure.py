"""Rigorous bounds of seminorms, trace, loss and radius of a network on a sample, in float64 with rounding bounded.

With z_ik = w_k·x_i - b_k, m_k the mean of (z_ik)_+ over a set S of points, p_k the share of S with z_ik > 0 and s_k the
mean of 1[z_ik > 0] x_i, the seminorm with the weight of S is sum_k |v_k| min over both sides of m_k sqrt(p_k^2 + |s_k|^2):
|w_k| g(u_k, t_k) without a division. A computed z_ik is within e_ik = gamma(d + 2) (|x_i|·|w_k| + |b_k|) of the exact one
(:mod:`verify.hessian.rounding`), so a pair whose sign that leaves open is counted for the upper bound only.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from boundcalc.cached import cached_property
from constructions.network import Network
from verify.hessian.rounding import SLACK, TINY, UNIT, gamma
from verify.outcome import Interval

Float = NDArray[np.float64]

# Entries beyond this would need scaling by powers of two; networks of the sweep stay far below.
_LARGEST = 2.0**100


@dataclass(frozen=True, eq=False)
class NormBounds:
    """Bounds for several subsets at once, shape (S,) each."""

    lower: Float
    upper: Float


@dataclass(frozen=True, eq=False)
class SampleBounds:
    """A network on a sample, every quantity enclosed.

    Parameters
    ----------
    network : Network
    X, y : arrays (n, d) and (n,)

    Raises
    ------
    ValueError
        If an entry is so large that products could overflow.

    Examples
    --------
    A neuron active on one of two points: m = p = s = 1/2, so its norm is sqrt(2)/4; on the other side too.

    >>> exact = SampleBounds(Network([[1.0]], [0.0], [1.0]), np.array([[-1.0], [1.0]]), np.array([0.0, 1.0]))
    >>> norm = exact.seminorm(np.ones((1, 2)))
    >>> bool(norm.lower[0] < 2**0.5 / 4 < norm.upper[0] < norm.lower[0] * (1 + 1e-14))
    True
    >>> exact.loss.lower
    0.0

    The trace is 1 + v^2 (1 + 1)/2 + 1/2, and Theorem F's seminorm 2 sqrt(1 * 1/2) falls short of it by 5/2 - 1 - sqrt(2).

    >>> 2.5 in exact.trace, 2**0.5 in exact.trace_seminorm
    (True, True)
    """

    network: Network
    X: Float
    y: Float

    def __post_init__(self) -> None:
        network = self.network
        parts = (("X", self.X), ("y", self.y), ("network", network.W), ("network", network.b), ("network", network.v))
        for name, value in parts:
            if (largest := float(np.abs(value).max())) > _LARGEST:
                raise ValueError(f"{name} must have entries of at most 2^100, got {largest!r}")

    @cached_property
    def _preactivations(self) -> tuple[Float, Float]:
        """z (n, K) and its error e."""
        network, X = self.network, self.X
        size = np.abs(X) @ np.abs(network.W).T + np.abs(network.b)
        return network.preactivations(X), gamma(network.dim + 2) * SLACK * size + TINY

    @cached_property
    def loss(self) -> Interval:
        """(1/2n) sum_i (y_i - f(x_i))^2."""
        z, e = self._preactivations
        h, size, n = np.maximum(z, 0), np.abs(self.network.v), len(self.X)
        f = h @ self.network.v + self.network.beta
        error = gamma(self.network.width + 2) * (h @ size + abs(self.network.beta)) + (e * (z > -e)) @ size
        residual = np.abs(self.y - f)
        error = (error + 4 * UNIT * (np.abs(self.y) + np.abs(f))) * SLACK + TINY
        least = np.maximum(residual - error, 0)
        slack = gamma(n + 8)
        lower = float(least @ least) / (2 * n) * (1 - slack)
        most = residual + error
        return Interval(max(lower - TINY, 0.0), float(most @ most) / (2 * n) * (1 + slack) + TINY)

    @cached_property
    def radius(self) -> Interval:
        """Largest |x_i|."""
        square = float(np.einsum("nd,nd->n", self.X, self.X).max())
        slack = gamma(self.X.shape[1] + 4)
        return Interval(math.sqrt(square) * (1 - slack), math.sqrt(square + TINY) * (1 + slack))

    @cached_property
    def _square_norms(self) -> tuple[Float, Float]:
        """|x_i|^2 + 1, from below and from above."""
        square = np.einsum("nd,nd->n", self.X, self.X)
        slack = gamma(self.X.shape[1] + 4)
        return (square * (1 - slack) + 1) * (1 - 4 * UNIT), ((square + TINY) * (1 + slack) + 1) * (1 + 4 * UNIT)

    def _trace_terms(self, side: int) -> tuple[Float, Float, Float, Float]:
        """Means of 1[z > 0] (|x|^2 + 1) and of (z)_+^2 for each neuron on its side (1) or the other (-1), (K,) each: the
        first from below and above, then the second."""
        z, e = self._preactivations
        n = len(self.X)
        least = np.maximum(np.nextafter(side * z - e, -np.inf), 0)
        most = np.maximum(np.nextafter(side * z + e, np.inf), 0)
        slack = gamma(n + 8)
        low, high = self._square_norms
        return (
            low @ (least > 0) / n * (1 - slack),
            high @ (most > 0) / n * (1 + slack),
            np.maximum((least * least).mean(axis=0) * (1 - slack) - TINY, 0),
            (most * most).mean(axis=0) * (1 + slack) + TINY * (most > 0).any(axis=0),
        )

    @cached_property
    def trace(self) -> Interval:
        """Of the Hessian of the loss in all parameters: 1 + sum_k (v_k^2 P_k + H_k), with the two means above."""
        P_low, P_high, H_low, H_high = self._trace_terms(1)
        square, slack = self.network.v**2, gamma(self.network.width + 8)
        low = (float(square @ P_low) + float(H_low.sum())) * (1 - slack) - TINY
        high = (float((square + TINY) @ P_high) + float(H_high.sum())) * (1 + slack)
        return Interval(1 + Fraction(max(low, 0.0)), 1 + Fraction(high))

    @cached_property
    def trace_seminorm(self) -> Interval:
        """Theorem F's sum_k |v_k| |w_k| g_tr(u_k, t_k) = sum_k 2 |v_k| sqrt(P_k H_k), on the lighter side of each neuron."""
        sides = [self._trace_terms(side) for side in (1, -1)]
        low, high = (
            float(np.abs(self.network.v) @ np.minimum(*(np.sqrt(side[end] * side[end + 2]) for side in sides)))
            for end in (0, 1)
        )
        slack = gamma(self.network.width + 8)
        return Interval(max(2 * low * (1 - slack) - TINY, 0.0), 2 * high * (1 + slack) + TINY * (high > 0))

    def seminorm(self, subsets: Float) -> NormBounds:
        """sum_k |v_k| |w_k| g_S(u_k, t_k) for subsets S given by their indicators (S, n), none empty.

        Raises
        ------
        ValueError
            If a subset is empty or the shape is wrong.
        """
        if subsets.ndim != 2 or subsets.shape[1] != len(self.X) or not subsets.any(axis=1).all():
            raise ValueError(f"subsets must be nonempty indicators of shape (S, {len(self.X)}), got {subsets.shape}")
        z, e = self._preactivations
        sides = [self._one_side(side, e, subsets) for side in (z, -z)]
        size, slack = np.abs(self.network.v), gamma(self.network.width + 2)
        lower = np.minimum(sides[0].lower, sides[1].lower) @ size
        upper = np.minimum(sides[0].upper, sides[1].upper) @ size
        return NormBounds(np.maximum(lower * (1 - slack) - TINY, 0), upper * (1 + slack) + TINY * (upper > 0))

    def _one_side(self, z: Float, e: Float, subsets: Float) -> NormBounds:
        """m sqrt(p^2 + |s|^2) for every subset and neuron, shape (S, K)."""
        most = np.maximum(np.nextafter(z + e, np.inf), 0)
        least = np.maximum(np.nextafter(z - e, -np.inf), 0)
        certain = (least > 0).astype(np.float64)
        open_pairs = (most > 0) - certain
        unclear = bool(open_pairs.any())
        n, d = self.X.shape
        count = subsets.sum(axis=1, keepdims=True)
        share = subsets @ certain
        shares = (share, share + subsets @ open_pairs if unclear else share)
        squares = [np.zeros_like(share), np.zeros_like(share)]
        for column in self.X.T:
            moment = np.abs(subsets @ (certain * column[:, None]))
            error = gamma(n) * SLACK * (subsets @ (certain * np.abs(column)[:, None])) + TINY
            if unclear:
                error = error + SLACK * (subsets @ (open_pairs * np.abs(column)[:, None]))
            squares[0] += np.maximum(moment - error, 0) ** 2
            squares[1] += (moment + error) ** 2
        # Counts are exact; the rest are sums of nonnegative terms.
        slack = gamma(n + d + 24)
        found = [
            (subsets @ excess) / count * (np.sqrt(p**2 + square) / count)
            for excess, p, square in zip((least, most), shares, squares, strict=True)
        ]
        # A neuron that is active nowhere on S has norm 0 exactly.
        return NormBounds(np.maximum(found[0] * (1 - slack) - TINY, 0), found[1] * (1 + slack) + TINY * (shares[1] > 0))
