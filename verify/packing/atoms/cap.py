"""One ReLU per cap: the atoms (u·x - (1-h))_+/h of the paper's construction H.4."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from sympy import Expr, Rational, sqrt

from boundcalc import cap
from boundcalc.enclosure import enclose
from boundcalc.exact import rational
from boundcalc.statement import Status
from boundcalc.statements.caps import CAP_ATOM_NORM
from boundcalc.symbols import d as D
from boundcalc.symbols import eps
from boundcalc.symbols import h as H
from constructions.atom import log_squared_norm
from constructions.network import Network
from verify.outcome import Interval, Relation
from verify.packing.atoms.base import (
    DRAWS,
    Atoms,
    Level,
    Occupancy,
    Reading,
    closed_form_readings,
    depths,
    monte_carlo,
    side_reading,
)
from verify.packing.setting import AtomKind, Weight

# Relative error of the adaptive quadrature and of its double-precision weights.
_QUADRATURE = 1e-10

Float = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class CapAtoms(Atoms):
    """The atoms of a packing of caps, one each."""

    kind = AtomKind.CAP
    per_cap = 1
    sup_sum = Fraction(1)
    theorem = CAP_ATOM_NORM.key
    norm_words = "4 A^2 |Phi|^2 d_H"
    seminorm_words: ClassVar[Mapping[Weight, str]] = {
        Weight.CANONICAL: "A N h^(d+1)",
        Weight.POPULATION: "A N g_P(1-h)/h",
        Weight.EMPIRICAL: "A sum g_n(u_i, 1-h)/h",
    }

    @property
    def place(self) -> dict[Expr, Rational]:
        """d and h, exactly."""
        return {D: rational(self.packing.dim), H: rational(self.packing.height)}

    def readings(self, rng: np.random.Generator) -> Iterator[Reading]:
        """Sup norm from the largest value in the cap; L2 norm from three channels and both constants."""
        d, height = self.packing.dim, self.packing.height
        centre = self.packing.centres[0]
        # u.u differs from 1 by at most d roundings, the division by h magnifies them.
        yield Reading(
            "sup norm of the atom (u.x - (1-h))_+/h, at x = u",
            (float(centre @ centre) - (1 - float(height))) / float(height),
            Relation.WITHIN,
            Interval.near(1, (d + 2) * 2**-52 / float(height)),
            Status.PAPER,
            {"point": "the centre of the first cap"},
        )
        closed = cap.atom_norm_squared.enclose(d, rational(height))
        drawn = drawn_norm(d, height, rng)
        yield from closed_form_readings("", log_squared_norm(d, height), _QUADRATURE, drawn, closed)
        for name, side in (("lower", Relation.AT_LEAST), ("upper", Relation.AT_MOST)):
            bound = enclose(CAP_ATOM_NORM.bounds[name].expr.subs(eps, sqrt(rational(height))), {D: rational(d)})
            yield side_reading(
                f"squared L2(P) norm against its {name} constant times epsilon^(d+1)",
                Interval.of(closed),
                side,
                bound,
                {"log10_bound": bound.log10[0]},
                equal=d == 1,
            )

    def levels(self) -> list[Level]:
        """All atoms have the same norm."""
        log_norm = log_squared_norm(self.packing.dim, self.packing.height)
        return [Level(self.packing.size, math.exp(log_norm), cap.atom_norm_squared.expr)]

    def weighted_seminorm(self, weight: Weight) -> Interval:
        """N h^(d+1) exactly, or N g_P(1-h)/h enclosed."""
        packing = self.packing
        if weight is Weight.CANONICAL:
            exact = packing.size * packing.height ** (packing.dim + 1)
            return Interval(exact, exact)
        return Interval.of(enclose(packing.size * cap.atom_seminorm_population.expr, self.place))

    def squared_norm(self, coefficients: Float) -> Interval:
        """Supports are disjoint: the closed form times the sum of squares."""
        squares = float((np.asarray(coefficients) ** 2).sum())
        return Interval.of(enclose(rational(Fraction(squares)) * cap.atom_norm_squared.expr, self.place))

    def evaluate(self, coefficients: Float, sample: Occupancy) -> Float:
        """One product per point that lies in a cap."""
        rows = np.flatnonzero(sample.active >= 0)
        which = sample.active[rows]
        depth = np.einsum("ij,ij->i", sample.X[rows], self.packing.centres[which]) - float(1 - self.packing.height)
        result = np.zeros(len(sample.X))
        result[rows] = np.asarray(coefficients)[which, 0] * np.maximum(depth, 0.0) / float(self.packing.height)
        return result

    def network(self, coefficients: Float) -> Network:
        """One neuron per cap."""
        return Network.from_atoms(self.packing.centres, self.packing.height, np.asarray(coefficients)[:, 0])

    def empirical_seminorm(self, coefficients: Float, sample: Occupancy) -> float:
        """From the occupied caps alone."""
        weight = self.packing.empirical_weight(sample.X, [float(1 - self.packing.height)], active=sample.active)
        return float(np.abs(np.asarray(coefficients)[:, 0]) @ weight[:, 0]) / float(self.packing.height)

    def facts(self) -> dict[str, object]:
        """Nothing beyond the packing."""
        return {}


def drawn_norm(d: int, height: Fraction, rng: np.random.Generator) -> Interval:
    """Interval for the squared norm by importance sampling of the depth."""
    depth, weight, scale = depths(d, float(height), DRAWS, rng)
    return monte_carlo(weight * (1 - depth / float(height)) ** 2, scale)
