"""Explicit upper bounds against simulation and the lower bounds; the crossover; sample sizes."""

import itertools
import math
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from boundcalc.arb import precision
from boundcalc.explicit import upper_smoother
from boundcalc.explicit.crossover import crossover
from boundcalc.explicit.lower import explicit_lower
from boundcalc.explicit.problem import Problem, Weight
from boundcalc.explicit.upper import _projection, _search, explicit_upper
from boundcalc.registry import theorem
from boundcalc.sample_sizes import Kind, sample_size


@pytest.mark.parametrize("n", [1, 100, 1e4, 1e8, "1e300"])
@pytest.mark.parametrize("weight", ["canonical", "population"])
def test_lower_is_below_upper(n: object, weight: str) -> None:
    for settings in ({}, {"B": 3, "C": "0.01"}, {"sigma": "0.1", "C": 50}):
        lower = explicit_lower(1, n, weight=weight, **settings)  # type: ignore[arg-type]
        upper = explicit_upper(1, n, weight=weight, **settings)  # type: ignore[arg-type]
        assert lower.enclosure.low < upper.enclosure.high


def test_upper_bound_is_monotone_and_labelled() -> None:
    values = [explicit_upper(1, n).upper for n in (1, 10, 100, 1e3, 1e5, 1e9)]
    assert values == sorted(values, reverse=True)
    assert explicit_upper(1, 1e6, sigma=2).upper > explicit_upper(1, 1e6).upper
    assert explicit_upper(1, 1e6, C=2).upper > explicit_upper(1, 1e6).upper
    assert not explicit_upper(1, 1e6).trivial
    trivial = explicit_upper(7, 100, B=3)
    assert trivial.trivial
    assert trivial.upper == 9.0
    assert "trivial" in str(trivial)


@pytest.mark.parametrize(
    ("d", "n", "key"),
    [(1, 1e4, "smoother-upper"), (1, 1e12, "cells-upper-1d"), (2, 1e30, "cells-upper"), (10, 1e20, "mixture-upper")],
)
def test_a_bound_names_its_statement(d: int, n: float, key: str) -> None:
    bound = explicit_upper(d, n)
    assert bound.theorem is theorem(key)
    assert not bound.trivial
    assert explicit_upper(20, 1).theorem is None


def test_the_statements_at_designs_typed_anew_in_floats() -> None:
    """The registered form of linear estimators, at a row of the table and in d = 1."""
    task = Problem(2, Fraction(5000), Fraction(1, 2), Fraction(3), Fraction(2), Weight.CANONICAL)
    row = upper_smoother.search(task)
    assert row is not None
    risk = 9 * (1 - (1 - row.eps) ** 2) + 6 * row.canonical + (0.25 + 9) * row.variance / 5000
    w, z = 0.125, 0.0625
    cells = 9 * z + 6 * w**2 / 32 + 4 * (0.25 + 9) / 5000 * (1 + (1 + w) ** 1.5 * 2 / w * (z**-0.5 - 1))
    with precision(128):
        assert 9 * float(row.bound(task).mid()) == pytest.approx(risk, rel=1e-12)
        assert 9 * float(_projection(replace(task, d=1), w, z).mid()) == pytest.approx(cells, rel=1e-12)


def test_projection_estimator_by_simulation() -> None:
    """The estimator itself, on a function with kinks at the boundary: its error stays below the bound."""
    n = 20_000
    task = Problem(1, Fraction(n), Fraction(1), Fraction(1), Fraction(1), Weight.CANONICAL)
    eta, eps = _search(task)
    edges = [eps]
    while edges[-1] < 1:
        edges.append(min(1.0, edges[-1] + eta * edges[-1] ** 1.5))
    depth = np.array(edges)
    knots = np.concatenate([depth - 1, 1 - depth[:-1][::-1]])
    assert len(depth) - 1 <= 1 + (1 + eta) ** 1.5 * (2 / eta) * (eps**-0.5 - 1)

    def truth(x: np.ndarray) -> np.ndarray:
        z = 1 - np.abs(x)
        return np.clip(1 - np.abs(z - 0.08) / 0.06, 0, 1) * np.sign(x)

    rng = np.random.default_rng(2)
    grid = np.linspace(-1, 1, 40001)
    errors = []
    for _ in range(6):
        x = rng.uniform(-1, 1, n)
        y = truth(x) + rng.normal(size=n)
        estimate = np.zeros_like(grid)
        for a, b in itertools.pairwise(knots):
            inside, at = (x >= a) & (x < b), (grid >= a) & (grid < b)
            middle, half = (a + b) / 2, (b - a) / 2
            mass = half  # of the cell, density 1/2
            first = y[inside].sum() / n / mass
            second = 3 * (y[inside] * (x[inside] - middle) / half).sum() / n / mass
            estimate[at] = first + second * (grid[at] - middle) / half
        errors.append(((estimate - truth(grid)) ** 2).mean())
    assert np.mean(errors) <= explicit_upper(1, n).upper
    assert np.mean(errors) > explicit_lower(1, n).lower / 100


