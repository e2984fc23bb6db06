"""What is measured of networks and data, against what :mod:`boundcalc` states.

The names below are the library; each is loaded on first use, and torch only by what needs it. Functions that have the name of
a command come from its package, since ``verify.sharpness`` is that package whatever was imported first:

>>> from verify.hessian import sharpness, is_flat  # or: from verify.sharpness import sharpness
>>> from verify.shatterability import shatterability

``python -m verify.sharpness FILE.npz`` and the other commands are listed by ``boundcalc --help``.

>>> import verify
>>> import numpy as np
>>> from constructions.network import Network
>>> net = Network([[1.0], [-1.0]], [0.0, 0.5], [3.0, 1.0])
>>> verify.is_flat(net, np.array([[0.5], [-0.9]]), np.array([1.0, 0.0]), "1/10").value
'proved'
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from verify.hessian.balance import Balanced, flattest_balance
    from verify.hessian.flat import is_flat
    from verify.hessian.gelu import gelu_sharpness
    from verify.hessian.operator import HessianOperator
    from verify.hessian.result import Certificate, Sharpness
    from verify.hessian.spectrum import Eigenpairs, SpectralDensity, spectral_density, top_eigenpairs
    from verify.hessian.torch_network import network_from_torch, network_to_torch
    from verify.outcome import Interval, Outcome, Relation, Report, Trust, Verdict, judge
    from verify.power_law import fit_exponent
    from verify.shatterability import (
        HullMargins,
        MemorisationEdge,
        ModelGap,
        Shatterability,
        decay_path,
        depth_bracket,
        hull_margins,
        memorisation_edge,
        model_gap,
        read_table,
        solitary_network,
        solo_capacity,
        solo_sharpness,
    )
    from verify.sweep import Store, Sweep, grid, run_sweep
    from verify.training import Activation, Init, Run, Trace, Training, initial_network, train

# Public name -> module that defines it, or gathers it. Loaded on first use, so that importing the package costs nothing.
_PUBLIC = {
    "Activation": "verify.training",
    "Balanced": "verify.hessian.balance",
    "Certificate": "verify.hessian.result",
    "Eigenpairs": "verify.hessian.spectrum",
    "HessianOperator": "verify.hessian.operator",
    "HullMargins": "verify.shatterability",
    "Init": "verify.training",
    "Interval": "verify.outcome",
    "MemorisationEdge": "verify.shatterability",
    "ModelGap": "verify.shatterability",
    "Outcome": "verify.outcome",
    "Relation": "verify.outcome",
    "Report": "verify.outcome",
    "Run": "verify.training",
    "Sharpness": "verify.hessian.result",
    "Shatterability": "verify.shatterability",
    "SpectralDensity": "verify.hessian.spectrum",
    "Store": "verify.sweep",
    "Sweep": "verify.sweep",
    "Trace": "verify.training",
    "Training": "verify.training",
    "Trust": "verify.outcome",
    "Verdict": "verify.outcome",
    "decay_path": "verify.shatterability",
    "depth_bracket": "verify.shatterability",
    "fit_exponent": "verify.power_law",
    "flattest_balance": "verify.hessian.balance",
    "gelu_sharpness": "verify.hessian.gelu",
    "grid": "verify.sweep",
    "hull_margins": "verify.shatterability",
    "initial_network": "verify.training",
    "is_flat": "verify.hessian.flat",
    "judge": "verify.outcome",
    "memorisation_edge": "verify.shatterability",
    "model_gap": "verify.shatterability",
    "network_from_torch": "verify.hessian.torch_network",
    "network_to_torch": "verify.hessian.torch_network",
    "read_table": "verify.shatterability",
    "run_sweep": "verify.sweep",
    "solitary_network": "verify.shatterability",
    "solo_capacity": "verify.shatterability",
    "solo_sharpness": "verify.shatterability",
    "spectral_density": "verify.hessian.spectrum",
    "top_eigenpairs": "verify.hessian.spectrum",
    "train": "verify.training",
}

__all__ = [
    "Activation",
    "Balanced",
    "Certificate",
    "Eigenpairs",
    "HessianOperator",
    "HullMargins",
    "Init",
    "Interval",
    "MemorisationEdge",
    "ModelGap",
    "Outcome",
    "Relation",
    "Report",
    "Run",
    "Sharpness",
    "Shatterability",
    "SpectralDensity",
    "Store",
    "Sweep",
    "Trace",
    "Training",
    "Trust",
    "Verdict",
    "decay_path",
    "depth_bracket",
    "fit_exponent",
    "flattest_balance",
    "gelu_sharpness",
    "grid",
    "hull_margins",
    "initial_network",
    "is_flat",
    "judge",
    "memorisation_edge",
    "model_gap",
    "network_from_torch",
    "network_to_torch",
    "read_table",
    "run_sweep",
    "solitary_network",
    "solo_capacity",
    "solo_sharpness",
    "spectral_density",
    "top_eigenpairs",
    "train",
]


def __getattr__(name: str) -> object:
    if name not in _PUBLIC:
        raise AttributeError(f"module 'verify' has no attribute {name!r}")
    value = getattr(import_module(_PUBLIC[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *_PUBLIC])
