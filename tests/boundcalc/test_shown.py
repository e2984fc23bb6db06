"""Numbers as text on their safe side: against exact fractions, at every size."""

import math
from decimal import ROUND_CEILING, Decimal, localcontext
from fractions import Fraction

import numpy as np
import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

from boundcalc.dyadic import Dyadic
from boundcalc.enclosure import enclose
from boundcalc.shown import (
    Shown,
    float_above,
    float_below,
    rounded,
    show,
    show_exact,
    show_interval,
    show_log10,
    show_lower,
    show_upper,
)

fractions = st.builds(Fraction, st.integers(-(10**30), 10**30), st.integers(1, 10**30))
powers = st.builds(lambda c, e: Fraction(c) * Fraction(10) ** e, st.integers(-(10**7), 10**7), st.integers(-400, 400))
dyadics = st.builds(Dyadic, st.integers(-(2**80), 2**80), st.integers(-1500, 1500))
floats = st.floats(allow_nan=False, allow_infinity=False)
numbers = st.one_of(fractions, powers, dyadics, floats, st.integers(-(10**40), 10**40))
digits = st.integers(1, 20)


def exact(value: Dyadic | Fraction | float | int) -> Fraction:
    return value.fraction if isinstance(value, Dyadic) else Fraction(value)


@given(numbers, digits)
def test_both_sides_are_safe_and_one_unit_apart_at_most(value: Dyadic | Fraction | float, digits: int) -> None:
    number = exact(value)
    low, high = Fraction(show_lower(value, digits)), Fraction(show_upper(value, digits))
    assert low <= number <= high
    if number:
        unit = Fraction(10) ** (Decimal(show(abs(number), 40)).adjusted() + 1 - digits)
        assert max(high - number, number - low) < unit
    assert (low == high) == (low == number)


@given(numbers, digits)
def test_what_was_shown_is_shown_again(value: Dyadic | Fraction | float, digits: int) -> None:
    for shown in (show_lower(value, digits), show_upper(value, digits)):
        for again in (show_lower(Fraction(shown), digits), show_upper(Fraction(shown), digits)):
            assert Fraction(again) == Fraction(shown)
            assert again == shown or Fraction(shown).denominator == 1  # whole numbers are shown in full


@given(numbers, numbers, digits)
def test_larger_numbers_are_never_shown_smaller(
    x: Dyadic | Fraction | float, y: Dyadic | Fraction | float, digits: int
) -> None:
    if exact(x) > exact(y):
        x, y = y, x
    assert Fraction(show_lower(x, digits)) <= Fraction(show_lower(y, digits))
    assert Fraction(show_upper(x, digits)) <= Fraction(show_upper(y, digits))


@given(numbers)
def test_floats_on_the_safe_side_are_the_nearest_there(value: Dyadic | Fraction | float) -> None:
    number, low, high = exact(value), float_below(value), float_above(value)
    assert low == -math.inf or Fraction(low) <= number
    assert high == math.inf or number <= Fraction(high)
    assert high in (low, math.nextafter(low, math.inf))
    assert (low == high) == (math.isfinite(low) and Fraction(low) == number)


@given(st.integers(1, 2**70), st.integers(-(10**7), 10**7), digits)
def test_far_outside_the_range_of_floats(mantissa: int, exponent: int, digits: int) -> None:
    """Against logarithms, and the other side."""
    value = Dyadic(mantissa, exponent)
    log10 = (math.log2(mantissa) + exponent) * math.log10(2)
    low, high = (Decimal(shown(value, digits)) for shown in (show_lower, show_upper))
    assert low < high or low == high == value.fraction
    assert low.adjusted() == pytest.approx(log10 - 0.5, abs=0.501)
    assert high.adjusted() - low.adjusted() in (0, 1)
    negative = Dyadic(-mantissa, exponent)
    assert (show_lower(negative, digits), show_upper(negative, digits)) == (
        "-" + show_upper(value, digits), "-" + show_lower(value, digits)
    )  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("power", [-(10**6), -400, -5, 5, 300, 10**6])
def test_next_to_a_number_with_few_digits(power: int) -> None:
    """Closer than the arithmetic resolves: decided exactly."""
    edge = Fraction(10) ** power * 3
    step = edge / 10**60
    text = f"3e{power:+03d}" if power != 5 else "300000"
    assert show_lower(edge, 2) == show_upper(edge, 2) == text
    assert show_lower(edge - step, 2) == f"2.9e{power:+03d}"
    assert show_upper(edge + step, 2) == f"3.1e{power:+03d}"
    assert Decimal(show_upper(edge - step, 2)) == Decimal(show_lower(edge + step, 2)) == Decimal(text)


