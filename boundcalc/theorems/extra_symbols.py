"""Symbols that only a few statements use; each statement lists its own with their meanings."""

from __future__ import annotations

from sympy import Symbol

__all__ = ["J", "N", "alpha", "depth", "m", "n_S"]

alpha = Symbol("alpha", positive=True)
m = Symbol("m", integer=True, positive=True)
J = Symbol("J", integer=True, positive=True)
N = Symbol("N", integer=True, positive=True)
n_S = Symbol("n_S", integer=True, positive=True)
depth = Symbol("h", positive=True)
