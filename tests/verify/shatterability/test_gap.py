"""The bound for trained networks: 60 of them, at all stages of training."""

from __future__ import annotations

import numpy as np
import pytest

from constructions.data import uniform_ball
from constructions.network import Network
from verify.outcome import Trust
from verify.shatterability.edge import memorisation_edge
from verify.shatterability.gap import model_gap
from verify.training.setting import Init, Run, initial_network
from verify.training.train import train


@pytest.mark.slow
@pytest.mark.parametrize("d", [1, 2, 3])
@pytest.mark.parametrize("steps", [0, 300, 4000, 20000])
def test_sharpness_exceeds_the_bound(d: int, steps: int) -> None:
    runs = []
    for seed in range(5):
        rng = np.random.default_rng([seed, d, steps])
        X, y = uniform_ball(12, d, rng), rng.standard_normal(12)
        start = initial_network(Init.LINEAR, 40, d, rng)
        runs.append(Run(start, X, y, eta=0.2 * (seed + 1)))
    networks = (
        train(runs, steps, dtype=np.float64, with_sharpness=False).networks if steps else [r.network for r in runs]
    )
    for run, network in zip(runs, networks, strict=True):
        assert network is not None
        X, y = np.asarray(run.X), np.asarray(run.y)
        found = model_gap(network, X, y, tol=0.02, time_limit=2)
        assert found.sharpness.upper >= found.bound * (1 - 1e-9)
        assert found.bound >= 1
        assert found.evidence in (Trust.FLOAT_CERTIFIED, Trust.HEURISTIC)
        radius = np.linalg.norm(X, axis=1).max()
        assert found.curvature <= np.sqrt(radius**2 + 1) * np.sqrt(2 * found.loss) * (1 + 1e-9)


def test_the_flattest_interpolant_has_no_gap_and_a_rescaled_one_does() -> None:
    rng = np.random.default_rng(3)
    X, y = uniform_ball(20, 2, rng), rng.standard_normal(20)
    edge = memorisation_edge(X, y)
    assert edge.network is not None
    flat = model_gap(edge.network, X, y)
    assert flat.gap <= 0.02 * flat.bound
    c = np.exp(rng.uniform(-1, 1, edge.network.width))
    steep = model_gap(edge.network.rescale(c), X, y)
    assert steep.bound == pytest.approx(flat.bound, rel=0.01)
    assert steep.gap > flat.gap + 0.1


def test_a_constant_network_explains_nothing() -> None:
    X = uniform_ball(10, 2, np.random.default_rng(0))
    found = model_gap(Network(np.eye(1, 2), np.array([2.0]), np.zeros(1), 0.5), X, np.arange(10.0))
    assert found.bound == 1.0
    assert found.sharpness.value == pytest.approx(1.0)
