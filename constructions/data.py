"""Samplers of the data distributions, and noisy labels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from constructions import _arguments as check
from constructions import memory

Float = NDArray[np.float64]


def sphere(n: int, d: int, rng: np.random.Generator) -> Float:
    """n uniform points of the unit sphere of R^d, shape (n, d).

    Examples
    --------
    >>> points = sphere(5, 3, np.random.default_rng(0))
    >>> bool(np.allclose(np.linalg.norm(points, axis=1), 1))
    True
    """
    n, d = check.integer("n", n, 1), check.integer("d", d, 1)
    memory.require_array("n and d", n, d, copies=3)
    points = check.generator("rng", rng).standard_normal((n, d))
    norms = np.linalg.norm(points, axis=1)
    while not norms.all():  # probability 0, but the generator is discrete
        zero = norms == 0
        points[zero] = rng.standard_normal((int(zero.sum()), d))
        norms = np.linalg.norm(points, axis=1)
    return np.asarray(points / norms[:, None])


def uniform_ball(n: int, d: int, rng: np.random.Generator) -> Float:
    """n uniform points of the unit ball of R^d, shape (n, d): direction times V^{1/d}, V uniform.

    The radius is e^{log(V)/d}, accurate for every d.

    Examples
    --------
    >>> bool((np.linalg.norm(uniform_ball(100, 10_000, np.random.default_rng(0)), axis=1) <= 1).all())
    True
    """
    directions = sphere(n, d, rng)
    return _inside(directions * np.exp(np.log(_uniform(n, rng)) / d)[:, None])


def radial_alpha(n: int, d: int, alpha: float, rng: np.random.Generator) -> Float:
    """n points X = (1 − (1−R)^{1/α}) U, R uniform on [0,1], U uniform on the sphere: P(‖X‖ > 1−ε) = ε^α.

    Parameters
    ----------
    alpha : float
        Positive; small values crowd the boundary.
    """
    alpha = check.finite("alpha", alpha, above=0.0)
    directions = sphere(n, d, rng)
    with np.errstate(over="ignore"):  # tiny alpha: on the sphere
        radius = -np.expm1(np.log(_uniform(n, rng)) / alpha)
    return _inside(directions * radius[:, None])


def annulus(n: int, d: int, inner: float, rng: np.random.Generator) -> Float:
    """n uniform points of {x ∈ R^d : inner ≤ |x| ≤ 1}, shape (n, d): |x|^d is uniform on [inner^d, 1].

    Parameters
    ----------
    inner : float
        Inner radius in [0, 1).

    Examples
    --------
    >>> radii = np.linalg.norm(annulus(50, 1000, 0.999, np.random.default_rng(0)), axis=1)
    >>> bool(radii.min() >= 0.999 - 1e-15 and radii.max() <= 1)
    True
    """
    inner = check.finite("inner", inner, least=0.0)
    if inner >= 1:
        raise ValueError(f"inner must lie in [0, 1), got {inner!r}")
    d = check.integer("d", d, 1)
    directions = sphere(n, d, rng)
    # |x|^d = 1 − V (1 − inner^d), V uniform on [0, 1), by logarithms: no cancellation for thin shells.
    hollow = -np.expm1(d * np.log(inner)) if inner > 0 else 1.0
    radius = np.exp(np.log1p(-hollow * rng.random(n)) / d)
    return _inside(directions * np.maximum(radius, inner)[:, None])


@dataclass(frozen=True, eq=False)
class SubspaceMixture:
    """A sample of a mixture of uniform balls of random subspaces.

    Attributes
    ----------
    X : ndarray, shape (n, d)
    component : ndarray of int64, shape (n,)
        Subspace of each point.
    bases : ndarray, shape (J, d, m)
        Orthonormal bases of the subspaces.
    """

    X: Float
    component: NDArray[np.int64]
    bases: Float


def subspace_mixture(n: int, d: int, m: int, J: int, rng: np.random.Generator) -> SubspaceMixture:
    """n points, each uniform on the unit ball of one of J uniform random m-dimensional subspaces of R^d.

    Raises
    ------
    ValueError
        If m exceeds d.
    """
    n, d = check.integer("n", n, 1), check.integer("d", d, 1)
    m, J = check.integer("m", m, 1), check.integer("J", J, 1)
    if m > d:
        raise ValueError(f"m must be at most d = {d}, got {m}")
    memory.require_array("J, d and m", J, d, m, copies=3)
    memory.require_array("n and d", n, d, copies=3)
    bases, _ = np.linalg.qr(check.generator("rng", rng).standard_normal((J, d, m)))
    component = rng.integers(0, J, size=n)
    low = uniform_ball(n, m, rng)
    X = np.empty((n, d))
    for j in range(J):
        X[component == j] = low[component == j] @ bases[j].T
    return SubspaceMixture(_inside(X), component.astype(np.int64), bases)


def labels(f_values: ArrayLike, noise: float, rng: np.random.Generator) -> Float:
    """y_i = f(x_i) + N(0, noise²), shape (n,).

    Parameters
    ----------
    noise : float
        Standard deviation σ ≥ 0.

    Examples
    --------
    >>> labels([1.0, 2.0], 0.0, np.random.default_rng(0))
    array([1., 2.])
    """
    values = check.array("f_values", f_values, (None,))
    noise = check.finite("noise", noise, least=0.0)
    return values + noise * check.generator("rng", rng).standard_normal(len(values))


def _uniform(n: int, rng: np.random.Generator) -> Float:
    """Uniform on (0, 1]."""
    return 1 - rng.random(n)


def _inside(X: Float) -> Float:
    """Pull back the points that rounding left outside the closed ball."""
    norms = np.linalg.norm(X, axis=1)
    outside = norms > 1
    X[outside] /= norms[outside, None] * (1 + 2.0**-50)
    return X
