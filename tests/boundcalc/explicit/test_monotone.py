"""Fewer samples, more noise and larger classes can only raise the minimax risk, and so it is with the bound: exactly.

Exactly means up to rounding, 1e-11 relative; the claims are floats (boundcalc/explicit/claim.py). Settings lie on chains
along which one number changes; what holds for neighbours on a chain holds for all its pairs.
"""

import itertools
import math

import numpy as np
import pytest

from boundcalc.explicit.lower import LowerBound, explicit_lower, problem_of
from boundcalc.explicit.problem import Effort, Weight
from boundcalc.explicit.stacked_trapezoids import search
from boundcalc.setting import Setting

ROUNDING = 1e-11
NAMES = ("n", "sigma", "B", "C")
DIMENSIONS = (1, 2, 3, 5, 8, 12, 20, 50)
LENGTH = 26  # 8 dimensions, 325 pairs each: 2600 pairs for each of n, sigma, B and C
# Theorem B' rounds its number of packets and is not meant to be monotone to the last digits; it never wins here.
MONOTONE = ("affine", "ridge-sine", "harmonic-shell", "single-caps", "stacked-trapezoids", "theorem-a")


def chain(rng: np.random.Generator, name: str, length: int) -> list[dict[str, float]]:
    """Settings in the order of increasing risk, with steps of 0.1 % to a factor of 2."""
    first = dict(zip(NAMES, (10 ** rng.uniform(5, 12), *10 ** rng.uniform(-2, 2, 3)), strict=True))
    steps = np.cumsum(10 ** rng.uniform(-3.3, -0.5, length))
    return [first | {name: first[name] * 10 ** (-step if name == "n" else step)} for step in steps]


def bound(d: int, setting: dict[str, float], weight: Weight) -> LowerBound:
    return explicit_lower(d, setting["n"], setting["sigma"], setting["B"], setting["C"], weight)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("d", DIMENSIONS)
def test_monotone(d: int, name: str) -> None:
    rng = np.random.default_rng([d, NAMES.index(name)])
    weight = list(Weight)[rng.integers(2)]
    settings = chain(rng, name, LENGTH)
    bounds = [bound(d, setting, weight) for setting in settings]
    for (hard, easy), (low, high) in zip(itertools.pairwise(settings), itertools.pairwise(bounds), strict=True):
        assert low.log10_lower <= high.log10_lower + ROUNDING, (hard, easy)
        for key in MONOTONE:
            assert low.value(key).log10 <= high.value(key).log10 + ROUNDING, (key, hard, easy)
    assert bounds[0].log10_lower < bounds[-1].log10_lower


@pytest.mark.parametrize("d", [2, 8])
@pytest.mark.parametrize("name", NAMES)
def test_a_full_search_is_monotone(d: int, name: str) -> None:
    rng = np.random.default_rng([d, NAMES.index(name), 1])
    claims = []
    for setting in chain(rng, name, 2):
        claim = search(problem_of(Setting.parse(d=d, **setting), Weight.CANONICAL), Effort.FULL, ())
        claims.append(claim.log_level + 2 * math.log(setting["B"]))  # type: ignore[union-attr]
    assert np.diff(claims).min() >= -ROUNDING


def test_a_fine_sweep_never_rises() -> None:
    """Steps of 0.5 % in n, through every change of the winning design and family."""
    for d, weight in ((2, "canonical"), (12, "population")):
        values = [explicit_lower(d, 300 * 1.005**k, C=2, weight=weight).log10_lower for k in range(60)]
        assert np.diff(values).max() <= ROUNDING
