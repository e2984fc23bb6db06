"""Ball arithmetic for sums and designs with too many terms for an expression tree.

Every number is an Arb ball: a midpoint and a radius that bounds all rounding and truncation errors. Inputs are exact:
integers, fractions, and floats as the binary numbers they are. Use inside :func:`precision` only.
"""

from __future__ import annotations

import math
from fractions import Fraction

import flint
from flint import arb as Ball
from flint import arb_poly, fmpq, fmpz, fmpz_poly

from boundcalc.enclosure import Enclosure, ball_of, dyadic, precision

__all__ = [
    "Ball",
    "all_real_roots",
    "ball",
    "enclosure",
    "from_enclosure",
    "log_gamma",
    "lower_float",
    "precision",
    "product",
    "real_roots",
    "upper_float",
    "whole_below",
    "whole_part",
    "working_bits",
]


def working_bits() -> int:
    """The working precision that is set."""
    return int(flint.ctx.prec)


def ball(value: int | float | Fraction) -> Ball:
    """The ball of an exact number; a float is the binary number it is.

    Examples
    --------
    >>> with precision(64):
    ...     ball(0.1) == ball(Fraction(1, 10))
    False
    """
    if isinstance(value, int):
        return Ball(fmpz(value))
    if isinstance(value, float):
        return Ball(value)
    return Ball(fmpq(int(value.numerator), int(value.denominator)))  # Python's own, of numpy integers, too


def enclosure(value: Ball) -> Enclosure:
    """The interval of a finite ball.

    Raises
    ------
    ArithmeticError
        If the ball is not finite.
    """
    if not value.is_finite():
        raise ArithmeticError("the ball is not finite: the expression is undefined here, or the precision too low")
    return Enclosure(dyadic(value.lower()), dyadic(value.upper()))


def lower_float(value: Ball) -> float:
    """The largest float that is not above any point of the ball."""
    return dyadic(value.lower()).round_down() if value.is_finite() else -math.inf


def upper_float(value: Ball) -> float:
    """The smallest float that is not below any point of the ball."""
    return dyadic(value.upper()).round_up() if value.is_finite() else math.inf


def whole_part(value: Ball) -> int:
    """The largest integer that does not exceed every point of a ball: the floor of its upper end."""
    return _floor(value.upper())


def whole_below(value: Ball) -> int:
    """The largest integer that no point of a ball is below: the floor of its lower end."""
    return _floor(value.lower())


def _floor(exact: Ball) -> int:
    mantissa, exponent = (int(part) for part in exact.man_exp())
    return mantissa << exponent if exponent >= 0 else mantissa >> -exponent


def log_gamma(value: Fraction) -> Ball:
    """Logarithm of the gamma function at a positive fraction."""
    return ball(value).lgamma()


def product(first: list[Ball], second: list[Ball]) -> list[Ball]:
    """Coefficients of the product of two polynomials, lowest first."""
    return list((arb_poly(first) * arb_poly(second)).coeffs())


def all_real_roots(coefficients: list[Fraction]) -> list[Ball]:
    """Enclosures of the real roots, in increasing order, of a polynomial (lowest coefficient first); none is missed."""
    scale = math.lcm(*(c.denominator for c in coefficients))
    polynomial = fmpz_poly([int(c * scale) for c in coefficients])
    # complex_roots isolates the roots and gives real ones an imaginary part that is exactly 0.
    roots = [root.real for root, _ in polynomial.complex_roots() if root.imag == 0]
    return sorted(roots, key=lambda root: float(root.mid()))


def real_roots(coefficients: list[Fraction]) -> list[Ball]:
    """The same for a polynomial whose roots are all real and simple.

    Raises
    ------
    ArithmeticError
        If they are not.
    """
    roots = all_real_roots(coefficients)
    if len(roots) != len(coefficients) - 1:
        raise ArithmeticError("the polynomial has roots that are not real or not simple")
    return roots


def from_enclosure(interval: Enclosure) -> Ball:
    """A ball that contains an interval."""
    return ball_of(interval.low).union(ball_of(interval.high))
