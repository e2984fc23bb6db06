"""The tree search over half-spaces against linear programs, lists of all hyperplanes, and sampled neurons."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import linprog

from constructions.data import sphere, uniform_ball
from verify.outcome import Trust
from verify.shatterability import edge as edges
from verify.shatterability.dictionary import augmented, hyperplane_dictionary
from verify.shatterability.edge import memorisation_edge
from verify.shatterability.feasible import feasible_points
from verify.shatterability.guard import Guard
from verify.shatterability.halfspaces import Halfspaces, _Nodes, _Search, prove_halfspaces
from verify.shatterability.master import column_costs


def points(kind: str, rng: np.random.Generator, d: int, n: int) -> np.ndarray:
    """Of the unit ball, in special position or not."""
    X = uniform_ball(n, d, rng)
    if kind == "grid":
        return rng.integers(-1, 2, (n, d)) / (2 * d)
    if kind == "repeated":
        X[n // 2 :] = X[: n - n // 2]
    if kind == "collinear":
        X[: n // 2] = np.outer(rng.uniform(-0.9, 0.9, n // 2), np.eye(d)[0])
    if kind == "sphere":
        X[: n // 2] = sphere(n // 2, d, rng)
    if kind == "units":
        X[:, 0] *= 1e-9
    return X


KINDS = ["ball", "grid", "repeated", "collinear", "sphere", "units"]


def worst_ratio(X: np.ndarray, a: np.ndarray, p: np.ndarray) -> float:
    """The largest ratio of the two sides over the list of all hyperplanes."""
    H = hyperplane_dictionary(X, 10**6).H
    return float((H @ a / column_costs(H, augmented(X), p)).max())


def multipliers(X: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The same at equal points, as a sum."""
    return rng.standard_normal(len(X)) * rng.choice([0.1, 1.0], len(X)) / len(X)


