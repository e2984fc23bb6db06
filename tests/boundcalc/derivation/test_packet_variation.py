"""The one analytic ingredient of the wave packets, measured: how the variation of a signed sum grows as packets shrink."""

import numpy as np
import pytest
from sympy import Rational

from boundcalc.derivation.parameters import fill, scale
from boundcalc.derivation.theorem_b import packet_variation
from boundcalc.powers import power_exponent
from boundcalc.symbols import d


def variation_in_the_plane(size: float, seed: int) -> float:
    """Mass of the ridge measure of a randomly signed sum of packets on the unit square, d = 2.

    A function is the integral over slopes a of ridge functions F_a(a y + s); the transform of F_a'' is
    -|lambda| lambda^2 / (2 pi) times the function's transform at lambda (a, 1).
    """
    rng = np.random.default_rng(seed)
    places = np.arange(size / 2, 1, size)
    y, s = (c.ravel() for c in np.meshgrid(places, places))
    signs = rng.choice([-1.0, 1.0], y.size)
    top = 9 / size
    # A period of 16 in tau leaves the ridge functions, which live on |tau| < 3, alone.
    frequency = 2 * np.pi / 16 * np.arange(1, int(top * 16 / (2 * np.pi)))
    points = 4 * (len(frequency) + 1)
    slopes = np.linspace(-1.5, 1.5, 25)
    total = 0.0
    for a in slopes:
        scaled = size * frequency
        # Gaussian across, Gaussian times cos(4 .) along the axis: spectrum in a cone about it, up to e^{-8}.
        packet = size**2 * 2 * np.pi * np.exp(-((a * scaled) ** 2) / 2)
        packet = packet * (np.exp(-((scaled - 4) ** 2) / 2) + np.exp(-((scaled + 4) ** 2) / 2)) / 2
        phases = np.exp(-1j * np.outer(frequency, a * y + s)) @ signs
        spectrum = np.zeros(points, dtype=complex)
        spectrum[1 : len(frequency) + 1] = -(frequency**3) / (2 * np.pi) * packet * phases
        second = 2 * np.real(np.fft.ifft(spectrum)) * points / 16
        total += float(np.abs(second).mean() * 16) * (slopes[1] - slopes[0])
    return total


@pytest.mark.slow
def test_variation_grows_with_the_derived_power_of_the_scale() -> None:
    # The two finest scales: coarser packets stick out of the square.
    coarse, fine = (np.mean([variation_in_the_plane(size, seed) for seed in range(3)]) for size in (1 / 16, 1 / 32))
    slope = np.log(coarse / fine) / np.log(2)
    derived = float(power_exponent(packet_variation(), scale).subs(d, 2))
    assert slope == pytest.approx(derived, abs=0.12)
    # One packet has variation of order 1/size, so the triangle inequality alone would give size^{-(d+1)}.
    assert slope > -3 + 0.4
    assert power_exponent(packet_variation(), fill) == Rational(1, 2)
