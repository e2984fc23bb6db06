"""Negative controls: enclosures against the signs of exact pivots. By default 400 random networks, all sizes below 14 parameters.

The full count is run with

    SHARPNESS_CONTROLS=10000 python -m pytest tests/verify/hessian/test_controls.py

The question asked is exact: is lambda_max < upper and not < lower, for the Hessian of the float64 data in rational
arithmetic, decided in ball arithmetic of at least 50 digits.
"""

from __future__ import annotations

import math
import os

import numpy as np
import pytest
from dense import exact_hessian, is_below

from constructions.network import Network
from verify.hessian import is_flat, sharpness
from verify.hessian.arrays import NumpyBackend
from verify.hessian.cholesky import build_for_data, build_for_parameters
from verify.hessian.components import build_blocks
from verify.hessian.inputs import read_inputs
from verify.hessian.krylov_bound import gauss_newton_trace, krylov_lower_bound, krylov_upper_bound
from verify.hessian.lanczos import lanczos
from verify.hessian.perron import perron_bound, perron_step
from verify.hessian.problem import prepare
from verify.hessian.products import LiveProducts
from verify.hessian.reduction import reduce_at
from verify.hessian.structure import build_structure
from verify.hessian.trace import TraceCertificate
from verify.outcome import Verdict

COUNT = int(os.environ.get("SHARPNESS_CONTROLS", "400"))


def random_problem(rng):
    """A small network with weights over many scales, some neurons dead, duplicated or always active."""
    d, n, K = int(rng.integers(1, 4)), int(rng.integers(1, 6)), int(rng.integers(1, 4))
    K = min(K, 12 // (d + 2)) or 1
    scale = 10.0 ** rng.uniform(-2, 2, (K, 1))
    W = rng.standard_normal((K, d)) * scale
    b = rng.standard_normal(K) * scale[:, 0] * rng.choice([0.1, 1.0])
    v = rng.standard_normal(K) * 10.0 ** rng.uniform(-1, 1)
    if K > 1 and rng.random() < 0.2:
        W[1], b[1], v[1] = W[0], b[0], v[0]
    X = rng.standard_normal((n, d))
    if rng.random() < 0.3:
        X /= np.maximum(np.linalg.norm(X, axis=1, keepdims=True), 1)
    y = rng.standard_normal(n) * 10.0 ** rng.uniform(-2, 1)
    net = Network(W, b, v, float(rng.standard_normal()))
    if rng.random() < 0.3:
        y = net(X)
    return net, X, y


@pytest.mark.slow
def test_no_enclosure_misses_and_no_sharp_network_is_called_flat():
    rng = np.random.default_rng(20260101)
    undecided = loose = 0
    for _ in range(COUNT):
        net, X, y = random_problem(rng)
        H = exact_hessian(net.W, net.b, net.v, net.beta, X, y)
        n = len(X)
        result = sharpness(net, X, y)
        assert result.proved
        assert is_below(H, n, math.nextafter(result.upper, math.inf)), (net, X, y, result)
        assert not is_below(H, n, math.nextafter(result.lower, 0.0)), (net, X, y, result)
        # Rounding bounds of ill-conditioned networks (weights over four decades) cost a few digits of width, not the proof.
        assert result.upper <= result.lower * (1 + 1e-6)
        loose += result.upper > result.lower * (1 + 1e-9)
        krylov = sharpness(net, X, y, certificate="krylov")
        assert not krylov.proved or is_below(H, n, math.nextafter(krylov.upper, math.inf)), (net, X, y, krylov)
        assert not is_below(H, n, math.nextafter(krylov.lower, 0.0)), (net, X, y, krylov)
        sharp, flat = result.lower * (1 - 1e-9), result.upper * (1 + 1e-9)
        verdict = is_flat(net, X, y, 2 / sharp)
        assert verdict is not Verdict.PROVED, (net, X, y, sharp)
        undecided += verdict is not Verdict.REFUTED
        if flat >= 1 + 1e-8:
            verdict = is_flat(net, X, y, 2 / flat)
            assert verdict is not Verdict.REFUTED
            undecided += verdict is not Verdict.PROVED
    assert undecided <= COUNT // 50
    assert loose <= 1 + COUNT // 500


@pytest.mark.slow
def test_no_certificate_accepts_a_level_that_is_too_low():
    """Every certificate, asked directly for a level below lambda_max by a relative 1e-9 and by 1e-12."""
    rng = np.random.default_rng(7)
    accepted_above = 0
    for _ in range(COUNT // 2):
        net, X, y = random_problem(rng)
        result = sharpness(net, X, y)
        value = result.lower
        problem = prepare(read_inputs(net, X, y), NumpyBackend())
        if problem.live_count == 0:
            continue
        groups = build_blocks(problem)
        certificates = [
            build_for_data(problem),
            build_for_parameters(problem),
            build_structure(problem, groups),
        ]
        trace = TraceCertificate(problem, np.linalg.qr(rng.standard_normal((problem.n, 1)))[0], problem.n)
        p = rng.uniform(0.1, 1, problem.n)
        # Short runs from random vectors: all of their bounds hold, however far they are from convergence.
        products, whole = LiveProducts(problem), gauss_newton_trace(problem)
        for steps in (1, 2, 4):
            start = rng.standard_normal(problem.size)
            run = lanczos(products.hessian_with_image, start, problem.backend, tolerance=1e-14, max_steps=steps)
            assert krylov_upper_bound(problem, run, whole) >= value * (1 - 1e-15)
            assert krylov_lower_bound(products, run)[0] <= math.nextafter(result.upper, math.inf)
        for drop in (1e-9, 1e-12):
            level = value * (1 - drop)
            assert not any(certificate.proves_below(level) for certificate in certificates)
            assert trace.bound(level) >= value * (1 - 1e-15)
            assert perron_bound(problem, level, p) >= value * (1 - 1e-15)
            parts = reduce_at(problem, level)
            assert parts is None or perron_step(parts).bound >= value * (1 - 1e-15)
        accepted_above += all(certificate.proves_below(value * (1 + 1e-9)) for certificate in certificates)
    assert accepted_above >= 0.9 * (COUNT // 2 - 1) - COUNT // 5
