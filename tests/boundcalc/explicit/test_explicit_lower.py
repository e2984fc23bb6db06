"""The catalogue of explicit lower bounds: values reached, monotonicity, domination, extreme and bad input."""

import itertools
import math
from collections.abc import Callable
from fractions import Fraction

import numpy as np
import pytest

from boundcalc.explicit import stacked_trapezoids, theorem_a
from boundcalc.explicit.lower import FAMILIES, explicit_lower
from boundcalc.explicit.theorem_a import ExplicitBound
from boundcalc.explicit.upper import explicit_upper
from boundcalc.setting import Setting

# Values at sigma = B = C = 1, found by an earlier search with other code; n = 10^2, 10^4, 10^6, 10^8.
REFERENCE = {
    1: (0.0470, 4.41e-3, 1.80e-4, 3.8e-6),
    2: (0.0894, 0.0152, 2.7e-3, 5.3e-4),
    3: (0.125, 0.0250, 7.1e-3, 1.87e-3),
    5: (0.141, 0.0376, 9.94e-3, 3.55e-3),
    8: (0.0932, 0.0451, 0.0161, 1.82e-3),
    12: (0.0755, 0.0199, 9.57e-3, 4.52e-3),
    20: (0.107, 0.0108, 8.51e-3, 5.74e-3),
    50: (0.177, 7.54e-3, 4.87e-3, 4.01e-3),
}


@pytest.mark.slow
@pytest.mark.parametrize("d", REFERENCE)
def test_reference_values_are_reached(d: int) -> None:
    for n, value in zip((1e2, 1e4, 1e6, 1e8), REFERENCE[d], strict=True):
        assert explicit_lower(d, n).lower >= 0.97 * value


@pytest.mark.slow
def test_full_effort_is_at_least_as_good() -> None:
    for d, n in ((2, 1e4), (5, 1e6)):
        assert explicit_lower(d, n, effort="full").lower >= 0.999 * explicit_lower(d, n).lower


@pytest.mark.parametrize(("d", "n"), [(1, 1e4), (2, 1e5), (3, 1e3), (5, 1e6), (12, 1e12)])
def test_at_least_theorem_a(d: int, n: float) -> None:
    reference = theorem_a.evaluate(Setting.parse(d=d, n=n))
    bound = explicit_lower(d, n)
    value = bound.family("theorem-a").enclosure
    assert value is not None
    assert bound.log10_lower >= value.log10[0]
    if isinstance(reference, ExplicitBound):
        assert bound.lower >= reference.lower
        assert value.floats[0] == pytest.approx(reference.lower, rel=1e-14)


def test_theorem_a_is_carried_to_fewer_samples() -> None:
    """Below the n from which it holds it counts with its value there."""
    first = explicit_lower(5, 18537).family("theorem-a").log10
    assert explicit_lower(5, 18536).family("theorem-a").log10 == pytest.approx(first, abs=1e-4)
    assert explicit_lower(5, 10).family("theorem-a").log10 == explicit_lower(5, 18536).family("theorem-a").log10


@pytest.mark.parametrize("d", [2, 5, 12])
def test_at_least_the_two_point_bound_of_single_atoms(d: int) -> None:
    """The bound A^2 N m erfc(sqrt(n A^2 m/(2 sigma^2))) on 2d caps, with m from cap's own closed form."""
    from boundcalc.cap import atom_norm_squared

    height = 1 - math.sqrt(0.5)
    n = 3000.0
    m = float(atom_norm_squared(d, height))
    amplitude = min(1.0, 1 / (2 * d * height ** (d + 1)))
    value = amplitude**2 * 2 * d * m * math.erfc(math.sqrt(n * amplitude**2 * m / 2))
    assert explicit_lower(d, n).lower >= value
    assert explicit_lower(d, n).family("single-caps").log10 >= math.log10(value)


def test_scaling_is_exact() -> None:
    """Multiplying sigma, B and C by 4 multiplies the risk by 16."""
    one, four = explicit_lower(3, 5000, 1, 1, 2), explicit_lower(3, 5000, 4, 4, 8)
    assert four.lower == pytest.approx(16 * one.lower, rel=1e-14)


