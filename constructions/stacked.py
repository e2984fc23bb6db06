"""Stacked ridge atoms on disjoint caps: every cap carries the same profiles with disjoint supports in the depth.

Theorem A stacks hats: K = ⌊h/2w⌋ slabs of width w fill the depths [h/2, h]. Stacked trapezoids cut the depth at arbitrary
edges. All atoms have disjoint supports, so sup norms are maxima, squared norms add up, and the Gram matrix is diagonal.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from math import ceil, exp, floor, log

import numpy as np
from numpy.typing import ArrayLike, NDArray

from constructions import _arguments as check
from constructions.atom import log_density_constant
from constructions.network import Network
from constructions.packing import Packing
from constructions.ridge import Profile, end_trapezoid, hat, ridge_network, trapezoid

Float = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Stack:
    """Profiles with disjoint supports in [1−h, 1], on every cap of a packing of that height.

    Attributes
    ----------
    packing : Packing
    profiles : tuple of Profile
        Each of sup norm 1 at most, supports in increasing order of s.
    """

    packing: Packing
    profiles: tuple[Profile, ...]

    def __post_init__(self) -> None:
        if not self.profiles:
            raise ValueError("profiles must not be empty")
        edge = 1 - self.packing.height
        for k, profile in enumerate(self.profiles):
            if profile.knots[0] < edge:
                raise ValueError(f"profiles must have disjoint supports in [1 - height, 1]; number {k} begins before")
            edge = profile.knots[-1] if profile.compact else Fraction(2)

    @property
    def size(self) -> int:
        """Number of atoms N K."""
        return self.packing.size * len(self.profiles)

    @property
    def sup_norm(self) -> Fraction:
        """Largest sup norm of a sign combination: the maximum over the profiles, by disjointness."""
        return max(profile.sup_norm for profile in self.profiles)

    def squared_norms(self) -> Float:
        """‖ψ_k‖² in L²(uniform ball) of each profile, shape (K,); the Gram matrix is their diagonal, N times over."""
        return np.array([profile.squared_norm(self.packing.dim) for profile in self.profiles])

    def seminorm(self, weight: Callable[[float], float]) -> float:
        """N Σ_k |ψ_k|_{V_g} for a weight g of the offset: bounds the seminorm of all sign combinations."""
        return self.packing.size * sum(profile.seminorm(weight) for profile in self.profiles)

    def canonical_seminorm(self) -> Fraction:
        """The same with g = (1−|t|)^{d+2}, exactly."""
        each = sum((profile.canonical_seminorm(self.packing.dim) for profile in self.profiles), Fraction(0))
        return self.packing.size * each

    def evaluate(self, X: ArrayLike, coefficients: ArrayLike) -> Float:
        """Σ c_{ik} ψ_k(u_i·x) at the points X (n, d) of the unit ball; coefficients (N, K)."""
        c = check.array("coefficients", coefficients, (self.packing.size, len(self.profiles)))
        active = self.packing.active(X)
        points = np.asarray(X, dtype=np.float64)
        result = np.zeros(len(points))
        rows = np.flatnonzero(active >= 0)
        s = np.einsum("ij,ij->i", points[rows], self.packing.centres[active[rows]])
        for k, profile in enumerate(self.profiles):
            result[rows] += c[active[rows], k] * profile(s)
        return result

    def network(self, coefficients: ArrayLike) -> Network:
        """The same function as a two-layer network, exactly."""
        c = check.array("coefficients", coefficients, (self.packing.size, len(self.profiles)))
        directions = np.repeat(self.packing.centres, len(self.profiles), axis=0)
        return ridge_network(directions, self.profiles * self.packing.size, c.ravel())


def hats(packing: Packing, width: Fraction) -> Stack:
    """K = ⌊h/2w⌋ hats of that width at the depths h/2 … h (Theorem A).

    Raises
    ------
    ValueError
        If the width exceeds h/2.
    """
    w, h = check.fraction("width", width), packing.height
    if not 0 < w <= h / 2:
        raise ValueError(f"width must lie in (0, h/2] = (0, {h / 2}], got {w}")
    return Stack(packing, tuple(hat(1 - h + w / 2 + k * w, w) for k in range(floor(h / (2 * w)))))


def trapezoids(packing: Packing, edges: Sequence[Fraction], ramp: Fraction) -> Stack:
    """One trapezoid per slab between increasing depths `edges`, in [0, h]; that from depth 0 needs no inner ramp."""
    depths = [check.fraction("edges", edge) for edge in edges]
    if len(depths) < 2 or any(a >= b for a, b in pairwise(depths)):
        raise ValueError("edges must be at least two increasing depths")
    if depths[0] < 0 or depths[-1] > packing.height:
        raise ValueError(f"edges must lie in [0, h] = [0, {packing.height}], got {depths[0]} to {depths[-1]}")
    slabs = list(pairwise(depths))[::-1]
    return Stack(
        packing,
        tuple(end_trapezoid(1 - b, ramp) if a == 0 else trapezoid(1 - b, 1 - a, ramp) for a, b in slabs),
    )


@dataclass(frozen=True)
class HatChoice:
    """The scales of Theorem A.

    Attributes
    ----------
    height, width : Fraction
        h and w, rounded down to 12 digits.
    slabs : int
        K = ⌊h/2w⌋.
    caps : int
        ⌈(8h)^{−(d−1)/2}⌉, the number of caps that exist and that the proof needs.
    """

    height: Fraction
    width: Fraction
    slabs: int
    caps: int


def theorem_a(d: int, n: int, sigma: float = 1.0, B: float = 1.0, C: float = 1.0) -> HatChoice:
    """h = [3σ²/(4c₁2^{(d−1)/2} a n B²)]^{4/(3d+5)}, w = a h^{(d+7)/4}, a = (8^{(3−d)/2} B/C)^{1/2}.

    Raises
    ------
    ValueError
        If h > 1/8 or a h^{(d+3)/4} > 1/2: then n is too small for the theorem.

    Examples
    --------
    >>> theorem_a(2, 10_000).slabs
    26
    """
    d, n = check.integer("d", d, 1), check.integer("n", n, 1)
    sigma, B, C = (check.finite(k, v, above=0.0) for k, v in (("sigma", sigma), ("B", B), ("C", C)))
    log_a = ((3 - d) / 2 * log(8) + log(B) - log(C)) / 2
    log_h = log(3) + 2 * log(sigma) - log(4) - log_density_constant(d) - (d - 1) / 2 * log(2) - log_a - log(n)
    log_h = 4 / (3 * d + 5) * (log_h - 2 * log(B))
    if log_h > -log(8) or log_a + (d + 3) / 4 * log_h > -log(2):
        raise ValueError(f"n must be larger for stacked hats at d = {d}: h = {exp(log_h):.4g} must be at most 1/8, "
                         f"a h^((d+3)/4) = {exp(log_a + (d + 3) / 4 * log_h):.4g} at most 1/2; got n = {n}")  # fmt: skip
    height, width = exp(log_h), exp(log_a + (d + 7) / 4 * log_h)
    caps = ceil((8 * height) ** (-(d - 1) / 2) * (1 + 1e-12))
    h, w = _decimal(height), _decimal(width)
    return HatChoice(h, w, floor(h / (2 * w)), caps)


def _decimal(value: float) -> Fraction:
    unit = 10 ** max(0, 12 - ceil(log(value) / log(10)))
    return Fraction(floor(value * unit), unit)
