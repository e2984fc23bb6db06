"""Activations of several variables: factors and width as registered stand, wrong ones fall."""

import numpy as np
import pytest
from sympy import Rational

from tests.verify.siblings.broken import refuted, scaled
from verify.outcome import Verdict
from verify.siblings.multivariate import SIBLING, Interpolant, Operator

OPERATORS, WIDTH = SIBLING.theorems
Found = tuple[list[Operator], list[Interpolant]]


@pytest.fixture(scope="module")
def found() -> Found:
    return SIBLING.measure(1)


def test_every_claim_stands(found: Found) -> None:
    assert {o.verdict for o in SIBLING.outcomes(found, SIBLING.statements)} == {Verdict.CONSISTENT}


def test_known_factors(found: Found) -> None:
    """Minus the second derivative of -|x|/2 is delta, |x|^2 log|x|/(8 pi) is the thin plate, |x|^3/12 the cubic spline."""
    known = {(1, 2): -1 / 2, (3, 4): -1 / (8 * np.pi), (2, 4): 1 / (8 * np.pi), (1, 4): 1 / 12}
    seen = {(one.dim, one.twice_power): one.factor for one in found[0]}
    for key, value in known.items():
        assert seen[key].lower < value < seen[key].upper
        assert float(seen[key].upper) == pytest.approx(value, rel=1e-6)


def test_interpolants_interpolate_and_their_norm_is_enclosed(found: Found) -> None:
    for net in found[1]:
        assert net.misfit < 1e-12
        assert net.neurons == len(net.weights) == 9
        assert net.least <= net.norm < 1.05 * net.least


@pytest.mark.parametrize("factor", [Rational(21, 20), Rational(19, 20)])
@pytest.mark.parametrize("name", OPERATORS.bounds)
def test_wrong_factors_are_refuted(found: Found, name: str, factor: Rational) -> None:
    assert len(refuted(SIBLING, found, scaled(OPERATORS, name, factor))) == sum(one.name == name for one in found[0])


def test_a_smaller_width_is_refuted(found: Found) -> None:
    assert len(refuted(SIBLING, found, scaled(WIDTH, "width", Rational(19, 20)))) == len(found[1])
