"""The checks behind :mod:`boundcalc.erratum`: each computes what an erratum claims and says what it found."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray
from sympy import Integer, Rational, Symbol, sqrt

from boundcalc.shown import show_lower, show_upper
from boundcalc.symbols import d as D

Array = NDArray[np.float64]
_SEED = 20250620


@dataclass(frozen=True)
class Demonstration:
    """What a check found: whether it shows the erratum, and the figures."""

    shown: bool
    evidence: str


def vanishing_constant() -> Demonstration:
    """1 - c_5 of Prop. E.4 is negative from d = 5 on, while the limit of g_P / (1-t)^{d+2} is positive."""
    from boundcalc.cap import weight_limit

    c5 = [(d + 1) / (d + 3) * (8 / 7) ** ((d + 1) / 2) for d in range(1, 201)]
    limit = float(weight_limit.expr.subs(D, 5))
    shown = max(c5[:4]) < 1 < min(c5[4:]) and limit > 0
    values = ", ".join(f"{c:.3f}" for c in c5[:5])
    return Demonstration(
        shown, f"c_5 = {values} at d = 1..5, above 1 for d = 5..200; the true limit at d = 5 is {limit:.5f}"
    )


def binomial_tail() -> Demonstration:
    """Exact failure probability of Lemma F.7 at n = 100, d = 1, epsilon = 1/1000, delta = 1e-6, in rational numbers."""
    count, mass, level = 100, Fraction(1, 1000), Fraction(1, 10**6)
    log_level = math.log(10**6)
    stated = count * float(mass) + math.sqrt(3 * float(mass) * log_level * count)
    corrected = count * float(mass) + math.sqrt(2 * float(mass) * log_level * count) + 2 * log_level / 3

    def above(threshold: float) -> Fraction:
        most = min(math.floor(threshold), count)
        terms = (math.comb(count, k) * mass**k * (1 - mass) ** (count - k) for k in range(most + 1))
        return 1 - sum(terms, Fraction(0))

    failure, repaired = above(stated), above(corrected)
    return Demonstration(
        failure > level >= repaired,
        f"at n = 100, p = 1e-3, delta = 1e-6 the bound allows {stated:.3f} points; more occur with probability "
        f"{float(failure):.3e}; the corrected bound allows {corrected:.2f}, exceeded with probability {float(repaired):.1e}",
    )


@np.errstate(under="ignore")
def poisson_distance() -> Demonstration:
    """Total variation between the multinomial counts of m caps and independent Poisson counts, from below.

    Summing the counts can't increase the distance, and the sums are Binomial(n, P) and Poisson(nP), P the total mass.
    """
    from scipy.stats import binom, poisson

    caps, mass, count = 1000, 1e-4, 10_000
    total = caps * mass
    k = np.arange(count + 1)
    distance = 0.5 * float(np.abs(binom.pmf(k, count, total) - poisson.pmf(k, count * total)).sum())
    squares = caps * mass**2
    # Two caps are empty together less often than independence says: (1 - 2p)^n <= (1 - p)^{2n}.
    together, independent = count * math.log1p(-2 * mass), 2 * count * math.log1p(-mass)
    return Demonstration(
        distance > 0.1 * total and distance > 1000 * squares and together <= independent,
        f"{caps} caps of mass {mass:g}: distance at least {show_lower(distance, 4)}, sum of p_j {total:g}, "
        f"sum of p_j^2 {squares:g}; emptiness of two caps is negatively correlated",
    )


def one_sample_is_not_none() -> Demonstration:
    """The share q_* = e^{-lambda} is the chance of no sample; a cap with one sample tells its sign."""
    count, mass = 10_000, 1e-4
    none = (1 - mass) ** count
    at_most_one = none + count * mass * (1 - mass) ** (count - 1)
    q_star = math.exp(-count * mass)
    return Demonstration(
        abs(none - q_star) < 1e-3 < at_most_one - q_star,
        f"lambda = 1: P(Z = 0) = {none:.4f}, P(Z <= 1) = {at_most_one:.4f}, q_* = {q_star:.4f}",
    )


def representations_are_not_unique() -> Demonstration:
    """Two neurons that differ by an affine function; a measure that represents 0 on the disc; the factor 2 at d = 1."""
    rng = np.random.default_rng(_SEED)
    x = rng.uniform(-0.7, 0.7, (50, 2))
    u, t = np.array([0.6, 0.8]), 0.3
    affine = np.maximum(x @ u - t, 0) - np.maximum(-(x @ u) + t, 0) - (x @ u - t)
    # Integrating (u.x - t)_+ over t in [-1, 1] gives (u.x + 1)^2 / 2, of degree 2 in u: orthogonal to cos(4 theta).
    angles = 2 * np.pi * (np.arange(720) + 0.5) / 720
    directions = np.stack([np.cos(angles), np.sin(angles)])
    thresholds = (np.arange(2000) + 0.5) / 1000 - 1
    inner = np.maximum((x @ directions)[:, :, None] - thresholds, 0).sum(axis=2) / 1000
    represented = inner @ np.cos(4 * angles) * (2 * np.pi / 720)
    size = np.abs(np.cos(4 * angles)).mean() * 2 * np.pi * 2
    # f'' = s on [-1, 1], canonical weight: both orientations of the line carry |f''| g.
    s = (np.arange(20_000) + 0.5) / 10_000 - 1
    once = float(np.sum(np.abs(s) * (1 - np.abs(s)) ** 3) / 10_000)
    both = sum(float(np.sum(np.abs(v * s) * (1 - np.abs(v * s)) ** 3) / 10_000) for v in (1, -1))
    shown = np.abs(affine).max() < 1e-14 and np.abs(represented).max() < 1e-5 and abs(both / once - 2) < 1e-12
    return Demonstration(
        bool(shown),
        f"(u,t) and (-u,-t) differ by an affine function to {show_upper(np.abs(affine).max(), 1)}; cos(4 theta) of mass "
        f"{size:.2f} represents a function below {show_upper(np.abs(represented).max(), 1)} on the disc; at d = 1 the sphere "
        f"counts {both / once:g} times",
    )


def sharpness_at_least_one() -> Demonstration:
    """The output bias is one coordinate of the Hessian, with entry exactly 1."""
    rng = np.random.default_rng(_SEED)
    smallest = math.inf
    for _ in range(200):
        d, width, count = int(rng.integers(1, 4)), int(rng.integers(1, 5)), int(rng.integers(1, 8))
        x, y = rng.normal(size=(count, d)), rng.normal(size=count)
        weights, biases, outer = rng.normal(size=(width, d)), rng.normal(size=width), 0.1 * rng.normal(size=width)
        smallest = min(smallest, float(np.linalg.eigvalsh(_hessian(x, y, weights, biases, outer))[-1]))
    return Demonstration(
        smallest >= 1 - 1e-12,
        f"200 random networks: smallest lambda_max {smallest:.6f}, so 2/eta < 1 leaves none stable",
    )


def _hessian(x: Array, y: Array, w: Array, b: Array, v: Array) -> Array:
    """Hessian of (1/2n) sum (y - f)^2 in (w_k, b_k, v_k)_k and the output bias (0 here)."""
    count, d = x.shape
    z = np.hstack([x, -np.ones((count, 1))])
    before = x @ w.T - b
    active = (before > 0).astype(float)
    residual = y - np.maximum(before, 0) @ v
    columns = [np.hstack([active[:, [k]] * z * v[k], np.maximum(before[:, [k]], 0)]) for k in range(len(v))]
    jacobian = np.hstack([*columns, np.ones((count, 1))])
    hessian: Array = jacobian.T @ jacobian / count
    for k in range(len(v)):
        c = -(residual * active[:, k]) @ z / count
        first, last = k * (d + 2), k * (d + 2) + d + 1
        hessian[first:last, last] += c
        hessian[last, first:last] += c
    return hessian


def amplitude_b_is_admissible() -> Demonstration:
    """d = 3, B = 10, C = sigma = 1: with amplitude B the packing's seminorm falls below C, and the bound gains "
    "10^{1}."""
    from scipy.special import betainc

    d, b, c = 3, 10.0, 1.0
    sizes = {}
    for log_n in (2, 4, 6, 8):
        height = (1 / (10.0**log_n * b**2)) ** (2 / (d + 1))
        # Disjoint caps of angle arccos(1 - h): at most one over the surface share of one.
        share = 0.5 * float(betainc((d - 1) / 2, 0.5, 1 - (1 - height) ** 2))
        sizes[log_n] = b * height ** (d + 1) / share
    gain = (b / min(b, c)) ** (2 * (d - 1) / (d + 1))
    listed = ", ".join(f"{show_upper(value, 2)} at n = 1e{log_n}" for log_n, value in sizes.items())
    falling = all(sizes[i] > sizes[i + 2] for i in (2, 4, 6))
    return Demonstration(
        falling and sizes[2] < c and gain > 1,
        f"B = 10, C = 1, d = 3: seminorm of the packing at amplitude B at most {listed}; the bound gains a factor {gain:g}",
    )


