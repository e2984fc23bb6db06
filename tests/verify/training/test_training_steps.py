"""Gradients and steps against PyTorch's autograd, SGD and clip_grad_norm_."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.special import erf
from training_reference import TorchLoop, distance, make_run

from verify.training import Activation, train
from verify.training.device import DeviceEngine
from verify.training.gradient import GeluGradient, Namespace, ReluGradient
from verify.training.host import HostEngine
from verify.training.stack import stack_runs, to_network

OPTIONS = [
    {},
    {"decay": 0.3},
    {"clip": 0.05},
    {"clip": 50.0},
    {"clip": 0.2, "decay": 0.05},
]


def spaces(dtype):
    torch_dtype = torch.float64 if dtype == np.float64 else torch.float32
    return {
        "numpy": (Namespace(np, lambda *shape: np.empty(shape, dtype), erf), np.asarray),
        "torch": (
            Namespace(torch, lambda *shape: torch.empty(shape, dtype=torch_dtype), torch.special.erf),
            torch.tensor,
        ),
    }


@pytest.mark.slow
@pytest.mark.parametrize("library", ["numpy", "torch"])
@pytest.mark.parametrize("activation", Activation)
@pytest.mark.parametrize("dims", [(3, 3), (1, 4, 2)])
def test_gradient_equals_autograd(library, activation, dims):
    runs = [make_run(seed, d=d, activation=activation) for seed, d in enumerate(dims)]
    stack = stack_runs(runs, np.dtype(np.float64))
    space, send = spaces(np.float64)[library]
    kind = ReluGradient if activation is Activation.RELU else GeluGradient
    gradient = kind(space, send(stack.Z), send(stack.y), stack.width)
    parameters = send(stack.omega), send(stack.v), send(stack.beta)
    gradient.detect(parameters[0])
    gradient(*parameters)
    for at, (run, d) in enumerate(zip(runs, dims, strict=True)):
        loop = TorchLoop(run)
        loss = loop.backward()
        W, b, v, beta = loop.gradient()
        omega = np.asarray(gradient.omega)[:, at]
        assert float(gradient.loss[at]) == pytest.approx(loss, rel=1e-13)
        for ours, theirs in ((omega[:d].T, W), (omega[-1], b), (np.asarray(gradient.v)[at], v)):
            assert np.abs(ours - theirs).max() <= 1e-12
        assert abs(float(gradient.beta[at]) - beta) <= 1e-12
        assert not omega[d:-1].any()  # padding stays out


@pytest.mark.parametrize("engine", ["host", "device"])
@pytest.mark.parametrize("activation", Activation)
@pytest.mark.parametrize("options", OPTIONS)
def test_one_step_equals_sgd(engine, activation, options):
    runs = [
        make_run(seed, d=d, eta=eta, activation=activation, **options)
        for seed, (d, eta) in enumerate([(3, 0.5), (2, 0.1)])
    ]
    stack = stack_runs(runs, np.dtype(np.float64))
    stepper = HostEngine(stack) if engine == "host" else DeviceEngine(stack, "cpu")
    stepper.advance(1)
    omega, v, beta = stepper.parameters()
    for at, run in enumerate(runs):
        ours = to_network(omega[:, at], v[at], beta[at], run.network.dim)
        assert distance(ours, TorchLoop(run).steps(1).network()) <= 1e-12


@pytest.mark.slow
@pytest.mark.parametrize("activation", Activation)
@pytest.mark.parametrize("options", OPTIONS)
def test_many_steps_equal_sgd(activation, options):
    """Long enough for lists of near pairs, dead neurons and smaller arrays; differences grow with the dynamics."""
    run = make_run(3, n=150, d=3, width=100, eta=0.5, activation=activation, **options)
    result = train([run], 400, dtype=np.float64)
    assert distance(result.networks[0], TorchLoop(run).steps(400).network()) <= 1e-10


@pytest.mark.parametrize("activation", Activation)
def test_float32_steps(activation):
    run = make_run(4, n=100, width=60, eta=0.2, clip=1.0, decay=0.01, activation=activation)
    result = train([run], 20)
    theirs = TorchLoop(result.runs[0], torch.float32).steps(20).network()
    assert distance(result.networks[0], theirs) <= 1e-5
    assert distance(result.networks[0], run.network) > 1e-2


def test_a_batch_gives_what_single_runs_give():
    runs = [make_run(seed, d=d, eta=eta, decay=decay, clip=clip) for seed, (d, eta, decay, clip) in enumerate(
        [(2, 0.5, 0.0, None), (4, 0.2, 0.1, 0.5), (1, 0.9, 0.0, 50.0)]
    )]  # fmt: skip
    together = train(runs, 150, dtype=np.float64)
    for run, network in zip(runs, together.networks, strict=True):
        assert distance(network, train([run], 150, dtype=np.float64).networks[0]) <= 1e-11


@pytest.mark.slow
@pytest.mark.parametrize("activation", Activation)
def test_device_engine_equals_host_engine(activation):
    runs = [make_run(seed, n=120, width=80, eta=0.6, decay=0.02 * seed, activation=activation) for seed in range(3)]
    host, device = (train(runs, 300, dtype=np.float64, device=name) for name in ("cpu", "cpu:0"))
    for a, b in zip(host.networks, device.networks, strict=True):
        assert distance(a, b) <= 1e-10


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
@pytest.mark.parametrize("activation", Activation)
def test_cuda_graphs_equal_the_host(activation):
    runs = [
        make_run(seed, n=120, width=80, eta=0.6, decay=0.02 * seed, clip=1.0, activation=activation)
        for seed in range(3)
    ]
    host, device = (train(runs, 101, dtype=np.float64, device=name) for name in ("cpu", "cuda"))
    for a, b in zip(host.networks, device.networks, strict=True):
        assert distance(a, b) <= 1e-10
    again = train(runs, 101, dtype=np.float64, device="cuda")
    assert all(distance(a, b) == 0 for a, b in zip(device.networks, again.networks, strict=True))
