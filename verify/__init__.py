"""What is measured of networks and data, against what :mod:`boundcalc` states.

The names below are the library; each is loaded on first use, and torch only by what needs it. Functions that have the name of
a command come from its package, since ``verify.sharpness`` is that package whatever was imported first:

>>> from verify.hessian import sharpness, is_flat  # or: from verify.sharpness import sharpness
>>> from verify.shatterability import shatterability
>>> from verify.compress import compress

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
    from verify.hessian.from_torch import network_from_torch
    from verify.hessian.gelu import gelu_sharpness
    from verify.hessian.operator import HessianOperator
    from verify.hessian.result import Certificate, Sharpness
    from verify.hessian.spectrum import Eigenpairs, SpectralDensity, spectral_density, top_eigenpairs
    from verify.hessian.torch_network import network_to_torch
    from verify.modules.activation import ModelActivation, activation
    from verify.modules.certificate import ModuleSharpness, certify
    from verify.modules.monitor import EdgeMonitor
    from verify.modules.spectrum import ModuleSpectrum, module_spectrum
    from verify.outcome import Interval, Outcome, Relation, Report, Trust, Verdict, judge
    from verify.power_law import fit_exponent
    from verify.shatterability import (
        HullMargins,
        MemorisationEdge,
        ModelGap,
        Shatterability,
        TraceEdge,
        decay_path,
        depth_bracket,
        hull_margins,
        memorisation_edge,
        model_gap,
        read_table,
        solitary_network,
        solo_capacity,
        solo_sharpness,
        trace_edge,
    )
    from verify.sweep import Store, Sweep, grid, run_sweep
    from verify.training import Activation, Init, Run, Trace, Training, initial_network, train

# Module that defines them, or gathers them -> public names. Loaded on first use, so that importing the package costs nothing.
_HOMES = {
    "verify.hessian.balance": ("Balanced", "flattest_balance"),
    "verify.hessian.flat": ("is_flat",),
    "verify.hessian.from_torch": ("network_from_torch",),
    "verify.hessian.gelu": ("gelu_sharpness",),
    "verify.hessian.operator": ("HessianOperator",),
    "verify.hessian.result": ("Certificate", "Sharpness"),
    "verify.hessian.spectrum": ("Eigenpairs", "SpectralDensity", "spectral_density", "top_eigenpairs"),
    "verify.hessian.torch_network": ("network_to_torch",),
    "verify.modules.activation": ("ModelActivation", "activation"),
    "verify.modules.monitor": ("EdgeMonitor",),
    "verify.modules.certificate": ("ModuleSharpness", "certify"),
    "verify.modules.spectrum": ("ModuleSpectrum", "module_spectrum"),
    "verify.outcome": ("Interval", "Outcome", "Relation", "Report", "Trust", "Verdict", "judge"),
    "verify.power_law": ("fit_exponent",),
    "verify.shatterability": (
        "HullMargins",
        "MemorisationEdge",
        "ModelGap",
        "Shatterability",
        "decay_path",
        "depth_bracket",
        "hull_margins",
        "memorisation_edge",
        "model_gap",
        "read_table",
        "solitary_network",
        "solo_capacity",
        "solo_sharpness",
        "TraceEdge",
        "trace_edge",
    ),
    "verify.sweep": ("Store", "Sweep", "grid", "run_sweep"),
    "verify.training": ("Activation", "Init", "Run", "Trace", "Training", "initial_network", "train"),
}
_PUBLIC = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "Activation",
    "Balanced",
    "Certificate",
    "EdgeMonitor",
    "Eigenpairs",
    "HessianOperator",
    "HullMargins",
    "Init",
    "Interval",
    "MemorisationEdge",
    "ModelActivation",
    "ModelGap",
    "ModuleSharpness",
    "ModuleSpectrum",
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
    "TraceEdge",
    "Training",
    "Trust",
    "Verdict",
    "activation",
    "certify",
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
    "module_spectrum",
    "network_from_torch",
    "network_to_torch",
    "read_table",
    "run_sweep",
    "solitary_network",
    "solo_capacity",
    "solo_sharpness",
    "spectral_density",
    "top_eigenpairs",
    "trace_edge",
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
