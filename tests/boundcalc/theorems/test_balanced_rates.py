"""Registered rates with their factors, against direct minimisation of the sums that they balance.

The least value of a sum of a rising and a falling power lies between the balanced value and twice that, so the ratio of a
numerical minimum to the registered expression must lie in [1, 2] at every setting: constants in B, C, sigma, n included.
"""

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.special import betainc
from sympy import Expr, Float, Rational, simplify

from boundcalc import symbols as sy
from boundcalc.registry import theorem
from boundcalc.setting import Setting
from boundcalc.statements.approximation import NOISE, RECOVERY
from boundcalc.statements.extra_symbols import J, alpha, m, p, q, s
from boundcalc.statements.stable_minima import GAP_SEMINORM, MSE_SEMINORM

log_uniform = st.floats(-3, 3).map(lambda e: 10.0**e)
dimension = st.integers(1, 12)
sample_size = st.floats(1, 12).map(lambda e: 10.0**e)


def minimum(f: Callable[[np.ndarray], np.ndarray]) -> float:
    """Over a dense grid of logarithms; neighbouring points are 0.25 % apart."""
    return float(f(np.geomspace(1e-22, 1e22, 40_000)).min())


def value(expr: Expr, at: dict[object, float]) -> float:
    # Floats, not rationals: sympy would factor large integers to simplify their powers.
    return float(expr.subs({symbol: x if isinstance(x, int) else Float(x, 20) for symbol, x in at.items()}).evalf(20))


def in_range(ratio: float) -> bool:
    return 1 - 1e-9 <= ratio <= 2 * 1.01


@settings(max_examples=40)
@given(dimension, sample_size, log_uniform)
def test_unweighted_class(k: int, count: float, bound: float) -> None:
    a = 2 * k / (k + 3)
    net = minimum(lambda r: r + np.sqrt((bound / r) ** a / count))
    assert in_range(net / value(theorem("unweighted-gap").bound.expr, {sy.d: k, sy.n: count, sy.C: bound, sy.M: 1}))
    radius = minimum(lambda r: r**2 + 0.49 * (bound / r) ** a / count)
    at = {sy.d: k, sy.n: count, sy.C: bound, sy.sigma: 0.7}
    assert radius / value(theorem("local-complexity").bound.expr, at) == pytest.approx(1.5, abs=0.53)


@settings(max_examples=40)
@given(dimension, sample_size, log_uniform, st.floats(0.05, 1.9), st.floats(1, 50))
def test_core_and_shell(k: int, count: float, bound: float, eta: float, outputs: float) -> None:
    at = {sy.d: k, sy.n: count, sy.B: bound, sy.eta: eta, sy.sigma: 0.3, sy.M: outputs}
    size = value(MSE_SEMINORM, at)
    core = (0.09 / count) ** ((k + 3) / (2 * k + 3))
    power = 2 * k / (2 * k + 3)
    mse = minimum(lambda e: bound**2 * e + size**power * e ** (-(k + 2) * power) * core)
    assert in_range(mse / value(theorem("mse-core-shell").bound.expr, at))
    size = value(GAP_SEMINORM, at)
    core = outputs ** (3 * (k + 2) / (2 * k + 3)) * count ** (-(k + 3) / (4 * k + 6))
    gap = minimum(lambda e: outputs**2 * e + size ** (power / 2) * e ** (-(k + 2) * power / 2) * core)
    assert in_range(gap / value(theorem("gap-core-shell").bound.expr, at))


@settings(max_examples=30)
@given(st.integers(1, 8), sample_size, st.floats(0.2, 5))
def test_radial_laws(k: int, count: float, a: float) -> None:
    core = count ** (-(k + 3) / (4 * k + 6))
    gap = minimum(lambda e: e**a + e ** (-(k + 2 * a) * k / (2 * k + 3)) * core)
    assert in_range(gap / value(theorem("radial-gap-upper").bound.expr, {sy.d: k, sy.n: count, alpha: a}))


@pytest.mark.parametrize(("k", "a"), [(2, 0.5), (3, 1.0), (5, 2.0), (1, 1.0)])
def test_masses_of_radial_laws(k: int, a: float) -> None:
    """The law itself: mass of shells by sampling, mass of caps by quadrature over the radius."""
    radius = 1 - (1 - np.random.default_rng(7).random(400_000)) ** (1 / a)
    for width in (0.1, 0.4):
        expected = width**a
        # Four standard errors of a frequency.
        assert np.mean(radius > 1 - width) == pytest.approx(expected, abs=4 * np.sqrt(expected / 400_000))
    if k == 1:
        return

    def cap(height: float) -> float:
        def share(u: float) -> float:  # u = P(radius > r), so that the density is 1
            r = 1 - height * u ** (1 / a)
            return 0.5 * float(betainc((k - 1) / 2, 0.5, max(0.0, 1 - ((1 - height) / r) ** 2)))

        return height**a * quad(share, 0, 1, limit=200)[0]

    slope = np.log(cap(1e-3) / cap(1e-5)) / np.log(100)
    assert slope == pytest.approx(a + (k - 1) / 2, abs=5e-3)
    # The lower bound's exponent from it: n * mass = 1, risk = mass of the shell.
    exponent = theorem("radial-gap-lower").bound.exponent.subs({sy.d: k, alpha: Rational(a)})
    assert a / slope == pytest.approx(float(exponent), rel=5e-3)


