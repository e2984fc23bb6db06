"""How many samples each bound requires, or permits, for a given error.

Explicit bounds give numbers that are theorems: below the required number of samples no estimator has that worst-case
error; with the permitted number one does. Rates give powers of the error: constants that depend on d are hidden, so they
show how the number grows and are not values. The weight-decay (low-norm) rate n^(-(d+3)/(2d+3)) needs error^(-(2d+3)/(d+3)),
fewer than error^(-2), while the flat minima's lower rate n^(-2/(d+1)) needs error^(-(d+1)/2): exponential in d.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN
from enum import Enum
from fractions import Fraction

import numpy as np
from sympy import Rational

from boundcalc.arb import ball, precision, whole_part
from boundcalc.bracketing import LARGEST, bracket, size_at
from boundcalc.exact import exact_rational, fraction, log_exact
from boundcalc.explicit.family import Claim, Family
from boundcalc.explicit.lower import FAMILIES, evaluate, parse, read
from boundcalc.explicit.problem import AnyWeight, Effort, Problem, Weight
from boundcalc.explicit.upper import explicit_upper
from boundcalc.lookup import by_key
from boundcalc.registry import theorems
from boundcalc.setting import Setting
from boundcalc.shown import Shown, rounded, show, show_log10, text
from boundcalc.statement import Quantity, Side, Theorem

# Integers up to 10^300 are computed exactly; beyond, the power of ten.
_EXACT_LOG10 = 300.0


class Kind(Enum):
    """What a sample size means."""

    REQUIRED = "required: with fewer samples every estimator has a larger worst-case error"
    SUFFICIENT = "sufficient: with so many samples some estimator has at most this worst-case error"
    RATE = "rate: the power of the error alone; constants are hidden"


_ROUNDING = {Kind.REQUIRED: ROUND_FLOOR, Kind.SUFFICIENT: ROUND_CEILING, Kind.RATE: ROUND_HALF_EVEN}


@dataclass(frozen=True, repr=False)
class SampleSize(Shown):
    """A number of samples for one bound.

    ``n`` is exact where it is at most 10^300, else None; ``log10`` is its logarithm. For a required size, n samples or fewer
    leave a larger error. So a required size is shown rounded down, a sufficient one rounded up. A rate has an exponent: n grows
    as error to the power -exponent.
    """

    name: str
    kind: Kind
    log10: float
    n: int | None
    source: str
    exponent: Rational | None = None
    remark: str = ""

    @property
    def rounding(self) -> str:
        """The direction in which n is rounded where it is shown; one of decimal's."""
        return _ROUNDING[self.kind]

    def __str__(self) -> str:
        size = show_log10(self.log10) if self.n is None else text(rounded(self.n, 6, self.rounding))
        sign = {Kind.REQUIRED: "n > ", Kind.SUFFICIENT: "n = ", Kind.RATE: "n ~ "}[self.kind]
        power = f" = error^(-{self.exponent})" if self.exponent is not None else ""
        return f"{self.name}: {sign}{size}{power} ({self.kind.value.split(':')[0]}; {self.source})"


@dataclass(frozen=True, repr=False)
class SampleSizeReport(Shown):
    """Sample sizes for one error, bound by bound."""

    d: int
    error: Fraction
    sizes: tuple[SampleSize, ...]
    notes: tuple[str, ...]

    def of_kind(self, kind: Kind) -> tuple[SampleSize, ...]:
        """The sizes with this meaning."""
        return tuple(size for size in self.sizes if size.kind is kind)

    def get(self, name: str) -> SampleSize:
        """The size with this name."""
        return by_key({size.name: size for size in self.sizes}, name, "a size", ", ".join(s.name for s in self.sizes))

    def __str__(self) -> str:
        head = f"Samples for a mean squared error of {show(self.error)} in d = {self.d}"
        return "\n".join([head, *(f"  {size}" for size in self.sizes), *self.notes])


