"""Theorem F: the trace by automatic differentiation on random networks, the weight by quadrature and simulation."""

import math
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.integrate import quad
from sympy import Rational

from boundcalc import cap
from boundcalc.enclosure import enclose
from boundcalc.registry import theorem
from boundcalc.statements.extra_symbols import trace
from boundcalc.symbols import d as D
from boundcalc.symbols import h as H

Array = NDArray[np.float64]
WIDTH, POINTS = 3, 7


def random_networks(count: int, d: int, seed: int) -> tuple[Array, Array, Array, Array, Array, Array]:
    """Data (count, points, d) in the ball, labels, and w, b, v, beta of as many networks."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(count, POINTS, d))
    x *= (rng.random((count, POINTS, 1)) ** (1 / d)) / np.linalg.norm(x, axis=2, keepdims=True)
    w, b = rng.normal(size=(count, WIDTH, d)), 0.5 * rng.normal(size=(count, WIDTH))
    v, beta = rng.normal(size=(count, WIDTH)) * 10 ** rng.uniform(-2, 2, (count, 1)), rng.normal(size=count)
    return x, rng.normal(size=(count, POINTS)), w, b, v, beta


def weights(x: Array, w: Array, b: Array) -> tuple[Array, Array]:
    """|w|, and the weight g_tr of every neuron with its own orientation and with the opposite one, from its definition."""
    norm = np.linalg.norm(w, axis=2)
    excess = np.einsum("npd,nkd->npk", x, w / norm[..., None]) - (b / norm)[:, None, :]
    square = (x**2).sum(axis=2)[..., None] + 1
    sides = [
        2 * np.sqrt(np.mean((side > 0) * square, axis=1) * np.mean(np.maximum(side, 0) ** 2, axis=1))
        for side in (excess, -excess)
    ]
    return norm, np.stack(sides)


def traces(x: Array, y: Array, w: Array, b: Array, v: Array, beta: Array) -> Array:
    """Of the Hessian of (1/2n) sum (y - f)^2, by differentiating twice: nothing of Theorem F enters."""
    torch = pytest.importorskip("torch")
    d = x.shape[2]
    flat = np.concatenate([np.concatenate([w, b[..., None], v[..., None]], 2).reshape(len(x), -1), beta[:, None]], 1)
    theta = torch.from_numpy(flat).requires_grad_()
    rows = theta[:, :-1].reshape(len(x), WIDTH, d + 2)
    hidden = torch.relu(torch.from_numpy(x) @ rows[:, :, :d].transpose(1, 2) - rows[:, None, :, d])
    output = (hidden * rows[:, None, :, d + 1]).sum(2) + theta[:, -1:]
    # Networks don't interact: one pass over the sum of their losses differentiates all of them.
    loss = ((torch.from_numpy(y) - output) ** 2).mean(1).sum() / 2
    (gradient,) = torch.autograd.grad(loss, theta, create_graph=True)
    second = [
        torch.autograd.grad(gradient[:, j].sum(), theta, retain_graph=True)[0][:, j] for j in range(theta.shape[1])
    ]
    return np.asarray(torch.stack(second).sum(0))


# Sums of a few dozen rounded products and one root: their relative error is far below this.
ROUNDING = 1e-12


def test_inequality_on_ten_thousand_networks_and_identity() -> None:
    undecided = checked = 0
    for d in (1, 2, 3, 5):
        x, y, w, b, v, beta = random_networks(2500, d, seed=d)
        measured = traces(x, y, w, b, v, beta)
        z = (x**2).sum(axis=2)[..., None] + 1
        pre = np.einsum("npd,nkd->npk", x, w) - b[:, None, :]
        formula = 1 + (((pre > 0) * z * v[:, None, :] ** 2).mean(1) + (np.maximum(pre, 0) ** 2).mean(1)).sum(1)
        np.testing.assert_allclose(measured, formula, rtol=1e-12)
        norm, both = weights(x, w, b)
        cost = (np.abs(v) * norm * both.min(axis=0)).sum(1)
        bound = np.array([float(theorem("trace-seminorm").bound.expr.subs(trace, t)) for t in measured])
        slack = ROUNDING * measured
        assert not np.any(cost * (1 - ROUNDING) > bound + slack), "refuted"
        undecided += int(np.sum(cost * (1 + ROUNDING) > bound - slack))
        checked += len(cost)
    assert checked == 10_000
    # Networks without an active neuron have trace 1 and cost 0: equality, which no enclosure decides.
    assert undecided <= 60


def test_equality_at_the_balance() -> None:
    for d in (1, 2, 5):
        x, y, w, b, v, beta = random_networks(300, d, seed=10 + d)
        norm, both = weights(x, w, b)
        pre = np.einsum("npd,nkd->npk", x, w) - b[:, None, :]
        first = ((pre > 0) * ((x**2).sum(axis=2)[..., None] + 1)).mean(1)
        second = (np.maximum(pre, 0) ** 2).mean(1)
        active = second > 0
        c = np.where(active, (second / np.where(active, first * v**2, 1)) ** 0.25, 1.0)
        measured = traces(x, y, w / c[..., None], b / c, v * c, beta)
        np.testing.assert_allclose((np.abs(v) * norm * both[0]).sum(1), measured - 1, rtol=1e-12, atol=1e-12)


def test_a_network_without_active_neurons_has_trace_one() -> None:
    x, y, w, b, v, beta = random_networks(50, 3, seed=4)
    far = b + 10 * np.linalg.norm(w, axis=2)
    np.testing.assert_allclose(traces(x, y, w, far, v, beta), 1.0, rtol=1e-14)


@pytest.mark.parametrize("d", range(1, 51))
def test_population_weight_against_quadrature(d: int) -> None:
    c, p = cap.marginal_constant(d), (d - 1) / 2

    def integral(f: Callable[[float], float], t: float) -> float:
        return float(quad(lambda s: c * (1 - s * s) ** p * f(s), t, 1, epsabs=0)[0])

    for height in (1.0, 0.6, 0.1):
        t = 1 - height
        first = integral(lambda s: 1 + s * s + (1 - s * s) * (d - 1) / (d + 1), t)
        second = integral(lambda s: s * s, t) - 2 * t * integral(lambda s: s, t) + t * t * integral(lambda s: 1.0, t)
        assert cap.trace_weight(d, height) == pytest.approx(2 * math.sqrt(first * second), rel=1e-6)


@pytest.mark.parametrize("d", range(1, 51))
def test_population_weight_against_simulation(d: int) -> None:
    """Points of the ball by first coordinate and norm, which are all that enters; within five standard errors."""
    rng = np.random.default_rng(d)
    count, t = 60_000, 0.15
    z, rest = rng.normal(size=count), rng.chisquare(d - 1, count) if d > 1 else np.zeros(count)
    radius = rng.random(count) ** (1 / d)
    along = radius * z / np.sqrt(z * z + rest)
    first, second = (along > t) * (radius**2 + 1), np.maximum(along - t, 0) ** 2
    found = 2 * np.sqrt(first.mean() * second.mean())
    # The delta method for sqrt(mean * mean).
    relative = (first / first.mean() + second / second.mean()) / 2
    assert found == pytest.approx(cap.trace_weight(d, 1 - t), rel=5 * relative.std() / math.sqrt(count))


def test_the_other_orientation_weighs_no_less() -> None:
    for d in (1, 2, 5, 50):
        for t in (0.0, 0.3, 0.9):
            full = (2 * d + 2) / (d + 2)  # E |X|^2 + 1
            beyond = cap.cap_mass(d, 1 - t) * (d + 1) + t * cap.first_moment(d, 1 - t)
            second = float(cap.moment(2)(d, 1 + t)) if t else cap.moment(2)(d, 1.0)
            other = 2 * math.sqrt((full - 2 * beyond / (d + 2)) * second)
            assert cap.trace_weight(d, 1 - t) <= other * (1 + 1e-12)


@pytest.mark.parametrize("d", [1, 2, 3, 10, 50, 333, 10_000])
def test_constants_are_enclosed(d: int) -> None:
    """c (1-|t|)^{(d+3)/2} <= g_tr < c' (1-|t|)^{(d+3)/2}, decided by enclosures; c is attained at t = 0."""
    statement = theorem("trace-seminorm")
    for height in (Rational(1, 10**9), Rational(1, 100), Rational(1, 3), Rational(9, 10)):
        at = {D: Rational(d), H: height}
        weight = cap.trace_weight.enclose(d, height)
        assert enclose(statement.bounds["from below"].expr, at).less_than(weight)
        assert weight.less_than(enclose(statement.bounds["from above"].expr, at))
    half, least = cap.trace_weight.enclose(d, 1), cap.trace_weight_least.enclose(d)
    assert half.less_than(least) is None
    assert half.greater_than(least) is None
    assert float(cap.trace_weight_ratio.log(d, 1e-12).log) == pytest.approx(
        float(cap.trace_weight_limit.log(d).log), abs=1e-6
    )


