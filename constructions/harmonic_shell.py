"""Spherical-harmonic shells f_Y(x) = ∫ Y(u) (u·x − t)_+ dσ(u), Y a harmonic of degree k ≥ 2, σ the uniform measure.

By the Funk–Hecke formula f_Y(x) = Λ(|x|) Y(x/|x|); with s = t/r, μ = (d+1)/2, m = k − 2 and Rodrigues' formula,
Λ(r) = c_d 2^{−k} ((d−1)/2)_k^{−1} 2^m m! r (1−s²)_+^μ P_m^{(μ,μ)}(s), c_d = Γ(d/2)/(√π Γ((d−1)/2)).

All f_Y vanish on |x| ≤ t. With Y normalised, ∫ Y² dσ = 1, ‖f_Y‖² = ∫ Λ² d r^{d−1} dr =: ‖Λ‖² and, by Jensen,
|f_Y|_{V_g} ≤ g(t) ∫ |Y| dσ ≤ g(t) (no larger, because f_Y is one representation).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil, comb, exp, lgamma, log, pi

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import eval_jacobi

from constructions import _arguments as check
from constructions.network import Network

Float = NDArray[np.float64]

_NODES = 64


@dataclass(frozen=True)
class HarmonicShell:
    """The functions f_Y of one degree and offset.

    Attributes
    ----------
    dim : int
        d ≥ 2.
    degree : int
        k ≥ 2.
    offset : float
        t in (0, 1).

    Examples
    --------
    >>> shell = HarmonicShell(3, 4, 0.5)
    >>> shell.count, bool(shell.radial(0.4) == 0)
    (9, True)
    """

    dim: int
    degree: int
    offset: float

    def __post_init__(self) -> None:
        check.integer("dim", self.dim, 2)
        check.integer("degree", self.degree, 2)
        if check.finite("offset", self.offset, above=0.0) >= 1:
            raise ValueError(f"offset must lie in (0, 1), got {self.offset!r}")

    @property
    def count(self) -> int:
        """D, the dimension of the harmonics of that degree."""
        d, k = self.dim, self.degree
        return comb(d + k - 1, d - 1) - comb(d + k - 3, d - 1)

    def radial(self, r: ArrayLike) -> Float:
        """Λ(r) for r in [0, 1]."""
        radius = np.asarray(r, dtype=np.float64)
        d, k = self.dim, self.degree
        m, mu = k - 2, (d + 1) / 2
        log_constant = lgamma(d / 2) - lgamma((d - 1) / 2) - log(pi) / 2 + (m - k) * log(2) + lgamma(m + 1)
        log_constant -= lgamma((d - 1) / 2 + k) - lgamma((d - 1) / 2)
        outside = radius > self.offset
        s = np.where(outside, self.offset / np.where(outside, radius, 1.0), 0.0)
        power = np.exp(log_constant + mu * np.log1p(-(np.where(outside, s, 0.0) ** 2)))
        return np.asarray(np.where(outside, radius * power * eval_jacobi(m, mu, mu, s), 0.0))

    def _rule(self) -> tuple[Float, Float]:
        """Gauss–Legendre panels on [t, 1] for the radius; Λ has about `degree` zeros there."""
        nodes, weights = np.polynomial.legendre.leggauss(_NODES)
        edges = self.offset + (1 - self.offset) * np.linspace(0, 1, 2 + ceil(self.degree / 8)) ** 2
        centre, half = (edges[1:] + edges[:-1]) / 2, (edges[1:] - edges[:-1]) / 2
        return (centre[:, None] + half[:, None] * nodes).ravel(), (half[:, None] * weights).ravel()

    @property
    def norm(self) -> float:
        """‖Λ‖ = ‖f_Y‖ in L²(uniform ball) for ∫Y² dσ = 1, by quadrature."""
        r, w = self._rule()
        log_weight = log(self.dim) + (self.dim - 1) * np.log(r)
        return float(np.sum(w * np.exp(log_weight) * self.radial(r) ** 2)) ** 0.5

    @property
    def sup_radial(self) -> float:
        """sup |Λ| on a grid of 4000 radii; Λ is smooth, so the relative error is of order (degree/4000)²."""
        return float(np.abs(self.radial(np.linspace(self.offset, 1, 4000))).max())

    @property
    def kernel_bound(self) -> float:
        """κ = sup Λ²/‖Λ‖²: the reproducing kernel on the diagonal is at most κ D."""
        return (self.sup_radial / self.norm) ** 2

    @property
    def sup_norm_bound(self) -> float:
        """Upper bound √D sup|Λ| of ‖f_Y‖_∞ for ∫Y² dσ = 1 (sup |Y| ≤ √D)."""
        return self.count**0.5 * self.sup_radial

    def seminorm_bound(self, weight: Callable[[float], float]) -> float:
        """g(t) ≥ |f_Y|_{V_g}, ∫Y² dσ = 1."""
        return weight(self.offset)

    def zonal(self, X: ArrayLike, pole: ArrayLike) -> Float:
        """f_Y at the points X (n, d) for the normalised zonal harmonic Y about the unit vector `pole`."""
        points = check.array("X", X, (None, self.dim))
        axis = check.array("pole", pole, (self.dim,))
        r = np.linalg.norm(points, axis=1)
        cosine = np.clip(points @ axis / np.where(r > 0, r, 1.0), -1, 1)
        return self.radial(r) * self.zonal_harmonic(cosine)

    def zonal_harmonic(self, cosine: ArrayLike) -> Float:
        """√D P_k(cosine), P_k the Gegenbauer polynomial with P_k(1) = 1: the unit zonal harmonic."""
        at = np.asarray(cosine, dtype=np.float64)
        alpha = (self.dim - 3) / 2
        at_one = exp(lgamma(self.degree + alpha + 1) - lgamma(self.degree + 1) - lgamma(alpha + 1))
        return np.asarray(self.count**0.5 * eval_jacobi(self.degree, alpha, alpha, at) / at_one)

    def network(self, harmonic: Callable[[Float], Float], nodes: int) -> tuple[Network, float]:
        """A two-layer network near f_Y in d = 2 or 3, and a bound on its largest error on the unit ball.

        Parameters
        ----------
        harmonic : callable
            Y on unit vectors (M, d) → (M,).
        nodes : int
            M: equal angles in d = 2; about √(M/2) latitudes with as many directions each in d = 3.

        Returns
        -------
        network : Network
        error : float
            d = 2: with F(φ) = Y(φ)(u_φ·x − t)_+ and V the variation of F', at most (2π/M)² V/(8·2π) (Peano kernel).
            d = 3: each direction carries the area of its cell; at most the Lipschitz constant of F on the sphere times
            the greatest angle in a cell. |Y| and its slope come from the values at the nodes by Bernstein's inequality.

        Raises
        ------
        ValueError
            If d > 3, or there are too few nodes for the bound on Y.
        """
        nodes = check.integer("nodes", nodes, 8)
        k, t = self.degree, self.offset
        if self.dim == 2:
            if nodes < 8 * k:
                raise ValueError(f"nodes must be at least 8 degree = {8 * k}, got {nodes}")
            angle = 2 * pi * np.arange(nodes) / nodes
            u = np.column_stack([np.cos(angle), np.sin(angle)])
            y, share = np.asarray(harmonic(u), dtype=np.float64), np.full(nodes, 1 / nodes)
            # Bernstein: |Y'| ≤ k sup|Y|, and the grid misses at most (1 − cos(kπ/M)) of the maximum of a sinusoid.
            top = float(np.abs(y).max()) / np.cos(k * pi / nodes)
            # F'' = Y''(·)_+ + 2Y'(·)' + Y(·)'' : the last is a measure of mass at most sup|Y| (2 + 2) (two kinks of slope
            # ≤ 1, and ∫|cos| over the arc ≤ 2).
            variation = top * (k * k * (1 - t) * 2 * np.arccos(t) + 2 * k * 2 + 4)
            error = float((2 * pi / nodes) ** 2 * variation / 8 / (2 * pi))
        elif self.dim == 3:
            rows = max(4, int((nodes / 2) ** 0.5))
            columns = max(8, nodes // rows)
            edges = np.linspace(0, pi, rows + 1)
            polar, angle = (edges[1:] + edges[:-1]) / 2, 2 * pi * np.arange(columns) / columns
            rho, z = np.sin(polar), np.cos(polar)
            u = np.stack(
                [np.outer(rho, np.cos(angle)), np.outer(rho, np.sin(angle)), np.repeat(z[:, None], columns, 1)], axis=2
            ).reshape(-1, 3)
            u /= np.linalg.norm(u, axis=1, keepdims=True)
            share = np.repeat(
                -np.diff(np.cos(edges)) / 2 / columns, columns
            )  # area of the cells over that of the sphere
            y = np.asarray(harmonic(u), dtype=np.float64)
            reach = pi / (2 * rows) + pi / columns  # greatest angle between a node and a point of its cell
            if k * reach >= 0.5:
                raise ValueError(f"nodes must be larger for degree {k}: the cells reach {reach:.3g}, degree times it "
                                 f"must be below 1/2; got {nodes}")  # fmt: skip
            # |∇Y| ≤ k sup|Y| (Bernstein on great circles), so the nodes miss at most k·reach of the maximum.
            top = float(np.abs(y).max()) / (1 - k * reach)
            error = reach * top * (k * (1 - t) + 1)
        else:
            raise ValueError(f"dim must be 2 or 3 for a network, got {self.dim}")
        a = y * share
        scale = np.where(a != 0, np.sqrt(np.abs(a)), 1.0)
        return Network(scale[:, None] * u, scale * t, np.sign(a) * np.sqrt(np.abs(a))), error
