"""Theorem B': the closed forms against brute force, the variation bound against an actual sum of packets."""

import math
from dataclasses import replace
from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from scipy import integrate, special

from boundcalc.arb import ball, precision
from boundcalc.explicit.caps import Caps
from boundcalc.explicit.family import Claim
from boundcalc.explicit.lower import explicit_lower
from boundcalc.explicit.problem import Effort, Problem
from boundcalc.explicit.wave_packets import (
    FAMILY,
    WavePackets,
    _boxes,
    _constants,
    _inside,
    _outside,
    _profile_norms,
    _shape,
    _sup_derivative,
    _window,
)


def profile(m: int, order: int) -> np.polynomial.Polynomial:
    """Derivative of (1 - 4 z^2)^m on [-1/2, 1/2]."""
    return (
        (np.polynomial.Polynomial([1, 0, -4]) ** m).deriv(order) if order else np.polynomial.Polynomial([1, 0, -4]) ** m
    )


@pytest.mark.parametrize(("m", "order"), [(9, 0), (9, 3), (9, 6)])
def test_profile_norms_and_sup(m: int, order: int) -> None:
    z = np.linspace(-0.5, 0.5, 20001)
    values = profile(m, order)(z)
    assert float(_profile_norms(m, order)[order]) == pytest.approx(integrate.simpson(values**2, x=z), rel=1e-6)
    with precision(128):
        assert float(_sup_derivative(m, order).mid()) == pytest.approx(np.abs(values).max(), rel=1e-6)


@pytest.mark.parametrize(("d", "widening"), [(3, Fraction(0)), (2, Fraction(1, 8)), (4, Fraction(1))])
def test_window_integral_by_quadrature(d: int, widening: Fraction) -> None:
    power, wide = (5 * d + 11) / 2, float(widening)
    area = 2 * math.pi ** ((d - 1) / 2) / math.gamma((d - 1) / 2)

    def integrand(rho: float) -> float:
        width = 0.5 + rho + 2 * wide * (1 + rho)
        depth = rho**2 / 2 + rho / 2 + 1 + wide * (1 + rho)
        return area * rho ** (d - 2) * (1 + rho**2) ** (1 - power) * width * depth ** (2 * d + 4)

    with precision(128):
        assert float(_inside(d, widening).mid()) == pytest.approx(integrate.quad(integrand, 0, np.inf)[0], rel=1e-7)
        assert float(_inside(1, Fraction(0)).mid()) == 0.5


@pytest.mark.parametrize(("d", "widening"), [(2, Fraction(1, 2)), (4, Fraction(1)), (6, Fraction(1, 4))])
def test_tail_integral_by_quadrature(d: int, widening: Fraction) -> None:
    area = 2 * math.pi ** ((d - 1) / 2) / math.gamma((d - 1) / 2)

    def over_distance(rho: float) -> float:
        # u = D (1 + rho)/v
        start, depth = float(widening) * (1 + rho), rho**2 / 2 + rho / 2 + 1

        def integrand(v: float) -> float:
            return float((depth + start / v) ** (d + 2) * (v / start) ** (3 * d + 6) * start / v**2)

        return float(integrate.quad(integrand, 0, 1, epsrel=1e-11)[0])

    total = integrate.quad(lambda rho: rho ** (d - 2) * (1 + rho) * over_distance(rho), 0, np.inf, epsrel=1e-9)[0]
    with precision(128):
        assert float(_outside(d, widening).mid()) == pytest.approx(area * total, rel=1e-6)


