"""What stacked hats and fans of ridge bumps share: piecewise linear profiles that vanish outside their cap."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray
from sympy import Integer

from boundcalc.enclosure import enclose
from boundcalc.exact import rational
from boundcalc.statement import Status
from boundcalc.symbols import d as D
from constructions.ridge import Profile
from verify.outcome import Verdict
from verify.packing.atoms.base import Atoms, Level, Number, Occupancy, Reading
from verify.packing.atoms.kind import Target
from verify.packing.atoms.profiles import (
    DRAWS,
    FLOAT_ERROR,
    STANDARD_ERRORS,
    depth_monte_carlo,
    number,
    population_seminorm,
    squared_norm_enclosure,
    squared_norm_expr,
)

__all__ = ["RidgeAtoms"]

# Relative error of the quadrature over pieces with 48 nodes each.
_QUADRATURE = 1e-10

Float = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class RidgeAtoms(Atoms):
    """Ridge functions with the same profiles along each of M directions per cap; sums of ReLUs, exactly."""

    @property
    @abstractmethod
    def profiles(self) -> Sequence[Profile]:
        """The profiles, deepest first."""

    @property
    def copies(self) -> int:
        """M, directions per cap."""
        return 1

    def readings(self, rng: np.random.Generator) -> Iterator[Reading]:
        """Of the deepest and the shallowest profile: sup norm exactly, L2 norm from three channels."""
        d = self.packing.dim
        ends = {"deepest": self.profiles[0], "shallowest": self.profiles[-1]}
        largest = max(profile.sup_norm for profile in self.profiles)
        yield Reading(
            "sup norm of the atoms, from the values at the knots",
            float(largest),
            1,
            "=",
            Verdict.PROVED if largest == 1 else Verdict.REFUTED,
            Status.DERIVED,
            {"arithmetic": "exact rational", "profiles": len(self.profiles)},
        )
        for name, profile in list(ends.items())[: len(self.profiles)]:
            closed = squared_norm_enclosure(profile, d)
            quadrature = profile.squared_norm(d)
            log_closed = closed.log10[0] * math.log(10)
            difference = quadrature / math.exp(log_closed) - 1 if log_closed > -600 else 0.0
            yield Reading(
                f"squared L2(P) norm of the {name} atom: quadrature against closed form",
                quadrature,
                closed.floats[1],
                "=",
                Verdict.CONSISTENT if abs(difference) <= _QUADRATURE else Verdict.REFUTED,
                Status.DERIVED,
                {"relative_difference": difference, "log10_closed_form": closed.log10[0]},
            )
            interval = depth_monte_carlo(profile, d, rng)
            covers = interval.lower <= closed.floats[1] and closed.floats[0] <= interval.upper
            yield Reading(
                f"squared L2(P) norm of the {name} atom: Monte Carlo against closed form",
                interval,
                closed.floats[1],
                "contains",
                Verdict.CONSISTENT if covers else Verdict.REFUTED,
                Status.DERIVED,
                {"draws": DRAWS, "standard_errors": STANDARD_ERRORS},
            )

    def levels(self) -> list[Level]:
        """One level per profile."""
        d, count = self.packing.dim, self.packing.size * self.copies
        return [Level(count, profile.squared_norm(d), squared_norm_expr(profile)) for profile in self.profiles]

    def seminorm(self, target: Target, sample: Occupancy) -> Number:
        """Σ |slope change| g(knot) over all neurons: it bounds sums in which neurons share a hyperplane."""
        d, count = self.packing.dim, self.packing.size * self.copies
        if target is Target.CANONICAL:
            exact = sum((profile.canonical_seminorm(d) for profile in self.profiles), Fraction(0)) * count
            return Number(exact, exact, True)
        if target is Target.POPULATION:
            total = sum((population_seminorm(profile, d) for profile in self.profiles), Integer(0))
            return number(enclose(count * total, {}))
        value = self.empirical_seminorm(np.ones((self.packing.size, self.per_cap)), sample)
        return Number.near(value, FLOAT_ERROR)

    def seminorm_words(self, target: Target) -> str:
        """A times the sum over all knots."""
        weight = {
            Target.CANONICAL: "(1-t)^(d+2)",
            Target.POPULATION: "g_P(t)",
            Target.EMPIRICAL: "g_n(u, t)",
        }[target]
        return f"A sum |slope change| {weight}"

    def squared_norm(self, coefficients: Float, scale: Fraction) -> Number:
        """Disjoint supports: the closed forms times the sums of squares, profile by profile."""
        squares = np.asarray(coefficients).reshape(self.packing.size, self.copies, len(self.profiles)) ** 2
        total = Integer(0)
        for profile, weight in zip(self.profiles, squares.sum(axis=(0, 1)), strict=True):
            if weight:
                total += rational(scale * Fraction(float(weight))) * squared_norm_expr(profile)
        return number(enclose(total, {D: Integer(self.packing.dim)}))
