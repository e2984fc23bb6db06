"""What every kind of atoms can say of itself; the checks ask nothing else.

Coefficients are arrays (N, K): one row per cap, one column per atom of a cap.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray
from sympy import Expr

from boundcalc.statement import Status
from constructions.network import Network
from constructions.packing import Packing
from verify.outcome import Interval, Verdict
from verify.packing.atoms.kind import AtomKind, Target

__all__ = ["Atoms", "Level", "Number", "Occupancy", "Reading"]

Float = NDArray[np.float64]


@dataclass(frozen=True)
class Number:
    """A nonnegative number between two exact ones.

    Attributes
    ----------
    floor, ceiling : Fraction
    proved : bool
        Whether the bounds are rigorous.

    Examples
    --------
    >>> third = Number(Fraction(1, 3), Fraction(1, 3), True)
    >>> third.lower < third.upper, (third * Fraction(3)).upper
    (True, 1.0)
    """

    floor: Fraction
    ceiling: Fraction
    proved: bool

    @classmethod
    def near(cls, value: float, relative: Fraction) -> Number:
        """A floating-point value with an error that is estimated, not proved."""
        exact = Fraction(value)
        return cls(exact * (1 - relative), exact * (1 + relative), False)

    def __mul__(self, factor: Fraction) -> Number:
        return Number(self.floor * factor, self.ceiling * factor, self.proved)

    @property
    def lower(self) -> float:
        """The floor, rounded down."""
        value = _float(self.floor)
        return math.nextafter(value, -math.inf) if value > self.floor else value

    @property
    def upper(self) -> float:
        """The ceiling, rounded up."""
        value = _float(self.ceiling)
        return math.nextafter(value, math.inf) if value < self.ceiling else value

    @property
    def log10(self) -> float | None:
        """Logarithm to base 10 of the floor, which may be below every float; None for 0."""
        if self.floor <= 0:
            return None
        return math.log10(self.floor.numerator) - math.log10(self.floor.denominator)

    @property
    def interval(self) -> Interval:
        """Both bounds, with the word for what they are."""
        return Interval(self.lower, self.upper, "enclosure" if self.proved else "floating point")


def _float(value: Fraction) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf


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
    count : int
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
    """One measured property of single atoms: an outcome of the check of their norms, but for check and theorem."""

    claim: str
    measured: int | float | Interval
    bound: int | float | Interval
    relation: str
    verdict: Verdict
    status: Status
    evidence: dict[str, object]


@dataclass(frozen=True, eq=False)
class Atoms(ABC):
    """Atoms on every cap of a packing.

    Attributes
    ----------
    packing : Packing
    """

    packing: Packing

    @property
    @abstractmethod
    def kind(self) -> AtomKind: ...

    @property
    @abstractmethod
    def per_cap(self) -> int:
        """K, the number of atoms of each cap."""

    @property
    @abstractmethod
    def sup_sum(self) -> Fraction:
        """Bound on the sup norm of every sum of the atoms with signs."""

    @property
    @abstractmethod
    def theorem(self) -> str:
        """Key of the theorem that speaks of the atoms' norms."""

    @abstractmethod
    def readings(self, rng: np.random.Generator) -> Iterator[Reading]:
        """Sup norm, L2 norm by independent channels, and the Gram matrix where atoms overlap."""

    @abstractmethod
    def levels(self) -> list[Level]:
        """The atoms, grouped by norm."""

    @abstractmethod
    def seminorm(self, target: Target, sample: Occupancy) -> Number | None:
        """Bound on the seminorm of every sum of the atoms with signs; None where `obstacle` says why not."""

    @abstractmethod
    def seminorm_words(self, target: Target) -> str:
        """How that bound, times the amplitude A, is computed."""

    @abstractmethod
    def squared_norm(self, coefficients: Float, scale: Fraction) -> Number:
        """scale times the squared L2(P) norm of the sum with these coefficients (N, K)."""

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

    @property
    def local(self) -> bool:
        """Whether every neuron of the network fires in its cap only."""
        return True

    @property
    def norm_words(self) -> str:
        """The squared distance of two sums with amplitude A, in words."""
        return "4 A^2 sum |psi|^2 over the differing signs"

    def facts(self) -> dict[str, object]:
        """For the report."""
        return {"atoms": self.kind.value, "atoms_per_cap": self.per_cap}

    def empirical_seminorm(self, coefficients: Float, sample: Occupancy) -> float:
        """The same of the network of one sum, with the weight of the sample."""
        return self.network(coefficients).empirical_seminorm(sample.X)
