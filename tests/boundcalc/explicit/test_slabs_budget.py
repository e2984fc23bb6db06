"""The design that a bound hands out keeps the budget, and has the bound's value: it is the one that was proved."""

from __future__ import annotations

import numpy as np
import pytest

from boundcalc.arb import ball, precision
from boundcalc.explicit.lower import explicit_lower, problem_of
from boundcalc.explicit.slabs import StackedTrapezoids

RNG = np.random.default_rng(6)
SETTINGS = [(1, 180, "5.557", "0.27", "28.007")] + [
    (int(RNG.integers(1, 9)), int(10 ** RNG.uniform(1, 7)), *(f"{10 ** RNG.uniform(-1, 1):.4g}" for _ in range(3)))
    for _ in range(25)
]


@pytest.mark.parametrize("setting", SETTINGS)
def test_designs_keep_their_budget(setting: tuple[object, ...]) -> None:
    found = explicit_lower(*setting)
    problem = problem_of(found.setting, found.weight)
    design = found.design
    if isinstance(design, StackedTrapezoids):
        with precision(design.bits(problem)):
            assert design.cost(problem) <= ball(problem.budget)
    with precision(design.bits(problem)):
        value = design.bound(problem) * ball(problem.B) ** 2
    assert float(value.lower()) >= found.lower * (1 - 1e-12)
    assert design.within(problem) == design
