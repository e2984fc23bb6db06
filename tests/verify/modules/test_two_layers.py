"""Two layers, several outputs, any convex loss: proved enclosures hold, in float64 and in 60 digits, and are narrow."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import digits
import mpmath
import numpy as np
import pytest
import torch
from flint import arb, ctx
from random_models import dense, half_mse, mlp
from torch import nn

from verify import certify
from verify.hessian import convex
from verify.hessian.arrays import NumpyBackend, TorchBackend
from verify.hessian.from_torch import two_layers
from verify.hessian.losses import exp_below, squared
from verify.modules.certificate import read_problem
from verify.modules.loss import read_loss
from verify.outcome import Trust


def random_case(seed: int, largest: int = 10) -> tuple[nn.Module, Any, Any, torch.Tensor, torch.Tensor]:
    """(model, loss as passed, loss as torch computes it, X, y): missing biases, frozen tensors, weights, scales."""
    rng = np.random.default_rng(seed)
    torch.manual_seed(seed)
    c, n, d, K = (int(rng.integers(1, most)) for most in (largest + 1, 2 * largest, 2 + largest // 3, 2 + largest // 2))
    act = (nn.ReLU(), nn.ReLU(), nn.LeakyReLU(float(rng.uniform(-0.5, 1.5))), nn.Identity())[rng.integers(4)]
    model = nn.Sequential(nn.Linear(d, K, bias=rng.random() < 0.6), act, nn.Linear(K, c, bias=rng.random() < 0.6))
    model = model.double() if rng.random() < 0.5 else model
    scale = float(rng.choice([0.01, 0.3, 1, 1.5, 5]))
    free = list(model.parameters())
    for p in free:
        p.data *= scale
    if rng.random() < 0.5:
        for p in free:
            p.requires_grad_(bool(rng.random() < 0.6))
        free[rng.integers(len(free))].requires_grad_(True)
    X = torch.randn(n, d, dtype=torch.float64) * float(rng.choice([1e-3, 1, 1, 1, 30]))
    numbers, reduction = torch.randn(n, c, dtype=torch.float64), ("mean", "sum")[rng.integers(2)]
    weights = [torch.rand(c, dtype=torch.float64) * 2 if rng.random() < 0.4 else None for _ in range(2)]
    kind = rng.integers(6)
    if kind == 0:
        return model, "half-mse", half_mse, X, numbers
    if kind < 3:
        loss: Any = (nn.MSELoss(reduction=reduction), nn.HuberLoss(reduction, float(rng.uniform(0.1, 2))))[kind - 1]
        return model, loss, loss, X, numbers
    if kind == 3:
        loss = nn.BCEWithLogitsLoss(weights[0], pos_weight=weights[1], reduction=reduction)
        return model, loss, loss, X, numbers.sigmoid() if rng.random() < 0.5 else (numbers > 0).double()
    loss = nn.CrossEntropyLoss(weights[0], reduction=reduction, label_smoothing=float(rng.choice([0, 0, 0.1, 1])))
    labels = torch.from_numpy(rng.integers(0, c, n))
    if n > 1 and rng.random() < 0.2:
        labels[0] = loss.ignore_index
    return model, loss, loss, X, labels if kind == 4 else torch.softmax(numbers, 1)


def check(seed: int) -> None:
    """Against the dense Hessian in float64; only Hessians that vanish are left to others."""
    model, loss, own, X, y = random_case(seed)
    H = dense(model, own, X, y, check=False)
    values = np.linalg.eigvalsh((H + H.T) / 2)
    top, slack = values[-1], 1e-13 * np.abs(values).max()
    if top < 1e-100:
        return
    found = certify(model, loss, (X, y), certificate="two-layer", tol=1e-9)
    assert found.trust is Trust.PROVED
    if not found.lower - slack <= top <= found.upper + slack:
        # Of saturated outputs torch loses all digits of 1 - p: then the exact Hessian decides.
        assert top < 1e-12, seed
        contains(found, *digits.top_eigenvalue(digits.hessian(model, loss, X, y, 200)))
        return
    assert found.upper - found.lower <= 2e-9 * top, seed
    if found.lambda_min is not None:
        assert found.lambda_min.lower - slack <= values[0] <= found.lambda_min.upper + slack, seed
    assert np.linalg.norm(H @ found.eigenvector - found.value * found.eigenvector) <= 1e-4 * top, seed


def check_exactly(seed: int, largest: int) -> None:
    model, loss, own, X, y = random_case(seed, largest)
    H = digits.hessian(model, loss, X, y)
    D = dense(model, own, X, y, check=False)
    assert np.abs(digits.rounded(H) - D).max() <= 1e-11 * np.abs(D).max() + 1e-100
    if np.abs(D).max() < 1e-100:
        return
    contains(certify(model, loss, (X, y), certificate="two-layer"), *digits.top_eigenvalue(H))


def contains(found: Any, low: arb, high: arb) -> None:
    """The enclosure against bounds of the eigenvalue from both sides."""
    assert arb(found.lower) <= high
    assert low <= arb(found.upper)


@pytest.mark.parametrize("block", range(3))
def test_random_networks(block: int) -> None:
    for seed in range(12 * block, 12 * block + 12):
        check(seed)


@pytest.mark.parametrize("seed", range(500, 505))
def test_random_networks_in_60_digits(seed: int) -> None:
    check_exactly(seed, 3)


@pytest.mark.slow
@pytest.mark.parametrize("block", range(6))
def test_many_random_networks(block: int) -> None:
    for seed in range(1000 + 50 * block, 1050 + 50 * block):
        check(seed)


@pytest.mark.slow
@pytest.mark.parametrize("block", range(6))
def test_many_random_networks_in_60_digits(block: int) -> None:
    for seed in range(2000 + 10 * block, 2010 + 10 * block):
        check_exactly(seed, 4)


def test_the_exponential_is_within_64_roundings() -> None:
    x = -np.concatenate([np.linspace(0, 1, 200), np.geomspace(1e-300, 600, 300)])
    for value, computed in zip(x, exp_below(x), strict=True):
        with ctx.workdps(50):
            assert abs(arb(float(computed)) / arb(float(value)).exp() - 1) < 4 * 2.0**-53
    assert exp_below(np.array([-1e300, -np.inf])).max() < 2.0**-864


@pytest.mark.parametrize("kind", ["half-mse", nn.HuberLoss(delta=0.7), nn.BCEWithLogitsLoss(), nn.CrossEntropyLoss()])
def test_derivatives_of_losses_are_within_their_bounds(kind: Any) -> None:
    """At outputs anywhere within their errors, from a rounding to a tenth, up to saturation."""
    rng = np.random.default_rng(7)
    for case in range(40):
        c, loss = int(rng.integers(2, 5)), kind
        f = rng.standard_normal((1, c)) * 10.0 ** rng.integers(-2, 4)
        e = np.full((1, c), 10.0 ** rng.choice([-17, -13, -6, -1]))
        y = torch.rand(1, c, dtype=torch.float64)
        weight = torch.rand(c, dtype=torch.float64) * 3
        if isinstance(kind, nn.BCEWithLogitsLoss):
            loss = nn.BCEWithLogitsLoss(weight, pos_weight=weight + 1)
            y = y.round() if case % 2 else y
        elif isinstance(kind, nn.CrossEntropyLoss):
            loss = nn.CrossEntropyLoss(weight, label_smoothing=0.1 * (case % 3))
            y = torch.tensor([case % c]) if case % 2 else y
        if isinstance(kind, nn.HuberLoss) and np.abs(np.abs(f - y.numpy()) - 0.7).min() < 2 * e.max():
            continue
        found = read_loss(loss).points(y, c)[0](f, e)
        places = rng.uniform(-1, 1, c) * e[0]
        with ctx.workdps(600):  # 1 - p of a saturated output must have digits
            exact = digits.balls(f[0]) + digits.balls(places)
            rho, S = digits.differences(lambda x, loss=loss, y=y: digits.total(loss, x[None], y)[0], exact, 150)
            F, miss = digits.balls(found.factor[0]), rho - digits.balls(found.first[0])
            assert (miss * miss).sum() <= arb(float(found.first_error[0])) ** 2, case
            change = [[mpmath.mpf(tuple(map(int, x.mid().man_exp()))) for x in row] for row in S - digits.times(F.T, F)]
        with mpmath.workdps(600):
            values = mpmath.eigsy(mpmath.matrix(change), eigvals_only=True)
            differenced = mpmath.mpf(10) ** -250  # what second differences leave of exact zeros
            assert max(abs(v) for v in values) <= float(found.error[0]) + differenced, case


def engine(seed: int, backend: Any = None) -> tuple[convex.ConvexProblem, float]:
    """A problem of the engine, and its largest eigenvalue from the dense matrix."""
    model, loss, own, X, y = random_case(seed, 6)
    problem, _ = read_problem(model, loss, (X, y))
    point, factor = problem.loss.points(problem.batches[0][1], model[2].out_features)
    H = dense(model, own, X, y, check=False) / float(factor * len(X))
    return convex.prepare(two_layers(model), X.numpy(), point, backend or NumpyBackend()), float(
        np.linalg.eigvalsh(H)[-1]
    )


@pytest.mark.parametrize("backend", [NumpyBackend(), TorchBackend(torch.device("cpu"))], ids=["numpy", "torch"])
def test_each_dense_certificate_is_sharp(backend: Any) -> None:
    """What is below the eigenvalue isn't proved, what is just above it is, in the space of parameters and of the data."""
    tried = 0
    for seed in range(30):
        try:
            problem, top = engine(seed, backend)
        except ValueError:
            continue
        if top < 1e-100:
            continue
        for build in (convex.by_parameters, convex.by_rows):
            dense_one = build(problem)
            assert not dense_one.proves_below(top * (1 - 1e-9)), (seed, build)
            # Where the residual part alone has this eigenvalue, the reduction is singular at it.
            wide = 1e-9 if build is convex.by_parameters or problem.gamma_max < top * 0.999 else 1e-3
            assert dense_one.proves_below(top * (1 + wide)), (seed, build)
            tried += 1
    assert tried >= 40


