"""How many samples each bound requires, or permits, for a given error.

Explicit bounds give numbers that are theorems: below the required number of samples no estimator has that worst-case
error; with the permitted number one does. Rates give powers of the error: constants that depend on d are hidden, so they
show how the number grows and are not values. The weight-decay (low-norm) rate n^(-(d+3)/(2d+3)) needs error^(-(2d+3)/(d+3)),
fewer than error^(-2), while the flat minima's lower rate n^(-2/(d+1)) needs error^(-(d+1)/2): exponential in d.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum
from fractions import Fraction

from sympy import Rational

from boundcalc.exact import exact_rational
from boundcalc.explicit.lower import explicit_lower, parse
from boundcalc.explicit.problem import Effort, Weight, log_fraction
from boundcalc.explicit.upper import explicit_upper
from boundcalc.setting import Setting
from boundcalc.theorem import Quantity, Side, Theorem
from boundcalc.theorems import THEOREMS

__all__ = ["Kind", "SampleSize", "SampleSizeReport", "sample_size"]

_LARGEST_LOG10 = 300.0
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
    n = _power_ceiling(1 / error, Fraction(int(exponent.p), int(exponent.q))) if log10 <= _EXACT_LOG10 else None
    return SampleSize(name, Kind.RATE, log10, n, f"{theorem.source}, {theorem.status.value}", exponent)


def _power_ceiling(base: Fraction, exponent: Fraction) -> int:
    """The smallest integer n >= base^exponent, base >= 1; exact integer arithmetic."""
    p, q = exponent.numerator, exponent.denominator
    power = base**p
    # n^q >= base^p
    low, high = 0, 1 << (power.numerator.bit_length() // q + 2)
    while high - low > 1:
        middle = (low + high) // 2
        if middle**q >= power:
            high = middle
        else:
            low = middle
    return high


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


def _explicit_lower_size(
    d: int, error: Fraction, setting: Setting, weight: Weight, effort: Effort
) -> SampleSize | None:
    """The largest n found whose explicit lower bound exceeds the error; by monotonicity so do all smaller n."""

    def exceeds(n: int) -> bool:
        bound = explicit_lower(d, n, setting.sigma, setting.B, setting.C, weight, effort)
        return bound.enclosure.low > error

    if not exceeds(1):
        return None
    # Bisect on whole decades, then on n to three digits.
    low, high = 0, int(_LARGEST_LOG10)
    if exceeds(10**high):
        low = high
    while high - low > 1:
        middle = (low + high) // 2
        if exceeds(10**middle):
            low = middle
        else:
            high = middle
    first, last = 10**low, 10 ** (low + 1)
    while last - first > max(1, first // 200) and low < int(_LARGEST_LOG10):
        middle = (first + last) // 2
        if exceeds(middle):
            first = middle
        else:
            last = middle
    return SampleSize(
        "explicit-lower",
        Kind.REQUIRED,
        math.log10(first),
        first,
        "boundcalc catalogue of explicit bounds, derived, enclosed",
        remark="any number of samples up to this one leaves a larger error",
    )


def _explicit_upper_size(d: int, error: Fraction, setting: Setting, weight: Weight) -> SampleSize | None:
    """The smallest n found whose explicit upper bound is at most the error."""

    def meets(n: int) -> bool:
        return explicit_upper(d, n, setting.sigma, setting.B, setting.C, weight).enclosure.high <= error

    low, high = 0, int(_LARGEST_LOG10)
    if not meets(10**high):
        return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if meets(10**middle) else (middle, high)
    first, last = 10**low, 10**high
    while last - first > max(1, first // 1000):
        middle = (first + last) // 2
        first, last = (first, middle) if meets(middle) else (middle, last)
    return SampleSize(
        "explicit-upper", Kind.SUFFICIENT, math.log10(last), last, "boundcalc explicit upper bound, derived, enclosed"
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
        Explicit sizes first: required, then sufficient (d = 1 only), then the rates, labelled as rates.

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
    exact = exact_rational("error", error)
    target = Fraction(int(exact.p), int(exact.q))
    if not 0 < target <= 1:
        raise ValueError(f"error must lie in (0, 1], got {error!r}; divide B, C and sigma by B for larger errors")
    which, how = parse("weight", Weight, weight), parse("effort", Effort, effort)
    dim = int(setting.d)
    sizes, notes = [], []
    lower = _explicit_lower_size(dim, target, setting, which, how)
    if lower is not None:
        sizes.append(lower)
    else:
        notes.append("No explicit lower bound exceeds this error at n = 1.")
    upper = _explicit_upper_size(dim, target, setting, which)
    if upper is not None:
        sizes.append(upper)
    else:
        notes.append("No explicit upper bound reaches this error (in d >= 2 only the trivial one is known here).")
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