class PlanarSum:
    """A sum of packets with random signs in d = 2, and its ridge profiles F_w'' from the transform of b by quadrature."""

    def __init__(self, delta: float, aspect: float, across: int, along: int, signs: np.ndarray) -> None:
        self.delta, self.aspect, self.signs = delta, aspect, signs
        self.m = _shape(2)[0]
        self.y = (np.arange(across) - (across - 1) / 2) * aspect * delta
        self.s = 0.5 + (np.arange(along) + 0.5) * delta
        with precision(256):
            self.sup = float(_sup_derivative(self.m, 8).mid())
        nodes, weights = np.polynomial.legendre.leggauss(40)
        self.nodes, self.weights = nodes / 2, weights / 2 * (1 - nodes**2) ** self.m
        # The profiles have period 2 pi/0.1 instead of decaying; spectra are negligible beyond 120/delta.
        self.step = 0.1
        self.frequency = (np.arange(int(120 / delta / self.step)) + 0.5) * self.step
        self.vertical = self.transform(delta * self.frequency)

    def transform(self, x: np.ndarray) -> np.ndarray:
        """Of b, at x >= 0: sqrt(pi) m! (4/x)^(m+1/2) J_(m+1/2)(x/2)/2, by quadrature where x is small."""
        small = np.cos(np.minimum(x, 4.0)[:, None] * self.nodes) @ self.weights
        order, safe = self.m + 0.5, np.maximum(x, 4.0)
        large = math.sqrt(math.pi) * math.factorial(self.m) / 2 * (4 / safe) ** order * special.jv(order, safe / 2)
        return np.where(x < 4, small, large)

    def spectrum(self, slope: float, power: int) -> np.ndarray:
        """Of F_w (power 1) or -F_w'' (power 3), at positive frequencies."""
        lam, scale = self.frequency, self.delta
        size = scale**2 * self.aspect * self.transform(self.aspect * scale * lam * abs(slope)) * self.vertical
        phase = np.exp(-1j * lam[:, None] * (slope * self.y)[None]) @ self.signs
        sums = (phase * np.exp(-1j * lam[:, None] * self.s[None])).sum(1)
        return np.asarray(size * sums * (scale * lam) ** 8 / self.sup * lam**power / (2 * math.pi))

    def at(self, slope: float, tau: np.ndarray) -> np.ndarray:
        """F_w(tau)."""
        values = self.spectrum(slope, 1)[:, None] * np.exp(1j * self.frequency[:, None] * tau)
        return np.asarray(values.real.sum(0) * self.step / math.pi)

    def second(self, slope: float) -> tuple[np.ndarray, np.ndarray]:
        """tau over one period about 3/4, and |F_w''| there."""
        size = 1 << 15
        spectrum = self.spectrum(slope, 3) * np.exp(0.75j * self.frequency)
        values = np.fft.ifft(spectrum, size) * size
        tau = np.arange(size) * 2 * math.pi / (size * self.step)
        values = (values * np.exp(0.5j * self.step * tau)).real * self.step / math.pi
        half = size // 2
        tau = np.concatenate([tau[half:] - 2 * math.pi / self.step, tau[:half]])
        # Frequencies are odd multiples of step/2, so a period changes the sign.
        return tau + 0.75, np.abs(np.concatenate([values[half:], values[:half]]))


@pytest.mark.slow
def test_ridge_profiles_reproduce_the_packets_in_the_plane() -> None:
    """f(y, s) = int F_w(w y + s) dw: the superposition of the proof gives back the packets themselves."""
    f = PlanarSum(0.25, 1.5, 2, 2, np.array([[1.0, -1.0], [-1.0, -1.0]]))
    slopes = np.linspace(-4, 4, 161)
    points = np.array([(0.1, 0.6), (-0.2, 0.8), (0.22, 0.9), (0.0, 1.2)])
    rebuilt = sum(f.at(w, points @ np.array([w, 1.0])) for w in slopes) * (slopes[1] - slopes[0])
    actual = np.zeros(4)
    for i, centre in enumerate(f.y):
        for j, depth in enumerate(f.s):
            a, b = (points[:, 0] - centre) / (f.aspect * f.delta), (points[:, 1] - depth) / f.delta
            inside = np.maximum(abs(a), abs(b)) < 0.5
            actual += np.where(inside, f.signs[i, j] * (1 - 4 * a * a) ** f.m * profile(f.m, 8)(b) / f.sup, 0.0)
    assert np.abs(actual).max() > 0.05
    assert rebuilt == pytest.approx(actual, abs=2e-3)


