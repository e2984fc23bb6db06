"""Hull margins against linear programs, closed forms and exact geometry."""

from __future__ import annotations

import math
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from data_sets import DATA_SETS
from exact_margins import hard_points, squared_margin
from scipy.optimize import linprog
from scipy.spatial import ConvexHull

import verify.shatterability.margins as margins_module
from constructions.data import sphere, uniform_ball
from verify.shatterability.decay import decay_path
from verify.shatterability.depth import depth_bracket
from verify.shatterability.frame import Frame
from verify.shatterability.margins import hull_margins
from verify.shatterability.screening import screen


def in_hull(X: np.ndarray, row: int) -> bool:
    """Whether x_row is a convex combination of the other rows, by a linear program (HiGHS)."""
    others = np.delete(X, row, axis=0)
    found = linprog(
        np.zeros(len(others)),
        A_eq=np.vstack([others.T, np.ones(len(others))]),
        b_eq=np.append(X[row], 1.0),
        method="highs",
    )
    assert found.status in (0, 2)
    return bool(found.status == 0)


def sup_norm_margin(X: np.ndarray, row: int) -> float:
    """Distance in the sup norm to the hull of the others, by a linear program."""
    others = np.delete(X, row, axis=0)
    n, d = others.shape
    ones = np.ones((d, 1))
    found = linprog(
        np.append(np.zeros(n), 1.0),
        A_ub=np.vstack([np.hstack([others.T, -ones]), np.hstack([-others.T, -ones])]),
        b_ub=np.concatenate([X[row], -X[row]]),
        A_eq=[np.append(np.ones(n), 0.0)],
        b_eq=[1.0],
        method="highs",
    )
    return float(found.fun)


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in DATA_SETS if name != "digits"])
def test_agreement_with_linear_programs(name: str) -> None:
    X, _ = DATA_SETS[name]()
    found = hull_margins(X)
    assert found.complete
    assert (found.lower <= found.upper).all()
    assert (found.upper - found.lower).max() <= found.tolerance
    rng = np.random.default_rng(5)
    for row in rng.choice(len(X), size=12, replace=False).tolist():
        if found.lower[row] > 1e-7:
            assert not in_hull(X, row)
        if found.upper[row] <= found.tolerance:
            assert sup_norm_margin(X, row) < 1e-7
        sup = sup_norm_margin(X, row)
        # |x|_inf <= |x|_2 <= sqrt(d) |x|_inf
        assert sup - 1e-7 <= found.upper[row] <= np.sqrt(X.shape[1]) * sup + 1e-7


@pytest.mark.parametrize("d", [2, 3, 4])
def test_extreme_points_are_the_vertices_of_the_hull(d: int) -> None:
    X = uniform_ball(150, d, np.random.default_rng(d))
    found = hull_margins(X)
    assert np.flatnonzero(found.extreme).tolist() == sorted(ConvexHull(X).vertices.tolist())


def test_margins_in_closed_form() -> None:
    # Vertices of a regular simplex with n points at mutual distance sqrt 2: the height, sqrt(n / (n - 1)).
    n = 7
    simplex = hull_margins(np.eye(n))
    assert simplex.upper == pytest.approx(np.sqrt(n / (n - 1)), abs=1e-12)
    # Cross-polytope: e_1 to the hull of the others, at the origin.
    cross = hull_margins(np.vstack([np.eye(4), -np.eye(4)]))
    assert cross.lower == pytest.approx(1.0, abs=1e-9)
    # On a line: the gap for the two ends, 0 inside and for repeated points.
    line = hull_margins(np.array([[0.0], [2.0], [2.5], [9.0], [9.0]]))
    assert line.upper.round(9).tolist() == [2.0, 0.0, 0.0, 0.0, 0.0]


def test_directions_separate_by_the_lower_bound() -> None:
    X = np.random.default_rng(3).standard_normal((120, 6)) + 40
    found = hull_margins(X)
    for row in np.flatnonzero(found.extreme).tolist():
        u = found.directions[row]
        assert np.linalg.norm(u) == pytest.approx(1, abs=1e-12)
        gaps = np.delete(X[row] @ u - X @ u, row)
        assert gaps.min() >= found.lower[row] - 1e-12
    assert (found.directions[~found.extreme] == 0).all()


@pytest.mark.parametrize("scale", [1e-90, 1e-6, 1e6, 1e90])
def test_margins_scale_with_the_points(scale: float) -> None:
    X = uniform_ball(60, 3, np.random.default_rng(8))
    plain, scaled = hull_margins(X), hull_margins(X * scale)
    assert scaled.upper / scale == pytest.approx(plain.upper, abs=3e-9)
    assert (scaled.extreme == plain.extreme).all()


