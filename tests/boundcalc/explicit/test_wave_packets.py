"""Theorem B': the closed forms against brute force, the variation bound against an actual sum of packets."""

import math
from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from scipy import integrate

from boundcalc.arb import ball, precision
from boundcalc.explicit.caps import Caps
from boundcalc.explicit.lower import explicit_lower
from boundcalc.explicit.problem import Problem
from boundcalc.explicit.wave_packets import (
    WavePackets,
    _best_constants,
    _boxes,
    _constants,
    _profile_norms,
    _sup_derivative,
    _tails,
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


def test_tail_integral_by_quadrature() -> None:
    d, M = 3, 13

    def integrand(rho: float) -> float:
        return 2 * math.pi * rho * (1 + rho**2) ** (1 - M) * (0.5 + rho) * (rho**2 / 2 + rho / 2 + 1) ** (2 * d + 4)

    with precision(128):
        assert float(_tails(3).mid()) == pytest.approx(integrate.quad(integrand, 0, np.inf)[0], rel=1e-8)
        assert float(_tails(1).mid()) == 0.5


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
        expected = ball(mixed) / sup**2 * _tails(d) / (2 * ball(1).atan() * 4) ** 2
        assert float(_constants(d, m, aspect).log_variation.mid()) == pytest.approx(
            float(expected.log().mid()), rel=1e-9
        )


def test_variation_of_an_actual_sum_in_one_dimension() -> None:
    """d = 1: |f|_V is the integral of |f''| (1 - |x|)^3; random signs stay below the bound."""
    m, _ = _best_constants(1)
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


@pytest.mark.parametrize("d", [3, 5])
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
    m, aspect = _best_constants(1)
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
    for d, decades in ((1, (20, 40)), (3, (16, 24))):
        logs = [explicit_lower(d, f"1e{k}").value("theorem-b-prime").log10 + 2 * k / (3 * d + 1) for k in decades]
        assert abs(logs[0] - logs[1]) < 0.2
    assert explicit_lower(3, "1e200").winner == "theorem-b-prime"


def test_malformed_packets_are_refused() -> None:
    task = Problem(3, Fraction(100), Fraction(1), Fraction(1), Fraction(1))
    for design in (
        WavePackets(Caps(0.1, 2, ""), 0.6, 14, Fraction(1)),
        WavePackets(Caps(0.1, 2, ""), 0.1, 13, Fraction(1)),
        WavePackets(Caps(0.1, 2, ""), 0.5, 14, Fraction(1)),
    ):
        with precision(256), pytest.raises(ArithmeticError):
            design.bound(task)