def test_subspace_mixture_contains_the_single_ball() -> None:
    single = theorem("subspace-mixture-gap").bound.expr.subs(J, 1)
    assert simplify(single / theorem("gap-upper").bound.expr.subs(sy.d, m) - 1) == 0


@pytest.mark.parametrize("k", [1, 2, 4])
def test_half_space_depth_reproduces_the_core_and_shell(k: int) -> None:
    """On the uniform ball the points of depth T form a ball; minimising over T with the exact weight gives n^{-1/(2d+2)}."""
    c1 = 1 / quad(lambda t: (1 - t * t) ** ((k - 1) / 2), -1, 1)[0]

    def weight(depth: float) -> float:
        q0 = c1 * quad(lambda r: (r * (2 - r)) ** ((k - 1) / 2), 0, depth)[0]
        excess = c1 * quad(lambda r: (depth - r) * (r * (2 - r)) ** ((k - 1) / 2), 0, depth)[0]
        mean = excess + (1 - depth) * q0
        return excess * np.sqrt(q0**2 + mean**2)

    depths = np.geomspace(1e-9, 0.5, 400)
    weights = np.array([weight(e) for e in depths])
    outside = -np.expm1(k * np.log1p(-depths))

    def best(log_n: float) -> float:
        return float(np.log((outside + weights ** (-k / (2 * k + 3)) * np.exp(-log_n * (k + 3) / (4 * k + 6))).min()))

    low, high = 12 * (k + 1), 16 * (k + 1)
    assert (best(low) - best(high)) / (high - low) == pytest.approx(1 / (2 * k + 2), rel=0.03)
    terms = theorem("half-space-depth-gap").bound
    assert terms.exponent == 0


def test_interior_rate_on_the_line_by_linear_splines() -> None:
    """Squared bias k^{-4} of linear splines with k knots, variance k/n."""
    for count in (1e6, 1e10):
        best = minimum(lambda k, count=count: k**-4.0 + k / count)
        assert in_range(best / value(theorem("univariate-interior-mse").bound.expr, {sy.n: count}))


@settings(max_examples=40)
@given(st.integers(1, 6), sample_size, st.floats(0.3, 6), log_uniform)
def test_besov_noise_term(k: int, count: float, smooth: float, noise: float) -> None:
    best = minimum(lambda r: r**smooth + np.sqrt(noise**2 / (count * r**k)))
    assert in_range(best / value(NOISE, {sy.d: k, sy.n: count, s: smooth, sy.sigma: noise}))


def test_besov_limits_and_guards() -> None:
    at = {sy.d: 2, sy.n: 1000, s: 2, p: 2, q: 1}
    bound = theorem("besov-minimax").bounds["error"].expr
    assert float(bound.subs(at).subs(sy.sigma, Rational(1, 10**60))) == pytest.approx(
        float(RECOVERY.subs(at)), rel=1e-9
    )
    assert float(bound.subs(at).subs(sy.sigma, 10**9)) == pytest.approx(float(RECOVERY.subs(at)) + 1)
    smooth, norms, zone = (a.relation for a in theorem("besov-minimax").assumptions[:3])
    assert smooth is not None
    assert norms is not None
    assert zone is not None
    assert bool(smooth.subs({s: 1, sy.d: 2, p: 1})) is False
    assert bool(norms.subs({p: Rational(1, 2), q: 3})) is False
    assert bool(zone.subs({s: 2, sy.d: 2, p: 2, q: 6})) is False
    assert bool(zone.subs({s: 2, sy.d: 2, p: 2, q: 5})) is True


def test_besov_zone_ends_where_sparse_alternatives_take_over() -> None:
    """The exponent of single large wavelet coefficients meets s/(2s+d) exactly at q = p (2s+d)/d."""
    sparse = (s - sy.d / p + sy.d / q) / (2 * (s - sy.d / p) + sy.d)
    assert simplify(sparse.subs(q, p * (2 * s + sy.d) / sy.d) - s / (2 * s + sy.d)) == 0


