"""How many samples each bound requires, or permits, for a given error.

Explicit bounds give numbers that are theorems: below the required number of samples no estimator has that worst-case
error; with the permitted number one does. Rates give powers of the error: constants that depend on d are hidden, so they
show how the number grows and are not values. The weight-decay (low-norm) rate n^(-(d+3)/(2d+3)) needs error^(-(2d+3)/(d+3)),
fewer than error^(-2), while the flat minima's lower rate n^(-2/(d+1)) needs error^(-(d+1)/2): exponential in d.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from fractions import Fraction

from sympy import Rational

from boundcalc.arb import ball, precision
from boundcalc.exact import exact_rational, fraction
from boundcalc.explicit.claim import Claim
from boundcalc.explicit.family import Family
from boundcalc.explicit.lower import FAMILIES, evaluate, parse, problem_of
from boundcalc.explicit.problem import Effort, Problem, Weight, log_fraction
from boundcalc.explicit.upper import explicit_upper
from boundcalc.packing_upper import whole_part
from boundcalc.setting import Setting
from boundcalc.statement import Quantity, Side, Theorem
from boundcalc.statements import THEOREMS

__all__ = ["Kind", "SampleSize", "SampleSizeReport", "sample_size"]

# Integers up to 10^300 are computed exactly; beyond, the power of ten.
_EXACT_LOG10 = 300.0


class Kind(Enum):
    """What a sample size means."""

    REQUIRED = "required: with fewer samples every estimator has a larger worst-case error"
    SUFFICIENT = "sufficient: with so many samples some estimator has at most this worst-case error"
    RATE = "rate: the power of the error alone; constants are hidden"


@dataclass(frozen=True)
class SampleSize:
    """A number of samples for one bound.

    Attributes
    ----------
    name : str
    kind : Kind
    log10 : float
        Logarithm to base 10.
    n : int or None
        Exact, where it is at most 10^300. For a required size: n samples or fewer leave a larger error.
    source : str
    exponent : sympy.Rational or None
        For a rate: n grows as error to the power -exponent.
    remark : str
    """

    name: str
    kind: Kind
    log10: float
    n: int | None
    source: str
    exponent: Rational | None = None
    remark: str = ""

    def __str__(self) -> str:
        size = f"{self.n}" if self.n is not None and self.n < 10**15 else f"10^{self.log10:.6g}"
        sign = {Kind.REQUIRED: "n > ", Kind.SUFFICIENT: "n = ", Kind.RATE: "n ~ "}[self.kind]
        power = f" = error^(-{self.exponent})" if self.exponent is not None else ""
        return f"{self.name}: {sign}{size}{power} ({self.kind.value.split(':')[0]}; {self.source})"


@dataclass(frozen=True)
class SampleSizeReport:
    """Sample sizes for one error, bound by bound.

    Attributes
    ----------
    d : int
    error : fractions.Fraction
    sizes : tuple of SampleSize
    notes : tuple of str
    """

    d: int
    error: Fraction
    sizes: tuple[SampleSize, ...]
    notes: tuple[str, ...]

    def of_kind(self, kind: Kind) -> tuple[SampleSize, ...]:
        """The sizes with this meaning."""
        return tuple(size for size in self.sizes if size.kind is kind)

    def get(self, name: str) -> SampleSize:
        """The size with this name."""
        for size in self.sizes:
            if size.name == name:
                return size
        raise ValueError(f"name must be one of {', '.join(s.name for s in self.sizes)}, got {name!r}")

    def __str__(self) -> str:
        head = f"Samples for a mean squared error of {float(self.error):.6g} in d = {self.d}"
        return "\n".join([head, *(f"  {size}" for size in self.sizes), *self.notes])


def rate_size(theorem: Theorem, name: str, d: int, error: Fraction) -> SampleSize:
    """error to the power of -1/e for the rate n^(-e) of a theorem's main bound."""
    rate = theorem.bound.exponent_at(Rational(d))
    exponent = 1 / rate
    log10 = float(exponent) * -log_fraction(error) / math.log(10)
    n = _power_ceiling(1 / error, fraction(exponent)) if log10 <= _EXACT_LOG10 else None
    return SampleSize(name, Kind.RATE, log10, n, f"{theorem.source}, {theorem.status.value}", exponent)


