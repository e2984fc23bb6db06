"""What the measured exponents say about the bounds, and what they can't say."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from boundcalc.exact import fraction
from boundcalc.registry import theorem
from boundcalc.statement import Side, Status, Theorem
from verify.outcome import Outcome, Relation, judged
from verify.power_law import BOOTSTRAP_LEVEL, ExponentFit, fit_medians
from verify.rates.lines import errors_by_size
from verify.rates.setting import MODES, RateSetting

SOURCE = "LQWP25, Fig. 2"
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
                    field: fit_medians(errors_by_size(own, step, field), setting.resamples, setting.seed)
                    for field in ERRORS
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
        return ((theorem("low-norm-mse"), "fresh_mse"),)
    return (
        (theorem("mse-upper"), "train_mse"),
        (theorem("stable-mse-upper"), "train_mse"),
        (theorem("minimax-lower-1d" if dim == 1 else "minimax-lower"), "fresh_mse"),
        (theorem("theorem-b"), "fresh_mse"),
    )


def outcomes_of(results: Sequence[ModeResult]) -> list[Outcome]:
    """One verdict for each dimension, mode and bound."""
    return [outcome for result in results for outcome in _outcomes(result)]


def _outcomes(result: ModeResult) -> Iterator[Outcome]:
    if result.diverged:
        words = f"{result.diverged} of {result.runs} runs diverged and are left out"
        yield judged(result.name, SOURCE, words, None, Relation.EQUAL, 0, Status.NUMERIC)
    for held, error in bounds_at(result.dim, result.mode):
        yield _against(result, held, error)


def _against(result: ModeResult, theorem: Theorem, error: str) -> Outcome:
    """The exponent of one error against that of one bound.

    Exponents hold in the limit, and one target is not the worst case: what disagrees at these n refutes nothing. So the limit
    of the confidence interval that could contradict is compared, as a number without a stated error.
    """
    exponent = theorem.bound.exponent_at(result.dim)
    bound = fraction(exponent)
    fit = result.fits[error]
    place = f"{_ERROR_WORDS[error]} error, {theorem.source}"
    lower_bound = theorem.bound.side is Side.LOWER
    relation = Relation.AT_MOST if lower_bound else Relation.AT_LEAST
    if fit is None:
        claim = f"{place}: too few runs are left for a slope"
        return judged(result.name, theorem.key, claim, None, relation, bound, theorem.status)
    evidence: dict[str, object] = {
        "exponent": str(exponent),
        "error": _ERROR_WORDS[error],
        "bound": theorem.title,
        "interval": [fit.lower, fit.upper],
        "level": BOOTSTRAP_LEVEL,
        "slope": -fit.exponent,
        "bend": None if np.isnan(fit.bend) else fit.bend,
        "repetitions": fit.count,
    }
    limit = fit.lower if lower_bound else fit.upper
    side = "lower" if lower_bound else "upper"
    words = f"{place}: {side} {BOOTSTRAP_LEVEL:.0%} limit of the exponent, {_words(result, theorem)}"
    obstacle = _obstacle(result, theorem, limit, float(bound))
    return judged(result.name, theorem.key, words, limit, relation, bound, theorem.status, evidence, obstacle=obstacle)


def _words(result: ModeResult, theorem: Theorem) -> str:
    """What the bound is."""
    if theorem.bound.side is Side.LOWER:
        return "the worst case (which one target can't refute)"
    return "the minimax rate of the variation norm" if result.mode == MODES[1] else "the bound"


def _obstacle(result: ModeResult, theorem: Theorem, limit: float, exponent: float) -> str | None:
    """Why the bound says nothing of these runs, if it doesn't."""
    if theorem.bound.side is Side.LOWER:
        return (
            None if limit <= exponent else "falls faster than the worst case: this target is easier, no contradiction"
        )
    if result.mode == MODES[1]:
        slow = "falls more slowly than that rate, which needs a decay tuned to n; this one is fixed"
        return None if limit >= exponent else slow
    if not result.edge <= _EDGE:
        return f"lambda_max is {result.edge:.3g} times 2/eta: not stable"
    if result.optimized < 1:
        agrees = "agree" if limit >= exponent else "differ"
        return f"not optimized (at {result.optimized:.0%} of the points in the worst run); the exponents {agrees}"
    return None
