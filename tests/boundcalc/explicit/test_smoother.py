"""Linear smoothers: the enclosed constants against 40 digits, quadrature, single neurons and simulated risks."""

import math
from fractions import Fraction

import mpmath
import numpy as np
import pytest
from numpy.typing import NDArray

from boundcalc.explicit import upper_smoother
from boundcalc.explicit.gegenbauer import dimension, values
from boundcalc.explicit.problem import Problem, Weight
from boundcalc.explicit.smoother import Resolution, Smoother
from boundcalc.explicit.upper import explicit_upper
from boundcalc.explicit.upper_smoother import Row, certify, rows

Array = NDArray[np.float64]
COARSE = Resolution(knots=1.5, nodes=4, kept=2, angles=6, tolerance=0.05)
PROFILES = {
    1: (0.05, 0.2, 1.0, 0.6, 0.3),
    2: (0.12, 0.25, 1.9, 0.7, 0.2),
    3: (0.2, 0.3, 2.0, 0.7, 0.2),
    6: (0.3, 0.35, 2.0, 0.7, 0.3),
}


def smoother(d: int) -> Smoother:
    return Smoother(d, *PROFILES[d], COARSE)


def kernel_values(s: Smoother, x: Array, y: Array) -> Array:
    """s(x_i, y_j) from the factors, by harmonics; independent of how the smoother applies itself."""
    r, q = np.linalg.norm(x, axis=1), np.linalg.norm(y, axis=1)
    cosine = np.clip(x @ y.T / np.outer(r, q), -1, 1)
    top = s.knots[-1]
    total = np.full(cosine.shape, 1 / top**s.d)
    total += (s.d + 2) / top ** (s.d + 2) * (x @ y.T)

    def at(radius: Array, v: Array) -> Array:
        return np.stack([np.interp(radius, s.knots, column) for column in v.T], axis=1)

    for degree, (v, eigenvalues) in enumerate(s.factors):
        if v.shape[1]:
            radial = at(r, v) * eigenvalues @ at(q, v).T
            polynomial = cosine**degree if s.d == 1 else values(s.d, degree, cosine)
            total += s.counts[degree] * radial * polynomial
    total[r > top] = 0
    total[:, q > top] = 0
    return total


def points(rng: np.random.Generator, n: int, d: int) -> Array:
    x = rng.normal(size=(n, d))
    return x / np.linalg.norm(x, axis=1, keepdims=True) * rng.uniform(size=(n, 1)) ** (1 / d)


@pytest.mark.parametrize("d", [1, 2, 3, 6])
def test_affine_functions_are_kept(d: int) -> None:
    s = smoother(d)
    rng = np.random.default_rng(d)
    x = points(rng, 7, d) * s.knots[-1]
    y = points(rng, 20_000, d)
    y = y[np.linalg.norm(y, axis=1) <= s.knots[-1]]
    affine = 1 + y @ np.arange(1, d + 1)
    products = kernel_values(s, x, y) * affine * float(s.knots[-1]) ** d
    mean, error = products.mean(1), products.std(1) / math.sqrt(y.shape[0])
    assert np.all(np.abs(mean - 1 - x @ np.arange(1, d + 1)) < 5 * error)


