"""Fewer samples, more noise and larger classes can only raise the minimax risk, and so it is with the bound: exactly.

Exactly means up to rounding, 1e-11 relative; the claims are floats (boundcalc/explicit/family.py). Settings lie on chains
along which one number changes; what holds for neighbours on a chain holds for all its pairs.
"""

import itertools
import math
import os

import numpy as np
import pytest

from boundcalc.explicit.lower import LowerBound, explicit_lower, problem_of
from boundcalc.explicit.problem import Effort, Weight
from boundcalc.explicit.stacked_trapezoids import FAMILY
from boundcalc.setting import Setting

ROUNDING = 1e-11
NAMES = ("n", "sigma", "B", "C")
DIMENSIONS = (1, 2, 3, 5, 8, 12, 20, 50, 300)
# BOUNDCALC_LONG=1: longer chains, 325 pairs each, 2925 for each of n, sigma, B and C.
LENGTH = 26 if os.environ.get("BOUNDCALC_LONG") else 8


def chain(rng: np.random.Generator, name: str, length: int) -> list[dict[str, float]]:
    """Settings in the order of increasing risk, with steps of 0.1 % to a factor of 2."""
    first = dict(zip(NAMES, (10 ** rng.uniform(5, 12), *10 ** rng.uniform(-2, 2, 3)), strict=True))
    steps = np.cumsum(10 ** rng.uniform(-3.3, -0.5, length))
    return [first | {name: first[name] * 10 ** (-step if name == "n" else step)} for step in steps]


def bound(d: int, setting: dict[str, float], weight: Weight) -> LowerBound:
    return explicit_lower(d, setting["n"], setting["sigma"], setting["B"], setting["C"], weight)


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("d", DIMENSIONS)
def test_monotone(d: int, name: str) -> None:
    rng = np.random.default_rng([d, NAMES.index(name)])
    weight = list(Weight)[rng.integers(2)]
    settings = chain(rng, name, LENGTH)
    bounds = [bound(d, setting, weight) for setting in settings]
    for (hard, easy), (low, high) in zip(itertools.pairwise(settings), itertools.pairwise(bounds), strict=True):
        assert low.log10_lower <= high.log10_lower + ROUNDING, (hard, easy)
        for a, b in zip(low.values, high.values, strict=True):
            assert a.log10 <= b.log10 + ROUNDING, (a.family.key, hard, easy)
    # Some of it changes, if not the best: far out bounds depend on n, or on C, alone.
    pairs = zip(bounds[0].values, bounds[-1].values, strict=True)
    assert any(a.log10 < b.log10 for a, b in pairs)


@pytest.mark.slow
@pytest.mark.parametrize("d", [2, 8])
@pytest.mark.parametrize("name", NAMES)
def test_a_full_search_is_monotone(d: int, name: str) -> None:
    rng = np.random.default_rng([d, NAMES.index(name), 1])
    claims = []
    for setting in chain(rng, name, 2):
        claim = FAMILY.find(problem_of(Setting.parse(d=d, **setting), Weight.CANONICAL), Effort.FULL, ())
        claims.append(claim.log_level + 2 * math.log(setting["B"]))  # type: ignore[union-attr]
    assert np.diff(claims).min() >= -ROUNDING


@pytest.mark.slow
def test_a_fine_sweep_never_rises() -> None:
    """Steps of 0.5 % in n, through every change of the winning design and family."""
    for d, weight in ((2, "canonical"), (12, "population")):
        values = [explicit_lower(d, 300 * 1.005**k, C=2, weight=weight).log10_lower for k in range(60)]
        assert np.diff(values).max() <= ROUNDING
