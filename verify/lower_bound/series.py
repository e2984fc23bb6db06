"""Lower bounds of several constructions over a grid of n: values, exponents, and who overtakes whom.

Values are the rigorous enclosures of :mod:`boundcalc.explicit`, one family at a time; exponents are those of the
registered theorems, for the cap atoms that of their derivation (which holds at d = 1 as well, where the paper stacks
bumps instead and gets 1/2: Theorem A at d = 1).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache

import numpy as np
from sympy import Rational

from boundcalc.bracketing import bracket, size_at
from boundcalc.derivation import derive
from boundcalc.enclosure import Enclosure
from boundcalc.explicit.family import Family
from boundcalc.explicit.lower import FAMILIES, evaluate
from boundcalc.explicit.problem import Effort, Problem
from boundcalc.registry import theorem
from boundcalc.statement import Status
from verify.power_law import LEAST_POINTS, ExponentFit, fit_exponent, sizes_between

LARGEST_LOG10_N = 290
# Half-width of an exponent's interval, relative to the exponent, up to which a range counts as one of the power law.
TOLERANCE = 0.02
_WINDOW_POINTS = 25
_CLOSE = math.log10(1.001)
_THINNING = 1.5


@dataclass(frozen=True)
class Construction:
    """A family of functions that proves a lower bound.

    Attributes
    ----------
    theorem : str
        Key of the registered theorem, or of the derivation, whose exponent the bound should have.
    derived : bool
        Whether the exponent is that of the derivation.
    search_error : float
        How far the logarithm to base 10 of the value found may be below the best one besides its visible ripple.
    """

    name: str
    family: Family
    theorem: str
    derived: bool = False
    search_error: float = 5e-4

    def exponent(self, d: int) -> Rational:
        """e of the rate n^(-e) in dimension d."""
        if self.derived:
            return Rational(derive(self.theorem).exponent_at(d))
        return next(iter(theorem(self.theorem).bounds.values())).exponent_at(d)

    def status(self, d: int) -> Status:
        """Of the exponent: the paper's for cap atoms in d >= 2."""
        if self.derived:
            return Status.PAPER if d >= 2 else Status.DERIVED
        return theorem(self.theorem).status


def _family(key: str) -> Family:
    return next(family for family in FAMILIES if family.key == key)


CAP_ATOMS = Construction("cap atoms (Thm 3.7)", _family("single-caps"), "minimax-lower", derived=True)
STACKED_HATS = Construction("Theorem A", _family("theorem-a"), "theorem-a", search_error=0.0)
UNIVARIATE = Construction(
    "bumps at the ends (Thm 3.7, d = 1)", STACKED_HATS.family, "minimax-lower-1d", search_error=0.0
)
TRAPEZOIDS = Construction("stacked trapezoids", _family("stacked-trapezoids"), "theorem-a")
PACKETS = Construction("packets B'", _family("theorem-b-prime"), "theorem-b")
CONSTRUCTIONS = (CAP_ATOMS, STACKED_HATS, TRAPEZOIDS, PACKETS)
"""In the order of the tables; stacked trapezoids are Theorem A's stacked ridges with every constant optimised."""

PAIRS = ((CAP_ATOMS, STACKED_HATS), (CAP_ATOMS, TRAPEZOIDS), (STACKED_HATS, PACKETS))
"""Who is to be overtaken, and by whom."""


CHECKED = tuple(size_at(x) for x in (*range(1, 31), *range(40, LARGEST_LOG10_N + 1, 10)))
"""Sizes at which an overtaking is checked: powers of ten, every one up to 10^30, then every tenth."""


@dataclass(frozen=True)
class Point:
    """One sample size; ``enclosure`` is None where the construction proves nothing, ``height`` where it has no caps.

    ``held`` says that the bound is that of a larger n, from which on the theorem's conditions hold.
    """

    n: int
    enclosure: Enclosure | None
    height: float | None
    reason: str
    held: bool = False

    @property
    def log10(self) -> float:
        """Rounded-down logarithm of the bound; -inf where there is none."""
        return -math.inf if self.enclosure is None else self.enclosure.log10[0]


@lru_cache(maxsize=50_000)
def evaluate_at(construction: Construction, problem: Problem) -> Point:
    """The construction's bound at one problem."""
    value = evaluate(construction.family, problem, Effort.FAST, ())
    height = getattr(getattr(value.design, "caps", None), "height", None)
    return Point(int(problem.n), value.enclosure, height, value.reason)


