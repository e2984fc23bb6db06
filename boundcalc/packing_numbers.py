"""How many points fit on the unit sphere of R^d at a given angle: certified lower and upper bounds, by name.

A(d, psi) is the largest number of unit vectors with pairwise angles of at least psi, cosines at most c = cos(psi).

Lower bounds: a maximal code covers (existence), rings of smaller codes, exactly known codes
(:mod:`boundcalc.explicit.rings`, :mod:`boundcalc.explicit.codes`).

Upper bounds.
* Volume: caps of angle psi/2 around the points are disjoint.
* Rankin: sum of all inner products is at least 0, so N <= 1 - 1/c for c < 0, and N <= d + 1; N <= 2d at c = 0.
* Delsarte: if f has nonnegative coefficients in the Gegenbauer polynomials of dimension d, the one of degree 0 positive, and
  f <= 0 on [-1, c], then N <= f(1)/f_0, since the sum of f over all pairs is at most N f(1) and at least N^2 f_0.
  Levenshtein's polynomials f(x) = (x + 1)^e (x - c) T(x)^2 with T the Christoffel-Darboux kernel at c of the Jacobi
  polynomials with weight (1 - x)(1 + x)^e times that of the sphere satisfy the sign condition for every degree; the
  coefficients are computed, and their signs checked, in exact rational arithmetic.

An angle whose cosine is irrational is enclosed: lower bounds use a slightly larger angle, upper bounds a slightly smaller one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

from sympy import Rational

from boundcalc.exact import describe, exact_rational
from boundcalc.symbols import VARIABLES

__all__ = ["NamedBound", "PackingNumber", "packing_number"]

_EXACT_COSINES = {60: Fraction(1, 2), 90: Fraction(0), 120: Fraction(-1, 2), 180: Fraction(-1)}
_LARGEST_DEGREE = 13
_LARGEST_LP_DIMENSION = 2000
_DENOMINATOR = 10**12


@dataclass(frozen=True)
class NamedBound:
    """A bound of the packing number and where it comes from."""

    value: int
    name: str

    def __str__(self) -> str:
        return f"{_shown(self.value)} ({self.name})"


def _shown(value: int) -> str:
    return str(value) if value < 10**15 else f"10^{_log10(value):.6g}"


def _log10(value: int) -> float:
    shift = max(0, value.bit_length() - 900)
    return math.log10(value >> shift) + shift * math.log10(2)


@dataclass(frozen=True)
class PackingNumber:
    """Bounds of the largest number of unit vectors in R^d with pairwise cosines at most the given one.

    Attributes
    ----------
    d : int
    cosine : tuple of fractions.Fraction
        Encloses cos(angle); both ends equal where it is rational.
    lower_bounds, upper_bounds : tuple of NamedBound
        Best first. Every one is proved: exact rational or ball arithmetic.
    """

    d: int
    cosine: tuple[Fraction, Fraction]
    lower_bounds: tuple[NamedBound, ...]
    upper_bounds: tuple[NamedBound, ...]

    @property
    def lower(self) -> int:
        """The best lower bound."""
        return self.lower_bounds[0].value

    @property
    def upper(self) -> int:
        """The best upper bound."""
        return self.upper_bounds[0].value

    @property
    def exact(self) -> int | None:
        """The packing number, where the bounds meet."""
        return self.lower if self.lower == self.upper else None

    def __str__(self) -> str:
        lines = [f"unit vectors in R^{self.d} with cosines at most {float(self.cosine[1]):.6g}:"]
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
        If not exactly one of angle and cosine is given, or a value is no number or outside its domain.

    Examples
    --------
    >>> packing_number(8, 60).exact, packing_number(3, 90).exact, packing_number(2, 72).exact
    (240, 6, 5)
    >>> print(packing_number(12, 60).lower_bounds[0], packing_number(12, 60).upper < 1500)
    840 (quadruples) True
    """
    dim = int(VARIABLES["d"].exact(d))
    low, high = _cosine(angle, cosine)
    if dim == 1:
        value = NamedBound(2, "the sphere of R^1 has two points")
        return PackingNumber(1, (low, high), (value,), (value,))
    lower = sorted(_lower_bounds(dim, low, angle), key=lambda b: -b.value)
    upper = sorted(_upper_bounds(dim, high, angle), key=lambda b: b.value)
    return PackingNumber(dim, (low, high), tuple(lower), tuple(upper))


