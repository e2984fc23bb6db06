"""Compiled logarithms against mpmath with 50 digits, and against themselves one element at a time."""

import math
from typing import Any

import mpmath
import numpy as np
import pytest
import sympy as sp
from hypothesis import given
from hypothesis import strategies as st
from sympy import Rational, Symbol, beta, erf, erfc, exp, factorial, gamma, log, loggamma, pi, sin, sqrt

from boundcalc.logspace import compile_log
from boundcalc.logvalue import Log, LogValue, extreme, signed_sum
from boundcalc.symbols import B, C, d, h, n, sigma

x = Symbol("x")
CASES: list[tuple[sp.Expr, dict[Symbol, float]]] = [
    (n ** (-1 / (2 * d + 4)), {n: 1e300, d: 7}),
    (sp.Min(B, C) ** (2 * (d - 1) / (d + 1)) * (sigma**2 / n) ** (2 / (d + 1)), {B: 3, C: 2, d: 3, sigma: 0.5, n: 100}),
    (gamma(d / 2 + 1) / (sqrt(pi) * gamma((d + 1) / 2)), {d: 1e6}),
    (gamma(d / 2 + 1) ** 2 / gamma(d / 2) ** 2, {d: 123457}),
    (factorial(d + 3) / factorial(d), {d: 1e9}),
    ((h * (2 - h)) ** (d / 2), {h: 0.999, d: 1e6}),
    ((1 - (1 - h) ** 2) ** (d / 2), {h: 0.9999, d: 1e6}),
    (1 - (1 - h) ** 2, {h: 1e-9}),
    (h ** (d / 2 + 3) * (2 - h) ** (d / 2 - 1), {h: 0.99, d: 1e6}),
    (h ** (-d) * h ** (d / 2) * (h * n) ** (d / 2), {h: 1e-250, d: 1e6, n: 1.5}),
    ((x * (x + 1)) ** (d / 2), {x: -3.0, d: 7}),
    ((1 - 1 / n) ** n, {n: 2.0**20}),
    (2 - h, {h: 1 - 2.0**-53}),
    (exp(-d * h) + exp(-d), {d: 1e5, h: 0.5}),
    (exp(-d) - exp(-2 * d), {d: 900}),
    (h**2 + h**3, {h: 1e-250}),
    (Rational(10) ** 400 * h**2, {h: 1e-200}),
    (x**3 - 5, {x: -4.0}),
    (sp.Abs(x) * x, {x: -0.125}),
    (erfc(sqrt(n / 2)), {n: 1e6}),
    (erf(h) / h, {h: 1e-3}),
    (log(n) ** 2 / loggamma(d), {n: 1e200, d: 50}),
    (beta(d, Rational(1, 2)), {d: 1e7}),
    (sin(h) ** d, {h: 1.5707, d: 1e6}),
    (sp.acos(1 - h), {h: 0.25}),
    (sp.hyper((d + 1, 1), ((d + 3) / 2,), h / 2), {d: 1e4, h: 0.98}),
    (sp.Max(n**-2, h, 1 / d), {n: 3, h: 0.2, d: 4}),
    (sp.Integer(7), {}),
    (10 * sp.sqrt(10) * x, {x: 2.0}),
    (x * erfc(10 * sp.sqrt(10) * x * h), {x: 0.5, h: 0.3}),
    (2 ** (d / 2 + Rational(1, 2)) * 2 ** (1 - d / 2) * x, {d: 1e6, x: 3.0}),
]


def truth(expr: sp.Expr, values: dict[Symbol, float]) -> Any:
    """60 digits by mpmath, at the binary values."""
    symbols = list(values)
    with mpmath.workdps(60):
        return sp.lambdify(symbols, expr, "mpmath")(*(mpmath.mpf(v) for v in values.values()))


@pytest.mark.parametrize(("expr", "values"), CASES, ids=[str(c[0])[:40] for c in CASES])
def test_against_mpmath(expr: sp.Expr, values: dict[Symbol, float]) -> None:
    got = compile_log(expr, list(values))(*values.values())
    expected = truth(expr, values)
    with mpmath.workdps(60):
        reference = mpmath.log(abs(expected))
        assert abs(float(got.log) - reference) <= 2e-13 * max(1, abs(reference) / 200)
    assert float(got.sign) == mpmath.sign(expected)


