"""Enclosures contain the truth (50 digits by mpmath, or an exact rational) and are narrow."""

import math
from fractions import Fraction

import flint
import mpmath
import pytest
import sympy as sp
from hypothesis import given
from hypothesis import strategies as st
from sympy import Integer, Rational, Symbol, beta, erf, erfc, exp, factorial, gamma, log, loggamma, pi, sin, sqrt

from boundcalc.dyadic import Dyadic
from boundcalc.enclosure import Enclosure, PrecisionError, enclose
from boundcalc.symbols import d, h, n

x = Symbol("x")
R = Rational
CASES = [
    (n ** (-1 / (2 * d + 4)), {n: R(10) ** 30, d: R(20)}),
    (gamma(d / 2 + 1) / (sqrt(pi) * gamma((d + 1) / 2)), {d: R(10**6)}),
    (sp.E**x + exp(-x), {x: R(1, 3)}),
    (log(x) * loggamma(x) - factorial(x / 2), {x: R(7, 2)}),
    (beta(x, R(1, 3)), {x: R(5, 4)}),
    (erf(x) * erfc(x), {x: R(9, 2)}),
    (erfc(x), {x: R(100)}),
    (sp.hyper((d + 1, 1), ((d + 3) / 2,), h / 2), {d: R(2000), h: R(99, 100)}),
    (sp.hyper((x,), (R(3, 2),), -x), {x: R(1, 2)}),
    (sp.besselj(R(1, 2), x), {x: R(3)}),
    (sin(x) / sp.cos(x) - sp.tan(x / 2), {x: R(7)}),
    (sp.asin(x) + sp.acos(x / 2) * sp.atan(x), {x: R(2, 5)}),
    (sp.sinh(x) * sp.cosh(x) + sp.tanh(x), {x: R(-2)}),
    (sp.Min(x, pi) + sp.Max(x, pi) ** 2, {x: R(22, 7)}),
    (sp.Abs(sin(x)) ** R(3, 2), {x: R(4)}),
    ((1 - x) ** 7 / (1 + x), {x: 1 - R(1, 10**40)}),
    (sqrt(x + 1) - sqrt(x), {x: R(10) ** 40}),
    (sp.betainc(x, 2 * x, 0, R(1, 3)), {x: R(3, 2)}),
]


@pytest.mark.parametrize(("expr", "values"), CASES, ids=[str(c[0])[:40] for c in CASES])
def test_contains_the_truth_and_is_narrow(expr: sp.Expr, values: dict[Symbol, Rational]) -> None:
    with mpmath.workdps(120):
        arguments = [mpmath.mpf(int(v.p)) / int(v.q) for v in values.values()]
        reference = mpmath.mpf(sp.lambdify(list(values), expr, "mpmath")(*arguments))
        digits = mpmath.nstr(reference, 50)
    for relative in (R(1, 10**15), R(1, 10**40)):
        got = enclose(expr, values, relative=relative)
        assert got.relative_width <= relative
        slack = abs(Fraction(digits)) / 10**49
        assert got.low <= Fraction(digits) + slack
        assert got.high >= Fraction(digits) - slack


def test_regularised_incomplete_beta_function() -> None:
    got = enclose(sp.betainc_regularized(x, 2 * x, R(1, 5), R(1, 3)), {x: R(3, 2)})
    with mpmath.workdps(50):
        third, fifth = mpmath.mpf(1) / 3, mpmath.mpf(1) / 5
        reference = mpmath.betainc(mpmath.mpf("1.5"), 3, fifth, third, regularized=True)
        assert got.contains(Fraction(mpmath.nstr(reference, 45)))


@given(st.fractions(-50, 50, max_denominator=10**6), st.fractions(-50, 50, max_denominator=10**6))
def test_rational_expressions_are_exact(p: Fraction, q: Fraction) -> None:
    y = Symbol("y")
    values = {x: R(p.numerator, p.denominator), y: R(q.numerator, q.denominator)}
    got = enclose(x**3 * y - 2 * y + sp.Min(x, y) * sp.Abs(y), values)
    assert got.contains(R(p**3 * q - 2 * q + min(p, q) * abs(q)))
    assert got.relative_width <= 1e-15