def rate_size(theorem: Theorem, name: str, d: int, error: Fraction) -> SampleSize:
    """error to the power of -1/e for the rate n^(-e) of a theorem's main bound."""
    rate = theorem.bound.exponent_at(Rational(d))
    exponent = 1 / rate
    log10 = float(exponent) * -log_exact(error) / math.log(10)
    n = _power_ceiling(1 / error, fraction(exponent)) if log10 <= _EXACT_LOG10 else None
    return SampleSize(name, Kind.RATE, log10, n, f"{theorem.source}, {theorem.status.value}", exponent)


def _power_ceiling(base: Fraction, exponent: Fraction) -> int:
    """The smallest integer n >= base^exponent, base >= 1, exponent > 0."""
    p, q = exponent.numerator, exponent.denominator
    if base == 1:
        return 1
    bits = math.ceil(float(exponent) * log_exact(base) / math.log(2)) + p.bit_length() + 80
    while True:
        with precision(bits):
            power = (ball(base).log() * ball(exponent)).exp()
            floor = whole_part(power)
            if ball(floor) < power:
                return floor + 1
        # A whole number at the end of the enclosure. The power is one only if the base is a q-th power.
        if q <= base.numerator.bit_length() and floor**q * base.denominator**p == base.numerator**p:
            return floor
        bits *= 2


def _rates(d: int, error: Fraction) -> list[SampleSize]:
    """Every registered rate of the mean squared error in n that applies at d."""
    sizes = []
    setting = Setting.parse(d=d)
    for theorem in theorems():
        bound = theorem.bound
        if bound.quantity is not Quantity.MSE or bound.constant_known or theorem.broken(setting):
            continue
        try:
            positive = bound.exponent_at(Rational(d)) > 0
        except (ValueError, TypeError):  # not a power of n
            continue
        if positive and bound.side in (Side.UPPER, Side.LOWER, Side.TIGHT):
            sizes.append(rate_size(theorem, theorem.key, d, error))
    return sizes


# Sizes are found to these decades, small ones exactly; or to this share of log10(n): huge sizes are shown by few digits.
_LOWER_TOLERANCE = 0.002
_UPPER_TOLERANCE = 0.0004
_SHARE = 1 / 1500


# From the cheapest to the most expensive.
_COST = (
    "affine",
    "ridge-sine",
    "theorem-a",
    "harmonic-shell",
    "chebyshev-harmonic",
    "single-caps",
    "theorem-b-prime",
    "stacked-trapezoids",
)
# A family is tried this much beyond the largest size so far, and at that size: a search may fail here or there.
_FURTHER = 0.7
# A size found without proof is proved, or the first of these shares of it for which that is possible.
_STEPS_BACK = (Fraction(1), Fraction(199, 200), Fraction(49, 50), Fraction(9, 10), Fraction(1, 2))


@dataclass(frozen=True)
class _FamilySize:
    """The largest n at which one family's bound exceeds an error."""

    family: Family
    problem: Problem
    error: Fraction
    effort: Effort

    def proved(self, n: int) -> float:
        """Logarithm of the enclosed bound over the error; positive exactly where the bound exceeds the error."""
        found = evaluate(self.family, self.problem.at(Fraction(n)), self.effort)
        if found.enclosure is None:
            return -math.inf
        excess = found.log10 * math.log(10) - log_exact(self.error)
        return max(excess, 1e-12) if found.enclosure.low > self.error else min(excess, 0.0)

    @np.errstate(under="ignore")
    def rough(self, n: int) -> float:
        """The same; from the search alone, without proof, where it tells what it will claim."""
        problem = self.problem.at(Fraction(n))
        design = self.family.find(problem, self.effort)
        if isinstance(design, Claim):
            return design.log_level - log_exact(self.error / problem.B**2)
        return self.proved(n) if design else -math.inf

    def beyond(self, best: int) -> int:
        """The largest n found above ``best``, or ``best``."""
        near = best + best // 200 + 1
        far = max(near + 1, size_at(math.log10(near) + _FURTHER))
        if far > LARGEST:
            return best
        ahead = self.rough(far)
        if ahead > 0:
            size, _ = bracket(self.rough, (far, ahead), None, _LOWER_TOLERANCE, _SHARE)
        elif (here := self.rough(near)) > 0:
            size, _ = bracket(self.rough, (near, here), (far, ahead), _LOWER_TOLERANCE, _SHARE)
        else:
            return best
        for back in _STEPS_BACK:
            proved = max(best, int(size * back))
            if proved == best or self.proved(proved) > 0:
                return proved
        return best


