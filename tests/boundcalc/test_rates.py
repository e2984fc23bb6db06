"""The calculator against independent evaluations of the formulas."""

import math
from fractions import Fraction

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sympy import Rational, lambdify

import boundcalc
from boundcalc.rates import RateReport, rate
from boundcalc.statement import Side, Status
from boundcalc.statements import THEOREMS
from boundcalc.symbols import d as D
from boundcalc.symbols import n as N


def test_the_example_of_the_readme() -> None:
    report = boundcalc.rate(d=20, n=1e4)
    assert report.upper.exponent == Rational(1, 44)
    assert report.lower is not None
    assert report.lower.exponent == Rational(2, 21)
    assert report.low_norm.exponent == Rational(23, 43)
    assert report.upper.value == pytest.approx(10 ** (-4 / 44), rel=1e-14)
    assert report.lower.value == pytest.approx(10 ** (-8 / 21), rel=1e-14)
    assert report.low_norm.value == pytest.approx(10 ** (-4 * 23 / 43), rel=1e-14)
    assert report.upper.status is Status.PAPER
    assert (report.upper.side, report.lower.side) == (Side.UPPER, Side.LOWER)


# The table of exponents of the paper and of the docs, typed here independently of the expressions.
TABLE = {
    1: ("1/6", "1/2", "4/5"),
    2: ("1/8", "2/3", "5/7"),
    3: ("1/10", "1/2", "2/3"),
    5: ("1/14", "1/3", "8/13"),
    10: ("1/24", "2/11", "13/23"),
}


@pytest.mark.parametrize("d", TABLE)
def test_exponents(d: int) -> None:
    report = rate(d, 100)
    assert report.lower is not None
    found = (report.upper.exponent, report.lower.exponent, report.low_norm.exponent)
    assert tuple(map(str, found)) == TABLE[d]


@pytest.mark.parametrize("d", [1, 2, 7])
def test_gap(d: int) -> None:
    report = rate(d, 1000, quantity="gap")
    assert report.upper.exponent == Rational(1, 2 * d + 4)
    assert report.low_norm.exponent == Rational(1, 4)
    if d == 1:
        assert report.lower is None
        assert "no lower bound for the gap at d = 1" in str(report)
    else:
        assert report.lower is not None
        assert report.lower.exponent == Rational(2, d + 1)


def by_hand(d: int, n: float, eta: float, sigma: float, B: float, C: float) -> tuple[float, float]:
    """Thm 3.6 and Thm 3.7 typed anew."""
    seminorm = 1 / eta - 0.5 + 2 * sigma
    upper = B**2 * n ** (-1 / (2 * d + 4))
    upper += seminorm ** (2 * d / (2 * d + 3)) * (sigma**2) ** ((d + 3) / (2 * d + 3)) * n ** (-3 / (2 * d + 3))
    m = min(B, C)
    lower = m * sigma / math.sqrt(n) if d == 1 else m ** (2 * (d - 1) / (d + 1)) * (sigma**2 / n) ** (2 / (d + 1))
    return upper, lower


positive = st.fractions(min_value=Fraction(1, 100), max_value=100)


@pytest.mark.slow
@given(
    st.integers(1, 60),
    st.integers(1, 10**9),
    st.fractions(Fraction(1, 100), Fraction(199, 100)),
    positive,
    positive,
    positive,
)
def test_values_with_every_constant(d: int, n: int, eta: Fraction, sigma: Fraction, B: Fraction, C: Fraction) -> None:
    report = rate(d, n, eta=eta, sigma=sigma, B=B, C=C)
    upper, lower = by_hand(d, n, float(eta), float(sigma), float(B), float(C))
    assert report.upper.value == pytest.approx(upper, rel=1e-11)
    assert report.lower is not None
    assert report.lower.value == pytest.approx(lower, rel=1e-11)


RATES = [t for t in THEOREMS if t.bound.expr.has(N) and not t.bound.constant_known]


def test_there_are_rates_of_every_side() -> None:
    assert {t.bound.side for t in RATES} >= {Side.UPPER, Side.LOWER, Side.TIGHT}


@pytest.mark.parametrize("theorem", [t for t in RATES if not t.symbols], ids=lambda t: t.key)
def test_the_exponent_is_the_slope_at_infinity(theorem: boundcalc.Theorem) -> None:
    """Independent channel: the local slope of log(expression) in log n, numerically, at n = 10^(10^4)."""
    bound = theorem.bound
    others = sorted(bound.expr.free_symbols - {N}, key=str)
    for d in (2, 3, 11):
        values = {s: Rational(d) if s == D else Rational(3, 2) for s in others}
        function = lambdify(N, bound.expr.subs(values), "mpmath")
        with mpmath.workdps(40):
            low, high = mpmath.mpf(10) ** 10**4, mpmath.mpf(10) ** (10**4 + 10)
            measured = (mpmath.log(function(high)) - mpmath.log(function(low))) / (mpmath.log(high) - mpmath.log(low))
        assert float(measured) == pytest.approx(-float(bound.exponent.subs(values)), abs=1e-9)


def test_more_given_symbols_only_add_factors() -> None:
    plain, full = rate(3, 10**6), rate(3, 10**6, B=2)
    assert full.upper.value == pytest.approx(4 * plain.upper.value)
    assert plain.upper.value == pytest.approx(10**-0.6)


