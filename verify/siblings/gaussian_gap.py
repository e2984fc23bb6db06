"""Gaussians at spacing D on a line, with weights 1/i: variation norm and kernel norm, enclosed, in d = 1 and d = 3.

Neurons have a density over directions and offsets; the norm is the mean over directions of the total variation of H(x), the
sum of w_i He_d(x - c_i) exp(-(x - c_i)^2/2), centres projected onto the direction: to D|u_1|, uniform on [0, D], in d = 3.

* From above: ball arithmetic cuts the line until the sign of H' is certain, or the piece too short to matter, for the first
  ten centres (d = 1), or the first two in some directions (d = 3); triangle inequality for the rest.
* From below: twice the sum of +-H over the profiles' extrema, a dual certificate; in d = 3 over directions that keep order.

The gap to the sum of the norms falls exponentially with the spacing in d = 1; in d = 3 these bounds leave one of order
1/spacing: directions nearly orthogonal to the line project the centres onto each other.

Checked, in enclosures: the norm of one Gaussian; 10 to 10^12 centres; the kernel norm of infinitely many. Not
checked: other kernels, centres off a line, dimensions other than 1 and 3, and that the norm is this integral (the registry's
derivation).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from sympy import Expr, Integer, Symbol, pi, sqrt

from boundcalc.arb import Ball, enclosure, precision, upper_float
from boundcalc.enclosure import enclose
from boundcalc.exact import rational
from boundcalc.shown import show_upper
from boundcalc.statement import Theorem
from boundcalc.statements import approximation as stated
from boundcalc.statements.extra_symbols import s
from boundcalc.statements.sources import GAUSSIAN_GAP
from boundcalc.style import BLUE, GREEN, ORANGE
from verify.outcome import Interval, Outcome, Relation, judged
from verify.siblings.sibling import Sibling

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_COUNTS = (10, 100, 1000, 10**12)
_FAR = {1: 8, 3: 1000}  # spacing by dimension
_NEAR = ((1, 4), (1, 5), (1, 6), (3, 100))  # further dimensions and spacings, for 10 centres
_CUT = 5  # of the statement in d = 3, nearly the best at a spacing of 1000
_REACH = 6  # beyond this distance of the outermost centres no sign changes


@dataclass(frozen=True)
class Norm:
    """The norm of a sum, enclosed, with the sum of its weights rounded up and the largest relative gap to the limit."""

    dim: int
    spacing: int
    count: int
    value: Interval
    weights: Fraction
    gap: float


@dataclass(frozen=True)
class Found:
    """Norms of one Gaussian by dimension, of sums, and in the kernel space of infinitely many by spacing."""

    single: Mapping[int, Interval]
    sums: tuple[Norm, ...]
    kernel: Mapping[int, Interval]


def _profile(degree: int, t: Ball) -> Ball:
    """He_1 to He_4, written so that balls stay narrow, times exp(-t^2/2)."""
    squared = t * t
    hermite = {1: t, 2: squared - 1, 3: t * (squared - 3), 4: (squared - 3) ** 2 - 6}[degree]
    return hermite * (-squared / 2).exp()


def _extrema(dim: int) -> list[tuple[Ball, int]]:
    """The zeros of He_{d+1}, and the sign of the profile He_d(t) exp(-t^2/2) there."""
    if dim == 1:
        return [(Ball(-1), -1), (Ball(1), 1)]
    outer, inner = (3 + Ball(6).sqrt()).sqrt(), (3 - Ball(6).sqrt()).sqrt()
    return [(-outer, -1), (-inner, 1), (inner, -1), (outer, 1)]


def _sum(degree: int, x: Ball, count: int, spacing: Ball) -> Ball:
    """The sum of He_degree(x - iD) exp(-(x - iD)^2/2) / (i + 1) over 0 <= i < count, x a ball of radius 1/2 at most."""
    middle, window = round(float(x.mid()) / float(spacing.mid())), math.ceil(12 / float(spacing.mid()))
    near = range(max(0, middle - window), min(count, middle + window + 1))
    total = sum((_profile(degree, x - i * spacing) / (i + 1) for i in near), Ball(0))
    if count <= window:
        return total
    # The others are at least this far, where |He_k(t)| exp(-t^2/2) <= t^k exp(-t^2/2) more than halves from centre to centre.
    far = (window + 0.5) * spacing - 0.5
    return total + 4 * far**degree * (-far * far / 2).exp() * Ball(0, 1)


def _variation(dim: int, count: int, spacing: Ball, halvings: int = 18) -> Ball:
    """The total variation of H with weights 1/i, the ends of the pieces exact floats; the spacing of two may be a ball."""
    pieces, rest = list[tuple[float, float, int]](), Ball(0)
    last = math.ceil(float(((count - 1) * spacing).upper())) + _REACH
    stack = [(float(k), k + 1.0, 0) for k in reversed(range(-_REACH, last))]
    while stack:
        low, high, depth = stack.pop()
        slope = _sum(dim + 1, Ball(low).union(Ball(high)), count, spacing)
        sign = 1 if slope > 0 else -1 if slope < 0 else 0
        if sign == 0 and depth < halvings:
            middle = (low + high) / 2
            stack += [(middle, high, depth + 1), (low, middle, depth + 1)]
        elif sign == 0:
            rest += abs(slope).upper() * Ball(high - low)
        elif pieces and pieces[-1][1:] == (low, sign):
            pieces[-1] = (pieces[-1][0], high, sign)
        else:
            pieces.append((low, high, sign))
    total = rest * Ball(0.5, 0.5)  # from 0 to all of it
    for x in (pieces[0][0], pieces[-1][1]):  # farther out H is monotone, and falls to 0
        total += abs(_sum(dim, Ball(x), count, spacing))
    for low, high, sign in pieces:  # H' is minus the sum of He_{d+1}
        total += sign * (_sum(dim, Ball(low), count, spacing) - _sum(dim, Ball(high), count, spacing))
    return total


def _harmonic(count: int) -> Ball:
    return Ball(count + 1).digamma() + Ball.const_euler()


def _from_below(dim: int, count: int, spacing: int) -> Ball:
    """The dual certificate: twice the sum of sign * H over the extrema of all profiles, which alternate along the line.

    It is a sum over pairs at distance k of weights times phi(k spacing), phi(x) the sum over extrema z of sign * h(x + z);
    in d = 3 integrated over the projected spacing by the antiderivative -He_2(t) exp(-t^2/2) of h.
    """
    extrema, total = _extrema(dim), _harmonic(count)

    def phi(degree: int, x: Ball) -> Ball:
        return sum((sign * _profile(degree, x + z) for z, sign in extrema), Ball(0))

    least = Ball(spacing) if dim == 1 else 2 * extrema[-1][0]
    value = phi(dim, Ball(0)) * total * (Ball(1) if dim == 1 else 1 - least / spacing)
    for k in range(1, 5):
        weights = _harmonic(count - k) + total - _harmonic(k)
        integral = (phi(2, k * least) - phi(2, Ball(k * spacing))) / (k * spacing)
        value += weights * (phi(1, k * least) if dim == 1 else integral)
    # Pairs left out: at each distance 4 terms of at most |t|^d exp(-t^2/2), with weights of at most 2 harmonic sums.
    far = 5 * least - extrema[-1][0]
    return 2 * value - 32 * total * far**dim * (-far * far / 2).exp() * Ball(0.5, 0.5)


def _single(dim: int) -> Ball:
    """The total variation of one profile: it falls to 0 on both sides of its extrema, which alternate."""
    return 2 * sum((sign * _profile(dim, z) for z, sign in _extrema(dim)), Ball(0))


def _saving(dim: int, spacing: int) -> Ball:
    """What the triangle inequality has too much for the first ten (d = 1), or the first two at projected distances 1 to 3/2."""
    if dim == 1:
        return _single(1) * _harmonic(10) - _variation(1, 10, Ball(spacing))
    saved, cells = Ball(0), 10
    for k in range(cells):
        near = Ball(1 + k / (2 * cells)).union(Ball(1 + (k + 1) / (2 * cells)))
        saved += (_single(3) * 3 / 2 - _variation(3, 2, near, 8)) / (2 * cells)
    return saved / spacing


def _kernel_norm(spacing: int) -> Ball:
    """The norm in the kernel space of infinitely many Gaussians, the supremum over their number; 1000 are summed."""
    count, any_share = 1000, Ball(0.5, 0.5)
    square = sum((Ball(1) / i**2 for i in range(1, count + 1)), Ball(0)) + (Ball(1) / (count + 1)).union(
        Ball(1) / count
    )
    for k in range(1, 4):
        pairs = sum((Ball(1) / (i * (i + k)) for i in range(1, count + 1)), any_share / count)
        square += 2 * (-Ball((k * spacing) ** 2) / 2).exp() * pairs
    far = 8 * (-Ball((4 * spacing) ** 2) / 2).exp()  # from 4 spacings on; the sums of products of weights are at most 2
    return (square + far * any_share).sqrt()


def _interval(low: Ball, high: Ball | None = None) -> Interval:
    return Interval.of(enclosure(low if high is None else low.union(high)))


def _norms(dim: int, spacing: int, counts: tuple[int, ...]) -> Iterator[Norm]:
    single, saved = _single(dim), _saving(dim, spacing)
    for count in counts:
        total, low = _harmonic(count), _from_below(dim, count, spacing)
        value = _interval(low, single * total - saved)
        yield Norm(dim, spacing, count, value, enclosure(total).high.fraction, upper_float(1 - low / (single * total)))


def measure(seed: int) -> Found:
    """Enclosures; nothing is random.

    >>> [round(float(one.value.lower), 3) for one in measure(0).sums[:3]]
    [7.106, 12.585, 18.161]
    """
    with precision(96):
        sums = [one for dim, spacing in _FAR.items() for one in _norms(dim, spacing, _COUNTS)]
        sums += [one for dim, spacing in _NEAR for one in _norms(dim, spacing, _COUNTS[:1])]
        single = {dim: _interval(_variation(dim, 1, Ball(1))) for dim in _FAR}
        kernel = {spacing: _interval(_kernel_norm(spacing)) for spacing in (_NEAR[0][1], _FAR[1])}
        return Found(single, tuple(sums), kernel)


def facts(found: Found) -> Mapping[str, object]:
    """The weights, and at most how much of the sum of the norms the centres' closeness takes away."""
    gaps = {f"gap, d = {one.dim}, spacing {one.spacing}": f"<= {show_upper(one.gap, 2)}" for one in found.sums[::-1]}
    return {"weights": "1/i"} | gaps


