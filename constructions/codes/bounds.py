"""Upper bounds on the size of a spherical code that need no optimisation, and the kissing numbers on record."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import floor

from constructions import _arguments as check
from constructions.codes.polygon import polygon_size

# Schütte & van der Waerden 1953; Musin 2008; Levenshtein 1979, Odlyzko & Sloane 1979.
_EXACT_KISSING = {3: 12, 4: 24, 8: 240, 24: 196_560}


def size_bound(d: int, cosine: Fraction) -> int:
    """A number that no code in R^d with inner products at most `cosine` exceeds.

    d = 1: 2. d = 2: the polygon. Inner products s < 0: min(d + 1, 1 − 1/s), and 2d for s = 0 (Rankin 1955). Kissing
    numbers where they are known (d = 3, 4, 8, 24). Otherwise the volume of the caps of half the angle, rounded up by a
    relative 1e-9, which covers the rounding of the incomplete beta function.

    Examples
    --------
    >>> size_bound(7, Fraction(0)), size_bound(7, Fraction(-1, 3)), size_bound(2, Fraction(1, 2))
    (14, 4, 6)
    """
    d, cosine = check.integer("d", d, 1), check.cosine(cosine)
    if d.bit_length() > 1000:
        raise ValueError(f"d must be below 2^1000, got {check.describe(d)}")
    if d == 1:
        return 2
    if d == 2:
        return polygon_size(cosine)
    if cosine < 0:
        return min(d + 1, floor(1 - 1 / cosine))
    if cosine == 0:
        return 2 * d
    if cosine <= Fraction(1, 2) and d in _EXACT_KISSING:
        return _EXACT_KISSING[d]
    from scipy.special import betainc

    half_versine = float((1 - cosine) / 2)  # sin²(angle/2)
    share = float(betainc((d - 1) / 2, 0.5, half_versine)) / 2
    return floor((1 + 1e-9) / share) if share > 1e-300 else 10**300


@dataclass(frozen=True)
class Kissing:
    """The largest kissing configuration on record in a dimension; optimal where no larger one exists."""

    size: int
    source: str
    optimal: bool = False


KISSING_RECORDS: dict[int, Kissing] = {
    1: Kissing(2, "endpoints", True),
    2: Kissing(6, "hexagon", True),
    3: Kissing(12, "Schütte & van der Waerden 1953", True),
    4: Kissing(24, "D4; Musin 2008", True),
    5: Kissing(40, "D5"),
    6: Kissing(72, "E6"),
    7: Kissing(126, "E7"),
    8: Kissing(240, "E8; Levenshtein 1979, Odlyzko & Sloane 1979", True),
    9: Kissing(306, "P9a; Leech & Sloane 1971"),
    10: Kissing(510, "Ganzhinov 2022, arXiv:2207.08266"),
    11: Kissing(604, "Bianchi, Kwon, Pappu & Zou 2026, arXiv:2606.10402"),
    12: Kissing(841, "Takhanov, Assylbekov & Yun 2026, arXiv:2606.18984"),
    13: Kissing(1154, "Zinoviev & Ericson 1999"),
    14: Kissing(1932, "Ganzhinov 2022, arXiv:2207.08266"),
    15: Kissing(2564, "Leech & Sloane 1971"),
    16: Kissing(4320, "Barnes & Wall 1959"),
    17: Kissing(5730, "Cohn & Li 2024, arXiv:2411.04916"),
    18: Kissing(8358, "github.com/alexlegeartis/KissingNumbers 2026, with an exact verifier; Cohn & Li 2024: 7654"),
    19: Kissing(12276, "Li 2026, github.com/Felpix-Studios/D19-D21-Kissing, with exact checks; Ho 2026: 11948"),
    20: Kissing(19448, "Cohn & Li 2024, arXiv:2411.04916"),
    21: Kissing(
        31560,
        "this library 2026, with weights as Li 2026 has them; Long 2026, github.com/griffinwork40/D21-Kissing-31259: 31288",
    ),
    22: Kissing(49896, "Leech 1967"),
    23: Kissing(93150, "Leech 1967"),
    24: Kissing(196560, "Leech 1967; Levenshtein 1979, Odlyzko & Sloane 1979", True),
}
"""Published sizes known to us, not certified here.

d ≤ 17, 20 and 22 to 24: Cohn's table of kissing numbers (https://cohn.mit.edu/kissing-numbers), as two public copies have it: of
30 August 2026 in the repository alexlegeartis/KissingNumbers, of 6 September 2026 at numberdb.org/T151. The table could not
be read itself. d = 18, 19, 21: what those public repositories say of theirs in snapshots of 16 September, October and
10 October 2026; none of the three is refereed. In d = 21 the last of them has 31288 points, and says that its search was to go on
and that Cohn's table had 31272 on 10 October 2026; this library has more.
"""
