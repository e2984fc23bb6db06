"""Traces, divergence, checkpoints, bad input."""

from __future__ import annotations

import dataclasses
import zipfile

import numpy as np
import pytest
import torch
from training_reference import make_run

from constructions.network import Network
from verify.hessian import sharpness
from verify.training import Activation, Init, Run, initial_network, train
from verify.training.top_eigenvalue import top_eigenvalue


def same_bits(a, b):
    for first, second in zip(a.networks, b.networks, strict=True):
        for name in ("W", "b", "v", "beta"):
            assert np.array_equal(getattr(first, name), getattr(second, name)), name
    for first, second in zip(a.traces, b.traces, strict=True):
        for field in dataclasses.fields(first):
            assert np.array_equal(getattr(first, field.name), getattr(second, field.name), equal_nan=True), field.name


class Interrupted(Exception):
    pass


@pytest.mark.slow
@pytest.mark.parametrize("device", ["cpu", "cpu:0"])
@pytest.mark.parametrize("activation", Activation)
@pytest.mark.parametrize("decay", [0.0, 0.05])
def test_a_resumed_run_has_the_same_bits(tmp_path, device, activation, decay):
    options = {"decay": decay, "activation": activation, "clip": 50.0}
    runs = [make_run(seed, n=120, d=2, width=90, eta=0.9, **options) for seed in range(2)]
    settings = {"trace_at": [0, 50, 200, 333], "device": device}
    whole = train(runs, 333, **settings)
    path = tmp_path / "state.npz"

    def stop_at(limit):
        def progress(step):
            if step >= limit:
                raise Interrupted

        return progress

    for limit in (37, 150, 270):
        with pytest.raises(Interrupted):
            train(runs, 333, checkpoint=path, checkpoint_every=37, progress=stop_at(limit), **settings)
    steps = []
    resumed = train(runs, 333, checkpoint=path, checkpoint_every=37, progress=steps.append, **settings)
    assert min(steps) > 259
    same_bits(whole, resumed)
    # A finished checkpoint is read, not trained again.
    same_bits(whole, train(runs, 333, checkpoint=path, checkpoint_every=37, **settings))


def test_resume_from_every_step_of_the_lists(tmp_path):
    """With and without a list of near pairs in use, just before and after it is renewed."""
    runs = [make_run(5, n=150, d=3, width=100, eta=0.5)]
    path = tmp_path / "state.npz"
    for steps in range(20, 120, 7):
        path.unlink(missing_ok=True)
        train(runs, steps, checkpoint=path)
        same_bits(train(runs, 140, checkpoint=path), train(runs, 140))


@pytest.mark.parametrize("damage", ["cut", "text", "other runs", "other version", "past", "other traces"])
def test_a_wrong_checkpoint_is_refused_and_left_alone(tmp_path, damage):
    path = tmp_path / "state.npz"
    runs = [make_run(0)]
    train(runs, 20, trace_at=[10], checkpoint=path)
    steps, trace_at = 40, [10]
    if damage == "cut":
        path.write_bytes(path.read_bytes()[:-100])
    elif damage == "text":
        path.write_text("not a checkpoint")
    elif damage == "other runs":
        runs = [make_run(1)]
    elif damage == "other version":
        with np.load(path) as archive:
            arrays = {name: archive[name] for name in archive.files}
        np.savez(path, **(arrays | {"format": np.array("boundcalc training 0")}))
    elif damage == "past":
        steps = 15
    else:
        trace_at = [5]
    before = path.read_bytes()
    with pytest.raises(ValueError, match="checkpoint"):
        train(runs, steps, trace_at=trace_at, checkpoint=path)
    assert path.read_bytes() == before


def test_checkpoints_hold_no_pickle(tmp_path):
    path = tmp_path / "state.npz"
    train([make_run(0)], 5, checkpoint=path)
    assert zipfile.is_zipfile(path)
    with np.load(path, allow_pickle=False) as archive:
        assert all(archive[name].dtype != object for name in archive.files)
    assert [p.name for p in tmp_path.iterdir()] == ["state.npz"]


