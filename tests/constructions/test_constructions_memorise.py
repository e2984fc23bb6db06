"""Interpolators, invisible pairs and the annulus, by independent computations."""

from fractions import Fraction

import numpy as np
import pytest

from constructions.atom import log_squared_norm
from constructions.data import annulus, sphere, uniform_ball
from constructions.memorise import invisible_pair, nearest_inner_products, sphere_interpolator
from constructions.network import Network
from constructions.packing import pack


def gauss_newton_eigenvalue(network: Network, X: np.ndarray) -> float:
    """Largest eigenvalue of JᵀJ/n from the dense n×n matrix JJᵀ/n of the gradients, formed by loops."""
    rows = []
    for x in X:
        z = network.W @ x - network.b
        active = (z > 0).astype(float)
        inner = (network.v * active)[:, None] * np.append(x, -1.0)
        rows.append(np.concatenate([inner.ravel(), np.maximum(z, 0), [1.0]]))
    J = np.array(rows)
    return float(np.linalg.eigvalsh(J @ J.T / len(X))[-1])


@pytest.mark.parametrize(("n", "d"), [(40, 3), (100, 6), (60, 20)])
def test_sphere_interpolator(n: int, d: int) -> None:
    rng = np.random.default_rng(n)
    X, y = sphere(n, d, rng), rng.uniform(-2, 2, n)
    y[0] = 0.0
    network = sphere_interpolator(X, y)
    assert network.width == n
    assert np.allclose(network(X), y, atol=1e-9)
    # Zero residuals: the Hessian is JᵀJ/n.
    largest = gauss_newton_eigenvalue(network, X)
    assert 1 - 1e-9 <= largest <= 1 + 2 * 2**0.5 * np.abs(y).max() / n + 1e-9
    active = network.preactivations(X) > 0
    assert (active.sum(axis=1) == 1).all()
    assert np.array_equal(np.argmax(active, axis=1), np.arange(n))


def test_interpolator_refuses_what_cannot_be() -> None:
    X = np.array([[1.0, 0.0], [1.0, 0.0]])
    with pytest.raises(ValueError, match="distinct rows"):
        sphere_interpolator(X, [1.0, 2.0])
    with pytest.raises(ValueError, match="norm 1"):
        sphere_interpolator(2 * np.eye(2), [1.0, 2.0])
    with pytest.raises(ValueError, match="share must lie"):
        sphere_interpolator(np.eye(2), [1.0, 2.0], share=1.0)
    points = sphere(3000, 4, np.random.default_rng(0))
    gram = points @ points.T
    np.fill_diagonal(gram, -np.inf)
    assert np.allclose(nearest_inner_products(points), gram.max(axis=1))


@pytest.mark.parametrize(("d", "height", "n"), [(1, "1/100", 20), (2, "1/40", 400), (3, "1/30", 500)])
def test_invisible_pair(d: int, height: str, n: int) -> None:
    rng = np.random.default_rng(d)
    packing = pack(d, Fraction(height))
    X = uniform_ball(n, d, rng)
    pair = invisible_pair(packing, X, bound=2.0)
    for network in (pair.plus, pair.minus):
        assert not network(X).any()
        # No neuron sees a point, so the gradients are those of the output bias alone: the Hessian's top is 1.
        assert gauss_newton_eigenvalue(network, X) == pytest.approx(1, abs=1e-12)
    fresh = uniform_ball(200_000, d, rng)
    squares = (pair.plus(fresh) - pair.minus(fresh)) ** 2
    distance = 4 * 2.0**2 * len(pair.empty) * np.exp(log_squared_norm(d, packing.height))
    assert abs(squares.mean() - distance) < 5 * squares.std() / len(fresh) ** 0.5
    assert squares.max() <= 16 * (1 + 1e-12)
    assert 0 < len(pair.empty) <= packing.size
    counts = packing.counts(X)
    assert set(pair.empty) <= set(np.flatnonzero(counts == 0))


def test_crowded_packings_have_no_pair() -> None:
    packing = pack(2, Fraction(1, 4))
    with pytest.raises(ValueError, match="must leave a cap empty"):
        invisible_pair(packing, packing.centres)


@pytest.mark.parametrize(("d", "inner"), [(1, 0.5), (3, 0.0), (5, 0.9), (10_000, 0.9999)])
def test_annulus(d: int, inner: float) -> None:
    radii = np.linalg.norm(annulus(4000 if d < 100 else 300, d, inner, np.random.default_rng(0)), axis=1)
    assert radii.min() >= inner - 1e-12
    assert radii.max() <= 1
    # Distribution function of the radius at the middle of the shell.
    middle = (1 + inner) / 2
    expected = (middle**d - inner**d) / (1 - inner**d)
    assert abs((radii <= middle).mean() - expected) < 5 * (0.25 / len(radii)) ** 0.5


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((np.empty((0, 2)), []), "X must have at least one row"),
        ((np.empty((2, 0)), [1, 2]), "X must have at least one row"),
        ((np.eye(2) * 1e200, [1, 2]), "X must have rows of norm 1"),
        ((np.eye(2), [1.7e308, 0], -1.7e308), "y must differ from beta"),
        ((np.eye(2), [1, 2], 0, 1e-320), "share must leave neurons"),
    ],
)
def test_what_floats_can_t_interpolate_is_refused_by_name(arguments, words):
    with pytest.raises(ValueError, match=words):
        sphere_interpolator(*arguments)


def test_a_pair_needs_a_bound_that_floats_hold_over_the_height():
    packing = pack(2, Fraction(1, 50))
    with pytest.raises(ValueError, match="bound over the height of the packing"):
        invisible_pair(packing, [[0.0, 0.0]], 1.7e308)
    with np.errstate(all="raise"):
        assert 0 not in invisible_pair(packing, packing.centres[:1] * 1e300).empty
