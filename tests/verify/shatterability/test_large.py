"""Early answers for many points: certified, the same after an interruption, and near what pairs of points give in full."""

from __future__ import annotations

import contextlib
import math
import sys
from pathlib import Path

import numpy as np
import pytest

import verify.shatterability.edge as edge_module
import verify.shatterability.large as large_module
import verify.shatterability.margins as margins_module
import verify.shatterability.screening as screening_module
from constructions.data import sphere, uniform_ball
from verify.hessian import sharpness
from verify.shatterability.depth import depth_bracket
from verify.shatterability.edge import memorisation_edge
from verify.shatterability.frame import Frame
from verify.shatterability.large import Leading
from verify.shatterability.margins import HullMargins, carried_over, hull_margins
from verify.shatterability.reach import nonnegative_products
from verify.shatterability.scaling import Scale, rescale
from verify.shatterability.solitary import measure_solitary, solitary_network, solo_sharpness
from verify.shatterability.table import first_equal, repeated
from verify.shatterability.trace_edge import TraceEdge, network_trace, trace_edge


@pytest.fixture
def as_if_large(monkeypatch: pytest.MonkeyPatch) -> None:
    """The ways for many points, for few."""
    monkeypatch.setattr(margins_module, "LARGE", 0)
    monkeypatch.setattr(screening_module, "_MANY", 100)
    monkeypatch.setattr(screening_module, "_TILE", (64, 96))


def points(kind: str) -> np.ndarray:
    """Sets with all, some and few extreme points; one with duplicates."""
    rng = np.random.default_rng(4)
    if kind == "gauss":
        return rng.standard_normal((300, 20)) * np.geomspace(1, 1e-3, 20) + 5
    if kind == "ball":
        return uniform_ball(300, 3, rng)
    return np.round(3 * rng.standard_normal((300, 3)))