@dataclass(frozen=True)
class Series:
    """A construction's bounds along a grid of n in one dimension."""

    d: int
    construction: Construction
    points: tuple[Point, ...]

    @property
    def usable(self) -> tuple[Point, ...]:
        """Those with a bound."""
        return tuple(point for point in self.points if point.enclosure is not None)

    @property
    def fitted(self) -> tuple[Point, ...]:
        """Those with a bound of their own n."""
        return tuple(point for point in self.usable if not point.held)

    def fit(self) -> ExponentFit | None:
        """The fitted exponent of n, with the square root of the cap height as first correction; None if too short."""
        usable = self.fitted
        if len(usable) < LEAST_POINTS:
            return None
        heights = [point.height for point in usable]
        # Theorem A is a closed power of n; the caps of d = 1 are the whole interval where amplitudes are free.
        known = [height for height in heights if height is not None]
        correction = np.sqrt(known) if len(known) == len(heights) and np.ptp(known) > 0 else None
        return fit_exponent(
            [math.log10(point.n) for point in usable],
            [point.log10 for point in usable],
            correction,
            error=self.construction.search_error,
        )

    def settled(self, fit: ExponentFit | None) -> bool:
        """Whether the exponent is that of a power law: its interval is narrow and the caps get thinner.

        The target plays no part. Caps that stay the same as n grows are the end of the search's list of codes; in d = 1
        they are the two ends of the interval.
        """
        if fit is None or not fit.settled(TOLERANCE):
            return False
        heights = [point.height for point in self.fitted if point.height is not None]
        return self.d == 1 or not heights or max(heights) > _THINNING * min(heights)


def series(construction: Construction, base: Problem, sizes: Sequence[int]) -> Series:
    """The construction's bounds at every size."""
    points = [evaluate_at(construction, base.at(Fraction(n))) for n in sizes]
    if construction is STACKED_HATS or construction is UNIVARIATE:
        points = [replace(point, held=_held(construction, base, point)) for point in points]
    return Series(base.d, construction, tuple(points))


def _held(construction: Construction, base: Problem, point: Point) -> bool:
    """Whether a slightly smaller n has the same bound: a strict power of n never has."""
    return evaluate_at(construction, base.at(Fraction(point.n) * Fraction(99, 100))).log10 == point.log10


def power_law_range(
    construction: Construction, base: Problem, sizes: Sequence[int]
) -> tuple[Series, ExponentFit | None]:
    """The first of ever larger ranges of n on which the exponent is settled; the requested sizes come first.

    Further ranges start where the last ended and are as long in log n as their start, up to n = 10^290. The last one is
    returned if none is settled.
    """
    found = series(construction, base, sizes)
    fit = found.fit()
    low = max(math.log10(max(sizes)), 4.0)
    while not found.settled(fit) and low < LARGEST_LOG10_N and _says_anything(found):
        high = min(2 * low, float(LARGEST_LOG10_N))
        found = series(construction, base, sizes_between(low, high, _WINDOW_POINTS))
        fit, low = found.fit(), high
    return found, fit


def _says_anything(found: Series) -> bool:
    """False for constructions that are not encoded in the dimension at all; Theorem A may only need more samples."""
    return bool(found.usable) or found.construction is STACKED_HATS


@dataclass(frozen=True)
class Crossing:
    """From where on one construction's bound exceeds another's.

    Attributes
    ----------
    low : int or None
        Here ``ahead`` is not ahead, by disjoint enclosures; None if it is ahead at the smallest n tried.
    high : int
        Here it is, and at all of CHECKED beyond, by disjoint enclosures.
    """

    behind: Construction
    ahead: Construction
    low: int | None
    high: int


def crossing(behind: Construction, ahead: Construction, base: Problem) -> Crossing | None:
    """From where on ``ahead`` is ahead of ``behind`` at every size of CHECKED, to 0.1 % in n; None if it ends behind.

    The bounds compared are those of the catalogue; where the risks of the best estimators over the two families cross is
    not claimed.
    """

    def leads(n: int) -> bool | None:
        return _exceeds(evaluate_at(ahead, base.at(Fraction(n))), evaluate_at(behind, base.at(Fraction(n))))

    first = len(CHECKED)
    while first and leads(CHECKED[first - 1]):
        first -= 1
    if first == len(CHECKED):
        return None
    if first == 0:
        return Crossing(behind, ahead, None, CHECKED[0])

    def gap(n: int) -> float:
        """Positive where ``ahead`` is behind, and where the enclosures overlap."""
        first, second = (evaluate_at(c, base.at(Fraction(n))) for c in (ahead, behind))
        apart = second.log10 - first.log10 if first.enclosure is not None else math.inf
        return min(apart, 0.0) if leads(n) else max(apart, 1e-12)

    low, high = CHECKED[first - 1], CHECKED[first]
    low, found = bracket(gap, (low, gap(low)), (high, gap(high)), _CLOSE)
    if leads(low) is None:  # the two may cross anywhere below
        low = max((n for n in CHECKED if n < low and leads(n) is False), default=1)
    return Crossing(behind, ahead, low, found or high)


def _exceeds(first: Point, second: Point) -> bool | None:
    """Whether the first bound is the larger one, decided by enclosures; no bound at all counts as 0."""
    if first.enclosure is None:
        return False
    return True if second.enclosure is None else first.enclosure.greater_than(second.enclosure)
