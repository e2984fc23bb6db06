"""Ridge atoms on the caps of a packing: profiles along the axis of each cap and along directions tilted from it.

*Stacks* (axis only): the profiles have disjoint supports, hence all atoms: sup norms are maxima, squared norms add up.

*Fans.* With tilts ρθ and planks of depth at most 1 − cos((1−ρ)θ), θ = arccos(1−h) the angular radius of the caps, every plank
lies in its cap: a point of it is at angle at most (1−ρ)θ + ρθ from the axis, seen from the boundary of the ball. So atoms of
different caps have disjoint supports, and the Gram matrix consists of N equal blocks. Within a cap the planks overlap;
their inner products stay small because the profiles oscillate (two vanishing moments).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from math import acos, asin, cos, sin, sqrt

import numpy as np
from numpy.typing import ArrayLike, NDArray

from constructions import _arguments as check
from constructions.cached import cached_property
from constructions.network import Network
from constructions.packing import Packing
from constructions.ridge import Profile, oscillating, ridge_inner_product, ridge_network, tilted_inner_product
from constructions.rounding import decimal_below

Float = NDArray[np.float64]

_MARGIN = 1e-9
_MOST_BUMPS = 10_000


@dataclass(frozen=True, eq=False)
class CapRidges:
    """Ridge atoms ψ_{ijk}(x) = p_k(ν_{ij}·x): cap i, direction j, profile k.

    Coefficients of sums of them are arrays (N, M K), directions outermost.

    Attributes
    ----------
    packing : Packing
    profiles : tuple of Profile
        Of sup norm 1 at most, with disjoint supports within [1−h, 1], in increasing order.
    tilt : float
        Angle between the axis of a cap and its tilted directions.
    axes : int
        Number a of orthogonal axes along which directions are tilted, both ways: M = 2a + 1 directions in all.
    """

    packing: Packing
    profiles: tuple[Profile, ...]
    tilt: float = 0.0
    axes: int = 0

    def __post_init__(self) -> None:
        check.instance("packing", self.packing, Packing)
        object.__setattr__(self, "profiles", check.members("profiles", self.profiles, Profile))
        axes = check.integer("axes", self.axes, 0)
        object.__setattr__(self, "axes", axes)
        if axes >= self.packing.dim:
            raise ValueError(f"axes must be at most d - 1 = {self.packing.dim - 1}, got {axes}")
        if not self.profiles:
            raise ValueError("profiles must not be empty")
        edge = 1 - self.packing.height
        for k, profile in enumerate(self.profiles):
            if profile.knots[0] < edge:
                raise ValueError(f"profiles must have disjoint supports in [1 - height, 1]; number {k} begins before")
            edge = profile.knots[-1] if profile.compact else Fraction(2)
        deepest = float(1 - self.profiles[0].knots[0])
        reach = check.finite("tilt", self.tilt, least=0.0) + 2 * asin(sqrt(deepest / 2))
        if axes and reach > 2 * asin(sqrt(float(self.packing.height) / 2)):
            raise ValueError(f"tilt must leave the planks of depth {deepest:.6g} in the caps, got {self.tilt!r}")

    @property
    def directions_per_cap(self) -> int:
        """M = 2 axes + 1."""
        return 2 * self.axes + 1

    @property
    def per_cap(self) -> int:
        """M K, the number of atoms per cap."""
        return self.directions_per_cap * len(self.profiles)

    @property
    def size(self) -> int:
        """Number of atoms N M K."""
        return self.packing.size * self.per_cap

    @property
    def sup_norm_bound(self) -> Fraction:
        """Bound M max‖p‖_∞ on the sup norm of all sign combinations: at most one profile per direction is nonzero."""
        return self.directions_per_cap * max(profile.sup_norm for profile in self.profiles)

    @cached_property
    def directions(self) -> Float:
        """ν_{ij}, shape (N, M, d): the axis u, then cos φ u ± sin φ e for each axis e.

        The e are columns of the Householder reflection that takes e_1 to ∓u.
        """
        u = self.packing.centres
        if not self.axes:
            return u[:, None, :]
        mirror = u.copy()
        mirror[:, 0] += np.where(u[:, 0] < 0, -1.0, 1.0)
        square = np.einsum("ij,ij->i", mirror, mirror)
        result = np.empty((len(u), self.directions_per_cap, u.shape[1]))
        result[:, 0] = u
        for k in range(1, self.axes + 1):
            e = -2 * mirror * (mirror[:, k] / square)[:, None]
            e[:, k] += 1
            result[:, 2 * k - 1] = cos(self.tilt) * u + sin(self.tilt) * e
            result[:, 2 * k] = cos(self.tilt) * u - sin(self.tilt) * e
        return result / np.linalg.norm(result, axis=2, keepdims=True)

    @cached_property
    def gram(self) -> Float:
        """Gram matrix of the atoms of one cap in L²(uniform ball), shape (M K, M K), directions outermost."""
        d, count = self.packing.dim, len(self.profiles)

        @lru_cache(maxsize=4)
        def block(angle: float) -> Float:
            if angle == 0:
                return np.array([[ridge_inner_product(p, q, d) for q in self.profiles] for p in self.profiles])
            return np.array([[tilted_inner_product(p, q, angle, d) for q in self.profiles] for p in self.profiles])

        # Angles: tilt to the axis, 2 tilt across it, arccos(cos²) = 2 arcsin(sin/√2) to the other axes' directions.
        other = 2 * asin(sin(self.tilt) / sqrt(2))
        result = np.empty((self.directions_per_cap, count, self.directions_per_cap, count))
        for i in range(self.directions_per_cap):
            for j in range(self.directions_per_cap):
                same_axis = (i + 1) // 2 == (j + 1) // 2
                angle = 0.0 if i == j else self.tilt if 0 in (i, j) else 2 * self.tilt if same_axis else other
                result[i, :, j, :] = block(angle)
        full = result.reshape(self.per_cap, self.per_cap)
        return np.asarray((full + full.T) / 2)

    def seminorm(self, weight: Callable[[float], float]) -> float:
        """Σ over all atoms of |ψ|_{V_g} for a weight g of the offset: bounds all sign combinations."""
        return self.packing.size * self.directions_per_cap * sum(p.seminorm(weight) for p in self.profiles)

    def canonical_seminorm(self) -> Fraction:
        """The same with g = (1−|t|)^{d+2}, exactly."""
        each = sum((p.canonical_seminorm(self.packing.dim) for p in self.profiles), Fraction(0))
        return self.packing.size * self.directions_per_cap * each

    def evaluate(self, X: ArrayLike, coefficients: ArrayLike) -> Float:
        """Σ c_{ijk} ψ_{ijk} at the points X (n, d) of the unit ball."""
        c = self._coefficients(coefficients)
        points = check.array("X", X, (None, self.packing.dim))
        active = self.packing.active(points)
        result = np.zeros(len(points))
        rows = np.flatnonzero(active >= 0)
        for j in range(self.directions_per_cap):
            s = np.einsum("ij,ij->i", points[rows], self.directions[active[rows], j])
            for k, profile in enumerate(self.profiles):
                result[rows] += c[active[rows], j * len(self.profiles) + k] * profile(s)
        return result

    def network(self, coefficients: ArrayLike) -> Network:
        """The same function as a two-layer network, exactly."""
        c = self._coefficients(coefficients)
        directions = np.repeat(self.directions.reshape(-1, self.packing.dim), len(self.profiles), axis=0)
        count = self.packing.size * self.directions_per_cap
        return ridge_network(directions, self.profiles * count, c.ravel())

    def _coefficients(self, value: ArrayLike) -> Float:
        return check.array("coefficients", value, (self.packing.size, self.per_cap))


def fan(packing: Packing, bumps: int = 2, share: Fraction = Fraction(1, 4), axes: int | None = None) -> CapRidges:
    """Oscillating bumps at equal widths between a quarter of the greatest depth and that depth.

    Parameters
    ----------
    packing : Packing
    bumps : int
        K, profiles per direction, from 1 to 10 000.
    share : Fraction
        ρ in (0, 1): tilt over angular radius of the caps.
    axes : int, optional
        Tilted axes; by default min(d − 1, 2).

    Raises
    ------
    TypeError, ValueError
        Naming the argument; also if planks would be too thin for floats.

    Examples
    --------
    >>> from constructions.packing import pack
    >>> atoms = fan(pack(2, Fraction(1, 50)))
    >>> atoms.per_cap, bool(np.linalg.eigvalsh(atoms.gram)[0] > 0)
    (6, True)
    """
    check.instance("packing", packing, Packing)
    bumps = check.integer("bumps", bumps, 1)
    if bumps > _MOST_BUMPS:
        raise ValueError(f"bumps must be at most {_MOST_BUMPS}, got {check.describe(bumps)}")
    share = check.fraction("share", share)
    if not 0 < share < 1:
        raise ValueError(f"share must lie in (0, 1), got {share}")
    d = packing.dim
    count = min(d - 1, 2) if axes is None else check.integer("axes", axes, 0)
    h = packing.height
    if count == 0:
        tilt, deepest = 0.0, h
    else:
        theta = acos(1 - float(h)) if h > Fraction(1, 4) else 2 * asin(sqrt(float(h) / 2))
        tilt = float(share) * theta
        angle = (1 - float(share)) * theta * (1 - _MARGIN)
        depth = 2 * sin(angle / 2) ** 2
        if depth == 0:
            raise ValueError(
                f"share must leave planks that float64 can hold in the caps of the packing, got {check.describe(share)}, "
                f"caps of height {float(h):.6g}"
            )
        deepest = decimal_below(depth)
    width = deepest * Fraction(3, 4) / bumps
    profiles = tuple(oscillating(1 - deepest + width * (2 * k + 1) / 2, width) for k in range(bumps))
    return CapRidges(packing, profiles, tilt, count)
