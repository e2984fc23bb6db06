"""What is claimed of exponents and crossings of the lower bounds."""

from __future__ import annotations

from collections.abc import Iterator

from boundcalc.explicit.problem import Problem
from boundcalc.statement import Status
from verify.lower_bound.series import (
    CHECKED,
    LARGEST_LOG10_N,
    STACKED_HATS,
    UNIVARIATE,
    Construction,
    Crossing,
    Series,
    power_law_range,
)
from verify.lower_bound.setting import LowerBoundSetting
from verify.outcome import Interval, Outcome, Verdict
from verify.power_law import ExponentFit

__all__ = ["exponents", "overtaking", "shown"]


def exponents(d: int, base: Problem, setting: LowerBoundSetting, found: Series) -> Iterator[Outcome]:
    """The exponent over the requested sizes, and where they are too few for a power law, over larger ones."""
    fit = found.fit()
    yield _exponent(d, found, fit, "as requested")
    if d == 1 and found.construction is STACKED_HATS:
        # The paper's own construction on the interval: its bumps are these hats, up to constants.
        yield _exponent(d, found, fit, "as requested, the paper's rate in d = 1", UNIVARIATE)
    if not found.settled(fit):
        larger, larger_fit = power_law_range(found.construction, base, setting.sizes)
        if larger.settled(larger_fit):
            yield _exponent(d, larger, larger_fit, "power-law range")


def _exponent(
    d: int, found: Series, fit: ExponentFit | None, words: str, claimed: Construction | None = None
) -> Outcome:
    own = claimed or found.construction
    target = own.exponent(d)
    if fit is None:
        reason = found.points[-1].reason or "too few sizes have a bound"
        return Outcome(
            f"d = {d}", own.theorem, f"{own.name}: {reason}", None, float(target), Verdict.NOT_APPLICABLE, own.status(d)
        )
    usable = found.fitted
    span = f"n = {shown(usable[0].n)}..{shown(usable[-1].n)}"
    if found.settled(fit):
        # A search that is worse than stated would show here: that decides nothing about the theorem.
        verdict = Verdict.CONSISTENT if float(target) in fit else Verdict.UNDECIDED
        claim = f"{own.name} ~ n^-({target}); {words}, {span}"
    else:
        verdict = Verdict.NOT_APPLICABLE
        claim = f"{own.name} ~ n^-({target}) at large n; {words}, {span}: no power law yet"
    return Outcome(
        f"d = {d}",
        own.theorem,
        claim,
        Interval(fit.lower, fit.upper, "scatter at level 0.99 or by the largest residual, plus the next correction"),
        float(target),
        verdict,
        own.status(d),
        {
            "family": own.family.key,
            "exponent": fit.exponent,
            "scatter": fit.scatter,
            "bias": fit.bias,
            "n": [str(point.n) for point in usable],
            "log10_lower": [point.log10 for point in usable],
            "cap_height": [point.height for point in usable],
        },
        relation="contains",
    )


def overtaking(d: int, behind: Construction, ahead: Construction, found: Crossing | None) -> Outcome:
    check, key = f"d = {d}", ahead.theorem
    if found is None:
        missing = f"{ahead.name} is not ahead of {behind.name} at n = 1e{LARGEST_LOG10_N}"
        return Outcome(check, key, missing, None, None, Verdict.NOT_APPLICABLE, Status.DERIVED)
    evidence: dict[str, object] = {
        "behind_at": None if found.low is None else str(found.low),
        "ahead_from": str(found.high),
        "ahead_at": f"{sum(n >= found.high for n in CHECKED)} powers of ten up to 1e{LARGEST_LOG10_N}",
        "compared": "disjoint enclosures",
    }
    verdict = Verdict.PROVED if found.certified else Verdict.UNDECIDED
    if found.low is None:
        words = f"{ahead.name} is ahead of {behind.name} at every n compared, 10 to 1e{LARGEST_LOG10_N}"
        return Outcome(check, key, words, found.high, None, verdict, Status.DERIVED, evidence)
    return Outcome(
        check,
        key,
        f"{ahead.name} overtakes {behind.name} at this n",
        Interval(float(found.low), float(found.high)),
        None,
        verdict,
        Status.DERIVED,
        evidence,
    )


def shown(n: int) -> str:
    return f"{n:.3g}" if n < 10**6 else f"{n:.2e}".replace("e+0", "e").replace("e+", "e").replace(".00e", "e")
