"""Hessian of the two-layer squared loss: matrix-free operator and rigorous enclosures of its largest eigenvalue."""

from verify.hessian.enclosure import sharpness
from verify.hessian.flat import is_flat
from verify.hessian.result import Certificate, Sharpness

__all__ = ["Certificate", "Sharpness", "is_flat", "sharpness"]