def test_feasibility_agrees_with_linear_programs() -> None:
    rng = np.random.default_rng(0)
    for r in (2, 3, 5, 7):
        n, batch = 25, 60
        Z = np.column_stack([rng.standard_normal((n, r - 1)), np.full(n, -1.0)])
        side = rng.choice([-1, 0, 1], (batch, n), p=[0.06, 0.88, 0.06])
        coefficient = -rng.uniform(0, 0.3, (batch, n)) * rng.integers(0, 2, (batch, 1))
        low = np.where(side == 1, rng.uniform(0.1, 2, (batch, n)), np.where(side == 0, coefficient, -np.inf))
        high = np.where(side == 1, np.inf, 0.0)
        start = np.tile(np.arange(r), (batch, 1))
        found = feasible_points(Z, low, high, start, np.zeros((batch, n), dtype=bool))
        assert not found.open.any()
        assert 0 < found.feasible.sum() < batch
        for k in range(batch):
            program = linprog(np.zeros(n), A_eq=Z.T, b_eq=np.zeros(r), bounds=np.column_stack([low[k], high[k]]))
            assert found.feasible[k] == (program.status == 0)
            if found.feasible[k]:
                assert np.abs(found.t[k] @ Z).max() <= 1e-9
                assert (found.t[k] >= low[k] - 1e-8).all()
                assert (found.t[k] <= high[k] + 1e-8).all()
            else:
                # The neuron shows it: no choice of t makes the sum zero along it.
                values = found.omega[k] @ Z.T
                values[np.abs(values) < 1e-12] = 0.0
                least = np.where(values > 0, low[k], high[k])
                assert (values * np.where(values == 0, 0.0, least)).sum() > 0


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("d", [2, 3, 4])
def test_the_proof_finds_the_worst_half_space(kind: str, d: int) -> None:
    for seed in range(2):
        rng = np.random.default_rng([seed, d])
        X = points(kind, rng, d, 14)
        a, p = multipliers(X, rng), rng.uniform(0.1, 0.4, 14)
        truth = worst_ratio(X, a, p)
        halfspaces = Halfspaces.of(X)
        assert halfspaces is not None
        for asked in (0.8 * truth, 1.2 * truth):
            proof = prove_halfspaces(halfspaces, halfspaces.merged(a), halfspaces.merged(p), asked, 50_000)
            # The list shifts its neurons off the points by 1e-7.
            assert proof.rho >= max(truth, asked) * (1 - 1e-5)
            assert proof.rho <= 1.001 * max(truth, asked)
            assert proof.worst <= truth * (1 + 1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_no_sampled_neuron_exceeds_the_bound_of_its_node(kind: str) -> None:
    seen = 0
    for d in (2, 3, 5):
        rng = np.random.default_rng(d)
        X = points(kind, rng, d, 16)
        halfspaces = Halfspaces.of(X)
        a, p = halfspaces.merged(multipliers(X, rng)), halfspaces.merged(rng.uniform(0.1, 0.4, 16))
        rho = 0.7 * float(np.abs(a / (p**2 * np.linalg.norm(halfspaces.Z, axis=1))).max())
        search = _Search(halfspaces, a, p, rho)
        u = rng.standard_normal((2000, halfspaces.rows.shape[1]))
        values = u @ halfspaces.rows.T
        sides = np.where(rng.random((100, len(p))) < 0.4, np.sign(values[:100]), 0).astype(np.int8)
        nodes = _Nodes(sides, np.tile(halfspaces.start, (100, 1)), sides > 5, np.zeros((100, u.shape[1])))
        c, _, _ = search.coefficients(sides)
        early = np.where(sides == 0, c, -np.inf).max(axis=1) > 0
        proved, _ = search._treat(nodes, c, early)
        h = np.maximum(values, 0.0) * halfspaces.unit
        ratio = h @ a / np.maximum(np.linalg.norm((h > 0) * p @ halfspaces.Z, axis=1) * (h @ p), 1e-300)
        for side in sides[proved]:
            inside = (values * side >= 0).all(axis=1)
            seen += int(inside.sum())
            assert (ratio[inside] <= rho * (1 + 1e-6)).all()
    assert seen > 1500


def test_lower_bounds_agree_with_the_list() -> None:
    for d, n, kind, seed in [(2, 20, "grid", 0), (3, 20, "ball", 1), (3, 16, "collinear", 2), (4, 14, "repeated", 3)]:
        rng = np.random.default_rng(seed)
        X = points(kind, rng, d, n)
        X[: n // 2] *= 0.5
        _, group = np.unique(X, axis=0, return_inverse=True)
        y = rng.standard_normal(n)[group.ravel()]
        full, tree = memorisation_edge(X, y), memorisation_edge(X, y, most_columns=0, most_nodes=20_000)
        assert tree.lower <= full.upper
        assert tree.lower >= 0.98 * full.lower
        assert tree.lower_evidence is Trust.PROVED


@pytest.fixture(scope="module")
def data() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    return uniform_ball(18, 4, rng) * rng.uniform(0.4, 1.0, (18, 1)), rng.standard_normal(18)


def test_the_value_is_below_that_of_an_independent_program(data) -> None:
    """For the p of the bound, the best multipliers over all listed hyperplanes."""
    X, y = data
    n = len(y)
    edge = memorisation_edge(X, y, most_columns=0, most_nodes=20_000)
    p = edge.cuts[0]
    H = hyperplane_dictionary(X, 10**6).H
    scaled = H / column_costs(H, augmented(X), p)[:, None]
    found = linprog(
        -y, A_ub=np.vstack([scaled, -scaled]), b_ub=np.ones(2 * len(H)), A_eq=np.ones((1, n)), b_eq=[0.0], bounds=(None, None)
    )  # fmt: skip
    best = (p.sum() ** 2 - 2 * found.fun) / n
    assert edge.lower <= best * (1 + 1e-6)
    assert edge.lower >= 0.97 * best
    assert best <= edge.upper * (1 + 1e-6)


def test_bounds_only_rise_and_do_not_depend_on_load(data, monkeypatch) -> None:
    X, y = data

    def run() -> tuple[float, float, list[str]]:
        told: list[str] = []
        edge = memorisation_edge(X, y, most_columns=0, most_nodes=10_000, time_limit=3000, progress=told.append)
        return edge.lower, edge.upper, [line for line in told if "proved after" in line]

    first = run()
    values = [float(line.split()[3]) for line in first[2]]
    assert len(values) > 1
    assert values == sorted(values)

    class Slow(Guard):
        def left(self) -> float:
            return super().left() / 7

    monkeypatch.setattr(edges, "Guard", Slow)
    assert run() == first


def test_an_interruption_keeps_the_best_bound(data) -> None:
    X, y = data

    def stop(line: str) -> None:
        if "proved after" in line:
            raise KeyboardInterrupt

    edge = memorisation_edge(X, y, most_columns=0, progress=stop)
    assert edge.stopped
    assert 1 < edge.lower < edge.upper
