"""What a check says: a verdict on one claim, with what was measured and the bound it was held against."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from boundcalc.theorem import Status

__all__ = ["Interval", "Measured", "Outcome", "Verdict", "show"]


class Verdict(Enum):
    """What a measurement says about a claim; the value is the word that reports show.

    PROVED needs rigorous enclosures on both sides. CONSISTENT is floating-point or statistical agreement.
    REFUTED needs disjoint enclosures, or a failed test at the stated level for random claims.
    UNDECIDED says that the measurement can't tell. NOT_APPLICABLE says that the claim's hypotheses don't hold.
    """

    PROVED = "proved"
    CONSISTENT = "consistent"
    REFUTED = "REFUTED"
    UNDECIDED = "undecided"
    NOT_APPLICABLE = "not applicable"


@dataclass(frozen=True)
class Interval:
    """A closed interval; ``meaning`` says what kind (an enclosure, or a confidence interval with its level)."""

    lower: float
    upper: float
    meaning: str = "enclosure"

    def __post_init__(self) -> None:
        if not self.lower <= self.upper:
            raise ValueError(f"lower end must not exceed the upper end, got [{self.lower!r}, {self.upper!r}]")

    def __contains__(self, value: float) -> bool:
        return self.lower <= value <= self.upper

    def __str__(self) -> str:
        if math.isclose(self.lower, self.upper, rel_tol=1e-9, abs_tol=0):
            return f"{(self.lower + self.upper) / 2:.9g}"
        return f"[{show(self.lower)}, {show(self.upper)}]"


Measured = int | float | str | Interval | None


def show(value: Measured) -> str:
    """A measured value as short text.

    >>> show(0.13397459), show(264), show(Interval(1.0, 2.5)), show(None)
    ('0.133975', '264', '[1, 2.5]', '-')
    """
    if value is None:
        return "-"
    if isinstance(value, int):
        return str(value) if abs(value) < 10**12 else f"{float(value):.6g}"
    return f"{value:.6g}" if isinstance(value, float) else str(value)


@dataclass(frozen=True)
class Outcome:
    """One claim, measured.

    Attributes
    ----------
    check : str
        Short name of what was checked.
    theorem : str
        Key of the theorem in :mod:`boundcalc.theorems`, or the place of the formula.
    claim : str
        The claim in words, with the relation between measured value and bound.
    measured, bound : int, float, str, Interval or None
    verdict : Verdict
    status : Status
        Status of the claim, not of the measurement.
    evidence : mapping
        Numbers and words behind the verdict: method, seeds, confidence levels. JSON types only.
    relation : str
        How measured value and bound are compared: "<=", ">=", "=", ">", "in" or "contains".
    """

    check: str
    theorem: str
    claim: str
    measured: Measured
    bound: Measured
    verdict: Verdict
    status: Status
    evidence: Mapping[str, object] = field(default_factory=dict)
    relation: str = "<="
