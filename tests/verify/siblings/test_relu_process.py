"""Random ReLU processes: what is registered stands, wrong constants and exponents fall."""

import pytest
from sympy import Rational

from boundcalc.statements.extra_symbols import alpha
from boundcalc.statements.transforms import INTENSITY
from tests.verify.siblings.broken import bent, refuted, scaled, with_expression
from verify.outcome import Verdict
from verify.siblings.relu_process import SIBLING, Process

COVARIANCE, KURTOSIS, LIMIT = SIBLING.theorems
WRONG = [
    *(scaled(theorem, name, factor)
      for theorem, name in ((COVARIANCE, "covariance"), (KURTOSIS, "excess kurtosis"), (KURTOSIS, "Hurst exponent"),
                            (LIMIT, "characteristic function"))
      for factor in (Rational(21, 20), Rational(19, 20))),
    *(bent(KURTOSIS, "excess kurtosis", INTENSITY, Rational(*factor)) for factor in ((11, 10), (9, 10))),
    *(with_expression(LIMIT, "characteristic function", LIMIT.bound.expr.subs(alpha, alpha * Rational(*factor)))
      for factor in ((11, 10), (9, 10))),
]  # fmt: skip


@pytest.fixture(scope="module")
def found() -> list[Process]:
    return SIBLING.measure(1)


def test_every_claim_stands(found: list[Process]) -> None:
    assert {o.verdict for o in SIBLING.outcomes(found, SIBLING.statements)} == {Verdict.CONSISTENT}


def test_kurtosis_falls_as_in_the_prototype(found: list[Process]) -> None:
    """In the plane 1.57, .17, .007 at 1, 10, 100 were seen with few networks; the formula says 1.62/intensity."""
    plane = next(one for one in found if one.dim == 2)
    for intensity, interval in plane.kurtosis.items():
        assert 1.62 / intensity in interval
        assert float(interval.upper) < 1.15 * float(interval.lower) * (1 + intensity / 500)


@pytest.mark.parametrize("wrong", WRONG, ids=lambda theorem: theorem.key)
def test_wrong_statements_are_refuted(found: list[Process], wrong: object) -> None:
    assert refuted(SIBLING, found, wrong)
