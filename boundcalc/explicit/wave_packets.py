"""Theorem B': overlapping directions, compactly supported wave packets with disjoint supports.

Cap coordinates of a cap of height h with axis u: x = (sqrt(h) y, 1 - h s), z = (y, s); Q = {|y| <= 1/2, 1/2 <= s <= 1} lies
in the cap and in the ball. With b(z) = (1 - 4 z^2)_+^m and e(y, s) = prod_i b(y_i/r) b(s), the packet is
psi = d_s^L e/S, L = 2d + 4, S = sup |b^(L)|, so |psi| <= 1. Shifts of psi(z/delta) to K disjoint boxes
(r delta)^(d-1) x delta inside Q, on N disjoint caps, with random signs and amplitude a: the supports are disjoint.

Weighted variation norm of one cap's sum f = (delta^L/S) d_s^L E, any signs. In polar coordinates xi = lambda (w, 1) of the
frequencies, f(z) = int F_w(w.y + s) dw over w in R^(d-1), with F_w's transform (2 pi)^(1-d) f^(lambda (w, 1)) |lambda|^(d-1);
and w.y + s = (1 - q nu.x)/h with q = sqrt(1 + h |w|^2), |nu| = 1: a superposition of ridge functions. A hyperplane
nu.x = t with t = (1 - h tau)/q has 1 - |t| <= h (|w|^2/2 + |tau|), so

    |f|_V <= h^(d+1) int int q (|w|^2/2 + |tau|)^(d+2) |F_w''(tau)| dtau dw.

The integral of f over {w.y + s = tau} vanishes unless tau lies in J = [1/2 - |w|/2, 1 + |w|/2].

Inside the window, J widened by D (1 + |w|) on each side: Cauchy and Schwarz with the weight (1 + |w|^2)^M, M = (5d + 11)/2, and
Plancherel, where |xi_d|^(d+3-2M) cancels the 2L derivatives, bound the integral by the root of I (2 pi)^(1-d) K T delta^(-3),

    I = int (1 + |w|^2)^(1-M) (1/2 + |w| + 2D(1 + |w|)) (|w|^2/2 + |w|/2 + 1 + D(1 + |w|))^(2d+4) dw,
    T = S^(-2) int |xi|^(2M) |e^|^2/(2 pi)^d,

since the same with E is K delta^(d-2M) times that: sums of |d^alpha E|^2 for whole M, which boxes share out. Odd d: M is a whole
number and T = S^(-2) sum over |alpha| = M of (M!/alpha!) |d^alpha e|^2; |lambda|^(d-1) is a polynomial, F_w lives on J: D = 0.

Even d: 2M is odd, and T is at most sqrt(T_(M+1/2) T_(M-1/2)) (Cauchy and Schwarz in xi, box by box the same). F_w'' is
(2 pi)^(1-d) delta^L/S times the Hilbert transform of the derivative of order p = L + d + 1 of G(tau), the integral of E over
{w.y + s = tau}. At distance u from J the kernel 1/(pi tau) is smooth, so the derivatives go over to it:
|F_w''| <= (2 pi)^(1-d) delta^L/S |E|_1 p!/(pi u^(p+1)), |E|_1 = K delta^d |e|_1. With q <= 1 + |w|, the outside of the
window adds at most tail K delta^(d+L),

    tail = 2 (2 pi)^(1-d) (p!/pi) (|e|_1/S) int int_{u > D(1+|w|)} (1 + |w|) (|w|^2/2 + |w|/2 + 1 + u)^(d+2) u^(-p-1) du dw.

I and the last integral are sums of beta functions; T comes from the coefficient of x^M in a product of exponential generating
functions of the rational numbers |b^(j)|^2. All are evaluated exactly. m >= M + 1 makes all norms finite.
The squared norm of a packet is h^((d+1)/2) delta^d |psi|^2/vol(B^d). By the two-point prior
risk >= a^2 N K mu mmse(n a^2 mu/sigma^2) for N a |f|_V <= C, a <= B. Boxes: all that meet the ball of radius
1/2 - sqrt(d-1) r delta lie in {|y| <= 1/2} and cover it.

As n grows this decays like n^(-2/(3d+1)), the class's own rate, with small constants. For the population weight
g_P < c_inf g: C is divided by c_inf.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from boundcalc.arb import Ball, all_real_roots, ball, log_gamma, lower_float, precision, product, whole_below
from boundcalc.exact import log_exact
from boundcalc.explicit.caps import Caps, candidates, log_arrays
from boundcalc.explicit.family import Claim, Design, Family, NotApplicable
from boundcalc.explicit.gegenbauer import horner
from boundcalc.explicit.problem import Effort, Problem
from boundcalc.explicit.sign_error import sign_error, sign_error_ball
from boundcalc.explicit.slab_profile import best_snr
from boundcalc.explicit.theorem_a import HEAVIER, canonical_budget

Array = NDArray[Any]
# Its functions take exact fractions too.
polynomials: Any = np.polynomial.polynomial
# 1 - x^2, exactly.
_BUMP = [Fraction(1), Fraction(0), Fraction(-1)]
_DELTAS = 2.0 ** (-np.arange(4, 1400) / 4)
# Around the scale where the values peak.
_WINDOW = np.arange(-6, 7)
# Logarithm of what is claimed less than the search's estimate, which errs by rounding.
_MARGIN = 1e-6
_WIDENINGS = tuple(Fraction(1, 2**j) for j in range(9))


def _power(base: list[Fraction], exponent: int) -> Array:
    """The power of a polynomial: products of whole numbers, which are far cheaper than those of fractions."""
    unit = math.lcm(*(c.denominator for c in base))
    whole, found = np.array([int(c * unit) for c in base], dtype=object), np.array([1], dtype=object)
    for _ in range(exponent):
        found = np.convolve(found, whole)
    return np.array([Fraction(c, unit**exponent) for c in found])


def _profile_norms(m: int, largest: int) -> list[Fraction]:
    """Integrals of the squared j-th derivative of (1 - 4 z^2)^m over [-1/2, 1/2], j = 0, ..., largest <= m."""
    # In x = 2z: (1 - x^2)^m on [-1, 1], each derivative a factor 2, dz = dx/2.
    polynomial, norms = np.array([int(c) for c in _power(_BUMP, m)], dtype=object), []
    for j in range(largest + 1):
        even = np.convolve(polynomial, polynomial)[::2]
        norms.append(sum((Fraction(c, 2 * i + 1) for i, c in enumerate(even)), Fraction(0)) * 4**j)
        polynomial = polynomial[1:] * np.arange(1, polynomial.size)
    return norms


def _sup_derivative(m: int, order: int) -> Ball:
    """sup of the derivative of (1 - 4 z^2)^m of this order."""
    polynomial = polynomials.polyder(_power(_BUMP, m), order)
    # The outermost derivative vanishes at the ends, where roots are multiple: divide them out.
    reduced = polynomials.polydiv(polynomials.polyder(polynomial), _power(_BUMP, m - order - 1))[0]
    sup = abs(horner(polynomial, ball(0)))
    for root in all_real_roots(list(reduced)):
        if not abs(root) > 1:
            sup = sup.max(abs(horner(polynomial, root)))
    return sup * ball(2) ** order


@dataclass(frozen=True)
class _Constants:
    """log of I (2 pi)^(1-d) T at D = 0, of |psi|^2/vol(B^d), and of |e|_1/S, as balls."""

    log_variation: Ball
    log_norm: Ball
    log_mass: Ball


def _sphere_area(dim: int) -> Ball:
    """Area of the unit sphere in R^dim; 2 points in R^1."""
    return 2 * (Ball.pi().log() * ball(Fraction(dim, 2)) - log_gamma(Fraction(dim, 2))).exp()


def _log_beta(a: Fraction, b: Fraction) -> Ball:
    return log_gamma(a) + log_gamma(b) - log_gamma(a + b)


def _inside(d: int, widening: Fraction) -> Ball:
    """I: over |w| with the area of the sphere in R^(d-1); at d = 1 the single point w = 0."""
    width = [Fraction(1, 2) + 2 * widening, 1 + 2 * widening]
    depth = [1 + widening, Fraction(1, 2) + widening, Fraction(1, 2)]
    if d == 1:
        return ball(width[0] * depth[0] ** (2 * d + 4))
    exponent = Fraction(5 * d + 11, 2)
    total = ball(0)
    for i, c in enumerate(polynomials.polymul(width, _power(depth, 2 * d + 4))):
        # int_0^inf rho^(d-2+i) (1 + rho^2)^(1-M) d rho = Beta(p, M - 1 - p)/2, p = (d - 1 + i)/2
        p = Fraction(d - 1 + i, 2)
        total += ball(c) * _log_beta(p, exponent - 1 - p).exp() / 2
    return _sphere_area(d - 1) * total


def _outside(d: int, widening: Fraction) -> Ball:
    """The double integral in the tail, even d.

    Expanding in powers of u: int_{D(1+rho)}^inf u^(d+2-j-p-1) du = (D (1 + rho))^(-(2d+3+j))/(2d+3+j), as p + 1 = 3d + 6, and
    int rho^(d-2+i) (1 + rho)^(-(2d+2+j)) d rho = Beta(d - 1 + i, d + 3 + j - i), i <= 2j.
    """
    total = Fraction(0)
    power = [Fraction(1)]
    for j in range(d + 3):
        inner = Fraction(0)
        for i, c in enumerate(power):
            beta = Fraction(math.factorial(d - 2 + i) * math.factorial(d + 2 + j - i), math.factorial(2 * d + 1 + j))
            inner += c * beta
        total += math.comb(d + 2, j) * inner / (widening ** (2 * d + 3 + j) * (2 * d + 3 + j))
        power = polynomials.polymul(power, [Fraction(1), Fraction(1, 2), Fraction(1, 2)])
    return _sphere_area(d - 1) * ball(total)


@lru_cache(maxsize=64)
def _constants(d: int, m: int, aspect: Fraction) -> _Constants:
    with precision(400):
        order, total = 2 * d + 4, (5 * d + 12) // 2  # M, or M + 1/2
        norms = _profile_norms(m, total)
        sup = _sup_derivative(m, order)
        found = [ball(b / math.factorial(j)) for j, b in enumerate(norms)]
        across = [ball(b * aspect * aspect ** (-2 * j) / math.factorial(j)) for j, b in enumerate(norms)]
        for _ in range(d - 1):
            found = product(found, across)[: total + 1]
        mixed = found[total] * math.factorial(total) / sup**2
        if d % 2 == 0:
            mixed = (mixed * found[total - 1] * math.factorial(total - 1) / sup**2).sqrt()
        variation = _inside(d, Fraction(0)) * mixed / (2 * Ball.pi()) ** (d - 1)
        square = ball(norms[order] * (norms[0] * aspect) ** (d - 1)) / sup**2
        log_ball = Ball.pi().log() * ball(Fraction(d, 2)) - log_gamma(Fraction(d, 2) + 1)
        # int (1 - 4 z^2)^m dz = Beta(m + 1, 1/2)/2
        mass = d * (_log_beta(Fraction(m + 1), Fraction(1, 2)) - ball(2).log()) + (d - 1) * ball(aspect).log()
        return _Constants(variation.log(), square.log() - log_ball, mass - sup.log())


@lru_cache(maxsize=256)
def _window(d: int, widening: Fraction) -> tuple[Ball, Ball | None]:
    """log of I(D)/I(0), and of the tail without |e|_1/S (None for odd d)."""
    with precision(400):
        grown = (_inside(d, widening) / _inside(d, Fraction(0))).log()
        if d % 2:
            return grown, None
        front = 2 * ball(math.factorial(3 * d + 5)) / Ball.pi() / (2 * Ball.pi()) ** (d - 1)
        return grown, (front * _outside(d, widening)).log()


def _shape(d: int) -> tuple[int, Fraction]:
    """Power m of the profile and aspect ratio r: of m up to M + 4 and r = 1, 3/2, 2, 3 the best for every d up to 9."""
    return (5 * d + 14) // 2, Fraction(3, 2) if d > 1 else Fraction(1)


def _boxes(d: int, aspect: Fraction, delta: float) -> int:
    """A number of disjoint boxes that surely fit into Q; exact."""
    step = Fraction(delta)
    along = math.floor(Fraction(1, 2) / step)
    if d == 1:
        return along
    with precision(128):
        side = ball(aspect * step)
        radius = ball(Fraction(1, 2)) - ball(d - 1).sqrt() * side
        if not radius > 0:
            return 0
        log_volume = ball(Fraction(d - 1, 2)) * Ball.pi().log() - log_gamma(Fraction(d + 1, 2))
        across = (log_volume + (d - 1) * (radius / side).log()).exp()
        return along * whole_below(across)


@dataclass(frozen=True)
class WavePackets(Design):
    """Caps, scale delta of the packets in cap coordinates, m = ``power``, r = ``aspect``, D = ``widening``, and amplitude.

    m is at least M + 1: (5d + 13)/2 for odd d, (5d + 14)/2 for even d. D is positive for even d. The amplitude is in units of
    B; smaller where the budget requires it.
    """

    caps: Caps
    delta: float
    power: int
    aspect: Fraction
    widening: Fraction = Fraction(0)
    amplitude: float = 1.0

    def __str__(self) -> str:
        return f"{self.caps}, packets of scale {self.delta:.4g} in each"

    def bound(self, problem: Problem) -> Ball:
        """a^2 N K mu mmse(nu a^2 mu), in units of B^2."""
        d = problem.d
        if not 0 < self.amplitude <= 1:
            raise ArithmeticError("the amplitude must lie in (0, 1]")
        if self.power < (5 * d + 14) // 2 or not 0 < self.delta <= 0.5 or not 0 < self.caps.height <= 1:
            raise ArithmeticError("m must be at least M + 1, delta at most 1/2 and the height at most 1")
        if self.widening < 0 or (d % 2 == 0 and self.widening == 0):
            raise ArithmeticError("the widening of the window must be positive for even d")
        boxes = _boxes(d, self.aspect, self.delta)
        if boxes < 1:
            raise ArithmeticError("no box fits")
        constants = _constants(d, self.power, self.aspect)
        log_h, log_delta = ball(self.caps.height).log(), ball(self.delta).log()
        grown, log_tail = _window(d, self.widening)
        variation = ((constants.log_variation + grown + ball(boxes).log() - 3 * log_delta) / 2).exp()
        if log_tail is not None:
            variation += boxes * (log_tail + constants.log_mass + (3 * d + 4) * log_delta).exp()
        cost = ball(self.caps.count) * ((d + 1) * log_h).exp() * variation
        budget = canonical_budget(problem)
        if budget is None:
            raise ArithmeticError(HEAVIER)
        amplitude = ball(min(self.amplitude, lower_float(ball(budget) / cost)))
        if not amplitude > 0:
            raise ArithmeticError("the amplitude underflows before the budget holds")
        norm = (constants.log_norm + ball(Fraction(d + 1, 2)) * log_h + d * log_delta).exp()
        energy = amplitude**2 * norm
        return ball(self.caps.count) * boxes * energy * sign_error_ball(ball(problem.nu) * energy)


@lru_cache(maxsize=16)
def _grid(d: int, m: int, aspect: Fraction) -> tuple[tuple[Caps, ...], Array, Array, Array]:
    """Caps with log height and count, and log of the number of boxes for each delta."""
    # As in _boxes, in floats.
    along = np.floor(0.5 / _DELTAS)
    side = float(aspect) * _DELTAS
    radius = np.maximum(0.5 - math.sqrt(d - 1) * side, 1e-300)
    log_volume = (d - 1) / 2 * math.log(math.pi) - math.lgamma((d + 1) / 2)
    log_across = log_volume + (d - 1) * np.log(radius / side) if d > 1 else np.zeros_like(side)
    # Few boxes are whole numbers.
    few = log_across < 30
    whole = np.floor(np.exp(np.where(few, np.maximum(log_across, -30), 0.0)) * (1 - 1e-9) + (0.0 if d > 1 else 0.5))
    log_across = np.where(few, np.log(np.maximum(whole, 1e-300)), log_across)
    log_boxes = np.maximum(np.log(along) + log_across, -700.0)
    log_heights, log_counts = log_arrays(d)
    return candidates(d), log_heights, log_counts, log_boxes


def _cheapest(d: int, constants: _Constants, log_boxes: Array) -> tuple[Array, list[Fraction]]:
    """log of one cap's variation over h^(d+1) for each delta, at the best widening of the window, and that widening."""
    log_delta = np.log(_DELTAS)
    rows = []
    options = (Fraction(0),) if d % 2 else _WIDENINGS
    for widening in options:
        grown, log_tail = _window(d, widening)
        row = 0.5 * (float(constants.log_variation.mid()) + float(grown.mid()) + log_boxes - 3 * log_delta)
        if log_tail is not None:
            tail = float(log_tail.mid()) + float(constants.log_mass.mid()) + log_boxes + (3 * d + 4) * log_delta
            row = np.logaddexp(row, tail)
        rows.append(row)
    table = np.array(rows)
    best = table.argmin(0)
    return table[best, np.arange(best.size)], [options[i] for i in best]