def _cosine(angle: object, cosine: object) -> tuple[Fraction, Fraction]:
    if (angle is None) == (cosine is None):
        raise TypeError("pass exactly one of angle (in degrees) and cosine")
    if cosine is not None:
        value = _fraction(exact_rational("cosine", cosine))
        if not -1 <= value < 1:
            raise ValueError(f"cosine must lie in [-1, 1), got {describe(cosine)}")
        return value, value
    degrees = _fraction(exact_rational("angle", angle))
    if not 0 < degrees <= 180:
        raise ValueError(f"angle must lie in (0, 180] degrees, got {describe(angle)}")
    if degrees in _EXACT_COSINES:
        exact = _EXACT_COSINES[int(degrees)]
        return exact, exact
    from boundcalc.arb import Ball, ball, lower_float, precision, upper_float

    with precision(128):
        value = (ball(degrees) * Ball.pi() / 180).cos()
        # Short fractions outside the enclosure keep the exact arithmetic below fast.
        low = Fraction(math.floor(Fraction(lower_float(value)) * _DENOMINATOR), _DENOMINATOR)
        high = Fraction(math.ceil(Fraction(upper_float(value)) * _DENOMINATOR), _DENOMINATOR)
    if high >= 1:
        raise ValueError(f"angle must be at least 10^-4 degrees, got {describe(angle)}")
    return max(low, Fraction(-1)), high


def _fraction(value: Rational) -> Fraction:
    return Fraction(int(value.p), int(value.q))


def _lower_bounds(d: int, cosine: Fraction, angle: object) -> list[NamedBound]:
    from boundcalc.explicit.rings import existence, ring_table, simple_code, sine_above

    square = (1 - cosine) / 2  # sin(psi/2)^2
    found = []
    if d == 2:
        return [NamedBound(_polygon(cosine, angle), "regular polygon")]
    size, name = simple_code(d, square)
    found.append(NamedBound(size, name))
    s = sine_above(square)
    found.append(NamedBound(existence(d, min(s, 1.0)), "existence: a maximal code covers"))
    if d <= 24:
        table = ring_table(d)
        at = int(table.sines.searchsorted(s))
        if at < table.sines.size and s >= table.sines[0] and table.names[at] == "rings":
            found.append(NamedBound(int(table.sizes[at]), "rings of smaller codes"))
    return found


def _polygon(cosine: Fraction, angle: object) -> int:
    """floor(2 pi/psi), from the angle itself where it is given."""
    from boundcalc.arb import Ball, ball, precision

    if angle is not None:
        return max(1, math.floor(360 / _fraction(exact_rational("angle", angle))))
    special = {Fraction(1, 2): 6, Fraction(0): 4, Fraction(-1, 2): 3, Fraction(-1): 2}
    if cosine in special:
        return special[cosine]
    with precision(128):  # no other rational cosine belongs to a rational multiple of pi
        whole = (2 * Ball.pi() / ball(cosine).acos()).floor().unique_fmpz()
    if whole is None:
        raise ArithmeticError(f"2 pi/arccos({cosine}) is too close to a whole number")
    return int(whole)


def _upper_bounds(d: int, cosine: Fraction, angle: object) -> list[NamedBound]:
    if d == 2:
        return [NamedBound(_polygon(cosine, angle), "regular polygon")]
    from boundcalc.arb import ball, precision

    found = []
    if cosine < 0:
        found.append(NamedBound(min(d + 1, math.floor(1 - 1 / cosine)), "Rankin"))
    elif cosine == 0:
        found.append(NamedBound(2 * d, "Rankin"))
    with precision(128):
        # 1/sigma(psi/2), sin(psi/2)^2 = (1 - c)/2.
        square = ball((1 - cosine) / 2)
        measure = square.beta_lower(ball(Fraction(d - 1, 2)), ball(Fraction(1, 2)), True) / 2
        if measure > 0:
            mantissa, exponent = (1 / measure).upper().man_exp()
            value = int(mantissa) << int(exponent) if int(exponent) >= 0 else int(mantissa) >> -int(exponent)
            found.append(NamedBound(value, "volume: disjoint caps of half the angle"))
    if d <= _LARGEST_LP_DIMENSION:
        best = levenshtein(d, cosine)
        if best is not None:
            found.append(best)
    return found


