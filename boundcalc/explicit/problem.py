"""The problem that every family bounds, in exact numbers and in the two ratios on which it depends.

Dividing all functions by B leaves the class {|f|_inf <= 1, |f|_{V_g} <= c} with c = C/B and noise level sigma/B, so the
minimax risk is B^2 times a function of d, nu = n B^2/sigma^2 and c.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from fractions import Fraction
from typing import ClassVar

from boundcalc.cached import cached_property
from boundcalc.exact import describe, exact_rational, fraction, log_exact


class Weight(Enum):
    """The weight in the variation norm: as z^(d+2) at small depths z = 1 - |t|."""

    CANONICAL = "canonical"
    POPULATION = "population"

    def degree(self, d: int) -> Fraction:
        """The power of the depth of which it is a multiple; the multiple does not increase with the depth."""
        return Fraction(d + 2)

    @property
    def plain(self) -> bool:
        """Whether it is the power itself."""
        return self is Weight.CANONICAL


@dataclass(frozen=True)
class TraceWeight:
    """The weight g_tr of Theorem F for the uniform distribution: what the trace of the Hessian bounds."""

    value: ClassVar[str] = "trace"
    plain: ClassVar[bool] = False

    def degree(self, d: int) -> Fraction:
        """As of :class:`Weight`."""
        return Fraction(d + 3, 2)


@dataclass(frozen=True)
class PowerWeight:
    """(1 - |t|)^gamma, gamma >= 0."""

    gamma: Fraction
    plain: ClassVar[bool] = True

    @property
    def value(self) -> str:
        """In words."""
        return f"(1 - |t|)^{self.gamma if self.gamma.denominator == 1 else f'({self.gamma})'}"

    def degree(self, d: int) -> Fraction:
        """As of :class:`Weight`."""
        return self.gamma


TRACE = TraceWeight()
AnyWeight = Weight | TraceWeight | PowerWeight
# Beyond it the weight is below every float at all depths that matter.
_LARGEST_POWER = 10**6


def read_weight(name: str, value: object) -> AnyWeight:
    """A weight from itself, its word, or gamma for (1 - |t|)^gamma.

    Examples
    --------
    >>> read_weight("weight", "trace").value, read_weight("weight", "5/2").value, read_weight("weight", "canonical")
    ('trace', '(1 - |t|)^(5/2)', <Weight.CANONICAL: 'canonical'>)
    """
    if isinstance(value, (Weight, TraceWeight, PowerWeight)):
        return value
    for known in (*Weight, TRACE):
        if isinstance(value, str) and value == known.value:
            return known
    words = f"{name} must be 'canonical' or 'population', 'trace', or a power from 0 to 10^6, got {describe(value)}"
    try:
        gamma = fraction(exact_rational(name, value))
    except (TypeError, ValueError):
        raise ValueError(words) from None
    if not 0 <= gamma <= _LARGEST_POWER:
        raise ValueError(words)
    return PowerWeight(gamma)


class Effort(Enum):
    """How long to search for a good prior; the bound is rigorous at every effort."""

    FAST = "fast"
    FULL = "full"


@dataclass(frozen=True)
class Problem:
    """Minimax estimation over {|f|_inf <= B, |f|_{V_g} <= C} from n samples with noise level sigma."""

    d: int
    n: Fraction
    sigma: Fraction
    B: Fraction
    C: Fraction
    weight: AnyWeight = Weight.CANONICAL

    @cached_property
    def nu(self) -> Fraction:
        """n B^2/sigma^2."""
        return self.n * (self.B / self.sigma) ** 2

    @cached_property
    def budget(self) -> Fraction:
        """C/B."""
        return self.C / self.B

    @cached_property
    def log_nu(self) -> float:
        """Natural logarithm of :attr:`nu`, in floating point."""
        return log_exact(self.nu)

    @cached_property
    def log_budget(self) -> float:
        """Natural logarithm of :attr:`budget`, in floating point."""
        return log_exact(self.budget)

    def at(self, n: Fraction) -> Problem:
        """The same problem with another number of samples."""
        return replace(self, n=n)
