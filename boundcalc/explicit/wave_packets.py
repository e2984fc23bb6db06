"""Theorem B': overlapping directions, compactly supported wave packets with disjoint supports; d odd.

Cap coordinates of a cap of height h with axis u: x = (sqrt(h) y, 1 - h s), z = (y, s); Q = {|y| <= 1/2, 1/2 <= s <= 1} lies
in the cap and in the ball. With b(z) = (1 - 4 z^2)_+^m and e(y, s) = prod_i b(y_i/r) b(s), the packet is
psi = d_s^L e/S, L = 2d + 4, S = sup |b^(L)|, so |psi| <= 1. Shifts of psi(z/delta) to K disjoint boxes
(r delta)^(d-1) x delta inside Q, on N disjoint caps, with random signs and amplitude a: the supports are disjoint.

Weighted variation norm of one cap's sum f, any signs. In polar coordinates xi = lambda (w, 1) of the frequencies,
f(z) = int F_w(w.y + s) dw over w in R^(d-1), with F_w's transform (2 pi)^(1-d) f^(lambda (w, 1)) |lambda|^(d-1); and
w.y + s = (1 - q nu.x)/h with q = sqrt(1 + h |w|^2), |nu| = 1: a superposition of ridge functions. A hyperplane nu.x = t with
t = (1 - h tau)/q has 1 - |t| <= h (|w|^2/2 + |tau|), so

    |f|_V <= h^(d+1) int int q (|w|^2/2 + |tau|)^(d+2) |F_w''(tau)| dtau dw.

For odd d, |lambda|^(d-1) is a polynomial, so F_w lives on [1/2 - |w|/2, 1 + |w|/2]. Cauchy and Schwarz with the weight
(1 + |w|^2)^M, M = (5d + 11)/2, and Plancherel, where |xi_d|^(d+3-2M) cancels the 2L derivatives:

    |f|_V^2 <= h^(2d+2) I (2 pi)^(1-d) K T delta^(-3),
    I = int (1 + |w|^2)^(1-M) (1/2 + |w|) (|w|^2/2 + |w|/2 + 1)^(2d+4) dw,
    T = S^(-2) sum over |alpha| = M of (M!/alpha!) |d^alpha e|^2.

I is a sum of beta functions; T is the coefficient of x^M in a product of exponential generating functions of
the rational numbers |b^(j)|^2. Both are evaluated exactly. m >= M + 1 makes all norms finite.
The squared norm of a packet is h^((d+1)/2) delta^d |psi|^2/vol(B^d). By the two-point prior
risk >= a^2 N K mu mmse(n a^2 mu/sigma^2) for N a |f|_V <= C, a <= B. Boxes: all that meet the ball of radius
1/2 - sqrt(d-1) r delta lie in {|y| <= 1/2} and cover it.

As n grows this decays like n^(-2/(3d+1)), the class's own rate, with small constants. Even d needs the tails of a Hilbert
transform and is not encoded. For the population weight g_P < c_inf g: C is divided by c_inf.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from boundcalc.arb import Ball, all_real_roots, ball, log_gamma, lower_float, precision
from boundcalc.explicit.caps import Caps, candidates
from boundcalc.explicit.family import Design, Family, NotApplicable
from boundcalc.explicit.gegenbauer import horner
from boundcalc.explicit.problem import Effort, Problem, log_fraction
from boundcalc.explicit.sign_error import sign_error, sign_error_ball
from boundcalc.explicit.theorem_a import canonical_budget

__all__ = ["FAMILY", "WavePackets"]

_DIMENSIONS = (1, 3, 5, 7, 9)
_DELTAS = 2.0 ** (-np.arange(4, 1400) / 4)
_ASPECTS = (Fraction(1), Fraction(3, 2), Fraction(2), Fraction(3))


def _profile_norms(m: int, largest: int) -> list[Fraction]:
    """Integrals of the squared j-th derivative of (1 - 4 z^2)^m over [-1/2, 1/2], j = 0, ..., largest <= m."""
    # In x = 2z: (1 - x^2)^m on [-1, 1], each derivative a factor 2, dz = dx/2.
    polynomial = [Fraction(0)] * (2 * m + 1)
    for i in range(m + 1):
        polynomial[2 * i] = Fraction((-1) ** i * math.comb(m, i))
    norms = []
    for j in range(largest + 1):
        square = Fraction(0)
        for i, a in enumerate(polynomial):
            if a:
                for k, b in enumerate(polynomial):
                    if b and (i + k) % 2 == 0:
                        square += a * b * Fraction(2, i + k + 1)
        norms.append(square * Fraction(4**j, 2))
        polynomial = [i * c for i, c in enumerate(polynomial)][1:]
    return norms


def _sup_derivative(m: int, order: int) -> Ball:
    """sup of the derivative of (1 - 4 z^2)^m of this order."""
    polynomial = [Fraction(0)] * (2 * m + 1)
    for i in range(m + 1):
        polynomial[2 * i] = Fraction((-1) ** i * math.comb(m, i))
    for _ in range(order):
        polynomial = [i * c for i, c in enumerate(polynomial)][1:]
    slope = [i * c for i, c in enumerate(polynomial)][1:]
    # The outermost derivative vanishes at the ends, where roots are multiple: divide them out.
    reduced = slope
    for _ in range(m - order - 1):
        reduced = _divide_by_one_minus_square(reduced)
    sup = abs(horner(polynomial, ball(0)))
    for root in all_real_roots(reduced):
        if not abs(root) > 1:
            sup = sup.max(abs(horner(polynomial, root)))
    return sup * ball(2) ** order


def _divide_by_one_minus_square(polynomial: list[Fraction]) -> list[Fraction]:
    """Exact quotient by 1 - x^2: q_i = p_i + q_(i-2)."""
    quotient: list[Fraction] = []
    for i, c in enumerate(polynomial[:-2]):
        quotient.append(c + (quotient[i - 2] if i >= 2 else 0))
    return quotient


@dataclass(frozen=True)
class _Constants:
    """log of I (2 pi)^(1-d) T and of |psi|^2/vol(B^d), as balls."""

    log_variation: Ball
    log_norm: Ball
    aspect: Fraction


def _tails(d: int) -> Ball:
    """I: over |w| with the area of the sphere in R^(d-1); at d = 1 the single point w = 0."""
    if d == 1:
        return ball(Fraction(1, 2))
    exponent = Fraction(5 * d + 11, 2)
    polynomial = [Fraction(1)]
    for _ in range(2 * d + 4):
        longer = [Fraction(0)] * (len(polynomial) + 2)
        for i, c in enumerate(polynomial):
            longer[i] += c
            longer[i + 1] += c / 2
            longer[i + 2] += c / 2
        polynomial = longer
    with_width = [Fraction(0)] * (len(polynomial) + 1)
    for i, c in enumerate(polynomial):
        with_width[i] += c / 2
        with_width[i + 1] += c
    total = ball(0)
    for i, c in enumerate(with_width):
        # int_0^inf rho^(d-2+i) (1 + rho^2)^(1-M) d rho = Beta(p, M - 1 - p)/2, p = (d - 1 + i)/2
        p = Fraction(d - 1 + i, 2)
        log_beta = log_gamma(p) + log_gamma(exponent - 1 - p) - log_gamma(exponent - 1)
        total += ball(c) * log_beta.exp() / 2
    area = 2 * (Ball.pi().log() * ball(Fraction(d - 1, 2)) - log_gamma(Fraction(d - 1, 2))).exp()
    return area * total


@lru_cache(maxsize=64)
def _constants(d: int, m: int, aspect: Fraction) -> _Constants:
    with precision(400):
        order, total = 2 * d + 4, (5 * d + 11) // 2
        norms = _profile_norms(m, total)
        sup = _sup_derivative(m, order)
        along = [b / math.factorial(j) for j, b in enumerate(norms)]
        across = [b * aspect * aspect ** (-2 * j) / math.factorial(j) for j, b in enumerate(norms)]
        product = along
        for _ in range(d - 1):
            longer = [Fraction(0)] * (total + 1)
            for i, x in enumerate(product):
                for j in range(total + 1 - i):
                    longer[i + j] += x * across[j]
            product = longer
        mixed = ball(product[total] * math.factorial(total)) / sup**2
        variation = _tails(d) * mixed / (2 * Ball.pi()) ** (d - 1)
        square = ball(norms[order] * (norms[0] * aspect) ** (d - 1)) / sup**2
        log_ball = Ball.pi().log() * ball(Fraction(d, 2)) - log_gamma(Fraction(d, 2) + 1)
        return _Constants(variation.log(), square.log() - log_ball, aspect)


@lru_cache(maxsize=16)
def _best_constants(d: int) -> tuple[int, Fraction]:
    """Profile power and aspect ratio with the largest asymptotic constant."""
    total = (5 * d + 11) // 2
    scores = []
    for m in range(total + 1, total + 5):
        for aspect in _ASPECTS if d > 1 else _ASPECTS[:1]:
            c = _constants(d, m, aspect)
            norm, variation = float(c.log_norm.mid()), float(c.log_variation.mid())
            # K and V^2 carry aspect^(1-d); see the exponents of h and delta in the module's formulas.
            volume = (1 - d) * math.log(aspect)
            scores.append((norm + volume - 2 / (3 * d + 1) * (norm + d / (d + 3) * (variation + volume)), m, aspect))
    _, m, aspect = max(scores)
    return m, aspect


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
        mantissa, exponent = across.lower().man_exp()
        whole = int(mantissa) << int(exponent) if int(exponent) >= 0 else int(mantissa) >> -int(exponent)
        return along * whole


@dataclass(frozen=True)
class WavePackets:
    """Caps, scale of the packets in cap coordinates, and amplitude.

    Attributes
    ----------
    caps : Caps
    delta : float
    power : int
        m, at least (5d + 13)/2.
    aspect : fractions.Fraction
        r.
    """

    caps: Caps
    delta: float
    power: int
    aspect: Fraction

    def bits(self, problem: Problem) -> int:
        """Working precision."""
        return 256

    def bound(self, problem: Problem) -> Ball:
        """a^2 N K mu mmse(nu a^2 mu), in units of B^2."""
        d = problem.d
        if d % 2 == 0 or self.power < (5 * d + 13) // 2 or not 0 < self.delta <= 0.5 or not 0 < self.caps.height <= 1:
            raise ArithmeticError("d must be odd, m at least (5d + 13)/2, delta at most 1/2 and the height at most 1")
        boxes = _boxes(d, self.aspect, self.delta)
        if boxes < 1:
            raise ArithmeticError("no box fits")
        constants = _constants(d, self.power, self.aspect)
        log_h, log_delta = ball(self.caps.height).log(), ball(self.delta).log()
        log_variation = (d + 1) * log_h + (constants.log_variation + ball(boxes).log() - 3 * log_delta) / 2
        cost = ball(self.caps.count) * log_variation.exp()
        amplitude = ball(min(1.0, lower_float(ball(canonical_budget(problem)) / cost)))
        if not amplitude > 0:
            raise ArithmeticError("the amplitude underflows before the budget holds")
        norm = (constants.log_norm + ball(Fraction(d + 1, 2)) * log_h + d * log_delta).exp()
        energy = amplitude**2 * norm
        return ball(self.caps.count) * boxes * energy * sign_error_ball(ball(problem.nu) * energy)


Array = NDArray[np.float64]


@lru_cache(maxsize=16)
def _grid(d: int, m: int, aspect: Fraction) -> tuple[tuple[Caps, ...], Array, Array, Array]:
    """Caps with log height and count, and log of the number of boxes for each delta."""
    caps = candidates(d)[:: 2 if d > 1 else 1]
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
    return caps, np.array([math.log(c.height) for c in caps]), np.array([math.log(c.count) for c in caps]), log_boxes


def search(problem: Problem, effort: Effort, extra: tuple[Caps, ...]) -> Design | NotApplicable:
    """The best of all candidate caps and scales on a grid."""
    d = problem.d
    if d % 2 == 0:
        return NotApplicable("encoded for odd d only")
    if d not in _DIMENSIONS:
        return NotApplicable(f"searched up to d = {_DIMENSIONS[-1]} only")
    budget = canonical_budget(problem)
    if budget <= 0:
        return NotApplicable("the budget over the limit of the weight's ratio is below every float")
    m, aspect = _best_constants(d)
    constants = _constants(d, m, aspect)
    caps, log_h, log_count, log_boxes = _grid(d, m, aspect)
    log_delta = np.log(_DELTAS)
    per_box = float(constants.log_norm.mid()) + d * log_delta
    per_cap = 0.5 * (float(constants.log_variation.mid()) + log_boxes - 3 * log_delta)
    log_budget = log_fraction(budget)
    # The cost grows as delta falls. Full amplitude ends where it meets the budget; the best scale is near that edge.
    room = log_budget - log_count - (d + 1) * log_h
    edge = np.searchsorted(per_cap, room)
    at = np.clip(edge[:, None] + np.arange(-60, 4), 0, _DELTAS.size - 1)
    log_amplitude = np.minimum(0.0, room[:, None] - per_cap[at])
    energy = 2 * log_amplitude + per_box[at] + (d + 1) / 2 * log_h[:, None]
    snr = np.exp(np.clip(problem.log_nu + energy, -700, 650))
    score = log_count[:, None] + log_boxes[at] + energy + np.log(np.maximum(sign_error(snr), 1e-300))
    i, offset = np.unravel_index(int(score.argmax()), score.shape)
    j = at[i, offset]
    if score[i, offset] < -1300:
        return NotApplicable("no scale was found whose value a float can hold")
    return WavePackets(caps[i], float(_DELTAS[j]), m, aspect)


FAMILY = Family(
    key="theorem-b-prime",
    title="Theorem B' (wave packets)",
    statement="a^2 N K mu mmse(n a^2 mu/sigma^2) for K compactly supported wave packets in each of N caps; asymptotically "
    "n^(-2/(3d+1)), the rate of the class.",
    conditions=("d odd", "a <= B", "N a h^(d+1) (I (2 pi)^(1-d) K T delta^(-3))^(1/2) <= C"),
    proof=__doc__,
    boundary_localised=True,
    search=search,
)