def test_residual_of_a_kink_in_a_cell() -> None:
    """|(I - P)(x - t)_+|_1 = 4 q^2/(3 + 4q), q = t (1 - t), on [0, 1], by a least-squares fit."""
    x = (np.arange(20000) + 0.5) / 20000
    basis = np.stack([np.ones_like(x), x], axis=1)
    for t in np.linspace(0.05, 0.95, 19):
        kink = np.maximum(x - t, 0)
        residual = kink - basis @ np.linalg.lstsq(basis, kink, rcond=None)[0]
        q = t * (1 - t)
        assert np.abs(residual).mean() == pytest.approx(4 * q**2 / (3 + 4 * q), rel=1e-6)
        assert 4 * q**2 / (3 + 4 * q) <= 1 / 16


@pytest.mark.parametrize("d", [12, 20])
def test_crossover_separates(d: int) -> None:
    """Disjoint caps overtake the polynomials of random harmonics at some 10^20 and 10^24 samples."""
    point = crossover(d)
    assert point.n is not None
    assert point.localised.log10 >= point.spread.log10
    before, after = explicit_lower(d, point.n * 0.9), explicit_lower(d, point.n * 1.1)
    assert not before.best.family.boundary_localised
    assert after.best.family.boundary_localised
    assert "from n =" in str(point)


def test_shattering_may_rule_from_the_start() -> None:
    # In low dimensions shattering rules from the start.
    assert crossover(2).n == 1
    assert str(crossover(2)).startswith("at every n, the bound by")


@pytest.mark.parametrize("d", [1, 5, 20])
def test_sample_sizes_agree_with_the_bounds(d: int) -> None:
    report = sample_size(d, "0.02")
    (required,) = report.of_kind(Kind.REQUIRED)
    assert required.n is not None
    assert explicit_lower(d, required.n).lower > 0.02
    assert explicit_lower(d, 2 * required.n).lower < 0.02 * 1.2
    (enough,) = report.of_kind(Kind.SUFFICIENT)
    assert enough.n is not None
    assert explicit_upper(d, enough.n).upper <= 0.02
    assert explicit_upper(d, enough.n * 9 // 10).upper > 0.02
    assert required.n < enough.n
    for size in report.of_kind(Kind.RATE):
        assert size.exponent is not None
        assert size.log10 == pytest.approx(float(size.exponent) * math.log10(50), rel=1e-12)
        if size.n is not None:
            # the smallest integer at least 50^exponent, exactly
            assert size.n**size.exponent.q >= 50**size.exponent.p > (size.n - 1) ** size.exponent.q
    assert "rate" in str(report)


def test_sample_size_beyond_floats_and_bad_input() -> None:
    report = sample_size(80, "0.01")
    assert report.get("mse-upper").n is None
    assert report.get("mse-upper").log10 == pytest.approx(2 * 164)
    assert report.get("low-norm-mse").log10 < 4.1
    with pytest.raises(ValueError, match="error must lie in"):
        sample_size(3, 2)
    with pytest.raises(ValueError, match="error"):
        sample_size(3, "nan")
    with pytest.raises(TypeError, match="d must be"):
        sample_size(None, "0.1")
    with pytest.raises(ValueError, match=r"key must name a size, got .*explicit-lower"):
        report.get("x")
