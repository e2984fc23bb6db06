"""Exact change of origin and units; the rank of the points against exact rational rank."""

from __future__ import annotations

from fractions import Fraction

import flint
import numpy as np
import pytest

from verify.hessian.activation import augment
from verify.shatterability.frame import Frame, determinant, exact_solution, whole_numbers
from verify.shatterability.job import leverages
from verify.shatterability.scaling import Scale, rescale


@pytest.mark.parametrize("seed", range(40))
def test_the_change_of_origin_and_units_is_exact(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n, d = int(rng.integers(2, 9)), int(rng.integers(1, 5))
    X = rng.standard_normal((n, d)) * 10.0 ** rng.uniform(-90, 90, d) + 10.0 ** rng.uniform(-9, 90, d)
    X[:, 0] = rng.choice([0.0, 5e-324, 1e-300, 1e100, -3.0], n)
    frame = Frame.of(X)
    assert all(np.log2(factor) == round(np.log2(factor)) for factor in frame.factor.tolist())
    for i, j in np.ndindex(n, d):
        moved = Fraction(frame.centre[j]) + Fraction(frame.factor[j]) * Fraction(frame.points[i, j])
        assert moved == Fraction(X[i, j])


def test_the_rank_is_the_exact_one_in_all_units() -> None:
    rng = np.random.default_rng(0)
    seen = set()
    for _ in range(60):
        n, d = int(rng.integers(2, 9)), int(rng.integers(1, 6))
        base = rng.integers(-3, 4, (n, int(rng.integers(1, d + 1))))
        whole = base @ rng.integers(-2, 3, (base.shape[1], d))
        truth = flint.fmpz_mat(augment(whole).astype(int).tolist()).rank()
        units, shift = 2.0 ** rng.integers(-50, 51, d), rng.integers(-(10**6), 10**6, d)
        for X in (whole.astype(float), whole * units, (whole + shift) * units):
            assert Frame.of(X).rank == truth
        seen.add((truth, d))
    assert len(seen) > 8


@pytest.mark.parametrize("seed", range(20))
def test_whole_numbers_are_solved_for_as_fractions_are(seed: int) -> None:
    rng = np.random.default_rng(seed)
    points = np.ldexp(rng.integers(-3, 4, (5, 4)), rng.integers(-60, 60, (5, 4)))
    whole, unit = whole_numbers(points)
    assert [Fraction(value, unit) for value in whole] == [Fraction(value) for value in points.ravel().tolist()]
    rows = [whole[at : at + 4] for at in range(0, 20, 4)]
    exact = [[Fraction(value) for value in row] for row in rows]
    volume = determinant(exact[:4])
    found = exact_solution(rows[:4], rows[4])
    if volume == 0:
        assert found is None
    else:
        cramer = [determinant([*exact[:k], exact[4], *exact[k + 1 : 4]]) / volume for k in range(4)]
        assert found == cramer


def test_coordinates_and_neurons_come_and_go() -> None:
    rng = np.random.default_rng(1)
    X = rng.standard_normal((20, 3)) * [1e-9, 1.0, 1e9] + [0.0, 5.0, 0.0]
    frame, omega = Frame.of(X), rng.standard_normal((4, 4))
    values = frame.coordinates @ frame.inner(omega).T
    assert values == pytest.approx(augment(frame.points) @ omega.T, abs=1e-12)
    assert augment(X) @ frame.outer(frame.inner(omega)).T == pytest.approx(values, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("shift", [0.0, 1e6, 1e12, 8e15])
def test_what_only_depends_on_shape_does_not_see_the_origin(shift: float) -> None:
    """Whole numbers, so that the shift is exact; the leverages are those of the rational normal equations."""
    X = np.array([(0, 0), (1, 0), (0, 1), (1, 1), (3, 1), (2, 5)])
    A = flint.fmpz_mat([[1, *row] for row in X.tolist()])
    normal = flint.fmpq_mat(A.transpose() * A).inv()
    hat = flint.fmpq_mat(A) * normal * flint.fmpq_mat(A.transpose())
    truth = [float(Fraction(int(hat[i, i].p), int(hat[i, i].q))) for i in range(len(X))]
    assert leverages(X + shift) == pytest.approx(truth, abs=1e-12)
    for scale in (Scale.UNIT_BALL, Scale.STANDARDISE):
        assert pytest.approx(rescale(X + 0.0, scale).X, abs=1e-12) == rescale(X + shift, scale).X
