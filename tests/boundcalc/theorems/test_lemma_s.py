"""Lemma S line by line on random neurons, its refinement, and the basic inequality (S3) on random instances."""

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from boundcalc import cap

Array = NDArray[np.float64]


def corners(theta: Array, mesh: float) -> tuple[Array, Array]:
    """Vertices and barycentric coordinates of a point in its simplex of the Kuhn triangulation."""
    cell = np.floor(theta / mesh)
    inside = theta / mesh - cell
    order = np.argsort(-inside)
    vertices = np.vstack([cell, cell + np.cumsum(np.eye(len(theta))[order], axis=0)]) * mesh
    sorted_ = inside[order]
    return vertices, np.append(1 - sorted_[0], np.append(sorted_[:-1] - sorted_[1:], sorted_[-1]))


def neuron(rng: np.random.Generator, d: int, h: float) -> tuple[Array, float, Array]:
    """Direction within sqrt(min(h, 1/4)) of the last axis, offset of depth in (h/2, h], and its parameters theta."""
    radius = min(h, 0.25)
    tangent = rng.normal(size=d - 1)
    chord = math.sqrt(radius) * rng.random() ** (1 / max(d - 1, 1)) if d > 1 else 0.0
    last = 1 - chord**2 / 2
    if d > 1:
        tangent *= math.sqrt(1 - last**2) / np.linalg.norm(tangent)
    t = 1 - h * rng.uniform(0.5, 1)
    theta = np.append(tangent / (math.sqrt(radius) * last), (last - t) / (radius * last))
    return np.append(tangent, last), t, theta


def ball(rng: np.random.Generator, d: int, count: int, u: Array, depth: float) -> Array:
    """Points of the ball, half of them near the neuron's hyperplane."""
    x = rng.normal(size=(count, d))
    x *= rng.random((count, 1)) ** (1 / d) / np.linalg.norm(x, axis=1, keepdims=True)
    near = u + math.sqrt(depth) * rng.normal(size=(count, d))
    near[:, :] -= u * ((near - u) @ u)[:, None] + u * depth * rng.random((count, 1)) * 2
    both = np.vstack([x, near])
    return both[np.linalg.norm(both, axis=1) <= 1]


def affine(vertices: Array, x: Array, h: float) -> Array:
    """l_v(z) for all corners and points."""
    radius = min(h, 0.25)
    y, s = x[:, :-1] / math.sqrt(radius), (1 - x[:, -1]) / radius
    return np.append(y, np.ones((len(x), 1)), axis=1) @ vertices.T - s[:, None]


def remainder(theta: Array, mesh: float, x: Array, h: float) -> Array:
    vertices, weights = corners(theta, mesh)
    return np.maximum(affine(vertices, x, h), 0) @ weights - np.maximum(affine(theta[None], x, h)[:, 0], 0)


@pytest.mark.parametrize("d", [1, 2, 3, 5])
@pytest.mark.parametrize("h", [1.0, 0.5, 0.25, 2.0**-4, 2.0**-7])
def test_every_line_of_the_lemma(d: int, h: float) -> None:
    rng = np.random.default_rng(1000 * d + round(1 / h))
    kappa, radius, p = 1 + 4.8 * math.sqrt(d - 1), min(h, 0.25), (d - 1) / 2
    for mesh in (1 / (4 * math.sqrt(d)), 1 / (13 * math.sqrt(d))):
        for _ in range(8):
            u, t, theta = neuron(rng, d, h)
            x = ball(rng, d, 4000, u, h)
            assert np.linalg.norm(theta[:-1]) <= 8 / 7 * (1 + 1e-12)
            assert 0 < theta[-1] <= 8 / 7 * h / radius * (1 + 1e-12)
            scaled = radius * u[-1] * affine(theta[None], x, h)[:, 0]
            np.testing.assert_allclose(scaled, x @ u - t, atol=1e-12)
            r = remainder(theta, mesh, x, h)
            met = np.abs(r) > 1e-12
            assert np.all(r >= -1e-12)
            assert np.all(r <= kappa * mesh / 4)
            assert np.all(np.abs(x @ u - t)[met] <= radius * kappa * mesh)
            assert np.all(np.linalg.norm(x[met, :-1], axis=1) <= 4.8 * math.sqrt(radius))
    # Its norm, over uniform points.
    u, t, theta = neuron(rng, d, h)
    x = rng.normal(size=(20_000, d))
    x *= rng.random((20_000, 1)) ** (1 / d) / np.linalg.norm(x, axis=1, keepdims=True)
    mesh = 1 / (4 * math.sqrt(d))
    bound = cap.marginal_constant(d) / 8 * 2**p * (kappa * mesh) ** 3 * (1 + kappa * mesh) ** p * h ** ((d + 5) / 2)
    squared = (radius * u[-1] * remainder(theta, mesh, x, h)) ** 2
    assert squared.mean() <= bound + 4 * squared.std() / math.sqrt(len(x))


