"""Claims and what measurements say of them: verdicts, outcomes, and the report of a command with its exit code."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, IntEnum
from pathlib import Path

from boundcalc.files import write_atomically
from boundcalc.statement import Status

__all__ = ["ExitCode", "Interval", "Measured", "Outcome", "Report", "Verdict", "show"]


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
        Key of the theorem in :mod:`boundcalc.statements`, or the place of the formula.
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


class ExitCode(IntEnum):
    """Exit codes of every command."""

    FINE = 0
    REFUTED = 1
    USAGE = 2
    UNDECIDED = 3
    INTERRUPTED = 130


def _json_number(value: object) -> object:
    """JSON has no infinities: they become text, loudly."""
    if isinstance(value, float) and not math.isfinite(value):
        return repr(value)
    if not isinstance(value, (str, int, float, Mapping, list, tuple, type(None))):
        raise TypeError(f"a report holds JSON types only, got {value!r} ({type(value).__name__})")
    if isinstance(value, Mapping):
        return {str(k): _json_number(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_json_number(v) for v in value]
    return value


def _json_measured(value: Measured) -> object:
    if isinstance(value, Interval):
        return {"lower": _json_number(value.lower), "upper": _json_number(value.upper), "meaning": value.meaning}
    return _json_number(value)


@dataclass(frozen=True)
class Report:
    """Outcomes of a command with the setting that they belong to.

    Attributes
    ----------
    title : str
    setting : mapping
        Every input and the seed; JSON types. Together with the code it determines all but ``timing``.
    facts : mapping of str to mapping
        What was built, by section, such as ``{"packing": {"size": 264, ...}}``.
    outcomes : sequence of Outcome
    timing : mapping
        Seconds; the only entry that differs between runs with the same seed.
    """

    title: str
    setting: Mapping[str, object]
    facts: Mapping[str, Mapping[str, object]]
    outcomes: Sequence[Outcome]
    timing: Mapping[str, float] = field(default_factory=dict)

    @property
    def exit_code(self) -> ExitCode:
        """REFUTED if anything is, else UNDECIDED if anything is, else FINE."""
        verdicts = {o.verdict for o in self.outcomes}
        if Verdict.REFUTED in verdicts:
            return ExitCode.REFUTED
        return ExitCode.UNDECIDED if Verdict.UNDECIDED in verdicts else ExitCode.FINE

    def text(self) -> str:
        """The report for a terminal: one line per claim under its check's name, aligned."""
        rows = [
            (
                o.verdict.value,
                o.status.value,
                show(o.measured),
                "" if o.bound is None else o.relation,
                show(o.bound),
                o.claim,
            )
            for o in self.outcomes
        ]
        head = ("verdict", "status", "measured", "", "bound", "claim")
        widths = [max(len(row[i]) for row in (head, *rows)) for i in range(5)]

        def line(row: tuple[str, ...]) -> str:
            cells = [
                row[0].ljust(widths[0]),
                row[1].ljust(widths[1]),
                row[2].rjust(widths[2]),
                row[3].center(widths[3]),
            ]
            return "  " + "  ".join([*cells, row[4].ljust(widths[4]), row[5]])

        lines = [self.title, ""]
        for name, facts in self.facts.items():
            lines.append(f"{name}: " + ", ".join(f"{key} {show_fact(value)}" for key, value in facts.items()))
        lines += ["", line(head)]
        previous = None
        for outcome, row in zip(self.outcomes, rows, strict=True):
            if outcome.check != previous:
                lines.append(outcome.check)
                previous = outcome.check
            lines.append(line(row))
        counts = [(v, sum(o.verdict is v for o in self.outcomes)) for v in Verdict]
        lines += ["", ", ".join(f"{count} {verdict.value}" for verdict, count in counts if count)]
        return "\n".join(lines)

    def json(self) -> str:
        """The report as JSON text; floats print so that they read back exactly."""
        content = {
            "setting": _json_number(self.setting),
            **{name: _json_number(facts) for name, facts in self.facts.items()},
            "outcomes": [
                {
                    "check": o.check,
                    "theorem": o.theorem,
                    "claim": f"{o.claim} (measured {o.relation} bound)",
                    "measured": _json_measured(o.measured),
                    "bound": _json_measured(o.bound),
                    "verdict": o.verdict.value,
                    "status": o.status.value,
                    "evidence": _json_number(o.evidence),
                }
                for o in self.outcomes
            ],
            "timing": _json_number(self.timing),
        }
        return json.dumps(content, indent=1, allow_nan=False, ensure_ascii=False) + "\n"

    def write_json(self, path: Path) -> None:
        """Write the JSON text, whole or not at all."""
        text = self.json().encode()
        write_atomically(path, lambda stream: stream.write(text))


def show_fact(value: object) -> str:
    """A fact as short text; exact rationals arrive as text already."""
    return show(value) if isinstance(value, (int, float, Interval)) or value is None else str(value)
