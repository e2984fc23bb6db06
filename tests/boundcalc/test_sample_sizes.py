"""Sample sizes against a scan of the bounds themselves; the search for them on functions with known answers."""

import math
from fractions import Fraction

import pytest

from boundcalc.bracketing import bracket, size_at
from boundcalc.explicit.lower import explicit_lower
from boundcalc.explicit.upper import explicit_upper
from boundcalc.sample_sizes import _SHARE, Kind, _power_ceiling, sample_size


@pytest.mark.slow
@pytest.mark.parametrize(
    ("d", "error", "settings"),
    [
        (1, "0.02", {}),
        (3, "0.05", {}),
        (8, "0.01", {"sigma": "0.5"}),
        (4, "0.03", {"C": 4, "B": "0.7"}),
        (12, "0.1", {"weight": "population"}),
    ],
)
def test_required_size_by_a_scan(d: int, error: str, settings: dict[str, object]) -> None:
    """Geometric steps of 6 % around it: the last n whose explicit bound exceeds the error."""
    (found,) = sample_size(d, error, **settings).of_kind(Kind.REQUIRED)  # type: ignore[arg-type]
    assert found.n is not None
    limit = Fraction(error)
    assert explicit_lower(d, found.n, **settings).enclosure.low > limit  # type: ignore[call-overload]
    last, n = 0, max(1, 2 * found.n // 3)
    while n < 3 * found.n // 2:
        if explicit_lower(d, n, **settings).enclosure.low > limit:  # type: ignore[call-overload]
            last = n
        n += max(1, 6 * n // 100)
    assert last <= found.n * 1.01
    assert last >= found.n / 1.07


def test_required_size_where_no_bound_exceeds_the_error() -> None:
    report = sample_size(2, "0.9")
    assert not report.of_kind(Kind.REQUIRED)
    assert any("No explicit lower bound" in note for note in report.notes)


def test_small_required_sizes_are_exact() -> None:
    for d, error in ((5, "0.16"), (8, "0.26")):
        (found,) = sample_size(d, error).of_kind(Kind.REQUIRED)
        assert found.n is not None
        assert found.n < 100
        assert explicit_lower(d, found.n).lower > float(error)
        assert explicit_lower(d, found.n + 1).lower <= float(error)


def test_sufficient_size_by_a_scan() -> None:
    (found,) = sample_size(1, "0.03").of_kind(Kind.SUFFICIENT)
    assert found.n is not None
    assert explicit_upper(1, found.n).enclosure.high <= Fraction(3, 100)
    assert explicit_upper(1, int(found.n ** (1 - _SHARE)) - 1).enclosure.high > Fraction(3, 100)


@pytest.mark.slow
@pytest.mark.parametrize("d", [1000, 10**4, 10**6])
def test_large_dimensions(d: int) -> None:
    (found,) = sample_size(d, "0.01").of_kind(Kind.REQUIRED)
    assert found.n is not None
    assert explicit_lower(d, found.n).enclosure.low > Fraction(1, 100)
    assert explicit_lower(d, 100 * found.n).lower < 0.01


@pytest.mark.parametrize("root", [1, 2, 3, 17, 999, 123_456, 10**15 + 7, 10**40, 3 * 10**299])
def test_bracket_finds_roots(root: int) -> None:
    """Lines, a curve that bends sharply, one that ends: all with the last positive value at ``root``."""
    for bend in (0.0, 1.0, 30.0):
        calls = 0

        def gap(n: int, bend: float = bend) -> float:
            nonlocal calls
            calls += 1
            x = math.log10(n) - math.log10(root)
            if n <= root:
                return max(-x, 1e-12)
            return -x - bend * x * x if x < 5 else -math.inf

        low, high = bracket(gap, (1, gap(1)), None, 0.002, 1 / 1500)
        assert high is not None
        assert gap(low) > 0 >= gap(high)
        assert low <= root < high
        assert high == low + 1 or math.log10(high / low) <= max(0.002, math.log10(low) / 1500)
        assert calls < 40


def test_bracket_without_an_end() -> None:
    assert bracket(lambda n: 1.0, (1, 1.0), None, 0.002) == (10**300, None)
    assert bracket(lambda n: 4.0 - n, (2, 2.0), (9, -5.0), 1e-9) == (3, 4)


def test_bracket_needs_only_signs() -> None:
    """Where one side has no bound at all the gap is infinite: halving finds the place."""
    for root in (7, 10**6, 10**25):
        low, high = bracket(
            lambda n, root=root: math.inf if n <= root else -math.inf, (1, math.inf), (10**40, -1.0), 0.004
        )  # type: ignore[misc]
        assert high is not None
        assert low <= root < high <= max(low + 1, low * 1.01)


def test_whole_sizes() -> None:
    assert [size_at(x) for x in (0, 0.5, 14, 290)] == [1, 3, 10**14, 10**290]
    assert abs(math.log10(size_at(123.456)) - 123.456) < 1e-12


@pytest.mark.parametrize(
    "base", [Fraction(2), Fraction(50), Fraction(9, 4), Fraction(10**6), Fraction(10**30 + 1, 10**30)]
)
@pytest.mark.parametrize("exponent", [Fraction(1, 2), Fraction(2), Fraction(7, 3), Fraction(43, 23), Fraction(201, 2)])
def test_power_ceiling(base: Fraction, exponent: Fraction) -> None:
    n = _power_ceiling(base, exponent)
    assert n**exponent.denominator >= base**exponent.numerator > (n - 1) ** exponent.denominator


def test_power_ceiling_of_exact_powers_and_one() -> None:
    assert _power_ceiling(Fraction(4), Fraction(1, 2)) == 2
    assert _power_ceiling(Fraction(10**12), Fraction(7, 6)) == 10**14
    assert _power_ceiling(Fraction(1), Fraction(10**6)) == 1
    assert _power_ceiling(Fraction(2), Fraction(10**7 + 1, 10**7)) == 3