def search(problem: Problem, effort: Effort, extra: tuple[Caps, ...], floor: float) -> Design | NotApplicable:
    """The best of all candidate caps and scales on a grid.

    Per cap the window around the centre holds the maximum over all scales: with s_0 as in :mod:`.single_caps`, let W(s) =
    h(min(s, s_0)), so that the value is N K W(nu a^2 e)/nu. Half the scale has at least 2^d as many boxes (the floors are
    superadditive), each with 2^-d of the norm e. Up to the centre, where the amplitude is full or the energy at least
    s_0/nu, half the scale is therefore no worse, as W(s) grows and W(s)/s falls. Beyond it the amplitude falls by
    more than 2^(3/2) (K'/K)^(1/2), so the value falls by more than 2^(d+3) mmse(s_0) > 1. Four steps halve the scale.
    """
    d = problem.d
    budget = canonical_budget(problem)
    if budget is None:
        return NotApplicable(HEAVIER)
    if budget <= 0:
        return NotApplicable("the budget over the limit of the weight's ratio is below every float")
    m, aspect = _shape(d)
    constants = _constants(d, m, aspect)
    caps, log_h, log_count, log_boxes = _grid(d, m, aspect)
    log_delta = np.log(_DELTAS)
    per_box = float(constants.log_norm.mid()) + d * log_delta
    per_cap, widening = _cheapest(d, constants, log_boxes)
    log_budget = log_exact(budget)
    # Full amplitude ends at the edge; the energy falls to s_0 of the noise where a budget's worth of amplitude has it.
    room = log_budget - log_count - (d + 1) * log_h
    edge = np.searchsorted(np.maximum.accumulate(per_cap), room)
    falling = -np.minimum.accumulate(per_box - 2 * per_cap)
    enough = np.searchsorted(falling, problem.log_nu - math.log(best_snr()) + (d + 1) / 2 * log_h + 2 * room)
    centre = np.maximum(edge, enough)
    at = np.clip(centre[:, None] + _WINDOW, 0, _DELTAS.size - 1)
    norm = per_box[at] + (d + 1) / 2 * log_h[:, None]
    free = (math.log(best_snr()) - problem.log_nu - norm) / 2
    log_amplitude = np.minimum(np.minimum(0.0, free), room[:, None] - per_cap[at])
    energy = 2 * log_amplitude + norm
    snr = np.exp(np.clip(problem.log_nu + energy, -700, 650))
    score = log_count[:, None] + log_boxes[at] + energy + np.log(np.maximum(sign_error(snr), 1e-300))
    i, offset = np.unravel_index(int(score.argmax()), score.shape)
    j = at[i, offset]
    if score[i, offset] < -1300:
        return NotApplicable("no scale was found whose value a float can hold")
    amplitude = min(1.0, math.exp(min(0.0, max(free[i, offset], -700.0))))
    design = WavePackets(caps[i], float(_DELTAS[j]), m, aspect, widening[j], amplitude)
    return Claim(design, float(score[i, offset]) - _MARGIN)


FAMILY = Family(
    key="theorem-b-prime",
    title="Theorem B' (wave packets)",
    statement="a^2 N K mu mmse(n a^2 mu/sigma^2) for K compactly supported wave packets in each of N caps; asymptotically "
    "n^(-2/(3d+1)), the rate of the class.",
    conditions=("a <= B", "N a h^(d+1) [(I (2 pi)^(1-d) K T delta^(-3))^(1/2) + tail K delta^(3d+4)] <= C"),
    proof=__doc__,
    boundary_localised=True,
    search=search,
    dimensions=(1, 9),
)
