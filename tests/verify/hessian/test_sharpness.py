"""The enclosure against a dense Hessian by automatic differentiation, and its edge cases."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from dense import dense_hessian

from constructions.network import Network
from verify.hessian import sharpness


def random_case(seed):
    rng = np.random.default_rng(seed)
    d, n, K = rng.integers(1, 5), rng.integers(1, 40), rng.integers(1, 12)
    offset = [0.0, 1.5, -2.0][seed % 3]
    net = Network(
        rng.standard_normal((K, d)),
        rng.standard_normal(K) + offset,
        rng.standard_normal(K) * [1.0, 30.0][seed % 2],
        float(rng.standard_normal()),
    )
    return net, rng.standard_normal((n, d)), rng.standard_normal(n)


@pytest.mark.slow
@pytest.mark.parametrize("certificate", ["auto", "cholesky", "structure", "trace"])
@pytest.mark.parametrize("seed", range(24))
def test_encloses_the_dense_eigenvalue(seed, certificate):
    net, X, y = random_case(seed)
    H = dense_hessian(net, X, y)
    truth = np.linalg.eigvalsh(H)[-1]
    result = sharpness(net, X, y, certificate=certificate)
    assert result.proved
    assert result.failure_probability == 0
    # The reference itself is good to about 1e-14.
    assert result.lower <= truth * (1 + 1e-13)
    assert result.upper >= truth * (1 - 1e-13)
    assert result.upper <= truth * (1 + 2e-10)
    assert result.lower >= truth * (1 - 1e-11)
    p = result.eigenvector
    assert p @ H @ p == pytest.approx(truth, rel=1e-10)
    assert np.linalg.norm(p) == pytest.approx(1, rel=1e-14)


def test_no_active_neuron_means_one():
    net = Network([[1.0], [2.0]], [3.0, 5.0], [1.0, -1.0], 0.5)
    result = sharpness(net, np.array([[0.1], [-0.4]]), np.array([3.0, 1.0]))
    assert (result.lower, result.upper, result.proved) == (1.0, 1.0, True)


@pytest.mark.parametrize("seed", range(6))
def test_without_a_certificate_there_is_a_lower_bound_and_a_value_only(seed):
    net, X, y = random_case(seed)
    truth = np.linalg.eigvalsh(dense_hessian(net, X, y))[-1]
    result = sharpness(net, X, y, certificate="none")
    assert result.upper == np.inf
    assert not result.proved
    assert result.value == pytest.approx(truth, rel=1e-12)
    assert result.lower <= truth * (1 + 1e-13)


def test_the_arguments_are_left_alone_and_the_result_is_reproducible():
    net, X, y = random_case(5)
    X0, y0 = X.copy(), y.copy()
    first, second = sharpness(net, X, y, seed=3), sharpness(net, X, y, seed=3)
    assert np.array_equal(X, X0)
    assert np.array_equal(y, y0)
    assert (first.lower, first.upper) == (second.lower, second.upper)
    assert np.array_equal(first.eigenvector, second.eigenvector)


def test_disjoint_caps_are_solved_by_structure():
    """One neuron per coordinate direction, each active on its own points: the blocks don't meet."""
    rng = np.random.default_rng(0)
    d, per = 6, 5
    W = np.concatenate([np.eye(d), -np.eye(d)])
    X = np.repeat(W, per, axis=0) * rng.uniform(0.85, 1, (2 * d * per, 1))
    net = Network(W * 5, np.full(2 * d, 4.0), rng.choice([-1.0, 1.0], 2 * d), 0.0)
    y = net(X) + 0.1 * rng.standard_normal(len(X))
    truth = np.linalg.eigvalsh(dense_hessian(net, X, y))[-1]
    result = sharpness(net, X, y, certificate="structure")
    assert result.method == "structure"
    assert result.lower <= truth * (1 + 1e-13)
    assert truth * (1 - 1e-13) <= result.upper <= truth * (1 + 1e-9)


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"X": np.zeros((3, 2), dtype=int)}, "X must hold floating"),
        ({"X": np.zeros((0, 2))}, "at least one point"),
        ({"X": np.zeros((3, 3))}, "columns"),
        ({"X": np.full((3, 2), np.nan)}, "X must be finite"),
        ({"y": np.zeros(4)}, "y must have shape"),
        ({"y": np.array([0.0, np.inf, 0.0])}, "y must be finite"),
        ({"tol": 0.0}, "tol"),
        ({"tol": "small"}, "tol"),
        ({"seed": -1}, "seed"),
        ({"certificate": "magic"}, "certificate"),
        ({"dtype": "int32"}, "dtype"),
        ({"device": "nowhere"}, "device"),
        ({"network": SimpleNamespace(W=np.zeros((1, 2)), b=np.zeros(1), v=np.zeros(1))}, "beta"),
        ({"network": SimpleNamespace(W=np.zeros((1, 2)), b=np.zeros(2), v=np.zeros(1), beta=0.0)}, "network.b"),
        ({"network": SimpleNamespace(W=np.zeros((1, 2)), b=np.zeros(1), v=np.zeros(1), beta=np.nan)}, "network.beta"),
    ],
)
def test_bad_input_is_named(change, word):
    arguments = {
        "network": Network(np.ones((1, 2)), np.zeros(1), np.ones(1), 0.0),
        "X": np.ones((3, 2)),
        "y": np.zeros(3),
    } | change
    with pytest.raises((ValueError, TypeError), match=word):
        sharpness(**arguments)
