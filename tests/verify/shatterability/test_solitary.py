"""Solitary neurons: the secular equation against eigenvalues of real networks and of dense matrices."""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations

import numpy as np
import pytest
from data_sets import DATA_SETS

from constructions.data import sphere, uniform_ball
from constructions.memorise import sphere_interpolator
from verify.hessian import sharpness
from verify.hessian.structure import secular_gaps, secular_root
from verify.shatterability.job import Protection, shatterability
from verify.shatterability.margins import hull_margins
from verify.shatterability.solitary import solitary_network, solo_capacity, solo_sharpness


@pytest.mark.slow
@pytest.mark.parametrize("name", DATA_SETS)
def test_the_closed_form_is_the_eigenvalue_of_the_network(name: str) -> None:
    X, y = DATA_SETS[name]()
    margins = hull_margins(X)
    rows = np.flatnonzero(margins.lower > 1e-6)
    solo = solo_sharpness(X, y)
    costs = np.zeros(len(y))
    costs[rows] = solo.costs[rows]
    network = solitary_network(X, y, margins.directions, margins.lower, solo.beta, rows)
    measured = sharpness(network, X, y)
    assert measured.proved
    assert measured.kink_distance > 0
    assert secular_root(costs) == pytest.approx(measured.value, rel=1e-12)
    assert np.abs(network(X)[rows] - y[rows]).max() < 1e-8
    if name in ("digits", "breast-cancer", "diabetes", "wine"):
        assert margins.extreme.mean() == 1.0


@pytest.mark.parametrize("size", [1e-6, 1.0, 1e3, 1e12])
def test_the_root_is_the_dense_eigenvalue(size: float) -> None:
    rng = np.random.default_rng(3)
    for n in (1, 2, 7, 60):
        costs = np.abs(rng.standard_cauchy(n)) * size
        costs[rng.random(n) < 0.3] = 0.0
        dense = np.linalg.eigvalsh((np.ones((n, n)) + np.diag(costs)) / n)[-1]
        assert secular_root(costs) == pytest.approx(dense, rel=1e-13)


@pytest.mark.parametrize("size", [1e-30, 1.0, 1e8, 1e16, 1e50, 1e200])
def test_the_gaps_solve_the_secular_equation_in_exact_arithmetic(size: float) -> None:
    rng = np.random.default_rng(4)
    for n in (1, 2, 9):
        costs = np.abs(rng.standard_cauchy(n)) * size
        costs[rng.random(n) < 0.3] = costs.max()
        x = Fraction(float(secular_gaps(costs).min()))
        distances = [Fraction(float(costs.max())) - Fraction(q) for q in costs.tolist()]
        for sign in (1, -1):
            moved = x * (1 + sign * Fraction(1, 10**14))
            assert (sum(1 / (moved + t) for t in distances) < 1) == (sign > 0)


@pytest.mark.parametrize("exponent", [16, 30, 50, 76, 99])
def test_the_documented_range_of_labels_and_points(exponent: int) -> None:
    """Up to 1e100, and without warnings; labels far above 1 make every bound as large."""
    X, y = uniform_ball(12, 2, np.random.default_rng(0)), np.random.default_rng(1).standard_normal(12)
    size = 10.0**exponent
    large = shatterability(X, size * y, 0.5)
    assert large.protection is Protection.PROTECTED
    assert size / 100 < large.edge.lower <= large.edge.upper < 100 * size
    for scaled in (X * size, X * [1.0, size]):
        found = shatterability(scaled, y, 0.5)
        assert 1 <= found.edge.lower <= found.edge.upper
        assert found.protection is Protection.UNDECIDED
        positive = shatterability(scaled + 2 * size, y, 0.5)
        assert positive.protection is Protection.PROTECTED


@pytest.mark.parametrize(
    ("X", "y"),
    [
        ([[0.0, 0.0], [2e48, 2e-64], [-2e48, 0.0]], [1e97, 1e97, 1e97]),
        ([[1e76, 1e76], [0.4, 0.7], [0.3, 0.1]], [2.0, 2.0, 2.0]),
        (
            [[-1e25, 0.5], [-9.999999999999999e24, 0.5000000000000001], [-1e25, -0.2], [-1e25, 0.1]],
            [3.5, 2.0, 0.0, 1.0],
        ),
        ([[0.26, 1e74], [0.26, 1.0000000000000001e74], [0.44, 1e74]], [0.0, 0.0, -1.0]),
        ([[1.0, 0.0], [2.0, 2e91]], [2.5001, -0.9999]),
        ([[1e-100], [2e-100], [4e-100]], [1e100, 0.0, -1e100]),
    ],
)
def test_odd_tables_have_an_answer(X: list[list[float]], y: list[float]) -> None:
    """Found by fuzzing: equal labels, huge and tiny numbers side by side. Warnings are errors here."""
    found = shatterability(np.array(X), np.array(y), 0.5)
    assert 1 <= found.edge.lower <= found.edge.upper
    if not np.ptp(y):
        assert found.protection is Protection.NOT_PROTECTED


