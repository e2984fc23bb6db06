"""Claims and what measurements say of them: verdicts, outcomes, and the report of a command with its exit code."""

from __future__ import annotations

import json
import math
import numbers
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from fractions import Fraction

import numpy as np
from sympy import Expr, Rational, Symbol

from boundcalc.border import ExitCode
from boundcalc.enclosure import Enclosure, enclose
from boundcalc.exact import describe, fraction, rational
from boundcalc.files import as_path, write_text
from boundcalc.shown import float_above, float_below, show_interval, show_lower, show_upper
from boundcalc.shown import show as show_number
from boundcalc.statement import Status

__all__ = [
    "ExitCode",
    "Interval",
    "Measured",
    "Outcome",
    "Relation",
    "Report",
    "Trust",
    "Verdict",
    "judge",
    "judged",
    "show",
    "stated",
]


class Verdict(Enum):
    """What a measurement says about a claim; the value is the word that reports show. Only :func:`judge` makes them.

    PROVED needs rigorous enclosures on both sides. CONSISTENT is floating-point or statistical agreement.
    REFUTED needs disjoint enclosures, or a failed test at the stated level for random claims.
    FAILS says that the object asked about does not have the property: nothing is refuted, for no theorem says that it has.
    UNDECIDED says that the measurement can't tell. NOT_APPLICABLE says that the claim's hypotheses don't hold.
    """

    PROVED = "proved"
    CONSISTENT = "consistent"
    REFUTED = "REFUTED"
    FAILS = "does not hold"
    UNDECIDED = "undecided"
    NOT_APPLICABLE = "not applicable"


class Trust(Enum):
    """How far a number can be trusted: the one word list of all packages.

    PROVED: exact, or enclosed with rounding bounded. FLOAT_CERTIFIED: certified up to an error that is stated but not
    proved, such as rounding that is estimated, or a confidence level. HEURISTIC: found, with no error stated.
    """

    PROVED = "proved"
    FLOAT_CERTIFIED = "float-certified"
    HEURISTIC = "heuristic"

    def worse(self, other: Trust) -> Trust:
        """The weaker of the two: what a number that rests on both may claim.

        >>> Trust.PROVED.worse(Trust.HEURISTIC)
        <Trust.HEURISTIC: 'heuristic'>
        """
        order = list(Trust)
        return max(self, other, key=order.index)


class Relation(Enum):
    """How measured value and bound are compared; the value is the sign that reports show."""

    AT_MOST = "<="
    AT_LEAST = ">="
    BELOW = "<"
    ABOVE = ">"
    EQUAL = "="
    WITHIN = "in"
    CONTAINS = "contains"


End = int | float | Fraction


def _exact_end(name: str, value: object) -> End:
    """A number as one of Python's own: those of numpy overflow in exact arithmetic, or round what they are compared with."""
    if not isinstance(value, (bool, np.timedelta64)):
        if isinstance(value, numbers.Rational):
            return int(value) if isinstance(value, numbers.Integral) else fraction(value)
        if isinstance(value, numbers.Real) and (math.isnan(value) or float(value) == value):
            return float(value)
    raise TypeError(f"{name} must be a number: only numbers and intervals can be judged, got {describe(value)}")