@pytest.mark.usefixtures("as_if_large")
@pytest.mark.parametrize("kind", ["gauss", "ball", "duplicates"])
def test_large_answers_are_those_of_all_pairs(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    X = points(kind)
    found = hull_margins(X)
    monkeypatch.setattr(margins_module, "LARGE", math.inf)
    full = hull_margins(X)
    assert (found.extreme == full.extreme).all()
    assert (found.lower <= full.upper).all()
    assert (full.lower <= found.upper).all()
    for i in np.flatnonzero(found.extreme)[:20].tolist():
        gaps = (X[i] - np.delete(X, i, axis=0)) @ found.directions[i]
        assert gaps.min() >= found.lower[i] * (1 - 1e-9)


@pytest.mark.usefixtures("as_if_large")
@pytest.mark.parametrize("kind", ["gauss", "ball"])
@pytest.mark.parametrize("stop", [2, 9])
def test_interrupted_runs_end_with_the_same_margins(kind: str, stop: int, tmp_path: Path) -> None:
    X, path = points(kind), tmp_path / "margins.npz"
    whole = hull_margins(X)

    class Killed(Exception):
        pass

    calls = 0

    def interrupt(_: str) -> None:
        nonlocal calls
        calls += 1
        if calls > stop:
            raise Killed

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("verify.shatterability.margin_checkpoint._EVERY", 0.0)
        patch.setattr("verify.shatterability.margin_checkpoint._SHARE", math.inf)
        with contextlib.suppress(Killed):
            hull_margins(X, checkpoint=path, progress=interrupt)
    again = hull_margins(X, checkpoint=path)
    assert (again.extreme == whole.extreme).all()
    np.testing.assert_allclose(again.lower, whole.lower, atol=1e-9, rtol=0)
    np.testing.assert_allclose(again.upper, whole.upper, atol=1e-9, rtol=0)


@pytest.mark.parametrize("count", [1, 5, 20])
def test_single_precision_is_on_the_safe_side(count: int) -> None:
    X = 1e6 + points("gauss")
    vectors = X - X.mean(axis=0)
    exact = np.array(
        [(v @ (x - np.delete(X, i, axis=0)).T).min() for i, (v, x) in enumerate(zip(vectors, X, strict=True))]
    )
    found = Leading(X, (count,)).gaps(np.arange(len(X)), vectors)
    size = np.linalg.norm(vectors, axis=1) * np.linalg.norm(vectors, axis=1).max()
    assert (found <= exact + 1e-12 * size).all()
    if count == 20:
        assert (found >= exact - 1e-5 * size).all()


@pytest.mark.parametrize("scale", [1.0, 1e4])
def test_solitary_networks_measured_in_linear_time(scale: float) -> None:
    rng = np.random.default_rng(0)
    X, y = sphere(60, 8, rng), scale * rng.standard_normal(60)
    margins, solo = hull_margins(X), solo_sharpness(X, y)
    network = solitary_network(X, y, margins.directions, margins.lower, solo.beta)
    found = measure_solitary(network, X, y, np.arange(60), margins.lower)
    assert found is not None
    certified, trace = sharpness(network, X, y), network_trace(network, X)[0]
    assert certified.lower <= found.sharpness <= certified.upper * (1 + 1e-9)
    assert trace * (1 - 1e-12) <= found.trace <= trace * (1 + 1e-9)
    assert found.loss <= found.worst_loss <= 1e-20 * scale**2
    # Margins that are not so wide prove nothing.
    assert measure_solitary(network, X, y, np.arange(60), 0.4 * margins.lower) is None


def test_the_edge_of_many_points(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(1)
    X, y = sphere(50, 6, rng), rng.standard_normal(50)
    one, trace = memorisation_edge(X, y), trace_edge(X, y)
    monkeypatch.setattr(edge_module, "_MOST_EVALUATED", 10)
    monkeypatch.setattr(sys.modules[TraceEdge.__module__], "_MOST_EVALUATED", 10)
    many, other = memorisation_edge(X, y), trace_edge(X, y)
    assert (many.lower, many.method) == (one.lower, one.method)
    assert many.upper == pytest.approx(one.upper, rel=1e-9)
    assert other.upper == pytest.approx(trace.upper, rel=1e-9)
    inside = np.vstack([X, np.zeros(6)])
    open_end = memorisation_edge(inside, np.append(y, 3.0))
    assert open_end.upper == math.inf
    assert open_end.lower >= 1


@pytest.mark.parametrize(("old", "new"), [(Scale.AS_IS, Scale.UNIT_BALL), (Scale.UNIT_BALL, Scale.AS_IS)])
def test_margins_carried_over_to_another_scale(old: Scale, new: Scale) -> None:
    X = 100 + 7 * points("ball")[:120]
    first, second = rescale(X, old), rescale(X, new)
    carried = carried_over(hull_margins(first.X), first, second)
    fresh = hull_margins(second.X)
    assert isinstance(carried, HullMargins)
    assert (carried.extreme == fresh.extreme).all()
    assert (carried.lower <= fresh.upper).all()
    assert (fresh.lower <= carried.upper).all()
    assert carried_over(fresh, second, rescale(X, Scale.STANDARDISE)) is None


def test_products_below_minus_one_and_rows_that_repeat() -> None:
    signs = np.array(np.meshgrid(*[[-1.0, 1.0]] * 9)).reshape(9, -1).T
    assert not nonnegative_products(signs)
    assert nonnegative_products(signs / 3)  # |x| = 1, up to rounding
    assert nonnegative_products(np.abs(signs) * [[1e6]])
    cross = np.vstack([np.eye(4), -np.eye(4)])
    assert nonnegative_products(cross)
    assert not nonnegative_products(cross * (1 + 1e-15))
    X = np.array([[0.0, 1.0], [2.0, 3.0], [-0.0, 1.0], [2.0, 3.0], [4.0, 4.0]])
    assert first_equal(X).tolist() == [0, 1, 0, 1, 4]
    assert repeated(X).tolist() == [True, True, True, True, False]


def test_depth_of_points_known_to_be_extreme() -> None:
    X = points("ball")[:150]
    margins = hull_margins(X)
    found = depth_bracket(X, start=margins.directions, alone=margins.extreme)
    plain = depth_bracket(X, start=margins.directions)
    assert (found.upper[margins.extreme] == 1).all()
    assert (found.lower <= plain.upper).all()


def test_a_decomposition_in_place(monkeypatch: pytest.MonkeyPatch) -> None:
    X = points("gauss")
    plain = Frame.of(X)
    values = plain.leverages, plain.rank
    monkeypatch.setattr("verify.shatterability.frame._IN_PLACE", 0)
    other = Frame.of(X)
    np.testing.assert_allclose(other.leverages, values[0], rtol=1e-9)
    assert other.rank == values[1]
    assert large_module.principal_axes(X).shape == (20, 20)
