"""What every kind of atoms can say of itself; the checks ask nothing else.

Coefficients are arrays (N, K): one row per cap, one column per atom of a cap. Numbers that may be below every float are
intervals with exact ends.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from sympy import Expr

from boundcalc import cap
from boundcalc.enclosure import Enclosure
from boundcalc.statement import Status
from constructions.network import Network
from constructions.packing import Packing
from verify.outcome import Interval, Relation, Trust
from verify.packing.setting import AtomKind, Weight

Float = NDArray[np.float64]

DRAWS = 200_000
# Two-sided normal level 1 - 6e-7: a false alarm once in 1.7 million reports.
STANDARD_ERRORS = 5.0
# Relative error granted to sums over a sample in floating point.
FLOAT_ERROR = Fraction(1, 10**10)
# Closed forms below this are not held against values in floating point.
_LEAST = 1e-290
_EQUAL = Fraction(1, 10**12)


@dataclass(frozen=True, eq=False)
class Occupancy:
    """A sample with the cap that holds each point.

    Attributes
    ----------
    X : array (n, d)
    active : array (n,)
        Index of the cap, or -1.
    """

    X: Float
    active: NDArray[np.int64]


@dataclass(frozen=True)
class Level:
    """Atoms that are equal up to rotation: ``count`` of them on the whole packing.

    Attributes
    ----------
    norm2 : float
        Squared L2(P) norm.
    expr : Expr or None
        The same in d and h, exactly, where there is a closed form.
    """

    count: int
    norm2: float
    expr: Expr | None


@dataclass(frozen=True)
class Reading:
    """One measured property of single atoms, to be judged. The tolerances of floats are in the bounds: they may refute."""

    claim: str
    measured: int | float | Fraction | Interval | None
    relation: Relation
    bound: int | float | Fraction | Interval
    status: Status
    evidence: Mapping[str, object]
    obstacle: str | None = None
    floats: Trust = Trust.FLOAT_CERTIFIED


@dataclass(frozen=True, eq=False)
class Atoms(ABC):
    """Atoms on every cap of a packing.

    Attributes
    ----------
    theorem : str
        Key of the theorem that speaks of the atoms' norms.
    local : bool
        Whether every neuron of the network fires in its cap only.
    norm_words : str
        The squared distance of two sums with amplitude A, in words.
    seminorm_words : mapping from Weight to str
        How the bound on the seminorm, times the amplitude A, is computed.
    """

    packing: Packing

    kind: ClassVar[AtomKind]
    theorem: ClassVar[str]
    local: ClassVar[bool] = True
    norm_words: ClassVar[str] = "4 A^2 sum |psi|^2 over the differing signs"
    seminorm_words: ClassVar[Mapping[Weight, str]]

    @property
    @abstractmethod
    def per_cap(self) -> int:
        """K, the number of atoms of each cap."""

    @property
    @abstractmethod
    def sup_sum(self) -> Fraction:
        """Bound on the sup norm of every sum of the atoms with signs."""

    @abstractmethod
    def readings(self, rng: np.random.Generator) -> Iterator[Reading]:
        """Sup norm, L2 norm by independent channels, and the Gram matrix where atoms overlap."""

    @abstractmethod
    def levels(self) -> list[Level]:
        """The atoms, grouped by norm."""

    @abstractmethod
    def weighted_seminorm(self, weight: Weight) -> Interval:
        """Bound on the seminorm of every sum of the atoms with signs, for the canonical or the population weight."""

    @abstractmethod
    def squared_norm(self, coefficients: Float) -> Interval:
        """The squared L2(P) norm of the sum with these coefficients (N, K)."""

    @abstractmethod
    def evaluate(self, coefficients: Float, sample: Occupancy) -> Float:
        """The sum with these coefficients (N, K) at the sample, shape (n,)."""

    @abstractmethod
    def network(self, coefficients: Float) -> Network:
        """A two-layer network of the sum; if `local`, neurons of the first cap first, equally many per cap."""

    @property
    def size(self) -> int:
        """N K, the number of atoms."""
        return self.packing.size * self.per_cap

    @property
    def obstacle(self) -> str | None:
        """Why the network has only some of the caps, or None."""
        return None

    @property
    def caps_in_network(self) -> int:
        """How many caps, the first ones, have their atoms in the network."""
        return self.packing.size

    @property
    def overlap(self) -> float | None:
        """None for disjoint supports; else the least eigenvalue of the Gram matrix of normalised atoms."""
        return None

    def seminorm(self, weight: Weight, sample: Occupancy) -> Interval | None:
        """The same for every weight; None for that of a sample where `obstacle` says why not."""
        if weight is not Weight.EMPIRICAL:
            return self.weighted_seminorm(weight)
        if self.obstacle is not None:
            return None
        return near(self.empirical_seminorm(np.ones((self.packing.size, self.per_cap)), sample), FLOAT_ERROR)

    def facts(self) -> dict[str, object]:
        """For the report."""
        return {"atoms": self.kind.value, "atoms_per_cap": self.per_cap}

    def empirical_seminorm(self, coefficients: Float, sample: Occupancy) -> float:
        """The same of the network of one sum, with the weight of the sample."""
        return self.network(coefficients).empirical_seminorm(sample.X)


def near(value: float, relative: Fraction) -> Interval:
    """A floating-point value with an error that is estimated, not proved; room is left for what is below every float."""
    return Interval.near(value, abs(Fraction(value)) * relative + Fraction(1, 2**1000), "floating point")


def closed_form_readings(
    name: str, log_quadrature: float, tolerance: float, drawn: Interval, closed: Enclosure
) -> Iterator[Reading]:
    """The closed form of a squared norm against quadrature, by logarithms, and against Monte Carlo."""
    log10 = closed.log10[0]
    obstacle = None if closed.floats[0] > _LEAST else "the norm is below the range of floats"
    yield Reading(
        f"squared L2(P) norm{name}: relative difference of quadrature and closed form",
        abs(math.expm1(log_quadrature - log10 * math.log(10))),
        Relation.AT_MOST,
        # The logarithms are large for thin caps in high dimensions, and so is their rounding.
        tolerance + 2.0**-48 * abs(log_quadrature),
        Status.DERIVED,
        {"log10_closed_form": log10},
        obstacle if log_quadrature == -math.inf else None,
    )
    yield Reading(
        f"squared L2(P) norm{name}: Monte Carlo against closed form",
        drawn,
        Relation.CONTAINS,
        Interval.of(closed),
        Status.DERIVED,
        {"draws": DRAWS, "standard_errors": STANDARD_ERRORS},
        obstacle,
    )


def side_reading(
    claim: str,
    norm: Interval,
    side: Relation,
    bound: Enclosure,
    evidence: Mapping[str, object],
    *,
    equal: bool,
    obstacle: str | None = None,
) -> Reading:
    """A norm against a bound from one side; where both are the same number, which no enclosures of positive width decide, the
    norm is to lie within a relative 1e-12 of it."""
    limit = Interval.of(bound)
    if equal:
        side, limit = Relation.WITHIN, Interval(limit.lower * (1 - _EQUAL), limit.upper * (1 + _EQUAL))
    return Reading(claim, norm, side, limit, Status.DERIVED, evidence, obstacle)


def monte_carlo(sample: Float, scale: float) -> Interval:
    """Interval for ``scale`` times the mean of nonnegative independent draws."""
    mean, error = float(sample.mean()), float(sample.std(ddof=1)) / math.sqrt(len(sample))
    low, high = max(0.0, mean - STANDARD_ERRORS * error), mean + STANDARD_ERRORS * error
    return Interval(scale * low, scale * high, f"Monte Carlo, {STANDARD_ERRORS:g} standard errors")


def depths(d: int, h: float, count: int, rng: np.random.Generator) -> tuple[Float, Float, float]:
    """Random depths in a cap of height h, with weights and a scale that turn their mean into an integral over the cap.

    At depth s = 1 - t the marginal density is c_1 u^{(d-1)/2}, u = 1 - t^2 = s (2 - s). So u is drawn with density
    proportional to u^{(d-1)/2}, and du = 2t ds gives the weight 1/2t: errors grow neither as the cap gets thin nor with d.
    """
    top = h * (2 - h)
    u = top * rng.random(count) ** (2 / (d + 1))
    t = np.sqrt(np.maximum(1 - u, 2.0**-60))
    log_scale = float(cap.marginal_constant.log(d).log) + (d + 1) / 2 * math.log(top) + math.log(2 / (d + 1))
    return u / (1 + t), 1 / (2 * t), math.exp(log_scale)
