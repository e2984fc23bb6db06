"""The enclosures of seminorm, loss and radius against exact rational arithmetic."""

from __future__ import annotations

from fractions import Fraction

import mpmath
import numpy as np
import pytest

from constructions.network import Network
from verify.stability.enclosure import SampleBounds


def exact(value: float) -> Fraction:
    return Fraction(float(value))


def exact_seminorm(network: Network, X: np.ndarray, rows: list[int]) -> mpmath.mpf:
    """sum_k |v_k| min over sides of m sqrt(p^2 + |s|^2); only the roots are rounded, at 60 digits."""
    with mpmath.workdps(60):
        total, count = mpmath.mpf(0), len(rows)
        for k in range(network.width):
            sides = []
            for sign in (1, -1):
                mean, share, moment = Fraction(0), 0, [Fraction(0)] * network.dim
                for i in rows:
                    z = sum(exact(x) * exact(w) for x, w in zip(X[i], network.W[k], strict=True)) - exact(network.b[k])
                    if sign * z > 0:
                        mean, share = mean + sign * z, share + 1
                        moment = [m + exact(x) for m, x in zip(moment, X[i], strict=True)]
                square = Fraction(share**2) + sum(m * m for m in moment)
                root = mpmath.sqrt(mpmath.mpf(square.numerator) / square.denominator)
                sides.append(mpmath.mpf(mean.numerator) / mean.denominator / count * root / count)
            total += abs(mpmath.mpf(float(network.v[k]))) * min(sides)
        return total


def sample(seed: int, n: int, d: int, width: int) -> tuple[Network, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    X = rng.uniform(-1, 1, (n, d))
    network = Network(rng.standard_normal((width, d)), rng.standard_normal(width), rng.standard_normal(width), 0.3)
    return network, X, rng.standard_normal(n)


@pytest.mark.parametrize(("seed", "n", "d", "width"), [(0, 12, 1, 5), (1, 20, 3, 7), (2, 9, 6, 4)])
def test_seminorm_is_enclosed_and_narrow(seed: int, n: int, d: int, width: int) -> None:
    network, X, y = sample(seed, n, d, width)
    subsets = np.array([np.ones(n), np.arange(n) % 2 == 0, np.arange(n) == 3], dtype=np.float64)
    found = SampleBounds(network, X, y).seminorm(subsets)
    for row, indicator in enumerate(subsets):
        truth = exact_seminorm(network, X, list(np.flatnonzero(indicator)))
        assert found.lower[row] <= truth <= found.upper[row]
        assert found.upper[row] - found.lower[row] <= 1e-12 * float(truth)
    # Another route, without error bounds.
    assert network.empirical_seminorm(X) == pytest.approx(found.upper[0], rel=1e-12)


def test_points_on_a_kink_count_for_the_upper_end_only() -> None:
    # 0.1 * 3 - 0.3 is 2^-54 + ... in floats and in exact arithmetic something else: the sign is open.
    network = Network([[3.0]], [0.3], [1.0])
    X = np.array([[0.1], [0.6], [-0.5]])
    found = SampleBounds(network, X, np.zeros(3)).seminorm(np.ones((1, 3)))
    truth = exact_seminorm(network, X, [0, 1, 2])
    assert found.lower[0] <= truth <= found.upper[0]
    assert found.upper[0] > 1.2 * found.lower[0]


def test_no_norm_is_exactly_zero() -> None:
    found = SampleBounds(Network([[1.0]], [5.0], [1.0]), np.array([[0.5]]), np.zeros(1)).seminorm(np.ones((1, 1)))
    assert found.lower[0] == found.upper[0] == 0


@pytest.mark.parametrize("seed", range(4))
def test_loss_and_radius(seed: int) -> None:
    network, X, y = sample(seed, 11, 3, 6)
    if seed == 3:
        y = network(X)  # zero up to rounding
    total = Fraction(0)
    for i in range(len(X)):
        f = exact(network.beta)
        for k in range(network.width):
            z = sum(exact(x) * exact(w) for x, w in zip(X[i], network.W[k], strict=True)) - exact(network.b[k])
            f += exact(network.v[k]) * max(z, Fraction(0))
        total += (exact(y[i]) - f) ** 2
    truth = total / (2 * len(X))
    found = SampleBounds(network, X, y)
    assert exact(found.loss.lower) <= truth <= exact(found.loss.upper)
    assert found.loss.upper - found.loss.lower <= 1e-12 * float(truth) + 1e-25
    square = max(sum(exact(x) ** 2 for x in row) for row in X)
    assert exact(found.radius.lower) ** 2 <= square <= exact(found.radius.upper) ** 2
    assert found.radius.upper <= found.radius.lower * (1 + 1e-14)


def test_bad_input() -> None:
    network, X, y = sample(0, 4, 2, 3)
    with pytest.raises(ValueError, match="subsets must be nonempty"):
        SampleBounds(network, X, y).seminorm(np.zeros((1, 4)))
    with pytest.raises(ValueError, match=r"X must have entries of at most 2\^100"):
        SampleBounds(network, 1e200 * X, y)