@pytest.mark.slow
def test_variation_of_an_actual_sum_in_the_plane() -> None:
    """Even d: weighted norm of the profiles, their variation, and their tail, all from quadrature, below the bounds."""
    rng = np.random.default_rng(5)
    f = PlanarSum(0.25, 1.5, 2, 2, rng.choice([-1.0, 1.0], (2, 2)))
    boxes, delta = 4, Fraction(1, 4)
    with precision(256):
        c = _constants(2, f.m, Fraction(3, 2))
        total = float((c.log_variation - _inside(2, Fraction(0)).log() - 3 * ball(delta).log()).exp().mid()) * boxes
        window, tail = _window(2, Fraction(1, 4))
        assert tail is not None
        core = float(((c.log_variation + window + ball(boxes).log() - 3 * ball(delta).log()) / 2).exp().mid())
        rest = boxes * float((tail + c.log_mass + 10 * ball(delta).log()).exp().mid())
        mass = boxes * float((c.log_mass + 10 * ball(delta).log()).exp().mid())
    slopes = np.linspace(-9, 9, 145)
    jump = slopes[1] - slopes[0]
    square = variation = 0.0
    for w in slopes:
        tau, second = f.second(w)
        step = tau[1] - tau[0]
        square += (1 + w * w) ** 10.5 * float((second**2).sum()) * step * jump
        distance = np.maximum(0.5 - abs(w) / 2 - tau, tau - 1 - abs(w) / 2)
        weighted = np.where(distance < 1, (w * w / 2 + np.abs(tau)) ** 4 * second, 0.0)  # beyond is rounding
        variation += math.sqrt(1 + w * w) * float(weighted.sum()) * step * jump
        if 0.5 <= abs(w) <= 1:  # smooth enough for the distant tail to stand above rounding
            for u in (0.1, 0.2, 0.3):
                at = int(np.argmin(np.abs(distance - u)))
                bound = mass * math.factorial(11) / (2 * math.pi * math.pi * distance[at] ** 12)
                assert second[at] <= bound * (1 + 1e-6)
    assert 0.2 * total <= square <= total
    assert 0.01 * (core + rest) <= variation <= core + rest


def test_mixed_norms_by_summing_over_multi_indices() -> None:
    d, m, aspect = 3, 14, Fraction(3, 2)
    total, order = 13, 10
    norms = _profile_norms(m, total)
    mixed = Fraction(0)
    for a, b in product(range(total + 1), repeat=2):
        c = total - a - b
        if c >= 0:
            weight = math.factorial(total) // (math.factorial(a) * math.factorial(b) * math.factorial(c))
            mixed += weight * norms[a] * norms[b] * norms[c] * aspect ** (2 - 2 * a - 2 * b)
    with precision(256):
        sup = _sup_derivative(m, order)
        expected = ball(mixed) / sup**2 * _inside(d, Fraction(0)) / (2 * ball(1).atan() * 4) ** 2
        assert float(_constants(d, m, aspect).log_variation.mid()) == pytest.approx(
            float(expected.log().mid()), rel=1e-9
        )


def test_variation_of_an_actual_sum_in_one_dimension() -> None:
    """d = 1: |f|_V is the integral of |f''| (1 - |x|)^3; random signs stay below the bound."""
    m, _ = _shape(1)
    height, delta = 0.1, 1 / 16
    boxes = _boxes(1, Fraction(1), delta)
    assert boxes == 8
    order = 6
    with precision(256):
        c = _constants(1, m, Fraction(1))
        bound = float(
            (2 * ball(height).log() + (c.log_variation + ball(boxes).log() - 3 * ball(delta).log()) / 2).exp().mid()
        )
        sup = float(_sup_derivative(m, order).mid())
    rng = np.random.default_rng(1)
    s = np.linspace(0.5, 1, 40001)
    second = profile(m, order + 2)
    for _ in range(5):
        curvature = np.zeros_like(s)
        for k, sign in enumerate(rng.choice([-1.0, 1.0], boxes)):
            at = (s - (0.5 + (k + 0.5) * delta)) / delta
            curvature += np.where(np.abs(at) < 0.5, sign * second(at), 0.0) / sup / delta**2
        # d^2/dx^2 = h^-2 d^2/ds^2, depth h s, dx = h ds
        variation = integrate.simpson(np.abs(curvature) * s**3, x=s) * height**2
        assert variation <= bound
        assert variation >= 0.2 * bound


def test_half_integer_norms_lie_between_their_neighbours() -> None:
    """d = 2: the norm of order 21/2 itself, by quadrature in frequency, is at most the geometric mean that is used."""
    f = PlanarSum(1.0, 1.5, 1, 1, np.ones((1, 1)))
    x = np.linspace(0.0, 140.0, 1401)
    along, across = f.transform(x) ** 2, (1.5 * f.transform(1.5 * x)) ** 2
    norm = (x[:, None] ** 2 + x[None] ** 2) ** 10.5 * across[:, None] * along[None]
    exact = 4 * float(norm.sum()) * 0.01 / (2 * math.pi) ** 2 / f.sup**2
    with precision(256):
        c = _constants(2, f.m, Fraction(3, 2))
        used = float((c.log_variation.exp() / _inside(2, Fraction(0)) * 2 * (2 * ball(1).asin())).mid())
    assert 0.8 * used <= exact <= used