@pytest.mark.slow
@pytest.mark.parametrize("d", [2, 3, 6])
def test_values_of_the_residual_in_40_digits(d: int) -> None:
    """(I - S)^2 phi at points, from the same floats V and s, with exact Gram matrices and harmonics by recurrence."""
    s = Smoother(d, *PROFILES[d], Resolution(knots=1.0, nodes=2, kept=2, angles=4, tolerance=0.1))
    t = 0.6 * float(s.knots[-1])
    coefficients, size = s._coefficients(t)
    smooth = s._apply(s._fine @ coefficients)
    rng = np.random.default_rng(0)
    with mpmath.workdps(40):
        knots, nodes = [mpmath.mpf(float(r)) for r in s.knots], [mpmath.mpf(float(r)) for r in s.nodes]
        c = mpmath.gamma(mpmath.mpf(d) / 2) / mpmath.gamma(mpmath.mpf(d - 1) / 2) / mpmath.sqrt(mpmath.pi)

        def integral(low: object, high: object, a: object, b: object) -> object:
            """Of the product of two hats' pieces, given by their values at both ends, with d r^(d-1)."""
            h = high - low  # type: ignore[operator]

            def product(x: object) -> object:
                left, right = ((1 - x) * p[0] + x * p[1] for p in (a, b))  # type: ignore[operator, index]
                return left * right * d * (low + h * x) ** (d - 1) * h

            return mpmath.quad(product, [0, 1])

        def hat(i: int, r: object) -> object:
            if i > 0 and knots[i - 1] <= r <= knots[i]:
                return (r - knots[i - 1]) / (knots[i] - knots[i - 1])  # type: ignore[operator]
            if i + 1 < len(knots) and knots[i] <= r <= knots[i + 1]:
                return (knots[i + 1] - r) / (knots[i + 1] - knots[i])  # type: ignore[operator]
            return mpmath.mpf(1) if r == knots[i] else mpmath.mpf(0)

        for degree in rng.choice(np.arange(2, s.degree + 1), size=2, replace=False).tolist():
            v, eigenvalues = s.factors[degree]

            def moment(r: object, degree: int = degree) -> object:
                """Coefficient of P_l, by quadrature."""
                if r <= t:  # type: ignore[operator]
                    return mpmath.mpf(0)

                def integrand(theta: object) -> object:
                    x = mpmath.cos(theta)
                    before, p = mpmath.mpf(1), x
                    for k in range(1, degree):
                        before, p = p, ((2 * k + d - 2) * x * p - k * before) / (k + d - 2)
                    return (r * x - t) * p * c * mpmath.sin(theta) ** (d - 2)  # type: ignore[operator]

                return dimension(d, degree) * mpmath.quad(integrand, mpmath.linspace(0, mpmath.acos(t / r), 5))  # type: ignore[operator]

            at_nodes = [moment(r) for r in nodes]
            scale = max(abs(float(value)) for value in at_nodes)
            assert max(abs(float(m) - f) for m, f in zip(at_nodes, coefficients[:, degree], strict=True)) < 1e-13 * max(
                scale, size
            )
            image = [mpmath.mpf(0)] * len(knots)
            for k in range(len(nodes) - 1):
                for i in range(len(knots)):
                    ends = hat(i, nodes[k]), hat(i, nodes[k + 1])
                    if ends != (0, 0):
                        image[i] += integral(nodes[k], nodes[k + 1], ends, at_nodes[k : k + 2])
            gram = mpmath.matrix(len(knots), len(knots))
            for k in range(len(knots) - 1):
                for i in (k, k + 1):
                    for j in (k, k + 1):
                        gram[i, j] += integral(knots[k], knots[k + 1], (i == k, i > k), (j == k, j > k))
            V, D = mpmath.matrix(v.tolist()), mpmath.diag(eigenvalues.tolist())
            once = V * (D * (V.T * mpmath.matrix(image)))
            twice = V * (D * (V.T * (gram * once)))
            exact = [float(value) for value in 2 * once - twice]
            assert np.abs(smooth[:, degree] - exact).max() < s._rounding(size)


@pytest.mark.slow
@pytest.mark.parametrize("d", [1, 2, 3, 6])
def test_bias_of_single_neurons_is_below_the_supremum(d: int) -> None:
    """|(I - S)^2 (u.x - t)_+|_1/(1 - t)^(d+2) of 1 000 random neurons in all, on a grid of their own."""
    s = smoother(d)
    bound = s.constants().canonical
    rng = np.random.default_rng(d)
    grid = np.unique(np.concatenate([s.nodes, np.linspace(0, s.knots[-1], 100)]))
    weights = s._weights(grid)
    hats = np.stack([np.interp(grid, s.knots, row) for row in np.eye(s.knots.size)], axis=1)
    if d == 1:
        cosine, law = np.array([1.0, -1.0]), np.array([0.5, 0.5])
    else:
        theta = (np.arange(500) + 0.5) * math.pi / 500
        cosine = np.cos(theta)
        law = np.sin(theta) ** (d - 2)
        law /= law.sum()
    harmonics = np.stack([cosine**k if d == 1 else values(d, k, cosine) for k in range(s.degree + 1)])
    gram = hats.T @ (weights[:, None] * hats)
    top = 0.0
    for depth in s.eps + (1 - s.eps) * rng.uniform(0, 1, size={1: 400, 2: 300, 3: 200, 6: 100}[d]) ** 2:
        t = 1 - depth
        phi = np.maximum(np.outer(grid, cosine) - t, 0.0)
        part = (phi * law) @ harmonics.T * s.counts
        smooth = np.zeros_like(part)
        for degree, (v, e) in enumerate(s.factors):
            image = hats.T @ (weights * part[:, degree])
            if degree < 2:
                affine = np.ones(s.knots.size) if degree == 0 else s.knots
                smooth[:, degree] = hats @ affine * (affine @ image) / (affine @ gram @ affine)
            smooth[:, degree] += hats @ (v @ ((2 * e - e * e) * (v.T @ image)))
        norm = weights @ np.abs(phi - smooth @ harmonics) @ law
        top = max(top, norm / depth ** (d + 2))
    assert top < bound
    assert top > 0.8 * bound


