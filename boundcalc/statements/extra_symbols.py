"""Symbols that only a few statements use; each statement lists its own with their meanings."""

from __future__ import annotations

from sympy import Symbol

alpha = Symbol("alpha", positive=True)
m = Symbol("m", integer=True, positive=True)
J = Symbol("J", integer=True, positive=True)
N = Symbol("N", integer=True, positive=True)
n_S = Symbol("n_S", integer=True, positive=True)
k = Symbol("k", integer=True, positive=True)
p = Symbol("p", positive=True)
q = Symbol("q", positive=True)
s = Symbol("s", positive=True)
width = Symbol("K", integer=True, positive=True)
trace = Symbol("tr", positive=True)
power = Symbol("gamma", nonnegative=True)