def _power_ceiling(base: Fraction, exponent: Fraction) -> int:
    """The smallest integer n >= base^exponent, base >= 1, exponent > 0."""
    p, q = exponent.numerator, exponent.denominator
    if base == 1:
        return 1
    bits = math.ceil(float(exponent) * log_fraction(base) / math.log(2)) + p.bit_length() + 80
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
    for theorem in THEOREMS:
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


# Sizes are found to these decades, small ones exactly.
_LOWER_TOLERANCE = 0.002
_UPPER_TOLERANCE = 0.0004
_LARGEST = 10**300
# Relative accuracy of log10(n), where that is less: huge sizes are shown as powers of ten.
_DIGITS = 1500
# First step in log10(n) from a size that is known; it doubles.
_FIRST_STEP = 0.5


def _power(log10: float) -> int:
    """10^log10, to a whole number."""
    whole = math.floor(log10)
    return round(10 ** (log10 - whole) * 10**15) * 10**whole // 10**15


Point = tuple[int, float]


def _bracket(gap: Callable[[int], float], left: Point, right: Point | None, tolerance: float) -> tuple[int, int | None]:
    """Whole numbers low, high with gap(low) > 0 >= gap(high), from points with their gaps.

    They are neighbours, or their logarithms to base 10 differ by at most ``tolerance`` or a share 1/_DIGITS.
    None in the place of high where the gap is positive up to 10^300. In log(n) the gaps are nearly straight lines, a little
    concave: secants overshoot from the left, and between a bracket's ends (Illinois) need a few evaluations where halving
    needs twenty. Where a secant gains less than halving would, halving is next.
    """
    low, above = left
    step = _FIRST_STEP
    while right is None:
        if low >= _LARGEST:
            return low, None
        probe = min(_LARGEST, max(low + 1, _power(math.log10(low) + step)))
        value = gap(probe)
        if value <= 0:
            right = (probe, value)
        else:
            slope = (above - value) / (math.log10(probe) - math.log10(low))
            ahead = 1.05 * value / slope if slope > 0 else math.inf
            step = min(max(ahead, step / 2), 10 * step)
            low, above = probe, value
    high, below = right
    last, halve = 0, False
    while high > low + 1:
        width, narrow = math.log10(high) - math.log10(low), max(tolerance, math.log10(low) / _DIGITS)
        if width <= narrow:
            break
        reach = width * (0.5 if halve or not math.isfinite(below) else above / (above - below))
        reach = min(max(reach, 0.4 * narrow), width - 0.4 * narrow)
        probe = min(max(_power(math.log10(low) + reach), low + 1), high - 1)
        value = gap(probe)
        if value > 0:
            low, above, below, last = probe, value, below / (2 if last > 0 else 1), 1
        else:
            high, below, above, last = probe, value, above / (2 if last < 0 else 1), -1
        halve = math.log10(high) - math.log10(low) > width / 2
    return low, high


# From the cheapest to the most expensive.
_COST = ("affine", "ridge-sine", "theorem-a", "single-caps", "theorem-b-prime", "harmonic-shell", "stacked-trapezoids")
# A family is tried this much beyond the largest size so far, and at that size: a search may fail here or there.
_FURTHER = 0.7
# A size found without proof is proved, or the first of these shares of it for which that is possible.
_STEPS_BACK = (Fraction(1), Fraction(199, 200), Fraction(49, 50), Fraction(9, 10), Fraction(1, 2))


