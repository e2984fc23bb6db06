"""The best non-asymptotic minimax lower bound over every family."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum
from typing import Any, TypeVar, overload

import numpy as np
from numpy.typing import NDArray

from boundcalc.arb import ball, enclosure, precision
from boundcalc.cached import cached_property
from boundcalc.enclosure import Enclosure
from boundcalc.exact import describe, fraction, log_exact
from boundcalc.explicit import (
    affine,
    chebyshev,
    harmonic_shell,
    ridge_sine,
    single_caps,
    stacked_trapezoids,
    theorem_a,
    wave_packets,
)
from boundcalc.explicit.caps import Caps, CodeLike, from_code
from boundcalc.explicit.family import Claim, Design, Family, NotApplicable
from boundcalc.explicit.problem import AnyWeight, Effort, Problem, Weight, read_weight
from boundcalc.grids import is_grid, read_array
from boundcalc.lookup import by_key
from boundcalc.setting import Setting
from boundcalc.shown import Number, Shown, show_exact, show_lower

_ROOMS = (affine, ridge_sine, harmonic_shell, chebyshev, single_caps, stacked_trapezoids, theorem_a, wave_packets)
# The families that win most settings, of few dimensions and of others, come first.
_LIKELY = ((stacked_trapezoids, chebyshev), (chebyshev, stacked_trapezoids))
_FEW_DIMENSIONS = 5
_NAMES = ("d", "n", "sigma", "B", "C")
_LARGEST_D = 10**100
FAMILIES: tuple[Family, ...] = tuple(room.FAMILY for room in _ROOMS)
_ORDERS = tuple(
    tuple(room.FAMILY for room in (*first, *(room for room in _ROOMS if room not in first))) for first in _LIKELY
)


Choice = TypeVar("Choice", bound=Enum)
Part = TypeVar("Part")
Grid = NDArray[Any] | list[Any] | tuple[Any, ...]


@dataclass(frozen=True, repr=False)
class FamilyValue(Shown):
    """What one family gives at one setting: the maximiser found, or the reason why there is none.

    ``enclosure`` encloses a lower bound of the minimax risk: the design's value, or what is claimed of it (:mod:`.family`).
    """

    family: Family
    design: Design | None
    enclosure: Enclosure | None
    reason: str = ""

    @property
    def log10(self) -> float:
        """Rounded-down logarithm to base 10 of the bound; -inf where there is none."""
        return self.enclosure.log10[0] if self.enclosure is not None else -math.inf

    def __str__(self) -> str:
        found = f"no bound: {self.reason}" if self.enclosure is None else f"{show_lower(self.enclosure)}  {self.design}"
        return f"{self.family.title}: {found}"


@dataclass(frozen=True, repr=False)
class LowerBound(Shown):
    """A non-asymptotic minimax lower bound: no estimator's worst-case risk is smaller.

    Attributes
    ----------
    setting : Setting
        As the caller gave it.
    problem : Problem
        The same with the weight.
    effort : Effort
        How long was searched.
    extra : tuple of Caps
        Those of the caller's code.
    best : FamilyValue
        The largest value.
    """

    setting: Setting
    problem: Problem
    effort: Effort
    extra: tuple[Caps, ...]
    best: FamilyValue

    @property
    def weight(self) -> AnyWeight:
        """The weight in the variation norm."""
        return self.problem.weight

    @cached_property
    def values(self) -> tuple[FamilyValue, ...]:
        """What every family gives, in the order of FAMILIES: the others are evaluated when this is first asked for."""
        return tuple(
            self.best if family is self.best.family else evaluate(family, self.problem, self.effort, self.extra)
            for family in FAMILIES
        )

    @property
    def winner(self) -> str:
        """Key of the family with the largest value."""
        return self.best.family.key

    @property
    def design(self) -> Design:
        """The winner's maximiser."""
        return self._found(self.best.design).within(self.problem)

    @property
    def enclosure(self) -> Enclosure:
        """Rigorous enclosure of the winner's value."""
        return self._found(self.best.enclosure)

    @staticmethod
    def _found(part: Part | None) -> Part:
        if part is None:
            raise ArithmeticError("no family gives a bound here")
        return part

    @property
    def lower(self) -> float:
        """A float below the bound: a theorem. 0.0 where the bound is below every float; see :attr:`log10_lower`."""
        return self.enclosure.floats[0]

    @property
    def log10_lower(self) -> float:
        """Logarithm to base 10 of the bound, rounded down."""
        return self.enclosure.log10[0]

    @property
    def value(self) -> float:
        """The same as :attr:`lower`, under the name that every bound has."""
        return self.lower

    def family(self, key: str) -> FamilyValue:
        """What the family with this key gives."""
        listing = ", ".join(family.key for family in FAMILIES)
        return by_key({value.family.key: value for value in self.values}, key, "a family", listing)

    def __str__(self) -> str:
        lines = [
            f"Minimax mean squared error over |f|_inf <= B, weighted variation norm <= C ({self.weight.value} weight)",
            f"  at {self.setting}: at least {show_lower(self.enclosure)}, by {self.best.family.title} (derived, enclosed)",
        ]
        lines += [f"  {value}" for value in self.values]
        return "\n".join(lines)

    def _repr_markdown_(self) -> str:
        lines = ["| family | lower bound |", "|---|---|"]
        for value in self.values:
            shown = show_lower(value.enclosure) if value.enclosure is not None else value.reason
            name = f"**{value.family.title}**" if value is self.best else value.family.title
            lines.append(f"| {name} | {shown} |")
        return "\n".join(lines)


