"""Hessian of the two-layer squared loss: matrix-free operator and rigorous enclosures of its largest eigenvalue."""

from verify.hessian.balance import Balanced, flattest_balance
from verify.hessian.enclosure import sharpness
from verify.hessian.flat import is_flat
from verify.hessian.from_torch import network_from_torch
from verify.hessian.gelu import GeluHessianOperator, gelu_sharpness
from verify.hessian.operator import HessianOperator
from verify.hessian.result import Certificate, Sharpness
from verify.hessian.sgd import sgd_threshold
from verify.hessian.spectrum import Eigenpairs, SpectralDensity, spectral_density, top_eigenpairs
from verify.hessian.torch_network import network_to_torch

__all__ = [
    "Balanced",
    "Certificate",
    "Eigenpairs",
    "GeluHessianOperator",
    "HessianOperator",
    "Sharpness",
    "SpectralDensity",
    "flattest_balance",
    "gelu_sharpness",
    "is_flat",
    "network_from_torch",
    "network_to_torch",
    "sgd_threshold",
    "sharpness",
    "spectral_density",
    "top_eigenpairs",
]