@pytest.mark.parametrize("device", ["cpu", "cpu:0"])
@pytest.mark.parametrize("activation", Activation)
def test_divergence_is_recorded_and_leaves_the_others_alone(device, activation):
    wild = make_run(0, eta=60.0, large_step=True, activation=activation)
    calm = make_run(1, eta=0.3, activation=activation)
    result = train([calm, wild, calm], 300, trace_at=[0, 300], dtype=np.float64, device=device)
    assert result.networks[1] is None
    assert result.diverged_at[0] is None
    assert 0 < result.diverged_at[1] < 100
    assert np.isnan(result.traces[1].loss[1])
    assert np.isfinite(result.traces[1].loss[0])
    alone = train([calm], 300, dtype=np.float64).networks[0]
    assert np.abs(result.networks[0].W - alone.W).max() <= 1e-11
    assert np.abs(result.networks[2].W - alone.W).max() <= 1e-11


def test_trace_entries_against_plain_formulas():
    run = make_run(2, n=60, d=2, width=40, eta=0.4)
    fresh = np.random.default_rng(9).uniform(-0.5, 0.5, (70, 2))
    run = dataclasses.replace(run, fresh_X=fresh, fresh_truth=fresh[:, 0])
    result = train([run], 80, trace_at=[0, 40, 80], dtype=np.float64)
    trace, network = result.traces[0], result.networks[0]
    X, y = np.asarray(run.X), np.asarray(run.y)
    f = np.maximum(X @ network.W.T - network.b, 0) @ network.v + network.beta
    assert trace.step.tolist() == [0, 40, 80]
    assert trace.loss[-1] == pytest.approx(np.mean((f - y) ** 2) / 2, rel=1e-12)
    assert trace.train_mse[-1] == pytest.approx(np.mean((f - X[:, 0]) ** 2), rel=1e-12)
    assert trace.fresh_mse[-1] == pytest.approx(np.mean((network(fresh) - fresh[:, 0]) ** 2), rel=1e-12)
    active = X @ network.W.T - network.b > 0
    assert np.array_equal(trace.activation_rate[-1], active.mean(axis=0))
    assert trace.alive[-1] == active.any(axis=0).sum()
    assert np.allclose(trace.weight_norm[-1], np.abs(network.v) * np.linalg.norm(network.W, axis=1), rtol=1e-12)
    enclosed = sharpness(network, X, y)
    assert trace.sharpness[-1] == pytest.approx(enclosed.lower, rel=1e-7)
    assert trace.sharpness[-1] <= enclosed.upper
    assert trace.seminorm[-1] == pytest.approx(network.empirical_seminorm(X), rel=1e-12)
    radius = np.linalg.norm(X, axis=1).max()
    bound = trace.sharpness[-1] / 2 - 0.5 + (radius + 1) * np.sqrt(2 * trace.loss[-1])
    assert trace.slack[-1] == pytest.approx(bound - trace.seminorm[-1], rel=1e-9)
    assert (trace.slack_sharp >= 0).all()
    assert (trace.slack > trace.slack_sharp).all()


@pytest.mark.parametrize("activation", Activation)
def test_top_eigenvalue_against_the_dense_hessian(activation):
    run = make_run(6, n=30, d=2, width=12)
    net, K, d = run.network, 12, 2
    X, y = np.asarray(run.X), np.asarray(run.y)
    function = torch.relu if activation is Activation.RELU else torch.nn.functional.gelu

    def loss(theta):
        W, b, v = theta[: K * d].reshape(K, d), theta[K * d : K * d + K], theta[K * d + K : -1]
        return ((torch.tensor(y) - function(torch.tensor(X) @ W.T - b) @ v - theta[-1]) ** 2).mean() / 2

    theta = torch.tensor(np.concatenate([net.W.ravel(), net.b, net.v, [net.beta]]))
    H = torch.autograd.functional.hessian(loss, theta).numpy()
    truth = np.linalg.eigvalsh(H)[-1]
    cold = top_eigenvalue(net, X, y, activation=activation)
    warm = top_eigenvalue(net, X, y, activation=activation, warm=cold.vector, seed=1)
    for found in (cold, warm):
        assert found.value == pytest.approx(truth, rel=1e-7)
        p = found.vector
        assert np.linalg.norm(H @ p - found.value * p) <= found.residual + 1e-9