@np.errstate(under="ignore")  # whatever the caller has told numpy to do with it
def evaluate(family: Family, problem: Problem, effort: Effort, extra: tuple[Caps, ...] = ()) -> FamilyValue:
    """What a family gives at a problem; ``extra`` are caps to try besides the known ones."""
    return _certified(family, problem, family.find(problem, effort, extra))


@np.errstate(under="ignore")
def _best(problem: Problem, effort: Effort, extra: tuple[Caps, ...]) -> FamilyValue:
    """The largest value of all families. One that can't reach the largest so far is not searched, or not certified."""
    values: list[FamilyValue] = []
    level = -math.inf
    for family in _ORDERS[problem.d > _FEW_DIMENSIONS]:
        design = family.find(problem, effort, extra, level)
        if isinstance(design, Claim) and design.log_level <= level:
            continue
        values.append(_certified(family, problem, design))
        level = max(level, values[-1].log10 * math.log(10) - 2 * log_exact(problem.B))
    return max(values, key=lambda value: value.log10)


def _certified(family: Family, problem: Problem, design: Design | NotApplicable) -> FamilyValue:
    """The enclosed value of what a search found."""
    if isinstance(design, NotApplicable):
        return FamilyValue(family, None, None, design.reason)
    try:
        with precision(design.bits(problem)):
            value = design.bound(problem) * ball(problem.B) ** 2
            if not (value.is_finite() and value > 0):
                return FamilyValue(family, None, None, "the value was not shown to be positive")
            return FamilyValue(family, design.design if isinstance(design, Claim) else design, enclosure(value))
    except ArithmeticError as error:
        return FamilyValue(family, None, None, str(error))


def check_dimension(argument: str, d: Number) -> None:
    """Raise ValueError where floats can't hold what the searches need in d dimensions."""
    if d > _LARGEST_D:
        raise ValueError(f"{argument} must be at most 1e100 for bounds with all constants, got {show_exact(d)}")


def problem_of(setting: Setting, weight: AnyWeight) -> Problem:
    """The problem at a complete setting.

    Raises
    ------
    TypeError
        If one of d, n, sigma, B and C is missing.
    ValueError
        If d is so large that floats can't hold what the searches need.
    """
    values = {name: getattr(setting, name) for name in _NAMES}
    for name, value in values.items():
        if value is None:
            raise TypeError(f"{name} must be a number, got None")
    d, n, sigma, B, C = (fraction(value) for value in values.values())
    check_dimension("d", d)
    return Problem(int(d), n, sigma, B, C, weight)


def read(d: object, n: object, sigma: object, B: object, C: object, weight: object) -> tuple[Setting, Problem]:
    """What a caller passed, as a setting and as the problem there."""
    setting = Setting.parse(d=d, n=n, sigma=sigma, B=B, C=C)
    return setting, problem_of(setting, read_weight("weight", weight))


def parse(name: str, kind: type[Choice], value: object) -> Choice:
    """An enum member from itself or its value."""
    if isinstance(value, kind):
        return value
    names = [member.value for member in kind]
    if isinstance(value, str) and value in names:
        return kind(value)
    raise ValueError(f"{name} must be {' or '.join(repr(n) for n in names)}, got {describe(value)}")


@dataclass(frozen=True, eq=False, repr=False)
class LowerBoundGrid(Shown):
    """Lower bounds on a grid of settings: an array of LowerBound in the common shape of the arguments."""

    bounds: NDArray[np.object_]

    @property
    def shape(self) -> tuple[int, ...]:
        """Common shape of the arguments."""
        return self.bounds.shape

    def _collect(self, name: str, kind: type) -> NDArray[Any]:
        return np.array([getattr(b, name) for b in self.bounds.ravel()], dtype=kind).reshape(self.shape)

    def __str__(self) -> str:
        ordered = sorted(self.bounds.ravel().tolist(), key=lambda bound: bound.log10_lower)
        least, most = (show_lower(ordered[i].enclosure) for i in (0, -1))
        winners = ", ".join(sorted({bound.winner for bound in ordered}))
        return f"Minimax lower bounds on a grid of shape {self.shape}, from {least} to {most}, by {winners}"

    @property
    def lower(self) -> NDArray[np.float64]:
        """Floats below the bounds."""
        return self._collect("lower", float)

    @property
    def log10_lower(self) -> NDArray[np.float64]:
        """Logarithms to base 10 of the bounds, rounded down."""
        return self._collect("log10_lower", float)

    @property
    def winner(self) -> NDArray[np.object_]:
        """Keys of the families with the largest values."""
        return self._collect("winner", object)


