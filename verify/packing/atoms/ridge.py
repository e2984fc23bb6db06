"""Fans of oscillating ridge bumps: overlapping atoms with a well-conditioned Gram matrix."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from boundcalc import cap
from boundcalc.statement import Status
from constructions.cap_ridges import CapRidges
from constructions.network import Network
from constructions.ridge import Profile
from verify.outcome import Interval, Verdict
from verify.packing.atoms.base import Number, Occupancy, Reading
from verify.packing.atoms.kind import AtomKind
from verify.packing.atoms.ridges import RidgeAtoms

__all__ = ["FanAtoms"]

# The two-dimensional quadrature agrees with a twice as fine one to this relative accuracy.
_QUADRATURE = 1e-8
_DRAWS = 100_000
_STANDARD_ERRORS = 5.0

Float = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class FanAtoms(RidgeAtoms):
    """Ridge bumps along M directions of every cap.

    Attributes
    ----------
    fan : CapRidges
    """

    fan: CapRidges

    kind = AtomKind.RIDGE
    theorem = "theorem-b"
    norm_words = "4 A^2 times the Gram form of the differing signs"

    @property
    def profiles(self) -> tuple[Profile, ...]:
        """The bumps, deepest first."""
        return self.fan.profiles

    @property
    def copies(self) -> int:
        """M, directions per cap."""
        return self.fan.directions_per_cap

    @property
    def per_cap(self) -> int:
        """M K."""
        return self.fan.per_cap

    @property
    def sup_sum(self) -> Fraction:
        """M: planks along one direction are disjoint."""
        return self.fan.sup_norm_bound

    @cached_property
    def eigenvalues(self) -> Float:
        """Of the Gram matrix of one cap's atoms over their norms, ascending."""
        scale = 1 / np.sqrt(np.diag(self.fan.gram))
        return np.asarray(np.linalg.eigvalsh(self.fan.gram * np.outer(scale, scale)))

    @property
    def overlap(self) -> float | None:
        """The least eigenvalue, less the error of the quadrature; None where there is one direction only."""
        if self.copies == 1:
            return None
        return float(self.eigenvalues[0]) - _QUADRATURE * self.per_cap

    def readings(self, rng: np.random.Generator) -> Iterator[Reading]:
        """Those of ridge functions, and the Gram matrix."""
        yield from super().readings(rng)
        for name, value in (("least", self.eigenvalues[0]), ("greatest", self.eigenvalues[-1])):
            lower = name == "least"
            yield Reading(
                f"{name} eigenvalue of the Gram matrix of one cap's {self.per_cap} normalised atoms",
                float(value),
                0 if lower else self.per_cap,
                ">" if lower else "<=",
                Verdict.CONSISTENT if (value > 0 if lower else value <= self.per_cap) else Verdict.REFUTED,
                Status.NUMERIC,
                {"method": "Gauss-Legendre quadrature", "directions": self.copies, "tilt": self.fan.tilt},
            )
        if self.copies > 1:
            yield self._drawn(rng)

    def _drawn(self, rng: np.random.Generator) -> Reading:
        """The quadratic form of the Gram matrix for random signs, by points of the double cap's bounding slab."""
        fan, d = self.fan, self.packing.dim
        signs = rng.choice([-1.0, 1.0], fan.per_cap)
        expected = float(signs @ fan.gram @ signs)
        # Points of the cap: depth along the axis with its marginal density, then uniform in the slice's ball.
        h = float(self.packing.height)
        depth = h * rng.random(_DRAWS) ** (2 / (d + 1))
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
        # P(cap) times the ratio of the true depth density to the drawn one, which is (2 - s)^((d-1)/2) up to a constant.
        logs = (d - 1) / 2 * np.log1p(-depth / 2)
        scale = float(
            np.exp(
                float(cap.marginal_constant.log(d).log)
                + (d - 1) / 2 * np.log(2)
                + (d + 1) / 2 * np.log(h)
                + np.log(2 / (d + 1))
            )
        )
        sample = np.exp(logs) * values**2
        mean, error = float(sample.mean()), float(sample.std(ddof=1)) / _DRAWS**0.5
        interval = Interval(
            scale * max(0.0, mean - _STANDARD_ERRORS * error),
            scale * (mean + _STANDARD_ERRORS * error),
            f"Monte Carlo, {_STANDARD_ERRORS:g} standard errors",
        )
        return Reading(
            "squared L2(P) norm of a sum of one cap's atoms with random signs: Monte Carlo against the Gram matrix",
            interval,
            expected,
            "contains",
            Verdict.CONSISTENT if expected in interval else Verdict.REFUTED,
            Status.NUMERIC,
            {"draws": _DRAWS, "standard_errors": _STANDARD_ERRORS},
        )

    def squared_norm(self, coefficients: Float, scale: Fraction) -> Number:
        """The Gram form, cap by cap; rigorous where there is one direction only."""
        if self.copies == 1:
            return super().squared_norm(coefficients, scale)
        rows = np.asarray(coefficients).reshape(self.packing.size, self.per_cap)
        value = float(scale) * float(np.einsum("ij,jk,ik->", rows, self.fan.gram, rows))
        return Number.near(value, Fraction(_QUADRATURE))

    def evaluate(self, coefficients: Float, sample: Occupancy) -> Float:
        """All atoms of the cap that holds the point."""
        shape = (self.packing.size, self.copies, len(self.profiles))
        c = np.asarray(coefficients).reshape(shape)
        rows = np.flatnonzero(sample.active >= 0)
        which = sample.active[rows]
        result = np.zeros(len(sample.X))
        for j in range(self.copies):
            s = np.einsum("ij,ij->i", sample.X[rows], self.fan.directions[which, j])
            for k, profile in enumerate(self.profiles):
                result[rows] += c[which, j, k] * profile(s)
        return result

    def network(self, coefficients: Float) -> Network:
        """Five neurons per bump."""
        return self.fan.network(np.asarray(coefficients).reshape(self.packing.size, self.per_cap))

    def empirical_seminorm(self, coefficients: Float, sample: Occupancy) -> float:
        """From the occupied caps alone."""
        size = np.abs(np.asarray(coefficients).reshape(self.packing.size, self.copies, len(self.profiles)))
        total = 0.0
        for j in range(self.copies):
            for k, profile in enumerate(self.profiles):
                offsets = [float(t) for t in profile.knots]
                weight = self.packing.empirical_weight(sample.X, offsets, self.fan.directions[:, j], sample.active)
                total += float(size[:, j, k] @ (weight @ np.array([float(abs(c)) for c in profile.changes])))
        return total

    def facts(self) -> dict[str, object]:
        """With the tilt."""
        return {**super().facts(), "directions_per_cap": self.copies, "tilt": self.fan.tilt}
