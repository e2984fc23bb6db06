"""What the packing job builds: packing, signs, network and data, all from one setting."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from boundcalc.enclosure import enclose
from boundcalc.files import write_atomically
from boundcalc.setting import Setting
from boundcalc.theorems.empty_caps import CRITICAL_HEIGHT
from constructions.data import uniform_ball
from constructions.hypercube import SignCode, varshamov_gilbert
from constructions.network import Network
from constructions.packing import Packing, largest_height, pack
from verify.hessian import Sharpness, sharpness
from verify.setting import PackingSetting

__all__ = ["Artefact", "build_artefact", "build_packing", "critical_height", "save_artefact", "stream"]

# Independent random streams of one seed, by use.
_STREAMS = ("code", "data", "signs", "noise", "monte carlo", "scaling", "sharpness")
# Where the critical caps are too high for 2d disjoint ones: the angles 90, 60 and 45 degrees.
_FALLBACK_INNER_PRODUCTS = (Fraction(0), Fraction(1, 2), Fraction(7071067812, 10**10))


def stream(seed: int, use: str) -> np.random.Generator:
    """The random stream of one use; streams of different uses are independent."""
    return np.random.default_rng([seed, _STREAMS.index(use)])


def critical_height(d: int, n: int) -> Fraction:
    """The height (U_d n)^{-2/(d+1)} at which a cap holds about one sample, rounded down to 12 digits."""
    lower = enclose(CRITICAL_HEIGHT, Setting.parse(d=d, n=n).substitution).lower
    scaled, unit = Fraction(int(lower.p), int(lower.q)), 10**12
    while scaled * unit < 10**11:
        unit *= 10
    return min(Fraction(int(scaled * unit), unit), Fraction(1))


def build_packing(setting: PackingSetting) -> tuple[Packing, str]:
    """The packing of a setting and the words that say how its height was chosen.

    Raises
    ------
    ValueError
        If the requested family does not exist in this dimension or at this height.
    """
    d, seed, family = setting.d, setting.seed, setting.family
    if setting.height is not None:
        return pack(d, setting.height, family=family, seed=seed), "as requested"
    critical = critical_height(d, setting.n)
    try:
        packing = pack(d, critical, family=family, seed=seed)
        if packing.size >= 2 * d:
            return packing, "critical for n"
    except ValueError:  # the family has no code at that height: it needs lower caps
        pass
    for inner_product in _FALLBACK_INNER_PRODUCTS:
        height = min(critical, largest_height(inner_product))
        try:
            packing = pack(d, height, family=family, seed=seed)
        except ValueError:
            continue
        if packing.size >= 2 * d or family != "auto":
            return packing, f"the largest for {packing.size} caps; the critical one is {float(critical):.6g}"
    # Says what is possible for that family.
    return pack(d, critical, family=family, seed=seed), "critical for n"


@dataclass(frozen=True, eq=False)
class Artefact:
    """Everything the checks measure.

    Attributes
    ----------
    packing : Packing
    height_reason : str
    amplitude : Fraction
        A = min(B, C / (N h^{d+1})): the largest amplitude in the class.
    words : SignCode
        Drawn Varshamov-Gilbert words; the first gives the signs of the network.
    network : Network
        f_xi = A sum_i xi_i Phi_i, balanced: |v_k| = |w_k|.
    X : array (n, d)
        Uniform on the unit ball.
    y : array (n,)
        f_xi(x_i) + noise.
    counts : array (N,)
        Samples in each cap.
    sharpness_options : dict
        Seed and device of every sharpness.
    """

    packing: Packing
    height_reason: str
    amplitude: Fraction
    words: SignCode
    network: Network
    X: NDArray[np.float64]
    y: NDArray[np.float64]
    counts: NDArray[np.int64]
    sharpness_options: dict[str, Any]

    @cached_property
    def sharpness(self) -> Sharpness:
        """Enclosed sharpness of ``network`` on the labels y."""
        return sharpness(self.network, self.X, self.y, **self.sharpness_options)

    @cached_property
    def signs(self) -> NDArray[np.int8]:
        """Signs of the network's atoms, shape (N,)."""
        return self.words.words[0]

    @cached_property
    def empty(self) -> NDArray[np.bool_]:
        """Which caps hold no sample, shape (N,)."""
        return self.counts == 0

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
        }


def build_artefact(setting: PackingSetting, announce: Callable[[str], None]) -> Artefact:
    """Build packing, signs, network and data; ``announce`` is told each step."""
    announce(f"packing caps in dimension {setting.d}")
    packing, reason = build_packing(setting)
    announce(f"drawing {setting.n} samples, {packing.size} caps")
    size, height = packing.size, packing.height
    amplitude = min(setting.fraction("B"), setting.fraction("C") / (size * height ** (setting.d + 1)))
    words = varshamov_gilbert(size, seed=setting.seed)
    signs = words.words[0].astype(np.float64)
    network = Network.from_atoms(packing.centres, height, float(amplitude) * signs)
    X = uniform_ball(setting.n, setting.d, stream(setting.seed, "data"))
    noise = stream(setting.seed, "noise").standard_normal(setting.n)
    y = network(X) + setting.real("sigma") * noise
    options = {"seed": setting.seed, "device": None if setting.device == "auto" else setting.device}
    return Artefact(packing, reason, amplitude, words, network, X, y, packing.counts(X), options)


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
