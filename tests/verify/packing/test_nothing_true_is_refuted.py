"""Settings over many orders of magnitude: comparisons may become undecided, but no true claim is ever refuted."""

from __future__ import annotations

import random

import numpy as np
import pytest

from verify.outcome import Report, Verdict
from verify.packing.checks import CHECKS
from verify.packing.setting import PackingSetting
from verify.packing.study import packing_report


def report(*values: object, **named: object) -> Report:
    with np.errstate(all="ignore"):  # searches may overflow on their way
        return packing_report(PackingSetting.parse(*values, scaling=False, **named))[1]


def drawn(seed: int) -> dict[str, object]:
    """Inputs for one kind of atoms, with budgets, noise and heights of any size."""
    rng = random.Random(seed)

    def power(low: int, high: int) -> str:
        return f"{rng.uniform(1, 9.99):.2f}e{rng.randint(low, high)}"

    kind = ("cap", "hat", "ridge", "packet")[seed % 4]
    few = kind == "packet"
    named: dict[str, object] = {
        "dim": rng.choice((1, 2) if few else (1, 2, 3, 5)),
        "n": rng.choice((1, 2, 10, 100) if few else (1, 3, 30, 300)),
        "atoms": kind,
        "eta": rng.choice(("0.5", "1e-90", "1.999999999999")),
        "weight": rng.choice(("canonical", "population", "empirical")),
        "seed": rng.randint(0, 10**6),
    }
    for name in ("sigma", "B", "C"):
        named[name] = rng.choice(("1", power(-5, 5), power(-100, 99)))
    if rng.random() < 0.5:
        named["height"] = rng.choice(("1", "0.29", "0.1339", power(-2, -2), power(-8, -1)))
    return named


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(16))
def test_no_true_claim_is_refuted(seed: int) -> None:
    refused, outcomes = "", []
    try:
        outcomes = list(report(**drawn(seed)).outcomes)
    except ValueError as error:
        refused = str(error)
    # Some combinations are refused, in words; all others are judged.
    assert " must " in refused or {o.check for o in outcomes} == set(CHECKS) - {"scaling"}
    assert not [o for o in outcomes if o.verdict is Verdict.REFUTED]


@pytest.mark.parametrize("sigma", ["1e20", "1e100"])
def test_with_much_noise_the_lower_bounds_are_still_told_from_the_zero_estimator(sigma: str) -> None:
    """They are below its error by a relative 1e-40 and less, which no enclosure of width 1e-15 decides."""
    found = [o for o in report(3, 500, sigma=sigma).outcomes if o.check == "lower bound"]
    assert [o.verdict for o in found] == [Verdict.PROVED] * 3


def test_a_seminorm_below_the_rounding_of_lambda_max_is_undecided() -> None:
    """Both sides of Thm 3.2 are about 1e-41, lambda_max is known to 1e-15: the lower end of the bound is 0."""
    named = {"sigma": "3.87e-67", "B": "6.69e81", "C": "9.37e-43", "height": "0.1339"}
    found = [o for o in report(5, 300, atoms="cap", **named).outcomes if o.check == "stability bound"]
    assert {o.verdict for o in found} == {Verdict.UNDECIDED}