def test_a_warm_start_in_the_wrong_direction_finds_the_top():
    run = make_run(6, n=30, d=2, width=12)
    size = run.network.parameter_count
    wrong = np.eye(1, size, 0)[0]
    cold = top_eigenvalue(run.network, np.asarray(run.X), np.asarray(run.y)).value
    assert top_eigenvalue(run.network, np.asarray(run.X), np.asarray(run.y), warm=wrong).value == pytest.approx(cold)


@pytest.mark.parametrize("init", Init)
def test_initialisation_has_the_moments_of_pytorch(init):
    width, dim = 4000, 7
    ours = initial_network(init, width, dim, np.random.default_rng(0))
    torch.manual_seed(0)
    inner, outer = torch.nn.Linear(dim, width), torch.nn.Linear(width, 1)
    fill = {Init.KAIMING_NORMAL: torch.nn.init.kaiming_normal_, Init.KAIMING_UNIFORM: torch.nn.init.kaiming_uniform_}
    if init in fill:
        for layer in (inner, outer):
            fill[init](layer.weight)
    pairs = ((ours.W, inner.weight), (ours.b, inner.bias), (ours.v, outer.weight))
    for mine, theirs in pairs:
        theirs = theirs.detach().numpy()
        # Standard deviations of 4000 and more draws: relative error below 4/sqrt(4000).
        assert mine.std() == pytest.approx(theirs.std(), rel=0.07)
        assert abs(mine.mean()) < 5 * mine.std() / np.sqrt(mine.size)
        if init is not Init.KAIMING_NORMAL:
            assert np.abs(mine).max() == pytest.approx(np.abs(theirs).max(), rel=0.01)


START = initial_network(Init.LINEAR, 4, 2, np.random.default_rng(0))
GOOD = {"network": START, "X": np.zeros((3, 2)), "y": np.zeros(3), "eta": 0.1}


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"eta": 0.0}, "eta must be positive"),
        ({"eta": float("nan")}, "eta must be finite"),
        ({"eta": 2.0}, "large_step"),
        ({"eta": "0.1"}, "eta must be a real number"),
        ({"decay": -1.0}, "decay"),
        ({"decay": 10.0}, "decay"),
        ({"clip": 0.0}, "clip"),
        ({"activation": "relu"}, "Activation"),
        ({"X": np.zeros((3, 4))}, "X must have shape"),
        ({"X": np.zeros((0, 2)), "y": np.zeros(0)}, "X must not be empty"),
        ({"y": np.zeros(2)}, "y must have shape"),
        ({"y": np.array([0, np.nan, 0])}, "y must be finite"),
        ({"fresh_X": np.zeros((3, 2))}, "together"),
        ({"network": None}, "network"),
    ],
)
def test_bad_runs_are_named(change, word):
    with pytest.raises((ValueError, TypeError), match=word):
        Run(**(GOOD | change))


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"runs": []}, "at least one run"),
        ({"runs": [1]}, "class Run"),
        ({"steps": -1}, "steps"),
        ({"steps": 1.5}, "steps"),
        ({"trace_at": [11]}, "trace_at"),
        ({"dtype": np.float16}, "dtype"),
        ({"device": "nowhere"}, "device"),
        ({"checkpoint_every": 0}, "checkpoint_every"),
        ({"runs": [Run(**GOOD), make_run(0)]}, "width"),
        ({"runs": [Run(**GOOD), Run(**(GOOD | {"activation": Activation.GELU}))]}, "activation"),
    ],
)
def test_bad_batches_are_named(change, word):
    arguments = {"runs": [Run(**GOOD)], "steps": 10} | change
    with pytest.raises((ValueError, TypeError), match=word):
        train(**arguments)


def test_extreme_magnitudes_stay_finite_or_diverge():
    X = np.array([[1e-30], [1.0]])
    huge = Network([[1e20]], [0.0], [1e20])
    result = train([Run(huge, X, np.ones(2), eta=0.1)], 5, trace_at=[5])
    assert result.diverged_at == (0,)
    assert result.networks == (None,)
    tiny = Network([[1e-30]], [0.0], [1e-30])
    result = train([Run(tiny, X, np.ones(2), eta=0.1)], 5)
    assert np.isfinite(result.networks[0].beta)
