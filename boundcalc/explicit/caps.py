"""Disjoint caps of one height, as many as a spherical code or an existence bound provides.

Caps of height h have angle arccos(1 - h), so they are disjoint (up to measure 0) when their centres are at least twice
that angle apart: with s = sin(psi/2) for the separation psi of the centres, (1 - h)^2 >= 1 - s^2.

The steps of the tables of ring codes (:mod:`boundcalc.explicit.rings`), which take seconds to make, are kept in rings.json:
``python -m boundcalc.explicit.caps`` makes it anew.
"""

from __future__ import annotations

import json
import math
import numbers
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from boundcalc.exact import describe, fraction
from boundcalc.explicit.codes import known_codes
from boundcalc.explicit.rings import existences, ring_table, sine_below, small_codes
from boundcalc.files import write_text

TABLE = Path(__file__).with_name("rings.json")
_RING_DIMENSIONS = 24
# Existence bounds are tried down to heights of about this logarithm, enough for n = 10^300.
_SMALLEST_LOG_SINE = -180.0
_STEP = 1.12


class CodeLike(Protocol):
    """What a spherical code must offer: its size and a rigorous bound of its largest inner product."""

    @property
    def size(self) -> int: ...

    def max_inner_product(self) -> object:
        """An object whose ``upper`` is a rational that no inner product of two distinct points exceeds."""


@dataclass(frozen=True)
class Caps:
    """Disjoint caps of one height, at most 1 (the binary number counts); ``code`` says where their centres come from."""

    height: float
    count: int
    code: str

    def __str__(self) -> str:
        return f"{self.count} caps of height {self.height:.4g} ({self.code})"


def height_below(cosine_squared: Fraction) -> float:
    """The largest float h found with (1 - h)^2 >= cosine_squared; exact comparison.

    >>> height_below(Fraction(3, 4))
    0.1339745962155613...
    """
    height = 1 - math.sqrt(cosine_squared)
    if height < 1e-3:  # 1 - sqrt(x) = (1 - x)/(1 + sqrt(x)) keeps its digits
        height = float(1 - cosine_squared) / (1 + math.sqrt(cosine_squared))
    while (1 - Fraction(height)) ** 2 < cosine_squared:
        height = math.nextafter(height, 0.0) if height > 1e-300 else height / 2
    return height


def _from_sines(sines: NDArray[np.float64], counts: Sequence[int], codes: Sequence[str]) -> list[Caps]:
    """Caps on codes with separations 2 arcsin(s): of height 1 - sqrt(1 - s^2) or by 2^-49 relative less.

    Five operations of relative error 2^-53 are covered by the factor 1 - 2^-50.
    """
    square = sines * sines
    heights = np.where(sines < 1, square / (1 + np.sqrt(1 - square)) * (1 - 2.0**-50), 1.0)
    return [Caps(*found) for found in zip(heights.tolist(), counts, codes, strict=True)]


def from_code(d: int, code: CodeLike) -> Caps:
    """The largest caps that a certified spherical code carries.

    Raises
    ------
    TypeError
        If ``code`` does not offer a size and a certified largest inner product.
    """
    size = getattr(code, "size", None)
    largest = getattr(code, "max_inner_product", None)
    if not isinstance(size, int) or isinstance(size, bool) or not callable(largest):
        raise TypeError(f"code must offer size and max_inner_product().upper, got {describe(code)}")
    dim = getattr(code, "dim", None)
    if isinstance(dim, int) and dim != d:
        raise ValueError(f"code must consist of points in R^{d}, got {describe(code)} in R^{dim}")
    upper = getattr(largest(), "upper", None)
    if not isinstance(upper, numbers.Rational):
        raise TypeError(f"code.max_inner_product().upper must be an exact rational, got {describe(upper)}")
    bound = fraction(upper)
    if size < 2 or not -1 <= bound < 1:
        raise ValueError(f"code must have at least 2 points and inner products in [-1, 1), got {size} and {bound}")
    # u.v <= 2 (1 - h)^2 - 1
    return Caps(height_below((1 + bound) / 2), size, str(getattr(code, "family", "given code")))


