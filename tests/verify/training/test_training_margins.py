"""Skipping is exact: patterns, dead neurons."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import erf
from training_reference import make_run

from verify.training.gradient import Namespace, ReluGradient
from verify.training.host import HostEngine
from verify.training.margins import SignMargins
from verify.training.stack import stack_runs


def pattern_and_doubt(omega, Z):
    """(signs, whether float64 products leave them beyond doubt) of all pairs, from the products in longer arithmetic."""
    h = np.einsum("dbl,dbn->bln", omega.astype(np.longdouble), Z.astype(np.longdouble))
    scale = np.linalg.norm(omega, axis=0)[:, :, None] * np.linalg.norm(Z, axis=0)[:, None, :]
    return h > 0, np.abs(h) > 1e-5 * scale


@pytest.mark.slow
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("kind", ["drift", "alternating", "kicks", "shrinking"])
def test_patterns_are_exact_along_any_path(dtype, kind):
    rng = np.random.default_rng(0)
    D, B, L, n = 4, 2, 60, 120
    Z = rng.standard_normal((D, B, n)).astype(dtype)
    omega = rng.standard_normal((D, B, L)).astype(dtype)
    gradient = ReluGradient(Namespace(np, lambda *shape: np.empty(shape, dtype), erf), Z, np.zeros((B, n), dtype), L)
    margins = SignMargins(gradient, omega)
    direction = rng.standard_normal(omega.shape).astype(dtype)
    frozen, keep = np.zeros(B, bool), np.full(B, 0.99, dtype) if kind == "shrinking" else None
    listed, pairs = 0, []
    for t in range(300):
        margins.fill(omega)
        signs, sure = pattern_and_doubt(omega, Z)
        assert np.array_equal(gradient.A[sure] > 0, signs[sure])
        listed += margins.listed
        if margins.listed:
            pairs.append(len(margins._pairs))
        size = {
            "drift": 2e-4,
            "alternating": 2e-3 * (-1) ** t,
            "kicks": 1.0 if t % 60 == 59 else 1e-5,
            "shrinking": 1e-5,
        }
        step = (size[kind] * direction).astype(dtype)
        if keep is not None:
            omega *= keep[:, None]
        omega -= step
        margins.moved(omega, step, keep, frozen)
    # The lists were in use, and short.
    assert listed > 100
    assert np.mean(pairs) < 0.04 * B * L * n


def test_dead_neurons_are_left_out_and_stand_still():
    run = make_run(1, n=200, d=2, width=150, eta=0.9, clip=50.0)
    engine = HostEngine(stack_runs([run], np.dtype(np.float64)))
    engine.advance(600)
    held = engine.live.shape[1]
    assert held < 150
    before = engine.parameters()[0]
    engine.advance(100)
    after = engine.parameters()[0]
    out = np.setdiff1d(np.arange(150), engine.live[0])
    assert np.array_equal(before[:, :, out], after[:, :, out])
    rest = np.asarray(run.X) @ after[:-1, 0][:, out] - after[-1, 0][out]
    assert (rest < 0).all()
    assert not np.array_equal(before, after)


def test_dead_neurons_shrink_by_decay_as_in_every_step():
    run = make_run(1, n=200, d=2, width=150, eta=0.9, decay=0.001, clip=50.0)
    engine = HostEngine(stack_runs([run], np.dtype(np.float64)))
    engine.advance(600)
    out = np.setdiff1d(np.arange(150), engine.live[0])
    assert len(out) > 0
    before = engine.parameters()[0][:, 0, out]
    for _ in range(50):
        before = before * (1 - 0.9 * 0.001)
    engine.advance(50)
    assert np.array_equal(engine.parameters()[0][:, 0, out], before)
