"""What the packing job builds: atoms on a packing, signs, network and data, all from one setting."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from boundcalc.files import write_atomically
from constructions.data import uniform_ball
from constructions.hypercube import SignCode, varshamov_gilbert
from constructions.network import Network
from constructions.packing import Packing
from verify.hessian import Sharpness, sharpness
from verify.packing.atoms import Atoms, Number, Occupancy, Target
from verify.packing.build import build_atoms
from verify.packing.setting import PackingSetting

__all__ = ["Artefact", "build_artefact", "save_artefact", "stream"]

# Independent random streams of one seed, by use.
_STREAMS = ("code", "data", "signs", "noise", "monte carlo", "scaling", "sharpness")
# Pairs of neurons and points beyond which the neurons of empty caps are left out of Hessians.
_MANY_PAIRS = 2 * 10**8

Float = NDArray[np.float64]


def stream(seed: int, use: str) -> np.random.Generator:
    """The random stream of one use; streams of different uses are independent."""
    return np.random.default_rng([seed, _STREAMS.index(use)])


@dataclass(frozen=True, eq=False)
class Artefact:
    """Everything the checks measure.

    Attributes
    ----------
    atoms : Atoms
        psi_1, ..., psi_m, on a packing of caps.
    height_reason : str
    target : Target
        The weight whose variation norm stays below C.
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
    target: Target
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
        return dataclasses.replace(
            found,
            proved=found.proved and idle is not None and idle.proved and idle.upper == 1.0,
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


def largest_amplitude(setting: PackingSetting, atoms: Atoms, seminorm: Number | None) -> Fraction:
    """min(B / S, C / V). V is exact, or rounded up.

    Raises
    ------
    ValueError
        If the seminorm of the atoms is not known for this weight.
    """
    if seminorm is None:
        raise ValueError(f"target must be canonical or population here, got {setting.target.value!r}: {atoms.obstacle}")
    largest = setting.fraction("B") / atoms.sup_sum
    return min(largest, setting.fraction("C") / seminorm.ceiling) if seminorm.ceiling > 0 else largest


def build_artefact(setting: PackingSetting, announce: Callable[[str], None]) -> Artefact:
    """Build packing, atoms, signs, network and data; ``announce`` is told each step."""
    announce(f"packing caps in dimension {setting.d}")
    atoms, reason = build_atoms(setting)
    announce(f"drawing {setting.n} samples, {atoms.packing.size} caps")
    X = uniform_ball(setting.n, setting.d, stream(setting.seed, "data"))
    sample = Occupancy(X, atoms.packing.active(X))
    amplitude = largest_amplitude(setting, atoms, atoms.seminorm(setting.target, sample))
    words = varshamov_gilbert(atoms.size, seed=setting.seed)
    coefficients = float(amplitude) * words.words[0].reshape(atoms.packing.size, atoms.per_cap).astype(np.float64)
    network = atoms.network(coefficients)
    values = atoms.evaluate(coefficients, sample) if atoms.local else network(X)
    noise = stream(setting.seed, "noise").standard_normal(setting.n)
    y = values + setting.real("sigma") * noise
    options = {"seed": setting.seed, "device": None if setting.device == "auto" else setting.device}
    return Artefact(atoms, reason, setting.target, amplitude, words, network, sample, values, y, options)


def save_artefact(artefact: Artefact, path: Path) -> None:
    """Write every array as .npz, so that the claims can be re-checked with other software."""
    network = artefact.network
    arrays: dict[str, Any] = {
        "centres": artefact.packing.centres,
        "height": np.float64(artefact.packing.height),
        "signs": artefact.signs,
        "amplitude": np.float64(artefact.amplitude),
        "W": network.W,
        "b": network.b,
        "v": network.v,
        "beta": np.float64(network.beta),
        "X": artefact.X,
        "y": artefact.y,
    }
    write_atomically(path, lambda stream: np.savez(stream, **arrays))
