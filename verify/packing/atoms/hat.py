"""Stacked hats on disjoint caps (Theorem A); in d = 1 the bumps stacked towards both ends of the interval."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from math import floor

import numpy as np
from numpy.typing import NDArray
from sympy import Integer, Rational

from boundcalc import cap
from boundcalc.enclosure import enclose
from boundcalc.exact import rational
from boundcalc.statement import Status
from boundcalc.statements.stacked_hats import THEOREM_A
from boundcalc.symbols import d as D
from constructions.cap_ridges import CapRidges
from constructions.network import Network
from constructions.ridge import Profile
from constructions.stacked import hats
from verify.outcome import Verdict
from verify.packing.atoms.base import Occupancy, Reading
from verify.packing.atoms.kind import AtomKind
from verify.packing.atoms.profiles import squared_norm_enclosure
from verify.packing.atoms.ridges import RidgeAtoms

__all__ = ["HatAtoms", "hat_width"]

Float = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class HatAtoms(RidgeAtoms):
    """K hats of one width at the depths h/2 ... h of every cap.

    Attributes
    ----------
    width : Fraction
    """

    width: Fraction

    kind = AtomKind.HAT
    sup_sum = Fraction(1)
    theorem = THEOREM_A.key

    @cached_property
    def stack(self) -> CapRidges:
        """The construction."""
        return hats(self.packing, self.width)

    @property
    def profiles(self) -> tuple[Profile, ...]:
        """The hats, deepest first."""
        return self.stack.profiles

    @property
    def per_cap(self) -> int:
        """K = floor(h/2w)."""
        return len(self.profiles)

    def readings(self, rng: np.random.Generator) -> Iterator[Reading]:
        """Those of ridge functions, and the two bounds of Theorem A's proof."""
        yield from super().readings(rng)
        d, h = self.packing.dim, rational(self.packing.height)
        # The marginal density lies between c_1 (7h/8)^((d-1)/2) (for h <= 1/8) and c_1 (2h)^((d-1)/2) on the slabs.
        for name, factor, relation in (("lower", Rational(7, 8), ">="), ("upper", Integer(2), "<=")):
            expr = cap.marginal_constant.expr * (factor * h) ** ((D - 1) / 2) * rational(self.width) / 3
            bound = enclose(expr, {D: Integer(d)})
            ends = [squared_norm_enclosure(profile, d) for profile in (self.profiles[0], self.profiles[-1])]
            holds = all((e.at_least(bound) if name == "lower" else e.at_most(bound)) is True for e in ends)
            worst = min(e.floats[0] for e in ends) if name == "lower" else max(e.floats[1] for e in ends)
            # In d = 1 both bounds are equalities, which no enclosure of positive width decides.
            equal = d == 1 and all(e.contains(bound) or bound.contains(e) for e in ends)
            needed = name == "upper" or self.packing.height <= Fraction(1, 8)
            verdict = Verdict.PROVED if holds else Verdict.CONSISTENT if equal else Verdict.REFUTED
            yield Reading(
                f"squared L2(P) norms of the outermost hats, {name} bound of Theorem A's proof",
                worst,
                bound.floats[0],
                relation,
                verdict if needed or holds else Verdict.NOT_APPLICABLE,
                Status.DERIVED,
                {"needs": "h <= 1/8" if name == "lower" else "nothing"},
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

    def network(self, coefficients: Float) -> Network:
        """Three neurons per hat."""
        return self.stack.network(coefficients)

    def empirical_seminorm(self, coefficients: Float, sample: Occupancy) -> float:
        """From the occupied caps alone."""
        size = np.abs(np.asarray(coefficients))
        total = 0.0
        for k, profile in enumerate(self.profiles):
            weight = self.packing.empirical_weight(sample.X, [float(t) for t in profile.knots], active=sample.active)
            total += float(size[:, k] @ (weight @ np.array([float(abs(change)) for change in profile.changes])))
        return total

    def facts(self) -> dict[str, object]:
        """With the width."""
        return {**super().facts(), "width": float(self.width)}


def hat_width(packing_height: Fraction, d: int, B: float, C: float) -> Fraction:
    """w = a h^{(d+7)/4} of Theorem A, a = (8^{(3-d)/2} B/C)^{1/2}, or h/4 where that is too wide for two slabs."""
    h = float(packing_height)
    wanted = (8 ** ((3 - d) / 2) * B / C) ** 0.5 * h ** ((d + 7) / 4)
    unit = 10**15
    while wanted * unit < 10**14:
        unit *= 10
    return min(Fraction(floor(wanted * unit), unit), packing_height / 4)
