"""The share of caps that hold no sample, against its exact expectation and against Prop. I.1."""

from __future__ import annotations

import math
from collections.abc import Iterator

from sympy import Rational, sqrt

from boundcalc import cap
from boundcalc.enclosure import enclose
from boundcalc.exact import rational
from boundcalc.statement import Status
from boundcalc.statements.caps import EMPTY_CAPS
from boundcalc.symbols import d as D
from boundcalc.symbols import eps
from boundcalc.symbols import h as H
from boundcalc.symbols import n as N
from verify.outcome import Interval, Outcome, Verdict
from verify.packing.artefact import Artefact
from verify.packing.checks.base import Check
from verify.packing.setting import PackingSetting

# Two-sided level: a false alarm once in a million reports.
_LEVEL = 1e-6


def run(setting: PackingSetting, artefact: Artefact) -> Iterator[Outcome]:
    """Measured share against (1-Q)^n, then (1-Q)^n against e^{-lambda} - lambda^2/n."""
    size = artefact.packing.size
    height = rational(artefact.packing.height)
    mass = cap.cap_mass.enclose(setting.d, height)
    expected = enclose((1 - cap.cap_mass.expr) ** setting.n, {D: Rational(setting.d), H: height})
    share = int(artefact.empty.sum()) / size
    # The cap counts are negatively associated, so Hoeffding's inequality holds for the number of empty caps.
    radius = math.sqrt(math.log(2 / _LEVEL) / (2 * size))
    low, high = expected.floats
    tolerance = Interval(max(0.0, low - radius), min(1.0, high + radius), f"Hoeffding, level 1 - {_LEVEL:g}")
    yield Outcome(
        NAME,
        EMPTY_CAPS.key,
        "share of empty caps, around its expectation (1-Q)^n",
        share,
        tolerance,
        Verdict.CONSISTENT if share in tolerance else Verdict.REFUTED,
        Status.DERIVED,
        {"empty": int(artefact.empty.sum()), "caps": size, "expectation": high, "log10_cap_mass": mass.log10[0]},
        relation="in",
    )
    values = {D: Rational(setting.d), N: Rational(setting.n)}
    guaranteed = enclose(EMPTY_CAPS.bound.expr.subs(eps, sqrt(height)), values)
    kappa = float(sqrt(height)) * setting.n ** (1 / (setting.d + 1))
    holds = expected.at_least(guaranteed) is True
    yield Outcome(
        NAME,
        EMPTY_CAPS.key,
        "expected share, at least exp(-lambda) - lambda^2/n",
        Interval(*expected.floats),
        guaranteed.floats[1],
        Verdict.PROVED if holds else Verdict.UNDECIDED,
        Status.DERIVED,
        {"kappa": kappa},
        relation=">=",
    )


NAME = "emptiness"
CHECK = Check(NAME, run)
