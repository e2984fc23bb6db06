"""The constant of the k-plane transform: right it stands, wrong by 5 % it falls."""

import numpy as np
import pytest
from sympy import Rational

from tests.verify.siblings.broken import refuted, scaled
from verify.outcome import Verdict
from verify.siblings.k_plane import SIBLING, Case


@pytest.fixture(scope="module")
def found() -> list[Case]:
    return SIBLING.measure(1)


def test_every_claim_stands(found: list[Case]) -> None:
    assert {o.verdict for o in SIBLING.outcomes(found, SIBLING.statements)} == {Verdict.CONSISTENT}


def test_the_constants_in_closed_form(found: list[Case]) -> None:
    """(4 pi)^(k/2) Gamma(d/2) / Gamma((d-k)/2): 2, pi, 2 pi, 6 pi and 96 pi^2."""
    closed = [2, np.pi, 2 * np.pi, 6 * np.pi, 96 * np.pi**2]
    for one, value in zip(found, closed, strict=True):
        assert one.gaussian.lower < value < one.gaussian.upper
        assert float(one.ball.lower) == pytest.approx(value, rel=1e-11)


@pytest.mark.parametrize("factor", [Rational(21, 20), Rational(19, 20)])
def test_a_wrong_constant_is_refuted_everywhere(found: list[Case], factor: Rational) -> None:
    wrong = refuted(SIBLING, found, scaled(SIBLING.theorems[0], "constant", factor))
    assert len(wrong) == 2 * len(found)
