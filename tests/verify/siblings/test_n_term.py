"""Approximation by N neurons: norms and errors against quadrature, right rates stand, wrong ones fall."""

from itertools import pairwise

import numpy as np
import pytest
from scipy.integrate import quad
from sympy import Rational

from boundcalc.arb import precision
from boundcalc.statements.approximation import N_TERM_APPROXIMATION, SEMICIRCLE_FREE_KNOTS
from boundcalc.statements.extra_symbols import N
from tests.verify.siblings.broken import bent, refuted, scaled
from verify.outcome import Verdict
from verify.siblings.n_term import SIBLING, Found, _angles, _fitted, _square_error, _sup_error


@pytest.fixture(scope="module", params=[0, 1])
def found(request: pytest.FixtureRequest) -> Found:
    return SIBLING.measure(request.param)


def test_every_claim_stands_and_norms_are_proved(found: Found) -> None:
    outcomes = SIBLING.outcomes(found, SIBLING.statements)
    assert {o.verdict for o in outcomes} == {Verdict.PROVED, Verdict.CONSISTENT}
    assert all(
        o.verdict is Verdict.PROVED for o in outcomes if " norm " in o.claim and o.theorem.startswith("semicircle")
    )


def test_the_exponents(found: Found) -> None:
    assert found.square.fit.exponent == pytest.approx(2, abs=1e-3)
    assert found.sup.fit.exponent == pytest.approx(2, abs=5e-3)
    assert found.plane.fit.exponent == pytest.approx(1.25, abs=0.03)
    assert list(found.cut.values())[-1].lower > 1e8  # the unweighted norm grows beyond all bounds


@pytest.mark.parametrize("pieces", [3, 16])
def test_errors_on_the_line_by_quadrature(pieces: int) -> None:
    angles = _angles(pieces, 0.4)
    knots, values = np.sin(angles), _fitted(angles)

    def squared(a: float) -> float:
        return float((np.cos(a) - np.interp(np.sin(a), knots, values)) ** 2 * np.cos(a))

    total = sum(quad(squared, low, high, epsabs=1e-15)[0] for low, high in pairwise(angles))
    a = np.linspace(-np.pi / 2, np.pi / 2, 200_001)
    knots = np.sin(_angles(pieces, 0.25))
    off = np.cos(a) - np.interp(np.sin(a), knots, np.sqrt(np.maximum(1 - knots**2, 0)))
    with precision(160):
        assert float(_square_error(pieces).mid()) == pytest.approx(np.sqrt(total), rel=1e-7)
        assert float(_sup_error(pieces).mid()) == pytest.approx(off.max() / 2, rel=1e-4)


def test_no_other_values_at_the_knots_do_better() -> None:
    """The gradient of the squared error at the fitted values vanishes: moving any of them makes it larger."""
    angles = _angles(6, 0.4)
    a, values = np.linspace(-np.pi / 2, np.pi / 2, 100_001), _fitted(angles)

    def error(at: np.ndarray) -> float:
        return float(np.trapezoid((np.cos(a) - np.interp(np.sin(a), np.sin(angles), at)) ** 2 * np.cos(a), a))

    for index in range(len(values)):
        for step in (-1e-3, 1e-3):
            moved = values.copy()
            moved[index] += step
            assert error(moved) > error(values)


@pytest.mark.parametrize("factor", [Rational(11, 10), Rational(9, 10)])
def test_a_wrong_rate_is_refuted_in_both_dimensions(found: Found, factor: Rational) -> None:
    assert len(refuted(SIBLING, found, bent(N_TERM_APPROXIMATION, "error", N, factor))) == 2


@pytest.mark.parametrize("factor", [Rational(11, 10), Rational(9, 10)])
@pytest.mark.parametrize("name", ["error", "sup error"])
def test_a_wrong_exponent_of_the_semicircle_is_refuted(found: Found, name: str, factor: Rational) -> None:
    assert len(refuted(SIBLING, found, bent(SEMICIRCLE_FREE_KNOTS, name, N, factor))) == 1


@pytest.mark.parametrize("factor", [Rational(21, 20), Rational(19, 20)])
@pytest.mark.parametrize(
    ("name", "claims"), [("error", 1), ("sup error", 1), ("norm up to c", 4), ("weighted norm", 2)]
)
def test_a_wrong_constant_is_refuted(found: Found, name: str, claims: int, factor: Rational) -> None:
    assert len(refuted(SIBLING, found, scaled(SEMICIRCLE_FREE_KNOTS, name, factor))) == claims
