"""Spherical codes of known size: the catalogue that ``constructions`` builds and certifies, and what follows from it.

codes.json holds, for each code, its dimension, its largest inner product, its size, where it comes from, a checksum of its exact
coordinates, and where it was proved to be the largest there is. ``python -m constructions.codes FILE`` makes it anew: every code
is built, and all its inner products are computed in integers (or in Z[phi]), exactly.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from pathlib import Path

_FILE = Path(__file__).with_name("codes.json")
_HALF = Fraction(1, 2)
_LEECH = 24


@dataclass(frozen=True)
class KnownCode:
    """A code of the catalogue.

    Attributes
    ----------
    d, size : int
    cosine : str
        Its largest inner product, in words.
    enclosure : tuple of fractions.Fraction
        Of that; both ends equal where it is rational.
    degrees : fractions.Fraction or None
        Its least angle, where that is rational and its cosine is not.
    name, family, source : str
        What it is, the family of ``constructions`` that builds it, whose construction it is.
    optimal : str or None
        Who proved that no code has more points at its angle.
    record : tuple of int and str, or None
        At 60 degrees: the most points that are known, and their source.
    checksum : str
        SHA-256 of the exact coordinates.
    """

    d: int
    size: int
    cosine: str
    enclosure: tuple[Fraction, Fraction]
    degrees: Fraction | None
    name: str
    family: str
    source: str
    optimal: str | None
    record: tuple[int, str] | None
    checksum: str

    def keeps(self, cosine: Fraction, degrees: Fraction | None = None) -> bool:
        """Whether its inner products are at most ``cosine``, or its angles at least ``degrees`` where both are given so."""
        if self.enclosure[1] <= cosine:
            return True
        return self.degrees is not None and degrees is not None and degrees <= self.degrees

    def bounds(self, cosine: Fraction, degrees: Fraction | None = None) -> bool:
        """Whether every code with inner products at most ``cosine``, or these angles, has its largest inner product at most."""
        if cosine <= self.enclosure[0]:
            return True
        return self.degrees is not None and degrees is not None and degrees >= self.degrees


@lru_cache(maxsize=1)
def catalogue() -> tuple[KnownCode, ...]:
    """Every code of the catalogue.

    >>> [code.size for code in catalogue() if code.d == 23]
    [93150, 552, 4600, 11178, 47104]
    """
    found = []
    for entry in json.loads(_FILE.read_text(encoding="utf-8")):
        low, high = map(Fraction, entry.pop("enclosure"))
        degrees, record = entry.pop("degrees"), entry.pop("record")
        found.append(
            KnownCode(
                **entry,
                enclosure=(low, high),
                degrees=None if degrees is None else Fraction(degrees),
                record=None if record is None else (record[0], record[1]),
            )
        )
    return tuple(found)


@lru_cache(maxsize=256)
def known_codes(k: int) -> tuple[KnownCode, ...]:
    """The codes of the catalogue in R^k."""
    return tuple(code for code in catalogue() if code.d == k)


@lru_cache(maxsize=256)
def kissing_code_size(k: int) -> tuple[int, str]:
    """Size and name of the largest code here with inner products at most 1/2 in R^k, k >= 2.

    >>> kissing_code_size(16), kissing_code_size(48)
    ((4320, 'Barnes-Wall BW16'), (393120, 'orthogonal Leech configurations'))
    """
    if k <= _LEECH:
        return max((code.size, code.name) for code in known_codes(k) if code.keeps(_HALF))
    copies, rest = divmod(k, _LEECH)
    size = copies * kissing_code_size(_LEECH)[0] + (kissing_code_size(rest)[0] if rest > 1 else 2 * rest)
    return max((size, "orthogonal Leech configurations"), (2 * k * (k - 1), f"roots D{k}"))
