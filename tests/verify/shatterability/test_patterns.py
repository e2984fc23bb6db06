"""The list of activation patterns and the largest response, against sampling, counting and a fine grid."""

from __future__ import annotations

from math import comb

import numpy as np
import pytest

from constructions.data import sphere, uniform_ball
from verify.shatterability.dictionary import augmented
from verify.shatterability.patterns import activation_patterns, largest_response


@pytest.mark.parametrize(("n", "d"), [(30, 1), (25, 2), (12, 3), (9, 5), (6, 8)])
def test_in_general_position_there_are_as_many_patterns_as_cells(n: int, d: int) -> None:
    patterns = activation_patterns(uniform_ball(n, d, np.random.default_rng(d)))
    assert patterns is not None
    # Cells of n hyperplanes through the origin of R^(d + 1) (Schlaefli).
    assert len(patterns) == 2 * sum(comb(n - 1, k) for k in range(d + 1))


@pytest.mark.parametrize("kind", ["ball", "grid", "copies", "plane in space"])
def test_no_neuron_has_a_pattern_that_is_not_listed(kind: str) -> None:
    rng = np.random.default_rng(0)
    X = {
        "ball": uniform_ball(14, 3, rng),
        "grid": rng.integers(-2, 3, size=(20, 2)) / 3.0,
        "copies": np.repeat(uniform_ball(8, 2, rng), 2, axis=0),
        "plane in space": uniform_ball(15, 2, rng) @ rng.standard_normal((2, 3)),
    }[kind]
    patterns = activation_patterns(X)
    assert patterns is not None
    listed = {row.tobytes() for row in patterns}
    Z = augmented(X)
    for omega in np.vstack(
        [rng.standard_normal((5000, Z.shape[1])), sphere(5000, Z.shape[1], rng) * [1, *X.std(axis=0)]]
    ):
        assert (Z @ omega > 0).tobytes() in listed


def test_too_many_hyperplanes_are_not_listed() -> None:
    X = uniform_ball(40, 3, np.random.default_rng(0))
    assert activation_patterns(X, 100) is None
    assert activation_patterns(uniform_ball(100, 10, np.random.default_rng(0))) is None
    assert activation_patterns(uniform_ball(30, 60, np.random.default_rng(0))) is None


def test_points_that_are_all_equal() -> None:
    patterns = activation_patterns(np.ones((3, 2)))
    assert patterns is not None
    assert sorted(patterns.tolist()) == [[False] * 3, [True] * 3]


@pytest.mark.parametrize("seed", range(5))
def test_the_largest_response_is_an_upper_bound_and_attained(seed: int) -> None:
    rng = np.random.default_rng(seed)
    for d in (1, 2, 3):
        X = uniform_ball(15, d, rng)
        Z, alpha = augmented(X), rng.standard_normal(15)
        alpha -= alpha.mean()
        patterns = activation_patterns(X)
        assert patterns is not None
        top, omega = largest_response(patterns, Z, alpha, 1e-6)
        assert np.linalg.norm(omega, axis=1) == pytest.approx(1.0)
        attained = np.abs(np.maximum(omega @ Z.T, 0.0) @ alpha).max()
        assert attained == pytest.approx(top, rel=1e-9)
        sampled = np.abs(np.maximum(sphere(20000, d + 1, rng) @ Z.T, 0.0) @ alpha).max()
        assert 0.7 * top <= sampled <= top * (1 + 1e-12)
        # A limit that nothing exceeds is what comes back.
        assert largest_response(patterns, Z, alpha, 2 * top)[0] == 2 * top


def test_on_the_line_a_fine_grid_agrees() -> None:
    X = uniform_ball(20, 1, np.random.default_rng(1))
    alpha = np.sin(np.arange(20.0))
    patterns = activation_patterns(X)
    assert patterns is not None
    top, _ = largest_response(patterns, augmented(X), alpha, 1e-6)
    angle = np.linspace(0, 2 * np.pi, 400_001)
    grid = np.abs(np.maximum(np.column_stack([np.cos(angle), np.sin(angle)]) @ augmented(X).T, 0.0) @ alpha).max()
    assert top * (1 - 1e-5) <= grid <= top * (1 + 1e-12)
