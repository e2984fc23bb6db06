"""Upper bounds on the number of points of a spherical code of any size: Levenshtein's, and caps lifted to larger angles.

A(d, psi) is the largest number of unit vectors in R^d with pairwise angles of at least psi; c = cos(psi).

**Delsarte.** P_i is the Gegenbauer polynomial of dimension d with P_i(1) = 1. If f = sum f_i P_i with f_0 > 0, f_i >= 0, and
f <= 0 on [-1, c], then N <= f(1)/f_0: the sum of f(x.y) over all pairs is at most N f(1) and at least N^2 f_0, because the
P_i(x.y) are positive semidefinite kernels.

**Levenshtein's polynomials.** Let r_i be the dimension of the harmonics of degree i, D_j = C(j + d - 1, j) = r_j + r_(j-2) + ...,
R_j = D_j + D_(j-1) = r_j + r_(j-1) + ..., nu the law of one coordinate, and

    Q_j = (r_j P_j + r_(j-2) P_(j-2) + ...)/D_j,      orthogonal for (1 - t^2) nu: the Gegenbauer polynomials of dimension d + 2,
    O_j = (r_j P_j + r_(j-1) P_(j-1) + ...)/R_j,      orthogonal for (1 - t) nu,      O_j = (D_j Q_j + D_(j-1) Q_(j-1))/R_j.

Even order 2k, where Q_0, ..., Q_(k-1) >= 0 >= Q_k at c: f = (1 + t)(t - c) T^2, T the kernel at c of the polynomials of degree
< k for (1 - t^2) nu. T is a sum of the Q_i with coefficients >= 0, (t - c) T a positive multiple of
Q_k(t) Q_(k-1)(c) - Q_(k-1)(t) Q_k(c), 1 + t = P_0 + P_1, and products of the P_i are sums of them with coefficients >= 0: so
f_i >= 0. With T = T(1) - (1 - t) S, deg S <= k - 2, orthogonality leaves f_0 = T(1) int (1 + t)(t - c) T dnu, and
int (1 + t) Q_j dnu = 1/D_j. Hence, with q = -Q_k(c)/Q_(k-1)(c) >= 0,

    N <= 2 (1 + q)/(1/D_k + q/D_(k-1)).

Odd order 2k - 1, where O_0, ..., O_(k-1) >= 0 >= O_k at c: the same with f = (t - c) T^2, (1 - t) nu and int O_j dnu = 1/R_j:

    N <= (1 + q)/(1/R_k + q/R_(k-1)),      q = -O_k(c)/O_(k-1)(c).

(V. I. Levenshtein, Universal bounds for codes and designs, Handbook of Coding Theory, 1998.) The signs are decided in ball
arithmetic, on the recurrence for the ratios Q_(j+1)/Q_j; where c lies on an end of the interval of an order, a slightly larger
cosine is taken, at which the bound is valid too because A grows with c.

**Lifted caps** (Sidelnikov; Kabatiansky and Levenshtein 1978; Cohn and Zhao 2014). Let sin(psi'/2) = sin(psi/2)/sin(gamma),
gamma <= pi/2, s(gamma) the share of the sphere in a cap of angle gamma. Some cap of that angle holds at least N s(gamma) points:
the mean over its centre. Map them, at x = (p, h), h = sqrt(1 - |p|^2) the height over the centre's equator, to
(p/sin(gamma), H): since d(sin(gamma) H)/dh = h/sqrt(h^2 - cos(gamma)^2) >= 1, distances grow by 1/sin(gamma) at least, so

    A(d, psi) s(gamma) <= A(d, psi').

If gamma <= psi <= pi/2, seen from the centre (which may be chosen off the points) two of the points at distances a, b <= gamma
are at an angle omega with cos(omega) <= (cos(psi) - cos(a) cos(b))/(sin(a) sin(b)). That increases in a and b, so omega >= psi':

    A(d, psi) s(gamma) <= A(d - 1, psi').

At psi' = 63 degrees and with Levenshtein's bound this is the bound of Kabatiansky and Levenshtein, whose exponent is the best
that is known for psi < 63 degrees.
"""

from __future__ import annotations

import math
from fractions import Fraction
from functools import lru_cache

from boundcalc.arb import Ball, ball, log_gamma, precision, whole_part

_BITS = 192
_LARGEST_INDEX = 120_000
_NUDGES = (Fraction(0), Fraction(1, 2**100), Fraction(1, 2**60), Fraction(1, 2**30))
# cos(psi') for lifted caps; the exponent is best at cos(62.9974 degrees) = 0.45403.
_LIFTS = tuple(Fraction(*pair) for pair in ((454, 1000), (1, 2), (47, 100), (2, 5), (1, 3), (1, 4), (1, 8), (1, 20)))
_FEW_LIFTS_FROM = 5_000


_CLUSTERED = "Leijenhorst & de Laat 2024"
_POLYNOMIAL = "Machado & de Oliveira Filho 2018"
# Published upper bounds at 60 degrees by semidefinite programs, as Cohn's table of kissing numbers has them (all 18 compared with
# two public copies of that table, of 30 August and 6 September 2026; the papers themselves could not be read here):
# H. D. Mittelmann and F. Vallentin, Exp. Math. 19, 2010; F. C. Machado and F. M. de Oliveira Filho, Exp. Math. 27, 2018;
# N. Leijenhorst and D. de Laat, Math. Program. Comput. 16, 2024; D. de Laat, N. Leijenhorst and W. H. H. de Muinck Keizer,
# arXiv:2404.18794.
SEMIDEFINITE: dict[int, tuple[int, str]] = {
    5: (44, "Mittelmann & Vallentin 2010"),
    6: (77, "de Laat, Leijenhorst & de Muinck Keizer 2024"),
    7: (134, "Mittelmann & Vallentin 2010"),
    9: (363, _POLYNOMIAL),
    10: (553, _POLYNOMIAL),
    11: (868, _CLUSTERED),
    12: (1355, _CLUSTERED),
    13: (2064, _CLUSTERED),
    14: (3174, _CLUSTERED),
    15: (4853, _CLUSTERED),
    16: (7320, _CLUSTERED),
    17: (10978, _CLUSTERED),
    18: (16406, _CLUSTERED),
    19: (24417, _CLUSTERED),
    20: (36195, _CLUSTERED),
    21: (53524, _CLUSTERED),
    22: (80810, _CLUSTERED),
    23: (122351, _CLUSTERED),
}


