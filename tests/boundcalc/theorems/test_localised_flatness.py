"""Theorem E and its relatives on small dense networks: every eigenvalue by LAPACK, every subset by enumeration."""

import itertools

import numpy as np
import pytest
from numpy.typing import NDArray
from sympy import simplify

from boundcalc.registry import theorem
from boundcalc.setting import Setting
from boundcalc.statements.extra_symbols import n_S
from boundcalc.symbols import L, R, eta, lam, n

Array = NDArray[np.float64]


class Network:
    """v_k relu(w_k.x - b_k) summed, plus beta; parameters in the order (w, b, v)_k, beta."""

    def __init__(self, w: Array, b: Array, v: Array, beta: float) -> None:
        self.w, self.b, self.v, self.beta = w, b, v, beta

    def __call__(self, x: Array) -> Array:
        return np.maximum(x @ self.w.T - self.b, 0) @ self.v + self.beta

    def hessian(self, x: Array, y: Array) -> Array:
        """Of (1/2n) sum (y - f)^2, from the definition: J^T J / n plus the residual part."""
        count, d = x.shape
        z = np.hstack([x, -np.ones((count, 1))])
        pre = x @ self.w.T - self.b
        active = (pre > 0).astype(float)
        blocks = [np.hstack([active[:, [k]] * z * self.v[k], np.maximum(pre[:, [k]], 0)]) for k in range(len(self.v))]
        jacobian = np.hstack([*blocks, np.ones((count, 1))])
        hessian = jacobian.T @ jacobian / count
        residual = y - self(x)
        for k in range(len(self.v)):
            c = -(residual * active[:, k]) @ z / count
            first, last = k * (d + 2), k * (d + 2) + d + 1
            hessian[first:last, last] += c
            hessian[last, first:last] += c
        return hessian


def loss(parameters: Array, x: Array, y: Array, width: int) -> float:
    d = x.shape[1]
    rows = parameters[:-1].reshape(width, d + 2)
    net = Network(rows[:, :d], rows[:, d], rows[:, d + 1], parameters[-1])
    return float(np.mean((y - net(x)) ** 2) / 2)


def empirical_weight(u: Array, t: float, x: Array) -> float:
    def side(direction: Array, threshold: float) -> float:
        inside = x @ direction > threshold
        if not inside.any():
            return 0.0
        mean = x[inside].mean(axis=0)
        return inside.mean() ** 2 * (mean @ direction - threshold) * np.sqrt(1 + mean @ mean)

    return min(side(u, t), side(-u, -t))


def random_case(seed: int, d: int, width: int, count: int) -> tuple[Network, Array, Array]:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(count, d))
    x *= (rng.random(count) ** (1 / d) / np.linalg.norm(x, axis=1))[:, None]
    net = Network(rng.normal(size=(width, d)), rng.normal(size=width) * 0.4, rng.normal(size=width), rng.normal())
    return net, x, net(x) + rng.normal(size=count) * rng.choice([0.0, 0.1, 1.0])


def seminorm(net: Network, x: Array) -> float:
    norms = np.linalg.norm(net.w, axis=1)
    return sum(
        abs(v) * r * empirical_weight(w / r, b / r, x) for w, b, v, r in zip(net.w, net.b, net.v, norms, strict=True)
    )


def test_hessian_of_the_tests_against_finite_differences() -> None:
    net, x, y = random_case(3, 2, 3, 5)
    flat = np.append(np.hstack([net.w, net.b[:, None], net.v[:, None]]).ravel(), net.beta)
    step, size = 1e-4, flat.size
    unit = np.eye(size) * step
    numeric = np.array(
        [
            [
                (
                    loss(flat + unit[i] + unit[j], x, y, 3)
                    - loss(flat + unit[i] - unit[j], x, y, 3)
                    - loss(flat - unit[i] + unit[j], x, y, 3)
                    + loss(flat - unit[i] - unit[j], x, y, 3)
                )
                / (4 * step**2)
                for j in range(size)
            ]
            for i in range(size)
        ]
    )
    # Second differences: error of order step^2 plus 1e-16/step^2.
    assert np.abs(numeric - net.hessian(x, y)).max() < 1e-6


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("d", [1, 2, 3])
def test_every_subset_obeys_theorem_e(seed: int, d: int) -> None:
    count = 7
    net, x, y = random_case(seed, d, 4, count)
    largest = float(np.linalg.eigvalsh(net.hessian(x, y))[-1])
    error = float(np.mean((y - net(x)) ** 2) / 2)
    expr = theorem("theorem-e").bound.expr.subs({n: count, lam: largest, L: error, R: 1})
    for size in range(1, count + 1):
        bound = float(expr.subs(n_S, size))
        for subset in itertools.combinations(range(count), size):
            assert seminorm(net, x[list(subset)]) <= bound + 1e-9


