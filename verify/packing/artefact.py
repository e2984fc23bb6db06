"""What the packing job builds, all from one setting: caps, atoms on them, signs, network and data."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from boundcalc.cached import cached_property
from boundcalc.enclosure import enclose
from boundcalc.exact import fraction
from boundcalc.setting import Setting
from boundcalc.statements.caps import CRITICAL_HEIGHT
from constructions.cap_ridges import fan
from constructions.data import uniform_ball
from constructions.hypercube import SignCode, varshamov_gilbert
from constructions.network import Network
from constructions.packet_fields import packet_field
from constructions.packing import Packing, largest_height, pack
from constructions.rounding import decimal_below
from constructions.stacked import hats
from verify.command import random_stream
from verify.hessian import Sharpness, sharpness
from verify.outcome import Interval, Trust
from verify.packing.atoms import Atoms, Occupancy
from verify.packing.atoms.cap import CapAtoms
from verify.packing.atoms.hat import MOST_HATS, HatAtoms, hat_scales, hat_width
from verify.packing.atoms.packet import PacketAtoms
from verify.packing.atoms.ridges import RidgeAtoms
from verify.packing.setting import AtomKind, PackingSetting

# Independent random streams of one seed, by use.
STREAMS = ("code", "data", "signs", "noise", "monte carlo", "scaling", "sharpness")
# Pairs of neurons and points beyond which the neurons of empty caps are left out of Hessians.
_MANY_PAIRS = 2 * 10**8
# Where the critical caps are too high for 2d disjoint ones: the angles 90, 60 and 45 degrees.
_FALLBACK_INNER_PRODUCTS = (Fraction(0), Fraction(1, 2), Fraction(7071067812, 10**10))

Float = NDArray[np.float64]


def critical_height(d: int, n: int) -> Fraction:
    """The height (U_d n)^{-2/(d+1)} at which a cap holds about one sample, rounded down to 12 digits."""
    lower = enclose(CRITICAL_HEIGHT, Setting.parse(d=d, n=n).substitution).lower
    return min(decimal_below(fraction(lower)), Fraction(1))


def build_packing(setting: PackingSetting) -> tuple[Packing, str]:
    """The packing of a setting and the words that say how its height was chosen.

    Raises
    ------
    ValueError
        If the requested family does not exist in this dimension or at this height.
    """
    d, seed, family = setting.dim, setting.seed, setting.code
    enough = max(2 * d, setting.caps)
    most = None if setting.caps <= 20_000 else setting.caps
    if setting.height is not None:
        return pack(d, setting.height, family=family, seed=seed, max_size=most), "as requested"
    critical = critical_height(d, setting.n)
    try:
        packing = pack(d, critical, family=family, seed=seed, max_size=most)
        if packing.size >= enough:
            return packing, "critical for n"
    except ValueError:  # the family has no code at that height: it needs lower caps
        pass
    for inner_product in _FALLBACK_INNER_PRODUCTS:
        height = min(critical, largest_height(inner_product))
        try:
            packing = pack(d, height, family=family, seed=seed, max_size=most)
        except ValueError:
            continue
        if packing.size >= enough or family != "auto":
            return packing, f"the largest for {packing.size} caps; the critical one is {float(critical):.6g}"
    # Says what is possible for that family.
    return pack(d, critical, family=family, seed=seed, max_size=most), "critical for n"


def build_atoms(setting: PackingSetting) -> tuple[Atoms, str]:
    """The atoms of a setting and the words that say how the height was chosen.

    Raises
    ------
    ValueError
        If the requested family does not exist in this dimension or at this height, or the atoms don't, or are too few.
    """
    with_hats = setting.atoms is AtomKind.HAT
    scales = hat_scales(setting, setting.n) if with_hats and setting.height is None else None
    atoms: Atoms
    if scales is not None:
        if scales.slabs > MOST_HATS:
            raise ValueError(
                f"n must be smaller for hats that are built, got {setting.n}: Theorem A has {scales.slabs} on each cap, at most "
                f"{MOST_HATS} are built; pass a height, a smaller n or B, or a larger sigma"
            )
        packing = pack(setting.dim, scales.height, family=setting.code, seed=setting.seed)
        atoms, reason = HatAtoms(packing, hats(packing, scales.width)), "that of Theorem A for n"
    else:
        packing, reason = build_packing(setting)
        if with_hats:
            width = hat_width(packing.height, setting.dim, float(setting.B), float(setting.C))
            atoms = HatAtoms(packing, hats(packing, width))
            reason += "; Theorem A says nothing at this n" if setting.height is None else ""
        elif setting.atoms is AtomKind.RIDGE:
            atoms = RidgeAtoms(packing, fan(packing))
        elif setting.atoms is AtomKind.PACKET:
            atoms = PacketAtoms(packing, packet_field(packing))
        else:
            atoms = CapAtoms(packing)
    if packing.size < setting.caps:
        raise ValueError(
            f"caps must be at most {packing.size}, the points of {packing.code.family}, at height "
            f"{float(packing.height):.6g}, got {setting.caps}; pass a smaller height, or another code"
        )
    return atoms, reason


@dataclass(frozen=True, eq=False)
class Artefact:
    """Everything the checks measure.

    Attributes
    ----------
    atoms : Atoms
        psi_1, ..., psi_m, on a packing of caps.
    amplitude : Fraction
        A = min(B / S, C / V), S and V the largest sup norm and seminorm of the sums of the atoms with signs: the largest
        amplitude in the class (for cap atoms and the canonical weight min(B, C / (N h^{d+1}))).
    words : SignCode
        Drawn Varshamov-Gilbert words, one place per atom; the first gives the signs of the network.
    network : Network
        f_xi = A sum_i xi_i psi_i, balanced: |v_k| = |w_k|.
    sample : Occupancy
        X, uniform on the unit ball, with the cap that holds each point.
    values : array (n,)
        The network at the sample.
    y : array (n,)
        Those values + noise.
    sharpness_options : dict
        Seed and device of every sharpness.
    """

    atoms: Atoms
    height_reason: str
    amplitude: Fraction
    words: SignCode
    network: Network
    sample: Occupancy
    values: Float
    y: Float
    sharpness_options: dict[str, Any]

    @property
    def packing(self) -> Packing:
        """The packing under the atoms."""
        return self.atoms.packing

    @property
    def X(self) -> Float:
        """The sample, shape (n, d)."""
        return self.sample.X

    @cached_property
    def counts(self) -> NDArray[np.int64]:
        """Samples in each cap, shape (N,)."""
        active = self.sample.active
        return np.bincount(active[active >= 0], minlength=self.packing.size).astype(np.int64)

    @cached_property
    def sharpness(self) -> Sharpness:
        """Enclosed sharpness of ``network`` on the labels y."""
        found = sharpness(self.watched, self.X, self.y, **self.sharpness_options)
        if self.watched is self.network:
            return found
        # Rows of the Hessian that belong to inactive neurons vanish. That those left out are inactive is what a sharpness
        # of exactly 1 proves for the network that has them alone.
        idle = self.empty_sharpness
        sure = idle is not None and idle.trust is Trust.PROVED and idle.upper == 1.0
        return dataclasses.replace(
            found,
            proved=found.proved and sure,
            failure_probability=found.failure_probability if sure else 1.0,
            kink_distance=min(found.kink_distance, idle.kink_distance if idle is not None else 0.0),
        )

    @cached_property
    def watched(self) -> Network:
        """The network, without the neurons of empty caps where there are very many pairs of neurons and points."""
        network, seen = self.network, ~self.empty
        if not self.atoms.local or network.width * len(self.X) <= _MANY_PAIRS or seen.all() or not seen.any():
            return network
        keep = np.repeat(seen, network.width // self.packing.size)
        return Network(network.W[keep], network.b[keep], network.v[keep], network.beta)

    @cached_property
    def empty_sharpness(self) -> Sharpness | None:
        """That of the atoms of the empty caps with zero labels; None if every cap holds a sample."""
        if not self.empty.any():
            return None
        network = self.network
        keep = np.repeat(self.empty, network.width // self.packing.size)
        part = Network(network.W[keep], network.b[keep], network.v[keep])
        return sharpness(part, self.X, np.zeros(len(self.X)), **self.sharpness_options)

    @cached_property
    def signs(self) -> NDArray[np.int8]:
        """Signs of the network's atoms, shape (m,)."""
        return self.words.words[0]

    @property
    def coefficients(self) -> Float:
        """The same by caps, as floats, shape (N, K)."""
        return self.signs.reshape(self.packing.size, self.atoms.per_cap).astype(np.float64)

    @cached_property
    def empty(self) -> NDArray[np.bool_]:
        """Which caps hold no sample, shape (N,)."""
        return self.counts == 0

    @cached_property
    def empirical_seminorm(self) -> float:
        """That of the network with the weight of the sample."""
        if self.atoms.obstacle is not None:
            return self.network.empirical_seminorm(self.X)
        return float(self.amplitude) * self.atoms.empirical_seminorm(self.coefficients, self.sample)

    def arrays(self) -> dict[str, Any]:
        """The network and all that the claims speak of, so that they can be re-checked with other software."""
        return self.network.arrays | {
            "centres": self.packing.centres,
            "height": float(self.packing.height),
            "signs": self.signs,
            "amplitude": float(self.amplitude),
            "X": self.X,
            "y": self.y,
        }

    def facts(self) -> dict[str, object]:
        """The packing, for the report."""
        return {
            "size": self.packing.size,
            "dim": self.packing.dim,
            "family": self.packing.code.family,
            "height": float(self.packing.height),
            "height_chosen": self.height_reason,
            "max_inner_product": float(self.packing.certificate.bound.upper),
            "amplitude": float(self.amplitude),
            **self.atoms.facts(),
        }


