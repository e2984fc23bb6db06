"""``python -m verify.codes``: which spherical codes exist at an angle, the best one built and certified, beside the bounds."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from boundcalc.exact import describe, exact_rational
from boundcalc.files import write_atomically
from boundcalc.packing_numbers import PackingNumber, packing_number
from boundcalc.symbols import VARIABLES
from boundcalc.theorem import Status
from constructions.codes import FAMILIES, best_code, build, survey
from constructions.codes.bounds import KISSING_RECORDS
from constructions.spherical_code import SphericalCode
from verify.check import Outcome, Verdict
from verify.cli import Parser, Progress, check_outputs, deliver, run
from verify.report import Report

__all__ = ["CodesSetting", "codes_report"]

_LARGEST_DIM = 4096
_LARGEST_SIZE = 1_000_000
_SIXTY = Fraction(1, 2)
_AUTO = "auto"
NAME = "spherical code"


@dataclass(frozen=True)
class CodesSetting:
    """Inputs of the command.

    Attributes
    ----------
    d : int
    number : PackingNumber
        Bounds at the angle, and its cosine enclosed: codes keep the lower end, upper bounds the upper one.
    asked : str
        The angle as it was given.
    points : int
        Number of points needed.
    family : str
        A family, or "auto".
    thorough : bool
        Whether the slow families are tried too.
    max_size : int or None
    seed : int
    """

    d: int
    number: PackingNumber
    asked: str
    points: int
    family: str
    thorough: bool
    max_size: int | None
    seed: int

    @classmethod
    def parse(
        cls,
        dim: object,
        angle: object = None,
        *,
        cosine: object = None,
        points: object = 1,
        family: str = _AUTO,
        thorough: bool = False,
        max_size: object = None,
        seed: object = 0,
    ) -> CodesSetting:
        """Read every input exactly, and refuse what no code can do.

        Raises
        ------
        ValueError, TypeError
            Naming the argument, what arrived and what to pass; for more points than an upper bound allows, the bound.

        Examples
        --------
        >>> CodesSetting.parse(8, 60).number.upper
        240
        """
        d = _whole("dim", VARIABLES["d"].exact(dim, "dim"), dim, 1, _LARGEST_DIM)
        if angle is None and cosine is None:
            angle = 60
        number = packing_number(d, angle, cosine=cosine)
        asked = f"{angle} degrees" if cosine is None else f"cosine {cosine}"
        needed = _whole("points", exact_rational("points", points), points, 1, 10**18)
        if needed > number.upper:
            raise ValueError(
                f"points must be at most {number.upper_bounds[0]}: no code in dimension {d} at {asked} has more, "
                f"got {describe(points)}; pass a smaller angle, or fewer points"
            )
        known = [_AUTO, *(member.name for member in FAMILIES)]
        if family not in known:
            raise ValueError(f"family must be one of {', '.join(known)}, got {describe(family)}")
        most = (
            None
            if max_size is None
            else _whole("max_size", exact_rational("max_size", max_size), max_size, 1, _LARGEST_SIZE)
        )
        own_seed = _whole("seed", exact_rational("seed", seed), seed, 0, 2**63 - 1)
        return cls(d, number, asked, needed, family, thorough, most, own_seed)

    @property
    def cosine(self) -> Fraction:
        """Largest inner product that the code may have: cos(angle), rounded down where it is irrational."""
        return self.number.cosine[0]

    def as_json(self) -> dict[str, object]:
        """Every input; exact numbers as text."""
        return {
            "dim": self.d,
            "angle": self.asked,
            "cosine": str(self.cosine),
            "points": self.points,
            "family": self.family,
            "thorough": self.thorough,
            "max_size": self.max_size,
            "seed": self.seed,
        }


def _whole(name: str, value: Any, given: object, least: int, most: int) -> int:
    if not value.is_Integer or not least <= value <= most:
        raise ValueError(f"{name} must be an integer from {least} to {most}, got {describe(given)}")
    return int(value)


def codes_report(setting: CodesSetting) -> tuple[SphericalCode, Report]:
    """Build the code, certify it, and hold it against the bounds; progress goes to stderr.

    Raises
    ------
    ValueError
        If no family has such a code, or none with as many points as needed.

    Examples
    --------
    >>> code, report = codes_report(CodesSetting.parse(8, 60))
    >>> code.size, int(report.exit_code), [o.claim for o in report.outcomes][-1]
    (240, 0, 'the largest number on record (E8; Levenshtein 1979, Odlyzko & Sloane 1979)')
    """
    start = time.perf_counter()
    with Progress(2) as progress:
        progress.step("families")
        entries = survey(setting.d, setting.cosine)
        progress.step("building and certifying")
        code = _build(setting)
        outcomes = list(_outcomes(setting, code))
    bound = code.max_inner_product()
    facts = {
        "code": {
            "family": code.family,
            "size": code.size,
            "max_inner_product": float(bound.upper),
            "certificate": bound.method,
        }
    }
    timing = {"total": time.perf_counter() - start}
    return code, Report(_title(setting, entries), setting.as_json(), facts, outcomes, timing)


def _build(setting: CodesSetting) -> SphericalCode:
    d, cosine, seed, most, least = setting.d, setting.cosine, setting.seed, setting.max_size, setting.points
    try:
        if setting.family == _AUTO:
            return best_code(d, cosine, seed=seed, max_size=most, least=least, thorough=setting.thorough)
        return build(setting.family, d, cosine, seed=seed, max_size=most, least=least)
    except ValueError as error:  # what the builders call least is the caller's number of points
        raise ValueError(str(error).replace("least must", "points must", 1)) from None


def _outcomes(setting: CodesSetting, code: SphericalCode) -> Iterator[Outcome]:
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


def _title(setting: CodesSetting, entries: tuple[tuple[str, int | None, str], ...]) -> str:
    """The families that apply with their sizes, and for those that don't the reason."""
    able = [(name, "by building" if size is None else str(size), words) for name, size, words in entries if size != 0]
    width = max(len(name) for name, _, _ in entries)
    column = max((len(size) for _, size, _ in able), default=1)
    lines = [f"Spherical codes in dimension {setting.d} at {setting.asked}", "", "families here:"]
    lines += [f"  {name.ljust(width)}  {size.rjust(column)}  {words}" for name, size, words in able]
    lines += ["not here:"]
    lines += [f"  {name.ljust(width)}  {words}" for name, size, words in entries if size == 0]
    return "\n".join(lines)


