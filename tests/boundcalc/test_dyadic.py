"""Exact comparison and outward rounding, against fractions."""

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boundcalc.dyadic import Dyadic

dyadics = st.builds(Dyadic, st.integers(-(2**130), 2**130), st.integers(-1300, 1300))
near = st.builds(Dyadic, st.integers(-20, 20), st.integers(-4, 4))


@given(st.one_of(dyadics, near), st.one_of(dyadics, near))
def test_comparison_equals_that_of_fractions(x: Dyadic, y: Dyadic) -> None:
    left, right = x.fraction, y.fraction
    expected = (left > right) - (left < right)
    assert x.compare(y) == expected
    assert x.compare(right) == expected
    assert ((x < y), (x <= y), (x > y), (x >= y)) == (left < right, left <= right, left > right, left >= right)


@given(dyadics)
def test_rounding_is_outward_and_tight(x: Dyadic) -> None:
    exact, low, high = x.fraction, x.round_down(), x.round_up()
    assert low == -math.inf or Fraction(low) <= exact
    assert high == math.inf or exact <= Fraction(high)
    assert high == low or high == math.nextafter(low, math.inf)
    if low == high:
        assert Fraction(low) == exact


def test_far_outside_the_range_of_floats() -> None:
    tiny, huge = Dyadic(3, -(10**12)), Dyadic(3, 10**12)
    assert (tiny.round_down(), tiny.round_up()) == (0.0, 5e-324)
    assert (huge.round_down(), huge.round_up()) == (1.7976931348623157e308, math.inf)
    assert Dyadic(-3, 10**12).round_down() == -math.inf
    assert Dyadic(0, 10**12).round_up() == 0.0
    assert tiny < Fraction(1, 10**300) < huge
    assert tiny > 0 > Dyadic(-1, -(10**12))
    with pytest.raises(OverflowError, match="log10"):
        _ = tiny.fraction