@dataclass(frozen=True)
class Interval:
    """A closed interval. Its ends are exact: a float counts as the binary number that it is.

    Attributes
    ----------
    lower, upper : int, float or Fraction
        Infinite ends are allowed, NaN is not.
    meaning : str
        What kind it is: an enclosure, or a confidence interval with its level.
    trust : Trust
        Whether the interval is sure to hold the value. By default an "enclosure" is proved, anything else float-certified.

    Examples
    --------
    >>> str(Interval(1.0, 2.5)), Interval(0, 1, "confidence interval, level 0.99").trust.value
    ('[1, 2.5]', 'float-certified')
    """

    lower: End
    upper: End
    meaning: str = "enclosure"
    trust: Trust | None = None

    def __post_init__(self) -> None:
        for name in ("lower", "upper"):
            object.__setattr__(self, name, _exact_end(name, getattr(self, name)))
        if not self.lower <= self.upper:
            raise ValueError(
                f"lower end must not exceed the upper end, as measured or as bound, got [{self.lower!r}, {self.upper!r}]"
            )
        if self.trust is None:
            kind = Trust.PROVED if self.meaning == "enclosure" else Trust.FLOAT_CERTIFIED
            object.__setattr__(self, "trust", kind)

    @classmethod
    def of(cls, found: Enclosure) -> Interval:
        """An enclosure of :mod:`boundcalc`: exact ends, or floats further out where those are too long to write."""
        try:
            return cls(found.low.fraction, found.high.fraction)
        except OverflowError:
            return cls(*found.floats)

    @classmethod
    def near(cls, value: End, error: End, meaning: str = "rounding") -> Interval:
        """A value within an error that is estimated or granted, not proved; the ends are exact.

        >>> Interval.near(1.0, Fraction(1, 10)).upper
        Fraction(11, 10)
        """
        centre, radius = Fraction(_exact_end("value", value)), Fraction(_exact_end("error", error))
        return cls(centre - radius, centre + radius, meaning)

    def __mul__(self, factor: int | Fraction) -> Interval:
        """Every value times a factor of at least 0, exactly."""
        exact = Fraction(_exact_end("factor", factor))
        low, high = (
            e if isinstance(e, float) and math.isinf(e) else Fraction(e) * exact for e in (self.lower, self.upper)
        )
        return replace(self, lower=low, upper=high)

    def __contains__(self, value: End) -> bool:
        return self.lower <= value <= self.upper

    @property
    def is_narrow(self) -> bool:
        """Whether the ends agree to about five digits."""
        return float(self.upper) - float(self.lower) <= 1e-5 * min(abs(float(self.lower)), abs(float(self.upper)))

    def __str__(self) -> str:
        """Rounded outwards, with enough digits to tell the ends apart where they are close."""
        return show_interval(self.lower, self.upper, 9 if self.is_narrow else 6)


def stated(expr: Expr, values: Mapping[Symbol, int | Fraction]) -> Fraction | Interval:
    """What a formula says at these numbers: exactly where it is rational, else enclosed.

    >>> x = Symbol("x")
    >>> stated(x / 3, {x: 2}), 1.4142 < stated(x**Rational(1, 2), {x: 2}).lower
    (Fraction(2, 3), True)
    """
    exact = {symbol: rational(value) for symbol, value in values.items()}
    found = expr.subs(exact)
    return fraction(found) if isinstance(found, Rational) else Interval.of(enclose(expr, exact))


Measured = int | float | Fraction | str | Interval | None

# In which direction a bound is safe to round. What is measured is rounded alike, so that both keep their order.
_UPWARDS = {Relation.AT_MOST: True, Relation.BELOW: True, Relation.AT_LEAST: False, Relation.ABOVE: False}


def show(value: Measured, relation: Relation | None = None) -> str:
    """A measured value, or the bound of a relation, as short text: rounded to the safe side of the relation.

    Of a narrow interval on one side of a relation the end on the safe side is shown.

    >>> show(0.13397459), show(264), show(Interval(1.0, 2.5)), show(None), show(Fraction(2, 3), Relation.AT_MOST)
    ('0.133975', '264', '[1, 2.5]', '-', '0.666667')
    >>> show(Interval(0.1234567, 0.1234568), Relation.AT_LEAST), show(Interval(0.1234567, 0.1234568))
    ('0.123456', '[0.1234567, 0.123456801]')
    """
    if value is None:
        return "-"
    if isinstance(value, float) and math.isnan(value):
        return "nan"  # such as the error of a training that diverged
    upwards = None if relation is None else _UPWARDS.get(relation)
    if isinstance(value, Interval) and upwards is not None and value.is_narrow:
        value = value.upper if upwards else value.lower
    if isinstance(value, (str, Interval)):
        return str(value)
    return show_number(value) if upwards is None else show_upper(value) if upwards else show_lower(value)


def _interval(name: str, value: int | float | Fraction | Interval, floats: Trust) -> Interval:
    """A measured value as an interval: exact numbers are proved, a float alone states no error."""
    if isinstance(value, Interval):
        return value
    end = _exact_end(name, value)
    return Interval(end, end, "value", floats if isinstance(end, float) else Trust.PROVED)


