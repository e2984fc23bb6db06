"""Hessian of the two-layer squared loss: matrix-free operator and rigorous enclosures of its largest eigenvalue."""

from verify.hessian.enclosure import sharpness
from verify.hessian.result import Certificate, Sharpness

__all__ = ["Certificate", "Sharpness", "sharpness"]
