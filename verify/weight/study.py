"""The weight study as a function: deviations over half-spaces, closed forms by other routes, the asymptotic constant."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

import numpy as np
from scipy.stats import binom, norm

from boundcalc import cap
from boundcalc.statement import Status
from boundcalc.statements.empirical_weight import THEOREM_D, WEIGHT_DEVIATION
from verify.command import Progress
from verify.outcome import Interval, Outcome, Relation, Report, Trust, judged
from verify.weight.closed_forms import log_weight_by_quadrature, weight_by_monte_carlo
from verify.weight.deviation import (
    LEVEL,
    Deviation,
    deviation_exponent,
    deviations,
    least_useful_n,
    smallest_depth,
    theorem_d_constant,
)
from verify.weight.setting import WeightSetting

_HEIGHTS = (1.0, 0.8, 0.6, 0.4, 0.2, 0.1)
_QUADRATURE_HEIGHTS = (1.0, 0.9, 0.5, 0.1, 1e-3, 1e-8)
_QUADRATURE_TOLERANCE = 1e-10
# A correct closed form fails the Monte Carlo test with this probability.
_LEVEL = 1e-6
_FEWEST = 2000
_HALVINGS = 40


@dataclass(frozen=True, eq=False)
class Study:
    """Deviations, one entry per sample size."""

    setting: WeightSetting
    deviations: tuple[Deviation, ...]


def run_study(setting: WeightSetting) -> tuple[Study, Report]:
    """Draw the samples and measure; progress goes to stderr.

    Examples
    --------
    >>> setting = WeightSetting.parse(2, [64, 256], samples=3, directions=4, draws=10_000)
    >>> _, report = run_study(setting)
    >>> {o.verdict.value for o in report.outcomes if o.check == "Theorem D"}  # says nothing for samples this small
    {'not applicable'}
    """
    with Progress(len(setting.n) + 1) as progress:
        found = []
        for at, size in enumerate(setting.n):
            progress.step(f"{setting.samples} samples of {size} points")
            found.append(deviations(setting, at))
        progress.step("closed forms by quadrature and Monte Carlo")
        study = Study(setting, tuple(found))
        outcomes = list(outcomes_of(study))
    title = f"Weight of the uniform distribution on the ball: d = {setting.dim}, seed {setting.seed}"
    facts = {f"n = {entry.n}": _facts(setting, entry) for entry in found}
    constants: dict[str, object] = {
        "c_infinity": cap.weight_limit(setting.dim),
        "gamma_d of Theorem D": theorem_d_constant(setting.dim),
        "Theorem D says something from n": math.ceil(least_useful_n(setting.dim, float(setting.delta))),
    }
    return study, Report(title, setting.as_json(), {"constants": constants, **facts}, outcomes, progress.timing)


def _facts(setting: WeightSetting, entry: Deviation) -> dict[str, object]:
    depth = smallest_depth(setting.dim, entry.n, float(setting.delta))
    return {
        "median largest |g_n - g_P|": float(np.median(entry.largest)),
        "over sqrt((d + log(1/delta))/n)": float(np.median(entry.largest)) / _unit(setting, entry.n),
        "rho_n": depth,
        "Theorem D": "vacuous: rho_n > 1" if depth > 1 else "applies from depth rho_n on",
        "its bound was first broken at depth": float(entry.reach.max()),
    }


def _unit(setting: WeightSetting, size: int) -> float:
    """sqrt((d + log(1/delta))/n), the rate of Thm E.5 without its constant."""
    return math.sqrt((setting.dim - math.log(setting.delta)) / size)


def outcomes_of(study: Study) -> Iterator[Outcome]:
    """Every verdict."""
    yield _additive(study)
    for entry in study.deviations:
        yield _relative(study.setting, entry)
    yield _quadrature(study.setting)
    yield _monte_carlo(study.setting)
    yield from _limit(study.setting)


def _additive(study: Study) -> Outcome:
    """The fitted exponent of the largest deviation against the 1/2 of Thm E.5."""
    setting = study.setting
    slope = deviation_exponent(study.deviations)
    ratios = [float(entry.largest.max()) / _unit(setting, entry.n) for entry in study.deviations]
    evidence = {
        "exponent": slope.exponent,
        "interval": [slope.lower, slope.upper],
        "directions": 2 * setting.directions,
        "samples": setting.samples,
        "largest deviation / sqrt((d + log(1/delta))/n)": max(ratios),
    }
    # Logarithms and the number of directions bend the curve, so a smaller exponent refutes nothing: a float.
    return judged(
        "Thm E.5",
        WEIGHT_DEVIATION.key,
        "exponent a in largest |g_n - g_P| ~ n^-a; an upper bound of order n^-1/2 means at least 1/2: upper "
        f"{LEVEL:.0%} limit",
        slope.upper,
        Relation.AT_LEAST,
        Fraction(1, 2),
        WEIGHT_DEVIATION.status,
        evidence,
    )


def _relative(setting: WeightSetting, entry: Deviation) -> Outcome:
    """Theorem D at one sample size: samples in which some half-space of depth rho_n or more breaks it."""
    failure = float(setting.delta)
    depth = smallest_depth(setting.dim, entry.n, failure)
    theorem = THEOREM_D
    if depth > 1:
        words = f"n = {entry.n}: says nothing, rho_n = {depth:.3g} exceeds the greatest depth 1"
        return judged(
            "Theorem D", theorem.key, words, None, Relation.AT_LEAST, None, theorem.status, obstacle="rho_n > 1"
        )
    broken = int(entry.violating.sum())
    # Each sample breaks it with probability at most delta.
    chance = float(binom.sf(broken - 1, setting.samples, failure))
    evidence = {
        "least g_n / (gamma_d (1-|t|)^(d+2))": float(entry.lowest.min()),
        "rho_n": depth,
        "half-spaces tested": int(entry.tested.sum()),
        "samples that break it": broken,
        "first broken at depth": float(entry.reach.max()),
    }
    words = (
        f"n = {entry.n}: {broken} of {setting.samples} samples have g_n < gamma_d (1-|t|)^(d+2) from depth {depth:.3g} on; "
        "probability of as many if it holds"
    )
    return judged(
        "Theorem D", theorem.key, words, chance, Relation.AT_LEAST, _LEVEL, theorem.status, evidence,
        floats=Trust.FLOAT_CERTIFIED,
    )  # fmt: skip


def _quadrature(setting: WeightSetting) -> Outcome:
    errors = {}
    for height in _QUADRATURE_HEIGHTS:
        closed = float(cap.population_weight.log(setting.dim, height).log)
        errors[f"{height:g}"] = abs(math.expm1(log_weight_by_quadrature(setting.dim, height) - closed))
    worst = max(errors.values())
    words = "closed form of g_P against quadrature: largest relative difference"
    return _closed(words, worst, _QUADRATURE_TOLERANCE, {"by height": errors})


def _monte_carlo(setting: WeightSetting) -> Outcome:
    heights = np.array([h for h in _HEIGHTS if cap.cap_mass(setting.dim, h) * setting.draws >= _FEWEST])
    words = f"closed form of g_P against Monte Carlo, {setting.draws} points: largest difference in standard errors"
    if not len(heights):
        return _closed(words, None, None, {}, obstacle="every cap holds too few points")
    rng = np.random.default_rng([setting.seed, len(setting.n)])
    found = weight_by_monte_carlo(setting.dim, heights, setting.draws, rng)
    closed = cap.population_weight(setting.dim, heights)
    scores = np.abs(found.weight - closed) / found.error
    limit = float(norm.isf(_LEVEL / (2 * len(heights))))
    evidence = {
        "heights": heights.tolist(),
        "estimates": found.weight.tolist(),
        "standard errors": found.error.tolist(),
        "closed form": closed.tolist(),
        "level": _LEVEL,
    }
    return _closed(words, float(scores.max()), limit, evidence)


def _limit(setting: WeightSetting) -> Iterator[Outcome]:
    """g_P / (1-|t|)^(d+2) increases to c_infinity: by enclosures at depths 1, 1/2, 1/4, ..., and by quadrature."""
    limit = cap.weight_limit.enclose(setting.dim)
    ratios = [cap.weight_ratio.enclose(setting.dim, f"{0.5**k!r}") for k in range(0, _HALVINGS, 4)]
    chain = [Interval.of(found) for found in (*ratios, limit)]
    # The least step of the chain lies between the least of the lower and the least of the upper ends of its steps.
    step = Interval(
        min(b.lower - a.upper for a, b in pairwise(chain)),
        min(b.upper - a.lower for a, b in pairwise(chain)),
    )
    gap = float(limit.upper / ratios[-1].lower - 1)
    words = (
        f"g_P / (1-|t|)^(d+2) grows towards c_infinity at {len(ratios)} depths down to 2^-{_HALVINGS - 4}: least step"
    )
    yield _closed(words, step, 0, {"relative gap at the last": gap}, Relation.ABOVE)
    height = 1e-8
    log_ratio = log_weight_by_quadrature(setting.dim, height) - (setting.dim + 2) * math.log(height)
    # The ratio is c_infinity (1 - O(d h)).
    allowed = 10 * setting.dim * height
    difference = abs(math.exp(log_ratio) / float(cap.weight_limit(setting.dim)) - 1)
    yield _closed("c_infinity against quadrature at depth 1e-8: relative difference", difference, allowed, {})


def _closed(
    words: str,
    measured: float | Interval | None,
    bound: float | None,
    evidence: dict[str, object],
    relation: Relation = Relation.AT_MOST,
    obstacle: str | None = None,
) -> Outcome:
    """A claim about a closed form; the bounds of floats allow for their error."""
    return judged(
        "closed forms", "boundcalc.cap", words, measured, relation, bound, Status.DERIVED, evidence,
        obstacle=obstacle, floats=Trust.FLOAT_CERTIFIED,
    )  # fmt: skip
