"""Each atom has sup norm 1, and its L2 norm is the closed form, by quadrature and by Monte Carlo."""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction

import numpy as np
from sympy import Rational, sqrt

from boundcalc import cap
from boundcalc.enclosure import enclose
from boundcalc.symbols import d as D
from boundcalc.symbols import eps
from boundcalc.theorem import Status
from boundcalc.theorems.cap_atom_norm import THEOREM
from constructions.atom import CapAtom
from verify.artefact import Artefact, stream
from verify.check import Interval, Outcome, Verdict
from verify.checks.base import Check
from verify.setting import PackingSetting

_DRAWS = 200_000
# Two-sided normal level 1 - 6e-7: a false alarm once in 1.7 million reports.
_Z = 5.0
# Relative error of the adaptive quadrature and of its double-precision weights.
_QUADRATURE = 1e-10


def run(setting: PackingSetting, artefact: Artefact) -> Iterator[Outcome]:
    """Sup norm from the largest value in the cap; L2 norm from three channels."""
    d, height = setting.d, artefact.packing.height
    exact_height = Rational(height.numerator, height.denominator)
    centre = artefact.packing.centres[0]
    peak = (float(centre @ centre) - (1 - float(height))) / float(height)
    yield Outcome(
        NAME,
        THEOREM.key,
        "sup norm of the atom (u.x - (1-h))_+/h, at x = u",
        peak,
        1,
        # u.u differs from 1 by at most d roundings, the division by h magnifies them.
        Verdict.CONSISTENT if abs(peak - 1) <= (d + 2) * 2**-52 / float(height) else Verdict.REFUTED,
        Status.PAPER,
        {"point": "the centre of the first cap"},
        relation="=",
    )
    closed = cap.atom_norm_squared.enclose(d, exact_height)
    log_closed = closed.log10[0] * math.log(10)
    log_quadrature = CapAtom(d, height).log_squared_norm
    yield Outcome(
        NAME,
        THEOREM.key,
        "squared L2(P) norm: quadrature against closed form",
        math.exp(log_quadrature),
        closed.floats[1],
        Verdict.CONSISTENT if abs(log_quadrature - log_closed) <= _QUADRATURE else Verdict.REFUTED,
        Status.DERIVED,
        {"relative_difference": math.expm1(log_quadrature - log_closed), "log10_closed_form": closed.log10[0]},
        relation="=",
    )
    interval = monte_carlo(d, height, stream(setting.seed, "monte carlo"))
    yield Outcome(
        NAME,
        THEOREM.key,
        "squared L2(P) norm: Monte Carlo against closed form",
        interval,
        closed.floats[1],
        Verdict.CONSISTENT
        if interval.lower <= closed.floats[1] and closed.floats[0] <= interval.upper
        else Verdict.REFUTED,
        Status.DERIVED,
        {"draws": _DRAWS, "standard_errors": _Z, "seed": setting.seed},
        relation="contains",
    )
    values = {D: Rational(d), eps: sqrt(exact_height)}
    for name, relation in (("lower", ">="), ("upper", "<=")):
        bound = enclose(THEOREM.bounds[name].expr.subs(eps, sqrt(exact_height)), {D: values[D]})
        inside = closed.at_least(bound) if name == "lower" else closed.at_most(bound)
        yield Outcome(
            NAME,
            THEOREM.key,
            f"squared L2(P) norm against its {name} constant times epsilon^(d+1)",
            closed.floats[1],
            bound.floats[0],
            Verdict.PROVED if inside else Verdict.UNDECIDED,
            Status.DERIVED,
            {"log10_bound": bound.log10[0]},
            relation=relation,
        )


def monte_carlo(d: int, height: Fraction, rng: np.random.Generator) -> Interval:
    """Interval for the squared norm by importance sampling of the depth.

    The depth s in [0, h] is drawn with density proportional to s^{(d-1)/2}; the remaining factor (2 - s)^{(d-1)/2} of the
    marginal density and the squared atom are averaged. So the relative error does not grow as the cap gets thin.
    """
    h = float(height)
    depth = h * rng.random(_DRAWS) ** (2 / (d + 1))
    sample = np.exp((d - 1) / 2 * np.log1p(-depth / 2)) * (1 - depth / h) ** 2
    scale = math.exp(
        float(cap.marginal_constant.log(d).log)
        + (d - 1) / 2 * math.log(2)
        + (d + 1) / 2 * math.log(h)
        + math.log(2 / (d + 1))
    )
    mean, error = float(sample.mean()), float(sample.std(ddof=1)) / math.sqrt(_DRAWS)
    return Interval(scale * (mean - _Z * error), scale * (mean + _Z * error), f"Monte Carlo, {_Z:g} standard errors")


NAME = "atom norms"
CHECK = Check(NAME, run)
