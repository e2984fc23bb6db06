"""From which number of samples on the functions near the sphere rule the explicit lower bound."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

from boundcalc.explicit.lower import FAMILIES, FamilyValue, evaluate, parse, problem_of
from boundcalc.explicit.problem import Effort, Problem, Weight
from boundcalc.setting import Setting

__all__ = ["Crossover", "crossover"]

_LARGEST_LOG10 = 40.0


@dataclass(frozen=True)
class Crossover:
    """Where the boundary-localised families overtake the affine and ridge families.

    A comparison of explicit bounds of this catalogue, each a theorem; where the families' true risks cross is not claimed.

    Attributes
    ----------
    setting : Setting
        Without n.
    weight : Weight
    log10_n : float or None
        From here on the localised families give the larger bound at every n tried; None if not up to 10^40.
    localised, spread : FamilyValue
        The best of either kind there.
    """

    setting: Setting
    weight: Weight
    log10_n: float | None
    localised: FamilyValue
    spread: FamilyValue

    @property
    def n(self) -> int | None:
        """The number of samples, rounded up, where it is below 10^15."""
        return math.ceil(10**self.log10_n) if self.log10_n is not None and self.log10_n < 15 else None

    def __str__(self) -> str:
        localised, spread = self.localised.family.title, self.spread.family.title
        if self.log10_n is None:
            return (
                f"up to n = 10^{_LARGEST_LOG10:g}, the bound by {spread} exceeds those by the families near the sphere"
            )
        where = "at every n" if self.log10_n == 0 else f"from n = {10**self.log10_n:.3g} on"
        return f"{where}, the bound by {localised} exceeds the one by {spread}"


def _compare(problem: Problem, effort: Effort) -> tuple[FamilyValue, FamilyValue]:
    values = [evaluate(family, problem, effort, ()) for family in FAMILIES]
    localised = max((v for v in values if v.family.boundary_localised), key=lambda v: v.log10)
    spread = max((v for v in values if not v.family.boundary_localised), key=lambda v: v.log10)
    return localised, spread


def crossover(
    d: object,
    sigma: object = 1,
    B: object = 1,
    C: object = 1,
    weight: Weight | str = Weight.CANONICAL,
    effort: Effort | str = Effort.FAST,
) -> Crossover:
    """From which n on the boundary-localised families exceed the affine and ridge families.

    Beyond the crossover the explicit bound comes from functions that live near the sphere, where the weight of the variation
    norm is small and data are few: the neural shattering of LQWP25.

    Parameters and errors as in :func:`boundcalc.explicit.lower.explicit_lower`. The answer is right to 1 % in n, on a search
    grid of a factor of 10^(1/4).

    Examples
    --------
    >>> point = crossover(12)
    >>> 100 < point.n < 10**4
    True
    """
    setting = Setting.parse(d=d, n=1, sigma=sigma, B=B, C=C)
    which, how = parse("weight", Weight, weight), parse("effort", Effort, effort)
    base = problem_of(setting, which)

    def at(log10: float) -> tuple[FamilyValue, FamilyValue]:
        return _compare(base.at(Fraction(10**log10) if log10 < 15 else Fraction(10) ** round(log10)), how)

    def localised_wins(log10: float) -> bool:
        localised, spread = at(log10)
        return localised.log10 >= spread.log10

    without_n = Setting.parse(d=d, sigma=sigma, B=B, C=C)
    grid = [i / 4 for i in range(0, 57)] + [15.0 + i for i in range(0, int(_LARGEST_LOG10) - 14)]
    # From the right: the last grid point at which the spread families are ahead.
    if not localised_wins(grid[-1]):
        return Crossover(without_n, which, None, *at(grid[-1]))
    left, right = 0, len(grid) - 1
    while right - left > 1:
        middle = (left + right) // 2
        if localised_wins(grid[middle]):
            right = middle
        else:
            left = middle
    if left == 0 and localised_wins(grid[0]):
        return Crossover(without_n, which, 0.0, *at(0.0))
    low, high = grid[left], grid[right]
    while high - low > 0.004 and high < 15:
        middle_value = (low + high) / 2
        low, high = (low, middle_value) if localised_wins(middle_value) else (middle_value, high)
    return Crossover(without_n, which, high, *at(high))
