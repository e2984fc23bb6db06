"""Ridge functions with piecewise linear profiles that vanish outside their cap: closed forms, and fans of oscillating bumps.

p(u·x) = sum_j c_j (u·x - t_j)_+ and, for t_i <= t_j, E (X - t_i)_+ (X - t_j)_+ = m_2(t_j) + (t_j - t_i) m_1(t_j) with the
truncated moments m_k of one coordinate. So with S_j, T_j the sums of c_i, c_i t_i over i < j

    |p|^2 = sum_j [c_j (c_j + 2 S_j) m_2(t_j) + 2 c_j (t_j S_j - T_j) m_1(t_j)].

The terms cancel; ball arithmetic sees how far, and takes more digits.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from sympy import Expr, Integer

from boundcalc import cap
from boundcalc.cached import cached_property
from boundcalc.cap import moment_expr
from boundcalc.enclosure import enclose
from boundcalc.exact import rational
from boundcalc.statement import Status
from boundcalc.symbols import d as D
from boundcalc.symbols import h as H
from constructions.cap_ridges import CapRidges
from constructions.network import Network
from constructions.ridge import Profile
from verify.outcome import Interval, Relation, Trust
from verify.packing.atoms.base import (
    DRAWS,
    STANDARD_ERRORS,
    Atoms,
    Level,
    Occupancy,
    Reading,
    closed_form_readings,
    depths,
    monte_carlo,
    near,
)
from verify.packing.setting import AtomKind, Weight

# Relative error of the quadrature over pieces with 48 nodes each.
_QUADRATURE = 1e-10
# The two-dimensional quadrature agrees with a twice as fine one to this relative accuracy.
_GRAM_ERROR = 1e-8
_DRAWS = 100_000

Float = NDArray[np.float64]


def squared_norm_expr(profile: Profile) -> Expr:
    """The squared L2(P) norm as an expression in the dimension."""
    total, slope, offset = Integer(0), Fraction(0), Fraction(0)
    for change, knot in zip(profile.changes, profile.knots, strict=True):
        if knot < 1:
            height = rational(1 - knot)
            total += rational(change * (change + 2 * slope)) * moment_expr(2, D, height)
            total += rational(2 * change * (knot * slope - offset)) * moment_expr(1, D, height)
        slope, offset = slope + change, offset + change * knot
    return total


def population_seminorm(profile: Profile, d: int) -> Expr:
    """Σ |slope change| g_P(knot), knots in [0, 1], as a number that is not evaluated."""
    total = Integer(0)
    for change, knot in zip(profile.changes, profile.knots, strict=True):
        if change and knot < 1:
            total += rational(abs(change)) * cap.population_weight.expr.subs({D: Integer(d), H: rational(1 - knot)})
    return total


def depth_monte_carlo(profile: Profile, d: int, rng: np.random.Generator) -> Interval:
    """Interval for the squared norm: depths uniform on the support, weighted by the marginal density."""
    deep = float(1 - profile.knots[0])
    shallow = float(1 - profile.knots[-1]) if profile.compact else 0.0
    depth = shallow + (deep - shallow) * rng.random(DRAWS)
    logs = (d - 1) / 2 * np.log(depth * (2 - depth))
    shift = float(logs.max())
    scale = math.exp(float(cap.marginal_constant.log(d).log) + math.log(deep - shallow) + shift)
    return monte_carlo(np.exp(logs - shift) * profile.at_depth(depth) ** 2, scale)


@dataclass(frozen=True, eq=False)
class RidgeAtoms(Atoms):
    """The same profiles along each of M directions per cap: sums of ReLUs, exactly; overlapping where M > 1."""

    ridges: CapRidges

    kind = AtomKind.RIDGE
    theorem = "theorem-b"
    norm_words = "4 A^2 times the Gram form of the differing signs"
    seminorm_words: ClassVar[Mapping[Weight, str]] = {
        Weight.CANONICAL: "A sum |slope change| (1-t)^(d+2)",
        Weight.POPULATION: "A sum |slope change| g_P(t)",
        Weight.EMPIRICAL: "A sum |slope change| g_n(u, t)",
    }

    @property
    def copies(self) -> int:
        """M, directions per cap."""
        return self.ridges.directions_per_cap

    @property
    def per_cap(self) -> int:
        """M K."""
        return self.ridges.per_cap

    @property
    def sup_sum(self) -> Fraction:
        """M: planks along one direction are disjoint."""
        return self.ridges.sup_norm_bound

    @cached_property
    def eigenvalues(self) -> Float:
        """Of the Gram matrix of one cap's atoms over their norms, ascending."""
        scale = 1 / np.sqrt(np.diag(self.ridges.gram))
        return np.asarray(np.linalg.eigvalsh(self.ridges.gram * np.outer(scale, scale)))

    @property
    def overlap(self) -> float | None:
        """The least eigenvalue, less the error of the quadrature; None where there is one direction only."""
        return None if self.copies == 1 else float(self.eigenvalues[0]) - _GRAM_ERROR * self.per_cap

    def readings(self, rng: np.random.Generator) -> Iterator[Reading]:
        """Those of the profiles, and the Gram matrix."""
        yield from self.profile_readings(rng)
        for name, value, relation, bound in (
            ("least", self.eigenvalues[0], Relation.ABOVE, 0),
            ("greatest", self.eigenvalues[-1], Relation.AT_MOST, self.per_cap * (1 + _GRAM_ERROR)),
        ):
            yield Reading(
                f"{name} eigenvalue of the Gram matrix of one cap's {self.per_cap} normalised atoms",
                float(value),
                relation,
                bound,
                Status.NUMERIC,
                {"method": "Gauss-Legendre quadrature", "directions": self.copies, "tilt": self.ridges.tilt},
                floats=Trust.HEURISTIC,
            )
        if self.copies > 1:
            yield self._drawn(rng)

    def profile_readings(self, rng: np.random.Generator) -> Iterator[Reading]:
        """Sup norm exactly; L2 norm of the deepest and the shallowest profile from three channels."""
        d = self.packing.dim
        yield Reading(
            "sup norm of the atoms, from the values at the knots",
            max(profile.sup_norm for profile in self.ridges.profiles),
            Relation.EQUAL,
            1,
            Status.DERIVED,
            {"arithmetic": "exact rational", "profiles": len(self.ridges.profiles)},
        )
        ends = {"deepest": self.ridges.profiles[0], "shallowest": self.ridges.profiles[-1]}
        for name, profile in list(ends.items())[: len(self.ridges.profiles)]:
            quadrature = profile.squared_norm(d)
            log_quadrature = math.log(quadrature) if quadrature > 0 else -math.inf
            closed = enclose(squared_norm_expr(profile), {D: Integer(d)})
            drawn = depth_monte_carlo(profile, d, rng)
            yield from closed_form_readings(f" of the {name} atom", log_quadrature, _QUADRATURE, drawn, closed)

    def _drawn(self, rng: np.random.Generator) -> Reading:
        """The quadratic form of the Gram matrix for random signs, by points of the double cap's bounding slab."""
        fan, d = self.ridges, self.packing.dim
        signs = rng.choice([-1.0, 1.0], fan.per_cap)
        expected = float(signs @ fan.gram @ signs)
        # Points of the cap: depth along the axis with its marginal density, then uniform in the slice's ball.
        depth, weight, scale = depths(d, float(self.packing.height), _DRAWS, rng)
        slice_radius = np.sqrt(depth * (2 - depth))
        across = rng.standard_normal((_DRAWS, d - 1))
        across *= (slice_radius * rng.random(_DRAWS) ** (1 / (d - 1)) / np.linalg.norm(across, axis=1))[:, None]
        axis = fan.directions[0, 0]
        basis = np.linalg.qr(np.column_stack([axis, np.eye(d)]))[0][:, 1:]
        X = (1 - depth)[:, None] * axis + across @ basis.T
        values = np.zeros(_DRAWS)
        for j in range(self.copies):
            s = X @ fan.directions[0, j]
            for k, profile in enumerate(fan.profiles):
                values += signs[j * len(fan.profiles) + k] * profile(s)
        return Reading(
            "squared L2(P) norm of a sum of one cap's atoms with random signs: Monte Carlo against the Gram matrix",
            monte_carlo(weight * values**2, scale),
            Relation.CONTAINS,
            near(expected, Fraction(_GRAM_ERROR)),
            Status.NUMERIC,
            {"draws": _DRAWS, "standard_errors": STANDARD_ERRORS},
        )

    def levels(self) -> list[Level]:
        """One level per profile."""
        d, count = self.packing.dim, self.packing.size * self.copies
        return [Level(count, profile.squared_norm(d), squared_norm_expr(profile)) for profile in self.ridges.profiles]

    def weighted_seminorm(self, weight: Weight) -> Interval:
        """Σ |slope change| g(knot) over all neurons: it bounds sums in which neurons share a hyperplane."""
        d, count = self.packing.dim, self.packing.size * self.copies
        if weight is Weight.CANONICAL:
            exact = sum((profile.canonical_seminorm(d) for profile in self.ridges.profiles), Fraction(0)) * count
            return Interval(exact, exact)
        total = sum((population_seminorm(profile, d) for profile in self.ridges.profiles), Integer(0))
        return Interval.of(enclose(count * total, {}))

    def squared_norm(self, coefficients: Float) -> Interval:
        """The Gram form, cap by cap; for one direction the closed forms times the sums of squares, profile by profile."""
        if self.copies > 1:
            rows = np.asarray(coefficients)
            return near(float(np.einsum("ij,jk,ik->", rows, self.ridges.gram, rows)), Fraction(_GRAM_ERROR))
        total = Integer(0)
        for profile, weight in zip(self.ridges.profiles, (np.asarray(coefficients) ** 2).sum(axis=0), strict=True):
            if weight:
                total += rational(Fraction(float(weight))) * squared_norm_expr(profile)
        return Interval.of(enclose(total, {D: Integer(self.packing.dim)}))

    def evaluate(self, coefficients: Float, sample: Occupancy) -> Float:
        """All atoms of the cap that holds the point."""
        shape = (self.packing.size, self.copies, len(self.ridges.profiles))
        c = np.asarray(coefficients).reshape(shape)
        rows = np.flatnonzero(sample.active >= 0)
        which = sample.active[rows]
        result = np.zeros(len(sample.X))
        for j in range(self.copies):
            s = np.einsum("ij,ij->i", sample.X[rows], self.ridges.directions[which, j])
            for k, profile in enumerate(self.ridges.profiles):
                result[rows] += c[which, j, k] * profile(s)
        return result

    def network(self, coefficients: Float) -> Network:
        """One neuron per change of slope."""
        return self.ridges.network(coefficients)

    def empirical_seminorm(self, coefficients: Float, sample: Occupancy) -> float:
        """From the occupied caps alone."""
        size = np.abs(np.asarray(coefficients).reshape(self.packing.size, self.copies, len(self.ridges.profiles)))
        total = 0.0
        for j in range(self.copies):
            for k, profile in enumerate(self.ridges.profiles):
                offsets = [float(t) for t in profile.knots]
                weight = self.packing.empirical_weight(sample.X, offsets, self.ridges.directions[:, j], sample.active)
                total += float(size[:, j, k] @ (weight @ np.array([float(abs(c)) for c in profile.changes])))
        return total

    def facts(self) -> dict[str, object]:
        """With the tilt."""
        return {**super().facts(), "directions_per_cap": self.copies, "tilt": self.ridges.tilt}