def test_the_trace_class_lies_in_the_class_of_the_largest_eigenvalue() -> None:
    """g_tr >= 4 g_P, so at equal C lower bounds for the trace lie below those for the population weight."""
    h = np.geomspace(1e-6, 1, 40)
    for d in (1, 2, 5, 20):
        assert np.all(cap.trace_weight(d, h) >= 4 * cap.population_weight(d, h) * (1 - 1e-12))


@pytest.mark.parametrize("d", [1, 2])
def test_weight_of_the_sample(d: int) -> None:
    """The sample's g_tr from Theorem D's depth on: at least c_1/(2(d+1)) (3/4)^{(d+1)/4} h^{(d+3)/2}, with room to spare."""
    rng = np.random.default_rng(d)
    x = rng.normal(size=(60_000, d))
    x *= rng.random((60_000, 1)) ** (1 / d) / np.linalg.norm(x, axis=1, keepdims=True)
    least = cap.marginal_constant(d) / (2 * (d + 1)) * 0.75 ** ((d + 1) / 4)
    for h in np.geomspace(0.05, 1, 12):
        u = rng.normal(size=d)
        side = x @ (u / np.linalg.norm(u)) - (1 - h)
        first = np.mean((side > 0) * ((x**2).sum(1) + 1))
        assert 2 * math.sqrt(first * np.mean(np.maximum(side, 0) ** 2)) >= least * h ** ((d + 3) / 2)
