"""Covariances, norms and constants of neighbouring results, by quadrature, Monte Carlo and linear programming."""

from collections.abc import Callable

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.optimize import linprog
from scipy.special import gamma as gamma_function
from scipy.special import jv
from sympy import Abs, Integral, Rational, lambdify

from boundcalc import symbols as sy
from boundcalc.registry import theorem
from boundcalc.statements.extra_symbols import N, k, s
from boundcalc.statements.networks import FEATURE_RANK, OUTPUT_RANK
from boundcalc.statements.transforms import DISTANCE, INNER, INTENSITY, NORM_X, NORM_Y, SECOND_MOMENT


def registered_covariance(x: np.ndarray, y: np.ndarray) -> float:
    expr = theorem("relu-process-covariance").bound.expr
    return float(
        expr.subs(
            {
                sy.d: len(x),
                INTENSITY: 1,
                SECOND_MOMENT: 1,
                NORM_X: np.linalg.norm(x),
                NORM_Y: np.linalg.norm(y),
                DISTANCE: np.linalg.norm(x - y),
                INNER: float(x @ y),
            }
        )
    )


def corrected(a: np.ndarray, t: np.ndarray) -> np.ndarray:
    """relu(a - t) with its value and slope at a = 0 removed."""
    return np.maximum(a - t, 0) - np.maximum(-t, 0) - a * (t < 0)


@pytest.mark.parametrize(("a", "b"), [(0.5, 1.2), (0.7, -0.4), (-1.0, -1.5)])
def test_relu_covariance_on_the_line(a: float, b: float) -> None:
    def one_direction(u: float) -> float:
        knots = [0, u * a, u * b]
        return quad(lambda t: float(corrected(u * a, t) * corrected(u * b, t)), -2, 2, points=knots)[0]

    both = one_direction(1.0) + one_direction(-1.0)
    assert registered_covariance(np.array([a]), np.array([b])) == pytest.approx(both, abs=1e-9)


def test_relu_covariance_in_the_plane_by_quadrature() -> None:
    x, y = np.array([0.6, -0.3]), np.array([0.2, 0.9])
    angles = 2 * np.pi * (np.arange(4000) + 0.5) / 4000
    u = np.stack([np.cos(angles), np.sin(angles)])
    t = (np.arange(4000) + 0.5) / 2000 - 1
    total = sum(np.sum(corrected(a, t) * corrected(b, t)) for a, b in zip(x @ u, y @ u, strict=True))
    # Midpoint rule: the integrand has bounded variation derivatives, error near 1e-6.
    assert registered_covariance(x, y) == pytest.approx(total * (2 * np.pi / 4000) / 2000, rel=1e-5)


def test_relu_covariance_in_space_by_monte_carlo() -> None:
    x, y = np.array([0.6, -0.3, 0.1]), np.array([0.2, 0.7, 0.4])
    rng, draws = np.random.default_rng(11), 400_000
    u = rng.normal(size=(draws, 3))
    u /= np.linalg.norm(u, axis=1)[:, None]
    t = rng.uniform(-1, 1, draws)
    products = corrected(u @ x, t) * corrected(u @ y, t) * (4 * np.pi * 2)
    error = products.std() / np.sqrt(draws)
    assert error < 0.01 * products.mean()
    assert abs(products.mean() - registered_covariance(x, y)) < 4 * error


def registered_integrand(d: int) -> tuple[float, Callable[[float], float]]:
    """Prefactor and signed integrand of the general expression at one dimension, s = 1."""
    expr = theorem("gaussian-variation-norm").bound.expr.subs({sy.d: d, s: 1})
    (integral,) = expr.atoms(Integral)
    (absolute,) = integral.function.atoms(Abs)
    evaluate = lambdify(integral.variables[0], absolute.args[0], "mpmath")
    return float(expr / integral), lambda t: float(evaluate(t))


