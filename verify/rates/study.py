"""The rate study: train everything, fit, compare."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from boundcalc.statement import Status
from verify.outcome import Relation, Report, judged
from verify.rates.claims import ERRORS, LIMITS, SOURCE, ModeResult, bounds_at, mode_results, outcomes_of
from verify.rates.setting import RateSetting, rate_sweep
from verify.sweep import SweepOptions


@dataclass(frozen=True, eq=False)
class Study:
    """The fits, and the records that they come from."""

    setting: RateSetting
    results: tuple[ModeResult, ...]
    records: tuple[dict[str, Any], ...]


def run_study(setting: RateSetting, options: SweepOptions) -> tuple[Study, Report]:
    """Train what the store does not hold yet, fit, compare; progress goes to stderr.

    Examples
    --------
    >>> setting = RateSetting.parse([1], [8, 16], seeds=2, steps=100, resamples=1000, fresh=50)
    >>> study, report = run_study(setting, SweepOptions.parse(jobs=1))
    >>> [result.name for result in study.results]
    ['gradient descent, d = 1', 'weight decay, d = 1']
    """
    start = time.perf_counter()
    sweep = rate_sweep(setting)
    done = options.run(sweep)
    trained = time.perf_counter()
    results = mode_results(setting, done.records)
    outcomes = outcomes_of(results)
    if done.failed:
        first = f"{len(done.failed)} cells failed and are left out; the first one: {done.failed[0][1]}"
        outcomes.append(judged("sweep", SOURCE, first, None, Relation.EQUAL, 0, Status.NUMERIC))
    facts: dict[str, dict[str, object]] = {
        "sweep": {"cells": len(sweep.cells), "from_the_store": done.skipped, "version": sweep.version}
    }
    for result in results:
        facts[result.name] = _facts(result)
    facts["limits"] = dict(LIMITS)
    timing = {"sweep": trained - start, "total": time.perf_counter() - start}
    title = (
        f"Error against sample size: d = {', '.join(map(str, setting.dims))}, "
        f"n = {', '.join(map(str, setting.n))}, width {setting.width_factor}n, {setting.truth} target, "
        f"sigma = {float(setting.sigma):g}, {setting.seeds} repetitions, seed {setting.seed}"
    )
    return Study(setting, results, done.records), Report(title, setting.as_json(), facts, outcomes, timing)


def _facts(result: ModeResult) -> dict[str, object]:
    facts: dict[str, object] = {}
    for field, words in zip(ERRORS, ("in_sample", "population"), strict=True):
        fit = result.fits[field]
        if fit is not None:
            facts[f"{words}_exponent"] = fit.exponent
            facts[f"{words}_medians"] = " ".join(
                f"{n}:{m:.4g}" for n, m in zip(fit.sizes, fit.medians, strict=True)
            )  # fmt: skip
    earlier = [(step, fit) for step, fits in result.earlier.items() if (fit := fits[ERRORS[0]]) is not None]
    facts["in_sample_exponent_earlier"] = " ".join(f"{step}:{fit.exponent:.2f}" for step, fit in earlier)
    if result.runs > result.diverged:
        facts |= {"lambda_max_over_edge": result.edge, "optimized_share": result.optimized, "sup": result.sup}
    return {**facts, "runs": result.runs, "diverged": result.diverged}


def fit_table(setting: RateSetting, results: Sequence[ModeResult]) -> list[dict[str, object]]:
    """One row for each dimension, mode, traced step and error: the fit, and the exponents of the bounds beside it."""
    rows: list[dict[str, object]] = []
    for result in results:
        bounds = {
            theorem.key: theorem.bound.exponent_at(result.dim) for theorem, _ in bounds_at(result.dim, result.mode)
        }
        for step, fits in (*result.earlier.items(), (setting.training(result.mode)[2], result.fits)):
            for field in ERRORS:
                fit = fits[field]
                row: dict[str, object] = {"dim": result.dim, "mode": result.mode, "step": step, "error": field}
                if fit is not None:
                    row |= {"exponent": fit.exponent, "lower": fit.lower, "upper": fit.upper}
                    row |= {"bend": None if np.isnan(fit.bend) else fit.bend, "repetitions": fit.count}
                    row |= {f"median_n{n}": m for n, m in zip(fit.sizes, fit.medians, strict=True)}
                rows.append({**row, **{f"exponent {key}": str(value) for key, value in bounds.items()}})
    return rows