def test_duplicates_and_flat_sets() -> None:
    X = np.repeat(sphere(10, 3, np.random.default_rng(1)), 2, axis=0)
    assert (hull_margins(X).upper < 1e-11).all()
    same = hull_margins(np.ones((5, 2)))
    assert (same.upper < 1e-11).all()
    assert not same.extreme.any()
    flat = uniform_ball(40, 2, np.random.default_rng(2))
    embedded = np.column_stack([flat, flat @ [1.0, 2.0], np.zeros(40)])
    assert (hull_margins(embedded).extreme == hull_margins(flat).extreme).all()


def test_bounds_hold_the_exact_margins_under_shifts_and_units() -> None:
    positive = separated = 0
    for seed in range(200):
        X = hard_points(np.random.default_rng(seed))
        found = hull_margins(X)
        for row in range(len(X)):
            truth = squared_margin(X, row)
            low, high = Fraction(found.lower[row]), Fraction(found.upper[row])
            assert low**2 <= truth <= high**2
            positive += truth > 0
            separated += low > 0
    assert positive == separated > 400


@pytest.mark.parametrize("shift", [0.0, 1e5, 1e12, 8e15])
def test_margins_do_not_see_the_origin(shift: float) -> None:
    X = np.array([(0, 0), (1, 0), (0, 1), (1, 1), (3, 1)]) + shift
    found = hull_margins(X)
    truth = [np.sqrt(0.5), np.sqrt(0.1), np.sqrt(0.5), 0.0, 2.0]
    assert found.lower == pytest.approx(truth, abs=1e-12)
    assert found.upper == pytest.approx(truth, abs=1e-12)


def test_two_far_points_have_their_exact_distance() -> None:
    X = np.array([[10220893877134.203, 10220893877135.598], [10220893877133.588, 10220893877134.684]])
    distance = math.hypot(*(float(Fraction(a) - Fraction(b)) for a, b in X.T.tolist()))
    assert distance == pytest.approx(1.10182739, abs=1e-8)
    found = hull_margins(X)
    assert found.lower == pytest.approx(distance, rel=1e-14)
    assert found.upper == pytest.approx(distance, rel=1e-14)


def test_screening_bounds_hold_without_refinement() -> None:
    X, _ = DATA_SETS["ball-5"]()
    coarse, fine = screen(Frame.of(X)), hull_margins(X)
    assert (coarse.lower <= fine.upper).all()
    assert (coarse.upper >= fine.lower).all()
    assert ((coarse.lower > 0) <= fine.extreme).all()


def test_a_time_limit_leaves_valid_wide_brackets() -> None:
    X, _ = DATA_SETS["diabetes"]()
    hurried, full = hull_margins(X, time_limit=0.0), hull_margins(X)
    assert not hurried.complete
    assert (hurried.lower <= full.upper).all()
    assert (hurried.upper >= full.lower).all()


def test_bad_arguments() -> None:
    with pytest.raises(ValueError, match="at least 2 points"):
        hull_margins(np.zeros((1, 3)))
    with pytest.raises(ValueError, match=r"tol must be in \(0, 1\)"):
        hull_margins(np.eye(3), tol=0.0)
    for value in ("1", None, True, 1j, math.nan, 10**400, np.array([0.1, 0.2]), b"1"):
        for name in ("tol", "time_limit"):
            with pytest.raises((TypeError, ValueError), match=f"{name} must be"):
                hull_margins(np.eye(3), **{name: value})
        for search in (depth_bracket, lambda X, **kw: decay_path(X, X[:, 0], [1.0, 0.1], **kw)):
            with pytest.raises((TypeError, ValueError), match="time_limit must be"):
                search(np.eye(3), time_limit=value)


def test_no_limit_of_time_is_infinity() -> None:
    assert hull_margins(np.eye(3), time_limit=math.inf).complete
    assert len(decay_path(np.eye(3), np.arange(3.0), [1.0, 0.1], time_limit=math.inf)) == 2
    assert not decay_path(np.eye(3), np.arange(3.0), [1.0], time_limit=Fraction(60))[0].stopped


def test_an_interrupted_run_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    X, _ = DATA_SETS["diabetes"]()
    full = hull_margins(X)
    path = tmp_path / "c.npz"
    hurried = hull_margins(X, time_limit=0.0, checkpoint=path)
    assert not hurried.complete
    assert path.exists()
    resumed = hull_margins(X, checkpoint=path)
    assert resumed.complete
    assert (resumed.upper >= full.lower).all()
    assert (resumed.lower <= full.upper).all()
    assert resumed.upper == pytest.approx(full.upper, abs=2 * full.tolerance)

    # Finished: nothing is left to solve.
    def refuse(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr(margins_module, "_refine", refuse)
    again = hull_margins(X, checkpoint=path)
    assert (again.lower == resumed.lower).all()
    with pytest.raises(ValueError, match="must belong to the same points"):
        hull_margins(X + 1, checkpoint=path)
    path.write_bytes(b"nothing")
    with pytest.raises(ValueError, match="must be a file of this command"):
        hull_margins(X, checkpoint=path)
