"""The flattest balance against brute force on dense matrices, and its certificate against every balance tried."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from constructions.data import sphere, uniform_ball
from constructions.memorise import sphere_interpolator
from constructions.network import Network
from verify.hessian import sharpness
from verify.hessian.balance import flattest_balance


def dense_top(network: Network, X: np.ndarray, y: np.ndarray) -> float:
    """lambda_max of the Hessian, formed entry by entry."""
    n, d = X.shape
    Z = np.column_stack([X, -np.ones(n)])
    before = X @ network.W.T - network.b
    active, h = before > 0, np.maximum(before, 0)
    residual = y - h @ network.v - network.beta
    K, D = network.width, d + 1
    J, H = np.ones((n, K * (D + 1) + 1)), np.zeros((K * (D + 1) + 1,) * 2)
    for k in range(K):
        J[:, k * D : (k + 1) * D] = network.v[k] * active[:, [k]] * Z
        J[:, K * D + k] = h[:, k]
        H[k * D : (k + 1) * D, K * D + k] = -(residual * active[:, k]) @ Z / n
    return float(np.linalg.eigvalsh(J.T @ J / n + H + H.T)[-1])


def problem(seed: int, n: int, d: int, K: int, noise: float) -> tuple[Network, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    X = uniform_ball(n, d, rng)
    network = Network(rng.standard_normal((K, d)), 0.3 * rng.standard_normal(K), rng.standard_normal(K))
    return network, X, network(X) + noise * rng.standard_normal(n)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("n", "d", "K", "noise"), [(12, 2, 3, 0.0), (12, 2, 3, 1.0), (30, 3, 4, 5.0), (40, 1, 4, 0.5), (9, 4, 2, 30.0)]
)
def test_against_brute_force(n: int, d: int, K: int, noise: float) -> None:
    network, X, y = problem(n + K, n, d, K, noise)
    found = flattest_balance(network, X, y)
    options = {"maxiter": 4000, "xatol": 1e-9, "fatol": 1e-12}
    best = min(
        float(minimize(lambda s: dense_top(network.rescale(np.exp(s)), X, y), start, method="Nelder-Mead", options=options).fun)
        for start in (np.zeros(K), np.full(K, 0.5))
    )  # fmt: skip
    assert found.sharpness.value == pytest.approx(best, rel=1e-6)
    assert found.lower_bound <= best * (1 + 1e-12)
    assert found.gap <= 1e-5
    assert found.bound_proved
    assert dense_top(found.network, X, y) == pytest.approx(found.sharpness.value, rel=1e-9)
    assert np.allclose(found.network(X), network(X), rtol=0, atol=1e-12)


@pytest.mark.slow
@settings(max_examples=25)
@given(st.integers(0, 10**6), st.sampled_from([0.0, 0.3, 3.0, 100.0]), st.sampled_from([0.1, 1.0, 30.0]))
@example(729098, 100.0, 30.0)  # lambda_max of the best balance is some gamma_k
def test_no_balance_is_below_the_bound(seed: int, noise: float, scale: float) -> None:
    network, X, y = problem(seed, 15, 2, 4, noise)
    network = network.rescale(np.full(4, scale))
    found = flattest_balance(network, X, y)
    rng = np.random.default_rng(seed)
    for size in (0.01, 0.3, 2.0):
        other = dense_top(found.network.rescale(np.exp(size * rng.standard_normal(4))), X, y)
        assert other >= found.lower_bound * (1 - 1e-12)
    assert found.sharpness.upper >= found.lower_bound


def test_bound_is_the_dual_formula_at_zero_loss() -> None:
    """(1/n)[(1'p)^2 + 2 sum |a_k| G_p] of the Perron vector p, by loops, equals the optimum; other p give less."""
    network, X, y = problem(5, 25, 3, 6, 0.0)
    found = flattest_balance(network, X, y, tol=1e-11)

    def dual(p: np.ndarray) -> float:
        total = float(p.sum()) ** 2
        for w, b, v in zip(network.W, network.b, network.v, strict=True):
            z, h = np.zeros(4), 0.0
            for x, weight in zip(X, p, strict=True):
                excess = float(w @ x - b)
                if excess > 0:
                    z += weight * np.append(x, -1.0)
                    h += weight * excess
            total += 2 * abs(v) * float(np.linalg.norm(z)) * h
        return total / len(X) / float(p @ p)

    top = found.sharpness.eigenvector
    before = X @ found.network.W.T - found.network.b
    active, h = before > 0, np.maximum(before, 0)
    K, d = found.network.W.shape
    w_part, b_part, v_part = top[: K * d].reshape(K, d), top[K * d : K * (d + 1)], top[K * (d + 1) : -1]
    image = (active * (X @ w_part.T - b_part)) @ found.network.v + h @ v_part + top[-1]
    assert (image * np.sign(image[0]) > 0).all()  # Perron
    assert dual(np.abs(image)) == pytest.approx(found.sharpness.value, rel=1e-8)
    rng = np.random.default_rng(0)
    for _ in range(20):
        assert dual(rng.uniform(0, 1, len(X))) <= found.sharpness.upper


def test_sphere_interpolator_is_balanced_already() -> None:
    rng = np.random.default_rng(3)
    X, y = sphere(60, 5, rng), rng.uniform(-2, 2, 60)
    network = sphere_interpolator(X, y)
    spoiled = network.rescale(np.exp(rng.standard_normal(60)))
    found = flattest_balance(spoiled, X, y)
    assert found.sharpness.value == pytest.approx(sharpness(network, X, y).value, rel=1e-9)
    # The largest root of sum 1/(n lambda - q_i) = 1, q_i = 2 sqrt(2) |y_i|.
    q, low, high = 2 * 2**0.5 * np.abs(y), float(2 * 2**0.5 * np.abs(y).max()) / 60 + 1e-12, 10.0
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if (1 / (60 * middle - q)).sum() > 1 else (low, middle)
    assert found.sharpness.value == pytest.approx(low, rel=1e-9)
    assert found.gap < 1e-6


def test_degenerate_top_eigenvalues() -> None:
    """Two equal components with opposite residuals: the optimum is a kink of lambda_max, a mixture closes the gap."""
    X = np.array([[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0], [0.0, -1.0]])
    network = Network(6 * X, np.full(4, 3.0), np.array([1.0, 5.0, 1.0, 2.0]))
    for y in (network(X), network(X) + np.array([30.0, 30.0, -30.0, 30.0])):
        found = flattest_balance(network, X, y)
        assert found.gap < 1e-5


def test_neurons_that_see_nothing_and_kinks() -> None:
    X = np.array([[0.5, 0.0], [0.0, 0.5]])
    dead = Network(np.array([[1.0, 0.0]]), np.array([2.0]), np.array([3.0]))
    found = flattest_balance(dead, X, np.zeros(2))
    assert (found.sharpness.upper, found.lower_bound, found.network is dead) == (1.0, 1.0, True)
    kink = Network(np.eye(2), np.array([0.5, 0.1]), np.array([3.0, 1.0]))
    assert not flattest_balance(kink, X, np.zeros(2)).bound_proved
    silent = Network(np.eye(2), np.array([0.1, 0.1]), np.array([0.0, 1.0]))
    assert flattest_balance(silent, X, silent(X)).gap < 1e-5


def test_bad_input() -> None:
    network, X, y = problem(0, 10, 2, 2, 0.0)
    with pytest.raises(ValueError, match="max_iterations"):
        flattest_balance(network, X, y, max_iterations=0)
    with pytest.raises(ValueError, match="tol"):
        flattest_balance(network, X, y, tol=2.0)
    with pytest.raises(ValueError, match="y must have shape"):
        flattest_balance(network, X, y[:-1])
