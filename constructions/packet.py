"""The mother packet of Theorem B′ in the coordinates z = (y, s) of a cap: compactly supported, a product of polynomials.

Its Fourier transform ψ̂(ξ) = ∫ ψ e^{−iξ·z} dz is known, and small unless |ξ_d| is large against |ξ'|: the packet is
concentrated near the axis of the cap in frequency.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import factorial, gamma, pi, sqrt

import numpy as np
from numpy.typing import ArrayLike, NDArray

from constructions import _arguments as check
from constructions.cached import cached_property

Float = NDArray[np.float64]


def _beta_transform(xi: Float, m: int) -> Float:
    """∫ (1−4s²)_+^m e^{−iξs} ds = ½ √π Γ(m+1) (4/|ξ|)^{m+1/2} J_{m+1/2}(|ξ|/2)."""
    from scipy.special import jv

    size = np.maximum(np.abs(xi), 1e-3)  # the relative error of the cut is below 1e-8
    log_scale = 0.5 * np.log(pi) + np.sum(np.log(np.arange(1, m + 1))) + (m + 0.5) * np.log(4 / size)
    return np.asarray(0.5 * np.exp(log_scale) * jv(m + 0.5, size / 2))


@dataclass(frozen=True)
class CompactPacket:
    """ψ = ∂_s^L e / S_L, e(y, s) = ∏ β(y_i) β(s), β(v) = (1−4v²)_+^m, L = 2d + 4, m = ⌊(5d+12)/2⌋ + 1.

    The support is the box |y_i| ≤ 1/2, |s| ≤ 1/2, and ‖ψ‖_∞ = 1 (S_L = sup |β^{(L)}|): packets in disjoint boxes have
    exactly additive norms.
    """

    dim: int

    reach = 0.5  # half the side of the support
    slope = 3.0  # slopes |a_i| to which the network goes; ψ̂(λ(a, 1)) decays as |a|^{−L}: G_3 is below 1e-5 of G_0

    def __post_init__(self) -> None:
        object.__setattr__(self, "dim", check.integer("dim", self.dim, 1))

    @property
    def order(self) -> int:
        """L."""
        return 2 * self.dim + 4

    @property
    def power(self) -> int:
        """m."""
        return (5 * self.dim + 12) // 2 + 1

    @property
    def highest_frequency(self) -> float:
        """|ξ_d| beyond which ψ̂ is negligible; it decays as |ξ_d|^{L−m−1}."""
        return 64.0 * sqrt(self.power)

    @property
    def frequency(self) -> float:
        """Typical frequency of ψ along the axis: β^{(L)} has L zeros within the support."""
        return pi * self.order

    @property
    def tail(self) -> float:
        """How far the waves of the network reach beyond the box: in even d the Hilbert kernel has tails."""
        return 0.0 if self.dim % 2 else 6.0

    def _derivative(self, s: Float) -> Float:
        """β^{(L)}(s) = (−4)^L L! (1−4s²)^{m−L} P_L^{(m−L, m−L)}(2s), by Rodrigues' formula."""
        from scipy.special import eval_jacobi

        x = np.clip(2 * s, -1, 1)
        order, rest = self.order, self.power - self.order
        return np.asarray((-4.0) ** order * factorial(order) * (1 - x**2) ** rest * eval_jacobi(order, rest, rest, x))

    @cached_property
    def scale(self) -> float:
        """S_L = |β^{(L)}(0)|: L is even and m − L ≥ 0, so the derivative is largest at the centre."""
        return float(np.abs(self._derivative(np.zeros(1)))[0])

    @cached_property
    def squared_norm(self) -> float:
        """∫ ψ² dz: a product of integrals of polynomials, by Gauss–Legendre quadrature of sufficient order."""
        nodes, weights = np.polynomial.legendre.leggauss(2 * self.power + 2)
        vertical = float(weights / 2 @ self._derivative(nodes / 2) ** 2) / self.scale**2
        beta = gamma(2 * self.power + 1) * sqrt(pi) / gamma(2 * self.power + 1.5) / 2
        return vertical * beta ** (self.dim - 1)

    def __call__(self, z: ArrayLike) -> Float:
        """Values at z (n, d)."""
        at = check.array("z", z, (None, self.dim))
        sides = np.maximum(1 - 4 * at[:, :-1] ** 2, 0.0) ** self.power
        inside = np.abs(at[:, -1]) <= 0.5
        return np.asarray(np.where(inside, self._derivative(at[:, -1]) / self.scale, 0.0) * np.prod(sides, axis=1))

    def transform(self, xi: ArrayLike) -> Float:
        """ψ̂ at ξ (n, d), real: (iξ_d)^L is, L being even."""
        at = check.array("xi", xi, (None, self.dim))
        sides = np.prod(_beta_transform(at[:, :-1], self.power), axis=1)
        sign = (-1) ** (self.order // 2)
        return np.asarray(sign * at[:, -1] ** self.order * _beta_transform(at[:, -1], self.power) * sides / self.scale)
