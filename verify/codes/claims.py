"""What is claimed of a spherical code: its separation, and its size beside the bounds."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from boundcalc.statement import Status
from constructions.codes.bounds import KISSING_RECORDS
from constructions.spherical_code import SphericalCode
from verify.codes.setting import CodesSetting
from verify.outcome import Outcome, Verdict

__all__ = ["outcomes_of"]

_SIXTY = Fraction(1, 2)
NAME = "spherical code"


def outcomes_of(setting: CodesSetting, code: SphericalCode) -> Iterator[Outcome]:
    number, d = setting.number, setting.d
    certificate = code.certify_separation(setting.cosine)
    yield Outcome(
        NAME,
        "packing-size",
        f"largest inner product of {code.size} points at {setting.asked}",
        float(certificate.bound.upper),
        float(setting.cosine),
        {True: Verdict.PROVED, False: Verdict.REFUTED, None: Verdict.UNDECIDED}[certificate.holds],
        Status.DERIVED,
        {"method": certificate.method, "exact_pairs": certificate.exact_pairs, "limit": str(setting.cosine)},
    )
    existence = next((b for b in number.lower_bounds if b.name.startswith("existence")), None)
    if existence is not None:
        enough = code.size >= existence.value
        yield Outcome(
            NAME,
            "packing-size",
            "as many points as a maximal code must have" if enough else "fewer points than a maximal code must have",
            code.size,
            _shown(existence.value),
            Verdict.PROVED if enough else Verdict.UNDECIDED,
            Status.DERIVED,
            {"bound": existence.name},
            relation=">=",
        )
    best = number.lower_bounds[0]
    yield Outcome(
        NAME,
        "packing-size",
        f"against the largest number proved by formula: {best.name}",
        code.size,
        _shown(best.value),
        Verdict.PROVED if code.size >= best.value else Verdict.NOT_APPLICABLE,
        Status.DERIVED,
        {"every_bound": {b.name: str(b.value) for b in number.lower_bounds}},
        relation=">=",
    )
    upper = number.upper_bounds[0]
    optimal = code.size == upper.value
    yield Outcome(
        NAME,
        "packing-size",
        f"{'no code is larger' if optimal else 'no code has more points'}: {upper.name}",
        code.size,
        _shown(upper.value),
        Verdict.PROVED if code.size <= upper.value else Verdict.REFUTED,
        Status.DERIVED,
        {"every_bound": {b.name: str(b.value) for b in number.upper_bounds}, "share": code.size / upper.value},
        relation="=" if optimal else "<=",
    )
    if setting.cosine == _SIXTY and d in KISSING_RECORDS:
        record = KISSING_RECORDS[d]
        words = "the largest number on record" if code.size <= record.size else "more than the number on record"
        yield Outcome(
            NAME,
            "kissing numbers on record",
            f"{words} ({record.source})",
            code.size,
            record.size,
            Verdict.CONSISTENT,
            Status.NUMERIC,
            {"optimal": record.optimal, "share": code.size / record.size},
            relation="of",
        )


def _shown(value: int) -> int | str:
    return value if value < 10**15 else f"about 10^{len(str(value)) - 1}"
