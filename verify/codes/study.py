"""Building and certifying the best code at an angle."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from constructions.codes import best_code, build, survey
from constructions.codes.bounds import KISSING_RECORDS
from constructions.spherical_code import SphericalCode
from verify.codes.claims import outcomes_of
from verify.codes.setting import AUTO, CodesSetting
from verify.command import Progress
from verify.outcome import Report

_SIXTY = Fraction(1, 2)


def codes_report(setting: CodesSetting) -> tuple[SphericalCode, Report]:
    """Build the code, certify it, and hold it against the bounds; progress goes to stderr.

    Raises
    ------
    ValueError
        If no family has such a code, or none with as many points as needed.

    Examples
    --------
    >>> code, report = codes_report(CodesSetting.parse(8, 60))
    >>> code.size, int(report.exit_code), report.facts["record"]["size"]
    (240, 0, 240)
    """
    with Progress(2) as progress:
        progress.step("families")
        entries = survey(setting.dim, setting.angle, cosine=setting.cosine)
        progress.step("building and certifying")
        code = _build(setting)
        outcomes = list(outcomes_of(setting, code))
    bound = code.max_inner_product()
    facts: dict[str, dict[str, object]] = {
        "code": {
            "family": code.family,
            "size": code.size,
            "max_inner_product": float(bound.upper),
            "certificate": bound.method,
            "rows": "the code rounded" if code.rounded else "the code",
        }
    }
    if setting.largest == _SIXTY and setting.dim in KISSING_RECORDS:
        record = KISSING_RECORDS[setting.dim]
        share = code.size / record.size
        facts["record"] = {"size": record.size, "source": record.source, "optimal": record.optimal, "share": share}
    return code, Report(_title(setting, entries), setting.as_json(), facts, outcomes, progress.timing)


def _build(setting: CodesSetting) -> SphericalCode:
    d, angle, seed, most, least = setting.dim, setting.angle, setting.seed, setting.max_size, setting.points
    try:
        if setting.code == AUTO:
            return best_code(
                d, angle, cosine=setting.cosine, seed=seed, max_size=most, least=least, thorough=setting.thorough
            )
        return build(setting.code, d, angle, cosine=setting.cosine, seed=seed, max_size=most, least=least)
    except ValueError as error:  # what the builders call least is the caller's number of points
        raise ValueError(str(error).replace("least must", "points must", 1)) from None


def code_arrays(code: SphericalCode) -> dict[str, Any]:
    """The points, and the exact coordinates of which they are a rounding or multiples, where there are some."""
    return {"points": code.points} | ({} if code.exact is None else {"exact": code.exact})


def _title(setting: CodesSetting, entries: tuple[tuple[str, int | None, str], ...]) -> str:
    """The families that apply with their sizes, and for those that don't the reason."""
    able = [(name, "by building" if size is None else str(size), words) for name, size, words in entries if size != 0]
    width = max(len(name) for name, _, _ in entries)
    column = max((len(size) for _, size, _ in able), default=1)
    lines = [f"Spherical codes in dimension {setting.dim} at {setting.asked}", "", "families here:"]
    lines += [f"  {name.ljust(width)}  {size.rjust(column)}  {words}" for name, size, words in able]
    lines += ["not here:"]
    lines += [f"  {name.ljust(width)}  {words}" for name, size, words in entries if size == 0]
    return "\n".join(lines)
