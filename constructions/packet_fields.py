"""Compactly supported wave packets on every cap of a packing: boxes in the cap coordinates, with disjoint interiors.

All boxes lie in their cap and in the ball, so sup norms are maxima, squared norms add up, and the Gram matrix is a multiple
of the identity, exactly. Only the network is approximate.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import ArrayLike, NDArray

from constructions import _arguments as check
from constructions.cached import cached_property
from constructions.network import Network, Reduced
from constructions.packet import CompactPacket
from constructions.packing import Packing
from constructions.wave_packet import PacketCap

Float = NDArray[np.float64]

_LARGEST_DIM = 3
# Nodes per coordinate that keep the network of a cap below about 10^5 neurons.
_SLOPES = {1: 1, 2: 64, 3: 28}
_RESOLUTION = 4
_MOST_BOXES = 1e7


@dataclass(frozen=True, eq=False)
class PacketField:
    """Packets ψ((z^{(i)}(x) − z_k)/δ) at the same positions z_k of every cap i.

    Attributes
    ----------
    packing : Packing
    packet : CompactPacket
    scale : float
        δ in units of the cap coordinates.
    positions : ndarray, shape (K, d)
    slopes : int
        Nodes per coordinate of the networks, see `PacketCap.network`.

    Raises
    ------
    ValueError
        If the boxes overlap, or leave the cap or the ball.
    """

    packing: Packing
    packet: CompactPacket
    scale: float
    positions: Float
    slopes: int = 48

    def __post_init__(self) -> None:
        if self.packet.dim != self.packing.dim:
            raise ValueError(f"packet must have the dimension {self.packing.dim} of the packing, got {self.packet.dim}")
        object.__setattr__(self, "positions", self.cap(0).positions)
        gaps = np.abs(self.positions[:, None] - self.positions) / self.scale
        apart = gaps.max(axis=2) + 2 * np.eye(len(self.positions)) >= 1 - 1e-12
        if not apart.all():
            raise ValueError("positions must be so far apart that the boxes are disjoint")
        top = self.positions[:, -1] + self.scale / 2
        if not self.cap(0).inside or top.max() > 1 + 1e-12:
            raise ValueError("positions must keep the boxes inside the cap and the ball")

    @property
    def per_cap(self) -> int:
        """K."""
        return len(self.positions)

    @property
    def size(self) -> int:
        """Number of atoms N K."""
        return self.packing.size * self.per_cap

    @property
    def squared_norm(self) -> float:
        """Squared norm of every atom in L²(uniform ball): h^{(d+1)/2} δ^d ‖ψ‖²/v_d."""
        return self.cap(0).squared_norm

    def cap(self, index: int) -> PacketCap:
        """The packets of one cap."""
        return PacketCap(self.packet, self.packing.height, self.scale, self.positions, self.packing.centres[index])

    def evaluate(self, X: ArrayLike, coefficients: ArrayLike) -> Float:
        """Σ c_{ik} ψ_{ik} at the points X (n, d) of the unit ball; coefficients (N, K)."""
        c = self._coefficients(coefficients)
        points = check.array("X", X, (None, self.packing.dim))
        active = self.packing.active(points)
        result = np.zeros(len(points))
        order = np.argsort(active, kind="stable")
        occupied, starts = np.unique(active[order], return_index=True)
        for cap, rows in zip(occupied, np.split(order, starts[1:]), strict=True):
            if cap >= 0 and c[cap].any():
                result[rows] = self.cap(int(cap)).evaluate(points[rows], c[cap])
        return result

    def network(self, coefficients: ArrayLike) -> Network:
        """A two-layer network near Σ c_{ik} ψ_{ik}: that of every cap with a nonzero coefficient, side by side."""
        c = self._coefficients(coefficients)
        parts = [self.cap(int(i)).network(c[i], self.slopes, _RESOLUTION) for i in np.flatnonzero(c.any(axis=1))]
        if not parts:
            raise ValueError("coefficients must not all be zero")
        return Network(
            np.vstack([part.W for part in parts]),
            np.concatenate([part.b for part in parts]),
            np.concatenate([part.v for part in parts]),
        )

    def seminorm(self, weight: Callable[[Float], Float]) -> float:
        """N Σ_k |ψ_k|_{V_g} of the networks of single packets, for a weight g of the offset (vectorised).

        By the triangle inequality it bounds the networks of all sign combinations.
        """
        parts = (float(np.abs(part.a) @ np.asarray(weight(part.t))) for part in self._single)
        return self.packing.size * sum(parts)

    @cached_property
    def _single(self) -> tuple[Reduced, ...]:
        """Networks of each packet of the first cap alone."""
        first = self.cap(0)
        return tuple(first.network(row, self.slopes, _RESOLUTION).reduced() for row in np.eye(self.per_cap))

    def _coefficients(self, value: ArrayLike) -> Float:
        return check.array("coefficients", value, (self.packing.size, self.per_cap))


def packet_field(packing: Packing, scale: float = 0.5) -> PacketField:
    """As many packets of one scale as a grid of boxes holds in each cap.

    Rows of boxes lie below the edge s = 1 of the cap; in each row they stand in a grid about y = 0, with a box or a corner at
    0, whichever holds more.

    Raises
    ------
    ValueError
        In d > 3, where networks of packets are out of reach, or if no box of that scale fits.

    Examples
    --------
    >>> from fractions import Fraction
    >>> from constructions.packing import pack
    >>> packet_field(pack(2, Fraction(1, 50))).per_cap
    3
    """
    check.instance("packing", packing, Packing)
    d, h = packing.dim, float(packing.height)
    if d > _LARGEST_DIM:
        raise ValueError(f"dim must be at most {_LARGEST_DIM} for wave packets, got {d}")
    scale = check.finite("scale", scale)
    if not 0 < scale <= 1:
        raise ValueError(f"scale must lie in (0, 1], got {scale!r}")
    if scale < 2 / _MOST_BOXES ** (1 / d):
        raise ValueError(f"scale must leave at most {_MOST_BOXES:.0e} boxes of its size in a cube, got {scale!r}")
    positions: list[tuple[float, ...]] = []
    for row in range(int(1 / scale + 1e-9)):
        s = 1 - scale * (row + 0.5)
        limit = 2 * (s - scale / 2) - h * (s - scale / 2) ** 2
        reach = int((max(limit, 0.0)) ** 0.5 / scale) + 1
        grids = []
        for shift in (0.0, 0.5):
            line = scale * (np.arange(-reach, reach + 1) + shift)
            grid = [y for y in product(line, repeat=d - 1) if sum((abs(v) + scale / 2) ** 2 for v in y) <= limit]
            grids.append(grid)
        positions += [(*map(float, y), s) for y in max(grids, key=len)]
    if not positions:
        raise ValueError(f"scale must be so small that a box fits into the caps, got {scale!r}")
    return PacketField(packing, CompactPacket(d), scale, np.array(positions), _SLOPES[d])
