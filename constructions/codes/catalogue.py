"""The catalogue of spherical codes at 60° in d = 2, …, 24, and of the sharp codes: sizes that are proved by building.

`python -m constructions.codes FILE` builds and certifies every code and writes what boundcalc reads as data,
boundcalc/explicit/codes.json. A new family that has more points at 60° needs a line in `_SIXTY`, a new code at another angle one
in `_OTHERS`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from constructions.angle import AngleCosine
from constructions.codes import build, member
from constructions.codes.bounds import KISSING_RECORDS
from constructions.spherical_code import SphericalCode

_HALF = Fraction(1, 2)
_LEVENSHTEIN = "Levenshtein 1992"
_OPTIMAL_SIXTY = {
    2: "six angles of 60° fill the circle",
    3: "Schütte & van der Waerden 1953",
    4: "Musin 2008",
    8: "Levenshtein 1979; Odlyzko & Sloane 1979",
    24: "Levenshtein 1979; Odlyzko & Sloane 1979",
}
# Dimension: family, source of the construction.
_SIXTY = {
    **dict.fromkeys(range(2, 9), ("roots", "root systems")),
    9: ("quadruples", "Leech & Sloane 1971"),
    10: ("coxeter-todd", "510 points first by Ganzhinov 2022, arXiv:2207.08266; this form by this library"),
    11: ("spinors", "Bianchi, Kwon, Pappu & Zou 2026, arXiv:2606.10402"),
    12: ("quadruples", "P12a, Leech & Sloane 1971; Julin 1965"),
    13: ("halves", "Zinoviev & Ericson 1999"),
    14: ("fano", "Ganzhinov 2022, arXiv:2207.08266"),
    15: ("halves", "Leech & Sloane 1971"),
    16: ("barnes-wall", "Barnes & Wall 1959"),
    17: ("odd-signs", "Cohn & Li 2024, arXiv:2411.04916"),
    18: ("odd-signs", "after Cohn & Li 2024, arXiv:2411.04916; github.com/alexlegeartis/KissingNumbers 2026"),
    19: ("odd-signs", "after Li 2026, github.com/Felpix-Studios/D19-D21-Kissing"),
    20: ("odd-signs", "Cohn & Li 2024, arXiv:2411.04916"),
    21: ("odd-signs", "this library, after Cohn & Li 2024, arXiv:2411.04916, and Li 2026"),
    22: ("laminated", "Leech 1967"),
    23: ("laminated", "Leech 1967"),
    24: ("leech", "Leech 1967"),
}
# Dimension, family, cosine in words, a rational cosine or an angle at which the code is asked for, source, proof of optimality.
_OTHERS: tuple[tuple[int, str, str, Fraction, str, str | None], ...] = (
    (3, "golden", "1/√5", Fraction(4472135955, 10**10), "Fejes Tóth 1943", "Fejes Tóth 1943"),
    (4, "golden", "cos 36°", AngleCosine.of(Fraction(36)), "Schläfli", "Böröczky 1978"),
    (5, "sharp", "1/5", Fraction(1, 5), "Clebsch; E8", _LEVENSHTEIN),
    (6, "sharp", "1/4", Fraction(1, 4), "Schläfli; E8", _LEVENSHTEIN),
    (7, "sharp", "1/3", Fraction(1, 3), "E8", _LEVENSHTEIN),
    (16, "unbiased", "1/4", Fraction(1, 4), "Kerdock; Cameron & Seidel 1973", None),
    (21, "sharp", "1/9", Fraction(1, 9), "Cameron, Goethals & Seidel 1978; Leech", _LEVENSHTEIN),
    (21, "sharp", "1/7", Fraction(1, 7), "Cameron, Goethals & Seidel 1978; Leech", _LEVENSHTEIN),
    (21, "sharp", "1/5", Fraction(1, 5), "a level of the Leech configuration", None),
    (21, "sharp", "5/21", Fraction(5, 21), "a level of the Leech configuration", None),
    (21, "sharp", "1/4", Fraction(1, 4), "a level of the Leech configuration", None),
    (21, "sharp", "1/3", Fraction(1, 3), "a level of the Leech configuration", None),
    (22, "sharp", "1/11", Fraction(1, 11), "Higman & Sims 1968; Leech", _LEVENSHTEIN),
    (22, "sharp", "1/6", Fraction(1, 6), "McLaughlin 1969; Leech", _LEVENSHTEIN),
    (22, "sharp", "1/5", Fraction(1, 5), "a level of the Leech configuration", None),
    (22, "sharp", "1/4", Fraction(1, 4), "Leech", _LEVENSHTEIN),
    (22, "sharp", "2/7", Fraction(2, 7), "a level of the Leech configuration", None),
    (22, "sharp", "1/3", Fraction(1, 3), "a level of the Leech configuration", None),
    (23, "sharp", "1/5", Fraction(1, 5), "Delsarte, Goethals & Seidel 1977; Leech", _LEVENSHTEIN),
    (23, "sharp", "1/3", Fraction(1, 3), "Leech", _LEVENSHTEIN),
    (23, "sharp", "2/5", Fraction(2, 5), "a level of the Leech configuration", None),
    (23, "sharp", "7/15", Fraction(7, 15), "a level of the Leech configuration", None),
    (52, "quadrics", "1/16", Fraction(1, 16), "Cameron, Goethals & Seidel 1978", _LEVENSHTEIN),
    (105, "quadrics", "1/25", Fraction(1, 25), "Cameron, Goethals & Seidel 1978", _LEVENSHTEIN),
)


@dataclass(frozen=True)
class Place:
    """Where the catalogue has a code: `asked` is a cosine at which building gives it."""

    d: int
    family: str
    cosine: str
    asked: Fraction
    source: str
    optimal: str | None

    def build(self) -> SphericalCode:
        """The code, certified at `asked`."""
        if isinstance(self.asked, AngleCosine):
            return build(self.family, self.d, self.asked.degrees)
        return build(self.family, self.d, cosine=self.asked)

    def draft(self) -> SphericalCode:
        """The code before it is certified."""
        found = member(self.family).builder(self.d, self.asked, np.random.default_rng(0), 200_000)
        if found is None:
            raise ArithmeticError(f"{self.family} has no code in d = {self.d}")
        return found

    def entry(self) -> dict[str, object]:
        """What the catalogue says: the code is built, and its largest inner product computed exactly."""
        code = self.build()
        bound = code.max_inner_product()
        record = KISSING_RECORDS[self.d] if self.asked == _HALF else None
        return {
            "d": self.d,
            "cosine": self.cosine,
            "enclosure": [str(bound.lower), str(bound.upper)],
            "degrees": None if bound.degrees is None else str(bound.degrees),
            "size": code.size,
            "name": code.family,
            "family": self.family,
            "source": self.source,
            "optimal": self.optimal,
            "record": None if record is None else [record.size, record.source],
            "checksum": checksum(code),
        }


def places() -> Iterator[Place]:
    """Every place of the catalogue."""
    for d, (family, source) in _SIXTY.items():
        yield Place(d, family, "1/2", _HALF, source, _OPTIMAL_SIXTY.get(d))
    for other in _OTHERS:
        yield Place(*other)


def checksum(code: SphericalCode) -> str:
    """SHA-256 of the exact coordinates, row by row; of rows rounded to multiples of 2^-30 where there are none.

    Examples
    --------
    >>> checksum(build("roots", 2, 60))[:8]
    'bd62d09e'
    """
    rows = np.rint(code.points * 2**30) if code.exact is None else code.exact
    return hashlib.sha256(np.ascontiguousarray(rows).astype("<i8").tobytes()).hexdigest()
