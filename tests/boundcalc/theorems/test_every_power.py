"""Theorem G: the formula against linear programs solved anew, its special powers, and its proved upper side."""

import itertools

import numpy as np
import pytest
from scipy.optimize import linprog
from sympy import Rational, simplify

from boundcalc.derivation import derive
from boundcalc.derivation.lower import assouad
from boundcalc.derivation.theorem_g import packets
from boundcalc.registry import theorem
from boundcalc.statements.extra_symbols import power
from boundcalc.statements.power_weight import CRITICAL_POWER, EXPONENT, FEW_CAPS_POWER, PACKETS_POWER
from boundcalc.symbols import d

STATEMENT = theorem("power-weight-minimax")


def exponent(dim: int, gamma: Rational) -> Rational:
    return Rational(STATEMENT.bound.exponent.subs({d: dim, power: gamma}))


def lower_program(dim: int, gamma: float) -> float:
    """Depth n^-a, n^b caps, packets of scale n^-c, amplitude n^-e; the program typed anew, in floats."""
    goal = [(dim + 1) / 2, -1, 0, 2]
    rows = [[-(gamma - 1), 1, (dim + 3) / 2, -1], [-(dim + 1) / 2, 0, -dim, -2], [-(dim - 1) / 2, 1, 0, 0]]
    found = linprog(goal, A_ub=rows, b_ub=[0, -1, 0], bounds=[(0, None)] * 4)
    assert found.status == 0
    return float(found.fun)


def upper_search(dim: int, gamma: float, steps: int = 400) -> float:
    """Levels n^-a: the best mesh or none at each, all deeper than the best a dropped: by brute force on a grid."""
    a = np.linspace(0, 2, steps + 1)
    c = np.linspace(0, 1.5, 601)[:, None]
    left = 0.5 + a * ((dim + 5) / 4 - gamma)
    meshed = np.minimum(1 - a * (dim - 1) / 2 - c * dim, left + 1.5 * c).max(axis=0)
    level = np.minimum.accumulate(np.maximum(meshed, left))
    dropped = np.maximum(a, a * ((dim + 3) / 2 - gamma))
    return float(np.minimum(level, dropped).max())


def grid(dim: int) -> list[Rational]:
    """Powers around and on the borders of the phases."""
    borders = [Rational(p.subs(d, dim)) for p in (CRITICAL_POWER, FEW_CAPS_POWER, PACKETS_POWER)]
    return sorted({Rational(k, 4) for k in range(4 * dim + 17)} | set(borders))


@pytest.mark.parametrize("dim", range(1, 21))
def test_the_formula_is_the_optimum_of_the_program(dim: int) -> None:
    for gamma in grid(dim):
        assert lower_program(dim, float(gamma)) == pytest.approx(float(exponent(dim, gamma)), abs=1e-10)


@pytest.mark.parametrize("dim", [1, 2, 3, 4, 7])
def test_the_exact_program_of_the_derivation_agrees(dim: int) -> None:
    for gamma in grid(dim)[:: 5 if dim < 4 else 9]:
        found = packets(gamma)
        at = {name: getattr(found, name).subs(d, dim) for name in ("caps", "atoms_per_cap", "norm_squared", "seminorm")}
        shape = {name: value.subs(d, dim) for name, value in found.shape.items()}
        best = assouad(type(found)(**at, parameters=found.parameters, shape=shape), domain={})
        assert best.exponent == exponent(dim, gamma)


@pytest.mark.parametrize("dim", [1, 2, 3, 4, 5, 8, 12])
def test_upper_bounds_match_in_every_phase(dim: int) -> None:
    for gamma in np.linspace(0, dim + 3, 14):
        assert upper_search(dim, gamma) == pytest.approx(float(exponent(dim, Rational(gamma))), abs=0.012)


def test_the_derivation_proves_both_sides_of_every_phase() -> None:
    derivation = derive("power-weight-minimax")
    assert simplify(derivation.exponent - EXPONENT) == 0
    assert list(derivation.terms) == ["interior", "single caps", "few full caps", "packets on caps"]
    for phase, found in derivation.terms.items():
        assert simplify(found - STATEMENT.bounds[phase].exponent) == 0
    # Seven ranges of (d, gamma), each from below and from above.
    assert len(derivation.derived.optima) == 14


@pytest.mark.parametrize("dim", range(1, 21))
def test_special_powers(dim: int) -> None:
    r = Rational
    assert exponent(dim, r(dim + 2)) == r(2, 3 * dim + 1) == theorem("theorem-b").bound.exponent_at(dim)
    assert exponent(dim, r(dim + 1)) == r(2 * (dim + 3), 3 * (dim + 1) ** 2)
    assert exponent(dim, r(dim + 1)) == theorem("stable-mse-upper").bound.exponent_at(dim)
    trace = r(2 * (dim + 3), dim**2 + 8 * dim + 3)
    assert exponent(dim, r(dim + 3, 2)) == trace == theorem("trace-minimax").bound.exponent_at(dim)
    assert exponent(dim, r(0)) == r(dim + 3, 2 * dim + 3) == theorem("low-norm-mse").bound.exponent_at(dim)
    if dim > 1:
        assert exponent(dim, r(dim + 1, 2)) == r(2, dim + 1)


def test_the_table_of_the_trace() -> None:
    found = [float(exponent(dim, Rational(dim + 3, 2))) for dim in (1, 2, 5, 10, 20)]
    assert found == pytest.approx([0.667, 0.435, 0.235, 0.142, 0.082], abs=5e-4)


@pytest.mark.parametrize("dim", [2, 3, 4, 9, 20])
def test_phases_meet_and_the_exponent_never_rises(dim: int) -> None:
    values = [exponent(dim, gamma) for gamma in grid(dim)]
    assert all(a >= b for a, b in itertools.pairwise(values))
    critical = Rational(CRITICAL_POWER.subs(d, dim))
    assert exponent(dim, critical) == exponent(dim, Rational(0)) > exponent(dim, critical + Rational(1, 10))
    assert exponent(dim, critical + Rational(1, 10**9)) == pytest.approx(exponent(dim, critical), abs=1e-8)


def test_factors_of_the_class_scale() -> None:
    """(f, y, sigma, B, C) -> s times each multiplies the error by s^2: every bound must."""
    from boundcalc.symbols import B, C, n, sigma

    at = {d: 4, power: Rational(9, 4), n: 10**6}
    for bound in list(STATEMENT.bounds.values())[1:]:
        one = bound.expr.subs(at | {B: 2, C: 3, sigma: Rational(1, 2)})
        ten = bound.expr.subs(at | {B: 20, C: 30, sigma: 5})
        assert float(ten / one) == pytest.approx(100, rel=1e-12)