@pytest.mark.slow
@pytest.mark.parametrize("d", [1, 2, 3])
def test_simulated_risk_is_below_the_bound(d: int) -> None:
    """The estimator of a row on functions of the class at full budget, on few samples; its mean squared error by Monte Carlo."""
    s = smoother(d)
    found = s.constants()
    rng = np.random.default_rng(d)
    n, B, sigma = 300, 1.0, 0.7
    bias, C = found.canonical, 1.0
    bound = 1 - (1 - s.eps) ** d + C * B * bias + (sigma**2 + B**2) / n * found.variance
    test = points(rng, 200, d)
    for depth in (1.5 * s.eps, 3 * s.eps, 0.7):
        direction = np.zeros(d)
        direction[0] = 1.0

        def truth(x: Array, depth: float = depth, direction: Array = direction) -> Array:
            amplitude = min(C / depth ** (d + 2), 2 * B / depth)
            return amplitude * np.maximum(x @ direction - 1 + depth, 0.0) - min(B, amplitude * depth / 2)

        losses = []
        for _ in range(30):
            x = points(rng, n, d)
            y = truth(x) + sigma * rng.normal(size=n)
            losses.append(np.mean((kernel_values(s, test, x) @ y / n - truth(test)) ** 2))
        assert np.mean(losses) < bound + 3 * np.std(losses) / math.sqrt(30)


@pytest.mark.parametrize("d", [1, 2, 3])
def test_variance_is_the_norm_of_the_kernel(d: int) -> None:
    s = smoother(d)
    rng = np.random.default_rng(d + 10)
    squares = kernel_values(s, points(rng, 1500, d), points(rng, 1500, d)) ** 2
    # a U-statistic: its error is at most twice that of the means over one argument
    error = 2 * max(squares.mean(0).std(), squares.mean(1).std()) / math.sqrt(1500)
    assert abs(squares.mean() - s.variance) < 5 * error


def test_widths_of_the_table_hold_for_every_setting() -> None:
    for row in rows():
        assert 0 < row.canonical < row.population
        assert 0 < row.eps < 1
        assert row.variance > row.d + 1
    problem = Problem(2, Fraction(10**4), Fraction(1), Fraction(1), Fraction(1))
    found = upper_smoother.search(problem)
    assert isinstance(found, Row)
    huge = Problem(2, Fraction(10) ** 300, Fraction(1), Fraction(10) ** -30, Fraction(10) ** 30, Weight.POPULATION)
    assert isinstance(upper_smoother.search(huge), Row)
    assert upper_smoother.search(Problem(10**6, Fraction(10), Fraction(1), Fraction(1), Fraction(1))) is None


@pytest.mark.slow
def test_rows_are_certified_anew() -> None:
    """The quickest rows of the table, in each dimension, give the same constants."""
    seen = set()
    for row in sorted(rows(), key=lambda row: row.variance):
        if row.d not in seen:
            seen.add(row.d)
            again = certify(row.d, row.eps, row.delta, row.shape, row.a, row.kappa)
            assert again.canonical == pytest.approx(row.canonical, rel=2e-5)
            assert again.population == pytest.approx(row.population, rel=2e-5)
            assert again.variance == pytest.approx(row.variance, rel=2e-5)


@pytest.mark.parametrize(
    ("d", "n", "ratio"),
    [(1, 1e3, 5.5), (1, 1e4, 5.5), (1, 1e6, 5.5), (2, 1e4, 11), (2, 1e6, 19), (3, 1e4, 15), (3, 1e6, 28)],
)
def test_ratios_to_the_lower_bound(d: int, n: float, ratio: float) -> None:
    from boundcalc.explicit.lower import explicit_lower

    assert explicit_upper(d, n).upper < ratio * explicit_lower(d, n).lower