def parser() -> Parser:
    """The options."""
    parse = Parser(prog="python -m verify.codes", description=__doc__)
    parse.add_argument("--dim", default="12", help="dimension (default 12)")
    parse.add_argument("--angle", help="least angle between two points in degrees (default 60)")
    parse.add_argument("--cosine", help="its cosine, exactly, instead of --angle")
    parse.add_argument("--points", default="1", help="number of points needed (default 1)")
    names = ", ".join(family.name for family in FAMILIES)
    parse.add_argument("--family", default=_AUTO, help=f"auto or one of {names} (default auto)")
    parse.add_argument("--thorough", action="store_true", help="try the slow families too")
    parse.add_argument("--max-size", help="most points to build (default: as many as is quick)")
    parse.add_argument("--seed", default="0", help="seed of the randomised families (default 0)")
    parse.add_argument("--json", metavar="PATH|-", help="write the report as JSON; - prints it")
    parse.add_argument("--save", metavar="PATH.npz", help="write the points")
    return parse


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse, build, certify, report; the exit code."""
    options = parser().parse_args(arguments)
    check_outputs(json=options.json, save=options.save)
    setting = CodesSetting.parse(
        options.dim,
        options.angle,
        cosine=options.cosine,
        points=options.points,
        family=options.family,
        thorough=options.thorough,
        max_size=options.max_size,
        seed=options.seed,
    )
    code, report = codes_report(setting)
    if options.save:
        arrays: dict[str, Any] = {"points": code.points}
        if code.exact is not None:
            arrays["exact"] = code.exact.vectors
        write_atomically(Path(options.save), lambda stream: np.savez(stream, **arrays))
    return deliver(report, options.json)


if __name__ == "__main__":
    run(main, "python -m verify.codes")
