"""Double-double arithmetic against exact fractions."""

from fractions import Fraction

import mpmath
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sympy import Rational

from boundcalc import pairs
from boundcalc.pairs import Pair

numbers = st.floats(-1e100, 1e100).filter(lambda x: x == 0 or abs(x) > 1e-100)


def exact(pair: Pair) -> Fraction:
    return Fraction(float(pair.hi)) + Fraction(float(pair.lo))


@given(numbers, numbers)
def test_sum_of_two_floats_is_exact(x: float, y: float) -> None:
    assert exact(pairs.add(Pair(x, 0.0), Pair(y, 0.0))) == Fraction(x) + Fraction(y)


@given(numbers, numbers)
def test_product_of_two_floats_is_exact(x: float, y: float) -> None:
    assert exact(pairs.multiply(Pair(x, 0.0), Pair(y, 0.0))) == Fraction(x) * Fraction(y)


@given(st.fractions(Fraction(1, 1000), 1000, max_denominator=9999), st.fractions(Fraction(1, 1000), 1000))
def test_positive_pairs_keep_thirty_digits(x: Fraction, y: Fraction) -> None:
    p, q = (pairs.split_rational(Rational(v.numerator, v.denominator)) for v in (x, y))
    assert abs(exact(pairs.add(p, q)) - (x + y)) <= (x + y) / 10**30
    assert abs(exact(pairs.multiply(p, q)) - x * y) <= x * y / 10**30


@pytest.mark.parametrize("offset", ["1e-20", "-1e-12", "0.3", "1e10"])
def test_logarithm_near_one(offset: str) -> None:
    value = 1 + Fraction(offset)
    got = pairs.log(pairs.split_rational(Rational(value.numerator, value.denominator)))
    with mpmath.workdps(50):
        truth = mpmath.log(mpmath.mpf(value.numerator) / value.denominator)
        assert abs(float(got) - truth) <= 1e-12 * abs(truth)
