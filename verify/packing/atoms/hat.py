"""Stacked hats on disjoint caps (Theorem A); in d = 1 the bumps stacked towards both ends of the interval."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from math import floor

import numpy as np
from numpy.typing import NDArray
from sympy import Integer, Rational

from boundcalc import cap
from boundcalc.enclosure import enclose
from boundcalc.exact import rational
from boundcalc.statements.stacked_hats import THEOREM_A
from boundcalc.symbols import d as D
from constructions.stacked import HatChoice, theorem_a
from verify.outcome import Interval, Relation, Verdict, judge
from verify.packing.atoms.base import Atoms, Occupancy, Reading, side_reading
from verify.packing.atoms.ridges import RidgeAtoms, squared_norm_expr
from verify.packing.setting import AtomKind, PackingSetting

Float = NDArray[np.float64]

# Hats per cap that Theorem A may ask for.
MOST_HATS = 1000


@dataclass(frozen=True, eq=False)
class HatAtoms(RidgeAtoms):
    """K = floor(h/2w) hats of one width w at the depths h/2 ... h of every cap."""

    kind = AtomKind.HAT
    theorem = THEOREM_A.key
    norm_words = Atoms.norm_words

    @property
    def width(self) -> Fraction:
        """w."""
        knots = self.ridges.profiles[0].knots
        return knots[-1] - knots[0]

    def readings(self, rng: np.random.Generator) -> Iterator[Reading]:
        """Those of ridge functions, and the two bounds of Theorem A's proof."""
        yield from self.profile_readings(rng)
        d, h = self.packing.dim, rational(self.packing.height)
        ends = [
            Interval.of(enclose(squared_norm_expr(profile), {D: Integer(d)}))
            for profile in (self.ridges.profiles[0], self.ridges.profiles[-1])
        ]
        # The marginal density lies between c_1 (7h/8)^((d-1)/2) (for h <= 1/8) and c_1 (2h)^((d-1)/2) on the slabs.
        for name, factor, side, worst in (
            ("lower", Rational(7, 8), Relation.AT_LEAST, min),
            ("upper", Integer(2), Relation.AT_MOST, max),
        ):
            expr = cap.marginal_constant.expr * (factor * h) ** ((D - 1) / 2) * rational(self.width) / 3
            bound = enclose(expr, {D: Integer(d)})
            norm = Interval(worst(end.lower for end in ends), worst(end.upper for end in ends))
            thin = name == "upper" or self.packing.height <= Fraction(1, 8)
            holds = judge(norm, side, Interval.of(bound)) is Verdict.PROVED
            yield side_reading(
                f"squared L2(P) norms of the outermost hats, {name} bound of Theorem A's proof",
                norm,
                side,
                bound,
                {"needs": "h <= 1/8" if name == "lower" else "nothing"},
                equal=d == 1,
                obstacle=None if thin or holds else "the bound is for h <= 1/8",
            )

    def evaluate(self, coefficients: Float, sample: Occupancy) -> Float:
        """At most one hat is positive at a point."""
        rows = np.flatnonzero(sample.active >= 0)
        which = sample.active[rows]
        depth = 1 - np.einsum("ij,ij->i", sample.X[rows], self.packing.centres[which])
        h, w = float(self.packing.height), float(self.width)
        slab = np.clip(np.floor((h - depth) / w), 0, self.per_cap - 1).astype(np.int64)
        middle = h - w * (slab + 0.5)
        result = np.zeros(len(sample.X))
        result[rows] = np.asarray(coefficients)[which, slab] * np.maximum(1 - 2 * np.abs(depth - middle) / w, 0.0)
        return result

    def facts(self) -> dict[str, object]:
        """With the width in the place of directions."""
        return {**Atoms.facts(self), "width": float(self.width)}


def hat_scales(setting: PackingSetting, n: int) -> HatChoice | None:
    """The scales of Theorem A at n; None where n is too small for it."""
    try:
        choice = theorem_a(setting.dim, n, float(setting.sigma), float(setting.B), float(setting.C))
    except ValueError:
        return None
    return choice if choice.slabs >= 1 else None


def hat_width(packing_height: Fraction, d: int, B: float, C: float) -> Fraction:
    """w = a h^{(d+7)/4} of Theorem A, a = (8^{(3-d)/2} B/C)^{1/2}, or the nearest width that makes 2 to 200 slabs."""
    h = float(packing_height)
    wanted = (8 ** ((3 - d) / 2) * B / C) ** 0.5 * h ** ((d + 7) / 4)
    unit = 10**15
    while 0 < wanted * unit < 10**14:
        unit *= 10
    return min(max(Fraction(floor(wanted * unit), unit), packing_height / 400), packing_height / 4)
