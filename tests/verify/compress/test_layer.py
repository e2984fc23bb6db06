"""Compressed layers against exact rationals: the difference, the cost, the ranks; degenerate layers and data."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import OptimizeResult
from sympy import Matrix

from constructions.network import Network
from verify.compress import compress
from verify.compress.layer import _elimination, _layer, _program
from verify.compress.network import VectorNetwork
from verify.compress.ranks import PRIME, _rank, layer_ranks
from verify.shatterability.frame import row_norms


def exact_values(network: VectorNetwork, X: np.ndarray) -> list[list[Fraction]]:
    """Outputs in rational arithmetic."""
    rows = []
    for x in X.tolist():
        hidden = [
            max(Fraction(0), sum((Fraction(a) * Fraction(w) for a, w in zip(x, row, strict=True)), -Fraction(b)))
            for row, b in zip(network.W.tolist(), network.b.tolist(), strict=True)
        ]
        rows.append([
            sum((h * Fraction(v) for h, v in zip(hidden, column, strict=True)), Fraction(beta))
            for column, beta in zip(network.v.T.tolist(), network.beta.tolist(), strict=True)
        ])  # fmt: skip
    return rows


def drawn(
    seed: int, n: int, d: int, K: int, c: int, kinds: frozenset[str] = frozenset()
) -> tuple[VectorNetwork, np.ndarray]:
    """A random layer and data, blemished as asked."""
    rng = np.random.default_rng(seed)
    W, b, v = rng.normal(size=(K, d)), rng.normal(size=K) / 2, rng.normal(size=(K, c))
    X = rng.normal(size=(n, d))
    if "grid" in kinds:  # points on kinks
        W, b, v, X = (np.round(2 * array) for array in (W, b, v, X))
    if "twins" in kinds:
        twin = rng.integers(K, size=K)
        W, b, v = W[twin], b[twin], v[twin]
    if "scaled twins" in kinds:
        twin, factor = rng.integers(K, size=K), np.exp(rng.normal(size=K))
        W, b, v = W[twin] * factor[:, None], b[twin] * factor, v[twin]
    if "constants" in kinds:
        W[::3] = 0
    if "silent" in kinds:
        v[::4] = 0
    if "dead" in kinds:
        b[::2] = 1e3
    if "no output" in kinds:
        v[:, 0] = 0
    if "one direction" in kinds:
        v = v[:, :1] * rng.normal(size=c)
    if "units" in kinds:
        v = v * 10.0 ** rng.integers(-12, 13, size=c)
    if "repeated points" in kinds:
        X = X[rng.integers(n, size=n)]
    return VectorNetwork(W, b, v, rng.normal(size=c)), X


KINDS = (
    "grid",
    "twins",
    "scaled twins",
    "constants",
    "silent",
    "dead",
    "no output",
    "one direction",
    "units",
    "repeated points",
)


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 2**32), st.integers(1, 6), st.integers(1, 3), st.integers(1, 24), st.integers(1, 4),
    st.frozensets(st.sampled_from(KINDS), max_size=4),
)  # fmt: skip
def test_the_certificate_holds_in_exact_arithmetic(
    seed: int, n: int, d: int, K: int, c: int, kinds: frozenset[str]
) -> None:
    network, X = drawn(seed, n, d, K, c, kinds)
    found = compress(network, X)
    before, after = exact_values(network, X), exact_values(found.network, X)
    differences = [[abs(f - g) for f, g in zip(*rows, strict=True)] for rows in zip(before, after, strict=True)]
    assert found.difference.lower <= max(map(max, differences)) <= found.difference.upper
    relative = max(x / Fraction(size) for row in differences for x, size in zip(row, found.size.tolist(), strict=True))
    assert found.relative.lower <= relative <= found.relative.upper <= 1e-10
    assert found.obstacle is None
    assert found.width <= found.feature_rank * found.output_rank
    for network_, cost in ((network, found.cost_before), (found.network, found.cost)):
        exact = math.fsum(math.hypot(*v) * math.hypot(*w) for v, w in zip(network_.v, network_.W, strict=True))
        assert float(cost.lower) * (1 - 1e-12) <= exact <= float(cost.upper) * (1 + 1e-12)
    assert found.cost.upper <= found.cost_before.lower * Fraction(1 + 1e-10)
    assert all(
        (found.network.W[i] == network.W[k]).all() and found.network.b[i] == network.b[k]
        for i, k in enumerate(found.kept.tolist())
    )


@pytest.mark.parametrize("seed", range(6))
def test_ranks_are_those_of_exact_arithmetic(seed: int) -> None:
    network, X = drawn(seed, 5, 2, 7, 3, frozenset({"grid", "twins"} if seed % 2 else {"one direction"}))
    hidden = [
        [max(Fraction(0), sum(Fraction(a) * Fraction(w) for a, w in zip(x, row, strict=True)) - Fraction(b))
         for row, b in zip(network.W.tolist(), network.b.tolist(), strict=True)]
        for x in X.tolist()
    ]  # fmt: skip
    features = Matrix(hidden)
    exact = features.rank(), (features * Matrix([[Fraction(v) for v in row] for row in network.v.tolist()])).rank()
    error = 1e-12 * np.ones((5, 7))
    found = layer_ranks(network, X, error)
    # Rounded weights in one direction have outputs of larger rank in exact arithmetic, and so they are here.
    assert found == exact


def test_rank_modulo_the_prime_with_many_panels() -> None:
    rng = np.random.default_rng(0)
    left, right = rng.integers(PRIME, size=(150, 90)), rng.integers(PRIME, size=(90, 200))
    product = (left.astype(object) @ right.astype(object) % PRIME).astype(float)
    assert _rank(product) == _rank(product.T) == 90


@pytest.mark.parametrize("seed", range(4))
def test_both_ways_to_a_vertex(seed: int) -> None:
    """The program costs no more than the elimination, which costs no more than the network."""
    network, X = drawn(seed, 7, 3, 60, 2)
    hidden = np.maximum(X @ network.W.T - network.b, 0)
    live = np.flatnonzero(hidden.any(axis=0))
    layer = _layer(live, hidden[:, live], network.v[live], row_norms(network.W[live]), 14)
    costs = []
    for way in (_program, _elimination):
        value = way(layer)
        assert (value >= 0).all()
        assert np.count_nonzero(value) <= 14
        assert np.allclose(layer.columns @ value, layer.columns.sum(axis=1), atol=1e-12)
        costs.append(layer.cost @ value)
    assert costs[0] <= costs[1] * (1 + 1e-9) <= layer.cost.sum() * (1 + 1e-8)


def test_twins_become_one_neuron_of_the_same_cost() -> None:
    found = compress(
        {"W": [[1.0], [1.0], [2.0]], "b": [0.0, 0.0, 0.0], "v": [1.0, 2.0, 0.5], "beta": 0.0}, [[1.0], [3.0]]
    )
    assert found.width == 1
    assert float(found.cost.upper) == pytest.approx(4.0)
    assert found.network([[1.0]]).item() == pytest.approx(4.0)


@pytest.mark.parametrize("kinds", [{"dead"}, {"silent"}])
def test_a_layer_that_says_nothing_on_the_data(kinds: set[str]) -> None:
    network, X = drawn(0, 4, 2, 1, 2, frozenset(kinds))
    found = compress(network, X)
    assert found.width == found.feature_rank * found.output_rank == 0
    assert found.cost.upper == 0
    assert (found.network(X) == network.beta).all()
    assert len(VectorNetwork.of(found.network.arrays).W) == 1


def test_rounding_that_can_not_be_excluded_is_said() -> None:
    """Far from 0 the activations of float64 are noise: the neurons are given back."""
    rng = np.random.default_rng(0)
    W, X = rng.normal(size=(40, 2)), rng.normal(size=(5, 2)) + 1e9
    found = compress(VectorNetwork(W, W @ [1e9, 1e9], rng.normal(size=(40, 1)), [0.0]), X)
    assert found.obstacle is not None
    assert "rescale the data, or raise tol" in found.obstacle
    assert found.width > found.feature_rank * found.output_rank
    assert found.relative.upper < 1e-6


def test_torch_modules_go_in_and_come_out() -> None:
    torch.manual_seed(0)
    module = torch.nn.Sequential(torch.nn.Linear(3, 50, bias=False), torch.nn.ReLU(), torch.nn.Linear(50, 2))
    X = torch.randn(6, 3)
    found = compress(module, X)
    assert found.width == 12
    assert torch.allclose(found.network.to_torch()(X.double()), module.double()(X.double()), atol=1e-12)
    single = Network([[1.0], [2.0]], [0.0, 0.0], [1.0, 1.0], 0.5)
    assert Network.of(compress(single, [[1.0]]).network.arrays).width == 1


def module_with(activation: torch.nn.Module) -> torch.nn.Module:
    return torch.nn.Sequential(torch.nn.Linear(1, 2), activation, torch.nn.Linear(2, 1))


@pytest.mark.parametrize(
    ("model", "data", "words"),
    [
        (module_with(torch.nn.Tanh()), [[1.0]], "got the layers Linear, Tanh"),
        (module_with(torch.nn.LeakyReLU()), [[1.0]], "got LeakyReLU"),
        (3, [[1.0]], "model must be a two-layer network"),
        ({"W": [[1.0]]}, [[1.0]], "got none called b, v, beta"),
        ({"W": [[1.0]], "b": [0.0], "v": [[1.0, 2.0]], "beta": 0.0}, [[1.0]], "beta must hold 2 numbers"),
        ({"W": [[1.0]], "b": [0.0], "v": [1.0], "beta": math.nan}, [[1.0]], "beta must be finite"),
        ({"W": np.empty((0, 1)), "b": [], "v": [], "beta": 0.0}, [[1.0]], "at least one row"),
        ({"W": [[1e30]], "b": [0.0], "v": [1.0], "beta": 0.0}, [[1.0]], "W must not exceed"),
        ({"W": [[1.0]], "b": [0.0], "v": [1.0], "beta": 0.0}, np.empty((0, 1)), "data must hold at least one point"),
        ({"W": [[1.0]], "b": [0.0], "v": [1.0], "beta": 0.0}, [[1.0, 2.0]], r"data must have shape \(any, 1\)"),
        ({"W": [[1.0]], "b": [0.0], "v": [1.0], "beta": 0.0}, [[math.inf]], "data must be finite"),
    ],
)  # fmt: skip
def test_what_is_no_layer_or_no_data_is_refused(model: object, data: object, words: str) -> None:
    with pytest.raises((TypeError, ValueError), match=words):
        compress(model, data)


def test_what_rounding_adds_to_the_rank_adds_no_neuron() -> None:
    """On a line far from 0, floats see more directions than there are: the ranks of exact arithmetic count."""
    for seed in (2090, 2254):
        rng = np.random.default_rng(seed)
        W, b, X = rng.normal(size=(100, 1)), rng.normal(size=100), rng.normal(size=(20, 1))
        network = VectorNetwork(W, b + 1e4 * W[:, 0], rng.normal(size=(100, 2)), [0.0, 0.0])
        found = compress(network, X + 1e4)
        assert found.width <= found.feature_rank * found.output_rank or found.obstacle is not None


def test_a_program_that_is_not_solved_leaves_it_to_the_elimination(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("verify.compress.layer.linprog", lambda *_, **__: OptimizeResult(x=None))
    network, X = drawn(0, 6, 2, 50, 2)
    found = compress(network, X)
    assert found.obstacle is None
    assert found.width == 12
    assert found.cost.upper < found.cost_before.lower
