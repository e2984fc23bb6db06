"""The rigorous largest inner product, against exact rational arithmetic that shares no code with it."""

from fractions import Fraction
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from constructions.certificate import max_inner_product


def exceeds(x: np.ndarray, y: np.ndarray, c: Fraction) -> bool:
    """cos(x, y) > c in Fractions: signs first, then squares."""
    a, b = [Fraction(float(t)) for t in x], [Fraction(float(t)) for t in y]
    dot = sum(p * q for p, q in zip(a, b, strict=True))
    norms = sum(p * p for p in a) * sum(q * q for q in b)
    if (dot >= 0) != (c >= 0):
        return dot >= 0
    return dot * dot > c * c * norms if c >= 0 else dot * dot < c * c * norms


def brute_exceeds(points: np.ndarray, c: Fraction) -> bool:
    return any(exceeds(x, y, c) for x, y in combinations(points, 2))


# Entries from 1e-300 to 1e300, so that scaling, underflow and short mantissas all occur.
ENTRIES = st.one_of(
    st.floats(-1, 1, allow_subnormal=False),
    st.integers(-3, 3).map(float),
    st.sampled_from([1e-300, -1e-300, 1e300, 2.0**-1030, 5e-324, 1e-8]),
)


@settings(max_examples=150)
@given(arrays(np.float64, st.tuples(st.integers(2, 6), st.integers(1, 4)), elements=ENTRIES))
def test_enclosure_holds_and_is_narrow(points: np.ndarray) -> None:
    points = points[points.any(axis=1)]
    if len(points) < 2:
        return
    bound = max_inner_product(points)
    assert bound.upper - bound.lower <= Fraction(1, 10**15)
    assert not brute_exceeds(points, bound.upper)
    assert brute_exceeds(points, bound.lower - Fraction(1, 10**30))
    assert bound.exact == (bound.lower == bound.upper)


@settings(max_examples=100)
@given(
    arrays(np.float64, st.tuples(st.integers(2, 6), st.integers(1, 4)), elements=ENTRIES),
    st.fractions(-1, 1, max_denominator=12),
)
def test_decision_equals_rational_arithmetic(points: np.ndarray, limit: Fraction) -> None:
    points = points[points.any(axis=1)]
    if len(points) < 2:
        return
    certificate = max_inner_product(points).at_most(limit)
    assert certificate.holds is (not brute_exceeds(points, limit))
    assert certificate.cosine == limit


@pytest.mark.parametrize("d", [2, 3, 12, 24])
def test_perturbed_point_breaks_the_certificate(d: int) -> None:
    orthoplex = np.vstack([np.eye(d), -np.eye(d)])
    assert max_inner_product(orthoplex).at_most(Fraction(0)).holds is True
    for relative in (1e-12, 1e-15, 1e-200):
        broken = orthoplex.copy()
        broken[0, 1] += relative
        certificate = max_inner_product(broken).at_most(Fraction(0))
        assert certificate.holds is False
        assert 0 < certificate.bound.lower <= certificate.bound.upper < Fraction(2 * relative)


def test_float_comparison_alone_would_be_wrong() -> None:
    # (1, 0) and (3, 4)/5 meet 3/5 exactly; 0.6 as a float is below 3/5, so it is violated by 2e-17.
    points = np.array([[1.0, 0.0], [3.0, 4.0]])
    assert max_inner_product(points).at_most(Fraction(3, 5)).holds is True
    assert max_inner_product(points).at_most(Fraction(0.6)).holds is (Fraction(0.6) >= Fraction(3, 5))
    assert max_inner_product(points).at_most(Fraction(3, 5) - Fraction(1, 10**40)).holds is False


def test_screened_and_integer_routes_agree() -> None:
    rng = np.random.default_rng(0)
    integers = rng.integers(-3, 4, size=(40, 5)).astype(float)
    integers = integers[integers.any(axis=1)]
    small = max_inner_product(np.unique(integers, axis=0))
    generic = np.unique(integers, axis=0) * rng.uniform(0.5, 1, size=(1, 1))
    assert max_inner_product(generic).lower == pytest.approx(float(small.upper), abs=1e-14)


def test_many_near_ties_give_a_valid_wide_enclosure() -> None:
    # A random orthonormal basis: 79 800 pairs within rounding of 0, too many for the exact stage.
    rng = np.random.default_rng(1)
    basis, _ = np.linalg.qr(rng.standard_normal((400, 400)))
    bound = max_inner_product(basis)
    assert bound.lower <= 0 <= bound.upper
    assert bound.upper - bound.lower < Fraction(1, 10**12)
    undecided = max_inner_product(basis).at_most(Fraction(0))
    assert undecided.holds is None
    assert max_inner_product(basis).at_most(Fraction(1, 10**9)).holds is True
    assert max_inner_product(basis).at_most(Fraction(-1, 10**9)).holds is False


def test_blocks_see_every_pair() -> None:
    rng = np.random.default_rng(2)
    points = rng.standard_normal((5000, 8))
    points[4998] = -points[3] + 1e-9
    points[4999] = points[17] * 3
    bound = max_inner_product(points)
    assert 1 - Fraction(1, 10**15) <= bound.lower <= bound.upper <= 1


def test_integer_maximum() -> None:
    rng = np.random.default_rng(3)
    row = rng.integers(-5, 6, size=7)
    vectors = np.unique([rng.permutation(row) for _ in range(60)], axis=0)
    gram = vectors.astype(object) @ vectors.T.astype(object)
    largest = max(gram[i][j] for i, j in combinations(range(len(vectors)), 2))
    assert max_inner_product(vectors).upper == Fraction(int(largest), int(row @ row))


@pytest.mark.parametrize(
    ("points", "message"),
    [
        ([[1.0, np.nan]], "finite"),
        ([[1.0, 0.0], [0.0, 0.0]], "zero row, got one at index 1"),
        ([1.0, 2.0], "shape"),
        (np.empty((0, 3)), "at least one row"),
    ],
)
def test_bad_points(points: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        max_inner_product(points)  # type: ignore[arg-type]


def test_bad_limit() -> None:
    with pytest.raises(TypeError, match="cosine must be a fractions"):
        max_inner_product([[1.0, 0.0]]).at_most(0.5)  # type: ignore[arg-type]


def test_single_point_has_no_pair() -> None:
    assert max_inner_product([[2.0, 1.0]]).at_most(Fraction(-1)).holds is True
