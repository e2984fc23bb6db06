"""The sharpness of a saved network, enclosed and held against 2/eta."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from constructions.network import Network
from constructions.network import read_arrays as load_arrays
from verify.command import Setting, asked
from verify.hessian import Certificate, Sharpness, sharpness
from verify.outcome import Relation, Report, judged

ARRAYS = ("W", "b", "v", "beta", "X", "y")


@dataclass(frozen=True)
class SharpnessSetting(Setting):
    """The network's file, and how its sharpness is enclosed.

    On the device "auto" numpy computes; "cpu" and "cuda" are torch's.
    """

    file: str = asked("file")
    eta: Fraction = asked("eta", "0.5")
    certificate: Certificate = asked("certificate")
    tol: float = asked("tol")
    seed: int = asked("seed")
    device: str = asked("device", json=False)

    @classmethod
    def complete(cls, values: dict[str, Any]) -> dict[str, Any]:
        """The device as it is: "auto" is numpy here."""
        return values


def read_arrays(path: Path) -> dict[str, Any]:
    """The six arrays of a file written with numpy.savez.

    Raises
    ------
    ValueError
        If the file can't be read or lacks an array.
    """
    found = load_arrays("FILE.npz", path)
    missing = [name for name in ARRAYS if name not in found]
    if missing:
        raise ValueError(f"FILE.npz must hold {', '.join(ARRAYS)}; {str(path)!r} lacks {', '.join(missing)}")
    return found


def sharpness_report(setting: SharpnessSetting) -> tuple[Sharpness, Report]:
    """Read, enclose, compare with 2/eta.

    Raises
    ------
    ValueError
        For a file that holds no network with data, and for a network whose sharpness is beyond float64.
    """
    arrays = read_arrays(Path(setting.file))
    network = Network.of(arrays)
    device = None if setting.device == "auto" else setting.device
    try:
        found = sharpness(
            network, arrays["X"], arrays["y"],
            certificate=setting.certificate, tol=setting.tol, seed=setting.seed, device=device,
        )  # fmt: skip
    except OverflowError as error:
        raise ValueError(str(error)) from error
    evidence = {
        "certificate": found.method,
        "failure_probability": found.failure_probability,
        "value": found.value,
        "iterations": found.iterations,
        "residual": found.residual,
        "kink_distance": found.kink_distance,
    }
    words = f"stable at eta = {setting.eta}: lambda_max of the Hessian of the loss is at most 2/eta"
    outcome = judged(
        "flatness", "LQWP25, Proposition 2.1", words, found.interval, Relation.AT_MOST, 2 / setting.eta, None, evidence
    )
    K, d = network.W.shape
    facts = {
        "network": {"neurons": K, "dim": d, "points": len(arrays["X"]), "parameters": K * (d + 2) + 1},
        "flatness": evidence,
    }
    return found, Report(f"Sharpness of {setting.file}", setting.as_json(), facts, [outcome])
