"""What is claimed of exponents and crossings of the lower bounds."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from boundcalc.exact import fraction
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
from verify.outcome import Interval, Outcome, Relation, Trust, judged
from verify.power_law import ExponentFit


def exponents(d: int, base: Problem, setting: LowerBoundSetting, found: Series) -> Iterator[Outcome]:
    """The exponent over the requested sizes, and where they are too few for a power law, over larger ones."""
    fit = found.fit()
    yield _exponent(d, found, fit, "as requested")
    if d == 1 and found.construction is STACKED_HATS:
        # The paper's own construction on the interval: its bumps are these hats, up to constants.
        yield _exponent(d, found, fit, "as requested, the paper's rate in d = 1", UNIVARIATE)
    if not found.settled(fit):
        larger, larger_fit = power_law_range(found.construction, base, setting.n)
        if larger.settled(larger_fit):
            yield _exponent(d, larger, larger_fit, "power-law range")


def _exponent(
    d: int, found: Series, fit: ExponentFit | None, words: str, claimed: Construction | None = None
) -> Outcome:
    own = claimed or found.construction
    check, target, status = f"d = {d}", own.exponent(d), own.status(d)
    law = f"{own.name} ~ n^-({target})"
    if fit is None:
        reason = found.points[-1].reason or "too few sizes have a bound"
        return judged(check, own.theorem, law, None, Relation.CONTAINS, fraction(target), status, obstacle=reason)
    usable, settled = found.fitted, found.settled(fit)
    meaning = "scatter at level 0.99 or by the largest residual, plus the next correction"
    return judged(
        check,
        own.theorem,
        f"{law}; {words}, n = {shown(usable[0].n)}..{shown(usable[-1].n)}",
        # A search that is worse than stated would show here: that decides nothing about the theorem.
        Interval(fit.lower, fit.upper, meaning, Trust.HEURISTIC),
        Relation.CONTAINS,
        fraction(target),
        status,
        {
            "family": own.family.key,
            "exponent": fit.exponent,
            "scatter": fit.scatter,
            "bias": fit.bias,
            "n": [str(point.n) for point in usable],
            "log10_lower": [point.log10 for point in usable],
            "cap_height": [point.height for point in usable],
        },
        obstacle=None if settled else "no power law yet",
    )


def overtaking(d: int, behind: Construction, ahead: Construction, found: Crossing | None) -> Outcome:
    """From which n on one bound exceeds the other, at every n compared, up to the last."""
    check, key, last = f"d = {d}", ahead.theorem, Fraction(10) ** LARGEST_LOG10_N
    words = f"{ahead.name} overtakes {behind.name} at this n, ahead at every n compared from there on"
    if found is None:
        reason = f"it is not ahead at n = 1e{LARGEST_LOG10_N}"
        return judged(check, key, words, None, Relation.AT_MOST, last, Status.DERIVED, obstacle=reason)
    if found.low is None:
        words = f"{ahead.name} is ahead of {behind.name} at every n compared, 10 to 1e{LARGEST_LOG10_N}"
    return judged(
        check,
        key,
        words,
        found.high if found.low is None else Interval(Fraction(found.low), Fraction(found.high)),
        Relation.AT_MOST,
        last,
        Status.DERIVED,
        {
            "behind_at": None if found.low is None else str(found.low),
            "ahead_from": str(found.high),
            "ahead_at": f"{sum(n >= found.high for n in CHECKED)} powers of ten up to 1e{LARGEST_LOG10_N}",
            "compared": "disjoint enclosures",
        },
    )


def shown(n: int) -> str:
    return f"{n:.3g}" if n < 10**6 else f"{n:.2e}".replace("e+0", "e").replace("e+", "e").replace(".00e", "e")
