"""Lower bounds on the size of spherical codes by stacking rings, and their tables.

A point of the sphere in R^k at polar angle phi lies on a sphere in R^(k-1) of radius sin(phi). Rings whose polar angles
differ by at least the separation psi, each filled with a code in R^(k-1), are a code: two points of one ring at an angle
psi' in the ring have distance 2 sin(phi) sin(psi'/2), which must be at least 2 sin(psi/2). With s = sin(psi/2) the
smaller code needs s' = s/sin(phi), and a ring with s' > 1 holds one point. In R^2 there are floor(pi/arcsin(s)) points.
Each table entry is the largest of: rings, the existence bound (a maximal code covers, so it has at least
1/sigma(psi) points, sigma the measure of a cap of angle psi), k + 1 and 2k points, and exactly certified codes at 60
degrees.

Proof of a table entry, and its rounding. An entry (s, N) claims N points with separation psi, sin(psi/2) = s for the binary
number s. Rings are placed at tilts t (angle from the equator), which are binary numbers too and stand for themselves.

* Points of two rings are at an angle of at least |t - t'|, by the triangle inequality on the sphere. psi is bounded above in
  ball arithmetic, and adjacent tilts satisfy fl(t' - t) > psi, so t' - t > psi because rounding is monotone. Rings that are
  not adjacent are farther apart, and all |t| <= pi/2, so that angles along a meridian are at most pi.
* Within a ring, cos(t) s' >= s is needed. With x <= pi/2 - |t|, cos(t) >= sin(x) >= x - x^3/3! + ... - x^19/19!, since the
  series alternates with decreasing terms; its nested form has factors in [1/2, 1], and the relative error of its evaluation in
  doubles is below 2^-49, which a factor 1 - 2^-48 covers. The quotient s/cos(t) is raised by 1 + 2^-50 for its two roundings,
  and the code is looked up at a grid value of at least that, where by induction the table of R^(k-1) holds.
* The counts are integers below 2^50; a sum beyond 2^52 is reduced by the factor 1 - 2^-40, more than the additions can round.

Only sums, products and quotients of doubles are used (correctly rounded, as IEEE 754 has them), no elementary function:
floating-point sines only steer the search. Everything else is exact integer, rational or ball arithmetic.
"""

from __future__ import annotations

import math
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from boundcalc.arb import Ball, ball, lower_float, precision, upper_float, whole_part
from boundcalc.explicit.codes import kissing_code_size

# The float below pi/2.
_QUARTER = math.pi / 2
_SPACING = 1 + 1e-11
_OFFSETS = np.arange(8) / 8
_LARGEST_COUNT = 2.0**50


@lru_cache(maxsize=256)
def small_codes(k: int) -> tuple[tuple[int, str, Fraction], ...]:
    """Size, name and largest sin(psi/2)^2 = (1 - cos psi)/2 of exactly known codes in R^k, k >= 2."""
    codes = [
        (2, "antipodal pair", Fraction(1)),
        (k + 1, "simplex", Fraction(k + 1, 2 * k)),
        (2 * k, "cross-polytope", Fraction(1, 2)),
        (*kissing_code_size(k), Fraction(1, 4)),
    ]
    if 5 <= k <= 32:  # even sign vectors: two of them differ in at least two places
        codes.append((2 ** (k - 1), "demicube", Fraction(2, k)))
    if k == 6:  # E8 roots at inner product 1 with two roots at 60 degrees, projected: cos = 1/4
        codes.append((27, "Schläfli", Fraction(3, 8)))
    if k == 7:  # E8 roots at inner product 1 with one root, projected: cos = 1/3
        codes.append((56, "E8 vertex figure", Fraction(1, 3)))
    return tuple(codes)


def sine_above(square: Fraction) -> float:
    """A float s with s^2 >= square, at most 1 where the square is."""
    s = math.sqrt(square)
    while Fraction(s) ** 2 < square:
        s = math.nextafter(s, 2.0)
    return s


def simple_code(k: int, square: Fraction) -> tuple[int, str]:
    """The largest of the exactly known codes in R^k, k >= 2, whose separation psi has sin(psi/2)^2 >= square.

    >>> simple_code(8, Fraction(1, 4)), simple_code(8, Fraction(1, 2)), simple_code(8, Fraction(9, 16))
    ((240, 'E8 roots'), (16, 'cross-polytope'), (9, 'simplex'))
    """
    options = [(1, "one point")]
    options += [(size, name) for size, name, limit in small_codes(k) if square <= limit]
    if square > Fraction(1, 2):  # simplex of a subspace: cos = -1/m
        m = min(k, math.floor(1 / (2 * square - 1)))
        options.append((m + 1, "simplex") if m >= 1 else options[0])
    # Icosahedron: cos(psi) = 1/sqrt(5), so 1 - 2 s^2 >= 1/sqrt(5).
    if k == 3 and square < Fraction(1, 2) and 5 * (1 - 2 * square) ** 2 >= 1:
        options.append((12, "icosahedron"))
    return max(options, key=lambda pair: pair[0])


def cap_measure(k: int, s: float) -> Ball:
    """Normalised measure of a cap of angle psi = 2 arcsin(s) <= pi on the sphere in R^k, or a ball above it."""
    x = ball(s)
    square = x * x
    half = (4 * square * (1 - square)).beta_lower(ball(Fraction(k - 1, 2)), ball(Fraction(1, 2)), True) / 2
    return half if 2 * square < 1 else 1 - half