def largest_amplitude(setting: PackingSetting, atoms: Atoms, seminorm: Interval | None) -> Fraction:
    """min(B / S, C / V). V is exact, or rounded up.

    Raises
    ------
    ValueError
        If the seminorm of the atoms is not known for this weight.
    """
    if seminorm is None:
        raise ValueError(f"weight must be canonical or population here, got {setting.weight.value!r}: {atoms.obstacle}")
    largest = setting.B / atoms.sup_sum
    return min(largest, setting.C / Fraction(seminorm.upper)) if seminorm.upper > 0 else largest


def build_artefact(setting: PackingSetting, announce: Callable[[str], None]) -> Artefact:
    """Build packing, atoms, signs, network and data; ``announce`` is told each step."""
    announce(f"packing caps in dimension {setting.dim}")
    atoms, reason = build_atoms(setting)
    announce(f"drawing {setting.n} samples, {atoms.packing.size} caps")
    X = uniform_ball(setting.n, setting.dim, random_stream(STREAMS, setting.seed, "data"))
    sample = Occupancy(X, atoms.packing.active(X))
    amplitude = largest_amplitude(setting, atoms, atoms.seminorm(setting.weight, sample))
    words = varshamov_gilbert(atoms.size, seed=setting.seed)
    coefficients = float(amplitude) * words.words[0].reshape(atoms.packing.size, atoms.per_cap).astype(np.float64)
    network = atoms.network(coefficients)
    values = atoms.evaluate(coefficients, sample) if atoms.local else network(X)
    noise = random_stream(STREAMS, setting.seed, "noise").standard_normal(setting.n)
    y = values + float(setting.sigma) * noise
    options = {"seed": setting.seed, "device": None if setting.device == "auto" else setting.device}
    return Artefact(atoms, reason, amplitude, words, network, sample, values, y, options)