def test_products_rows_and_trace_belong_together() -> None:
    for seed in range(20):
        try:
            problem, top = engine(seed)
        except ValueError:
            continue
        rows = problem.jacobian_rows(slice(None))
        whole = np.stack([problem.product(column)[0] for column in np.eye(problem.size)])
        np.testing.assert_allclose(whole, whole.T, atol=1e-14 * abs(whole).max())
        np.testing.assert_allclose(np.linalg.eigvalsh(whole)[-1], top, rtol=1e-11, atol=1e-130)
        p = np.random.default_rng(seed).standard_normal(problem.size)
        np.testing.assert_allclose(problem.product(p)[1], rows @ p, atol=1e-12 * (1 + abs(rows @ p).max()))
        exact = float((rows**2).sum()) / problem.n
        assert exact <= problem.trace * (1 + 1e-12)
        assert problem.trace <= exact * (1 + 1e-5) + 1e-130
        C = np.linalg.norm(problem.C, 2, axis=(1, 2)).max() if problem.C.size else 0.0
        assert C * (1 - 1e-14) <= problem.gamma_max <= C * (1 + 1e-10) + 1e-130


def extremes() -> dict[str, tuple[nn.Module, Any, torch.Tensor, torch.Tensor]]:
    torch.manual_seed(5)
    X, labels = torch.randn(6, 2).double(), torch.arange(6) % 3
    saturated, dead, tiny, plain = (mlp(2, 3, 3).double() for _ in range(4))
    saturated[2].weight.data *= 200
    right = saturated(X).argmax(1)
    dead[0].bias.data[:2] = -100.0
    for p in tiny.parameters():
        p.data *= 1e-30
    bare = mlp(2, 3, 3, bias=False).double()
    ce = nn.CrossEntropyLoss()
    return {
        "saturated, right": (saturated, ce, X, right),
        "saturated, wrong": (saturated, ce, X, (right + 1) % 3),
        "saturated, logistic": (saturated, nn.BCEWithLogitsLoss(), X, torch.eye(3).double()[right]),
        "dead": (dead, ce, X, labels),
        "tiny": (tiny, ce, X, labels),
        "large data": (plain, ce, X * 1e6, labels),
        "huge data": (plain, nn.MSELoss(), X * 1e10, torch.randn(6, 3).double()),
        "tiny data": (bare, ce, X * 1e-25, labels),
        "one point": (plain, ce, X[:1], labels[:1]),
        "one neuron": (mlp(2, 1, 3).double(), ce, X, labels),
        "one of each": (mlp(1, 1, 1).double(), nn.BCEWithLogitsLoss(), X[:1, :1], torch.ones(1, 1).double()),
        "linear": (nn.Linear(2, 3).double(), ce, X, labels),
    }


