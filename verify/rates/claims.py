"""What the measured exponents say about the bounds, and what they can't say."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from boundcalc.statement import Side, Status, Theorem
from boundcalc.statements import get
from verify.outcome import Interval, Outcome, Verdict
from verify.power_law import BOOTSTRAP_LEVEL, ExponentFit, fit_medians
from verify.rates.setting import MODES, RateSetting

__all__ = ["ERRORS", "LIMITS", "ModeResult", "bounds_at", "mode_results", "outcomes_of"]

ERRORS = ("train_mse", "fresh_mse")
_ERROR_WORDS = {"train_mse": "in-sample", "fresh_mse": "population"}
# Gradient descent hovers somewhat above the edge of stability; the bounds then hold for a step size that much smaller.
_EDGE = 1.25

LIMITS = {
    "can be concluded": "whether this target's error falls, over these n, as fast as an upper bound's rate says it must in the "
    "end (its constant is unknown, so a flatter slope is undecided, not refuted)",
    "can't be concluded": "anything against a lower bound on the worst case, which other targets than this one may attain; nor "
    "the slope beyond these n, of which the intervals, made from the scatter of the repetitions alone, know nothing",
}


@dataclass(frozen=True)
class ModeResult:
    """One dimension in one mode.

    Attributes
    ----------
    dim : int
    mode : str
    fits : mapping of str to ExponentFit or None
        For each error at the last step.
    earlier : mapping of int to the same
        At the traced steps before it, but for the start.
    optimized : float
        Least share, over all runs, of points with (f(x_i) - y_i)^2 <= (f_0(x_i) - y_i)^2; NaN if none finished.
    edge : float
        Largest lambda_max, over all runs, in units of 2/eta.
    sup : float
        Largest |f|.
    runs, diverged : int
    """

    dim: int
    mode: str
    fits: dict[str, ExponentFit | None]
    earlier: dict[int, dict[str, ExponentFit | None]]
    optimized: float
    edge: float
    sup: float
    runs: int
    diverged: int

    @property
    def name(self) -> str:
        """For a report."""
        return f"{self.mode}, d = {self.dim}"


def _errors(records: Sequence[dict[str, Any]], step: int, field: str) -> dict[int, np.ndarray]:
    chosen: dict[int, list[float]] = {}
    for record in records:
        if record["step"] == step:
            value = record[field]
            chosen.setdefault(record["n"], []).append(np.nan if value is None else value)
    return {n: np.array(values) for n, values in chosen.items()}


def mode_results(setting: RateSetting, records: Sequence[dict[str, Any]]) -> tuple[ModeResult, ...]:
    """Fits for every dimension and mode, from the records of the sweep."""
    found = []
    for dim in setting.dims:
        for mode in MODES:
            eta, decay, steps = (float(value) for value in setting.training(mode))
            own = [r for r in records if r["dim"] == dim and r["eta"] == eta and r["decay"] == decay]
            last = [r for r in own if r["step"] == steps]
            kept = [r for r in last if r["diverged_at"] is None]
            fits = {
                step: {
                    field: fit_medians(_errors(own, step, field), setting.resamples, setting.seed) for field in ERRORS
                }
                for step in sorted({int(steps)} | {r["step"] for r in own} - {0})
            }
            found.append(
                ModeResult(
                    dim,
                    mode,
                    fits=fits.pop(int(steps)),
                    earlier=fits,
                    optimized=min((r["optimized"] for r in kept), default=np.nan),
                    edge=max((r["lambda_max"] * eta / 2 for r in kept), default=np.nan),
                    sup=max((r["sup"] for r in kept), default=np.nan),
                    runs=len(last),
                    diverged=len(last) - len(kept),
                )
            )
    return tuple(found)


def bounds_at(dim: int, mode: str) -> tuple[tuple[Theorem, str], ...]:
    """The statements that an exponent is held against, with the error that they speak of.

    Examples
    --------
    >>> [(theorem.key, error) for theorem, error in bounds_at(1, "weight decay")]
    [('low-norm-mse', 'fresh_mse')]
    """
    if mode == MODES[1]:
        return ((get("low-norm-mse"), "fresh_mse"),)
    return (
        (get("mse-upper"), "train_mse"),
        (get("stable-mse-upper"), "train_mse"),
        (get("minimax-lower-1d" if dim == 1 else "minimax-lower"), "fresh_mse"),
        (get("theorem-b"), "fresh_mse"),
    )


def outcomes_of(results: Sequence[ModeResult]) -> list[Outcome]:
    """One verdict for each dimension, mode and bound."""
    return [outcome for result in results for outcome in _outcomes(result)]


def _outcomes(result: ModeResult) -> Iterator[Outcome]:
    if result.diverged:
        words = f"{result.diverged} of {result.runs} runs diverged and are left out"
        yield Outcome(result.name, "-", words, result.diverged, 0, Verdict.UNDECIDED, Status.NUMERIC, {}, "=")
    for theorem, error in bounds_at(result.dim, result.mode):
        bound = theorem.bound
        exponent = bound.exponent_at(result.dim)
        fit = result.fits[error]
        place = f"{_ERROR_WORDS[error]} error, {theorem.source}"
        evidence: dict[str, object] = {"exponent": str(exponent), "error": _ERROR_WORDS[error], "bound": theorem.title}
        relation = "<=" if bound.side is Side.LOWER else ">="
        if fit is None:
            claim = f"{place}: too few runs are left for a slope"
            yield Outcome(
                result.name, theorem.key, claim, None, float(exponent), Verdict.UNDECIDED, theorem.status, {}, relation
            )
            continue
        measured = Interval(fit.lower, fit.upper, f"bootstrap confidence interval, level {BOOTSTRAP_LEVEL}")
        evidence |= {"slope": -fit.exponent, "bend": None if np.isnan(fit.bend) else fit.bend, "repetitions": fit.count}
        verdict, words = _verdict(result, theorem, float(exponent), fit)
        yield Outcome(
            result.name,
            theorem.key,
            f"{place}: {words}",
            measured,
            float(exponent),
            verdict,
            theorem.status,
            evidence,
            relation,
        )


def _verdict(result: ModeResult, theorem: Theorem, exponent: float, fit: ExponentFit) -> tuple[Verdict, str]:
    """The verdict on one bound, with its reason."""
    if theorem.bound.side is Side.LOWER:
        if fit.lower <= exponent:
            words = "falls no faster than" if fit.upper <= exponent else "can't be told from"
            return Verdict.CONSISTENT, f"{words} the worst case (which one target can't refute)"
        return Verdict.NOT_APPLICABLE, "falls faster than the worst case: this target is easier, no contradiction"
    if result.mode == MODES[1]:
        if fit.upper >= exponent:
            return Verdict.CONSISTENT, f"{_reaches(fit, exponent)} the minimax rate of the variation norm"
        return (
            Verdict.NOT_APPLICABLE,
            "falls more slowly than that rate, which needs a decay tuned to n; this one is fixed",
        )
    if not result.edge <= _EDGE:
        return Verdict.NOT_APPLICABLE, f"lambda_max is {result.edge:.3g} times 2/eta: not stable"
    if result.optimized < 1:
        agrees = "agree" if fit.upper >= exponent else "differ"
        return (
            Verdict.NOT_APPLICABLE,
            f"not optimized (at {result.optimized:.0%} of the points in the worst run); the exponents {agrees}",
        )
    if fit.upper >= exponent:
        return Verdict.CONSISTENT, f"{_reaches(fit, exponent)} the bound"
    return Verdict.UNDECIDED, "falls more slowly than the bound over these n; its constant is unknown"


def _reaches(fit: ExponentFit, exponent: float) -> str:
    return "falls at least as fast as" if fit.lower >= exponent else "can't be told from"
