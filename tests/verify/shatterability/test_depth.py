"""Depth counts against enumeration in exact arithmetic."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from data_sets import DATA_SETS

from constructions.data import uniform_ball
from verify.shatterability.depth import depth_bracket, directional_depth
from verify.shatterability.depth_exact import line_depth, plane_depth
from verify.shatterability.margins import hull_margins
from verify.shatterability.simplices import contains, disjoint_simplices


def plane_by_enumeration(X: np.ndarray) -> list[int]:
    """Depth counts of integer points of the plane: every direction between two critical ones, in integers."""
    points = X.astype(int).tolist()
    counts = []
    for a, b in points:
        shifted = [(x - a, y - b) for x, y in points]
        # Boundaries are normal to differences; between them, directions are sums of neighbouring critical ones.
        critical = {(-y, x) for x, y in shifted} | {(y, -x) for x, y in shifted}
        critical.discard((0, 0))
        ordered = sorted(critical, key=lambda v: np.arctan2(v[1], v[0])) or [(1, 0)]
        between = []
        for v, w in zip(ordered, ordered[1:] + ordered[:1], strict=True):
            lv, lw = int(np.hypot(*v) * 1000) + 1, int(np.hypot(*w) * 1000) + 1
            between.append((v[0] * lw + w[0] * lv, v[1] * lw + w[1] * lv))
        counts.append(min(sum(x * p + y * q >= 0 for x, y in shifted) for p, q in [*ordered, *between] if p or q))
    return counts


def space_by_enumeration(X: np.ndarray) -> list[int]:
    """Depth counts in general position in R^3: planes through x_i and two others, which can be turned away from both."""
    n = len(X)
    counts = []
    for i in range(n):
        others = [j for j in range(n) if j != i]
        best = n
        for j, k in combinations(others, 2):
            normal = np.cross(X[j] - X[i], X[k] - X[i])
            rest = [m for m in others if m not in (j, k)]
            above = int(((X[rest] - X[i]) @ normal > 0).sum())
            best = min(best, 1 + above, 1 + len(rest) - above)
        counts.append(best)
    return counts


@pytest.mark.parametrize("seed", range(4))
def test_the_plane_with_ties_and_copies(seed: int) -> None:
    X = np.random.default_rng(seed).integers(-3, 4, size=(30, 2)).astype(float)
    assert plane_depth(X).tolist() == plane_by_enumeration(X)


def test_the_plane_in_general_position() -> None:
    X = np.random.default_rng(9).integers(-(10**6), 10**6, size=(45, 2)).astype(float)
    assert plane_depth(X).tolist() == plane_by_enumeration(X)
    # An exact power of two keeps every sign.
    assert plane_depth(X * 2.0**-60).tolist() == plane_depth(X).tolist()


def test_collinear_points_of_the_plane_are_counted_as_on_the_line() -> None:
    x = np.random.default_rng(2).integers(-20, 20, size=40).astype(float)
    assert plane_depth(np.column_stack([x, 3 * x])).tolist() == line_depth(x).tolist()
    assert plane_depth(np.ones((5, 2))).tolist() == [5] * 5


@pytest.mark.slow
def test_bounds_in_the_plane_with_2000_directions() -> None:
    X = uniform_ball(300, 2, np.random.default_rng(0))
    exact = plane_depth(X)
    upper, _ = directional_depth(X, 2000)
    lower, simplices = disjoint_simplices(X, upper)
    assert all(np.unique(rows).size == rows.size for rows in simplices)
    assert (exact <= upper).all()
    assert (upper - exact).max() <= 1
    assert (lower <= exact).all()
    # Triangles are disjoint: about n/3 at best, of a depth of up to n/2.
    assert (lower >= 0.55 * exact).all()
    bracket = depth_bracket(X)
    assert bracket.exact
    assert (bracket.upper == exact).all()


@pytest.mark.slow
def test_bounds_in_space_hold_the_truth() -> None:
    X = np.random.default_rng(4).standard_normal((40, 3))
    truth = np.array(space_by_enumeration(X))
    found = depth_bracket(X)
    assert (found.lower <= truth).all()
    assert (truth <= found.upper).all()
    assert (found.upper - truth).max() <= 1
    assert (truth[hull_margins(X).extreme] == 1).all()


@pytest.mark.slow
@pytest.mark.parametrize("name", ["ball-5", "mixture-2", "iris", "digits", "diabetes"])
def test_extreme_points_have_depth_one_and_others_more(name: str) -> None:
    X, _ = DATA_SETS[name]()
    margins = hull_margins(X)
    found = depth_bracket(X, start=margins.directions)
    assert (found.lower <= found.upper).all()
    assert (found.upper[margins.extreme] == 1).all()
    copies = np.unique(X, axis=0, return_inverse=True, return_counts=True)
    assert (found.lower >= copies[2][np.ravel(copies[1])]).all()
    inside = margins.upper < 1e-12
    assert (found.upper[inside] >= 2).all()


def test_a_simplex_contains_only_its_interior() -> None:
    rng = np.random.default_rng(6)
    for _ in range(200):
        vertices = rng.standard_normal((5, 4))
        weights = rng.dirichlet(np.ones(5))
        inside = weights @ vertices
        assert contains(vertices, inside) or weights.min() < 1e-10
        beyond = vertices[0] + 1.01 * (vertices[1:].mean(axis=0) - vertices[0])
        assert not contains(vertices, beyond)
        facet = rng.dirichlet(np.ones(4)) @ vertices[1:]
        assert not contains(vertices, facet)
    assert not contains(np.ones((3, 2)), np.ones(2))
    assert not contains(np.array([[0.0, 0.0], [1.0, 1.0], [2.0, 2.0]]), np.ones(2))


def test_a_time_limit_leaves_valid_brackets() -> None:
    X = uniform_ball(60, 3, np.random.default_rng(1))
    hurried, full = depth_bracket(X, time_limit=0.0), depth_bracket(X)
    assert (hurried.lower <= full.upper).all()
    assert (hurried.upper >= full.lower).all()
