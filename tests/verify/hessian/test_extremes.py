"""Huge and tiny weights, kinks, and problems too large for a dense pattern."""

from __future__ import annotations

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest
from dense import dense_hessian, exact_hessian, is_below

from constructions.network import Network
from verify.hessian import HessianOperator, is_flat, sharpness
from verify.hessian.activation import augment, dense_pattern
from verify.hessian.arrays import NumpyBackend
from verify.hessian.sparse_pattern import sparse_pattern
from verify.outcome import Verdict


def check_exactly(net, X, y, relative=1e-9):
    H = exact_hessian(net.W, net.b, net.v, net.beta, X, y)
    result = sharpness(net, X, y)
    assert result.proved
    assert is_below(H, len(X), math.nextafter(result.upper, math.inf))
    assert not is_below(H, len(X), math.nextafter(result.lower, 0.0))
    assert result.upper <= result.lower * (1 + relative)
    return result


@pytest.mark.parametrize("v_scale", [1e-150, 1.0, 1e150])
@pytest.mark.parametrize("w_scale", [1e-150, 1e-3, 1e150])
def test_weights_over_three_hundred_decades(w_scale, v_scale):
    rng = np.random.default_rng(2)
    W, b, v = rng.standard_normal((2, 2)) * w_scale, rng.standard_normal(2) * w_scale, rng.standard_normal(2) * v_scale
    X = rng.standard_normal((4, 2))
    net = Network(W, b, v, 0.5)
    result = check_exactly(net, X, rng.standard_normal(4))
    assert result.lower > 1e290 if max(w_scale, v_scale) == 1e150 else result.lower < 10


@pytest.mark.parametrize("scale", [1e-200, 1e80, 1e150])
def test_points_over_many_decades(scale):
    rng = np.random.default_rng(4)
    X = rng.standard_normal((3, 2)) * scale
    net = Network(rng.standard_normal((2, 2)), np.array([-1.0, 0.3]), rng.standard_normal(2), 0.5)
    check_exactly(net, X, rng.standard_normal(3))


def test_a_huge_dead_neuron_is_harmless():
    net = Network([[1e150, 0.0], [1.0, 1.0]], [1e160, -0.5], [1e150, 2.0], 0.0)
    check_exactly(net, np.array([[0.5, 0.25], [-0.25, 0.125]]), np.array([1.0, -1.0]))


def test_huge_labels():
    net = Network([[1.0, 0.5]], [-0.5], [2.0], 0.0)
    check_exactly(net, np.array([[0.5, 0.25], [-0.25, 0.125]]), np.array([1e250, -1e200]))


def test_an_eigenvalue_beyond_float64_is_said_to_be_so():
    net = Network([[1e160, 0.0]], [-1e160], [1e160], 0.0)
    with pytest.raises(OverflowError, match="rescale the network"):
        sharpness(net, np.array([[1e100, 0.0]]), np.array([0.0]))


def test_operator_at_huge_weights():
    net = Network([[1e100, 0.0]], [-1e100], [1e100], 0.0)
    X, y = np.array([[1.0, 0.0], [0.5, 0.5]]), np.zeros(2)
    H = dense_hessian(net, X, y)
    np.testing.assert_allclose(HessianOperator(net, X, y) @ np.eye(len(H)), H, rtol=1e-12, atol=1e-12 * np.abs(H).max())


def all_choices(net, X):
    """Every pattern that agrees with the strict signs and takes either value at the kinks."""
    g = X @ net.W.T - net.b  # exact for the dyadic data used here
    kinks = np.argwhere(g == 0)
    for values in itertools.product([0, 1], repeat=len(kinks)):
        active = g > 0
        for (i, k), value in zip(kinks, values, strict=True):
            active[i, k] = value
        yield active


