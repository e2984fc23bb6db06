"""Symbols of the constructions that derivations optimise over, with their meanings."""

from __future__ import annotations

from sympy import Symbol

from boundcalc.symbols import C, eps, h

amplitude = Symbol("a", positive=True)
width = Symbol("w", positive=True)
scale = Symbol("ell", positive=True)
fill = Symbol("phi", positive=True)
resolution = Symbol("r", positive=True)

MEANINGS: dict[Symbol, str] = {
    amplitude: "amplitude of an atom, in units of B",
    h: "height of a cap",
    eps: "width of the boundary shell that is given up",
    width: "width of a slab inside a cap",
    scale: "scale of a packet in the coordinates in which a cap has size 1",
    fill: "share of the packets that are used",
    resolution: "resolution of a net, in L2",
    C: "bound on the variation norm",
}
