"""The search over stacks of slabs: its tables against quadrature, its choices against brute force, its claims against balls."""

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest

from boundcalc.arb import ball, precision
from boundcalc.explicit.caps import Caps
from boundcalc.explicit.family import Claim
from boundcalc.explicit.problem import Effort, Problem, Weight
from boundcalc.explicit.sign_error import sign_error
from boundcalc.explicit.slab_profile import best_snr
from boundcalc.explicit.slab_search import _equal, _many, _values, search_profiles, stack
from boundcalc.explicit.slab_tables import Resolution, slab_tables
from boundcalc.explicit.slabs import Slab, StackedTrapezoids
from boundcalc.explicit.stacked_trapezoids import FAMILY, RAMPS, log_mass_units, log_norms

RESOLUTION = Resolution(18, 3.0)


def problem(d: int, nu: float, budget: float = 1.0, weight: Weight = Weight.CANONICAL) -> Problem:
    return Problem(d, Fraction(nu), Fraction(1), Fraction(1), Fraction(budget), weight)


@pytest.mark.parametrize("d", [1, 4, 20])
@pytest.mark.parametrize("weight", list(Weight))
def test_tables_agree_with_balls(d: int, weight: Weight) -> None:
    """Cost and squared norm of single trapezoids, anywhere in the tables."""
    height = 0.3
    tables = slab_tables(d, height, weight, RESOLUTION)
    unit = math.exp(float(log_mass_units(d, np.array(height))))
    rng = np.random.default_rng(d)
    for _ in range(25):
        column, row = rng.integers(tables.log_cost.shape[1]), rng.integers(tables.log_ramp.size)
        ramp = math.exp(tables.log_ramp[row])
        if column < tables.inner:
            near, far = tables.depths[tables.near[column]], tables.depths[tables.far[column]]
        else:
            near, far, ramp = 0.0, tables.depths[column - tables.inner], 2 * ramp
        slab = Slab(float(near), float(far), 1, min(ramp, 1.0 if near == 0 else 0.5), 1.0)
        one = StackedTrapezoids(Caps(height, 1, "one cap"), (slab,))
        task = problem(d, 1e-9, weight=weight)
        with precision(160):
            cost, norm = float(one.cost(task).mid()), float(one.risk(task).mid())
        assert math.exp(tables.log_cost[row, column]) * height ** (d + 1) == pytest.approx(cost, rel=1e-3)
        # Below the first depth the mass is taken too low.
        assert math.exp(tables.log_energy[row, column]) * unit == pytest.approx(norm, rel=2e-3, abs=2e-3 * unit)


def test_shares_of_disjoint_slabs_add_up_to_the_budget() -> None:
    tables = slab_tables(3, 0.1, Weight.CANONICAL, RESOLUTION)
    shares = np.exp(tables.log_share)
    size = tables.depths.size
    neighbours = np.flatnonzero(tables.far == tables.near + 1)
    assert shares[:, tables.inner] + shares[:, neighbours].sum(1) == pytest.approx(1, rel=1e-12)
    assert shares[:, tables.inner + size - 1] == pytest.approx(1, rel=1e-12)


@pytest.mark.parametrize(("log_snr", "log_budget"), [(2.0, 0.0), (6.0, 3.0), (9.0, -2.0)])
def test_the_best_number_of_trapezoids_is_found(log_snr: float, log_budget: float) -> None:
    """Against all numbers up to 300."""
    tables = slab_tables(3, 0.0, Weight.CANONICAL, RESOLUTION)
    limit = tables.log_share + log_budget
    found, best = np.zeros((2, limit.shape[0], tables.inner))
    for many in _many(tables, log_snr, limit):
        found[:, many.columns] = np.maximum(found[:, many.columns], many.value)
    for option in tables.options:
        for number in range(2, 300):
            allowed = np.equal(number, option.number) if option.exact else np.greater_equal(number, option.number)
            value = _equal(tables, log_snr, limit, option, np.full(allowed.size, float(number))).value
            columns = option.columns
            best[:, columns] = np.where(allowed, np.maximum(best[:, columns], value), best[:, columns])
    reached = np.stack([option.number < 300 for option in tables.options if not option.exact]).all(0)
    assert reached.any()
    assert found[:, reached] == pytest.approx(best[:, reached], rel=1e-9)


def test_the_dynamic_program_against_all_stacks() -> None:
    """All ways to cut a grid of six depths, each slab at its own best."""
    tables = slab_tables(2, 0.0, Weight.CANONICAL, Resolution(6, 4.0))
    log_snr, log_budget = 4.0, 1.0
    found = search_profiles(tables, log_snr, log_budget)
    slabs = stack(tables, log_snr, log_budget, found.profile)
    assert all(a.far <= b.near for a, b in itertools.pairwise(slabs))
    limit = tables.log_share + log_budget
    table, top = _values(tables, log_snr, limit)
    best = 0.0
    for cuts in range(1 << 6):
        edges = [k for k in range(6) if cuts >> k & 1]
        if edges:
            total = top[:, edges[0]] + sum(table[:, b, a] for a, b in itertools.pairwise(edges))
            best = max(best, float(total.max()))
    assert found.log_value == pytest.approx(math.log(best) - log_snr, rel=1e-12)


@pytest.mark.slow
@pytest.mark.parametrize("weight", list(Weight))
@pytest.mark.parametrize("d", [1, 2, 3, 6, 11, 20, 40])
def test_designs_certify_the_claims(d: int, weight: Weight) -> None:
    """And are not much better: little is given away."""
    rng = np.random.default_rng(d)
    for _ in range(6):
        task = problem(d, float(10 ** rng.uniform(-2, 14)), float(10 ** rng.uniform(-3, 3)), weight)
        claim = FAMILY.find(task, Effort.FAST, ())
        assert isinstance(claim, Claim)
        with precision(claim.bits(task)):
            value = claim.design.bound(task)
            assert value >= ball(claim.level)
            assert float((value / ball(claim.level)).mid()) < 1.06
            assert claim.bound(task) == ball(claim.level)


def test_a_claim_beyond_its_design_is_not_made() -> None:
    design = StackedTrapezoids(Caps(0.5, 2, "caps"), (Slab(0.0, 1.0, 1, 0.5, 0.5),))
    task = problem(2, 10.0)
    with precision(160):
        value = design.bound(task)
        assert Claim(design, 0.0).bound(task).overlaps(value)
        small = Claim(design, -2000.0)
        assert small.bound(task) < value
        assert float((ball(small.level).log() + 2000).mid()) == pytest.approx(0, abs=1e-10)


@pytest.mark.parametrize("d", [1, 4, 30])
def test_norms_of_one_trapezoid_per_cap(d: int) -> None:
    heights = np.array([1.0, 0.3, 1e-6])
    norms = log_norms(d, heights)
    for column, height in enumerate(heights):
        for row, ramp in enumerate(RAMPS):
            one = StackedTrapezoids(Caps(float(height), 1, "one cap"), (Slab(0.0, 1.0, 1, float(ramp), 1.0),))
            with precision(256):
                norm = float(one.risk(problem(d, 1e-12)).mid())
            assert norms[row, column] == pytest.approx(math.log(norm) - float(log_mass_units(d, height)), abs=1e-5)


def test_the_best_signal_to_noise_ratio() -> None:
    s = best_snr()
    around = np.array([0.99 * s, s, 1.01 * s])
    worth = around * sign_error(around)
    assert worth[1] > worth[0]
    assert worth[1] > worth[2]
