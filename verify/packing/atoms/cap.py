"""One ReLU per cap: the atoms (u·x - (1-h))_+/h of the paper's construction H.4."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

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
from verify.outcome import Interval, Verdict
from verify.packing.atoms.base import Atoms, Level, Number, Occupancy, Reading
from verify.packing.atoms.kind import AtomKind, Target
from verify.packing.atoms.profiles import FLOAT_ERROR, number

__all__ = ["CapAtoms", "monte_carlo"]

_DRAWS = 200_000
# Two-sided normal level 1 - 6e-7: a false alarm once in 1.7 million reports.
_Z = 5.0
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

    @property
    def place(self) -> dict[Expr, Rational]:
        """d and h, exactly."""
        return {D: Rational(self.packing.dim), H: rational(self.packing.height)}

    def readings(self, rng: np.random.Generator) -> Iterator[Reading]:
        """Sup norm from the largest value in the cap; L2 norm from three channels and both constants."""
        d, height = self.packing.dim, self.packing.height
        exact_height = rational(height)
        centre = self.packing.centres[0]
        peak = (float(centre @ centre) - (1 - float(height))) / float(height)
        yield Reading(
            "sup norm of the atom (u.x - (1-h))_+/h, at x = u",
            peak,
            1,
            "=",
            # u.u differs from 1 by at most d roundings, the division by h magnifies them.
            Verdict.CONSISTENT if abs(peak - 1) <= (d + 2) * 2**-52 / float(height) else Verdict.REFUTED,
            Status.PAPER,
            {"point": "the centre of the first cap"},
        )
        closed = cap.atom_norm_squared.enclose(d, exact_height)
        log_closed = closed.log10[0] * math.log(10)
        log_quadrature = log_squared_norm(d, height)
        yield Reading(
            "squared L2(P) norm: quadrature against closed form",
            math.exp(log_quadrature),
            closed.floats[1],
            "=",
            Verdict.CONSISTENT if abs(log_quadrature - log_closed) <= _QUADRATURE else Verdict.REFUTED,
            Status.DERIVED,
            {"relative_difference": math.expm1(log_quadrature - log_closed), "log10_closed_form": closed.log10[0]},
        )
        interval = monte_carlo(d, height, rng)
        covers = interval.lower <= closed.floats[1] and closed.floats[0] <= interval.upper
        yield Reading(
            "squared L2(P) norm: Monte Carlo against closed form",
            interval,
            closed.floats[1],
            "contains",
            Verdict.CONSISTENT if covers else Verdict.REFUTED,
            Status.DERIVED,
            {"draws": _DRAWS, "standard_errors": _Z},
        )
        for name, relation in (("lower", ">="), ("upper", "<=")):
            bound = enclose(CAP_ATOM_NORM.bounds[name].expr.subs(eps, sqrt(exact_height)), {D: Rational(d)})
            inside = closed.at_least(bound) if name == "lower" else closed.at_most(bound)
            # In d = 1 both are equalities, which no enclosures of positive width decide.
            equal = d == 1 and inside is None
            yield Reading(
                f"squared L2(P) norm against its {name} constant times epsilon^(d+1)",
                closed.floats[1],
                bound.floats[0],
                relation,
                Verdict.PROVED if inside else Verdict.CONSISTENT if equal else Verdict.UNDECIDED,
                Status.DERIVED,
                {"log10_bound": bound.log10[0]},
            )

    def levels(self) -> list[Level]:
        """All atoms have the same norm."""
        log_norm = log_squared_norm(self.packing.dim, self.packing.height)
        return [Level(self.packing.size, math.exp(log_norm), cap.atom_norm_squared.expr)]

    def seminorm(self, target: Target, sample: Occupancy) -> Number:
        """N h^(d+1) exactly, N g_P(1-h)/h enclosed, or the sum of the sample's weights over h."""
        packing = self.packing
        if target is Target.CANONICAL:
            exact = packing.size * packing.height ** (packing.dim + 1)
            return Number(exact, exact, True)
        if target is Target.POPULATION:
            return number(enclose(packing.size * cap.atom_seminorm_population.expr, self.place))
        value = self.empirical_seminorm(np.ones((packing.size, 1)), sample)
        return Number.near(value, FLOAT_ERROR)

    def seminorm_words(self, target: Target) -> str:
        """A times the sum over the N atoms."""
        return {
            Target.CANONICAL: "A N h^(d+1)",
            Target.POPULATION: "A N g_P(1-h)/h",
            Target.EMPIRICAL: "A sum g_n(u_i, 1-h)/h",
        }[target]

    def squared_norm(self, coefficients: Float, scale: Fraction) -> Number:
        """Supports are disjoint: the closed form times the sum of squares."""
        squares = np.asarray(coefficients) ** 2
        whole = round(float(squares.sum()))
        factor = scale * (whole if np.array_equal(squares, np.round(squares)) else Fraction(float(squares.sum())))
        return number(enclose(rational(factor) * cap.atom_norm_squared.expr, self.place))

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


def monte_carlo(d: int, height: Fraction, rng: np.random.Generator) -> Interval:
    """Interval for the squared norm by importance sampling of the depth.

    The depth s in [0, h] is drawn with density proportional to s^{(d-1)/2}; the remaining factor (2 - s)^{(d-1)/2} of the
    marginal density and the squared atom are averaged. So the relative error does not grow as the cap gets thin.
    """
    h = float(height)
    depth = h * rng.random(_DRAWS) ** (2 / (d + 1))
    sample = np.exp((d - 1) / 2 * np.log1p(-depth / 2)) * (1 - depth / h) ** 2
    scale = math.exp(
        float(cap.marginal_constant.log(d).log)
        + (d - 1) / 2 * math.log(2)
        + (d + 1) / 2 * math.log(h)
        + math.log(2 / (d + 1))
    )
    mean, error = float(sample.mean()), float(sample.std(ddof=1)) / math.sqrt(_DRAWS)
    return Interval(scale * (mean - _Z * error), scale * (mean + _Z * error), f"Monte Carlo, {_Z:g} standard errors")