def outcomes(found: Found, theorems: Mapping[str, Theorem]) -> list[Outcome]:
    """One Gaussian; sums from both sides; the kernel norm."""
    judgements = []
    both = (", lower", Relation.AT_LEAST), ("", Relation.AT_MOST)

    def claim(key: str, name: str, at: Mapping[Symbol, Expr], words: str, norm: Interval, relation: Relation) -> None:
        bound = Interval.of(enclose(theorems[key].bounds[name].expr.subs(at), {}))
        judgements.append(judged("gaussian-gap", key, words, norm, relation, bound, theorems[key].status))

    for dim, norm in found.single.items():
        words = f"variation norm of one Gaussian, d = {dim}"
        claim("gaussian-variation-norm", f"norm, d = {dim}", {s: Integer(1)}, words, norm, Relation.CONTAINS)
    for one in found.sums:
        at = {stated.SPACING: Integer(one.spacing), stated.CUT: Integer(_CUT), stated.WEIGHTS: rational(one.weights)}
        words = f"variation norm of {one.count:,} Gaussians, d = {one.dim}, spacing {one.spacing}"
        for side, relation in both:
            claim("separated-gaussians", f"norm, d = {one.dim}{side}", at, words, one.value, relation)
    for spacing, norm in found.kernel.items():
        at = {stated.SPACING: Integer(spacing), stated.WEIGHTS_2: pi / sqrt(6)}
        words = f"kernel norm of infinitely many Gaussians, spacing {spacing}"
        for side, relation in both:
            # Far apart, the norm is that of the weights in all digits that the first 1000 centres tell.
            relation = Relation.CONTAINS if spacing == _FAR[1] else relation
            claim("separated-gaussians", f"kernel norm{side}", at, words, norm, relation)
    return judgements


def draw(axes: Axes, found: Found) -> None:
    """Norms against the number of centres: one grows with its logarithm, the other stays."""
    for (dim, spacing), colour in zip(_FAR.items(), (BLUE, ORANGE), strict=True):
        sums = [one for one in found.sums if (one.dim, one.spacing) == (dim, spacing)]
        counts, values = [one.count for one in sums], [float(one.value.lower) for one in sums]
        axes.plot(counts, values, "o-", color=colour, label=f"variation norm, d = {dim}, spacing {spacing}")
    axes.axhline(float(found.kernel[_FAR[1]].upper), color=GREEN, label="kernel norm, infinitely many")
    axes.set(xscale="log", xlabel="centres", ylabel="norm", ylim=(0, None))
    axes.legend()


_STATED = (stated.GAUSSIAN_VARIATION_NORM, stated.SEPARATED_GAUSSIANS)
SIBLING = Sibling("gaussian-gap", "Sums of Gaussians", GAUSSIAN_GAP, _STATED, measure, facts, outcomes, draw)