def registered_gaussian(d: int) -> float:
    """The general expression at an odd dimension, where the integrand is below 1e-30 from 14 on."""
    prefactor, integrand = registered_integrand(d)
    nodes, weights = np.polynomial.legendre.leggauss(8)
    # Short pieces: a kink of the absolute value inside one costs at most about its length squared.
    edges = np.linspace(0, 14, 561)
    half = (edges[1] - edges[0]) / 2
    pieces = (edges[:-1] + half)[:, None] + half * nodes[None, :]
    values = np.array([[abs(integrand(t)) for t in row] for row in pieces])
    return prefactor * 2 * float((values @ weights).sum() * half)


@pytest.mark.slow
def test_gaussian_norm_on_the_line() -> None:
    """Total variation of the derivative -x exp(-x^2/2): four times its largest value."""
    grid = np.linspace(-12, 12, 400_001)
    variation = np.abs(np.diff(-grid * np.exp(-(grid**2) / 2))).sum()
    assert registered_gaussian(1) == pytest.approx(variation, rel=1e-5)
    assert float(theorem("gaussian-variation-norm").bounds["norm, d = 1"].expr.subs(s, 1)) == pytest.approx(
        variation, rel=1e-8
    )


@pytest.mark.slow
@pytest.mark.parametrize(("d", "value"), [(1, 2.42612), (3, 7.02006), (5, 11.54352), (7, None), (9, None)])
def test_gaussian_norm_by_zeros_of_hermite_polynomials(d: int, value: float | None) -> None:
    """For odd d the filter is a derivative: twice the sum of |He_d| exp(-z^2/2) over the zeros of He_{d+1}."""
    zeros = np.polynomial.hermite_e.hermeroots([0] * (d + 1) + [1])
    heights = np.abs(np.polynomial.hermite_e.hermeval(zeros, [0] * d + [1])) * np.exp(-(zeros**2) / 2)
    by_zeros = np.sqrt(np.pi) * 2 ** (-(d - 1) / 2) / gamma_function(d / 2) * 2 * heights.sum()
    assert registered_gaussian(d) == pytest.approx(by_zeros, rel=1e-5)
    if value is not None:
        assert by_zeros == pytest.approx(value, abs=5e-6)
    if d == 3:
        closed = theorem("gaussian-variation-norm").bounds["norm, d = 3"].expr.subs(s, 1)
        assert float(closed) == pytest.approx(by_zeros, rel=1e-12)


@pytest.mark.parametrize("d", [2, 3])
def test_the_gaussian_is_the_network_of_that_norm(d: int) -> None:
    """Integrate neurons against the registered density, whose mass is the norm: it is exp(-r^2/2), up to sign
    and an affine function. This checks the normalisation against the definition."""
    area = 2 * np.pi ** (d / 2) / gamma_function(d / 2)
    prefactor, integrand = registered_integrand(d)
    # For one u, neurons of density m make a function of a = u.x with second derivative m(a), and m is even.
    nodes, weights = np.polynomial.legendre.leggauss(24)

    def profile(a: float) -> float:
        t = a * (nodes + 1) / 2
        return float(weights @ np.array([(a - x) * integrand(x) for x in t])) * a / 2 * prefactor / area

    def network(r: float) -> float:
        """Area of the sphere times the average over directions of the profile at |u.x|."""
        if d == 2:
            return area * quad(lambda v: profile(r * abs(np.cos(v))), 0, np.pi / 2)[0] / (np.pi / 2)
        return area * quad(lambda v: profile(r * v), 0, 1)[0]

    for r in (0.5, 1.3, 2.5):
        assert abs(network(r)) == pytest.approx(1 - np.exp(-(r**2) / 2), rel=1e-7)


def test_gaussian_norm_falls_with_the_width() -> None:
    for bound in theorem("gaussian-variation-norm").bounds.values():
        assert (bound.expr * s).subs(sy.d, 3).diff(s) == 0


