"""Wave packets in one cap: values, Gram matrix, and the two-layer network of their ridgelet decomposition.

In a cap of height h about u: x = √h E y + (1 − h s) u, E an orthonormal frame of u's complement. With packets of scale δ at
z_k, f(x) = Σ c_k ψ((z(x) − z_k)/δ). Writing frequencies as ξ = λ(a, 1),

    f = ∫ F_a(a·y + s) da,   F_a(τ) = Σ c_k G_a((τ − a·y_k − s_k)/δ),
    G_a(σ) = (2π)^{−d} ∫ ψ̂(μ(a, 1)) |μ|^{d−1} e^{iμσ} dμ,

and a·y + s = (1 − q_a ν_a·x)/h with q_a = √(1 + h|a|²), ν_a = (u − √h E a)/q_a: ridge functions. The network takes the
midpoint rule in a and interpolates F_a linearly in τ: neurons (q_a/h)·(ν_a·x − t)_+ at t = (1 − hτ)/q_a.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import product
from math import gamma, pi, sqrt
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from constructions import _arguments as check
from constructions.network import Network
from constructions.packet import CompactPacket

if TYPE_CHECKING:
    from scipy.interpolate import CubicSpline

Float = NDArray[np.float64]

_GATHER = 2_000_000
_NEGLIGIBLE = 1e-9
_PANEL = 24


def _pattern(angles: tuple[float, ...]) -> tuple[float, ...]:
    """What G_a depends on: the absolute values of the slopes in any order."""
    return tuple(sorted(round(abs(theta), 12) for theta in angles))


@dataclass(frozen=True, eq=False)
class Wave:
    """G_a for one slope: an even function of σ, tabulated and interpolated by a cubic spline.

    Attributes
    ----------
    spline : CubicSpline
        On [0, reach].
    core, reach : float
        Half-width of the part that oscillates, and of all that is kept (the tails of the Hilbert kernel in even d).
    curvature : float
        Bound on |G_a''|.
    """

    spline: CubicSpline
    core: float
    reach: float
    curvature: float

    def __call__(self, sigma: Float) -> Float:
        """Values at σ; zero beyond the reach."""
        at = np.abs(sigma)
        return np.asarray(np.where(at <= self.reach, self.spline(np.minimum(at, self.reach)), 0.0))

    def knots(self, centres: Float, step: float) -> Float:
        """Interpolation knots for waves about the centres: even steps over all cores, growing ones in the tails."""
        low, high = float(centres.min()) - self.core, float(centres.max()) + self.core
        inner = np.linspace(low, high, 2 + int((high - low) / step))
        if self.reach == self.core:
            return inner
        tail = np.geomspace(step, self.reach - self.core + step, 2 + int(8 * np.log1p((self.reach - self.core) / step)))
        return np.concatenate([low - (tail[1:] - step)[::-1], inner, high + (tail[1:] - step)])


@lru_cache(maxsize=4096)
def _wave(packet: CompactPacket, angles: tuple[float, ...]) -> Wave:
    """G_a by Gauss–Legendre quadrature in the frequency, for slopes tan(angles); all caps of one kind of packets share it."""
    from scipy.interpolate import CubicSpline

    a, d = np.array([*np.tan(angles), 1.0]), packet.dim
    core = packet.reach * float(np.abs(a).sum())
    reach = core + packet.tail
    high = packet.highest_frequency
    # Panels over which the longest phase turns by at most 16 radians: the rule has converged there.
    nodes, weights = np.polynomial.legendre.leggauss(_PANEL)
    edges = np.linspace(0, high, 2 + int(high * reach / 16))
    half = (edges[1] - edges[0]) / 2
    mu = (edges[:-1, None] + half * (1 + nodes)).ravel()
    measure = np.tile(2 * half * weights, len(edges) - 1) * mu ** (d - 1) / (2 * pi) ** d
    density = measure * packet.transform(mu[:, None] * a)
    sigma = np.linspace(0, reach, 2 + int(6 * reach * packet.frequency))
    values = np.concatenate(
        [np.cos(np.outer(part, mu)) @ density for part in np.array_split(sigma, 1 + len(sigma) * len(mu) // _GATHER)]
    )
    return Wave(CubicSpline(sigma, values), core, reach, float(np.abs(density) @ mu**2))


@dataclass(frozen=True, eq=False)
class PacketCap:
    """Packets of one scale in one cap.

    Attributes
    ----------
    packet : CompactPacket
    height : Fraction
        h of the cap.
    scale : float
        δ in units of the cap coordinates, in (0, 1].
    positions : ndarray, shape (m, d)
        Centres z_k = (y_k, s_k).
    axis : ndarray, shape (d,)
        u.
    """

    packet: CompactPacket
    height: Fraction
    scale: float
    positions: Float
    axis: Float

    def __post_init__(self) -> None:
        d = self.packet.dim
        object.__setattr__(self, "height", check.height(self.height))
        if not 0 < check.finite("scale", self.scale) <= 1:
            raise ValueError(f"scale must lie in (0, 1], got {self.scale!r}")
        object.__setattr__(self, "positions", check.frozen(check.array("positions", self.positions, (None, d))))
        axis = check.array("axis", self.axis, (d,))
        if abs(float(axis @ axis) - 1) > 1e-9:
            raise ValueError("axis must have norm 1")
        object.__setattr__(self, "axis", check.frozen(axis))

    @property
    def frame(self) -> Float:
        """E: orthonormal columns spanning the complement of u, shape (d, d−1)."""
        q = np.linalg.qr(np.column_stack([self.axis, np.eye(self.packet.dim)]))[0]
        return np.asarray(q[:, 1:])

    def coordinates(self, X: ArrayLike) -> Float:
        """z(x) = (y, s) of points X (n, d)."""
        points = check.array("X", X, (None, self.packet.dim))
        h = float(self.height)
        return np.column_stack([points @ self.frame / sqrt(h), (1 - points @ self.axis) / h])

    def atoms(self, X: ArrayLike) -> Float:
        """ψ((z(x) − z_k)/δ), shape (n, m)."""
        return self._at(self.coordinates(X))

    def _at(self, z: Float) -> Float:
        return np.column_stack([self.packet((z - centre) / self.scale) for centre in self.positions])

    def evaluate(self, X: ArrayLike, coefficients: ArrayLike) -> Float:
        """f at X (n, d) for coefficients (m,)."""
        c = check.array("coefficients", coefficients, (len(self.positions),))
        return self.atoms(X) @ c

    @property
    def squared_norm(self) -> float:
        """∫ ψ((z − z_k)/δ)² in L²(uniform ball) if the box lies in the ball, |y|² ≤ 2s − hs²: h^{(d+1)/2} δ^d ‖ψ‖²/v_d."""
        d = self.packet.dim
        volume = pi ** (d / 2) / gamma(d / 2 + 1)
        return float(self.height) ** ((d + 1) / 2) * self.scale**d * self.packet.squared_norm / volume

    @property
    def inside(self) -> bool:
        """Whether the boxes of reach δ about all positions lie in the ball."""
        reach = self.packet.reach * self.scale
        corners = self.positions[:, None, :] + reach * np.array(list(product((-1, 1), repeat=self.packet.dim)))
        y, s = corners[..., :-1], corners[..., -1]
        return bool(((y**2).sum(axis=-1) <= 2 * s - float(self.height) * s**2).all())

    def gram(self, per_scale: int = 12) -> Float:
        """Gram matrix in L²(uniform ball), by the midpoint rule with `per_scale` cells per δ in each coordinate."""
        d, h = self.packet.dim, float(self.height)
        step = self.scale / check.integer("per_scale", per_scale, 2)
        pad = self.packet.reach * self.scale
        low, high = self.positions.min(axis=0) - pad, self.positions.max(axis=0) + pad
        low[-1] = max(low[-1], 0.0)
        grids = [np.arange(a + step / 2, b, step) for a, b in zip(low, high, strict=True)]
        total = np.zeros((len(self.positions), len(self.positions)))
        rest = (
            np.stack(np.meshgrid(*grids[1:], indexing="ij"), axis=-1).reshape(-1, d - 1) if d > 1 else np.zeros((1, 0))
        )
        rows = max(1, _GATHER // max(1, len(rest) * len(self.positions)))
        for start in range(0, len(grids[0]), rows):
            first = grids[0][start : start + rows]
            z = np.column_stack([np.repeat(first, len(rest)), np.tile(rest, (len(first), 1))])
            z = z[(z[:, :-1] ** 2).sum(axis=1) <= 2 * z[:, -1] - h * z[:, -1] ** 2]
            values = self._at(z)
            total += values.T @ values
        return total * step**d * h ** ((d + 1) / 2) / (pi ** (d / 2) / gamma(d / 2 + 1))

    def network(self, coefficients: ArrayLike, slopes: int = 48, resolution: int = 8) -> Network:
        """A two-layer network near f.

        Parameters
        ----------
        coefficients : array_like, shape (m,)
        slopes : int
            Nodes per coordinate of a. At a distance |y − y_k| from a packet the waves of neighbouring nodes cancel once
            their number exceeds about slope · frequency · |y − y_k|/δ; beyond that distance errors of the size of one
            wave remain.
        resolution : int
            Interpolation in τ errs by at most 1/(8 resolution²) per packet, with knots so distributed over the slopes
            that they are fewest.

        Returns
        -------
        Network
            Balanced, |v| = ‖w‖.
        """
        c = check.array("coefficients", coefficients, (len(self.positions),))
        slopes = check.integer("slopes", slopes, 1)
        tolerance = 1 / (8 * check.integer("resolution", resolution, 1) ** 2)
        d, h, delta, frame = self.packet.dim, float(self.height), self.scale, self.frame
        # a = tan(angle) in every coordinate, midpoint rule in the angles: smooth integrands, fast convergence.
        reach_angle = float(np.arctan(self.packet.slope))
        angles = -reach_angle + 2 * reach_angle * (np.arange(slopes) + 0.5) / slopes
        patterns = {_pattern(theta) for theta in product(angles, repeat=d - 1)}
        waves = {pattern: _wave(self.packet, pattern) for pattern in patterns}
        nodes = [
            (
                pattern,
                np.array([*np.tan(theta), 1.0]),
                (2 * reach_angle / slopes) ** (d - 1) / np.prod(np.cos(theta)) ** 2,
            )
            for theta in product(angles, repeat=d - 1)
            if waves[pattern := _pattern(theta)].curvature > _NEGLIGIBLE
        ]
        # Σ w_a max|G_a''| Δ_a²/8 = tolerance with the fewest knots, Σ 1/Δ_a: Δ_a ∝ (w_a max|G_a''|)^{-1/3}.
        sizes = [weight * waves[pattern].curvature for pattern, _, weight in nodes]
        spread = sqrt(8 * tolerance / sum(size ** (1 / 3) for size in sizes))
        rows, offsets, outer = [], [], []
        for (pattern, a, weight), size in zip(nodes, sizes, strict=True):
            wave, centres = waves[pattern], self.positions @ a
            tau = wave.knots(centres / delta, min(spread * size ** (-1 / 3), 0.25)) * delta
            profile = sum(
                (k * wave((tau - centre) / delta) for k, centre in zip(c, centres, strict=True) if k),
                np.zeros(len(tau)),
            )
            profile[0] = profile[-1] = 0.0
            # Interpolation as Σ κ_j (τ_j − σ)_+, κ the slope changes; zero beyond both ends.
            changes = np.diff(np.concatenate([[0.0], np.diff(profile) / np.diff(tau), [0.0]]))
            q = sqrt(1 + h * float(a[:-1] @ a[:-1]))
            t = (1 - h * tau) / q
            used = np.flatnonzero((changes != 0) & (np.abs(t) < 1))
            rows.append(np.tile((self.axis - sqrt(h) * frame @ a[:-1]) / q, (len(used), 1)))
            offsets.append(t[used])
            outer.append(weight * changes[used] * q / h)
        return Network.from_ridges(np.vstack(rows), np.concatenate(offsets), np.concatenate(outer))