class _UndecidedError(ArithmeticError):
    """A sign could not be decided."""


def cap_share(d: int, sine_squared: Fraction) -> Ball:
    """Share of the sphere in R^d in a cap of angle gamma <= pi/2 with this sin(gamma)^2."""
    return ball(sine_squared).beta_lower(ball(Fraction(d - 1, 2)), ball(Fraction(1, 2)), True) / 2


def _negative(x: Ball) -> bool:
    if x > 0:
        return False
    if x < 0:
        return True
    raise _UndecidedError("the sign of a polynomial was not decided")


def _orders(d: int, cosine: Fraction) -> list[tuple[Ball, int]]:
    """The bounds of even and odd order that are valid at a cosine, with their orders; d >= 3."""
    c = ball(cosine)
    # ratio = Q_j/Q_(j-1): (j + d) Q_(j+1) = (2j + d) c Q_j - j Q_(j-1); until the first negative one.
    before, ratio, k = ball(0), c, 1
    while not _negative(ratio):
        if k > 4 * _LARGEST_INDEX:  # the estimate below failed; not seen
            raise _UndecidedError("the degree is too large")
        before, ratio = ratio, ((2 * k + d) * c - k / ratio) / (k + d)
        k += 1
    size = (log_gamma(Fraction(k + d - 1)) - log_gamma(Fraction(k)) - log_gamma(Fraction(d))).exp()  # D_(k-1)
    growth = ball(k + d - 1) / k  # D_k/D_(k-1)
    found = [(2 * size * growth * (1 - ratio) / (1 - ratio * growth), 2 * k)]
    # The sums D_j Q_j + D_(j-1) Q_(j-1) = R_j O_j are positive for j < k.
    if not _negative(1 + ratio * growth):
        before, ratio = ratio, ((2 * k + d) * c - k / ratio) / (k + d)
        k += 1
        size *= growth
        growth = ball(k + d - 1) / k
        if not _negative((1 + ratio * growth) * before):  # D_(k-1) Q_(k-1) < 0 now
            raise _UndecidedError("the order was not found")
    shrink = ball(k - 1) / (k + d - 2)  # D_(k-2)/D_(k-1)
    lower, upper = size * (1 + shrink), size * (1 + growth)  # R_(k-1), R_k
    # R_k O_k/(D_(k-1) Q_(k-1)), R_(k-1) O_(k-1)/(D_(k-1) Q_(k-1))
    now, last = 1 + ratio * growth, 1 + (shrink / before if k > 1 else 0)
    q = -(now / upper) / (last / lower)
    found.append(((1 + q) / (1 / upper + q / lower), 2 * k - 1))
    return found


def _index(d: int, cosine: Fraction) -> float:
    """About half the order that Levenshtein's bound needs."""
    sine = math.sqrt(float(1 - cosine) * float(1 + cosine))
    return max(d / 2 * (1 / sine - 1), 1.2 / sine) if cosine > 0 else 1.0


@lru_cache(maxsize=256)
def levenshtein(d: int, cosine: Fraction) -> tuple[int, int] | None:
    """The smaller of Levenshtein's bounds of even and odd order that are valid at a cosine, and its order; d >= 3.

    None where the order would be larger than about 240 000.

    >>> levenshtein(8, Fraction(1, 2)), levenshtein(24, Fraction(1, 2)), levenshtein(3, Fraction(0))
    ((240, 7), (196560, 11), (6, 3))
    """
    if _index(d, cosine) > _LARGEST_INDEX:
        return None
    for nudge in _NUDGES:
        with precision(_BITS):
            try:
                bounds = [(whole_part(value), order) for value, order in _orders(d, cosine + (1 - cosine) * nudge)]
            except _UndecidedError:
                continue
        return min(bounds)
    return None


def kabatiansky_levenshtein(d: int, cosine: Fraction) -> tuple[int, str] | None:
    """The best bound through caps lifted to a larger angle, and how it comes about; 0 < cosine, d >= 3."""
    best: tuple[int, str] | None = None
    for target in _LIFTS if d < _FEW_LIFTS_FROM else _LIFTS[:1]:
        # sin(gamma)^2 = (1 - c)/(1 - c'); gamma <= psi says sin(gamma)^2 <= 1 - c^2
        if not 0 < target < cosine:
            continue
        narrow = target * (1 + cosine) <= cosine
        dim = d - 1 if narrow and d > 3 else d
        inner = levenshtein(dim, target)
        if inner is None:
            continue
        with precision(_BITS):
            share = cap_share(d, (1 - cosine) / (1 - target))
            if not share > 0:
                continue
            value = whole_part(inner[0] / share)
        if best is None or value < best[0]:
            angle = math.degrees(math.acos(target))
            best = (value, f"caps lifted to {angle:.4g} degrees in R^{dim}, Levenshtein's order {inner[1]}")
    return best
