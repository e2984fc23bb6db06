"""Units and origins of columns: no direction vanishes, whatever it is measured in."""

from __future__ import annotations

import numpy as np
import pytest

from constructions.network import Network
from verify.hessian import sharpness
from verify.outcome import Trust
from verify.shatterability.edge import memorisation_edge
from verify.shatterability.job import Protection, shatterability

SMALL = np.array(
    [
        (0.54, 3e-13, 1), (0.54, 9e-13, -1), (0.45, 1e-13, 2), (0.39, 7e-13, 0),
        (0.32, 4e-13, -2), (0.42, 8e-13, 1), (0.42, 2e-13, -1), (0.31, 6e-13, 2),
    ]
)  # fmt: skip


def test_a_column_in_small_units_counts() -> None:
    """An interpolant of the table in larger units is one in small units, with larger weights: proved to be flat."""
    X, y = SMALL[:, :2], SMALL[:, 2]
    larger = memorisation_edge(X * [1, 100], y).network
    network = Network(larger.W * [1, 100], larger.b, larger.v, larger.beta)
    flat = sharpness(network, X, y)
    assert flat.proved
    assert flat.upper <= 2.2
    assert np.abs(network(X) - y).max() < 1e-12
    for unit in 10.0 ** np.arange(-60, 1, 12):
        found = shatterability(X * [1, unit], y, 0.5)
        assert found.edge.lower <= flat.upper
        assert found.protection is not Protection.PROTECTED


@pytest.mark.parametrize("seed", range(8))
def test_verdicts_agree_in_all_units(seed: int) -> None:
    """Larger units make every network sharper: the verdict turns at most once, from "not protected" to "protected"."""
    rng = np.random.default_rng(seed)
    n, d = int(rng.integers(6, 10)), int(rng.integers(2, 4))
    X = rng.uniform(0, 1, (n, d)) if seed % 2 else rng.standard_normal((n, d))
    y, eta = rng.standard_normal(n), float(rng.choice([0.25, 0.5, 1.0]))
    ends, verdicts = [], []
    for exponent in (-13, -7, -2, 0, 4, 13):
        scaled = X.copy()
        scaled[:, -1] *= 10.0**exponent
        found = shatterability(scaled, y, eta, time_limit=5)
        ends.append((found.edge.lower, found.edge.upper))
        verdicts.append(found.protection)
        assert found.edge.lower_evidence is not Trust.HEURISTIC
    assert all(low <= high * (1 + 1e-9) for i, (low, _) in enumerate(ends) for _, high in ends[i:])
    decided = [v for v in verdicts if v is not Protection.UNDECIDED]
    assert decided == sorted(decided, key=[Protection.NOT_PROTECTED, Protection.PROTECTED].index)


@pytest.mark.parametrize("d", [2, 3, 5])
@pytest.mark.parametrize("size", [1e-6, 1e-10, 1e-13, 1e-14])
def test_points_beside_a_flat_are_not_taken_to_lie_in_it(d: int, size: float) -> None:
    """The last column is the first and little more, or little but in one row: lambda* is about that for a bit more."""
    rng = np.random.default_rng(d)
    X, y = rng.uniform(0, 1, (9, d)), rng.integers(-2, 3, 9).astype(float)

    def slab(size: float) -> np.ndarray:
        return np.column_stack([X[:, :-1], X[:, 0] + size * X[:, -1]])

    def outlier(size: float) -> np.ndarray:
        flat = X[:, :1] * np.linspace(0.5, 1.0, d - 1)
        return np.column_stack([flat, np.append(size * X[:-1, -1], 1.0)])

    for points in (slab, outlier):
        wide, thin = memorisation_edge(points(1e-3), y), memorisation_edge(points(size), y, time_limit=3)
        assert thin.lower <= 1.01 * wide.upper


def test_what_rests_on_a_flat_up_to_rounding_says_so() -> None:
    rng = np.random.default_rng(0)
    X = np.outer(rng.uniform(0, 1, 12), [1.0, 0.3, -0.7])
    found = shatterability(X, rng.standard_normal(12), 0.5)
    assert found.edge.lower_evidence is Trust.FLOAT_CERTIFIED
    assert any("lie in a flat of dimension 1" in note for note in found.notes)


@pytest.mark.parametrize("origin", [[1e12, 1e12], [0.0, 1.7e12], [1e15, -1e15]])
@pytest.mark.parametrize("unit", [1.0, 1e13, 1e15, 1e17])
def test_far_points_and_timestamps(origin: list[float], unit: float) -> None:
    """Norms of 1e12 make every network sharp: lambda* is at least that of the labels' spread times the least norm."""
    rng = np.random.default_rng(0)
    X, y = rng.integers(0, 9, (14, 2)) + np.array(origin), rng.standard_normal(14)
    X[:, 1] *= unit
    y = y[np.unique(X, axis=0, return_inverse=True)[1].ravel()]
    found = shatterability(X, y, 0.5, time_limit=5)
    assert found.edge.lower <= found.edge.upper
    if (X.min(axis=0) >= 0).all():
        assert found.protection is Protection.PROTECTED
        assert found.evidence is Trust.PROVED