def test_height_is_attained() -> None:
    """On the line the middle between two corners leaves exactly mesh/4."""
    x = np.linspace(-1, 1, 20_001)[:, None]
    mesh, h = 0.25, 0.25
    r = remainder(np.array([0.375]), mesh, x, h)
    assert r.max() == pytest.approx(mesh / 4, rel=3e-3)


@pytest.mark.parametrize("d", [1, 2, 3, 5])
def test_refinement(d: int) -> None:
    """r at mesh delta is the mean of the r of the corners at mesh delta/2^j, plus r at mesh delta/2^j."""
    rng = np.random.default_rng(d)
    for j in (1, 2, 4):
        u, _, theta = neuron(rng, d, 0.1)
        x = ball(rng, d, 1500, u, 0.1)
        mesh = 1 / (4 * math.sqrt(d))
        fine, weights = corners(theta, mesh / 2**j)
        mean = sum(w * remainder(v + 1e-15, mesh, x, 0.1) for v, w in zip(fine, weights, strict=True))
        np.testing.assert_allclose(
            remainder(theta, mesh, x, 0.1), mean + remainder(theta, mesh / 2**j, x, 0.1), atol=1e-12
        )


def test_corners_of_a_cell_are_counted() -> None:
    for d in (1, 2, 3):
        mesh = 1 / (4 * math.sqrt(d)) / 2
        rng = np.random.default_rng(d)
        found = set()
        for _ in range(3000):
            theta = np.append(rng.uniform(-8 / 7, 8 / 7, d - 1), rng.uniform(0, 32 / 7))
            found |= {tuple(np.rint(v / mesh).astype(int)) for v in corners(theta, mesh)[0]}
        most = 1 / (4 * math.sqrt(d))
        assert len(found) <= (16 / 7 + 2 * most) ** (d - 1) * (32 / 7 + 2 * most) * mesh**-d


def test_basic_inequality() -> None:
    """(S3) before expectations: x^2 <= 2 |P xi| x + 2 A max |<(I-P) xi, psi>|, wherever x^2 <= 2 <xi, f - f0>."""
    rng = np.random.default_rng(0)
    n, dim, atoms, size = 40, 4, 9, 1.7
    checked = 0
    for _ in range(3000):
        space = np.linalg.qr(rng.normal(size=(n, dim)))[0]
        psi = rng.normal(size=(n, atoms))
        psi *= math.sqrt(n) / np.linalg.norm(psi, axis=0)

        def draw(space: Array = space, psi: Array = psi) -> Array:
            weights = rng.dirichlet(np.ones(atoms)) * rng.choice([-1, 1], atoms)
            return space @ rng.normal(size=dim) * 2 + size * psi @ weights

        f0, goal, xi = rng.normal(size=n), draw(), rng.normal(size=n) * 3
        # Any f0: pull it towards the goal until the basic inequality holds, where it can.
        f0 = goal - (goal - f0) * rng.uniform(0, 1)
        x2, inner = np.mean((goal - f0) ** 2), np.mean(xi * (goal - f0))
        if x2 > 2 * inner:
            continue
        basis = np.linalg.qr(np.column_stack([space, f0]))[0]
        within = basis @ (basis.T @ xi)
        rest = np.abs((xi - within) @ psi / n).max()
        x = math.sqrt(x2)
        assert x2 <= 2 * math.sqrt(np.mean(within**2)) * x + 2 * size * rest + 1e-12
        checked += 1
    assert checked > 300