def test_the_bias_is_the_flattest() -> None:
    X, y = uniform_ball(50, 3, np.random.default_rng(0)), np.random.default_rng(1).standard_cauchy(50)
    best = solo_sharpness(X, y)
    grid = np.concatenate([np.linspace(y.min(), y.max(), 2001), y, best.beta + np.array([-1e-4, 1e-4])])
    values = [solo_sharpness(X, y, float(beta)).value for beta in grid]
    assert best.value <= min(values) * (1 + 1e-14)
    n = len(y)
    image = (best.vector.sum() + best.costs * best.vector) / n
    assert image == pytest.approx(best.value * best.vector, rel=1e-10)


def test_the_capacity_is_the_largest_set() -> None:
    rng = np.random.default_rng(7)
    for _ in range(30):
        X, y = rng.standard_normal((9, 2)), 3 * rng.standard_normal(9)
        eta = float(rng.uniform(0.2, 2.0))
        found = solo_capacity(X, y, eta, beta=0.0)
        costs = solo_sharpness(X, y, 0.0).costs

        def fits(subset: tuple[int, ...], costs: np.ndarray = costs, eta: float = eta) -> bool:
            chosen = np.zeros(9)
            chosen[list(subset)] = costs[list(subset)]
            return bool(np.linalg.eigvalsh((np.ones((9, 9)) + np.diag(chosen)) / 9)[-1] <= 2 / eta)

        most = max(m for m in range(10) if any(fits(s) for s in combinations(range(9), m)))
        assert len(found.rows) == most
        assert found.value <= 2 / eta


def test_the_capacity_respects_the_step_size_and_the_hull() -> None:
    X, y = DATA_SETS["ball-3"]()
    margins = hull_margins(X)
    sizes = [
        len(solo_capacity(X, y, eta, able=margins.extreme).rows) for eta in (0.01, 0.5, 1.0, 1.5, 1.9, 1.99, 2.0, 2.5)
    ]
    assert sizes[0] == margins.extreme.sum()
    assert sizes == sorted(sizes, reverse=True)
    # At eta = 2 only points with label beta cost nothing; beyond, no network is stable.
    assert sizes[-1] == 0
    assert set(solo_capacity(X, y, 1.9, able=margins.extreme).rows) <= set(np.flatnonzero(margins.extreme))


def test_the_sphere_interpolator_is_not_flatter() -> None:
    rng = np.random.default_rng(5)
    X, y = sphere(30, 4, rng), rng.uniform(-1, 1, 30)
    solo = solo_sharpness(X, y)
    theirs = sharpness(sphere_interpolator(X, y, beta=solo.beta), X, y).value
    assert solo.value == pytest.approx(theirs, rel=1e-12)
    assert solo.value <= 1 + 2 * np.sqrt(2) * np.abs(y).max() / 30 + 1e-12


def test_constant_labels_cost_nothing() -> None:
    X = np.eye(3)
    solo = solo_sharpness(X, np.full(3, 7.0))
    assert (solo.value, solo.beta) == (1.0, 7.0)
    margins = hull_margins(X)
    network = solitary_network(X, np.full(3, 7.0), margins.directions, margins.lower, 7.0)
    assert (network(X) == 7.0).all()


def test_bad_arguments() -> None:
    X, y = np.array([[0.0], [1.0], [2.0]]), np.zeros(3)
    margins = hull_margins(X)
    with pytest.raises(ValueError, match="row 1 has no such margin"):
        solitary_network(X, np.eye(3)[1], margins.directions, margins.lower, 0.0)
    with pytest.raises(ValueError, match="eta must be positive"):
        solo_capacity(X, y, 0.0)
    with pytest.raises(ValueError, match="share must be in"):
        solitary_network(X, y, margins.directions, margins.lower, 0.0, share=1.0)