def test_every_kind_of_number_is_taken() -> None:
    third = enclose(sympy.Rational(1, 3), {})
    for value in (
        Fraction(1, 3),
        sympy.Rational(1, 3),
        third,
        (Fraction(1, 3), Fraction(1, 3)),
        (third.low, third.high),
    ):
        assert (show_lower(value, 3), show_upper(value, 3)) == ("0.333", "0.334")
        assert float_below(value) < float_above(value)
    for seven in (7, 7.0, np.int64(7), np.float32(7), sympy.Integer(7), Dyadic(7, 0), Decimal(7).as_integer_ratio()[0]):
        assert show_lower(seven) == show_upper(seven) == show(seven) == "7"
    assert show_interval(third, third, 2) == "[0.33, 0.34]"
    assert show_interval(-math.inf, 10**400) == "[-inf, 1e+400]"
    assert show_lower(np.int64(2**62)) == "4.61168e+18"


def test_zero_infinity_and_signs() -> None:
    assert [show_lower(v) for v in (0, 0.0, math.inf, -math.inf, -1.5)] == ["0", "0", "inf", "-inf", "-1.5"]
    assert (float_below(-math.inf), float_above(-math.inf), float_below(0)) == (-math.inf, -math.inf, 0.0)
    assert show_upper(Fraction(-1, 3), 2) == "-0.33"
    with pytest.raises(ValueError, match="must be a number, got nan"):
        show_lower(math.nan)
    with pytest.raises(TypeError, match=r"must be a number or an interval, got 'x' \(str\)"):
        show_lower("x")


def test_layout_is_that_of_format_g() -> None:
    for value in (1e-5, 1e-4, 0.5, 123456.0, 1234567.0, 1e22, 6.25e-310, 2.0**-40):
        assert Fraction(show(value)) == Fraction(f"{value:.6g}")
        assert show(value) == f"{value:.6g}"
    assert show_lower(10**15 - 1, 3) == "999999999999999"
    assert (show_lower(10**15 + 1, 3), show_upper(10**15 + 1, 3)) == ("1e+15", "1.01e+15")


def test_numbers_that_bound_nothing() -> None:
    assert show_exact(sympy.Integer(10) ** 300) == "1e300"
    assert show_exact(sympy.Rational(1, 3)) == "1/3"
    assert show_exact(Fraction(10**13 + 1, 10**13)) == "1"
    assert show_log10(-151234567.5, 4) == "3.162e-151234568"
    assert show_log10(-1e-17) == show_log10(math.nextafter(3.0, 0.0) - 3) == "1"
    assert rounded(Fraction(2, 3), 2, ROUND_CEILING) == Decimal("0.67")


@pytest.mark.parametrize("mantissa", [1, 3, 2**70 - 1, -1, -3])
@pytest.mark.parametrize("exponent", [2**61, -(2**61), 2**63, 2**200, -(2**200)])
def test_bounds_beyond_all_decimals_keep_their_side(mantissa: int, exponent: int) -> None:
    """The powers of ten that are shown enclose log10(|mantissa|) + exponent log10(2), computed with 60 digits."""
    with localcontext() as context:
        context.prec = 90
        true = Decimal(abs(mantissa)).log10() + exponent * Decimal(2).log10()
        low, high = (show(Dyadic(mantissa, exponent)) for show in (show_lower, show_upper))
        assert low.startswith("-10^" if mantissa < 0 else "10^")
        ends = [Decimal(words.partition("10^")[2]) for words in (low, high)]
        below, above = ends if mantissa > 0 else ends[::-1]
        assert below <= true <= above
        assert above - below <= abs(true) * Decimal("2e-5")


class _Long(Shown):
    def __init__(self, lines: int) -> None:
        self.lines = lines

    def __str__(self) -> str:
        return "\n".join(f"<{i}>" for i in range(self.lines))


def test_results_show_one_screen() -> None:
    assert repr(_Long(25)) == str(_Long(25))
    assert repr(_Long(26)).splitlines()[23:] == ["<23>", "... 2 more lines; print() shows them"]
    assert _Long(2)._repr_markdown_() == "```text\n<0>\n<1>\n```"