@pytest.mark.parametrize("name", extremes())
def test_extremes(name: str) -> None:
    model, loss, X, y = extremes()[name]
    found = certify(model, loss, (X, y), certificate="two-layer")
    contains(found, *digits.top_eigenvalue(digits.hessian(model, loss, X, y, 200)))
    assert found.upper - found.lower <= (1e-3 if "data" in name or "saturated" in name else 1e-8) * found.upper


def test_what_rounding_leaves_open_is_refused_by_name() -> None:
    torch.manual_seed(0)
    model, X, labels = mlp(3, 6, 4).double(), torch.randn(12, 3).double(), torch.arange(12) % 4
    with pytest.raises(ValueError, match=r"beyond 2\*\*40"):
        certify(model, "half-mse", (X * 1e13, torch.zeros(12, 4).double()), certificate="two-layer")
    for p in model.parameters():
        p.data *= 1e6
    with pytest.raises(ValueError, match="too large for float64"):
        certify(model, nn.CrossEntropyLoss(), (X * 1e6, labels), certificate="two-layer")
    # r = 1 exactly: Huber's kink
    line = mlp(1, 1, 1).double()
    for p in line.parameters():
        p.data[...] = 1.0
    with pytest.raises(ValueError, match="kink of Huber"):
        certify(line, nn.HuberLoss(), (torch.ones(1, 1), torch.full((1, 1), 2.0)), certificate="two-layer")
    with pytest.raises(ValueError, match="y between 0 and 1"):
        certify(line, nn.BCEWithLogitsLoss(), (torch.ones(1, 1), torch.full((1, 1), 2.0)), certificate="two-layer")


