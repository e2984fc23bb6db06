"""Lower bounds on the size of spherical codes by stacking rings, and their tables.

A point of the sphere in R^k at polar angle phi lies on a sphere in R^(k-1) of radius sin(phi). Rings whose polar angles
differ by at least the separation psi, each filled with a code in R^(k-1), are a code: two points of one ring at an angle
psi' in the ring have distance 2 sin(phi) sin(psi'/2), which must be at least 2 sin(psi/2). With s = sin(psi/2) the
smaller code needs s' = s/sin(phi), and a ring with s' > 1 holds one point. In R^2 there are floor(pi/arcsin(s)) points.
Each table entry is the largest of: rings, the existence bound (a maximal code covers, so it has at least
1/sigma(psi) points, sigma the measure of a cap of angle psi), k + 1 and 2k points, and the exactly certified codes of the
catalogue (:mod:`boundcalc.explicit.codes`).

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

Only sums, products, quotients and square roots of doubles are used (correctly rounded, as IEEE 754 has them), no other function:
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
from boundcalc.explicit.codes import catalogue, kissing_code_size, known_codes

# The float below pi/2.
_QUARTER = math.pi / 2
_SPACING = 1 + 1e-11
_OFFSETS = np.arange(8) / 8
_LARGEST_COUNT = 2.0**50
# Of the series in existences.
_TERMS = 100


@lru_cache(maxsize=256)
def small_codes(k: int) -> tuple[tuple[int, str, Fraction], ...]:
    """Size, name and a bound from below of sin(psi/2)^2 = (1 - cos psi)/2, in general exact, of known codes in R^k, k >= 2."""
    codes = [
        (2, "antipodal pair", Fraction(1)),
        (k + 1, "simplex", Fraction(k + 1, 2 * k)),
        (2 * k, "cross-polytope", Fraction(1, 2)),
        (*kissing_code_size(k), Fraction(1, 4)),
    ]
    if 5 <= k <= 32:  # even sign vectors: two of them differ in at least two places
        codes.append((2 ** (k - 1), "demicube", Fraction(2, k)))
    codes += [(code.size, code.name, (1 - code.enclosure[1]) / 2) for code in known_codes(k)]
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
    ((240, 'roots E8'), (16, 'cross-polytope'), (9, 'simplex'))
    """
    options = [(1, "one point")]
    options += [(size, name) for size, name, limit in small_codes(k) if square <= limit]
    if square > Fraction(1, 2):  # simplex of a subspace: cos = -1/m
        m = min(k, math.floor(1 / (2 * square - 1)))
        options.append((m + 1, "simplex") if m >= 1 else options[0])
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


def existences(k: int, sines: NDArray[np.float64]) -> list[int]:
    """The same for many separations, k >= 3, by at most 2e-12 relative less; in floats up to 60 degrees and k = 500.

    With x = sin(psi)^2 <= 3/4 and a = (k - 1)/2 the measure is sin(psi)^(k-1)/(2 a B(a, 1/2)) times the sum of the positive
    terms (1/2)_j/j! a/(a + j) x^j, whose rest is at most four times its first term. The relative errors, 2^-53 an
    operation and at most 5 k + 1000 of them along a path, are covered by the factor 1 - 1e-12; powers of 2 are kept apart.
    """
    near = (sines <= 0.5) & (k <= 500)
    s = np.where(near, sines, 0.5)
    x, a = 4 * (s * s) * (1 - s * s), (k - 1) / 2
    term, total = np.ones_like(x), np.zeros_like(x)
    for j in range(_TERMS):
        total += term * (a / (a + j))
        term *= (j + 0.5) / (j + 1.0) * x
    total += 4 * term
    part, one = np.frexp(2 * s * np.sqrt(1 - s * s))
    bits = -one.astype(int) * (k - 1)
    for _ in range(k - 1 if k <= 500 else 0):
        total, more = np.frexp(total * part)
        bits -= more
    with precision(96):
        beta = (
            ball(Fraction(k - 1, 2)).gamma() * Ball.pi().sqrt() / ball(Fraction(k, 2)).gamma() if k <= 500 else ball(1)
        )
        scaled = lower_float((k - 1) * beta) / total * (1 - 1e-12)
    return [
        max(2, _scaled_ceiling(size, e)) if inside else existence(k, sine)
        for sine, inside, size, e in zip(sines.tolist(), near.tolist(), scaled.tolist(), bits.tolist(), strict=True)
    ]


def _scaled_ceiling(x: float, exponent: int) -> int:
    """The smallest whole number that is at least x 2^exponent."""
    part, one = math.frexp(x)
    whole, shift = int(math.ldexp(part, 53)), exponent + one - 53
    return whole << shift if shift >= 0 else -(-whole >> -shift)


def _circles(psi: NDArray[np.float64], sines: NDArray[np.float64]) -> NDArray[np.float64]:
    """floor(2 pi/psi) points on a circle from upper bounds of psi, rounded down safely; exact at 2, 3, 4 and 6."""
    sizes = np.floor(np.nextafter(4 * _QUARTER / psi, 0.0))
    for count, limit in ((2, Fraction(1)), (3, Fraction(3, 4)), (4, Fraction(1, 2)), (6, Fraction(1, 4))):
        sizes = np.where(sines <= _last_sine(limit), np.maximum(sizes, count), sizes)
    return np.maximum(sizes, 1.0)


