"""The problem that every family bounds, in exact numbers and in the two ratios on which it depends.

Dividing all functions by B leaves the class {|f|_inf <= 1, |f|_{V_g} <= c} with c = C/B and noise level sigma/B, so the
minimax risk is B^2 times a function of d, nu = n B^2/sigma^2 and c.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from fractions import Fraction

from boundcalc.cached import cached_property
from boundcalc.exact import log_exact


class Weight(Enum):
    """The weight in the variation norm."""

    CANONICAL = "canonical"
    POPULATION = "population"


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
    weight: Weight = Weight.CANONICAL

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
