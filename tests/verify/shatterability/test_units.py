"""Units and origins of columns: no direction vanishes, whatever it is measured in."""

from __future__ import annotations

import numpy as np
import pytest

from constructions.network import Network
from verify.hessian import sharpness
from verify.outcome import Trust
from verify.shatterability.edge import memorisation_edge
from verify.shatterability.job import Protection, shatterability
from verify.shatterability.scaling import LabelScale, Scale, rescale, rescale_labels

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


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    ("features", "labels"), [("unit-ball", "unit"), ("standardise", "standardise"), ("standardise", "unit")]
)
def test_in_scales_of_its_own_a_table_does_not_see_units(features: str, labels: str, seed: int) -> None:
    """Other units and origins of the labels and of every column (of all alike for the ball): one answer up to rounding."""
    rng = np.random.default_rng(seed)
    X, y = rng.standard_normal((9, 2)), rng.standard_normal(9)
    first = shatterability(X, y, 0.5, features=features, labels=labels)
    for size in (1e-30, 1e5):
        units = np.full(2, size) if features == "unit-ball" else size * 10.0 ** rng.uniform(-5, 5, 2)
        moved, shifted = units * (X + np.array([3.0, -7.0])), (y - 11.0) / size
        other = shatterability(moved, shifted, 0.5, features=features, labels=labels)
        assert other.protection is first.protection
        assert (other.y, other.X) == (pytest.approx(first.y, abs=1e-12), pytest.approx(first.X, abs=1e-12))
        # The program ends where its bracket is narrower than this.
        assert (other.edge.lower, other.edge.upper) == pytest.approx((first.edge.lower, first.edge.upper), rel=5e-3)
        assert other.margins.upper == pytest.approx(first.margins.upper, rel=1e-9)
        assert other.features.X * other.features.factor + other.features.shift == pytest.approx(moved, rel=1e-12)
        assert other.labels.y * other.labels.factor + other.labels.shift == pytest.approx(shifted, rel=1e-12)


def test_labels_are_scaled_as_said() -> None:
    y = np.array([3.0, -1.0, 0.5, 7.0])
    assert rescale_labels(y, LabelScale.AS_IS).y is y
    unit = rescale_labels(y, LabelScale.UNIT)
    assert (unit.y.min(), unit.y.max(), unit.shift, unit.factor) == (-1.0, 1.0, 3.0, 4.0)
    standard = rescale_labels(y * 1e-90, LabelScale.STANDARDISE)
    assert (standard.y.mean(), standard.y.std()) == pytest.approx((0, 1), abs=1e-12)
    for scale in (LabelScale.UNIT, LabelScale.STANDARDISE):
        equal = rescale_labels(np.full(3, 0.1), scale)
        assert (equal.y.tolist(), equal.shift, equal.factor) == ([0.0] * 3, 0.1, 1.0)
        assert "all equal" in equal.words
    with pytest.raises(TypeError, match="member of LabelScale"):
        rescale_labels(y, "unit")  # type: ignore[arg-type]


def test_what_does_not_vary_is_no_obstacle_to_scales() -> None:
    X = np.column_stack([np.arange(5.0), np.full(5, 0.1), [1, 0, 1, 0, 1]])
    found = shatterability(X, np.full(5, 3.0), 0.5, features="standardise", labels="standardise")
    assert found.protection is Protection.NOT_PROTECTED
    assert any("feature(s) 'x1' are constant" in note for note in found.notes)
    same = shatterability(np.ones((3, 2)), [1, 2, 3], 0.5, features=Scale.UNIT_BALL)
    assert "rows 0 and 1 are equal with labels 1 and 2" in same.verdict
    assert rescale(X, Scale.STANDARDISE).lines(["a", "b", "c"])[1] == "b: ('b' - 0.1) / 1"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"features": "ball"}, "features must be one of as-is"),
        ({"labels": "unit-ball"}, "labels must be one of as-is, unit"),
    ],
)
def test_scales_that_are_none(change: dict[str, str], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        shatterability([[0.0], [1.0]], [0, 1], 0.5, **change)
