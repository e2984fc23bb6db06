"""Stacked hats on disjoint caps, with the scales of Theorem A: K = ⌊h/2w⌋ slabs of width w fill the depths h/2 … h."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import exp, floor, log

from constructions import _arguments as check
from constructions.atom import log_density_constant
from constructions.cap_ridges import CapRidges
from constructions.packing import Packing
from constructions.ridge import hat
from constructions.rounding import decimal_below

# Of numbers that floats hold with full precision.
_LEAST = -708.0


def hats(packing: Packing, width: Fraction) -> CapRidges:
    """K = ⌊h/2w⌋ hats of that width at the depths h/2 … h (Theorem A).

    Raises
    ------
    ValueError
        If the width exceeds h/2.
    """
    check.instance("packing", packing, Packing)
    w, h = check.fraction("width", width), packing.height
    if not 0 < w <= h / 2:
        raise ValueError(f"width must lie in (0, h/2] = (0, {h / 2}], got {w}")
    return CapRidges(packing, tuple(hat(1 - h + w / 2 + k * w, w) for k in range(floor(h / (2 * w)))))


@dataclass(frozen=True)
class HatChoice:
    """The scales of Theorem A.

    Attributes
    ----------
    height, width : Fraction
        h and w, rounded down to 12 digits.
    slabs : int
        K = ⌊h/2w⌋.
    """

    height: Fraction
    width: Fraction
    slabs: int


def theorem_a(d: int, n: int, sigma: float = 1.0, B: float = 1.0, C: float = 1.0) -> HatChoice:
    """h = [3σ²/(4c₁2^{(d−1)/2} a n B²)]^{4/(3d+5)}, w = a h^{(d+7)/4}, a = (8^{(3−d)/2} B/C)^{1/2}.

    Raises
    ------
    ValueError
        If h > 1/8 or a h^{(d+3)/4} > 1/2: then n is too small for the theorem; if h or w is below all floats.

    Examples
    --------
    >>> theorem_a(2, 10_000).slabs
    26
    """
    d, n = check.integer("d", d, 1), check.integer("n", n, 1)
    check.finite("d", d)
    sigma, B, C = (check.finite(k, v, above=0.0) for k, v in (("sigma", sigma), ("B", B), ("C", C)))
    log_a = ((3 - d) / 2 * log(8) + log(B) - log(C)) / 2
    log_h = log(3) + 2 * log(sigma) - log(4) - log_density_constant(d) - (d - 1) / 2 * log(2) - log_a - log(n)
    log_h = 4 / (3 * d + 5) * (log_h - 2 * log(B))
    log_ratio, log_w = log_a + (d + 3) / 4 * log_h, log_a + (d + 7) / 4 * log_h
    if log_h > -log(8) or log_ratio > -log(2):
        raise ValueError(f"n must be larger for stacked hats at d = {d}: h = {_shown(log_h)} must be at most 1/8, "
                         f"a h^((d+3)/4) = {_shown(log_ratio)} at most 1/2; got n = {check.describe(n)}")  # fmt: skip
    if min(log_h, log_w) < _LEAST:
        raise ValueError(f"n must be smaller for stacked hats at d = {d}, sigma = {sigma:g}, B = {B:g}, C = {C:g}: "
                         f"h = {_shown(log_h)} and w = {_shown(log_w)} must be floats; got n = {check.describe(n)}")  # fmt: skip
    h, w = decimal_below(exp(log_h)), decimal_below(exp(log_w))
    return HatChoice(h, w, floor(h / (2 * w)))


def _shown(log_value: float) -> str:
    return f"{exp(log_value):.4g}" if abs(log_value) < -_LEAST else f"exp({log_value:.4g})"