def _explicit_lower_size(error: Fraction, problem: Problem, effort: Effort) -> SampleSize | None:
    """The largest n found whose explicit lower bound exceeds the error.

    A bound at n is one at every smaller n too. The maximum over families exceeds the error where one of them does, so every
    family only has to beat the size that the others reach.
    """
    best = 0
    for family in sorted(FAMILIES, key=lambda f: _COST.index(f.key) if f.key in _COST else len(_COST)):
        best = _FamilySize(family, problem, error, effort).beyond(best)
    if not best:
        return None
    source = "boundcalc catalogue of explicit bounds, derived, enclosed"
    remark = "any number of samples up to this one leaves a larger error"
    return SampleSize("explicit-lower", Kind.REQUIRED, math.log10(best), best, source, remark=remark)


def _explicit_upper_size(error: Fraction, setting: Setting, weight: AnyWeight) -> SampleSize | None:
    """The smallest n found whose explicit upper bound is at most the error."""
    target = log_exact(error) / math.log(10)

    def gap(n: int) -> float:
        found = explicit_upper(setting.d, n, setting.sigma, setting.B, setting.C, weight)
        excess = found.enclosure.high > error
        return max(found.log10_upper - target, 1e-12) if excess else min(found.log10_upper - target, 0.0)

    first = gap(1)
    size = 1 if first <= 0 else bracket(gap, (1, first), None, _UPPER_TOLERANCE, _SHARE)[1]
    source = "boundcalc explicit upper bound, derived, enclosed"
    return None if size is None else SampleSize("explicit-upper", Kind.SUFFICIENT, math.log10(size), size, source)


def sample_size(
    d: object,
    error: object,
    sigma: object = 1,
    B: object = 1,
    C: object = 1,
    weight: object = Weight.CANONICAL,
    effort: Effort | str = Effort.FAST,
) -> SampleSizeReport:
    """How many samples each bound requires, or permits, for a mean squared error.

    Parameters
    ----------
    d : int
    error : number or text
        0 < error <= 1 for the rates; the explicit bounds compare it with B^2.
    sigma, B, C : numbers or text
        For the explicit bounds.
    weight, effort
        As in :func:`boundcalc.explicit.lower.explicit_lower`.

    Returns
    -------
    SampleSizeReport
        Explicit sizes first: required, then sufficient, then the rates, labelled as rates.

    Raises
    ------
    TypeError, ValueError
        For an argument that is not a number or lies outside its domain; the message names it.

    Examples
    --------
    >>> report = sample_size(20, "0.1")
    >>> report.get("minimax-lower").exponent, report.get("low-norm-mse").exponent
    (21/2, 43/23)
    >>> report.get("explicit-lower").n > 100
    True
    """
    setting, problem = read(d, 1, sigma, B, C, weight)
    target = fraction(exact_rational("error", error))
    if not 0 < target <= 1:
        raise ValueError(f"error must lie in (0, 1], got {error!r}; divide B, C and sigma by B for larger errors")
    how = parse("effort", Effort, effort)
    lower = _explicit_lower_size(target, problem, how)
    upper = _explicit_upper_size(target, setting, problem.weight)
    rates = _rates(problem.d, target)
    notes = [] if lower else ["No explicit lower bound exceeds this error at n = 1."]
    notes += [] if upper else ["No explicit upper bound reaches this error up to n = 10^300."]
    notes.append("Rates hide constants that depend on d: they show how the number of samples grows, not its value.")
    by_name = {size.name: size for size in rates}
    flat = by_name.get("minimax-lower", by_name.get("minimax-lower-1d"))
    if flat is not None and "low-norm-mse" in by_name:
        decay = by_name["low-norm-mse"]
        notes.append(
            f"Flat minima against weight decay, in powers of 1/error: {flat.exponent} against {decay.exponent}, "
            f"a factor of {show_log10(flat.log10 - decay.log10, 4)} here."
        )
    sizes = (*(size for size in (lower, upper) if size), *rates)
    return SampleSizeReport(problem.d, target, sizes, tuple(notes))
