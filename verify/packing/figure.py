"""Figures of the packing job."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from boundcalc.style import BLUE, ORANGE, panels, styled
from verify.look import guide, neurons
from verify.packing.artefact import Artefact

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@styled()
def packing_figure(artefact: Artefact) -> Figure:
    """Activation rate against weight norm of every neuron, and the inner products of the centres."""
    network, packing = artefact.network, artefact.packing
    # One dot per cap: the sum over its neurons, of those caps that the network has.
    caps = artefact.atoms.caps_in_network
    norms = np.abs(network.reduced().a)
    norms = np.add.reduceat(norms, np.linspace(0, len(norms), caps, endpoint=False).astype(int))
    n = len(artefact.X)
    figure, ((left, right),) = panels(1, 2, (4.5, 3.8))
    title = f"{packing.size} atoms of height {float(packing.height):.4g}, d = {packing.dim}"
    neurons(left, artefact.counts[:caps] / n, norms, title=title)
    left.set_xscale("symlog", linthresh=1 / n)
    left.set(xlim=(-0.2 / n, None), ylim=(0, 1.25 * float(norms.max())))
    left.set_xlabel("activation rate (share of the data in the cap)")
    right.hist(_inner_products(packing.centres), bins=81, range=(-1, 1), color=BLUE)
    guide(right, x=float(packing.separation_limit), words="disjoint caps", colour=ORANGE)
    right.set(xlabel="inner product of two centres", ylabel="pairs", title=packing.code.family)
    return figure


def _inner_products(centres: np.ndarray, most: int = 4000) -> np.ndarray:
    """Inner products of all pairs, of an evenly spaced part of the centres where there are many."""
    chosen = centres[:: -(-len(centres) // most)]
    gram = chosen @ chosen.T
    return gram[np.triu_indices(len(chosen), 1)]
