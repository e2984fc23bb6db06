"""Limits of time: what can't be cut short isn't begun, what was certified stays, and a limit out of reach changes nothing."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import scipy.optimize

from constructions.data import uniform_ball
from verify.shatterability import memorisation_edge, shatterability
from verify.shatterability.guard import Guard
from verify.shatterability.patterns import activation_patterns, largest_response
from verify.shatterability.trace_edge import trace_edge


def test_a_guard_that_ends_earlier_tells_the_whole() -> None:
    whole = Guard(1000.0)
    part = whole.before(10.0)
    assert 980 < part.left() < whole.left() - 9
    assert not part.lacks(900.0)
    assert not whole.stopped
    assert part.lacks(1100.0)
    assert whole.stopped
    assert Guard().before(10.0).left() == math.inf
    assert not Guard(0.0).lacks(0.1)  # what takes no time is done in any case


def test_programs_that_are_too_large_are_not_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: Any, **__: Any) -> None:
        pytest.fail("a linear program was begun")

    monkeypatch.setattr(scipy.optimize, "linprog", never)
    rng = np.random.default_rng(0)
    X, y = uniform_ball(500, 5, rng), rng.standard_normal(500)
    edge, trace = memorisation_edge(X, y, time_limit=0.01), trace_edge(X, y, time_limit=0.01)
    assert edge.stopped
    assert 1 < edge.lower < edge.upper == math.inf
    assert trace.stopped
    assert 1 < trace.lower < trace.upper == math.inf
    found = shatterability(X, y, 0.5, time_limit=0.01)
    assert found.edge is not None
    assert found.edge.lower > 1
    assert any(
        note.startswith("time ran out for hull margins, depths, the edge, the trace edge") for note in found.notes
    )
    assert "time ran out before an interpolating network was found: the upper end of lambda* stays open" in found.notes


def test_a_program_that_runs_out_of_time_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    X, y = uniform_ball(30, 3, rng), rng.standard_normal(30)

    def late(*_: Any, **__: Any) -> scipy.optimize.OptimizeResult:
        return scipy.optimize.OptimizeResult(status=1, message="Time limit reached. (HiGHS Status 13)")

    monkeypatch.setattr(scipy.optimize, "linprog", late)
    edge, trace = memorisation_edge(X, y, time_limit=1000.0), trace_edge(X, y, time_limit=1000.0)
    assert edge.stopped
    assert trace.stopped
    assert math.isfinite(edge.upper)  # by least squares


@pytest.mark.parametrize("d", [2, 4])
def test_a_limit_out_of_reach_changes_nothing(d: int) -> None:
    rng = np.random.default_rng(1)
    X, y = uniform_ball(25, d, rng), rng.standard_normal(25)
    free, limited = (memorisation_edge(X, y, most_nodes=2000, time_limit=limit) for limit in (math.inf, 1e6))
    assert (free.lower, free.upper, free.loss) == (limited.lower, limited.upper, limited.loss)
    assert not limited.stopped
    traces = [trace_edge(X, y, time_limit=limit) for limit in (1e5, 1e6)]
    assert (traces[0].lower, traces[0].upper) == (traces[1].lower, traces[1].upper)
    assert not traces[0].stopped


def test_responses_are_bounded_widely_once_time_is_over() -> None:
    rng = np.random.default_rng(2)
    X = uniform_ball(12, 2, rng)
    patterns = activation_patterns(X)
    assert patterns is not None
    Z, alpha = np.column_stack([X, -np.ones(12)]), rng.standard_normal(12)
    hurried, full = (largest_response(patterns, Z, alpha, 1e-6, guard=guard)[0] for guard in (Guard(0.0), Guard()))
    assert full < hurried < math.inf
