"""What an explicit bound returns: a number that is a theorem, or the reason why there is none."""

from __future__ import annotations

import math
from dataclasses import dataclass

from boundcalc.enclosure import Enclosure
from boundcalc.setting import Setting
from boundcalc.statement import Theorem

__all__ = ["ExplicitBound", "Unmet"]


@dataclass(frozen=True)
class ExplicitBound:
    """A non-asymptotic bound: every value of the error at the setting obeys it.

    Attributes
    ----------
    theorem : Theorem
    setting : Setting
        Complete: defaults filled in.
    enclosure : Enclosure
        Rigorous enclosure of the expression's exact value.
    assumed : tuple of str
        The defaults that were filled in.
    """

    theorem: Theorem
    setting: Setting
    enclosure: Enclosure
    assumed: tuple[str, ...] = ()

    @property
    def lower(self) -> float:
        """A float below the exact value (rounded down)."""
        return self.enclosure.floats[0]

    def _shown(self) -> str:
        """The lower end, rounded down to what is shown; as a power of ten where floats end."""
        if self.lower > 0:
            digits = 5 - math.floor(math.log10(self.lower))
            return (
                f"{math.floor(self.lower * 10.0**digits) / 10.0**digits:.6g}" if digits < 300 else f"{self.lower:.6g}"
            )
        return f"10^{math.floor(self.enclosure.log10[0] * 1000) / 1000:.3f}"

    def __str__(self) -> str:
        assumed = f" at {', '.join(self.assumed)}" if self.assumed else ""
        return (
            f"no estimator has a smaller worst-case error than {self._shown()}{assumed} "
            f"({self.theorem.source}, {self.theorem.status.value})."
        )


@dataclass(frozen=True)
class Unmet:
    """Why a theorem gives no bound at a setting; falsy."""

    theorem: Theorem
    setting: Setting
    reason: str

    def __bool__(self) -> bool:
        return False

    def __str__(self) -> str:
        return f"{self.theorem.source} ({self.theorem.status.value}) says nothing here: {self.reason}."
