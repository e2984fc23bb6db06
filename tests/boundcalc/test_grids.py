"""Whole grids of rates against the exact scalar path, and against 50-digit evaluation."""

import math
from fractions import Fraction

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sympy import Add, Rational, lambdify

from boundcalc.grids import RateGrid, read_array
from boundcalc.powers import power_factors
from boundcalc.rate_values import Exponent, rate_values
from boundcalc.rates import RateReport, rate
from boundcalc.registry import theorem
from boundcalc.statement import Bound
from boundcalc.symbols import VARIABLES
from boundcalc.symbols import d as D
from boundcalc.symbols import n as N


def grid(*args: object, **kwargs: object) -> RateGrid:
    result = rate(*args, **kwargs)  # type: ignore[call-overload]
    assert isinstance(result, RateGrid)
    return result


def fifty_digits(bound: Bound, values: dict[str, float | int]) -> mpmath.mpf:
    """The whole expression at 50 digits, for settings where every symbol has a value."""
    with mpmath.workdps(50):
        symbols = [VARIABLES[name].symbol for name in values]
        return lambdify(symbols, bound.expr, "mpmath")(*(mpmath.mpf(value) for value in values.values()))


OPTIONS = {"eta": 0.25, "sigma": 0.5, "B": 2.0, "C": 3.0, "M": 4.0}


@pytest.mark.parametrize("quantity", ["mse", "gap"])
def test_a_grid_with_every_symbol_agrees_with_fifty_digits(quantity: str) -> None:
    dims, sizes = [1, 2, 7, 1000], [1.0, 12345.678, 1e30]
    result = grid(np.array(dims)[:, None], sizes, quantity=quantity, **OPTIONS)
    assert result.shape == (4, 3)
    for i, d in enumerate(dims):
        for j, n in enumerate(sizes):
            given_values: dict[str, float | int] = {**OPTIONS, "d": d, "n": n}
            for bound in (result.upper, result.lower, result.low_norm):
                theorem = bound.at_one if d == 1 and bound is result.lower else bound.theorem
                if theorem is None:
                    assert bound.value[i, j] == 0
                    assert bound.exponent[i, 0] == math.inf
                    continue
                truth = fifty_digits(theorem.bound, given_values)
                assert abs(bound.value[i, j] / truth - 1) < 1e-12


@settings(max_examples=40)
@given(
    st.integers(1, 10**6),
    st.floats(1, 1e300),
    st.sampled_from(["mse", "gap"]),
    st.fixed_dictionaries(
        {}, optional={"sigma": st.floats(1e-9, 1e9), "B": st.floats(1e-9, 1e9), "C": st.floats(1, 9)}
    ),
)
def test_grid_and_scalar_agree(d: int, n: float, quantity: str, options: dict[str, float]) -> None:
    many = grid([d, d], n, quantity=quantity, **options)
    one = rate(d, n, quantity=quantity, **options)  # type: ignore[arg-type]
    assert isinstance(one, RateReport)
    for name in ("upper", "lower", "low_norm"):
        scalar, array = getattr(one, name), getattr(many, name)
        if scalar is None:
            assert np.all(array.log_value == -np.inf)
        else:
            scale = max(1.0, abs(scalar.log_value))
            assert abs(array.log_value[0] - scalar.log_value) <= 1e-13 * scale
            assert array.exponent[1] == pytest.approx(float(scalar.exponent), rel=1e-14)
            assert array.side is scalar.side


def test_left_out_factors_are_left_out_on_grids_too() -> None:
    value = grid([3], 1e6, B=2).lower.value[0]  # C and sigma have no value, so neither has min(B, C)
    assert value == pytest.approx(1e6 ** (-1 / 2), rel=1e-14)
    with_both = grid([3], 1e6, B=2, C=5).lower.value[0]
    assert with_both == pytest.approx(2 * 1e6 ** (-1 / 2), rel=1e-14)


def test_optional_symbols_may_be_arrays() -> None:
    result = grid(4, 1e5, sigma=[[0.5], [1.0], [2.0]], B=[1, 2], C=3)
    assert result.shape == (3, 2)
    exact = rate(4, 1e5, sigma=2, B=2, C=3)
    assert exact.lower is not None
    assert result.lower.value[2, 1] == pytest.approx(exact.lower.value, rel=1e-14)