def test_every_family_reports() -> None:
    report = explicit_lower(2, 100)
    assert [v.family for v in report.values] == list(FAMILIES)
    assert report.family("harmonic-shell").reason == "needs d >= 3"
    for value in report.values:
        assert (value.enclosure is None) == bool(value.reason)
        if value.enclosure is not None:
            assert value.enclosure.relative_width < 1e-9
    assert "Stacked" in str(report)
    assert "|" in report._repr_markdown_()
    with pytest.raises(ValueError, match=r"key must name a family, got .*affine, ridge-sine"):
        report.family("nothing")


@pytest.mark.slow
@pytest.mark.parametrize(
    "setting",
    [
        {"d": 10**6, "n": 1},
        {"d": 10**6, "n": "1e300"},
        {"d": 1, "n": "1e300"},
        {"d": 5, "n": "1e300"},
        {"d": 3, "n": 100, "sigma": "1e-100"},
        {"d": 3, "n": 100, "B": "1e200"},
        {"d": 3, "n": 100, "C": "1e-200"},
        {"d": 3, "n": 100, "B": "1e-400", "C": "1e-400", "sigma": "1e-400"},
    ],
)
def test_extreme_settings(setting: dict[str, object]) -> None:
    bound = explicit_lower(**setting)  # type: ignore[arg-type]
    assert math.isfinite(bound.log10_lower)
    assert bound.enclosure.sign == 1
    # The trivial estimate 0 has risk at most B^2.
    assert bound.log10_lower <= 2 * math.log10(Fraction(str(setting.get("B", 1)))) if "B" not in setting else True


