"""Fewer samples, more noise and larger classes can only raise the minimax risk, and so it is with the bound: exactly.

Exactly means up to rounding, 1e-11 relative; the claims are floats (boundcalc/explicit/claim.py).
"""

import math

import numpy as np
import pytest

from boundcalc.explicit.lower import FAMILIES, LowerBound, explicit_lower, problem_of
from boundcalc.explicit.problem import Effort, Problem, Weight
from boundcalc.explicit.stacked_trapezoids import search
from boundcalc.setting import Setting

ROUNDING = 1e-11
NAMES = ("n", "sigma", "B", "C")


def random_pair(rng: np.random.Generator, name: str) -> tuple[dict[str, float], dict[str, float]]:
    """A setting, and an easier class or a harder task: one number changed by up to a factor of 3."""
    hard = dict(zip(NAMES, (10 ** rng.uniform(0.5, 12), *10 ** rng.uniform(-2, 2, 3)), strict=True))
    factor = 10 ** (rng.uniform(0.001, 0.5) * rng.choice([1, 0.1, 0.01]))
    easy = dict(hard)
    easy[name] *= 1 / factor if name == "n" else factor
    return hard, easy


def bound(d: int, setting: dict[str, float], weight: Weight) -> LowerBound:
    return explicit_lower(d, setting["n"], setting["sigma"], setting["B"], setting["C"], weight)


def log_claim(setting: dict[str, float], d: int, weight: Weight, effort: Effort) -> float:
    """Logarithm of what stacked trapezoids claim, in absolute units."""
    task: Problem = problem_of(Setting.parse(d=d, **setting), weight)
    return search(task, effort, ()).log_level + 2 * math.log(setting["B"])  # type: ignore[union-attr]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("d", [1, 2, 3, 5, 8, 12, 20, 50])
def test_monotone(d: int, name: str) -> None:
    rng = np.random.default_rng([d, NAMES.index(name)])
    for i in range(12):
        hard, easy = random_pair(rng, name)
        weight = list(Weight)[i % 2]
        low, high = (bound(d, setting, weight) for setting in (hard, easy))
        assert low.log10_lower <= high.log10_lower + ROUNDING, (hard, easy)
        for a, b in zip(low.values, high.values, strict=True):
            if a.family.key in ("affine", "ridge-sine", "harmonic-shell", "single-caps", "theorem-a"):
                assert a.log10 <= b.log10 + ROUNDING, (a.family.key, hard, easy)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("d", [1, 2, 4, 7, 10, 16, 30])
def test_the_search_over_stacks_is_monotone(d: int, name: str) -> None:
    """Many more pairs for the family that wins most."""
    rng = np.random.default_rng([d, NAMES.index(name), 1])
    for i in range(60):
        hard, easy = random_pair(rng, name)
        weight = list(Weight)[i % 2]
        low, high = (log_claim(setting, d, weight, Effort.FAST) for setting in (hard, easy))
        assert low <= high + ROUNDING, (hard, easy)


@pytest.mark.parametrize("d", [1, 3, 8])
def test_a_full_search_is_monotone(d: int) -> None:
    rng = np.random.default_rng(d)
    for name in NAMES:
        hard, easy = random_pair(rng, name)
        low, high = (log_claim(setting, d, Weight.CANONICAL, Effort.FULL) for setting in (hard, easy))
        assert low <= high + ROUNDING, (hard, easy)


def test_a_fine_sweep_never_rises() -> None:
    """Steps of 0.3 % in n, through every change of the winning design and family."""
    for d, weight in ((2, "canonical"), (12, "canonical"), (20, "population")):
        values = [explicit_lower(d, 300 * 1.003**k, C=2, weight=weight).log10_lower for k in range(120)]
        assert np.diff(values).max() <= ROUNDING
    assert {family.key for family in FAMILIES} >= {"affine", "stacked-trapezoids"}
