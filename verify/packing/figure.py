"""Figures of the packing job."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from verify.packing.artefact import Artefact

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["packing_figure"]

_BLUE, _ORANGE = "#0072B2", "#D55E00"


def packing_figure(artefact: Artefact) -> Figure:
    """Activation rate against weight norm of every neuron, and the inner products of the centres."""
    from matplotlib.figure import Figure

    network, packing = artefact.network, artefact.packing
    # One dot per cap: the sum over its neurons, of those caps that the network has.
    caps = artefact.atoms.caps_in_network
    norms = np.abs(network.reduced().a)
    norms = np.add.reduceat(norms, np.linspace(0, len(norms), caps, endpoint=False).astype(int))
    rates = artefact.counts[:caps] / len(artefact.X)
    figure = Figure(figsize=(9, 3.8), layout="constrained")
    left, right = figure.subplots(1, 2)
    left.scatter(rates, norms, s=12, color=_BLUE, alpha=0.6, linewidths=0)
    left.set_xscale("symlog", linthresh=1 / len(artefact.X))
    left.set_xlim(left=-0.2 / len(artefact.X))
    left.set_xlabel("activation rate (share of the data in the cap)")
    left.set_ylabel(r"weight norm $|v_k|\,\|w_k\|$")
    left.set_ylim(0, 1.25 * float(norms.max()))
    left.set_title(f"{packing.size} atoms of height {float(packing.height):.4g}, d = {packing.dim}", fontsize=10)
    products = _inner_products(packing.centres)
    right.hist(products, bins=81, range=(-1, 1), color=_BLUE)
    limit = float(packing.separation_limit)
    right.axvline(limit, color=_ORANGE, linewidth=1.2)
    right.annotate(
        "disjoint caps", (limit, 0.97), xycoords=("data", "axes fraction"), color=_ORANGE, xytext=(4, 0),
        textcoords="offset points", va="top", fontsize=9,
    )  # fmt: skip
    right.set_xlabel("inner product of two centres")
    right.set_ylabel("pairs")
    right.set_title(packing.code.family, fontsize=10)
    for axes in (left, right):
        axes.spines[["top", "right"]].set_visible(False)
    return figure


def _inner_products(centres: np.ndarray, most: int = 4000) -> np.ndarray:
    """Inner products of all pairs, of an evenly spaced part of the centres where there are many."""
    chosen = centres[:: -(-len(centres) // most)]
    gram = chosen @ chosen.T
    return gram[np.triu_indices(len(chosen), 1)]
