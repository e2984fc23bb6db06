"""Exponents of the lower bounds: fits that must reject wrong exponents, crossings found by another route."""

import dataclasses
import json
import math
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from boundcalc.explicit.lower import explicit_lower
from verify.lower_bound.__main__ import main
from verify.lower_bound.series import (
    CAP_ATOMS,
    CONSTRUCTIONS,
    PACKETS,
    STACKED_HATS,
    crossing,
    power_law_range,
    series,
)
from verify.lower_bound.setting import LowerBoundSetting
from verify.lower_bound.study import lower_bound_study
from verify.outcome import Verdict
from verify.power_law import fit_exponent, sizes_between

SMALL = LowerBoundSetting.parse([2], ["1e8..1e12"])


def theorem_a(d: int, n: float) -> float:
    """Theorem A at sigma = B = C = 1 from its statement in words, in floats."""
    c1 = math.gamma(d / 2 + 1) / (math.sqrt(math.pi) * math.gamma((d + 1) / 2))
    a = 8 ** ((3 - d) / 4)
    h = (3 / (4 * c1 * 2 ** ((d - 1) / 2) * a * n)) ** (4 / (3 * d + 5))
    return c1 / 24 * (7 / 64) ** ((d - 1) / 2) * h


@pytest.mark.slow
@pytest.mark.parametrize("d", [1, 2, 3])
def test_crossing_by_the_closed_form(d: int) -> None:
    """On both sides of the crossing, against the family's value by the public function and the theorem's own formula."""
    found = crossing(CAP_ATOMS, STACKED_HATS, SMALL.base(d))
    assert found is not None
    assert found.low is not None
    assert 1 < found.high / found.low < 1.01
    for n, ahead in ((found.low, False), (found.high, True)):
        caps = 10 ** explicit_lower(d, n).family("single-caps").log10
        assert (theorem_a(d, n) > caps) is ahead
    # Far from it the order is clear.
    assert theorem_a(d, 100 * found.high) > 10 ** explicit_lower(d, 100 * found.high).family("single-caps").log10


def test_one_dimension_against_the_scalar_problem() -> None:
    """d = 1: two atoms at the ends; with free amplitude the bound is 2 max_s s mmse(s)/n, mmse by Gauss-Hermite."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(80)
    weights = weights / weights.sum()
    s = np.linspace(0.2, 4, 4000)[:, None]
    mmse = 1 - (np.tanh(s + np.sqrt(s) * nodes) * weights).sum(axis=1)
    best = float((2 * s[:, 0] * mmse).max())
    value = 10 ** explicit_lower(1, 10**9).family("single-caps").log10 * 1e9
    assert 0.995 * best <= value <= best * (1 + 1e-6)  # proved from below, by a step function's sum


def test_ranges_are_found_without_looking_at_the_target() -> None:
    base = SMALL.base(3)
    found, fit = power_law_range(CAP_ATOMS, base, sizes_between(2, 8, 13))
    assert fit is not None
    assert 0.5 in fit
    assert 0.48 not in fit
    assert found.points[0].n >= 10**8
    none, missing = power_law_range(PACKETS, SMALL.base(12), sizes_between(2, 8, 13))
    assert missing is None
    assert not none.usable
    assert none.points[0].reason


def test_bounds_held_below_the_conditions_are_not_fitted() -> None:
    """Theorem A in d = 5 needs n >= 18 537: below, its bound is that of 18 537 or none."""
    found = series(STACKED_HATS, SMALL.base(5), [100, 10_000, 18_537, 20_000, 10**5, 10**6, 10**7, 10**8, 10**9])
    assert [p.n for p in found.fitted] == [18_537, 20_000, 10**5, 10**6, 10**7, 10**8, 10**9]
    fit = found.fit()
    assert fit is not None
    assert abs(fit.exponent - 1 / 5) < 1e-12


def test_caps_that_stay_the_same_are_no_power_law() -> None:
    """Beyond the list of codes of d = 64 the amplitude falls instead of the caps: a clean slope of 1, which is no exponent."""
    base = SMALL.base(64)
    found = series(CAP_ATOMS, base, sizes_between(20, 40, 11))
    fit = found.fit()
    assert fit is not None
    if max(p.height or 0 for p in found.points) < 1.5 * min(p.height or 0 for p in found.points):
        assert not found.settled(fit)
    fixed = dataclasses.replace(found, points=tuple(dataclasses.replace(p, height=0.25) for p in found.points))
    assert not fixed.settled(fit_exponent(range(7), [-float(k) for k in range(7)]))
    assert dataclasses.replace(fixed, d=1).settled(fit_exponent(range(7), [-float(k) for k in range(7)]))


@pytest.mark.slow
def test_every_exponent_is_confirmed_in_its_range() -> None:
    _, report = lower_bound_study(LowerBoundSetting.parse([2], ["1e6..1e9"]))
    assert int(report.exit_code) == 0
    for d in (2,):
        own = [o for o in report.outcomes if o.check == f"d = {d}" and o.verdict is Verdict.CONSISTENT]
        assert {o.evidence["family"] for o in own} >= {c.family.key for c in CONSTRUCTIONS}
        for outcome in own:
            assert outcome.measured.lower <= outcome.bound <= outcome.measured.upper  # type: ignore[union-attr,operator]
            assert outcome.measured.upper - outcome.measured.lower < 0.05 * outcome.bound  # type: ignore[union-attr,operator]
        assert any("overtakes cap atoms" in o.claim and o.verdict is Verdict.PROVED for o in report.outcomes)


def test_budgets_move_the_bounds() -> None:
    wide = LowerBoundSetting.parse([2], ["1e8..1e10"], C="4", B="2", sigma="1/2")
    assert wide.base(2).budget == 2
    assert wide.base(2).at(Fraction(10)).nu == 160


@pytest.mark.parametrize(
    ("dims", "n", "message"),
    [
        (["0"], ["1e2..1e8"], "dims"),
        (["65"], ["1e2..1e8"], "dims must be an integer from 1 to 64"),
        (["2.5"], ["1e2..1e8"], "dims"),
        (["2"], ["1e8..1e2"], "a < b"),
        (["2"], ["1e2"], "at least 6 sample sizes"),
        (["2"], ["1e2..x"], "n must"),
        (["2"], ["1e2..1e300"], "1e290"),
        ([], ["1e2..1e8"], "dims must hold"),
    ],
)
def test_bad_input(dims: list[str], n: list[str], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        LowerBoundSetting.parse(dims, n)


def test_lists_and_ranges() -> None:
    assert LowerBoundSetting.parse([2], ["10,20", "30", "40", "50", "60"]).n == (10, 20, 30, 40, 50, 60)
    sizes = LowerBoundSetting.parse([2], ["1e2..1e8"]).n
    assert len(sizes) == 25
    assert (sizes[0], sizes[-1]) == (100, 10**8)
    assert np.allclose(np.diff(np.log10(sizes)), 0.25, atol=0.01)


@pytest.mark.slow
def test_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target, figure = tmp_path / "study.json", tmp_path / "study.svg"
    code = main(["--dims", "1", "--n", "1e8..1e10", "--json", str(target), "--plot", str(figure)])
    text = capsys.readouterr().out
    assert code == 0
    assert "Theorem A overtakes cap atoms" in text
    content = json.loads(target.read_text())
    assert content["setting"]["dims"] == [1]
    assert figure.read_text().lstrip().startswith("<?xml")
