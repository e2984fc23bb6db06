"""Wave packets in one cap: values, Gram matrix, and the two-layer network of their ridgelet decomposition.

In a cap of height h about u: x = √h E y + (1 − h s) u, E an orthonormal frame of u's complement. With packets of scale δ at
z_k, f(x) = Σ c_k ψ((z(x) − z_k)/δ). Writing frequencies as ξ = λ(a, 1),

    f = ∫ F_a(a·y + s) da,   F_a(τ) = Σ c_k G_a((τ − a·y_k − s_k)/δ),
    G_a(σ) = (2π)^{−d} ∫ ψ̂(μ(a, 1)) |μ|^{d−1} e^{iμσ} dμ,

and a·y + s = (1 − q_a ν_a·x)/h with q_a = √(1 + h|a|²), ν_a = (u − √h E a)/q_a: ridge functions. The network takes the
trapezoidal rule in a and interpolates F_a linearly in τ: neurons (q_a/h)·(ν_a·x − t)_+ at t = (1 − hτ)/q_a.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from math import gamma, pi, sqrt

import numpy as np
from numpy.typing import ArrayLike, NDArray

from constructions import _arguments as check
from constructions.network import Network
from constructions.packet import Packet

Float = NDArray[np.float64]

_GATHER = 2_000_000


@dataclass(frozen=True, eq=False)
class PacketCap:
    """Packets of one scale in one cap.

    Attributes
    ----------
    packet : MeyerPacket or CompactPacket
    height : Fraction
        h of the cap.
    scale : float
        δ in units of the cap coordinates, in (0, 1].
    positions : ndarray, shape (m, d)
        Centres z_k = (y_k, s_k).
    axis : ndarray, shape (d,)
        u.
    """

    packet: Packet
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
        z = self.coordinates(X)
        columns = [self.packet((z - centre) / self.scale) for centre in self.positions]
        return np.column_stack(columns)

    def evaluate(self, X: ArrayLike, coefficients: ArrayLike) -> Float:
        """f at X (n, d) for coefficients (m,)."""
        c = check.array("coefficients", coefficients, (len(self.positions),))
        return self.atoms(X) @ c

    @property
    def squared_norm(self) -> float:
        """∫ ψ((z − z_k)/δ)² in L²(uniform ball) if the support lies in the ball: h^{(d+1)/2} δ^d ‖ψ‖²/v_d.

        Exact for compact packets whose boxes lie in |y|² ≤ 2s − hs²; for Meyer packets up to their tails.
        """
        d = self.packet.dim
        volume = pi ** (d / 2) / gamma(d / 2 + 1)
        return float(self.height) ** ((d + 1) / 2) * self.scale**d * self.packet.squared_norm / volume

    @property
    def inside(self) -> bool:
        """Whether the boxes of reach δ about all positions lie in the ball (the tails of Meyer packets never do)."""
        reach = self.packet.reach * self.scale
        corners = self.positions[:, None, :] + reach * np.array(list(product((-1, 1), repeat=self.packet.dim)))
        y, s = corners[..., :-1], corners[..., -1]
        return bool(((y**2).sum(axis=-1) <= 2 * s - float(self.height) * s**2).all())

    def gram(self, per_scale: int = 12, reach: float | None = None) -> Float:
        """Gram matrix in L²(uniform ball), by the midpoint rule with `per_scale` cells per δ in each coordinate.

        Parameters
        ----------
        reach : float, optional
            Half-width of the grid about the positions, in units of δ; by default the reach of the packet.
        """
        d, h = self.packet.dim, float(self.height)
        step = self.scale / check.integer("per_scale", per_scale, 2)
        pad = (self.packet.reach if reach is None else reach) * self.scale
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
            values = np.column_stack([self.packet((z - centre) / self.scale) for centre in self.positions])
            total += values.T @ values
        volume = pi ** (d / 2) / gamma(d / 2 + 1)
        return total * step**d * h ** ((d + 1) / 2) / volume

    def network(self, coefficients: ArrayLike, slopes: int = 48, resolution: int = 8) -> Network:
        """A two-layer network near f; see `measured_error`.

        Parameters
        ----------
        coefficients : array_like, shape (m,)
        slopes : int
            Nodes per coordinate of a. At a distance |y − y_k| from a packet the waves of neighbouring nodes cancel once
            their number exceeds about slope · frequency · |y − y_k|/δ: compact packets need several times more than
            Meyer packets.
        resolution : int
            Interpolation nodes of τ per radian of the typical frequency.

        Returns
        -------
        Network
            At most slopes^{d−1} times the number of τ nodes neurons, |v| = ‖w‖. Interpolation in τ adds an error of
            Σ_a w_a max|F_a''| Δτ²/8, about 1/(8 resolution²) of the sup norm.
        """
        c = check.array("coefficients", coefficients, (len(self.positions),))
        d, h, delta = self.packet.dim, float(self.height), self.scale
        slope, frame = self.packet.slope, self.frame
        # a = tan(angle) in every coordinate, midpoint rule in the angles: smooth integrands, fast convergence.
        reach_angle = float(np.arctan(slope))
        angles = -reach_angle + 2 * reach_angle * (np.arange(slopes) + 0.5) / slopes
        low, high = self.packet.frequencies
        nodes, weights = np.polynomial.legendre.leggauss(256)
        mu = (high + low) / 2 + (high - low) / 2 * nodes
        measure = (high - low) * weights * mu ** (d - 1) / (2 * pi) ** d  # both signs of μ: twice the cosine part
        rows, offsets, outer = [], [], []
        for theta in product(angles, repeat=d - 1):
            slope_vector = np.array([*np.tan(theta), 1.0])
            weight = (2 * reach_angle / slopes) ** (d - 1) / float(np.prod(np.cos(theta))) ** 2
            transform = self.packet.transform(mu[:, None] * slope_vector)
            if not np.abs(transform).max() > 1e-14:
                continue
            centres = self.positions @ slope_vector
            reach = self._window(float(np.linalg.norm(slope_vector[:-1], 1)))
            step = delta / (self.packet.frequency * check.integer("resolution", resolution, 1))
            tau = np.arange(centres.min() - reach, centres.max() + reach + step, step)
            profile = np.zeros(len(tau))
            for coefficient, centre in zip(c, centres, strict=True):
                if coefficient:
                    near = np.flatnonzero(np.abs(tau - centre) <= reach)
                    phase = np.cos(np.outer((tau[near] - centre) / delta, mu))
                    profile[near] += coefficient * (phase @ (measure * transform))
            profile[0] = profile[-1] = 0.0
            # Interpolation as Σ κ_j (τ_j − σ)_+, κ the slope changes; zero beyond both ends.
            padded = np.concatenate([[0.0], np.diff(profile) / step, [0.0]])
            changes = np.diff(padded)
            q = sqrt(1 + h * float(slope_vector[:-1] @ slope_vector[:-1]))
            t = (1 - h * tau) / q
            used = np.flatnonzero((changes != 0) & (np.abs(t) < 1))
            rows.append(np.tile((self.axis - sqrt(h) * frame @ slope_vector[:-1]) / q, (len(used), 1)))
            offsets.append(t[used])
            outer.append(weight * changes[used] * q / h)
        amplitude, offset, unit = np.concatenate(outer), np.concatenate(offsets), np.vstack(rows)
        scale = np.sqrt(np.abs(amplitude))
        return Network(scale[:, None] * unit, scale * offset, np.sign(amplitude) * scale)

    def _window(self, slope: float) -> float:
        """Half-width of G_a in τ: for compact packets the Radon transform of the box, with the tails of the Hilbert
        kernel in even d; for Meyer packets the reach of θ."""
        return self.scale * (self.packet.reach * (1 + slope) + (1.5 if self.packet.reach < 2 else 0.0))

    def measured_error(self, network: Network, coefficients: ArrayLike, X: ArrayLike) -> float:
        """Largest |network − f| on the points X (n, d)."""
        return float(np.abs(network(X) - self.evaluate(X, coefficients)).max())
