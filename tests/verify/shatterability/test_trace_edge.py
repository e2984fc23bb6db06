"""The trace edge: against programs over random neurons, closed forms, dense Hessians and SGD's threshold."""

import math

import numpy as np
import pytest
from scipy.optimize import linprog

from verify.hessian.sgd import gram_matrix, sgd_threshold
from verify.outcome import Trust
from verify.shatterability.edge import memorisation_edge
from verify.shatterability.trace_edge import network_trace, solitary_trace, trace_edge


def ball(n, d, seed):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, d))
    X *= (rng.random(n) ** (1 / d) / np.linalg.norm(X, axis=1))[:, None]
    return X, rng.choice([-1.0, 1.0], n)


def program_over(W, b, X, y):
    """The least 1 + sum of v^2 M + |h|^2/n over networks with these neurons, by a linear program of its own."""
    n = len(y)
    H = np.maximum(X @ W.T - b, 0)
    keep = H.any(axis=0)
    H = H[:, keep]
    moments = ((H > 0) * (1 + (X**2).sum(axis=1))[:, None]).mean(axis=0)
    cost = 2 * np.sqrt(moments * (H**2).mean(axis=0))
    design = np.hstack([H / cost, -H / cost, np.ones((n, 1)), -np.ones((n, 1))])
    found = linprog(np.r_[np.ones(2 * len(cost)), 0, 0], A_eq=design, b_eq=y)
    return 1 + found.fun if found.status == 0 else math.inf


@pytest.mark.parametrize(("n", "d", "seed"), [(11, 1, 6), (14, 1, 1), (10, 2, 3), (16, 2, 3), (14, 3, 4)])
def test_enclosure_against_programs_over_random_neurons(n, d, seed):
    X, y = ball(n, d, seed)
    edge = trace_edge(X, y, tol=1e-3)
    assert edge.method == "all patterns"
    assert edge.lower_evidence is Trust.FLOAT_CERTIFIED
    assert edge.lower <= edge.upper <= (1 + 1.01e-3) * edge.lower
    rng = np.random.default_rng(seed)
    W = rng.standard_normal((4000, d))
    at = X[rng.integers(0, n, 4000)] + 0.3 * rng.standard_normal((4000, d))
    least = program_over(W, np.einsum("ij,ij->i", W, at), X, y)
    assert least >= edge.lower * (1 - 1e-9)


def test_on_the_line_no_grid_of_kinks_does_better_and_a_fine_one_nearly_attains_it():
    X, y = ball(8, 1, 5)
    edge = trace_edge(X, y, tol=1e-4)
    kinks = np.r_[np.linspace(X.min(), X.max(), 3001), X[:, 0]]
    W = np.repeat([[1.0], [-1.0]], 3009, axis=0)
    least = program_over(W, np.r_[kinks, -kinks], X, y)
    assert edge.lower * (1 - 1e-9) <= least <= edge.upper * (1 + 1e-3)


@pytest.mark.parametrize("seed", range(3))
def test_solitary_neurons_are_best_where_all_points_are_extreme(seed):
    X, y = ball(12, 8, seed)
    X /= np.linalg.norm(X, axis=1)[:, None]
    edge = trace_edge(X, y)
    beta = np.median(y) if y.sum() else 0.0
    exact = min(1 + 2 / 12 * np.sqrt(2) * np.abs(y - b).sum() for b in (beta, *y))
    assert edge.method == "solitary neurons"
    assert edge.lower_evidence is edge.upper_evidence is Trust.PROVED
    assert edge.lower == pytest.approx(exact, rel=1e-12)
    assert edge.upper == pytest.approx(exact, rel=1e-12)
    assert edge.lower <= exact * (1 + 1e-15)
    assert solitary_trace(X, y)[0] == edge.lower


def test_network_has_that_trace_and_sgd_is_no_more_stable_than_it_says():
    X, y = ball(18, 2, 7)
    edge = trace_edge(X, y)
    assert np.abs(edge.network(X) - y).max() < 1e-6
    trace = np.trace(gram_matrix(edge.network, X)) / len(y)
    assert trace <= edge.upper <= trace * (1 + 1e-9)
    value, sure = network_trace(edge.network, X)
    assert sure
    assert value == pytest.approx(trace, rel=1e-12)
    assert sgd_threshold(edge.network, X) <= edge.eta_flat * (1 + 1e-9) <= edge.eta_max * (1 + 1e-9)


def test_the_trace_is_at_least_the_sharpness():
    X, y = ball(15, 2, 8)
    sharp, trace = memorisation_edge(X, y), trace_edge(X, y)
    assert trace.upper >= sharp.lower
    assert trace.lower > sharp.upper


def test_several_outputs_lie_between_the_sum_and_the_stacked_network():
    X, _ = ball(9, 2, 9)
    Y = np.where(np.arange(9)[:, None] % 3 == np.arange(3), 1.0, -1.0)
    edge = trace_edge(X, Y)
    parts = [trace_edge(X, column) for column in Y.T]
    assert edge.lower == pytest.approx(sum(part.lower for part in parts), rel=1e-12)
    assert edge.network is None
    # A network made of the three, balanced for its three outputs: q columns' squares count three times.
    total = 3 + sum(
        2 * math.sqrt(3) * sum(np.sqrt(M * h)) for M, h in (moments_and_squares(part.network, X) for part in parts)
    )
    assert total == pytest.approx(edge.upper, rel=1e-6)


def moments_and_squares(network, X):
    before = network.preactivations(X)
    moments = ((before > 0) * (1 + (X**2).sum(axis=1))[:, None]).mean(axis=0) * network.v**2
    return moments, (np.maximum(before, 0) ** 2).mean(axis=0)


def test_the_search_gives_an_interpolant_and_the_proved_bound():
    X, y = ball(40, 4, 9)
    edge = trace_edge(X, y, most_columns=100)
    assert edge.method == "search"
    assert edge.lower_evidence is Trust.PROVED
    assert edge.lower == solitary_trace(X, y)[0] < edge.upper < math.inf
    again = trace_edge(X, y, most_columns=100)
    assert again.upper == edge.upper
    assert (again.network.W == edge.network.W).all()


def test_repeated_rows_constant_labels_and_other_units():
    X, y = ball(10, 2, 11)
    twice = trace_edge(np.vstack([X, X]), np.concatenate([y, y]))
    once = trace_edge(X, y)
    assert twice.lower <= once.upper * (1 + 1e-9)
    assert once.lower <= twice.upper * (1 + 1e-9)
    assert trace_edge(X, np.full(10, 3.0)).upper == pytest.approx(1.0, rel=1e-12)
    # tr* - 1 is proportional to the labels.
    scaled = trace_edge(X, 1e6 * y + 5)
    assert (scaled.lower - 1) / 1e6 <= (once.upper - 1) * (1 + 1e-6)
    assert (once.lower - 1) <= (scaled.upper - 1) / 1e6 * (1 + 1e-6)


def test_equal_points_with_different_labels_are_refused():
    with pytest.raises(ValueError, match="rows 0 and 2 are equal with labels 1 and 2"):
        trace_edge(np.array([[0.0], [1.0], [0.0]]), np.array([1.0, 0.0, 2.0]))