@pytest.mark.parametrize(("d", "plane"), [(2, 1), (3, 1), (3, 2), (5, 2), (6, 5)])
@pytest.mark.parametrize("r", [0.0, 0.8, 2.1])
def test_k_plane_constant_on_a_gaussian(d: int, plane: int, r: float) -> None:
    """Both sides at |x| = r: the average over planes is a Beta integral, the Riesz potential a Bessel integral."""
    p, q = (d - plane) / 2, plane / 2
    beta = gamma_function(p) * gamma_function(q) / gamma_function(p + q)
    # b = sin^2 removes the singular ends of the Beta density.
    average = quad(
        lambda v: np.exp(-(r**2) * np.sin(v) ** 2 / 2) * 2 * np.sin(v) ** (2 * p - 1) * np.cos(v) ** (2 * q - 1),
        0,
        np.pi / 2,
    )[0]
    left = (2 * np.pi) ** (plane / 2) * average / beta

    def wave(z: float) -> float:
        return 1.0 if z < 1e-8 else float(gamma_function(d / 2) * (2 / z) ** (d / 2 - 1) * jv(d / 2 - 1, z))

    norm = 2 ** (d / 2 - 1) * gamma_function(d / 2)
    potential = quad(lambda w: w ** (d - 1 - plane) * np.exp(-(w**2) / 2) * wave(w * r), 0, 40, limit=200)[0] / norm
    constant = float(theorem("k-plane-constant").bound.expr.subs({sy.d: d, k: plane}))
    assert constant * potential == pytest.approx(left, rel=1e-8)


@pytest.mark.parametrize("seed", range(4))
def test_width_of_a_layer_by_linear_programming(seed: int) -> None:
    """A vertex of the cheapest nonnegative combination of the layer's rank-one matrices uses at most rank * rank."""
    rng = np.random.default_rng(seed)
    points, neurons = 6, 80
    x = rng.normal(size=(points, 2))
    w, b = rng.normal(size=(neurons, 2)), 0.3 * rng.normal(size=neurons)
    features = np.maximum(x @ w.T - b, 0)
    features = features[:, features.any(axis=0)]
    # Output weights in a plane of R^4, so that the outputs have rank 2.
    plane = rng.normal(size=(2, 4))
    weights = rng.normal(size=(features.shape[1], 2)) @ plane
    atoms = np.stack([np.outer(features[:, j], weights[j]).ravel() for j in range(features.shape[1])], axis=1)
    target = atoms @ np.ones(features.shape[1])
    cost = np.linalg.norm(weights, axis=1)
    left, singular, _ = np.linalg.svd(atoms, full_matrices=False)
    basis = left[:, singular > 1e-9 * singular[0]]
    solved = linprog(cost, A_eq=basis.T @ atoms, b_eq=basis.T @ target, method="highs-ds")
    assert solved.status == 0
    used = int((solved.x > 1e-9).sum())
    rank = {
        FEATURE_RANK: int(np.linalg.matrix_rank(features)),
        OUTPUT_RANK: int(np.linalg.matrix_rank(target.reshape(points, 4), tol=1e-8)),
    }
    bound = theorem("representer-width").bounds["width of a layer"].expr.subs(rank)
    assert rank[OUTPUT_RANK] == 2
    assert used <= bound < features.shape[1]
    assert np.allclose(atoms @ solved.x, target)
    assert cost @ solved.x <= cost.sum() + 1e-9
    assert theorem("representer-width").bound.expr.subs(N, points) >= bound


def test_approximation_rate_on_the_line_by_linear_interpolation() -> None:
    """exp on [-1, 1]: interpolating at N knots has L2 error of order N^-2 = N^(-1/2 - 3/2)."""
    errors = []
    for knots in (20, 80):
        nodes = np.linspace(-1, 1, knots)
        grid = np.linspace(-1, 1, 40_001)
        errors.append(np.sqrt(np.mean((np.exp(grid) - np.interp(grid, nodes, np.exp(nodes))) ** 2)))
    slope = np.log(errors[0] / errors[1]) / np.log(79 / 19)
    expr = theorem("n-term-approximation").bound.expr
    assert slope == pytest.approx(-float(expr.subs({sy.d: 1}).as_base_exp()[1]), rel=0.01)
    # Many dimensions: the Monte Carlo rate of Maurey's lemma.
    assert (-expr.as_base_exp()[1]).limit(sy.d, "oo") == Rational(1, 2)