@pytest.mark.parametrize("count", [2, 9])
def test_at_kinks_every_side_is_enclosed(count: int) -> None:
    """A few are tried one by one, more are bounded: torch's side and the other one lie inside."""
    torch.manual_seed(1)
    model, X = mlp(2, 4, 3, bias=False).double(), torch.randn(20, 2).double()
    with torch.no_grad():
        model[0].weight[0] = torch.tensor([1.0, 0.0])
        X[:count, 0] = 0.0
    y = torch.arange(20) % 3
    found = certify(model, nn.CrossEntropyLoss(), (X, y), certificate="two-layer", tol=0.5)
    assert found.kink_distance == 0
    for side in (1e-9, -1e-9):
        moved = X.clone()
        moved[:count, 0] = side
        top = np.linalg.eigvalsh(dense(model, nn.CrossEntropyLoss(), moved, y, check=False))[-1]
        assert found.lower <= top * (1 + 1e-7)
        assert top * (1 - 1e-7) <= found.upper


def test_what_divides_a_mean_is_exact() -> None:
    """Class weights that no float adds up without error, batches of several sizes."""
    weight = torch.tensor([0.1, 1e-17, 3.0], dtype=torch.float64)
    loss = nn.CrossEntropyLoss(weight)
    X, y = torch.randn(7, 2).double(), torch.tensor([0, 1, 2, 2, 1, 0, 0])
    problem, _ = read_problem(mlp(2, 3, 3), loss, [(X[:3], y[:3]), (X[3:], y[3:])])
    _, factor = problem.loss.points(y, 3)
    assert 1 / factor == 3 * Fraction(0.1) + 2 * Fraction(1e-17) + 2 * Fraction(3)
    assert squared(np.zeros((2, 1)))(np.ones((2, 1)), np.zeros((2, 1))).error.max() == 0
