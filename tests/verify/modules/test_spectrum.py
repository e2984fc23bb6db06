"""Spectral densities of modules against dense spectra, their exact moments, and the correction of weights."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from random_models import dense, half_mse, mlp, random_case
from scipy.optimize import minimize
from scipy.stats import wasserstein_distance
from torch import nn

from verify import certify, module_spectrum
from verify.hessian.spectrum import SpectralDensity
from verify.modules.certificate import read_problem
from verify.modules.chain import Chain, recognise
from verify.modules.moments import calibrated, squared_norm
from verify.outcome import Trust

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:There is a performance drop"),
]


def convolution() -> nn.Module:
    return nn.Sequential(nn.Conv2d(1, 3, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(12, 3))


@pytest.mark.parametrize(("kind", "known"), [("dense", 2), ("convolution", 1), ("tanh", 0)])
def test_the_distance_to_the_spectrum_is_small_and_as_predicted(kind: str, known: int) -> None:
    loss, y, distances = nn.CrossEntropyLoss(), torch.arange(60) % 3, []
    for seed in range(3):
        torch.manual_seed(seed)
        model = (
            convolution() if kind == "convolution" else mlp(6, 12, 10, 3, act=nn.Tanh if kind == "tanh" else nn.ReLU)
        )
        X = torch.randn(60, 1, 6, 6) if kind == "convolution" else torch.randn(60, 6)
        values = np.linalg.eigvalsh(dense(model, loss, X.double(), y, check=False))
        found = module_spectrum(model, loss, (X, y), seed=seed)
        weights = found.weights.ravel() / len(found.weights)
        distance = wasserstein_distance(values, found.nodes.ravel(), None, weights)
        assert distance <= found.distance <= 0.15 * np.ptp(values)
        distances.append(distance / np.ptp(values))
        assert found.eigenvalues.lower <= values[0] <= values[-1] <= found.eigenvalues.upper
        assert found.eigenvalues.upper - found.eigenvalues.lower <= 1.01 * np.ptp(values)
        assert found.moments == known
        for degree, exact in ((1, found.trace), (2, found.squared_norm)):
            mean, error = found.integrate(lambda t, degree=degree: t**degree)
            truth = (values**degree).mean()
            if degree <= known:
                assert exact == pytest.approx(len(values) * truth, rel=1e-12)
                assert mean == pytest.approx(truth, rel=1e-12)
                assert error < 1e-12
            else:
                assert exact is None
                assert abs(mean - truth) < 5 * error
        assert found.weights.min() >= 0
        assert found.weights.sum() == pytest.approx(len(found.weights), rel=1e-12)
        assert found.integrate(np.ones_like)[0] == pytest.approx(1, rel=1e-12)
    assert max(distances) < 0.02


def test_probes_and_steps_bring_it_closer() -> None:
    torch.manual_seed(1)
    model, X, y = mlp(4, 10, 8, 2), torch.randn(40, 4), torch.randn(40, 2)
    values = np.linalg.eigvalsh(dense(model, half_mse, X.double(), y.double(), check=False))
    distances, predicted = [], []
    for probes, steps in ((2, 5), (8, 20), (40, 40)):
        found = module_spectrum(model, "half-mse", (X, y), probes=probes, steps=steps)
        levels = np.sort(found.nodes.ravel())
        share = np.array([(values <= level).mean() for level in levels])
        assert np.abs(found.cumulative(levels) - share).max() < 0.5
        distances.append(wasserstein_distance(values, found.nodes.ravel(), None, found.weights.ravel()))
        predicted.append(found.distance)
        assert found.products == probes * min(steps, found.parameters)
    assert distances == sorted(distances, reverse=True)
    assert predicted == sorted(predicted, reverse=True)
    assert found.cumulative(values[0] - 1) == 0.0
    assert found.cumulative(np.array([values[-1] + 1])).tolist() == [1.0]


def test_the_squared_norm_of_chains() -> None:
    seen = 0
    for seed in range(24):
        model, loss, own, X, y, is_dense = random_case(seed)
        batches = [(X[:2], y[:2]), (X[2:], y[2:])][: 1 + (len(X) > 2)]
        problem, _ = read_problem(model, loss, batches)
        chain = recognise(problem) if is_dense else ""
        if isinstance(chain, Chain):
            seen += 1
            squares = (dense(model, own, X, y, check=False) ** 2).sum()
            assert squared_norm(chain) == pytest.approx(squares, rel=1e-12, abs=1e-25)
    assert seen > 14


def test_the_least_change_of_weights() -> None:
    """Against a general solver; and what can't be reached is given up from the last moment on."""
    rng = np.random.default_rng(0)
    for _ in range(5):
        nodes, weights = rng.uniform(-1, 3, (1, 7)), rng.dirichlet(np.ones(7))[None]
        truth = rng.dirichlet(0.3 * np.ones(7))[None]
        moments = [float((truth * nodes**j).sum()) for j in (1, 2)]
        found, held = calibrated(nodes, weights, moments)
        assert held == 2
        assert found.min() >= 0

        def change(w, weights=weights):
            return ((w - weights[0]) ** 2 / weights[0]).sum()

        conditions = [
            {"type": "eq", "fun": lambda w, j=j, m=m, nodes=nodes: (w * nodes[0] ** j).sum() - m}
            for j, m in enumerate([1.0, *moments])
        ]
        best = minimize(change, truth[0], bounds=[(0, None)] * 7, constraints=conditions, tol=1e-12)
        assert change(found[0]) <= best.fun * (1 + 1e-5) + 1e-9
    assert calibrated(np.array([[0.0, 1.0]]), np.array([[0.5, 0.5]]), [0.25, 0.0])[1] == 1
    assert calibrated(np.array([[0.0, 1.0]]), np.array([[0.5, 0.5]]), [2.0])[1] == 0
    assert calibrated(np.zeros((2, 3)), np.full((2, 3), 1 / 3), [0.0, 0.0])[1] == 2


