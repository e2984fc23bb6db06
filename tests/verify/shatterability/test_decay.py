"""The decay path against closed forms and trained networks."""

from __future__ import annotations

import numpy as np
import pytest
from data_sets import DATA_SETS
from scipy.optimize import minimize
from scipy.stats import spearmanr

from constructions.data import uniform_ball
from constructions.network import Network
from verify.shatterability.decay import decay_path


def trained(X: np.ndarray, y: np.ndarray, decay: float, width: int = 150, seed: int = 0) -> tuple[float, np.ndarray]:
    """Loss plus decay of a network of the given width trained by a quasi-Newton method, and its values."""
    n, d = X.shape
    rng = np.random.default_rng(seed)
    Z = np.column_stack([X, -np.ones(n)])

    def objective(theta: np.ndarray) -> tuple[float, np.ndarray]:
        omega, v, beta = theta[: width * (d + 1)].reshape(width, d + 1), theta[width * (d + 1) : -1], theta[-1]
        pre = Z @ omega.T
        H = np.maximum(pre, 0)
        r = H @ v + beta - y
        g_omega = ((r[:, None] * (pre > 0)) * v).T @ Z / n + decay * omega
        value = 0.5 * r @ r / n + 0.5 * decay * (np.sum(omega**2) + v @ v)
        return value, np.concatenate([g_omega.ravel(), H.T @ r / n + decay * v, [r.mean()]])

    start = 0.5 * rng.standard_normal(width * (d + 2) + 1)
    found = minimize(objective, start, jac=True, method="L-BFGS-B", options={"maxiter": 1500, "maxfun": 2000})
    omega, v, beta = found.x[: width * (d + 1)].reshape(width, d + 1), found.x[width * (d + 1) : -1], found.x[-1]
    return float(found.fun), np.maximum(Z @ omega.T, 0) @ v + beta


@pytest.mark.parametrize("name", ["ball-5", "diabetes"])
def test_trained_networks_memorise_the_same_points(name: str) -> None:
    X, y = DATA_SETS[name]()
    X, y = X[:120], y[:120]
    y = (y - y.mean()) / y.std()
    for point in decay_path(X, y, [0.03, 0.01, 0.003], tol=0.01, time_limit=12):
        value, values = trained(X, y, point.decay)
        # No network of any width does better than the optimum, up to the gap.
        assert value >= point.objective * (1 - 2 * point.gap - 1e-9)
        assert value <= 1.03 * point.objective
        assert spearmanr(np.abs(y - values), np.abs(y - point.values)).statistic >= 0.85


def test_two_points_satisfy_the_optimality_conditions_on_a_fine_grid() -> None:
    X, y = np.array([[1.0], [-1.0]]), np.array([1.0, -1.0])
    for point in decay_path(X, y, [0.6, 0.4, 0.1], tol=1e-9):
        s = np.linspace(-3, 3, 20001)
        H = np.maximum(np.array([[1.0], [-1.0]]) - s, 0) / np.sqrt(1 + s**2)
        correlation = np.abs((y - point.values) @ H) / 2
        assert correlation.max() <= point.decay * (1 + 1e-6)
        assert point.gap <= 1e-6


def test_the_path_is_monotone_and_its_network_is_the_optimum() -> None:
    X, y = uniform_ball(40, 3, np.random.default_rng(0)), np.random.default_rng(1).standard_normal(40)
    path = decay_path(X, y, [0.003, 0.3, 0.03], tol=1e-2, time_limit=10)
    assert [point.decay for point in path] == [0.3, 0.03, 0.003]
    assert path[0].objective >= path[1].objective >= path[2].objective
    assert path[0].memorised <= path[1].memorised <= path[2].memorised
    for point in path:
        assert point.network(X) == pytest.approx(point.values, abs=1e-9)
        network: Network = point.network
        norms = np.sum(network.W**2) + np.sum(network.b**2) + np.sum(network.v**2)
        assert point.loss + 0.5 * point.decay * norms == pytest.approx(point.objective, rel=1e-9)
        assert point.gap <= 1e-2


def test_constant_labels_and_bad_arguments() -> None:
    X = uniform_ball(5, 2, np.random.default_rng(0))
    (point,) = decay_path(X, np.full(5, 2.0), [0.1])
    assert (point.loss, point.memorised, point.gap) == (0.0, 1.0, 0.0)
    with pytest.raises(ValueError, match="at least one weight decay"):
        decay_path(X, np.zeros(5), [])
    with pytest.raises(ValueError, match="decays must be positive"):
        decay_path(X, np.zeros(5), [0.1, -1.0])
