"""Fitted exponents against exact laws, against numpy's own fits, and the coverage of their intervals."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import linregress

from boundcalc.bracketing import size_at
from verify.power_law import fit_exponent, fit_medians, sizes_between

SIZES = (32, 64, 128, 256, 512)


@settings(max_examples=50)
@given(st.floats(-2, 2), st.floats(-5, 5), st.integers(0, 2**30))
def test_fit_holds_a_rippled_power_law(exponent: float, scale: float, seed: int) -> None:
    x = np.linspace(2, 10, 17)
    ripple = np.random.default_rng(seed).uniform(-1e-3, 1e-3, len(x))
    fit = fit_exponent(x, scale - exponent * x + ripple, error=1e-3)
    assert exponent in fit
    assert fit.half_width < 2e-3


def test_fit_sees_a_law_with_another_exponent_and_one_that_has_not_set_in() -> None:
    x = np.linspace(2, 10, 17)
    u = 10 ** (-x / 8)
    exact = fit_exponent(x, -0.5 * x, u)
    assert 0.5 in exact
    assert 0.501 not in exact
    assert exact.half_width < 1e-9
    early = fit_exponent(x, -0.5 * x + np.log10(1 + 3 * u + 20 * u**2), u)
    assert 0.5 in early
    assert early.half_width > 0.005


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([1.0, 2.0], [1.0]), "log_values must have shape"),
        (([1, 2, 3, 4, 5], [1, 2, 3, 4, 5]), "at least 6"),
        ((range(7), [math.nan] * 7), "finite"),
        ((range(7), range(7), range(6)), "correction"),
    ],
)
def test_fit_refuses(arguments: tuple[list[float], ...], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        fit_exponent(*arguments)  # type: ignore[arg-type]


def test_plain_and_corrected_slopes_are_those_of_other_routes():
    rng = np.random.default_rng(4)
    x = np.sort(rng.uniform(2, 20, 9))
    y, u = rng.standard_normal(9), rng.uniform(0, 1, 9)
    known = linregress(x, y)
    plain = fit_exponent(x, y, independent=True)
    assert plain.exponent == pytest.approx(-known.slope, rel=1e-12)
    # Student's quantile at level 0.99 with 7 degrees of freedom.
    assert plain.half_width == pytest.approx(3.499483297350494 * known.stderr, rel=1e-9)
    design = np.column_stack([np.ones(9), x, u])
    coefficients = np.linalg.solve(design.T @ design, design.T @ y)
    corrected = fit_exponent(x, y, u, independent=True)
    assert corrected.exponent == pytest.approx(-coefficients[1], rel=1e-9)
    residual = y - design @ coefficients
    variance = residual @ residual / 6 * np.linalg.inv(design.T @ design)[1, 1]
    assert corrected.scatter == pytest.approx(3.707428021324907 * math.sqrt(variance), rel=1e-9)
    assert corrected.bias == 0
    # Errors that are no independent draws widen the interval, never narrow it.
    assert fit_exponent(x, y, u).half_width > corrected.half_width


def test_medians_and_single_values_give_one_line():
    medians = {n: np.full(3, n**-0.3 * math.exp(math.sin(n))) for n in SIZES}
    fit = fit_medians(medians, 1000, 0)
    logs = np.log([values[0] for values in medians.values()])
    assert fit.exponent == pytest.approx(fit_exponent(np.log(SIZES), logs, independent=True).exponent, rel=1e-13)
    slope, start = np.polyfit(np.log(SIZES), logs, 1)
    np.testing.assert_allclose(np.log(fit.line()), start + slope * np.log(SIZES), rtol=1e-12)


def test_sizes_are_whole_and_keep_their_ends():
    sizes = sizes_between(1.5, 40, 78)
    assert sizes[0] == round(10**1.5)
    assert sizes[-1] == 10**40 == size_at(40)
    assert sizes == sorted(set(sizes))
    for k, n in enumerate(sizes):
        assert math.log10(n) == pytest.approx(1.5 + k / 2, abs=0.02)


def test_fit_recovers_an_exponent_and_its_interval_covers():
    rng = np.random.default_rng(1)
    sizes = np.repeat(2.0 ** np.arange(6, 12), 5)
    hits = 0
    for _ in range(200):
        logs = math.log(3) - 0.5 * np.log(sizes) + 0.2 * rng.standard_normal(len(sizes))
        slope = fit_exponent(np.log(sizes), logs, level=0.95, independent=True)
        hits += 0.5 in slope
    assert 0.9 < hits / 200 < 0.99


def test_an_exact_power_law_is_found_exactly():
    fit = fit_medians({n: np.full(5, 3.0 * n**-0.375) for n in SIZES}, 1000, 0)
    assert fit.exponent == pytest.approx(0.375, abs=1e-12)
    assert (fit.lower, fit.upper) == pytest.approx((0.375, 0.375), abs=1e-12)
    assert fit.bend == pytest.approx(0, abs=1e-12)
    # log error = -0.5 log n - 0.1 (log_2 n - 7)^2 is steeper for large n: by 0.2 * 2 / log 2 between the halves' middles.
    bent = {n: np.full(2, n**-0.5 * math.exp(-0.1 * (math.log2(n) - 7) ** 2)) for n in SIZES}
    assert fit_medians(bent, 1000, 0).bend == pytest.approx(0.4 / math.log(2), rel=1e-9)


def test_the_slope_is_that_of_polyfit_through_the_medians():
    rng = np.random.default_rng(1)
    errors = {n: np.exp(rng.standard_normal(5)) for n in (10, 30, 40, 100)}
    fit = fit_medians(errors, 1000, 0)
    medians = [sorted(values)[2] for values in errors.values()]
    assert fit.exponent == pytest.approx(-np.polyfit(np.log(list(errors)), np.log(medians), 1)[0], rel=1e-10)
    assert fit.medians == pytest.approx(medians)


def test_the_interval_is_that_of_all_resamples():
    rng = np.random.default_rng(2)
    errors = {16: np.exp(rng.standard_normal(4)), 64: np.exp(rng.standard_normal(4)) / 2}
    logs = [
        np.log([np.median(draw) for draw in itertools.product(values, repeat=len(values))])
        for values in errors.values()
    ]
    slopes = np.sort(((logs[0][:, None] - logs[1]) / math.log(4)).ravel())
    fit = fit_medians(errors, 100_000, 0)
    # The bootstrap's quantiles lie between the exact ones at levels a few standard errors away.
    for found, level in ((fit.lower, 0.025), (fit.upper, 0.975)):
        near = 4 * math.sqrt(level * (1 - level) / 100_000)
        low, high = np.quantile(slopes, [level - near, level + near])
        assert low - 1e-12 <= found <= high + 1e-12


def test_intervals_hold_the_true_slope():
    hits = 0
    for trial in range(200):
        rng = np.random.default_rng([3, trial])
        errors = {n: n**-0.3 * np.exp(0.5 * rng.standard_normal(5)) for n in SIZES}
        fit = fit_medians(errors, 1000, trial)
        hits += fit.lower <= 0.3 <= fit.upper
    # 0.98 measured over many more trials; at 0.95 fewer than 180 would have probability 0.002.
    assert hits >= 180


def test_repetitions_that_are_lost_are_left_out():
    values = np.array([0.5, np.nan, 0.25, np.inf, 0.125])
    fit = fit_medians({8: values, 16: np.array([0.1, 0.1]), 32: np.array([np.nan, 1.0])}, 1000, 0)
    assert fit.sizes == (8, 16)
    assert fit.medians == (0.25, 0.1)
    assert fit.count == 2
    assert math.isnan(fit.bend)
    assert fit_medians({8: values, 32: np.array([np.nan, 1.0])}, 1000, 0) is None
