"""Angles, exact cosines and fractions: read as the calculator reads them, rounded to the safe side, safe from overflow."""

from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction

import flint
import numpy as np
import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st

from boundcalc.exact import exact_rational
from boundcalc.packing_numbers import packing_number
from constructions import (
    FAMILIES,
    CapRidges,
    Packing,
    best_code,
    build,
    fan,
    hat,
    hats,
    largest_height,
    max_inner_product,
    oscillating,
    pack,
    separation_limit,
    size_bound,
    survey,
)
from constructions._arguments import exact
from constructions.angle import cosine_at
from constructions.atom import log_squared_norm
from constructions.codes.polygon import polygon_size
from constructions.network import Network
from constructions.ridge import Profile

VALUES: list[object] = [
    0, 7, -3, 60, 0.1, 1e300, 1e-300, -2.5, 5e-324, 2.0**60, "0.1", " 1e4 ", "-1/2", "+3.5e-2/7", ".5", "5.", "1e5000",
    "1e5001", "1/0", "1_0", "2**5", "", "nan", "inf", "٣", "1e", "0x10", "1" * 4001, float("nan"), float("inf"), True, None,
    [1], 1j, Decimal("0.5"), np.int8(5), np.uint64(2**63), np.float32(0.1), np.float64(0.1), np.True_,
    Fraction(1, 3), Fraction(np.int32(1), np.int32(3)), sympy.Rational(2, 3), sympy.Integer(4), sympy.pi,
]  # fmt: skip


def outcome(call: Callable[[], object]) -> object:
    try:
        return call()
    except (TypeError, ValueError) as error:
        return type(error), str(error)


@pytest.mark.parametrize("value", VALUES, ids=lambda v: repr(v)[:20])
def test_numbers_are_read_as_the_calculator_reads_them(value: object) -> None:
    def theirs() -> Fraction:
        found = exact_rational("x", value)
        return Fraction(int(found.p), int(found.q))

    assert outcome(lambda: exact("x", value)) == outcome(theirs)


@pytest.mark.parametrize(
    "arguments",
    [
        {}, {"angle": 60, "cosine": 0}, {"angle": 0}, {"angle": -5}, {"angle": 180.1}, {"angle": "1e-13"}, {"angle": "x"},
        {"angle": [60]}, {"cosine": 1}, {"cosine": "-1.5"}, {"cosine": float("nan")}, {"cosine": True},
    ],
)  # fmt: skip
def test_errors_are_those_of_the_calculator(arguments: dict[str, object]) -> None:
    expected = outcome(lambda: packing_number(3, **arguments))
    assert isinstance(expected, tuple)
    for call in (best_code, survey, lambda d, **rest: build("roots", d, **rest)):
        assert outcome(lambda call=call: call(3, **arguments)) == expected  # type: ignore[misc]


def test_rational_cosines_are_exact() -> None:
    known = {60: Fraction(1, 2), "90": Fraction(0), 120.0: Fraction(-1, 2), Fraction(180): Fraction(-1)}
    assert {angle: cosine_at(angle, None) for angle in known} == known


@settings(max_examples=200)
@given(st.fractions(Fraction(1, 1000), 180, max_denominator=10**6))
def test_irrational_cosines_are_rounded_down_by_little(angle: Fraction) -> None:
    found = cosine_at(angle, None)
    with flint.ctx.workprec(200):
        cosine = flint.arb.cos_pi_fmpq(flint.fmpq(angle.numerator, 180 * angle.denominator))
        below = flint.arb(flint.fmpq(found.numerator, found.denominator))
        assert not below > cosine
        assert not cosine - below > 1.01e-15 * (1 - cosine) + 1e-50
    low, high = packing_number(2, angle).cosine
    assert found in (low, high) if low == high else found < high


@pytest.mark.parametrize(("d", "angle"), [(2, 71.9), (3, 63.4), (5, "78.46"), (8, 50), (22, 60)])
def test_codes_at_an_angle_keep_it(d: int, angle: float | str) -> None:
    code = best_code(d, angle, max_size=600)
    gram = code.points @ code.points.T
    np.fill_diagonal(gram, -1)
    assert np.degrees(np.arccos(gram.max())) >= float(angle) - 1e-6
    bound = code.max_inner_product()
    assert bound.upper <= cosine_at(angle, None)
    assert code.size <= packing_number(d, angle).upper


def gate(numerator: int, denominator: int) -> Fraction:
    """A Fraction whose own arithmetic overflows."""
    return Fraction(np.int32(numerator), np.int32(denominator))


@pytest.mark.filterwarnings("ignore:overflow")
def test_fractions_of_numpy_integers_compute_as_their_values() -> None:
    small, plain = gate(123_456_789, 1_000_000_007), Fraction(123_456_789, 1_000_000_007)
    assert separation_limit(small) == separation_limit(plain)
    assert float(separation_limit(small)) == pytest.approx(0.5367, abs=1e-4)
    assert largest_height(small) == largest_height(plain)
    assert pack(3, small).height == plain
    assert type(pack(3, small).height.numerator) is int
    assert np.array_equal(pack(3, small).centres, pack(3, plain).centres)
    assert np.array_equal(pack(3, cosine=small).centres, pack(3, cosine=plain).centres)
    code = best_code(5, cosine=plain)
    assert np.array_equal(best_code(5, cosine=small).points, code.points)
    assert np.array_equal(build("greedy", 5, cosine=small).points, build("greedy", 5, cosine=plain).points)
    assert survey(5, cosine=small) == survey(5, cosine=plain)
    assert Packing(code, gate(1, 10)).separation_limit == separation_limit(Fraction(1, 10))
    assert max_inner_product(code.points).at_most(small).holds is True
    assert code.certify_separation(small).cosine == plain
    for d in (2, 3, 7):
        assert size_bound(d, small) == size_bound(d, plain)
        for family in FAMILIES:
            assert family.obstacle(d, small) == family.obstacle(d, plain)
            assert family.known_size(d, small) == family.known_size(d, plain)
    assert polygon_size(small) == polygon_size(plain)
    assert hat(small, small) == hat(plain, plain)
    assert oscillating(small, small) == oscillating(plain, plain)
    assert Profile((small,), (1 / plain,)).canonical_seminorm(9) == Profile((plain,), (1 / plain,)).canonical_seminorm(
        9
    )
    assert log_squared_norm(4, small) == pytest.approx(log_squared_norm(4, plain), rel=1e-15)
    assert np.array_equal(
        Network.from_atoms(np.eye(2), small, [1, 2]).b, Network.from_atoms(np.eye(2), plain, [1, 2]).b
    )
    packing = pack(2, Fraction(1, 3))
    assert hats(packing, gate(10**8 + 7, 10**9 + 7)).profiles == hats(packing, Fraction(10**8 + 7, 10**9 + 7)).profiles
    assert fan(packing, share=small).tilt == fan(packing, share=plain).tilt
    assert isinstance(fan(packing), CapRidges)