@pytest.mark.parametrize("zero_weight", [False, True])
def test_on_kinks_every_one_sided_hessian_is_enclosed(zero_weight):
    W, b = np.array([[1.0, 0.0], [0.0, 2.0], [-1.0, 1.0]]), np.array([0.5, 0.5, 0.25])
    if zero_weight:
        W[2], b[2] = 0.0, 0.0
    net = Network(W, b, np.array([1.0, -0.5, 0.75]), 0.25)
    X, y = np.array([[0.5, 0.25], [0.25, 0.5], [0.75, 0.25]]), np.array([1.0, -2.0, 0.5])
    result = sharpness(net, X, y)
    assert result.kink_distance == 0.0
    choices = list(all_choices(net, X))
    assert len(choices) >= 4
    for active in choices:
        H = exact_hessian(net.W, net.b, net.v, net.beta, X, y, active)
        assert is_below(H, len(X), math.nextafter(result.upper, math.inf))
        assert not is_below(H, len(X), math.nextafter(result.lower, 0.0))
    assert is_flat(net, X, y, 2 / (result.upper * 1.01)) is Verdict.PROVED
    assert is_flat(net, X, y, 2 / ((result.lower + result.upper) / 2)) is Verdict.UNDECIDED


def test_many_kinks_are_covered_by_one_bound():
    """A neuron with zero weights is on a kink everywhere: too many choices to enclose one by one."""
    rng = np.random.default_rng(1)
    net = Network([[1.0, 0.5], [0.0, 0.0]], [0.1, 0.0], [0.5, 0.25], 0.0)
    X, y = rng.standard_normal((8, 2)), 0.1 * rng.standard_normal(8)
    result = sharpness(net, X, y)
    assert result.proved
    assert result.kink_distance == 0.0
    for _ in range(20):
        active = np.stack([X @ net.W[0] - net.b[0] > 0, rng.random(8) < rng.random()], axis=1)
        H = exact_hessian(net.W, net.b, net.v, net.beta, X, y, active)
        assert is_below(H, 8, math.nextafter(result.upper, math.inf))
        assert not is_below(H, 8, math.nextafter(result.lower, 0.0))
    assert is_flat(net, X, y, 2 / (1.01 * result.upper)) is Verdict.PROVED


def test_signs_within_rounding_of_a_kink_are_exact():
    """Preactivations of a few units in the last place, which float64 products can't sign."""
    rng = np.random.default_rng(8)
    W = rng.standard_normal((40, 3))
    X = rng.standard_normal((30, 3))
    k, i = np.arange(40), np.arange(40) % 30
    b = np.einsum("kj,kj->k", W[k], X[i])
    b = np.where(rng.random(40) < 0.5, np.nextafter(b, np.inf), b)
    Z, omega = augment(X), np.concatenate([W, b[:, None]], axis=1)
    exact = exact_preactivations(Z, omega)
    truth = np.array([[value > 0 for value in row] for row in exact])
    dense = dense_pattern(Z, omega, NumpyBackend())
    assert np.array_equal(dense.active > 0, truth)
    assert np.array_equal(sparse_pattern(Z, omega).active.toarray() > 0, truth)


@pytest.mark.parametrize("exponent", [1, 60, 80, 91, 99])
def test_a_huge_point_that_no_neuron_sees(exponent):
    """J J' / n of the other one, in closed form, is enclosed; if a neuron sees it, but hardly, the points are refused."""
    X, v, b = np.array([[1.0, 0.0], [2.0, 2 * 10.0**exponent]]), 1.5731731418228951, -5.5351463167251875
    net = Network([[-3.310343523598159, 0.0]], [b], [v], 0.0)
    h = -3.310343523598159 - b
    truth = np.linalg.eigvalsh([[1 + 2 * v**2 + h**2, 1.0], [1.0, 1.0]])[-1] / 2
    found = sharpness(net, X, net(X))
    assert found.proved
    assert found.lower <= truth * (1 + 1e-12)
    assert found.upper >= truth * (1 - 1e-12)
    assert found.upper <= truth * (1 + 1e-9)
    hardly = Network([[-3.310343523598159, 0.0], [0.0, 10.0**-exponent]], [b, 1.0], [v, 10.0**-exponent], 0.0)
    if exponent > 60:
        with pytest.raises(OverflowError, match="rescale X"):
            sharpness(hardly, X, hardly(X))
    else:
        assert sharpness(hardly, X, hardly(X)).upper >= truth


