"""The only maker of verdicts, on random enclosures against the meaning of each relation."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from boundcalc.statement import Status
from verify.outcome import Interval, Relation, Trust, Verdict, judge, judged

ENDS = st.one_of(
    st.integers(-6, 6),
    st.fractions(-3, 3, max_denominator=8),
    st.sampled_from([0.1, 0.3, -0.1, 1e-320, 5e-324, 1e308, math.inf, -math.inf, 0.0]),
)
TRUSTS = st.sampled_from(Trust)


@st.composite
def intervals(draw: st.DrawFn, trust: st.SearchStrategy[Trust] = TRUSTS) -> Interval:
    """Intervals whose ends often meet those of others."""
    low, high = sorted((draw(ENDS), draw(ENDS)))
    return Interval(low, high, "enclosure", draw(trust))


def truth(a: Interval, relation: Relation, b: Interval) -> bool | None:
    """The same from the corners: every relation but those of sets is decided by the extreme pairs of values."""
    if relation in (Relation.WITHIN, Relation.CONTAINS):
        inner, outer = (a, b) if relation is Relation.WITHIN else (b, a)
        if all(outer.lower <= end <= outer.upper for end in (inner.lower, inner.upper)):
            return True
        meets = max(a.lower, b.lower) <= min(a.upper, b.upper)
        return None if meets else False
    compare = {
        Relation.AT_MOST: lambda x, y: x <= y,
        Relation.AT_LEAST: lambda x, y: x >= y,
        Relation.BELOW: lambda x, y: x < y,
        Relation.ABOVE: lambda x, y: x > y,
        Relation.EQUAL: lambda x, y: x == y,
    }[relation]
    corners = {compare(x, y) for x in (a.lower, a.upper) for y in (b.lower, b.upper)}
    if relation is Relation.EQUAL and max(a.lower, b.lower) <= min(a.upper, b.upper):
        return True if corners == {True} else None
    return corners.pop() if len(corners) == 1 else None


@given(intervals(), st.sampled_from(Relation), intervals())
def test_verdict_says_what_the_ends_say(a: Interval, relation: Relation, b: Interval) -> None:
    verdict, holds = judge(a, relation, b), truth(a, relation, b)
    trusts = {a.trust, b.trust}
    if holds is None:
        assert verdict is Verdict.UNDECIDED
    elif trusts == {Trust.PROVED}:
        assert verdict is (Verdict.PROVED if holds else Verdict.REFUTED)
    elif holds:
        assert verdict is Verdict.CONSISTENT
    else:
        assert verdict is (Verdict.UNDECIDED if Trust.HEURISTIC in trusts else Verdict.REFUTED)


@given(intervals(), intervals())
def test_relations_mirror_each_other(a: Interval, b: Interval) -> None:
    assert judge(a, Relation.AT_MOST, b) is judge(b, Relation.AT_LEAST, a)
    assert judge(a, Relation.BELOW, b) is judge(b, Relation.ABOVE, a)
    assert judge(a, Relation.WITHIN, b) is judge(b, Relation.CONTAINS, a)
    assert judge(a, Relation.EQUAL, b) is judge(b, Relation.EQUAL, a)


@given(intervals(st.just(Trust.PROVED)), st.sampled_from([Relation.AT_MOST, Relation.AT_LEAST]), intervals(), ENDS)
def test_a_wider_enclosure_never_changes_a_verdict_but_to_undecided(
    a: Interval, relation: Relation, b: Interval, end: int | float | Fraction
) -> None:
    wide = Interval(min(a.lower, end), max(a.upper, end), a.meaning, a.trust)
    assert judge(wide, relation, b) in (Verdict.UNDECIDED, judge(a, relation, b))


@given(st.floats(allow_nan=False), st.sampled_from(Relation), ENDS)
def test_a_float_alone_is_never_proof_and_never_refutes(
    x: float, relation: Relation, y: int | float | Fraction
) -> None:
    assert judge(x, relation, y) in (Verdict.CONSISTENT, Verdict.UNDECIDED)


def test_a_float_whose_error_the_bound_allows_for_can_refute() -> None:
    assert judge(0.3, Relation.AT_MOST, 0.2, Trust.FLOAT_CERTIFIED) is Verdict.REFUTED
    assert judge(0.1, Relation.AT_MOST, 0.2, Trust.FLOAT_CERTIFIED) is Verdict.CONSISTENT
    with pytest.raises(ValueError, match="floats alone prove nothing"):
        judge(0.1, Relation.AT_MOST, 0.2, Trust.PROVED)


@pytest.mark.parametrize("k", range(1, 200))
def test_two_over_eta_is_compared_exactly(k: int) -> None:
    """For 82 of the 199 step sizes k/100 the float 2/eta lies above the exact threshold."""
    threshold = Fraction(200, k)
    near = 2 / (k / 100)
    verdict = judge(Interval(0.0, near), Relation.AT_MOST, threshold)
    assert verdict is (Verdict.PROVED if Fraction(near) <= threshold else Verdict.UNDECIDED)
    above = judge(Interval(near, near), Relation.AT_MOST, threshold)
    assert above is (Verdict.PROVED if Fraction(near) <= threshold else Verdict.REFUTED)


def test_open_and_missing_values_are_undecided() -> None:
    everything = Interval(-math.inf, math.inf)
    for relation in Relation:
        assert judge(None, relation, 1) is Verdict.UNDECIDED
        assert judge(1, relation, None) is Verdict.UNDECIDED
        if relation is not Relation.CONTAINS:
            assert judge(everything, relation, 1) is Verdict.UNDECIDED
    assert judge(1, Relation.WITHIN, everything) is Verdict.PROVED


@pytest.mark.parametrize("value", [True, "1", 1j, [1], object()])
def test_what_is_no_number_is_refused(value: object) -> None:
    with pytest.raises(TypeError, match="only numbers and intervals"):
        judge(value, Relation.AT_MOST, 1)  # type: ignore[arg-type]


def test_nan_and_empty_intervals_are_refused() -> None:
    for ends in ((math.nan, 1), (1, math.nan), (2, 1)):
        with pytest.raises(ValueError, match="lower end"):
            Interval(*ends)
    with pytest.raises(ValueError, match="lower end"):
        judge(math.nan, Relation.AT_MOST, 1)


def test_a_property_that_fails_refutes_no_theorem() -> None:
    asked = judged("flatness", "LQWP25, Prop. 2.1", "stable", Interval(5, 6), Relation.AT_MOST, 4, None)
    claimed = judged("flatness", "LQWP25, Prop. 2.1", "stable", Interval(5, 6), Relation.AT_MOST, 4, Status.PAPER)
    assert (asked.verdict, claimed.verdict) == (Verdict.FAILS, Verdict.REFUTED)


def test_an_obstacle_keeps_a_claim_from_being_judged() -> None:
    outcome = judged("a", "minimax-lower", "b", 3, Relation.AT_MOST, 2, Status.PAPER, obstacle="d must be 2 or more")
    assert outcome.verdict is Verdict.NOT_APPLICABLE
    assert outcome.evidence["reason"] == "d must be 2 or more"


@pytest.mark.parametrize("theorem", ["-", "", " "])
def test_a_claim_has_a_theorem(theorem: str) -> None:
    with pytest.raises(ValueError, match="theorem must be a key"):
        judged("a", theorem, "b", 1, Relation.AT_MOST, 2, Status.PAPER)


def test_numpy_numbers_are_judged_as_the_exact_numbers_they_are() -> None:
    p, q = 123456789, 1000000007
    value = Fraction(np.int32(p), np.int32(q))  # its products overflow 32 bits
    near = Fraction(p, q) + Fraction(1, 10**12)
    assert judge(value, Relation.BELOW, near) is Verdict.PROVED
    assert judge(np.int64(2**62), Relation.BELOW, Fraction(2**62 + 1, 1)) is Verdict.PROVED
    assert Interval(value, value) * value == Interval(Fraction(p * p, q * q), Fraction(p * p, q * q))
    assert Interval.near(value, value).upper == Fraction(2 * p, q)
    # 0.1 is rounded to a float32 where the two are compared as they come.
    assert 0.1 <= np.float32(0.1) <= 0.1
    assert Interval(np.float32(0.1), 1).lower != 0.1
    assert judge(np.float32(0.5), Relation.AT_MOST, 1) is Verdict.CONSISTENT


@pytest.mark.parametrize("value", [True, "1", 1j, np.array([1.0, 2.0]), None, [1]])
def test_ends_of_intervals_are_numbers(value: object) -> None:
    with pytest.raises(TypeError, match="only numbers and intervals can be judged"):
        Interval(value, value)