def _holds(a: Interval, relation: Relation, b: Interval) -> bool | None:
    """Whether the relation holds for every pair of values, for none (False), or for some (None)."""
    if relation is Relation.AT_MOST:
        return True if a.upper <= b.lower else False if a.lower > b.upper else None
    if relation is Relation.BELOW:
        return True if a.upper < b.lower else False if a.lower >= b.upper else None
    if relation is Relation.AT_LEAST:
        return _holds(b, Relation.AT_MOST, a)
    if relation is Relation.ABOVE:
        return _holds(b, Relation.BELOW, a)
    apart = a.upper < b.lower or b.upper < a.lower
    if relation is Relation.EQUAL:
        return False if apart else True if a.lower == a.upper == b.lower == b.upper else None
    inner, outer = (a, b) if relation is Relation.WITHIN else (b, a)
    return False if apart else True if outer.lower <= inner.lower and inner.upper <= outer.upper else None


def judge(
    measured: int | float | Fraction | Interval | None,
    relation: Relation,
    bound: int | float | Fraction | Interval | None,
    floats: Trust = Trust.HEURISTIC,
) -> Verdict:
    """What a measurement says about "measured, relation, bound": the only maker of verdicts.

    Ends are compared exactly. Integers, fractions and enclosures are proved; a float alone states no error, so it is at best
    CONSISTENT and never refutes; an interval with a stated error (a confidence level, an estimate of rounding) is at best
    CONSISTENT too, but refutes at that level. What the ends leave open is UNDECIDED, as is anything not measured (None).
    WITHIN asks whether the measured value lies in the set that the bound is, CONTAINS whether the bound lies in the measured
    set. Equality is proved for exact numbers alone: for an enclosure, ask whether it lies WITHIN a tolerance.

    Parameters
    ----------
    floats : Trust
        What a float alone is worth here: FLOAT_CERTIFIED where the bound already allows for its error, such as a tolerance
        for rounding or the quantile of a test. Then it refutes.

    Raises
    ------
    TypeError
        For what is neither a number nor an interval.
    ValueError
        For NaN, and for floats that are said to be PROVED: pass them as Fraction, or as the ends of an Interval.

    Examples
    --------
    >>> judge(Interval(0.1, 0.2), Relation.AT_MOST, Fraction(1, 5)).value  # the float 0.2 lies above 1/5
    'undecided'
    >>> judge(Interval(0.1, 0.2), Relation.AT_MOST, 0.2).value, judge(0.1, Relation.AT_MOST, 0.2).value
    ('consistent', 'consistent')
    >>> judge(Interval(3, 4), Relation.AT_MOST, 2).value, judge(3.0, Relation.AT_MOST, 2).value
    ('REFUTED', 'undecided')
    """
    if measured is None or bound is None:
        return Verdict.UNDECIDED
    if floats is Trust.PROVED:
        raise ValueError("floats alone prove nothing; pass a Fraction, or an Interval with the float as its exact end")
    a, b = _interval("measured", measured, floats), _interval("bound", bound, floats)
    holds, trusts = _holds(a, relation, b), {a.trust, b.trust}
    if holds is None:
        return Verdict.UNDECIDED
    if trusts == {Trust.PROVED}:
        return Verdict.PROVED if holds else Verdict.REFUTED
    if holds:
        return Verdict.CONSISTENT
    return Verdict.UNDECIDED if Trust.HEURISTIC in trusts else Verdict.REFUTED


