"""The decay path against closed forms and trained networks."""

from __future__ import annotations

import numpy as np
import pytest
from data_sets import DATA_SETS
from scipy.optimize import minimize
from scipy.stats import spearmanr

from constructions.data import uniform_ball
from constructions.network import Network
from verify.outcome import Trust
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


def table(name: str) -> tuple[np.ndarray, np.ndarray]:
    """Points and standardised labels, few enough in d <= 3 to list all activation patterns."""
    size, columns = {"ball-2": (50, 2), "ball-3": (30, 3), "wine": (30, 3)}.get(name, (120, 99))
    X, y = DATA_SETS[name]()
    rows = np.linspace(0, len(y) - 1, size).astype(int) if name == "wine" else np.arange(size)
    return X[rows, :columns], (y[rows] - y[rows].mean()) / y[rows].std()


@pytest.mark.slow
@pytest.mark.parametrize("name", ["ball-2", "ball-3", "wine"])
def test_no_network_lies_below_the_lower_bound(name: str) -> None:
    X, y = table(name)
    for point in decay_path(X, y, [0.03, 0.01, 0.003], time_limit=600):
        assert point.lower is not None
        assert point.gap is not None
        assert point.evidence is Trust.FLOAT_CERTIFIED
        assert point.lower <= point.objective
        assert point.gap <= 0.01
        for seed in range(2):
            value, values = trained(X, y, point.decay, seed=seed)
            assert value >= point.lower * (1 - 1e-9)
            # The objective is strongly convex in the values f: it exceeds its least by at least |f - f*|^2 / 2n. So two
            # networks near the optimum memorise the same points.
            apart = np.sqrt(max(value - point.lower, 0.0)) + np.sqrt(point.objective - point.lower)
            assert np.sum((values - point.values) ** 2) <= 2 * len(y) * apart**2 * (1 + 1e-9)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["ball-5", "diabetes"])
def test_too_many_patterns_leave_no_lower_bound_and_training_memorises_the_same_points(name: str) -> None:
    X, y = table(name)
    for point in decay_path(X, y, [0.03, 0.01, 0.003], tol=0.01, time_limit=600):
        assert (point.lower, point.gap, point.evidence) == (None, None, Trust.HEURISTIC)
        value, values = trained(X, y, point.decay)
        # Neither is known to be the optimum; training came within 5 % under every BLAS kernel tried.
        assert value <= 1.1 * point.objective
        assert spearmanr(np.abs(y - values), np.abs(y - point.values)).statistic >= 0.85


@pytest.mark.slow
def test_the_search_finds_what_the_full_list_proves() -> None:
    X, y = table("ball-3")
    listed = decay_path(X, y, [0.03, 0.01, 0.003], time_limit=600)
    searched = decay_path(X, y, [0.03, 0.01, 0.003], time_limit=600, most_columns=0)
    for full, part in zip(listed, searched, strict=True):
        assert part.lower is None
        assert full.lower is not None
        assert full.lower * (1 - 1e-9) <= part.objective <= 1.02 * full.objective


def test_a_hurried_bound_is_wide_and_true() -> None:
    X, y = table("ball-2")
    (hurried,) = decay_path(X, y, [0.003], time_limit=1e-9)
    (careful,) = decay_path(X, y, [0.003], time_limit=600)
    assert hurried.lower is not None
    assert careful.lower is not None
    assert hurried.lower <= careful.objective
    assert careful.lower <= hurried.objective
    assert careful.gap < 0.01 < hurried.gap


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
    path = decay_path(X, y, [0.003, 0.3, 0.03], tol=1e-2, time_limit=600)
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
