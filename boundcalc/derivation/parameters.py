"""Symbols of the constructions that derivations optimise over, with their meanings."""

from __future__ import annotations

from sympy import Symbol

from boundcalc.symbols import C, eps, h

amplitude = Symbol("a", positive=True)
width = Symbol("w", positive=True)
scale = Symbol("ell", positive=True)
fill = Symbol("phi", positive=True)
share = Symbol("s", positive=True)
first_scale = Symbol("ell_0", positive=True)
meshed = Symbol("b", positive=True)
resolution = Symbol("r", positive=True)
averaging = Symbol("m", positive=True)

MEANINGS: dict[Symbol, str] = {
    amplitude: "amplitude of an atom, in units of B",
    h: "height of a cap",
    eps: "width of the boundary shell that is given up",
    width: "width of a slab inside a cap",
    scale: "scale of a packet or mesh of hats in the coordinates in which a cap has size 1",
    fill: "share of the packets that are used",
    share: "share of the caps that are used",
    first_scale: "mesh of the hats at depth 1",
    meshed: "depth at which the spaces of hats end",
    resolution: "resolution of a net, in L2",
    averaging: "one over the number of functions in a mean",
    C: "bound on the variation norm",
}