def judged(
    check: str,
    theorem: str,
    claim: str,
    measured: int | float | Fraction | Interval | None,
    relation: Relation,
    bound: int | float | Fraction | Interval | None,
    status: Status | None,
    evidence: Mapping[str, object] | None = None,
    *,
    obstacle: str | None = None,
    floats: Trust = Trust.HEURISTIC,
) -> Outcome:
    """The outcome of one claim.

    Parameters
    ----------
    check, theorem, claim, measured, relation, bound, evidence
        As in :class:`Outcome`.
    status : Status or None
        Of the claim. None for a question about an object that no theorem answers: "is this network stable at this step size?"
    floats : Trust
        As for :func:`judge`.
    obstacle : str, optional
        Why the hypotheses of the claim don't hold here: then it is not judged at all.

    Raises
    ------
    ValueError
        If the theorem is neither a key of the registry nor a source.
    """
    if not theorem.strip("- "):
        raise ValueError(f"theorem must be a key of the registry or a source, got {theorem!r} for {claim!r}")
    facts = dict(evidence or {})
    if obstacle is not None:
        verdict = Verdict.NOT_APPLICABLE
        facts["reason"] = obstacle
    else:
        verdict = judge(measured, relation, bound, floats)
        if verdict is Verdict.REFUTED and status is None:
            verdict = Verdict.FAILS
    return Outcome(check, theorem, claim, measured, bound, verdict, status, facts, relation)


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
    status : Status or None
        Status of the claim, not of the measurement; None for a question that no theorem answers.
    evidence : mapping
        Numbers and words behind the verdict: method, seeds, confidence levels. JSON types only.
    relation : Relation
        How measured value and bound are compared.
    """

    check: str
    theorem: str
    claim: str
    measured: Measured
    bound: Measured
    verdict: Verdict
    status: Status | None
    evidence: Mapping[str, object] = field(default_factory=dict)
    relation: Relation = Relation.AT_MOST

    @property
    def sign(self) -> str:
        """The relation as reports show it."""
        return self.relation.value


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


def _json_measured(value: Measured, relation: Relation) -> object:
    """Ends of intervals and fractions become floats on their safe side."""
    if isinstance(value, Interval):
        ends = float_below(value.lower), float_above(value.upper)
        return {"lower": _json_number(ends[0]), "upper": _json_number(ends[1]), "meaning": value.meaning}
    if isinstance(value, Fraction):
        upwards = _UPWARDS.get(relation)
        return _json_number(float(value) if upwards is None else float_above(value) if upwards else float_below(value))
    return _json_number(value)


@dataclass(frozen=True)
class Report:
    """Outcomes of a command with the setting that they belong to.

    Attributes
    ----------
    setting : mapping
        Every input and the seed; JSON types. Together with the code it determines all but ``timing``.
    facts : mapping of str to mapping
        What was built, by section, such as ``{"packing": {"size": 264, ...}}``.
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
        """REFUTED if anything is refuted or does not hold, else UNDECIDED if anything is, else FINE."""
        verdicts = {o.verdict for o in self.outcomes}
        if verdicts & {Verdict.REFUTED, Verdict.FAILS}:
            return ExitCode.REFUTED
        return ExitCode.UNDECIDED if Verdict.UNDECIDED in verdicts else ExitCode.FINE

    def text(self) -> str:
        """The report for a terminal: one line per claim under its check's name, aligned."""
        rows = [
            (
                o.verdict.value,
                o.status.value if o.status is not None else "",
                show(o.measured, o.relation),
                "" if o.bound is None else o.sign,
                show(o.bound, o.relation),
                _with_reason(o),
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
                    "claim": f"{o.claim} (measured {o.sign} bound)",
                    "measured": _json_measured(o.measured, o.relation),
                    "bound": _json_measured(o.bound, o.relation),
                    "verdict": o.verdict.value,
                    "status": None if o.status is None else o.status.value,
                    "evidence": _json_number(o.evidence),
                }
                for o in self.outcomes
            ],
            "timing": _json_number(self.timing),
        }
        return json.dumps(content, indent=1, allow_nan=False, ensure_ascii=False) + "\n"

    def write_json(self, path: str | os.PathLike[str]) -> None:
        """Write the JSON text, whole or not at all."""
        write_text(as_path("path", path), self.json())


def _with_reason(outcome: Outcome) -> str:
    """The claim, with what keeps it from being judged."""
    reason = outcome.evidence.get("reason") if outcome.verdict is Verdict.NOT_APPLICABLE else None
    return outcome.claim if reason is None or str(reason) in outcome.claim else f"{outcome.claim}: {reason}"


def show_fact(value: object) -> str:
    """A fact as short text; exact rationals arrive as text already."""
    return show(value) if isinstance(value, (int, float, Interval)) or value is None else str(value)