def _last_sine(square: Fraction) -> float:
    """The largest float s with s^2 <= square <= 1."""
    s = math.nextafter(math.sqrt(square), 2.0)
    while Fraction(s) ** 2 > square:
        s = math.nextafter(s, 0.0)
    return s


def _simple_codes(k: int, sines: NDArray[np.float64]) -> list[tuple[int, str]]:
    """:func:`simple_code` at many separations: a function of s with few steps."""
    limits = [limit for _, _, limit in small_codes(k)] + [Fraction(m + 1, 2 * m) for m in range(1, k + 1)]
    steps = sorted({_last_sine(limit) for limit in limits})
    codes = [simple_code(k, Fraction(s) ** 2) for s in steps]
    return [codes[i] for i in np.searchsorted(steps, sines)]


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
    jumps += [_last_sine((1 - code.enclosure[1]) / 2) for code in catalogue() if code.d <= 24]
    jumps += [math.sqrt((1 - 1 / math.sqrt(5)) / 2) * (1 - 4e-16)]
    jumps += [0.5, math.sqrt(0.5) * (1 - 2e-16), math.sqrt(0.75) * (1 - 2e-16)]
    return np.unique(np.minimum(np.concatenate([plain, jumps]), 1.0))


def sine_below(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """A lower bound of sin(x) for 0 <= x <= pi/2; rigorous, see the module's docstring."""
    square = x * x
    nested = np.ones_like(x)
    for m in range(18, 0, -2):
        nested = 1.0 - square / float(m * (m + 1)) * nested
    return x * nested * (1 - 2.0**-48)


@lru_cache(maxsize=16)
def _separations(smallest: float) -> NDArray[np.float64]:
    """Upper bounds of the separations on a grid."""
    with precision(96):
        return np.array([upper_float(2 * ball(s).asin()) for s in _grid(smallest).tolist()])


def stacks(
    sines: NDArray[np.float64], psi: NDArray[np.float64], below: Table
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Tilts of the rings of several stacks for each separation, and the points of each ring (0: no ring there).

    Parameters
    ----------
    sines, psi : array of shape (m,)
        sin(psi/2) for separations psi, and upper bounds of psi.
    below : Table
        Of codes in one dimension less.

    Returns
    -------
    array of shape (m, stacks, rings), twice
    """
    step = (psi * _SPACING)[:, None, None]
    reach = int(_QUARTER / psi.min()) + 1
    steps = np.arange(-reach - 1, reach + 2)
    tilts = (steps + _OFFSETS[:, None]) * step
    from_pole = -_QUARTER + np.arange(steps.size) * step
    tilts = np.concatenate([tilts, from_pole], axis=1)
    if not (np.diff(tilts, axis=2) > psi[:, None, None]).all():
        raise ArithmeticError("tilts are not apart by the separation")
    # 1 - 2^-52 covers the rounding of the difference.
    to_pole = (_QUARTER - np.abs(tilts)) * (1 - 2.0**-52)
    inside = to_pole >= 0
    radius = np.maximum(sine_below(np.where(inside, to_pole, 0.0)), 1e-300)
    need = sines[:, None, None] / radius * (1 + 2.0**-50)
    sizes = np.append(below.sizes, 1.0)
    return tilts, np.where(inside, sizes[np.searchsorted(below.sines, need)], 0.0)


def _whole(total: NDArray[np.float64]) -> NDArray[np.float64]:
    """At most the exact values of sums of less than 4096 whole numbers below 2^50, computed in any order."""
    return np.where(total < 2.0**52, total, np.floor(total * (1 - 2.0**-40)))


def _largest_stacks(sines: NDArray[np.float64], psi: NDArray[np.float64], below: Table) -> list[int]:
    """Points of the largest stack for each separation."""
    found: list[int] = []
    while len(found) < sines.size:
        # Separations are padded to the smallest; together they take little memory.
        part = slice(len(found), len(found) + max(1, int(3000 * psi[len(found)])))
        points = stacks(sines[part], psi[part], below)[1]
        found += _whole(points.sum(2).max(1)).astype(int).tolist()
    return found


@lru_cache(maxsize=64)
def _table(k: int, smallest: float) -> Table:
    sines, psi = _grid(smallest), _separations(smallest)
    if k == 2:
        return Table(sines, _circles(psi, sines), ("regular polygon",) * sines.size)
    found = _simple_codes(k, sines)
    # Beyond 90 degrees simplices are the best codes there are (Rankin).
    end = int(np.searchsorted(sines, _last_sine(Fraction(1, 2)), side="right"))
    stacked = _largest_stacks(sines[:end], psi[:end], _table(k - 1, smallest))
    for i, (exists, rings) in enumerate(zip(existences(k, sines[:end]), stacked, strict=True)):
        found[i] = max(found[i], (exists, "existence"), (rings, "rings"), key=lambda pair: pair[0])
    # A code serves every smaller separation too.
    for i in range(len(found) - 2, -1, -1):
        if found[i][0] < found[i + 1][0]:
            found[i] = found[i + 1]
    sizes = np.minimum([float(size) for size, _ in found], _LARGEST_COUNT)
    return Table(sines, sizes, tuple(name for _, name in found))


def ring_table(k: int) -> Table:
    """Table of code sizes in R^k, 2 <= k <= 24."""
    smallest = {2: 1e-3, 3: 1e-3, 4: 4e-3, 5: 0.01, 6: 0.02, 7: 0.03, 8: 0.04}.get(k, 0.1)
    return _table(k, smallest)