@pytest.mark.slow
def test_class_bounds_scale_like_squared_functions() -> None:
    """Multiplying functions, noise and both budgets by c multiplies a squared error by c^2."""
    c = Rational(3)
    scaled = {sy.B: c * sy.B, sy.C: c * sy.C, sy.sigma: c * sy.sigma}
    for key in ("theorem-b", "theorem-c", "theorem-a", "local-complexity"):
        for bound in theorem(key).bounds.values():
            quotient = bound.expr.subs(scaled, simultaneous=True) / bound.expr
            at = {sy.d: 3, sy.n: 1000, sy.B: 2, sy.C: Rational(1, 3), sy.sigma: Rational(7, 5)}
            assert float(quotient.subs(at)) == pytest.approx(9, rel=1e-12)


@settings(max_examples=30)
@given(dimension, sample_size, st.floats(0.2, 5), st.floats(0.2, 5), st.floats(0.2, 3))
def test_estimators_of_the_explicit_upper_bounds(k: int, count: float, sup: float, size: float, noise: float) -> None:
    """Shell, squared bias and variance of cells, and of means of ridge functions without the logarithm: three terms each."""
    at = {sy.d: k, sy.n: count, sy.B: sup, sy.C: size, sy.sigma: noise}
    total = (noise**2 + sup**2) / count

    def cells(depth: np.ndarray) -> np.ndarray:
        width = np.geomspace(1e-7, 1e7, 500)[:, None]
        bias = sup * size * width**2 * depth ** (-(k + 1) / 2)
        return sup**2 * depth + bias + total * width**-k * depth ** (-(k - 1) / 2)

    depth = np.geomspace(1e-12, 1e12, 2000)
    least = float(cells(depth).min())
    for key in ("cells-upper", "smoother-upper", *(("cells-upper-1d",) if k == 1 else ())):
        assert 1 - 1e-9 <= least / value(theorem(key).bound.expr, at) <= 3 * 1.01
    # N terms: Gamma^2/N + N total, at the best N
    least = float((sup**2 * depth + 2 * size * depth ** (-(3 * k + 3) / 4) * math.sqrt(total)).min())
    assert 1 - 1e-9 <= least / value(theorem("mixture-upper").bound.expr, at) <= 3 * 1.01


@settings(max_examples=15)
@given(st.floats(0.2, 5), st.floats(0.2, 5), st.floats(0.2, 3))
def test_theorem_c_on_the_line_against_an_explicit_estimator(sup: float, size: float, noise: float) -> None:
    """Piecewise linear least squares on cells of width e z^{3/2} at depth z: its explicit risk bound has the same powers."""
    total = noise**2 + sup**2

    def risk(count: float) -> float:
        e, z = np.meshgrid(np.geomspace(1e-8, 1, 400), np.geomspace(1e-12, 0.5, 400))
        return float(
            (
                sup * size * e**2 / 8 + sup**2 * z + 4 * total / count * (1 + (1 + e) ** 1.5 * 2 / e * (z**-0.5 - 1))
            ).min()
        )

    registered = [
        value(theorem("theorem-c").bound.expr, {sy.d: 1, sy.n: count, sy.B: sup, sy.C: size, sy.sigma: noise})
        for count in (1e10, 1e13)
    ]
    ratios = [risk(1e10) / registered[0], risk(1e13) / registered[1]]
    assert 1 < ratios[1] < 12
    assert ratios[0] == pytest.approx(ratios[1], rel=0.1)


@pytest.mark.parametrize("k", range(1, 60))
def test_lower_and_upper_exponents_are_in_order(k: int) -> None:
    """A lower bound n^-a and an upper bound n^-b on one quantity need a >= b."""

    def e(key: str, name: str | None = None) -> Rational:
        found = theorem(key)
        return (found.bounds[name] if name else found.bound).exponent_at(k)

    assert e("theorem-b") == e("theorem-c")
    assert e("theorem-a") >= e("theorem-b")
    if k >= 2:
        assert e("minimax-lower") >= e("theorem-a")
        assert e("gap-lower") >= e("stable-gap-upper")
        assert e("stable-mse-upper") >= e("theorem-c")
    assert e("stable-mse-lower") == e("stable-mse-upper")
    assert e("stable-mse-upper") >= e("stable-minima-peeling") >= e("mse-core-shell") >= e("mse-upper")
    assert e("stable-gap-upper") >= e("stable-minima-peeling", "gap") >= e("gap-core-shell") >= e("gap-upper")


def test_dimension_is_guarded() -> None:
    with pytest.raises(ValueError, match="d >= 2"):
        theorem("radial-gap-lower").require(Setting.parse(d=1, n=10))