def test_printing_says_that_constants_are_hidden() -> None:
    text = str(grid([1, 2], 100))
    assert "shape (2,)" in text
    assert "constants that depend on d are hidden" in text
    assert "at d = 1" in text


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"d": [1, 0], "n": 10}, r"d .* 'd' must|d \(dimension of the inputs\) must .* entry 1 is 0"),
        ({"d": [2.5], "n": 10}, r"d \(dimension of the inputs\) must be an integer.* entry 0 is 2\.5"),
        ({"d": [2], "n": [10, math.nan]}, r"n \(number of samples\).* entry 1 is nan"),
        ({"d": [2], "n": [[10, 0.5]]}, r"n \(number of samples\).* entry \(0, 1\) is 0\.5"),
        ({"d": [2], "n": [math.inf]}, r"n \(number of samples\).* entry 0 is inf"),
        ({"d": [2], "n": 10, "sigma": [-1.0]}, r"sigma .* entry 0 is -1"),
        ({"d": [2], "n": 10, "eta": [2.0]}, r"eta .* entry 0 is 2"),
        ({"d": [2], "n": "1e400"}, "n must fit a float"),
        ({"d": [], "n": 10}, "d must hold at least one number"),
        ({"d": [[1], [2, 3]], "n": 10}, "d must be a rectangular array"),
        ({"d": [1, 2], "n": [1, 2, 3]}, r"d, n must have shapes that broadcast together, got d \(2,\), n \(3,\)"),
    ],
)
def test_bad_grids(arguments: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        rate(**arguments)  # type: ignore[call-overload]


@pytest.mark.parametrize("bad", [["1e4"], [True], [None], [1j]])
def test_arrays_that_hold_no_numbers(bad: list[object]) -> None:
    with pytest.raises(TypeError, match="n must be an array of integers or floats"):
        rate([2], bad)


def test_missing_arguments_are_named() -> None:
    with pytest.raises(TypeError, match="d must be a number, got None"):
        rate(None, [10])


def test_values_outside_floats_raise_and_keep_their_logarithm() -> None:
    tiny = grid([2], 10, sigma=[1e-300], B=1, C=1).lower
    with pytest.raises(OverflowError, match="outside the range"):
        tiny.value  # noqa: B018
    assert tiny.log_value[0] == pytest.approx((2 / 3) * (2 * math.log(1e-300) - math.log(10)), rel=1e-14)


def test_a_zero_dimensional_array_is_a_number() -> None:
    assert isinstance(rate(np.array(3)[()], 10), RateReport)
    assert read_array("n", np.array(7.0)).shape == ()


def test_exponents_are_exact_rational_functions() -> None:
    expr = (D + 3) / (2 * D**2 + 6 * D + 3)
    exponent = Exponent.of(expr)
    for d in (1, 2, 31, 10**6):
        assert exponent.at(d) == Fraction(d + 3, 2 * d * d + 6 * d + 3)
    assert exponent.on(np.array([1.0, 31.0])) == pytest.approx([4 / 11, 34 / 2111], rel=1e-15)
    with pytest.raises(ValueError, match="rational function of d"):
        Exponent.of(N + D)


def test_every_rate_of_the_registry_has_values() -> None:
    """The numbers of the evaluator against the product of powers read by another path."""
    for key in ("mse-core-shell", "gap-core-shell", "theorem-b"):
        bound = theorem(key).bound
        if bound.expr.free_symbols - {D, N}:
            continue
        (summand,) = Add.make_args(bound.expr)
        log = sum(float(p.subs(D, 4)) * math.log(1e5) for base, p in power_factors(summand) if base == N)
        assert rate_values(bound).log({D: Rational(4), N: Rational(10**5)}) == pytest.approx(log, rel=1e-13)


def test_a_million_pairs() -> None:
    rng = np.random.default_rng(0)
    d, n = rng.integers(1, 1000, 10**6), 10 ** rng.uniform(0, 12, 10**6)
    result = grid(d, n)
    for bound in (result.upper, result.lower, result.low_norm):
        assert bound.value.shape == (10**6,)
        assert np.isfinite(bound.value).all()
