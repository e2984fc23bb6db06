"""Compactly supported wave packets (Theorem B') on every cap, d <= 3: exact norms, networks by discretisation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from boundcalc import cap
from boundcalc.cached import cached_property
from boundcalc.statement import Status
from constructions.data import uniform_ball
from constructions.network import Network
from constructions.packet_fields import PacketField
from verify.outcome import Interval, Relation, Trust
from verify.packing.atoms.base import (
    DRAWS,
    FLOAT_ERROR,
    STANDARD_ERRORS,
    Atoms,
    Level,
    Occupancy,
    Reading,
    monte_carlo,
    near,
)
from verify.packing.setting import AtomKind, Weight

# Neurons of the network that is formed; where all caps would have more, it has the first caps only.
_MOST_NEURONS = 8_000
_POINTS = 2000
# The packet's norm is a product of one-dimensional quadratures that are exact for polynomials of its degree.
_ROUNDING = Fraction(1, 10**11)
_TOLERABLE = 0.25
# What the largest value on the grid may miss of the sup norm.
_GRID = 1e-9
# Relative error of the midpoint rule with 40 cells or more per side of the box.
_MIDPOINT = 1e-4

Float = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class PacketAtoms(Atoms):
    """Packets in boxes."""

    field: PacketField

    kind = AtomKind.PACKET
    sup_sum = Fraction(1)
    theorem = "theorem-b"
    local = False
    seminorm_words: ClassVar[Mapping[Weight, str]] = {
        Weight.CANONICAL: "A sum |v||w| (1-|t|)^(d+2) of the discretised packets",
        Weight.POPULATION: "A sum |v||w| g_P(t) of the discretised packets",
        Weight.EMPIRICAL: "A sum |v||w| g_n(u, t) of the discretised packets",
    }

    @property
    def per_cap(self) -> int:
        """K, boxes per cap."""
        return self.field.per_cap

    def readings(self, rng: np.random.Generator) -> Iterator[Reading]:
        """Sup norm on a grid, L2 norm by the midpoint rule and Monte Carlo, disjoint boxes, and the network's error."""
        packet, scale = self.field.packet, self.field.scale
        line = np.linspace(-0.5, 0.5, 100_001)
        points = np.zeros((len(line), packet.dim))
        points[:, -1] = line
        peak = float(np.abs(packet(points)).max())
        yield Reading(
            "sup norm of the packet, on a grid along its axis",
            peak,
            Relation.WITHIN,
            Interval.near(1, _GRID),
            Status.DERIVED,
            {"grid": len(line), "largest_at": float(line[int(np.argmax(np.abs(packet(points))))])},
        )
        closed = self.field.squared_norm
        # One box alone; the midpoint rule converges fast, as the packet vanishes to high order at the sides.
        single = type(self.field)(self.packing, packet, scale, self.field.positions[:1]).cap(0)
        gram = float(single.gram(per_scale=64 if packet.dim < 3 else 40)[0, 0])
        yield Reading(
            "squared L2(P) norm: relative difference of midpoint rule and closed form",
            abs(gram / closed - 1),
            Relation.AT_MOST,
            _MIDPOINT,
            Status.DERIVED,
            {"closed_form": closed},
        )
        box = packet(rng.uniform(-0.5, 0.5, (DRAWS, packet.dim)))
        yield Reading(
            "squared L2(P) norm: Monte Carlo against closed form",
            monte_carlo(box**2, closed / packet.squared_norm),
            Relation.CONTAINS,
            near(closed, _ROUNDING),
            Status.DERIVED,
            {"draws": DRAWS, "standard_errors": STANDARD_ERRORS},
        )
        yield Reading(
            f"{self.per_cap} boxes per cap, disjoint, in the cap and in the ball: the Gram matrix is diagonal",
            Interval(self.per_cap, self.per_cap, "counted in floating point"),
            Relation.EQUAL,
            self.per_cap,
            Status.DERIVED,
            {"checked": "corners of the boxes, in floating point, when they were built"},
        )
        error, neurons = self._network_error(rng)
        yield Reading(
            "largest error of the discretised network of one cap, over the sup norm",
            error,
            Relation.AT_MOST,
            _TOLERABLE,
            Status.NUMERIC,
            {"points": 2 * _POINTS, "neurons": neurons, "slopes_per_coordinate": self.field.slopes},
            floats=Trust.HEURISTIC,
        )

    def _network_error(self, rng: np.random.Generator) -> tuple[float, int]:
        """Largest |network - f| on points of the first cap and of the ball, f the sum of that cap's packets."""
        first, ones = self.field.cap(0), np.ones(self.per_cap)
        network = first.network(ones, self.field.slopes, 4)
        d, h = self.packing.dim, float(self.packing.height)
        z = np.column_stack([rng.uniform(-1, 1, (_POINTS, d - 1)), rng.uniform(0, 1, _POINTS)])
        near = h**0.5 * z[:, :-1] @ first.frame.T + (1 - h * z[:, -1:]) * first.axis
        near = near[np.linalg.norm(near, axis=1) <= 1]
        X = np.vstack([near, uniform_ball(_POINTS, d, rng)])
        return float(np.abs(network(X) - first.evaluate(X, ones)).max()), network.width

    def levels(self) -> list[Level]:
        """All packets have the same norm."""
        return [Level(self.size, self.field.squared_norm, None)]

    @cached_property
    def caps_in_network(self) -> int:
        """P, caps whose atoms the network has."""
        width = self.field.cap(0).network(np.ones(self.per_cap), self.field.slopes, 4).width
        return min(self.packing.size, max(1, _MOST_NEURONS // width))

    @property
    def obstacle(self) -> str | None:
        """More neurons than the limit."""
        if self.caps_in_network == self.packing.size:
            return None
        return (
            f"the network has the packets of {self.caps_in_network} of {self.packing.size} caps, to stay near "
            f"{_MOST_NEURONS} neurons; pass a larger height or a smaller n for all of them"
        )

    def weighted_seminorm(self, weight: Weight) -> Interval:
        """N times the sum over one cap's packets, each by its discretised network."""
        of_knots = self._canonical if weight is Weight.CANONICAL else self._population
        return near(self.field.seminorm(of_knots), FLOAT_ERROR)

    def _canonical(self, t: Float) -> Float:
        return np.asarray((1 - np.abs(t)) ** (self.packing.dim + 2))

    def _population(self, t: Float) -> Float:
        return np.exp(cap.population_weight.log(self.packing.dim, np.maximum(1 - np.abs(t), 1e-300)).log)

    def squared_norm(self, coefficients: Float) -> Interval:
        """Disjoint boxes: the norm times the sum of squares."""
        return near(float((np.asarray(coefficients) ** 2).sum()) * self.field.squared_norm, _ROUNDING)

    def evaluate(self, coefficients: Float, sample: Occupancy) -> Float:
        """The packets themselves, not their network."""
        return self.field.evaluate(sample.X, coefficients)

    def network(self, coefficients: Float) -> Network:
        """That of the first P caps."""
        kept = np.array(coefficients, dtype=np.float64)
        kept[self.caps_in_network :] = 0
        return self.field.network(kept)

    def facts(self) -> dict[str, object]:
        """With the scale and the caps of the network."""
        return {**super().facts(), "scale": self.field.scale, "caps_in_network": self.caps_in_network}
