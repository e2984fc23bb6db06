"""Integrals of the density of one coordinate of a uniform point of the ball, in ball arithmetic.

At depth z = 1 - u.x in [0, 1] the density is p(z) = c_1 (z(2 - z))^alpha, alpha = (d - 1)/2,
c_1 = Gamma(d/2 + 1)/(sqrt(pi) Gamma((d + 1)/2)). With x = z/2 and Euler's transformation, which makes every term of
the hypergeometric series positive,

    int_0^z t^k (t(2 - t))^a dt = 2^a z^(k+a+1)/(k+a+1) (1 - x)^(a+1) 2F1(k + 2a + 2, 1; k + a + 2; x).

For large a the series is summed as it stands, up to hundreds of times faster than the library's routine for general parameters:
the ratios x (k + 2a + 2 + i)/(k + a + 2 + i) of its terms decrease, so what is left out is less than a geometric series.
"""

from __future__ import annotations

from fractions import Fraction

from boundcalc.arb import Ball, ball, log_gamma, working_bits

__all__ = ["Marginal", "half_power"]

# From here on the series is summed here, for whole a and for halves of odd numbers.
_LARGE, _LARGE_HALF = 24, 1000


class Marginal:
    """Density of the depth of a uniform point, and its integrals, at the precision that is set when it is made.

    Parameters
    ----------
    d : int

    Examples
    --------
    >>> from boundcalc.arb import precision
    >>> with precision(64):
    ...     print(Marginal(3).mass(ball(1)).str(5, radius=False))
    0.50000
    """

    def __init__(self, d: int) -> None:
        self.d = d
        self.alpha = Fraction(d - 1, 2)
        log_c1 = log_gamma(Fraction(d, 2) + 1) - log_gamma(Fraction(d + 1, 2)) - Ball.pi().log() / 2
        self.c1 = log_c1.exp()
        self._constants: dict[tuple[int, Fraction], tuple[Ball, Ball, Ball]] = {}

    def density(self, z: Ball) -> Ball:
        """p(z)."""
        return self.c1 * half_power(z * (2 - z), self.alpha)

    def _integral(self, z: Ball, k: int, a: Fraction) -> Ball:
        if z == 0:
            return ball(0)
        if (k, a) not in self._constants:
            self._constants[k, a] = ball(k + 2 * a + 2), ball(k + a + 2), ball(k + a + 1)
        upper, lower, factor = self._constants[k, a]
        x = z / 2
        y = 1 - x
        # (2z)^a (1 - x)^a = (z(2 - z))^a
        if a < (_LARGE if a.denominator == 1 else _LARGE_HALF):
            series = x.hypgeom_2f1(upper, ball(1), lower)
        else:
            series = _series(x, int(2 * (k + 2 * a + 2)), int(2 * (k + a + 2)))
        return half_power(4 * x * y, a) * z ** (k + 1) / factor * y * series

    def moment(self, z: Ball, k: int) -> Ball:
        """Integral of t^k p(t) over [0, z]."""
        return self.c1 * self._integral(z, k, self.alpha)

    def moments(self, z: Ball) -> tuple[Ball, Ball, Ball]:
        """Integrals of p, t p and t^2 p over [0, z].

        Derivatives of P = (t(2 - t))^(alpha+1) and of t P give 2(alpha + 1)(m_0 - m_1) = P and
        (2 alpha + 3) m_2 = (2 alpha + 4) m_1 - z P; they cancel log2(1/z) digits each.
        """
        zero = self.moment(z, 0)
        if z == 0 or z < 0.001:
            return zero, self.moment(z, 1), self.moment(z, 2)
        boundary = z * (2 - z) * self.density(z)
        alpha = ball(self.alpha)
        one = zero - boundary / (2 * alpha + 2)
        return zero, one, ((2 * alpha + 4) * one - z * boundary) / (2 * alpha + 3)

    def mass(self, z: Ball) -> Ball:
        """Integral of p over [0, z]."""
        return self.moment(z, 0)

    def square(self, z: Ball) -> Ball:
        """Integral of p^2 over [0, z]."""
        return self.c1 * self.c1 * self._integral(z, 0, 2 * self.alpha)


def _series(x: Ball, upper: int, lower: int) -> Ball:
    """2F1(upper/2, 1; lower/2; x) for upper >= lower > 0 and 0 <= x < 1, upper x < lower."""
    if not x < 1:
        raise ArithmeticError("a depth must be at most 1")
    small = ball(Fraction(1, 2 ** (working_bits() + 8)))
    total, term = ball(1), ball(1)
    while True:
        for _ in range(24):
            term = term * x * upper / lower
            total += term
            upper += 2
            lower += 2
        ratio = x * upper / lower
        if ratio < 1:
            rest = term * ratio / (1 - ratio)
            if not rest > small * total:
                return total + ball(0).union(rest)


def half_power(base: Ball, exponent: Fraction) -> Ball:
    """base**exponent for base >= 0 and a multiple of 1/2 as exponent."""
    if exponent.denominator == 1:
        return base**exponent.numerator
    return base.sqrt() ** exponent.numerator
