"""Ridge functions x → p(u·x) with a piecewise linear profile p that vanishes below its first knot: sums of ReLUs, exactly.

The knots are exact fractions. Norms in L²(uniform ball) are sums over the pieces of quadratures of the marginal density;
the seminorm with a weight g of the offset is Σ |slope change| g(knot), exact for distinct knots.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from math import exp

import numpy as np
from numpy.typing import ArrayLike, NDArray

from constructions import _arguments as check
from constructions.atom import log_density_constant
from constructions.network import Network

Float = NDArray[np.float64]

_NODES = 48


@dataclass(frozen=True)
class Profile:
    """The piecewise linear function of s with values at knots, zero before the first; constant slope after the last.

    Attributes
    ----------
    knots : tuple of Fraction
        Increasing, in [-1, 1].
    slopes : tuple of Fraction
        Slope to the right of each knot.

    Examples
    --------
    >>> hat(Fraction(1, 2), Fraction(1, 4)).changes
    (Fraction(8, 1), Fraction(-16, 1), Fraction(8, 1))
    """

    knots: tuple[Fraction, ...]
    slopes: tuple[Fraction, ...]

    def __post_init__(self) -> None:
        for name in ("knots", "slopes"):
            check.instance(name, getattr(self, name), tuple)
        knots = tuple(check.fraction("knots", knot) for knot in self.knots)
        slopes = tuple(check.fraction("slopes", slope) for slope in self.slopes)
        if not knots or len(knots) != len(slopes):
            raise ValueError(f"knots and slopes must be as many, at least one, got {len(knots)} and {len(slopes)}")
        if any(a >= b for a, b in pairwise(knots)) or knots[0] < -1 or knots[-1] > 1:
            raise ValueError("knots must increase within [-1, 1]")
        object.__setattr__(self, "knots", knots)
        object.__setattr__(self, "slopes", slopes)

    @property
    def changes(self) -> tuple[Fraction, ...]:
        """Slope change at each knot: the coefficients of the ReLUs."""
        before = (Fraction(0), *self.slopes[:-1])
        return tuple(new - old for old, new in zip(before, self.slopes, strict=True))

    @property
    def values(self) -> tuple[Fraction, ...]:
        """Values at the knots."""
        result = [Fraction(0)]
        for k in range(len(self.knots) - 1):
            result.append(result[-1] + self.slopes[k] * (self.knots[k + 1] - self.knots[k]))
        return tuple(result)

    @property
    def sup_norm(self) -> Fraction:
        """max |p| on [-1, 1], exactly."""
        end = self.values[-1] + self.slopes[-1] * (1 - self.knots[-1])
        return max(abs(value) for value in (*self.values, end))

    @property
    def compact(self) -> bool:
        """Whether the profile vanishes beyond its last knot."""
        return self.slopes[-1] == 0 == self.values[-1]

    def seminorm(self, weight: Callable[[float], float]) -> float:
        """Σ |slope change| g(knot): |p(u·)|_{V_g} for a weight g of the offset."""
        return sum(float(abs(c)) * weight(float(t)) for c, t in zip(self.changes, self.knots, strict=True))

    def canonical_seminorm(self, d: int) -> Fraction:
        """Σ |slope change| (1−|knot|)^{d+2}, exactly."""
        power = check.integer("d", d, 1) + 2
        return sum((abs(c) * (1 - abs(t)) ** power for c, t in zip(self.changes, self.knots, strict=True)), Fraction(0))

    def squared_norm(self, d: int) -> float:
        """‖p(u·x)‖² in L²(uniform ball of R^d), by Gauss–Legendre quadrature on each piece."""
        return ridge_inner_product(self, self, d)

    def __call__(self, s: ArrayLike) -> Float:
        """Values at s."""
        return self._values(np.asarray(s, dtype=np.float64), [float(t) for t in self.knots])

    def at_depth(self, depth: ArrayLike) -> Float:
        """p(1 − depth), without the cancellation of 1 − s near the boundary of the ball."""
        return self._values(-np.asarray(depth, dtype=np.float64), [-float(1 - t) for t in self.knots])

    def _values(self, at: Float, knots: list[float]) -> Float:
        """Values at points of the line on which the knots have been moved to those given."""
        result = np.zeros_like(at)
        values = [float(value) for value in self.values]
        for k, slope in enumerate(self.slopes):
            inside = at >= knots[k] if k + 1 == len(knots) else (at >= knots[k]) & (at < knots[k + 1])
            result[inside] = values[k] + float(slope) * (at[inside] - knots[k])
        return result


def hat(centre: Fraction, width: Fraction) -> Profile:
    """Λ((s − centre)/width), Λ(v) = (1 − 2|v|)_+: three ReLUs with slope changes 2/w, −4/w, 2/w."""
    c, w = check.fraction("centre", centre), check.fraction("width", width)
    if not 0 < w <= 2 * (1 - abs(c)):
        raise ValueError(f"width must be positive and keep the hat in [-1, 1], got {w} about the centre {c}")
    return Profile((c - w / 2, c, c + w / 2), (2 / w, -2 / w, Fraction(0)))


def oscillating(centre: Fraction, width: Fraction) -> Profile:
    """Second difference of hats, 1 at the centre, −1/2 at a distance width/4: moments 0 and 1 vanish, exactly.

    Examples
    --------
    >>> oscillating(Fraction(1, 2), Fraction(1, 2)).values == (0, Fraction(-1, 2), 1, Fraction(-1, 2), 0)
    True
    """
    c, step = check.fraction("centre", centre), check.fraction("width", width) / 4
    if not 0 < 2 * step <= 1 - abs(c):
        raise ValueError(f"width must be positive and keep the bump in [-1, 1], got {4 * step} about the centre {c}")
    half = Fraction(1, 2) / step
    return Profile(tuple(c + k * step for k in range(-2, 3)), (-half, 3 * half, -3 * half, half, Fraction(0)))


def ridge_inner_product(first: Profile, second: Profile, d: int) -> float:
    """⟨p(u·x), q(u·x)⟩ in L²(uniform ball of R^d), by quadrature: 48 nodes on each common piece.

    The pieces are cut at 0; with s = ±(1 − τ²) the density is analytic in τ up to the boundary of the ball.

    Examples
    --------
    >>> p = Profile((Fraction(1, 2),), (Fraction(2),))
    >>> round(ridge_inner_product(p, p, 1), 14)  # (u·x − 1/2)_+² · 4 on [-1, 1]: h/6
    0.08333333333333
    """
    d = check.integer("d", d, 1)
    check.finite("d", d)
    check.instance("first", first, Profile)
    check.instance("second", second, Profile)
    low = max(first.knots[0], second.knots[0])
    cuts = [cut for cut in sorted({*first.knots, *second.knots, Fraction(0), Fraction(1)}) if cut >= low]
    nodes, weights = np.polynomial.legendre.leggauss(_NODES)
    logs, values = [], []
    for a, b in pairwise(cuts):
        sign = 1 if a >= 0 else -1
        near, far = sorted((float(1 - sign * a) ** 0.5, float(1 - sign * b) ** 0.5))
        tau = (far + near) / 2 + (far - near) / 2 * nodes
        logs.append((d - 1) / 2 * (2 * np.log(tau) + np.log(2 - tau**2)))
        p, q = (f.at_depth(tau**2) if sign > 0 else f(tau**2 - 1) for f in (first, second))
        values.append(tau * (far - near) * weights * p * q)
    if not logs:
        return 0.0
    log_density = np.concatenate(logs)
    shift = float(log_density.max())
    total = float(np.exp(log_density - shift) @ np.concatenate(values))
    return exp(log_density_constant(d) + shift) * total


def tilted_inner_product(first: Profile, second: Profile, angle: float, d: int) -> float:
    """⟨p(u·x), q(v·x)⟩ in L²(uniform ball of R^d), u and v at the given angle φ, by quadrature.

    (u·x, v·x) = (1 − α, 1 − β) has density (d/2π) (N/sin²φ)^{(d−2)/2}/sin φ with N = r² − (β − m)²,
    m = α + γ(1 − α), γ = 1 − cos φ, r² = γ(2−γ) α(2−α). With β = m + r sin ω,

        (d/2π) ∫ p (α(2−α))^{(d−1)/2} ∫ q(1 − m − r sin ω) cos^{d−1} ω dω dα,

    whose inner integrand is analytic between the knots of q. The outer one has singularities where a knot of q touches
    the circle, at depths 1 − cos(arccos(knot) ± φ): pieces end there, with nodes crowding towards their ends.

    Parameters
    ----------
    angle : float
        In [0, π].
    d : int
        At least 2.

    Examples
    --------
    >>> p = hat(Fraction(1, 2), Fraction(1, 4))
    >>> abs(tilted_inner_product(p, p, 0.0, 3) / ridge_inner_product(p, p, 3) - 1) < 1e-9
    True
    """
    d = check.integer("d", d, 2)
    phi = check.finite("angle", angle, least=0.0)
    if phi > np.pi:
        raise ValueError(f"angle must lie in [0, pi], got {angle!r}")
    gamma = 2 * np.sin(phi / 2) ** 2
    outer = [float(1 - knot) for knot in first.knots] + ([] if first.compact else [0.0])
    inner = [float(1 - knot) for knot in second.knots] + ([] if second.compact else [0.0])
    touching = [2 * np.sin((2 * np.arcsin((b / 2) ** 0.5) + side * phi) / 2) ** 2 for b in inner for side in (-1, 1)]
    low, high = min(outer), max(outer)
    cuts = sorted({*outer, *(a for a in touching if low < a < high)})
    nodes, weights = np.polynomial.legendre.leggauss(_NODES)
    # α = centre − half cos(π(1 + node)/2): crowds towards both ends of a piece.
    turn = np.pi * (1 + nodes) / 2
    alpha = np.concatenate([(a + b) / 2 - (b - a) / 2 * np.cos(turn) for a, b in pairwise(cuts)])
    weight = np.concatenate([(b - a) / 2 * np.sin(turn) * np.pi / 2 * weights for a, b in pairwise(cuts)])
    m, r = alpha + gamma * (1 - alpha), np.sqrt(gamma * (2 - gamma) * alpha * (2 - alpha))
    bounds = np.array(sorted(inner))
    with np.errstate(divide="ignore", invalid="ignore"):
        sine = np.where(r > 0, (bounds[:, None] - m) / r, np.sign(bounds[:, None] - m))
    omega = np.arcsin(np.clip(sine, -1, 1))
    total = np.zeros_like(alpha)
    for start, end in pairwise(omega):
        half = (end - start) / 2
        at = (start + end) / 2 + half * nodes[:, None]
        total += half * (weights @ (second.at_depth(m + r * np.sin(at)) * np.cos(at) ** (d - 1)))
    log_radius = (d - 1) / 2 * np.log(alpha * (2 - alpha))
    shift = float(log_radius.max())
    return d / (2 * np.pi) * exp(shift) * float((weight * first.at_depth(alpha) * np.exp(log_radius - shift)) @ total)


def ridge_network(directions: ArrayLike, profiles: Sequence[Profile], amplitudes: ArrayLike) -> Network:
    """Σ_k A_k p_k(u_k·x) as a network, one neuron per knot with a slope change, balanced |v| = ‖w‖.

    Parameters
    ----------
    directions : array_like, shape (N, d)
        Unit vectors.
    profiles : sequence of Profile, length N
    amplitudes : array_like, shape (N,)
    """
    u = check.array("directions", directions, (None, None))
    amplitude = check.array("amplitudes", amplitudes, (len(u),))
    if len(profiles) != len(u):
        raise ValueError(f"profiles must have one entry per direction, {len(u)}, got {len(profiles)}")
    if np.abs(np.einsum("ij,ij->i", u, u) - 1).max() > 1e-9:
        raise ValueError("directions must have rows of norm 1")
    rows, offsets, outer = [], [], []
    for direction, profile, scale in zip(u, profiles, amplitude, strict=True):
        for change, knot in zip(profile.changes, profile.knots, strict=True):
            rows.append(direction)
            offsets.append(float(knot))
            outer.append(float(change) * scale)
    return Network.from_ridges(rows, offsets, outer)