def _polygons(counts: Sequence[int]) -> list[Caps]:
    """Caps on regular polygons: h <= 1 - cos(pi/N) = 2 sin(pi/(2 N))^2."""
    exact = {2: Fraction(0), 3: Fraction(1, 4), 4: Fraction(1, 2), 6: Fraction(3, 4)}  # cos(pi/N)^2
    sines = sine_below(np.array([math.pi / 2 / count for count in counts]) * (1 - 2.0**-52))
    heights = (2 * sines * sines * (1 - 2.0**-50)).tolist()
    return [
        Caps(height_below(exact[count]) if count in exact else height, count, "polygon")
        for count, height in zip(counts, heights, strict=True)
    ]


def ring_steps(d: int) -> dict[str, Any]:
    """s = sin(psi/2), sizes and names of codes in R^d where the size has grown by a factor, and the smallest s that is known.

    Codes of the catalogue are among them. Steps that are in the file stay, so that no bound falls where codes become larger.
    """
    table = ring_table(d)
    chosen = {int(np.abs(table.sines - s).argmin()) for s in _rings()[str(d)]["sines"]}
    known = {code.name for code in known_codes(d)}
    steps, last = [], 0.0
    for i in range(len(table.sines) - 1, -1, -1):
        new = table.names[i] in known and table.names[i] != table.names[min(i + 1, len(table.sines) - 1)]
        if i in chosen or new or table.sizes[i] >= last * _STEP:
            last = table.sizes[i]
            steps.append(i)
    return {
        "smallest": float(table.sines[0]),
        "sines": table.sines[steps].tolist(),
        "sizes": [int(size) for size in table.sizes[steps]],
        "names": [table.names[i] for i in steps],
    }


@lru_cache(maxsize=1)
def _rings() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = json.loads(TABLE.read_text())
    return found


@lru_cache(maxsize=64)
def candidates(d: int) -> tuple[Caps, ...]:
    """Caps to try in R^d, from the highest down; ever more caps, ever lower."""
    if d == 1:
        return tuple(Caps(2.0 ** (-j / 4), 2, "both ends") for j in range(0, 2200))
    if d == 2:
        counts = sorted({*range(2, 40), *(round(40 * 1.04**j) for j in range(0, 6000))})
        return tuple(_polygons([count for count in counts if count < 10**100]))
    found: list[Caps] = []
    if d <= _RING_DIMENSIONS:
        rings = _rings()[str(d)]
        found = _from_sines(np.array(rings["sines"]), rings["sizes"], rings["names"])
        smallest, most = rings["smallest"], 3000
    else:
        for size, name, square in sorted(small_codes(d)):
            found.append(Caps(height_below(1 - square), size, name))
        # The existence bound overtakes the simple codes below 90 degrees only.
        smallest, most = math.sqrt(0.5), 201 if d <= 100 else 13
    log_step = max(math.log(_STEP * 1.3) / (d - 1), 0.002)
    log_s, count = math.log(smallest), found[-1].count
    while log_s > _SMALLEST_LOG_SINE and len(found) < most:
        log_sines = log_s - log_step * np.arange(1, most - len(found) + 1)
        log_s, sines = float(log_sines[-1]), np.exp(log_sines[log_sines > _SMALLEST_LOG_SINE - log_step])
        better = []
        for i, size in enumerate(counts := existences(d, sines)):
            if size > count:
                count = size
                better.append(i)
        found += _from_sines(sines[better], [counts[i] for i in better], ["existence"] * len(better))
    return tuple(sorted(found, key=lambda caps: -caps.height))


@lru_cache(maxsize=64)
def log_arrays(d: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Logarithms of the heights and of the numbers of the candidates."""
    caps = candidates(d)
    return np.log([c.height for c in caps]), np.array([math.log(c.count) for c in caps])


if __name__ == "__main__":
    rows = [f'"{d}": {json.dumps(ring_steps(d))}' for d in range(3, _RING_DIMENSIONS + 1)]
    write_text(TABLE, "{\n" + ",\n".join(rows) + "\n}\n")
