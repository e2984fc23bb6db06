"""How many points fit on the unit sphere of R^d at a given angle: certified lower and upper bounds, by name.

A(d, psi) is the largest number of unit vectors with pairwise angles of at least psi, cosines at most c = cos(psi).

Lower bounds: a maximal code covers (existence), rings of smaller codes, and the catalogue of codes that are built and certified
exactly (:mod:`boundcalc.explicit.rings`, :mod:`boundcalc.explicit.codes`).

Upper bounds.
* Volume: caps of angle psi/2 around the points are disjoint.
* Rankin: the sum of all inner products is at least 0, so N <= 1 - 1/c for c < 0, and N <= d + 1; N <= 2d at c = 0.
* Levenshtein: Delsarte's linear programming bound with his polynomials of any degree.
* Kabatiansky and Levenshtein: the points in a cap, lifted to a larger angle at which Levenshtein's bound holds. Proofs of both in
  :mod:`boundcalc.packing_upper`.
* Quoted: codes of the catalogue that were proved to be the largest, and the semidefinite bounds at 60 degrees. They are theorems
  of the sources named, not proved here: their status is "paper", that of the others "derived".

An angle whose cosine is irrational is enclosed: lower bounds use a slightly larger angle, upper bounds a slightly smaller one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

from boundcalc.arb import Ball, ball, lower_float, precision, whole_part
from boundcalc.exact import describe, exact_rational, fraction, log_exact
from boundcalc.explicit.codes import known_codes
from boundcalc.explicit.rings import existence, ring_table, simple_code, sine_above
from boundcalc.packing_upper import SEMIDEFINITE, cap_share, kabatiansky_levenshtein, levenshtein
from boundcalc.shown import Shown, show_lower, show_upper
from boundcalc.statement import Side, Status
from boundcalc.symbols import VARIABLES

_EXACT_COSINES = {60: Fraction(1, 2), 90: Fraction(0), 120: Fraction(-1, 2), 180: Fraction(-1)}
_SMALLEST_DEGREES = Fraction(1, 10**12)
_MOST_BITS = 2**31  # of a count: a quarter of a gigabyte
# An irrational cosine is enclosed to this share of 1 - cos(angle).
_SHARE = 10**15


@dataclass(frozen=True, repr=False)
class NamedBound(Shown):
    """A bound of the packing number and where it comes from: ``count`` is exact, thousands of digits long if need be.

    ``status`` is PAPER where the bound is quoted from the source that the name gives, DERIVED where it is proved here.
    """

    count: int
    name: str
    side: Side
    status: Status = Status.DERIVED

    def __str__(self) -> str:
        shown = show_lower(self.count) if self.side is Side.LOWER else show_upper(self.count)
        return f"{shown} ({self.name})"

    @property
    def log10(self) -> float:
        """Logarithm to base 10, to the nearest float."""
        return log_exact(self.count) / math.log(10)


@dataclass(frozen=True, repr=False)
class PackingNumber(Shown):
    """Bounds of the largest number of unit vectors in R^d with pairwise cosines at most the given one.

    Attributes
    ----------
    d : int
    cosine : tuple of fractions.Fraction
        Encloses cos(angle); both ends equal where it is rational.
    lower_bounds, upper_bounds : tuple of NamedBound
        Best first. Those of status DERIVED are proved here, in exact or ball arithmetic; the others are quoted.
    """

    d: int
    cosine: tuple[Fraction, Fraction]
    lower_bounds: tuple[NamedBound, ...]
    upper_bounds: tuple[NamedBound, ...]

    @property
    def lower(self) -> int:
        """The best lower bound."""
        return self.lower_bounds[0].count

    @property
    def upper(self) -> int:
        """The best upper bound."""
        return self.upper_bounds[0].count

    @property
    def exact(self) -> int | None:
        """The packing number, where the bounds meet."""
        return self.lower if self.lower == self.upper else None

    def __str__(self) -> str:
        lines = [f"unit vectors in R^{self.d} with cosines at most {show_upper(self.cosine[1])}:"]
        lines += [f"  at least {bound}" for bound in self.lower_bounds]
        lines += [f"  at most {bound}" for bound in self.upper_bounds]
        return "\n".join(lines)


def packing_number(d: object, angle: object = None, *, cosine: object = None) -> PackingNumber:
    """Certified bounds of the number of points on the sphere of R^d at pairwise angles of at least ``angle``.

    Parameters
    ----------
    d : int
    angle : number or text, optional
        In degrees, 0 < angle <= 180; 60 and 90 mean exactly that.
    cosine : number or text, optional
        Exact cosine of the angle, -1 <= cosine < 1, in the place of ``angle``.

    Returns
    -------
    PackingNumber

    Raises
    ------
    TypeError, ValueError
        If not exactly one of angle and cosine is given, or a value is no number or outside its domain, or d is so large that
        counts of points, which are exact, would not fit into memory: beyond 2^31 at 60 degrees, 10^30 from 90 degrees on.

    Examples
    --------
    >>> packing_number(8, 60).exact, packing_number(3, 90).exact, packing_number(2, 72).exact
    (240, 6, 5)
    >>> print(packing_number(4, 36).lower_bounds[0], packing_number(12, 60).lower, packing_number(12, 60).upper_bounds[0])
    120 (600-cell) 840 1355 (semidefinite, quoted: Leijenhorst & de Laat 2024)
    """
    dim = int(VARIABLES["d"].exact(d))
    low, high = _cosine(angle, cosine)
    most = 10**30 if high <= 0 else max(2, math.floor(_MOST_BITS / _volume_bits(1, high)))
    if dim > most:
        raise ValueError(
            f"d must be at most {show_lower(most, 3)} at this angle, got {describe(d)}: counts are exact, and beyond they have "
            "too many digits"
        )
    degrees = None if angle is None else fraction(exact_rational("angle", angle))
    lower: list[Bound]
    upper: list[Bound]
    if dim == 1:
        lower = upper = [(2, "the sphere of R^1 has two points")]
    elif dim == 2:
        # Both ends of the cosine are one, or the angle is given.
        lower = upper = [(_polygon(low, angle), "regular polygon")]
    else:
        lower = _lower_bounds(dim, low, degrees)
        upper = _upper_bounds(dim, high)
    below = [NamedBound(*bound, Side.LOWER) for bound in lower]
    above = [NamedBound(*bound, Side.UPPER) for bound in upper]
    if dim > 2:
        above += [NamedBound(*bound, Side.UPPER, Status.PAPER) for bound in _quoted(dim, high, degrees)]
    below.sort(key=lambda bound: -bound.count)
    above.sort(key=lambda bound: bound.count)
    return PackingNumber(dim, (low, high), tuple(below), tuple(above))


def _cosine(angle: object, cosine: object) -> tuple[Fraction, Fraction]:
    if (angle is None) == (cosine is None):
        raise TypeError("pass exactly one of angle (in degrees) and cosine")
    if cosine is not None:
        value = fraction(exact_rational("cosine", cosine))
        if not -1 <= value < 1:
            raise ValueError(f"cosine must lie in [-1, 1), got {describe(cosine)}")
        return value, value
    degrees = fraction(exact_rational("angle", angle))
    if not 0 < degrees <= 180:
        raise ValueError(f"angle must lie in (0, 180] degrees, got {describe(angle)}")
    if degrees in _EXACT_COSINES:
        exact = _EXACT_COSINES[int(degrees)]
        return exact, exact
    if degrees < _SMALLEST_DEGREES:
        raise ValueError(f"angle must be at least 10^-12 degrees, got {describe(angle)}")
    with precision(256):
        value = (ball(degrees) * Ball.pi() / 180).cos()
        # Short fractions outside the enclosure keep the arithmetic below fast.
        denominator = _SHARE * max(1, math.ceil(1 / lower_float(1 - value)))
        scaled = value * denominator
        low = Fraction(-whole_part(-scaled) - 1, denominator)
        high = Fraction(whole_part(scaled) + 1, denominator)
    return max(low, Fraction(-1)), high


Bound = tuple[int, str]


def _lower_bounds(d: int, cosine: Fraction, degrees: Fraction | None) -> list[Bound]:
    square = (1 - cosine) / 2  # sin(psi/2)^2
    exact = [(code.size, code.name) for code in known_codes(d) if code.keeps(cosine, degrees)]
    found = [max([simple_code(d, square), *exact], key=lambda bound: bound[0])]
    s = sine_above(square)
    found.append((existence(d, min(s, 1.0)), "existence: a maximal code covers"))
    if d <= 24:
        table = ring_table(d)
        at = int(table.sines.searchsorted(s))
        if at < table.sines.size and s >= table.sines[0] and table.names[at] == "rings":
            found.append((int(table.sizes[at]), "rings of smaller codes"))
    return found


def _quoted(d: int, cosine: Fraction, degrees: Fraction | None) -> list[Bound]:
    """Bounds of the literature: optimal codes at this or a larger cosine, and the semidefinite bound at 60 degrees."""
    found = [
        (code.size, f"no code is larger than the {code.name}, quoted: {code.optimal}")
        for code in known_codes(d)
        if code.optimal and code.bounds(cosine, degrees)
    ]
    found = [min(found)] if found else []
    if d in SEMIDEFINITE and cosine <= Fraction(1, 2):
        count, source = SEMIDEFINITE[d]
        found.append((count, f"semidefinite, quoted: {source}"))
    return found


def _polygon(cosine: Fraction, angle: object) -> int:
    """floor(2 pi/psi), from the angle itself where it is given."""
    if angle is not None:
        return max(1, math.floor(360 / fraction(exact_rational("angle", angle))))
    if cosine in _EXACT_COSINES.values():
        return next(360 // degrees for degrees, exact in _EXACT_COSINES.items() if exact == cosine)
    with precision(128):  # no other rational cosine belongs to a rational multiple of pi
        whole = (2 * Ball.pi() / ball(cosine).acos()).floor().unique_fmpz()
    if whole is None:
        raise ValueError(
            f"cosine must be that of an angle farther from a whole part of the circle, got {float(cosine):g}"
        )
    return int(whole)


def _volume_bits(d: int, cosine: Fraction) -> float:
    """About how many binary digits the bound by volume has, log2 of 1/sin(psi/2)^d."""
    return d * log_exact(2 / (1 - cosine)) / math.log(4)


def _upper_bounds(d: int, cosine: Fraction) -> list[Bound]:
    found: list[Bound] = []
    if cosine < 0:
        found.append((min(d + 1, math.floor(1 - 1 / cosine)), "Rankin"))
    elif cosine == 0:
        found.append((2 * d, "Rankin"))
    direct = levenshtein(d, cosine)
    if direct is not None:
        found.append((direct[0], f"Levenshtein, order {direct[1]}"))
    lifted = kabatiansky_levenshtein(d, cosine)
    if lifted is not None:
        found.append((lifted[0], f"Kabatiansky-Levenshtein: {lifted[1]}"))
    if found and _volume_bits(d, cosine) > _MOST_BITS:
        return found  # those from 90 degrees on are better
    with precision(128):
        share = cap_share(d, (1 - cosine) / 2)
        if share > 0:
            found.append((whole_part(1 / share), "volume: disjoint caps of half the angle"))
    return found