def test_theorem_e_is_attained() -> None:
    """One point, zero loss, |v| |z| = activation: then the test vector is the eigenvector and the means are equal."""
    x = np.array([[0.6]])
    w, b = np.array([[2.0]]), np.array([0.2])
    v = np.array([1.0 / np.sqrt(1 + 0.36)])
    net = Network(w, b, v, 0.3)
    y = net(x)
    largest = float(np.linalg.eigvalsh(net.hessian(x, y))[-1])
    bound = float(theorem("theorem-e").bound.expr.subs({n: 1, n_S: 1, lam: largest, L: 0, R: 1}))
    # The opposite side of the hyperplane holds no point, so compare with the weight of the side that does.
    one_side = abs(v[0]) * 2.0 * (0.6 - 0.1) * np.sqrt(1 + 0.36)
    assert one_side == pytest.approx(bound, rel=1e-12)


def test_whole_sample_is_the_sharper_form_of_the_stability_bound() -> None:
    whole = theorem("theorem-e").bound.expr.subs(n_S, n)
    assert simplify(whole - theorem("stability-seminorm-sharp").bound.expr) == 0


@pytest.mark.parametrize("seed", range(20))
def test_univariate_interpolating_minima(seed: int) -> None:
    """The weighted second derivative from second differences of f alone, against the edge of stability."""
    net, x, _ = random_case(seed, 1, 4, 9)
    y = net(x)
    largest = float(np.linalg.eigvalsh(net.hessian(x, y))[-1])
    bound = float(theorem("univariate-seminorm").bound.expr.subs(eta, 2 / largest))
    reach = float(np.abs(net.b / net.w[:, 0]).max()) + 1
    grid = np.linspace(-reach, reach, 40001)
    mesh = grid[1] - grid[0]
    bends = np.abs(np.diff(net(grid[:, None]), 2)) / mesh
    right = np.array([1.0])
    bent = bends > 1e-9
    weights = np.array([empirical_weight(right, t, x) for t in grid[1:-1][bent]])
    total = float(bends[bent] @ weights)
    # A kink is spread over two nodes at most one mesh away, where the weight moves by at most about 2 mesh.
    assert total <= bound + 4 * mesh * bends.sum()
    assert total == pytest.approx(seminorm(net, x), abs=4 * mesh * bends.sum())


def test_sharpness_of_stacked_hats_near_the_end_of_the_interval() -> None:
    """Width h^2 is critical for the seminorm but not flat (sharpness ~ 1/h); width h^{3/2} stays flat."""
    heights = [1 / 8, 1 / 16, 1 / 32, 1 / 64]

    def sharpness(h: float, w: float) -> float:
        slabs = int(h / (2 * w))
        knots, slopes = [], []
        for j in range(slabs):
            left = 1 - h + j * w
            knots += [left, left + w / 2, left + w]
            sign = (-1) ** j
            slopes += [2 * sign / w, -4 * sign / w, 2 * sign / w]
        t, a = np.array(knots), np.array(slopes)
        rho = 1 - t
        keep = rho > 1e-12
        t, a, rho = t[keep], a[keep], rho[keep]
        v, size = np.sign(a) * np.sqrt(np.abs(a) * rho), np.sqrt(np.abs(a) / rho)
        points = 6000  # equispaced on [1-h, 1]: a sample of size 2 points/h on the interval
        x = 1 - h + h * (np.arange(points) + 0.5) / points
        pre = size[None, :] * (x[:, None] - t[None, :])
        active = pre > 0
        jacobian = np.hstack([active * x[:, None] * v, -(active * v), np.maximum(pre, 0)])
        share = h / 2
        gram = jacobian.T @ jacobian / points * share
        cross = jacobian.mean(axis=0) * share
        full = np.block([[gram, cross[:, None]], [cross[None, :], np.ones((1, 1))]])
        return float(np.linalg.eigvalsh(full)[-1])

    critical = [sharpness(h, h**2 / 2) * h for h in heights]
    flat = [sharpness(h, h**1.5 / 2) for h in heights]
    assert max(critical) / min(critical) < 1.6
    assert critical[0] / heights[0] * 4 < critical[-1] / heights[-1]
    assert max(flat) / min(flat) < 2.2


def test_subset_larger_than_the_sample_is_refused() -> None:
    assumption = theorem("theorem-e").assumptions[-1]
    assert assumption.relation is not None
    assert assumption.relation.subs({n_S: 5, n: 4}) == False  # noqa: E712 (a sympy truth value)
    assert assumption.holds(Setting.parse(n=4)) is None