@pytest.mark.parametrize("d", [2, 3, 5])
def test_boxes_fit(d: int) -> None:
    """A count of lattice boxes inside the ball of radius 1/2, by brute force, is at least the guaranteed one."""
    delta, aspect = 0.04, Fraction(1)
    steps = np.arange(-13, 13) * delta
    farthest = np.maximum(np.abs(steps), np.abs(steps + delta)) ** 2
    squares = np.zeros(1)
    for _ in range(d - 1):
        squares = (squares[:, None] + farthest[None]).ravel()
    inside = int((squares <= 0.25).sum())
    assert 0 < _boxes(d, aspect, delta) <= inside * math.floor(0.5 / delta)


def test_norm_of_a_packet_and_value() -> None:
    """d = 1: the squared norm by quadrature on the interval; the bound at vanishing signal is the total energy."""
    m, aspect = _shape(1)
    design = WavePackets(Caps(0.125, 2, "both ends"), 1 / 8, m, aspect)
    order = 6
    with precision(256):
        sup = float(_sup_derivative(m, order).mid())
        bound = float(design.bound(Problem(1, Fraction(1, 10**9), Fraction(1), Fraction(1), Fraction(10**9))).mid())
    z = np.linspace(-0.5, 0.5, 20001)
    norm = integrate.simpson((profile(m, order)(z) / sup) ** 2, x=z) * 0.125 * (1 / 8) / 2
    assert bound == pytest.approx(2 * 4 * norm, rel=1e-6)


def test_the_rate_of_the_class_is_reached() -> None:
    """n^(2/(3d+1)) times the bound settles for large n; stacked slabs decay faster."""
    for d, decades in ((1, (20, 40)), (2, (40, 60)), (3, (16, 24)), (4, (60, 90))):
        logs = [explicit_lower(d, f"1e{k}").family("theorem-b-prime").log10 + 2 * k / (3 * d + 1) for k in decades]
        assert abs(logs[0] - logs[1]) < 0.2
    assert explicit_lower(3, "1e200").winner == "theorem-b-prime"
    assert explicit_lower(2, "1e60").winner == "theorem-b-prime"


def test_malformed_packets_are_refused() -> None:
    task = Problem(3, Fraction(100), Fraction(1), Fraction(1), Fraction(1))
    for design in (
        WavePackets(Caps(0.1, 2, ""), 0.6, 14, Fraction(1)),
        WavePackets(Caps(0.1, 2, ""), 0.1, 13, Fraction(1)),
        WavePackets(Caps(0.1, 2, ""), 0.5, 14, Fraction(1)),
    ):
        with precision(256), pytest.raises(ArithmeticError):
            design.bound(task)
    even = Problem(2, Fraction(100), Fraction(1), Fraction(1), Fraction(1))
    with precision(256), pytest.raises(ArithmeticError, match="widening"):
        WavePackets(Caps(0.1, 2, ""), 0.1, 12, Fraction(1)).bound(even)
    with precision(256):
        assert WavePackets(Caps(0.1, 2, ""), 0.1, 12, Fraction(1), Fraction(1, 4)).bound(even) > 0


@pytest.mark.parametrize("d", [1, 2, 3, 6])
def test_the_search_finds_the_best_scale_and_claims_what_the_design_certifies(d: int) -> None:
    """Against scales far beyond the window that is searched."""
    rng = np.random.default_rng(d)
    for _ in range(2):
        n, budget = (Fraction(float(10 ** rng.uniform(*ends))) for ends in ((1, 30), (-2, 2)))
        task = Problem(d, n, Fraction(1), Fraction(1), budget)
        claim = FAMILY.find(task, Effort.FAST, ())
        assert isinstance(claim, Claim)
        design = claim.design
        assert isinstance(design, WavePackets)
        with precision(claim.bits(task)):
            assert design.bound(task) >= ball(claim.level)
            for step in (-17, -12, -7, -3, -1, 1, 3, 8, 12):
                scale = design.delta * 2.0 ** (step / 4)
                if scale > 0.5 or _boxes(d, design.aspect, scale) < 1:
                    continue
                for amplitude in (design.amplitude, 1.0):
                    other = replace(design, delta=scale, amplitude=amplitude)
                    assert other.bound(task) <= design.bound(task) * (1 + 1e-9)