def test_an_exact_zero_has_no_width() -> None:
    got = enclose(x**2 - 4, {x: Integer(2)})
    assert (got.sign, got.lower, got.upper, got.floats) == (0, 0, 0, (0.0, 0.0))


@pytest.mark.parametrize(
    ("expr", "message"),
    [
        (sp.Float("0.1") + x, "rounded number"),
        (n + 1, "no value for the symbol n"),
        (sp.zeta(x), "zeta"),
        (sp.oo + x, "oo|inf"),
        (sp.I * x, "ImaginaryUnit"),
    ],
)
def test_refused_nodes(expr: sp.Expr, message: str) -> None:
    with pytest.raises(TypeError, match=message):
        enclose(expr, {x: Integer(3)})


def test_values_must_be_exact() -> None:
    with pytest.raises(TypeError, match="exact sympy Rational"):
        enclose(x, {x: 0.5})
    with pytest.raises(ValueError, match="relative must be positive"):
        enclose(x, {x: Integer(1)}, relative=Integer(0))


@pytest.mark.parametrize(
    "expr", [sin(x) - sin(3) + x - 3, log(x - 4), 1 / (x - 3), gamma(3 - x), sqrt(x - 5), (x - 4) ** pi, sp.acos(x)]
)
def test_zero_or_undefined_is_an_error_not_a_ball(expr: sp.Expr) -> None:
    with pytest.raises(PrecisionError, match="may be 0 or undefined"):
        enclose(expr, {x: Integer(3)}, max_bits=512)


def test_the_global_precision_is_left_alone() -> None:
    before = flint.ctx.prec
    third = enclose(pi, {}, relative=R(1, 10**100))
    with pytest.raises(TypeError):
        enclose(sp.zeta(x), {x: Integer(3)})
    _ = str(third), third.log10, third.relative_width
    assert flint.ctx.prec == before


def test_comparisons_know_when_they_do_not_know() -> None:
    one = Enclosure(Dyadic(1, 0), Dyadic(1, 0))
    wide = Enclosure(Dyadic(1, 0), Dyadic(3, 0))
    assert wide.less_than(4) is True
    assert wide.less_than(1) is False
    assert wide.less_than(2) is None
    assert wide.at_most(3) is True
    assert wide.at_most(2) is None
    assert wide.at_most("0.5") is False
    assert one.at_most(wide) is True
    assert wide.at_most(one) is None
    assert wide.greater_than(one) is None
    assert wide.greater_than(R(1, 2)) is True
    assert wide.at_least(one) is True
    assert wide.at_least(5) is False
    assert one.less_than(one) is False
    assert wide.contains(one)
    assert not one.contains(wide)
    assert wide.contains(Dyadic(3, -1))
    assert Enclosure(Dyadic(-1, 0), Dyadic(1, 0)).sign is None
    assert Enclosure(Dyadic(-1, 0), Dyadic(1, 0)).relative_width == math.inf


def test_floats_are_rounded_outwards() -> None:
    tenth = enclose(R(1, 10), {})
    low, high = tenth.floats
    assert Fraction(low) < Fraction(1, 10) < Fraction(high)
    assert high == math.nextafter(low, 1)
    assert not tenth.contains(0.1)  # the float is not one tenth
    assert tenth.contains("0.1")


def test_beyond_the_range_of_floats() -> None:
    tiny = enclose(exp(-(x**2)), {x: R(10**5)})
    assert tiny.floats == (0.0, 5e-324)
    low, high = tiny.log10
    assert low <= -(10**10) / math.log(10) <= high
    assert high - low < 1e-5
    assert str(tiny).startswith("9.2785844203248")
    assert "e-4342944820 ±" in str(tiny)
    with mpmath.workdps(30):
        assert mpmath.almosteq(mpmath.mpf(str(tiny).split()[0]), mpmath.exp(-(mpmath.mpf(10) ** 10)), 1e-14)
    with pytest.raises(OverflowError, match="log10"):
        _ = tiny.lower
    with pytest.raises(ValueError, match="positive"):
        _ = enclose(-x, {x: Integer(1)}).log10
