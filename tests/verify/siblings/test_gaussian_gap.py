"""Norms of Gaussians and of their sums: enclosures against quadrature, right bounds stand, wrong ones fall."""

import numpy as np
import pytest
from sympy import Rational

from boundcalc.arb import Ball, precision
from boundcalc.statements.approximation import GAUSSIAN_VARIATION_NORM, SEPARATED_GAUSSIANS
from tests.verify.siblings.broken import refuted, scaled
from verify.outcome import Verdict
from verify.siblings.gaussian_gap import SIBLING, Found, _from_below, _variation


@pytest.fixture(scope="module")
def found() -> Found:
    return SIBLING.measure(0)


def test_every_claim_is_proved(found: Found) -> None:
    assert {o.verdict for o in SIBLING.outcomes(found, SIBLING.statements)} == {Verdict.PROVED}


def test_the_numbers_of_the_prototype(found: Found) -> None:
    norms = {one.count: one.value for one in found.sums if (one.dim, one.spacing) == (1, 8)}
    for count, value in ((10, 7.106), (100, 12.585), (1000, 18.161)):
        assert float(norms[count].lower) == pytest.approx(value, abs=5e-4)
        assert float(norms[count].upper) == pytest.approx(value, abs=5e-4)
    assert float(found.single[1].lower) == pytest.approx(2.42612, abs=5e-6)
    assert float(found.single[3].lower) == pytest.approx(7.02006, abs=5e-6)
    assert float(found.kernel[8].upper) == pytest.approx(1.2825, abs=1e-4)


@pytest.mark.parametrize("dim", [1, 3])
@pytest.mark.parametrize("spacing", [1.25, 4.0])
def test_the_variation_against_a_grid(dim: int, spacing: float) -> None:
    """Sums of three Gaussians, also where they overlap: the integral of |H'| by the trapezoidal rule."""
    x = np.linspace(-10, 20, 300_001)
    degree = [0] * (dim + 1) + [1]
    density = sum(
        np.polynomial.hermite_e.hermeval(x - i * spacing, degree) * np.exp(-((x - i * spacing) ** 2) / 2) / (i + 1)
        for i in range(3)
    )
    with precision(96):
        enclosed = _variation(dim, 3, Ball(spacing))
        assert float(enclosed.rad()) < 1e-8
        assert float(enclosed.mid()) == pytest.approx(np.trapezoid(np.abs(density), x), rel=1e-7)


def test_the_norm_in_three_dimensions_by_quadrature() -> None:
    """The mean over directions of the variation at the projected spacing, five centres at spacing 40; 400 directions."""
    directions = (np.arange(400) + 0.5) / 400
    x = np.linspace(-8, 170, 20_001)
    values = []
    for u in directions:
        t = x[:, None] - 40 * u * np.arange(5)
        squared = t**2
        density = ((squared - 3) ** 2 - 6) * np.exp(-squared / 2) @ (1 / np.arange(1, 6))
        values.append(np.trapezoid(np.abs(density), x))
    with precision(96):
        below = float(_from_below(3, 5, 40).upper())
    assert 0.9 * np.mean(values) < below < np.mean(values) < 7.02007 * (1 + 1 / 2 + 1 / 3 + 1 / 4 + 1 / 5)


@pytest.mark.parametrize("factor", [Rational(21, 20), Rational(19, 20)])
@pytest.mark.parametrize("name", ["norm, d = 1", "norm, d = 3"])
def test_a_wrong_norm_of_one_gaussian_is_refuted(found: Found, name: str, factor: Rational) -> None:
    assert len(refuted(SIBLING, found, scaled(GAUSSIAN_VARIATION_NORM, name, factor))) == 1


@pytest.mark.parametrize(("name", "factor", "least"), [
    ("norm, d = 1", Rational(19, 20), 6),
    ("norm, d = 1, lower", Rational(21, 20), 4),
    ("norm, d = 3", Rational(19, 20), 4),
    ("norm, d = 3, lower", Rational(21, 20), 4),
    ("kernel norm", Rational(19, 20), 2),
    ("kernel norm, lower", Rational(21, 20), 2),
])  # fmt: skip
def test_a_wrong_bound_of_sums_is_refuted(found: Found, name: str, factor: Rational, least: int) -> None:
    assert len(refuted(SIBLING, found, scaled(SEPARATED_GAUSSIANS, name, factor))) >= least
