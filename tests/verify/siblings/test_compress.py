"""Compressed layers: proved at two seeds, with the widths of the prototype; wrong widths fall."""

import pytest
from sympy import Rational, Symbol

from boundcalc.statements.extra_symbols import N
from boundcalc.statements.networks import FEATURE_RANK, OUTPUT_RANK, REPRESENTER_WIDTH
from tests.verify.siblings.broken import bent, refuted, scaled
from verify.outcome import Verdict
from verify.siblings.compress import SIBLING, Case


@pytest.fixture(scope="module", params=[0, pytest.param(1, marks=pytest.mark.slow)])
def found(request: pytest.FixtureRequest) -> list[Case]:
    return SIBLING.measure(request.param)


def test_every_claim_is_proved_with_the_numbers_of_the_prototype(found: list[Case]) -> None:
    """600 -> 80, 800 -> 90, 800 -> 100 neurons, with outputs that differ by 1e-14."""
    assert {o.verdict for o in SIBLING.outcomes(found, SIBLING.statements)} == {Verdict.PROVED}
    assert [(one.neurons, one.found.width) for one in found] == [(600, 80), (800, 90), (800, 100), (600, 64)]
    assert all(one.seen < 5e-14 and one.loss < 0.2 for one in found)


@pytest.mark.parametrize(("bound", "count"), [("width of a layer", 4), ("width", 1)])
def test_a_wrong_constant_is_refuted(found: list[Case], bound: str, count: int) -> None:
    assert len(refuted(SIBLING, found, scaled(REPRESENTER_WIDTH, bound, Rational(19, 20)))) == count


@pytest.mark.parametrize(
    ("bound", "symbol", "count"),
    [("width of a layer", FEATURE_RANK, 4), ("width of a layer", OUTPUT_RANK, 4), ("width", N, 1)],
)
def test_a_wrong_exponent_is_refuted(found: list[Case], bound: str, symbol: Symbol, count: int) -> None:
    assert len(refuted(SIBLING, found, bent(REPRESENTER_WIDTH, bound, symbol, Rational(9, 10)))) == count
