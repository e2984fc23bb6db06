"""What is claimed of a spherical code: its separation, and its size beside the bounds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from boundcalc.statement import Status
from constructions.spherical_code import SphericalCode
from verify.codes.setting import CodesSetting
from verify.outcome import Interval, Outcome, Relation, judged

NAME = "spherical code"


def outcomes_of(setting: CodesSetting, code: SphericalCode) -> Iterator[Outcome]:
    """Every verdict."""
    number = setting.number
    bound = code.max_inner_product()
    evidence = {"method": bound.method, "exact_pairs": bound.exact_pairs, "limit": str(setting.largest)}
    if bound.degrees is not None and setting.angle is not None:
        words = f"least angle of {code.size} points in degrees"
        yield _claim(words, Interval(bound.degrees, bound.degrees), Relation.AT_LEAST, setting.angle, evidence)
    else:
        certificate = code.certify_separation(setting.largest)
        words = f"largest inner product of {code.size} points at {setting.asked}"
        yield _claim(words, Interval(*certificate.largest), Relation.AT_MOST, certificate.cosine, evidence)
    existence = next((b for b in number.lower_bounds if b.name.startswith("existence")), None)
    if existence is not None:
        short = "a maximal code has more points: this one can be extended" if code.size < existence.count else None
        words = "as many points as a maximal code must have"
        yield _claim(words, code.size, Relation.AT_LEAST, existence.count, {"bound": existence.name}, short)
    best = number.lower_bounds[0]
    yield _claim(
        f"against the largest code known here: {best.name}",
        code.size,
        Relation.AT_LEAST,
        best.count,
        {"every_bound": {b.name: str(b.count) for b in number.lower_bounds}},
        "larger codes are known to exist" if code.size < best.count else None,
    )
    upper = number.upper_bounds[0]
    optimal = code.size == upper.count
    yield _claim(
        f"{'no code is larger' if optimal else 'no code has more points'}: {upper.name}",
        code.size,
        Relation.EQUAL if optimal else Relation.AT_MOST,
        upper.count,
        {"every_bound": {b.name: str(b.count) for b in number.upper_bounds}, "share": code.size / upper.count},
        status=upper.status,
    )


def _claim(
    words: str,
    measured: int | Interval,
    relation: Relation,
    bound: object,
    evidence: Mapping[str, object],
    obstacle: str | None = None,
    status: Status = Status.DERIVED,
) -> Outcome:
    return judged(
        NAME, "packing-size", words, measured, relation, bound, status, evidence, obstacle=obstacle  # type: ignore[arg-type]
    )  # fmt: skip
