"""What an explicit bound returns: a number that is a theorem, or the reason why there is none."""

from __future__ import annotations

from dataclasses import dataclass

from boundcalc.enclosure import Enclosure
from boundcalc.setting import Setting
from boundcalc.shown import Shown, show_lower
from boundcalc.statement import Theorem

__all__ = ["ExplicitBound", "Unmet"]


@dataclass(frozen=True, repr=False)
class ExplicitBound(Shown):
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

    @property
    def value(self) -> float:
        """The same as :attr:`lower`, under the name that every bound has."""
        return self.lower

    def __str__(self) -> str:
        assumed = f" at {', '.join(self.assumed)}" if self.assumed else ""
        return (
            f"no estimator has a smaller worst-case error than {show_lower(self.enclosure)}{assumed} "
            f"({self.theorem.source}, {self.theorem.status.value})."
        )


@dataclass(frozen=True, repr=False)
class Unmet(Shown):
    """Why a theorem gives no bound at a setting; falsy."""

    theorem: Theorem
    setting: Setting
    reason: str

    def __bool__(self) -> bool:
        return False

    def __str__(self) -> str:
        return f"{self.theorem.source} ({self.theorem.status.value}) says nothing here: {self.reason}."