def existence(k: int, s: float) -> int:
    """A code with separation 2 arcsin(s) in R^k, k >= 2, of at least this size exists; rigorous."""
    if s >= 1:
        return 2
    with precision(96):
        size = 1 / cap_measure(k, s)
        return max(2, -whole_part(-size)) if size.is_finite() else 2


def _circle(s: float) -> int:
    """floor(pi/arcsin(s)) points on a circle, rounded down safely; exact at 2, 3, 4 and 6."""
    square = Fraction(s) ** 2
    exact = [(6, Fraction(1, 4)), (4, Fraction(1, 2)), (3, Fraction(3, 4)), (2, Fraction(1))]
    found = max((count for count, limit in exact if square <= limit), default=1)
    if s >= 1:
        return found
    with precision(96):
        return max(found, math.floor(lower_float(Ball.pi() / ball(s).asin())))


class Table(NamedTuple):
    """Sizes of codes in R^k on a grid of s = sin(psi/2), decreasing in s."""

    sines: NDArray[np.float64]
    sizes: NDArray[np.float64]
    names: tuple[str, ...]


def _grid(smallest: float) -> NDArray[np.float64]:
    """A geometric grid with the exact jumps of the circle and of the simple codes, rounded down."""
    plain = np.geomspace(smallest, 1.0, int(math.log(1 / smallest) / 0.006) + 1)
    jumps = [math.sin(math.pi / m) * (1 - 1e-15) for m in range(7, int(math.pi / smallest))][:600]
    jumps += [math.sqrt((k + 1) / (2 * k)) * (1 - 2e-16) for k in range(2, 33)]
    jumps += [
        math.sqrt(float(x)) * (1 - 2e-16)
        for x in (Fraction(3, 8), Fraction(1, 3), *(Fraction(2, k) for k in range(5, 33)))
    ]
    jumps += [math.sqrt((1 - 1 / math.sqrt(5)) / 2) * (1 - 4e-16)]
    jumps += [0.5, math.sqrt(0.5) * (1 - 2e-16), math.sqrt(0.75) * (1 - 2e-16)]
    return np.unique(np.minimum(np.concatenate([plain, jumps]), 1.0))


def _sine_below(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """A lower bound of sin(x) for 0 <= x <= pi/2; rigorous, see the module's docstring."""
    square = x * x
    nested = np.ones_like(x)
    for m in range(18, 0, -2):
        nested = 1.0 - square / float(m * (m + 1)) * nested
    return x * nested * (1 - 2.0**-48)


def stacks(s: float, below: Table) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Tilts of the rings of several stacks, one a row, and the points of each ring (0: no ring there).

    Parameters
    ----------
    s : float
        sin(psi/2) for the separation psi.
    below : Table
        Of codes in one dimension less.
    """
    with precision(96):
        psi = upper_float(2 * ball(s).asin())
    step = psi * _SPACING
    reach = int(_QUARTER / psi) + 1
    steps = np.arange(-reach - 1, reach + 2)
    tilts = (steps[None, :] + _OFFSETS[:, None]) * step
    from_pole = -_QUARTER + np.arange(steps.size) * step
    tilts = np.concatenate([tilts, from_pole[None]])
    if not (np.diff(tilts, axis=1) > psi).all():
        raise ArithmeticError(f"tilts are not at least {psi} apart")
    # 1 - 2^-52 covers the rounding of the difference.
    to_pole = (_QUARTER - np.abs(tilts)) * (1 - 2.0**-52)
    inside = to_pole >= 0
    radius = np.maximum(_sine_below(np.where(inside, to_pole, 0.0)), 1e-300)
    need = s / radius * (1 + 2.0**-50)
    sizes = np.append(below.sizes, 1.0)
    return tilts, np.where(inside, sizes[np.searchsorted(below.sines, need)], 0.0)


def _whole(total: float) -> int:
    """At most the exact value of a sum of less than 4096 whole numbers below 2^50, computed in any order."""
    return int(total) if total < 2.0**52 else int(total * (1 - 2.0**-40))


@lru_cache(maxsize=64)
def _table(k: int, smallest: float) -> Table:
    sines = _grid(smallest)
    if k == 2:
        sizes = np.array([float(_circle(s)) for s in sines])
        return Table(sines, sizes, ("regular polygon",) * sines.size)
    below = _table(k - 1, smallest)
    counts: list[float] = []
    names: list[str] = []
    for s in sines:
        square = Fraction(float(s)) ** 2
        best = simple_code(k, square)
        if 2 * square <= 1:  # beyond 90 degrees simplices are the best codes there are (Rankin)
            _, points = stacks(float(s), below)
            options = [best, (existence(k, float(s)), "existence"), (_whole(points.sum(1).max()), "rings")]
            best = max(options, key=lambda pair: pair[0])
        counts.append(float(min(best[0], _LARGEST_COUNT)))
        names.append(best[1])
    # A code serves every smaller separation too.
    for i in range(len(counts) - 2, -1, -1):
        if counts[i] < counts[i + 1]:
            counts[i], names[i] = counts[i + 1], names[i + 1]
    return Table(sines, np.array(counts), tuple(names))


def ring_table(k: int) -> Table:
    """Table of code sizes in R^k, 2 <= k <= 24."""
    smallest = {2: 1e-3, 3: 1e-3, 4: 4e-3, 5: 0.01, 6: 0.02, 7: 0.03, 8: 0.04}.get(k, 0.1)
    return _table(k, smallest)