# An array makes a grid; the plain overload would take it too, as an object.
@overload
def explicit_lower(d: Grid, n: object, *others: Any, **named: Any) -> LowerBoundGrid: ...  # type: ignore[overload-overlap]


@overload
def explicit_lower(d: object, n: Grid, *others: Any, **named: Any) -> LowerBoundGrid: ...  # type: ignore[overload-overlap]


@overload
def explicit_lower(
    d: object,
    n: object,
    sigma: object = ...,
    B: object = ...,
    C: object = ...,
    weight: object = ...,
    effort: Effort | str = ...,
    code: CodeLike | None = ...,
) -> LowerBound: ...


def explicit_lower(
    d: object,
    n: object,
    sigma: object = 1,
    B: object = 1,
    C: object = 1,
    weight: object = Weight.CANONICAL,
    effort: Effort | str = Effort.FAST,
    code: CodeLike | None = None,
) -> LowerBound | LowerBoundGrid:
    """The best explicit minimax lower bound at a setting, over every family, with a rigorous enclosure.

    The class is {f on the unit ball of R^d: |f|_inf <= B, |f|_{V_g} <= C}, the design uniform on the ball, the noise
    N(0, sigma^2), the error the mean squared error in L2 of the design.

    At each effort the bound does not increase with n and does not decrease with sigma, B and C, up to rounding
    (1e-12 relative): the searches maximise over sets of designs that don't depend on these numbers, and claim what they
    find less a margin of up to 0.3 % for their own errors, which ball arithmetic certifies. Certainty is about the bound;
    monotonicity rests on measurements: for d <= 50, that no cap is ruled out wrongly by its rough value, and for all d that
    claims are within that margin and that rough values never rule the stacks of trapezoids out wrongly.

    Parameters
    ----------
    d, n, sigma, B, C : numbers or text, or arrays of numbers
        Read exactly; a float is the decimal number it shows. Arrays broadcast against each other and give a grid.
    weight : {"canonical", "population", "trace"}, Weight, or number
        (1 - |t|)^(d+2), the weight of the uniform distribution, that of the trace of the Hessian (Theorem F) for it, or
        gamma >= 0 for (1 - |t|)^gamma. The bound rises with gamma, up to the margin of the searches.
    effort : {"fast", "full"} or Effort
        How long to search; the bound is rigorous at either. Fast takes 15 to 50 ms once warm, that is after calls
        with the same d and weight and n, sigma, B and C of like sizes, which build tables; up to 0.1 s for d = 1000,
        0.4 s for 10^4 and 1.3 s for 10^6.
    code : optional
        A certified spherical code in R^d (``size``, ``max_inner_product().upper``): its caps are tried too.

    Returns
    -------
    LowerBound, or LowerBoundGrid if an argument is an array, list or tuple

    Raises
    ------
    TypeError, ValueError
        For an argument that is not a number or lies outside its domain; the message names it.

    Examples
    --------
    >>> bound = explicit_lower(d=5, n=1e6)
    >>> bound.winner, bound.lower > 0.0135
    ('stacked-trapezoids', True)
    >>> explicit_lower(5, 1e6, weight="trace").lower < explicit_lower(5, 1e6, weight="13/2").lower < bound.lower
    True
    >>> explicit_lower([1, 2], 1e4).lower.round(3)
    array([0.005, 0.018])
    """
    if is_grid(d, n, sigma, B, C):
        arrays = np.broadcast_arrays(*map(read_array, _NAMES, (d, n, sigma, B, C)))
        bounds = np.empty(arrays[0].shape, dtype=object)
        for i in np.ndindex(bounds.shape):
            at = [float(array[i]) for array in arrays]
            bounds[i] = explicit_lower(at[0], at[1], at[2], at[3], at[4], weight, effort, code)
        return LowerBoundGrid(bounds)
    setting, problem = read(d, n, sigma, B, C, weight)
    how = parse("effort", Effort, effort)
    extra = (from_code(problem.d, code),) if code is not None else ()
    return LowerBound(setting, problem, how, extra, _best(problem, how, extra))