@pytest.mark.parametrize("n", ["1e300", "1e3000"])
@pytest.mark.parametrize("d", [1, 2, 50, 10**6])
def test_extreme_sizes(d: int, n: str) -> None:
    report = rate(d, n)
    power = int(n[2:])
    for bound in (report.upper, report.lower, report.low_norm):
        assert bound is not None
        expected = -float(bound.exponent) * power * math.log(10)
        assert bound.log_value == pytest.approx(expected, rel=1e-13)
        if abs(expected) < 700:
            assert bound.value == pytest.approx(math.exp(expected), rel=1e-9)
        else:
            with pytest.raises(OverflowError, match="log_value"):
                _ = bound.value
    assert "nan" not in str(report)
    assert "inf" not in str(report)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"d": 0, "n": 10}, "d "),
        ({"d": 2.5, "n": 10}, "d "),
        ({"d": 2, "n": 0.5}, "n "),
        ({"d": 2, "n": float("nan")}, "n must"),
        ({"d": 2, "n": "ten"}, "n must"),
        ({"d": 2, "n": 10, "eta": 2}, "eta"),
        ({"d": 2, "n": 10, "sigma": -1}, "sigma"),
        ({"d": 2, "n": 10, "quantity": "risk"}, "quantity"),
    ],
)
def test_bad_input(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        rate(**arguments)  # type: ignore[arg-type]


def test_missing_arguments_are_named() -> None:
    with pytest.raises(TypeError, match="n must be a number"):
        rate(3, None)


def test_the_text_says_that_constants_are_hidden_and_carries_statuses() -> None:
    text = str(rate(5, 1e6))
    assert "constants that depend on d are hidden" in text
    assert "n^(-1/14)" in text
    assert "paper" in text
    assert "no estimator has a smaller worst-case error" in text
    assert "says nothing here: it needs n >= 18537" in str(rate(5, 1e4))


def test_notebook_and_latex_forms_come_from_the_expression() -> None:
    report = rate(5, 1e6)
    markdown = report._repr_markdown_()
    assert report.upper.latex() in markdown
    assert "n^{-1/14}" in markdown
    assert isinstance(report, RateReport)


def test_theorem_a_evaluates_as_the_docs_say() -> None:
    """Coefficients of n^(-4/(3d+5)) at sigma = B = C = 1, and the smallest n."""
    for d, coefficient, smallest in ((1, 1.52e-2, 34), (2, 6.80e-3, 151), (3, 2.80e-3, 725), (5, 4.17e-4, 18537)):
        n = 10**6
        explicit = rate(d, n).explicit
        assert explicit
        assert explicit.lower * n ** (4 / (3 * d + 5)) == pytest.approx(coefficient, rel=3e-3)
        assert not rate(d, smallest - 1).explicit
        assert rate(d, smallest).explicit


# Exponents of upper and lower bound by flatness, quantity and d = 1, 2, 5: typed independently; "-" where none is stated.
FLATNESS = {
    ("lambda-max", "mse"): "1/6 1/8 1/14; 1/2 2/3 1/3",
    ("localised", "mse"): "2/3 10/27 4/27; 2/3 10/27 4/27",
    ("localised", "gap"): "1/2 10/27 4/27; - 2/3 1/3",
    ("trace", "mse"): "2/3 10/23 4/17; 2/3 10/23 4/17",
    ("trace", "gap"): "1/2 10/23 4/17; - 2/3 1/3",
    ("none", "mse"): "4/5 5/7 8/13; 4/5 5/7 8/13",
    ("none", "gap"): "1/4 1/4 1/4; - - -",
}


@pytest.mark.parametrize(("flatness", "quantity"), FLATNESS)
def test_flatness_at_one_setting_and_on_a_grid(flatness: str, quantity: str) -> None:
    upper, lower = (row.split() for row in FLATNESS[flatness, quantity].split(";"))
    grid = rate([1, 2, 5], 1e6, quantity=quantity, flatness=flatness)
    for i, d in enumerate((1, 2, 5)):
        report = rate(d, 10**6, quantity=quantity, flatness=flatness)
        assert str(report.upper.exponent) == upper[i]
        assert ("-" if report.lower is None else str(report.lower.exponent)) == lower[i]
        assert report.low_norm.exponent == rate(d, 10**6, quantity=quantity).low_norm.exponent
        assert np.broadcast_to(grid.upper.log_value, 3)[i] == pytest.approx(report.upper.log_value, rel=1e-14)
        if report.lower is not None:
            assert grid.lower is not None
            assert grid.lower.log_value[i] == pytest.approx(report.lower.log_value, rel=1e-14)
        assert report.flatness == grid.flatness == flatness
        # Theorem A and explicit_lower are about the class of the canonical weight.
        assert ("Explicit:" in str(report)) == (flatness == "lambda-max" and quantity == "mse")
    assert (grid.lower is None) == (lower == ["-"] * 3)
    assert str(grid).split(":")[0] == str(report).split(":")[0]


def test_decay_does_better_than_sgd_and_sgd_than_gd() -> None:
    for d in (2, 3, 10, 50):
        exponents = [
            rate(d, 100, flatness=which).upper.exponent for which in ("lambda-max", "localised", "trace", "none")
        ]
        assert exponents == sorted(exponents)
        assert len(set(exponents)) == 4


def test_default_flatness_is_that_of_the_paper() -> None:
    assert str(rate(5, 1e4)) == str(rate(5, 1e4, flatness="lambda-max"))
    assert str(rate(5, 1e4)).startswith("Flat minima of two-layer ReLU networks: mean squared error, d = 5")


@pytest.mark.parametrize("bad", ["sgd", "Trace", "", None, 3])
def test_unknown_flatness(bad: object) -> None:
    with pytest.raises((ValueError, TypeError), match="flatness must be one of lambda-max, localised, trace, none"):
        rate(5, 1e4, flatness=bad)  # type: ignore[call-overload]
