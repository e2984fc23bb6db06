"""Numbers are read exactly, and what is not a number is refused by name."""

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sympy import Rational, Symbol

from boundcalc.arb import ball, precision
from boundcalc.dyadic import Dyadic
from boundcalc.exact import exact_rational, fraction, rational
from boundcalc.packing_numbers import packing_number
from boundcalc.rates import rate
from boundcalc.setting import Setting
from boundcalc.symbols import VARIABLES


@given(st.fractions())
def test_fractions_survive(value: Fraction) -> None:
    assert exact_rational("x", value) == Rational(value.numerator, value.denominator)
    assert exact_rational("x", str(value)) == Rational(value.numerator, value.denominator)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_float_means_the_decimal_it_shows(value: float) -> None:
    shown = Decimal(repr(value))
    assert exact_rational("x", value) == Rational(*shown.as_integer_ratio())


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("1e4", 10**4),
        (" 0.25 ", Rational(1, 4)),
        (np.float64(0.1), Rational(1, 10)),
        (np.int32(7), 7),
        ("1e300", 10**300),
    ],
)
def test_examples(value: object, expected: object) -> None:
    assert exact_rational("x", value) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "2**5",
        "__import__('os')",
        "1e",
        "nan",
        "inf",
        "1/0",
        "0x10",
        "1_000",
        "1,5",
        "1" * 5000,
        "1e999999",
        "٣",
    ],
)
def test_text_that_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="eta"):
        exact_rational("eta", text)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), np.float64("-inf")])
def test_non_finite_floats_are_refused(value: float) -> None:
    with pytest.raises(ValueError, match="eta must be a finite number"):
        exact_rational("eta", value)


@pytest.mark.parametrize("value", [None, True, [1], 1j, Symbol("x")])
def test_other_types_are_refused(value: object) -> None:
    with pytest.raises(TypeError, match="eta must be a number"):
        exact_rational("eta", value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("d", 0),
        ("d", 2.5),
        ("d", "-3"),
        ("n", 0.5),
        ("eta", 0),
        ("eta", 2),
        ("eta", -1),
        ("sigma", 0),
        ("B", "-1"),
        ("M", 0.5),
    ],
)
def test_values_outside_their_domain_name_the_variable(name: str, value: object) -> None:
    with pytest.raises(ValueError, match=rf"{name} \("):
        Setting.parse(**{name: value})


def test_unknown_symbols_are_refused() -> None:
    with pytest.raises(TypeError, match="sigm is not a symbol"):
        Setting.parse(sigm=1)


def test_every_variable_has_a_meaning_and_a_unique_symbol() -> None:
    assert len({v.symbol for v in VARIABLES.values()}) == len(VARIABLES)
    assert all(v.meaning and v.domain for v in VARIABLES.values())


@pytest.mark.parametrize("kind", [np.int8, np.int16, np.int32, np.int64, np.uint8, np.uint64])
def test_numpy_integers_never_compute_with_their_own_bits(kind: type[np.integer]) -> None:
    # Products of these overflow their kind: a Fraction made of them goes on computing with it, silently.
    p, q = (int(np.iinfo(kind).max) - k for k in (6, 1))
    ours, theirs = Fraction(p, q), Fraction(kind(p), kind(q))
    exact = exact_rational("x", theirs)
    assert exact == rational(theirs) == Rational(p, q)
    assert fraction(exact) == fraction(theirs) == ours
    assert {type(part) for part in (fraction(theirs).numerator, fraction(theirs).denominator)} == {int}
    with precision(200):
        assert ball(theirs).overlaps(ball(ours))
        assert ball(theirs).rad() < 1e-40
    assert Dyadic(1, 0).compare(theirs) == 1
    assert Dyadic(1, -1).compare(theirs) == -1
    assert packing_number(3, cosine=theirs).cosine == (ours, ours)
    assert rate(3, 10**4, eta=theirs).setting.eta == Rational(p, q)
