"""From which number of samples on the functions near the sphere rule the explicit lower bound."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

from boundcalc.bracketing import bracket
from boundcalc.explicit.lower import FAMILIES, FamilyValue, evaluate, parse, read
from boundcalc.explicit.problem import AnyWeight, Effort, Weight
from boundcalc.setting import Setting
from boundcalc.shown import Shown, show_exact, show_upper

_LARGEST = 10**40
_PROBES = (10**20, 10**10, 10**5, 300, 20, 4, 1)
# In log10(n): 1 %.
_TOLERANCE = 0.004


@dataclass(frozen=True, repr=False)
class Crossover(Shown):
    """Where the boundary-localised families overtake those whose functions spread over the ball.

    A comparison of explicit bounds of this catalogue, each a theorem; where the families' true risks cross is not claimed.

    Attributes
    ----------
    n : int or None
        From here on the localised families give the larger bound at every n tried; None if not up to 10^40.
    localised, spread : FamilyValue
        The best of either kind there.
    """

    setting: Setting
    weight: AnyWeight
    n: int | None
    localised: FamilyValue
    spread: FamilyValue

    def __str__(self) -> str:
        localised, spread = self.localised.family.title, self.spread.family.title
        if self.n is None:
            return (
                f"up to n = {show_exact(_LARGEST)}, the bound by {spread} exceeds those by the families near the sphere"
            )
        where = "at every n" if self.n == 1 else f"from n = {show_upper(self.n)} on"
        return f"{where}, the bound by {localised} exceeds the one by {spread}"


def crossover(
    d: object,
    sigma: object = 1,
    B: object = 1,
    C: object = 1,
    weight: object = Weight.CANONICAL,
    effort: Effort | str = Effort.FAST,
) -> Crossover:
    """From which n on the boundary-localised families exceed the affine, ridge and polynomial families.

    Beyond the crossover the explicit bound comes from functions that live near the sphere, where the weight of the variation
    norm is small and data are few: the neural shattering of LQWP25.

    Parameters and errors as in :func:`boundcalc.explicit.lower.explicit_lower`. The answer is right to 1 % in n where the
    two kinds change places once.

    Examples
    --------
    >>> point = crossover(12)
    >>> 10**19 < point.n < 10**20
    True
    """
    _, problem = read(d, 1, sigma, B, C, weight)
    how = parse("effort", Effort, effort)

    @lru_cache(maxsize=256)
    def best(n: int) -> tuple[FamilyValue, FamilyValue]:
        values = [evaluate(family, problem.at(Fraction(n)), how) for family in FAMILIES]
        of_kind = ([v for v in values if v.family.boundary_localised is kind] for kind in (True, False))
        localised, spread = (max(kind, key=lambda v: v.log10) for kind in of_kind)
        return localised, spread

    def gap(n: int) -> float:
        localised, spread = best(n)
        return spread.log10 - localised.log10

    right = (_LARGEST, gap(_LARGEST))
    n = None if right[1] > 0 else right[0]
    # From the right: for few samples the localised families may be ahead once more.
    for probe in _PROBES if n else ():
        left = (probe, gap(probe))
        if left[1] > 0:
            n = bracket(gap, left, right, _TOLERANCE)[1]
            break
        n, right = probe, left
    setting = Setting.parse(d=d, sigma=sigma, B=B, C=C)
    return Crossover(setting, problem.weight, n, *best(n or _LARGEST))