def test_what_is_printed_and_drawn() -> None:
    torch.manual_seed(2)
    model, X, y = convolution(), torch.randn(30, 1, 6, 6), torch.arange(30) % 3
    loss = nn.CrossEntropyLoss()
    found = module_spectrum(model, loss, (X, y), probes=3, steps=15, seed=4)
    assert isinstance(found, SpectralDensity)
    assert found.trust is Trust.HEURISTIC
    for words in (
        "an estimate",
        "seed 4",
        "1e-06",
        "CrossEntropyLoss",
        "squared norm about",
        "squared norm is estimated",
    ):
        assert words in str(found)
    assert len(found.figure().axes) == 2
    again = module_spectrum(model, loss, (X, y), probes=3, steps=15, seed=4)
    assert np.array_equal(again.weights, found.weights)
    decayed = module_spectrum(model, loss, (X, y), probes=3, steps=15, seed=4, weight_decay=0.5)
    assert decayed.trace == pytest.approx(found.trace + 0.5 * found.parameters)
    np.testing.assert_allclose(decayed.nodes, found.nodes + 0.5)
    one = certify(model, loss, (X, y))
    assert one.lower <= found.eigenvalues.upper
    flat = mlp(4, 5, 3)
    dense_one = module_spectrum(flat, "half-mse", (X[:, 0, 0, :4], torch.randn(30, 3)), weight_decay=0.5)
    assert dense_one.integrate(np.square)[0] * dense_one.parameters == pytest.approx(dense_one.squared_norm, rel=1e-12)
    with pytest.raises(ValueError, match="probes must be"):
        module_spectrum(model, loss, (X, y), probes=0)
    assert certify(model, loss, (X, y), dtype="float32", tol=1e-3).trace == pytest.approx(found.trace, rel=1e-12)