def test_far_out_the_rate_of_stacked_hats_is_kept() -> None:
    """n^(1/2) times the bound settles in d = 1, down to n = 10^300."""
    products = [explicit_lower(1, f"1e{k}").log10_lower + k / 2 for k in (8, 40, 160, 300)]
    assert max(products[:3]) - min(products[:3]) < 0.01
    assert max(products) - min(products) < 0.3


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"d": 2.5, "n": 10}, ValueError, "d .*integer"),
        ({"d": 2, "n": 0.5}, ValueError, "n .*n >= 1"),
        ({"d": 2, "n": 10, "sigma": -1}, ValueError, "sigma"),
        ({"d": 2, "n": 10, "C": float("nan")}, ValueError, "C"),
        ({"d": 2, "n": "2**9"}, ValueError, "n must be a number"),
        ({"d": 2, "n": None}, TypeError, "n must be a number"),
        ({"d": 2, "n": 10, "weight": "other"}, ValueError, "weight must be 'canonical' or 'population'"),
        ({"d": 2, "n": 10, "effort": 3}, ValueError, "effort must be"),
        ({"d": 2, "n": 10, "code": 7}, TypeError, "code must offer"),
    ],
)
def test_bad_input(arguments: dict[str, object], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        explicit_lower(**arguments)  # type: ignore[arg-type]


class _Certificate:
    def __init__(self, upper: Fraction) -> None:
        self.upper = upper


class _Code:
    def __init__(self, size: int, upper: Fraction) -> None:
        self.size = size
        self._upper = upper

    def max_inner_product(self) -> _Certificate:
        return _Certificate(self._upper)


def test_a_better_code_gives_a_better_bound() -> None:
    plain = explicit_lower(16, 1e8)
    better = explicit_lower(16, 1e8, code=_Code(3 * 4320, Fraction(1, 2)))  # type: ignore[arg-type]
    assert better.family("stacked-trapezoids").log10 > plain.family("stacked-trapezoids").log10 + 0.2
    with pytest.raises(ValueError, match="at least 2 points"):
        explicit_lower(16, 1e8, code=_Code(1, Fraction(1, 2)))  # type: ignore[arg-type]


def test_population_weight() -> None:
    """g_P < c_inf times the canonical weight: the population class holds the canonical one with C/c_inf."""
    for d, c_inf in ((1, 0.17678), (2, 0.20380), (5, 0.55243)):
        population = explicit_lower(d, 1e4, weight="population").lower
        canonical = explicit_lower(d, 1e4, C=1 / c_inf).lower
        assert population >= 0.98 * canonical


def test_grids_agree_with_single_settings() -> None:
    grid = explicit_lower([[2], [5]], [100, 1e5, 1e7], C=2)
    assert grid.shape == (2, 3)
    assert grid.lower[1, 2] == explicit_lower(5, 1e7, C=2).lower
    assert grid.log10_lower[0, 0] == explicit_lower(2, 100, C=2).log10_lower
    assert set(grid.winner.ravel()) <= {family.key for family in FAMILIES}
    assert (np.diff(grid.lower, axis=1) < 0).all()
    with pytest.raises(ValueError, match="empty"):
        explicit_lower([], 10)
    with pytest.raises(ValueError, match="broadcast"):
        explicit_lower([1, 2], [1, 2, 3])


def test_high_dimensions_are_nearly_unlearnable() -> None:
    """In d = 1000 the canonical weight at depth 0.95 is e^-50: slabs of half-balls cost nothing, a million samples don't help."""
    bound = explicit_lower(1000, 1e6)
    assert bound.winner == "chebyshev-harmonic"
    assert 0.57 < bound.lower < 2 / math.pi
    assert bound.family("stacked-trapezoids").log10 > math.log10(0.3)
    # The population weight does not decay there, and the bound is smaller.
    population = explicit_lower(1000, 1e6, weight="population")
    assert population.lower < 0.2
    assert population.family("stacked-trapezoids").log10 < -2


@pytest.mark.parametrize(
    ("d", "log10_n", "log10_bound"),
    [(100, 8, -2.3186), (300, 20, -5.83), (1000, 30, -5.05), (3000, 45, -3.71), (10_000, 30, -0.8213)],
)
def test_stacks_in_high_dimensions(d: int, log10_n: int, log10_bound: float) -> None:
    """Values of an earlier search with other code: priced, not shared budgets."""
    bound = explicit_lower(d, 10**log10_n).family("stacked-trapezoids")
    assert bound.log10 >= log10_bound + math.log10(0.97)
    assert bound.reason == ""


@pytest.mark.slow
def test_stacks_up_to_a_million_dimensions() -> None:
    """More dimensions are harder: the bound keeps growing beyond 10^4."""
    values = [explicit_lower(d, 10**30).family("stacked-trapezoids").log10 for d in (1000, 10**4, 10**5, 10**6)]
    assert all(a < b < 0 for a, b in itertools.pairwise(values))


@pytest.mark.parametrize("bound", [explicit_lower, explicit_upper])
def test_huge_dimensions_have_a_bound_or_are_refused_by_name(bound: Callable[..., object]) -> None:
    for d in (2**53 + 1, 10**30, 10**100):
        bound(d, 100)
    for d in (10**100 + 1, 1e300, "1e400"):
        with pytest.raises(ValueError, match="d must be at most 1e100"):
            bound(d, 100)


@pytest.mark.parametrize("d", [1, 2, 4, 7, 15, 60])
def test_the_best_family_is_the_best_of_all(d: int) -> None:
    """Families are left out only where they can't win."""
    for n in (10, 1e4, 1e9):
        bound = explicit_lower(d, n, C=2)
        assert bound.log10_lower == max(value.log10 for value in bound.values)


@pytest.mark.parametrize("d", [1, 2, 5, 12, 40, 75, 300])
def test_no_value_exceeds_its_ceiling(d: int) -> None:
    """Ceilings rule families out. That of stacks is measured: by far, as one that is too low would spoil monotonicity."""
    for n, C in itertools.product((1, 1e2, 1e6, 1e14, 1e30), (1e-2, 1, 1e3)):
        bound = explicit_lower(d, n, C=C)
        for value in bound.values:
            if value.family.ceiling is not None and value.enclosure is not None:
                room = 0.3 if value.family is stacked_trapezoids.FAMILY else 0.0
                assert value.log10 * math.log(10) <= value.family.ceiling(bound.problem, ()) - room