def exact_preactivations(Z, omega):
    return [
        [sum(Fraction(p) * Fraction(q) for p, q in zip(z, w, strict=True)) for w in omega.tolist()] for z in Z.tolist()
    ]


@pytest.mark.parametrize("scale", [1.0, 2.0**-200, 1e30])
def test_the_distance_to_a_kink_is_exact_where_products_cancel(scale):
    """Biases that are the rounded products: float64 sees kinks, exact arithmetic mostly none."""
    rng = np.random.default_rng(4)
    for _ in range(20):
        W, X = rng.standard_normal((6, 2)) * scale, rng.standard_normal((5, 2))
        W *= np.ldexp(1.0, rng.integers(-3, 4, (6, 1)))
        b = (W * X[rng.integers(0, 5, 6)]).sum(axis=1)
        Z, omega = augment(X), np.concatenate([W, b[:, None]], axis=1)
        truth = min(abs(value) for row in exact_preactivations(Z, omega) for value in row)
        for pattern in (dense_pattern(Z, omega, NumpyBackend()), sparse_pattern(Z, omega)):
            assert pattern.distance == pytest.approx(float(truth), rel=1e-12, abs=0)
            assert (len(pattern.kinks) > 0) == (truth == 0)


def test_a_product_that_only_rounding_makes_zero_is_no_kink():
    net, X = Network([[0.1]], [0.1 * 0.3], [1.0], 0.0), np.array([[0.3]])
    truth = abs(Fraction(0.1) * Fraction(0.3) - Fraction(0.1 * 0.3))
    assert truth > 0
    assert sharpness(net, X, np.zeros(1)).kink_distance == float(truth)
    assert sharpness(Network([[0.5]], [0.25], [1.0], 0.0), np.array([[0.5]]), np.zeros(1)).kink_distance == 0.0


@pytest.mark.parametrize("d", [2, 3, 9])
def test_the_sparse_pattern_equals_the_dense_one(d, monkeypatch):
    import verify.hessian.sparse_pattern as module

    rng = np.random.default_rng(d)
    U = rng.standard_normal((300, d))
    U /= np.linalg.norm(U, axis=1, keepdims=True)
    X = rng.standard_normal((2000, d))
    X *= (rng.random((2000, 1)) ** (1 / d)) / np.linalg.norm(X, axis=1, keepdims=True)
    omega = np.concatenate([3 * U, 3 * rng.uniform(0.8, 1, (300, 1))], axis=1)
    Z = augment(X)
    truth = Z @ omega.T > 0
    assert truth.any()
    assert np.array_equal(sparse_pattern(Z, omega).active.toarray() > 0, truth)
    monkeypatch.setattr(module, "_TREE_ABOVE", 0)
    monkeypatch.setattr(module, "_TREE_DIMENSION", 100)
    assert np.array_equal(sparse_pattern(Z, omega).active.toarray() > 0, truth)
    omega[:50, -1] = -1.0
    monkeypatch.undo()
    assert np.array_equal(sparse_pattern(Z, omega).active.toarray() > 0, Z @ omega.T > 0)


def test_many_caps_on_many_points():
    """3000 caps on 40 000 points of the sphere of R^3: certified from the active pairs alone."""
    N, n = 3000, 40_000
    i = np.arange(N) + 0.5
    polar, turn = np.arccos(1 - 2 * i / N), np.pi * (1 + 5**0.5) * i
    U = np.stack([np.cos(turn) * np.sin(polar), np.sin(turn) * np.sin(polar), np.cos(polar)], axis=1)
    rng = np.random.default_rng(0)
    X = rng.standard_normal((n, 3))
    X /= np.linalg.norm(X, axis=1, keepdims=True)
    h = 4e-4
    net = Network(U / h**0.5, np.full(N, (1 - h) / h**0.5), rng.choice([-1.0, 1.0], N) / h**0.5, 0.0)
    y = 0.1 * rng.standard_normal(n)
    result = sharpness(net, X, y)
    assert result.proved
    assert result.method == "structure"
    assert result.upper <= result.lower * (1 + 1e-8)
    assert is_flat(net, X, y, 0.1) is Verdict.PROVED
