"""The memorisation edge against independent programs, other networks, and closed forms."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from data_sets import DATA_SETS
from scipy.optimize import linprog, minimize

from constructions.data import sphere, uniform_ball
from constructions.network import empirical_weight
from verify.hessian import sharpness
from verify.hessian.balance import flattest_balance
from verify.outcome import Trust
from verify.shatterability.depth import depth_bracket
from verify.shatterability.dictionary import augmented, hyperplane_count, hyperplane_dictionary
from verify.shatterability.dual_check import certified_dual_value, zero_sum
from verify.shatterability.edge import MemorisationEdge, memorisation_edge
from verify.shatterability.frame import Frame
from verify.shatterability.master import column_costs
from verify.shatterability.reach import nonnegative_products, reach_bound
from verify.shatterability.solitary import solo_sharpness

SETTINGS = [(1, 60), (2, 60), (3, 40)]


@pytest.fixture(scope="module")
def edges() -> dict[tuple[int, int], tuple[np.ndarray, np.ndarray, MemorisationEdge]]:
    result = {}
    for d, n in SETTINGS:
        rng = np.random.default_rng(0)
        X, y = uniform_ball(n, d, rng), rng.standard_normal(n)
        result[d, n] = X, y, memorisation_edge(X, y)
    return result


@pytest.mark.parametrize("setting", SETTINGS)
def test_the_bracket_is_certified_and_narrow(edges, setting) -> None:
    X, y, edge = edges[setting]
    assert edge.method == "all hyperplanes"
    assert (edge.lower_evidence, edge.upper_evidence) == (Trust.PROVED, Trust.PROVED)
    assert edge.upper <= 1.02 * edge.lower
    assert edge.loss <= 1e-12
    assert 0.5 * np.mean((edge.network(X) - y) ** 2) <= 1e-12
    again = sharpness(edge.network, X, y, certificate="cholesky")
    assert again.proved
    assert again.kink_distance > 0
    assert again.upper <= edge.upper * (1 + 1e-9)
    assert edge.eta_ok == 2 / edge.upper <= edge.eta_max == 2 / edge.lower


@pytest.mark.parametrize("setting", SETTINGS)
def test_no_other_balance_is_flatter(edges, setting) -> None:
    """A quasi-Newton search over the balances, and its own bound for all of them."""
    X, y, edge = edges[setting]
    found = flattest_balance(edge.network, X, y)
    assert found.sharpness.value >= edge.upper * (1 - 1e-4)
    assert found.lower_bound >= edge.lower * (1 - 1e-6)


@pytest.mark.parametrize("setting", SETTINGS)
def test_the_bound_beats_the_norm_bound(edges, setting) -> None:
    """Theorem 3.2 at zero loss alone: 1 + 2 min sum |a_k| g_n over interpolants, as one linear program of its own."""
    X, y, edge = edges[setting]
    columns = hyperplane_dictionary(X)
    omega = Frame.of(X).outer(columns.omega)
    scale = np.linalg.norm(omega[:, :-1], axis=1)
    weights = scale * empirical_weight(omega[:, :-1] / scale[:, None], omega[:, -1] / scale, X)
    k = columns.size
    # Its neurons may be turned around at the price of an affine function, which is free.
    unit = columns.H.T / weights  # in units of the cost, for the solver's sake
    found = linprog(
        np.concatenate([np.ones(2 * k), np.zeros(X.shape[1] + 1)]),
        A_eq=np.hstack([unit, -unit, augmented(X)]),
        b_eq=y,
        bounds=[(0, None)] * (2 * k) + [(None, None)] * (X.shape[1] + 1),
    )
    assert found.status == 0
    assert edge.lower >= 1 + 2 * found.fun - 1e-6 * edge.lower


@pytest.mark.parametrize("setting", SETTINGS)
def test_no_other_neuron_violates_the_dual(edges, setting) -> None:
    X, _, edge = edges[setting]
    n, d = X.shape
    rng = np.random.default_rng(1)
    Z = augmented(X)
    u = sphere(4000, d, rng)
    omega = np.column_stack([u, rng.uniform(-1.2, 1.2, 4000)])
    H = np.maximum(omega @ Z.T, 0.0)
    limit = 2 / n * sum(m * column_costs(H, Z, p) for m, p in zip(edge.dual.mu, edge.dual.cuts, strict=True))
    assert (np.abs(H @ edge.dual.nu) <= limit * (1 + 1e-6) + 1e-12).all()


@pytest.mark.parametrize("setting", SETTINGS)
def test_random_interpolants_are_sharper(edges, setting) -> None:
    X, y, edge = edges[setting]
    rng = np.random.default_rng(2)
    Z = augmented(X)
    for _ in range(20):
        omega = rng.standard_normal((4 * len(y), Z.shape[1]))
        H = np.maximum(omega @ Z.T, 0.0)
        design = np.column_stack([H.T, np.ones(len(y))])
        v = np.linalg.lstsq(design, y, rcond=None)[0][:-1]
        if np.abs(design[:, :-1] @ v + (y - design[:, :-1] @ v).mean() - y).max() > 1e-6:
            continue
        reach, pull = (H > 0) * v[:, None], H
        gram = 1 + (Z @ Z.T) * (reach.T @ reach) + pull.T @ pull
        assert np.linalg.eigvalsh(gram)[-1] / len(y) >= edge.lower


@pytest.mark.slow
def test_a_direct_search_over_networks_finds_the_same_edge() -> None:
    """Width 6, three points of the line: minimise the largest eigenvalue over all weights that interpolate."""
    X, y = np.array([[-0.9], [0.1], [0.6]]), np.array([0.5, -1.0, 1.2])
    edge = memorisation_edge(X, y)
    Z, width, rng = augmented(X), 6, np.random.default_rng(0)

    def sharpest(parameters: np.ndarray) -> float:
        omega = parameters[: 2 * width].reshape(width, 2)
        beta, v0 = parameters[2 * width], parameters[2 * width + 1 :]
        values = Z @ omega.T
        active = (values > 0).astype(float)
        H = np.maximum(values, 0.0)
        # The nearest output weights that interpolate.
        v = v0 + np.linalg.lstsq(H, y - beta - H @ v0, rcond=None)[0]
        if np.abs(H @ v + beta - y).max() > 1e-9:
            return 1e3
        gram = 1 + (Z @ Z.T) * ((active * v**2) @ active.T) + H @ H.T
        return float(np.linalg.eigvalsh(gram)[-1] / 3)

    best = min(
        minimize(
            sharpest, rng.standard_normal(3 * width + 1), method="Powell", options={"maxiter": 30, "ftol": 1e-7}
        ).fun
        for _ in range(12)
    )
    assert best >= edge.lower * (1 - 1e-9)
    assert best <= 1.1 * edge.upper


@pytest.mark.parametrize("name", ["diabetes", "wine", "sphere-5", "ball-50"])
def test_where_all_points_are_extreme_the_edge_is_solitary(name: str) -> None:
    X, y = DATA_SETS[name]()
    X, y = X[:300], y[:300]
    edge = memorisation_edge(X, y)
    assert edge.method == "solitary neurons"
    assert edge.upper - edge.lower <= 1e-7
    assert edge.lower_evidence is edge.upper_evidence is Trust.PROVED
    assert edge.lower <= solo_sharpness(X, y).value * (1 + 1e-12)
    assert edge.loss <= 1e-12 * np.var(y)


def test_the_search_agrees_with_the_full_dictionary() -> None:
    rng = np.random.default_rng(3)
    X, y = uniform_ball(22, 3, rng), rng.standard_normal(22)
    full = memorisation_edge(X, y)
    searched = memorisation_edge(X, y, most_columns=0, most_nodes=10_000)
    assert searched.method == "sampled hyperplanes"
    assert searched.upper_evidence is Trust.PROVED
    assert full.lower <= searched.upper <= 1.01 * full.upper
    assert searched.lower <= full.upper
    assert searched.lower >= 0.99 * full.lower
    assert searched.dual is not None
    assert memorisation_edge(X, y, most_columns=0, most_nodes=0).lower <= searched.lower


def test_a_part_of_the_data_bounds_the_whole() -> None:
    rng = np.random.default_rng(4)
    X, y = uniform_ball(30, 2, rng), rng.standard_normal(30)
    whole = memorisation_edge(X, y)
    for size in (6, 12, 25):
        rows = rng.choice(30, size, replace=False)
        part = memorisation_edge(X[rows], y[rows])
        assert size / 30 * part.lower <= whole.upper


def test_four_dimensions_are_float_certified() -> None:
    rng = np.random.default_rng(0)
    X, y = 0.5 * rng.standard_normal((16, 4)).clip(-0.9, 0.9), rng.standard_normal(16)
    X[:4] *= 0.1
    edge = memorisation_edge(X, y)
    if edge.method == "all hyperplanes":
        assert edge.lower_evidence is Trust.FLOAT_CERTIFIED
    assert edge.upper <= 1.02 * edge.lower


def test_invariance_under_rotation_order_and_label_shift(edges) -> None:
    X, y, edge = edges[2, 60]
    rng = np.random.default_rng(5)
    Q = np.linalg.qr(rng.standard_normal((2, 2)))[0]
    order = rng.permutation(len(y))
    moved = memorisation_edge((X @ Q)[order], -y[order] + 3)
    assert moved.lower <= edge.upper
    assert edge.lower <= moved.upper


def test_a_line_in_space_is_a_line() -> None:
    rng = np.random.default_rng(6)
    x, y = rng.uniform(-1, 1, 25), rng.standard_normal(25)
    direction = np.array([2.0, -1.0, 2.0]) / 3
    line, space = memorisation_edge(x[:, None], y), memorisation_edge(np.outer(x, direction), y)
    assert space.method == "all hyperplanes"
    assert space.lower_evidence is not Trust.HEURISTIC
    assert space.lower <= line.upper * (1 + 1e-9)
    assert line.lower <= space.upper * (1 + 1e-9)
    assert space.upper <= 1.02 * space.lower


def test_copies_and_ties() -> None:
    rng = np.random.default_rng(7)
    X = rng.integers(-2, 3, size=(24, 2)) / 3.0
    y = np.sin(9 * X[:, 0]) + np.cos(7 * X[:, 1])
    edge = memorisation_edge(X, y)
    assert edge.lower_evidence is Trust.PROVED
    assert edge.upper <= 1.02 * edge.lower
    assert edge.loss <= 1e-12
    with pytest.raises(ValueError, match=r"rows \d+ and \d+ are equal with labels"):
        memorisation_edge(np.vstack([X, X[:1]]), np.append(y, y[0] + 1))


def test_constant_labels_have_edge_two() -> None:
    edge = memorisation_edge(uniform_ball(30, 2, np.random.default_rng(0)), np.full(30, 4.0))
    assert (edge.lower, edge.upper) == (1.0, 1.0)
    assert edge.eta_ok == edge.eta_max == 2.0


def test_no_bound_of_the_dictionary_outside_its_hypothesis() -> None:
    rng = np.random.default_rng(8)
    X, y = 5 * uniform_ball(30, 2, rng), rng.standard_normal(30)
    assert not nonnegative_products(X)
    edge = memorisation_edge(X, y)
    assert edge.lower_evidence is Trust.PROVED
    assert edge.lower < 0.9 * edge.upper
    assert edge.cuts.shape[0] == 1
    assert certified_dual_value(X, y, edge.dual) is None


def test_products_of_exactly_minus_one_are_allowed() -> None:
    """±e_i, scaled by a unit or not: the hypothesis is x_i·x_j >= -1, and the bound is that of solitary neurons."""
    cross, y = np.vstack([np.eye(3), -np.eye(3)]), np.arange(6.0)
    for X in (cross, cross * (1 - 1e-15), cross * 2.0 ** np.repeat([[1], [-1]], 3, axis=0)):
        assert nonnegative_products(X)
        edge = memorisation_edge(X, y)
        assert edge.lower == pytest.approx(edge.upper, rel=1e-10)
    assert memorisation_edge(cross, y).lower == pytest.approx(1.845177968644, abs=1e-11)
    assert not nonnegative_products(np.vstack([cross, [[0.0, 0.0, np.nextafter(-1, -2)]]]))


def test_products_near_minus_one_are_decided_exactly() -> None:
    rng = np.random.default_rng(9)
    seen = set()
    for _ in range(300):
        d = int(rng.integers(1, 5))
        x = rng.standard_normal(d) * 10.0 ** rng.integers(-9, 9, d)
        X = np.vstack([x, -x / (x @ x) * (1 + rng.integers(-2, 3) * 2.0**-53)])
        truth = sum(Fraction(a) * Fraction(b) for a, b in X.T.tolist()) >= -1
        assert nonnegative_products(X) == truth
        seen.add(truth)
    assert seen == {True, False}


def test_the_reach_bound_holds(edges) -> None:
    for X, y, edge in edges.values():
        depth = depth_bracket(X)
        bare, full = reach_bound(X, y, None).value, reach_bound(X, y, depth).value
        assert 1 <= bare <= full <= edge.upper
    # Without nonnegative products it uses the last coordinate alone.
    X, y, _ = edges[2, 60]
    assert reach_bound(100 * X, y, None).value <= solo_sharpness(100 * X, y).value


def test_an_infeasible_dual_is_scaled_back(edges) -> None:
    X, y, edge = edges[3, 40]
    honest = certified_dual_value(X, y, edge.dual)
    assert honest <= edge.upper
    greedy = certified_dual_value(X, y, replace(edge.dual, nu=3 * edge.dual.nu))
    assert greedy == pytest.approx(honest, rel=1e-6)
    noisy = edge.dual.nu + 0.1 * np.abs(edge.dual.nu).max() * np.random.default_rng(0).standard_normal(len(y))
    worse = certified_dual_value(X, y, replace(edge.dual, nu=noisy))
    assert 1 <= worse < honest


def test_multipliers_sum_to_zero_exactly() -> None:
    for size in (1e-200, 1.0, 1e150):
        nu = zero_sum(size * np.random.default_rng(1).standard_normal(1000))
        assert nu is not None
        assert sum(map(Fraction, nu.tolist())) == 0
    assert zero_sum(np.zeros(3)) is None


def test_dictionary_columns_pass_through_points() -> None:
    X = uniform_ball(9, 3, np.random.default_rng(2))
    columns = hyperplane_dictionary(X)
    assert columns.size <= hyperplane_count(9, 3)
    omega = Frame.of(X).outer(columns.omega)
    on_plane = np.abs(augmented(X) @ omega.T) < 1e-6
    assert (on_plane.sum(axis=0) >= 3).all()
    assert np.allclose(np.maximum(augmented(X) @ omega.T, 0).T, columns.H, atol=1e-12)
    with pytest.raises(ValueError, match="at most 10 hyperplanes"):
        hyperplane_dictionary(X, most=10)
    with pytest.raises(ValueError, match="two distinct points"):
        hyperplane_dictionary(np.ones((4, 2)))
