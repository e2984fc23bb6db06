"""SGD's exact threshold against the spectral radius of the second moment's operator, and against its two bounds."""

import numpy as np
import pytest
from numpy.typing import NDArray

from constructions.data import uniform_ball
from constructions.network import Network
from verify.hessian import HessianOperator, sgd_threshold
from verify.hessian.sgd import gram_matrix

Array = NDArray[np.float64]


def drawn(seed: int, n: int, width: int, d: int) -> tuple[Network, Array]:
    rng = np.random.default_rng(seed)
    X = uniform_ball(n, d, rng)
    network = Network(
        rng.standard_normal((width, d)), 0.4 * rng.standard_normal(width), rng.standard_normal(width), 0.1
    )
    return network, X


def gradients(network: Network, X: Array) -> Array:
    """Rows g_i by the chain rule, parameter by parameter."""
    rows = []
    for x in X:
        on = network.W @ x > network.b
        parts = [np.outer(on * network.v, x).ravel(), -1.0 * on * network.v, on * (network.W @ x - network.b), [1.0]]
        rows.append(np.concatenate(parts))
    return np.array(rows)


def radius(J: Array, eta: float) -> float:
    """Spectral radius of S -> mean of (I - eta g g^T) S (I - eta g g^T) on the span of the gradients."""
    _, _, rows = np.linalg.svd(J, full_matrices=False)
    g = J @ rows.T
    eye = np.eye(g.shape[1])
    steps = [eye - eta * np.outer(one, one) for one in g]
    return float(np.abs(np.linalg.eigvals(sum(np.kron(step, step) for step in steps) / len(steps))).max())


@pytest.mark.parametrize("seed", range(6))
def test_second_moments_grow_just_above_and_not_below(seed: int) -> None:
    network, X = drawn(seed, 5, 4, 1 + seed % 3)
    J = gradients(network, X)
    np.testing.assert_allclose(J @ J.T, gram_matrix(network, X), rtol=1e-12, atol=1e-12)
    eta = sgd_threshold(network, X)
    assert radius(J, 1.001 * eta) > 1
    # Directions that hardly move have a radius of one up to rounding.
    assert radius(J, 0.999 * eta) <= 1 + 1e-12


@pytest.mark.parametrize("seed", range(20))
def test_it_lies_between_its_bounds(seed: int) -> None:
    network, X = drawn(seed, 30, 20, 1 + seed % 5)
    G = gram_matrix(network, X)
    eta, trace = sgd_threshold(network, X), np.trace(G) / 30
    fourth = np.mean(np.diag(G) ** 2)
    assert 2 / np.diag(G).max() <= eta * (1 + 1e-12)
    assert eta <= 2 * trace / fourth * (1 + 1e-12)
    assert fourth >= trace**2 * (1 - 1e-12)
    operator = HessianOperator(network, X, network(X))
    diagonal = [(operator @ row)[k] for k, row in enumerate(np.eye(operator.shape[0]))]
    assert sum(diagonal) == pytest.approx(trace, rel=1e-12)
    # SGD is no more stable than gradient descent.
    assert np.linalg.eigvalsh(G / 30)[-1] <= 2 / eta * (1 + 1e-12)


def test_one_point_is_gradient_descent() -> None:
    network, X = drawn(0, 1, 6, 2)
    assert sgd_threshold(network, X) == pytest.approx(2 / gram_matrix(network, X)[0, 0], rel=1e-12)


@pytest.mark.parametrize("points", [np.zeros((0, 2)), np.zeros((513, 2)), np.zeros((4, 3)), np.full((4, 2), np.nan)])
def test_bad_input(points: Array) -> None:
    with pytest.raises(ValueError, match="X must"):
        sgd_threshold(drawn(0, 3, 4, 2)[0], points)