def norms_differ() -> Demonstration:
    """A hat between two neighbouring sample points: empirical norm 0, population norm positive."""
    x = np.sort(np.random.default_rng(_SEED).uniform(-1, 1, 50))
    i = int(np.argmax(np.diff(x)))
    middle, width = (x[i] + x[i + 1]) / 2, x[i + 1] - x[i]

    def hat(s: Array) -> Array:
        return np.maximum(1 - 2 * np.abs(s - middle) / width, 0)

    empirical = float(np.mean(hat(x) ** 2))
    grid = (np.arange(400_000) + 0.5) / 200_000 - 1
    population = float(np.mean(hat(grid) ** 2))
    return Demonstration(
        bool(empirical < 1e-25 and abs(population - width / 6) < 1e-6),
        f"50 points on the line: empirical squared norm {empirical:.0e}, population squared norm {population:.4f}",
    )


def block_norm() -> Demonstration:
    """A neuron's second-derivative block [[0, z], [z^T, 0]], z = (x, -1), has operator norm sqrt(|x|^2 + 1)."""
    rng = np.random.default_rng(_SEED)
    worst, quotient = 0.0, 0.0
    for _ in range(100):
        x = rng.normal(size=int(rng.integers(1, 6)))
        z = np.append(x, -1.0)
        block = np.zeros((len(z) + 1, len(z) + 1))
        block[:-1, -1] = block[-1, :-1] = z
        radius = float(np.linalg.norm(x))
        norm = float(np.abs(np.linalg.eigvalsh(block)).max())
        worst = max(worst, abs(norm / math.sqrt(radius**2 + 1) - 1))
        quotient = max(quotient, norm / (2 * (radius + 1)))
    return Demonstration(
        worst < 1e-12 and quotient <= 0.5 + 1e-12,
        f"100 blocks: norm equals sqrt(R^2 + 1) to {show_upper(worst, 1)}, and is at most {show_upper(quotient, 3)} of 2(R + 1)",
    )


def anisotropic_bumps_work() -> Demonstration:
    """The best exponent of isotropic bumps, by the rate calculus, against slabs and wave packets in caps."""
    from boundcalc.derivation import derive
    from boundcalc.derivation.lower import Construction, assouad
    from boundcalc.derivation.parameters import fill

    radius = Symbol("r", positive=True)
    # Bumps of radius r anywhere: hyperplanes through a bump in most directions cut the ball near its middle, where the
    # weight is of order 1. Orthogonality and Plancherel give the seminorm of a signed sum, as for wave packets.
    bumps = Construction(
        caps=Integer(1),
        atoms_per_cap=fill * radius**-D,
        norm_squared=radius**D,
        seminorm=radius ** (-(D + 3) * Rational(1, 2)) * sqrt(fill),
        parameters=(radius, fill),
    )
    isotropic = assouad(bumps).exponent
    slabs, packets = derive("theorem-a").exponent, derive("theorem-b").exponent
    shown = all(packets.subs(D, d) <= slabs.subs(D, d) < isotropic.subs(D, d) for d in range(1, 101))
    return Demonstration(
        bool(shown),
        f"exponents of 1/n: isotropic bumps {isotropic}, slabs {slabs}, wave packets {packets}; smaller is stronger",
    )
