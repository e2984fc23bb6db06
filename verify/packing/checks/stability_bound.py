"""Sharpness bounds the seminorm (Thm 3.2), with the paper's constant and with the sharper one, on the built network."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from sympy import Rational

from boundcalc.enclosure import enclose
from boundcalc.statement import Theorem
from boundcalc.statements.stability import STABILITY_SEMINORM, STABILITY_SEMINORM_SHARP
from boundcalc.symbols import L, R, lam
from verify.outcome import Outcome, Verdict
from verify.packing.artefact import Artefact
from verify.packing.checks.base import Check
from verify.packing.setting import PackingSetting

# Relative rounding of the two sums over n points that are compared.
_ROUNDING = 1e-9


def run(setting: PackingSetting, artefact: Artefact) -> Iterator[Outcome]:
    """Both forms; the slack is in the evidence."""
    residual = artefact.y - artefact.values
    loss = float(residual @ residual) / (2 * setting.n)
    found = artefact.sharpness
    radius = max(1.0, float(np.linalg.norm(artefact.X, axis=1).max()))
    measured = artefact.empirical_seminorm
    theorems: tuple[Theorem, ...] = (STABILITY_SEMINORM, STABILITY_SEMINORM_SHARP)
    for theorem, words in zip(theorems, ("paper constant R + 1", "sharper constant sqrt(R^2 + 1)/2"), strict=True):
        # The bound grows with lambda_max, so its certified lower end gives the most demanding value.
        values = {lam: Rational(found.lower), L: Rational(loss), R: Rational(radius)}
        bound = enclose(theorem.bound.expr, values).floats[0]
        yield Outcome(
            NAME,
            theorem.key,
            f"seminorm by Thm 3.2, {words}",
            measured,
            bound,
            Verdict.CONSISTENT if measured <= bound * (1 + _ROUNDING) else Verdict.REFUTED,
            theorem.status,
            {"slack": bound - measured, "lambda_max": found.lower, "loss": loss},
        )


NAME = "stability bound"
CHECK = Check(NAME, run)