@given(st.floats(1, 1e6), st.floats(1e-300, 1), st.floats(1, 1e300))
def test_sum_of_powers(dim: float, height: float, size: float) -> None:
    expr = size_power = n ** (-3 / (2 * d + 3)) + h ** (d / 5)
    got = compile_log(expr, [d, h, n])(dim, height, size)
    with mpmath.workdps(60):
        reference = mpmath.log(truth(size_power, {d: dim, h: height, n: size}))
        assert abs(float(got.log) - reference) <= 1e-14 * max(100, abs(reference))


def test_arrays_equal_their_elements() -> None:
    rng = np.random.default_rng(1)
    expr = sp.Min(B, 2) ** ((d - 1) / (d + 1)) * (sigma**2 / n) ** (2 / (d + 1)) * gamma(d) / gamma(d + Rational(1, 2))
    f = compile_log(expr, [B, d, n, sigma])
    dims, sizes = rng.integers(1, 99, (300, 1)).astype(float), 10 ** rng.uniform(0, 300, 333)
    grid = f(1.5, dims, sizes, 0.1)
    assert grid.log.shape == (300, 333)
    for i, j in rng.integers(0, 300, (25, 2)):
        assert grid.log[i, j] == f(1.5, dims[i, 0], sizes[j], 0.1).log
    long = rng.random(100_001)
    assert np.array_equal(compile_log(2 - h, [h])(long).log[::1000], compile_log(2 - h, [h])(long[::1000]).log)


def test_zero_is_a_sign_not_a_failure() -> None:
    zero = compile_log(x * n, [x, n])(0.0, 5.0)
    assert (float(zero.sign), float(zero.log), float(zero.value), str(zero)) == (0.0, -math.inf, 0.0, "0")


def test_powers_of_zero() -> None:
    f = compile_log((x * n) ** (d / 2), [x, n, d])
    assert f(0.0, 3.0, 5.0).value == 0
    with pytest.raises(ArithmeticError, match="undefined"):
        f(0.0, 3.0, -5.0)
    with pytest.raises(ArithmeticError, match="undefined"):
        f(-1.0, 3.0, 5.0)


def test_empty_arrays() -> None:
    assert compile_log(n**2, [n])(np.empty((0, 3))).log.shape == (0, 3)


@pytest.mark.parametrize(
    ("expr", "message"),
    [
        (x * sp.Float(0.1), "rounded number"),
        (x + h, "not among the symbols"),
        (sp.zeta(x), "zeta"),
        (sp.besselj(0, x), "besselj"),
    ],
)
def test_refused_at_compile_time(expr: sp.Expr, message: str) -> None:
    with pytest.raises(TypeError, match=message):
        compile_log(expr, [x])


@pytest.mark.parametrize(
    ("expr", "at"), [(log(x), -1.0), (gamma(x), -0.5), (1 / x, 0.0), (sqrt(x), -2.0), (sp.acos(x), 2.0)]
)
def test_undefined_values_raise(expr: sp.Expr, at: float) -> None:
    with pytest.raises(ArithmeticError, match="undefined"):
        compile_log(expr, [x])(at)


def test_wrong_number_of_arrays() -> None:
    with pytest.raises(TypeError, match="takes 2 arrays, got 1"):
        compile_log(x * n, [x, n])(1.0)


@pytest.mark.parametrize(
    ("log10", "shown"), [(0.0, "1"), (3.9999, "10000"), (-4.0, "0.0001"), (1e6 + 0.30103, "2e+1000000")]
)
def test_text(log10: float, shown: str) -> None:
    assert str(LogValue(np.array(1.0), np.array(log10 * math.log(10)))) == shown
    assert str(LogValue(np.array(-1.0), np.array(log10 * math.log(10)))) == "-" + shown


def test_text_of_arrays() -> None:
    value = compile_log(n, [n])(np.array([1e-3, 1e5]))
    assert str(value) == "LogValue of shape (2,), log10 from -3 to 5"
    np.testing.assert_allclose(value.value, [1e-3, 1e5], rtol=1e-14)


@given(st.lists(st.floats(-1e100, 1e100), min_size=2, max_size=5))
def test_extreme_and_sum_of_signed_numbers(values: list[float]) -> None:
    parts = [Log(np.sign(v), math.log(abs(v)) if v else -math.inf) for v in values]
    for largest, chosen in ((True, max(values)), (False, min(values))):
        with np.errstate(invalid="ignore"):
            best = extreme(parts, largest)
        assert float(best.sign * np.exp(best.log)) == pytest.approx(chosen, rel=1e-12)
    with np.errstate(divide="ignore"):
        total = signed_sum(parts)
    scale = max(abs(v) for v in values)
    assert float(total.sign * np.exp(total.log)) == pytest.approx(math.fsum(values), abs=1e-12 * scale)