def _multiply(a: list[Fraction], b: list[Fraction]) -> list[Fraction]:
    product = [Fraction(0)] * (len(a) + len(b) - 1)
    for i, x in enumerate(a):
        for j, y in enumerate(b):
            product[i + j] += x * y
    return product


def _jacobi(degree: int, alpha: Fraction, beta: Fraction) -> list[list[Fraction]]:
    """Jacobi polynomials of degrees 0 to ``degree``, up to positive factors, lowest coefficient first."""
    polynomials = [[Fraction(1)], [(alpha - beta) / 2, (alpha + beta + 2) / 2]]
    for n in range(2, degree + 1):
        total = 2 * n + alpha + beta
        first = 2 * n * (n + alpha + beta) * (total - 2)
        shift = (total - 1) * (alpha * alpha - beta * beta)
        slope = (total - 1) * total * (total - 2)
        back = 2 * (n + alpha - 1) * (n + beta - 1) * total
        raised = _multiply(polynomials[-1], [shift, slope])
        for i, c in enumerate(polynomials[-2]):
            raised[i] -= back * c
        polynomials.append([c / first for c in raised])
    return polynomials[: degree + 1]


def _at(polynomial: list[Fraction], x: Fraction) -> Fraction:
    total = Fraction(0)
    for c in reversed(polynomial):
        total = total * x + c
    return total


def gegenbauer_coefficients(d: int, polynomial: list[Fraction]) -> list[Fraction]:
    """Coefficients in the Gegenbauer polynomials of dimension d, normalised to 1 at 1."""
    from boundcalc.explicit.gegenbauer import coefficients

    rest = list(polynomial)
    found = []
    for k in range(len(polynomial) - 1, -1, -1):
        basis = coefficients(d, k)
        factor = rest[k] / basis[k]
        found.append(factor)
        for i, c in enumerate(basis):
            rest[i] -= factor * c
    return found[::-1]


@lru_cache(maxsize=256)
def levenshtein(d: int, cosine: Fraction) -> NamedBound | None:
    """The best bound f(1)/f_0 over Levenshtein's polynomials, certified coefficient by coefficient; d >= 3."""
    best: NamedBound | None = None
    base = Fraction(d - 3, 2)
    for even in (0, 1):
        for k in range(1, (_LARGEST_DEGREE + 1) // 2 + 1):
            degree = 2 * k - 1 + even
            if degree > _LARGEST_DEGREE:
                continue
            polynomials = _jacobi(k, base + 1, base + even)
            upper, lower = polynomials[k], polynomials[k - 1]
            # Kernel times (x - c): P_k(x) P_(k-1)(c) - P_(k-1)(x) P_k(c), divisible by x - c.
            at_upper, at_lower = _at(upper, cosine), _at(lower, cosine)
            numerator = [c * at_lower for c in upper]
            for i, c in enumerate(lower):
                numerator[i] -= c * at_upper
            kernel = _divide(numerator, cosine)
            if not any(kernel):
                continue
            f = _multiply(_multiply(kernel, kernel), [-cosine, Fraction(1)])
            if even:
                f = _multiply(f, [Fraction(1), Fraction(1)])
            expansion = gegenbauer_coefficients(d, f)
            if expansion[0] > 0 and all(c >= 0 for c in expansion):
                value = math.floor(_at(f, Fraction(1)) / expansion[0])
                if best is None or value < best.value:
                    best = NamedBound(value, f"Delsarte, Levenshtein's polynomial of degree {degree}")
    return best


def _divide(polynomial: list[Fraction], root: Fraction) -> list[Fraction]:
    """Quotient by x - root; the remainder is 0."""
    quotient = [Fraction(0)] * (len(polynomial) - 1)
    carry = Fraction(0)
    for i in range(len(polynomial) - 1, 0, -1):
        carry = polynomial[i] + carry * root
        quotient[i - 1] = carry
    return quotient