class _FamilySize:
    """The largest n at which one family's bound exceeds an error."""

    def __init__(self, family: Family, problem: Problem, error: Fraction, effort: Effort) -> None:
        self.family, self.problem, self.error, self.effort = family, problem, error, effort
        self.target = log_fraction(error / problem.B**2)

    def proved(self, n: int) -> float:
        """Logarithm of the enclosed bound over the error; positive exactly where the bound exceeds the error."""
        found = evaluate(self.family, self.problem.at(Fraction(n)), self.effort, ())
        if found.enclosure is None:
            return -math.inf
        excess = found.log10 * math.log(10) - log_fraction(self.error)
        return max(excess, 1e-12) if found.enclosure.low > self.error else min(excess, 0.0)

    def rough(self, n: int) -> float:
        """The same; from the search alone, without proof, where it tells what it will claim."""
        problem = self.problem.at(Fraction(n))
        design = self.family.search(problem, self.effort, ())
        if isinstance(design, Claim):
            return design.log_level - self.target
        return self.proved(n) if design else -math.inf

    def beyond(self, best: int) -> int:
        """The largest n found above ``best``, or ``best``."""
        near = best + best // 200 + 1
        far = max(near + 1, _power(math.log10(near) + _FURTHER))
        if far > _LARGEST:
            return best
        ahead = self.rough(far)
        if ahead > 0:
            size, _ = _bracket(self.rough, (far, ahead), None, _LOWER_TOLERANCE)
        elif (here := self.rough(near)) > 0:
            size, _ = _bracket(self.rough, (near, here), (far, ahead), _LOWER_TOLERANCE)
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
    return SampleSize(
        "explicit-lower",
        Kind.REQUIRED,
        math.log10(best),
        best,
        "boundcalc catalogue of explicit bounds, derived, enclosed",
        remark="any number of samples up to this one leaves a larger error",
    )


def _explicit_upper_size(d: int, error: Fraction, setting: Setting, weight: Weight) -> SampleSize | None:
    """The smallest n found whose explicit upper bound is at most the error."""
    target = log_fraction(error) / math.log(10)

    def gap(n: int) -> float:
        found = explicit_upper(d, n, setting.sigma, setting.B, setting.C, weight)
        excess = found.enclosure.high > error
        return max(found.log10_upper - target, 1e-12) if excess else min(found.log10_upper - target, 0.0)

    first = gap(1)
    size = 1 if first <= 0 else _bracket(gap, (1, first), None, _UPPER_TOLERANCE)[1]
    if size is None:
        return None
    return SampleSize(
        "explicit-upper", Kind.SUFFICIENT, math.log10(size), size, "boundcalc explicit upper bound, derived, enclosed"
    )


def sample_size(
    d: object,
    error: object,
    sigma: object = 1,
    B: object = 1,
    C: object = 1,
    weight: Weight | str = Weight.CANONICAL,
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
    setting = Setting.parse(d=d, n=1, sigma=sigma, B=B, C=C)
    if setting.d is None:
        raise TypeError("d must be a number, got None")
    target = fraction(exact_rational("error", error))
    if not 0 < target <= 1:
        raise ValueError(f"error must lie in (0, 1], got {error!r}; divide B, C and sigma by B for larger errors")
    which, how = parse("weight", Weight, weight), parse("effort", Effort, effort)
    dim = int(setting.d)
    sizes, notes = [], []
    lower = _explicit_lower_size(target, problem_of(setting, which), how)
    if lower is not None:
        sizes.append(lower)
    else:
        notes.append("No explicit lower bound exceeds this error at n = 1.")
    upper = _explicit_upper_size(dim, target, setting, which)
    if upper is not None:
        sizes.append(upper)
    else:
        notes.append("No explicit upper bound reaches this error up to n = 10^300.")
    rates = _rates(dim, target)
    sizes += rates
    notes.append("Rates hide constants that depend on d: they show how the number of samples grows, not its value.")
    by_name = {size.name: size for size in rates}
    flat = by_name.get("minimax-lower", by_name.get("minimax-lower-1d"))
    if flat is not None and "low-norm-mse" in by_name:
        decay = by_name["low-norm-mse"]
        notes.append(
            f"Flat minima against weight decay, in powers of 1/error: {flat.exponent} against {decay.exponent}, "
            f"a factor of 10^{flat.log10 - decay.log10:.4g} here."
        )
    return SampleSizeReport(dim, target, tuple(sizes), tuple(notes))
