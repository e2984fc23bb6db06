"""Self-recall errors and caches: exact on tight frames, greedy caches as the prototype had them, wrong statements fall."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from sympy import Rational, Symbol

from boundcalc.statement import Theorem
from boundcalc.statements.extra_symbols import N
from boundcalc.statements.networks import SELF_RECALL_ERROR
from boundcalc.symbols import d
from tests.verify.siblings.broken import bent, refuted, scaled
from verify.outcome import Verdict
from verify.siblings.memory import _SYMBOLS, SIBLING, Memory, _drawn, _evict, _exact_error, _lost


@pytest.fixture(scope="module", params=[0, pytest.param(1, marks=pytest.mark.slow)])
def found(request: pytest.FixtureRequest) -> Memory:
    return SIBLING.measure(request.param)


def test_every_claim_stands(found: Memory) -> None:
    verdicts = [o.verdict for o in SIBLING.outcomes(found, SIBLING.statements)]
    assert verdicts.count(Verdict.CONSISTENT) == 1  # drawn values
    assert verdicts.count(Verdict.PROVED) == len(verdicts) - 1


def test_the_numbers_of_the_prototype() -> None:
    """240 roots of E8: 29. Greedy caches of 420, 457 and 492 pairs where 384, 416 and 441.6 are necessary."""
    found = SIBLING.measure(0)
    assert {one.size: one.error for one in found.frames}[240] == 29
    assert [one.cached for one in found.greedy if one.window == 0] == [420, 457, 492]
    bounds = [o.bound for o in SIBLING.outcomes(found, SIBLING.statements) if "greedy, 0" in o.claim]
    assert bounds == [384, 416, Fraction(2208, 5)]
    assert all(one.recalled == 1 for one in found.greedy)
    assert found.uncached < Fraction(7, 10)


@pytest.mark.parametrize("factor", [Rational(21, 20), Rational(19, 20)])
@pytest.mark.parametrize("theorem", SIBLING.theorems, ids=lambda theorem: theorem.key)
def test_a_wrong_constant_is_refuted(found: Memory, theorem: Theorem, factor: Rational) -> None:
    assert len(refuted(SIBLING, found, scaled(theorem, next(iter(theorem.bounds)), factor))) >= 3


@pytest.mark.parametrize("factor", [Rational(11, 10), Rational(9, 10)])
@pytest.mark.parametrize("symbol", [N, d], ids=str)
@pytest.mark.parametrize("theorem", SIBLING.theorems, ids=lambda theorem: theorem.key)
def test_a_wrong_exponent_is_refuted(found: Memory, theorem: Theorem, symbol: Symbol, factor: Rational) -> None:
    assert len(refuted(SIBLING, found, bent(theorem, next(iter(theorem.bounds)), symbol, factor))) >= 3


def test_drawn_values_alone_refute_a_wrong_constant(found: Memory) -> None:
    without = replace(found, frames=())
    assert refuted(SIBLING, without, scaled(SELF_RECALL_ERROR, "mean error", Rational(21, 20)))


def test_the_error_is_that_of_the_hidden_state() -> None:
    """Against a hidden state written out, pair by pair, for keys that are no frame."""
    rng = np.random.default_rng(3)
    keys = rng.choice((-1, 1), (30, 8))
    unit = keys / 8**0.5
    collisions = [sum((unit[i] @ unit[j]) ** 2 for j in range(30) if j != i) for i in range(30)]
    assert float(_exact_error(keys)) == pytest.approx(np.mean(collisions), rel=1e-12)
    interval = _drawn(keys, rng)
    assert interval.lower < np.mean(collisions) < interval.upper


def test_eviction_and_recall_against_plain_loops() -> None:
    rng = np.random.default_rng(4)
    keys = rng.standard_normal((60, 8))
    keys /= np.linalg.norm(keys, axis=1)[:, None]
    cosines, symbols = keys @ keys.T, rng.integers(_SYMBOLS, size=60)
    hidden = list(range(55))
    while True:
        error = [sum(cosines[i, j] ** 2 for j in hidden if j != i) for i in hidden]
        if np.mean(error) <= 1:
            break
        hidden.remove(hidden[int(np.argmax(error))])
    kept = _evict(cosines**2, Fraction(1), 5)
    assert np.flatnonzero(kept).tolist() == hidden
    lost = 0
    everyone = range(60)
    for i in everyone:
        scores = np.zeros(_SYMBOLS)
        for j in everyone:
            scores[symbols[j]] += cosines[i, j]
        lost += int(scores.argmax() != symbols[i])
    assert _lost(cosines, symbols, np.ones(60, dtype=bool)) == lost > 0
