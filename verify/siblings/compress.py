"""Trained networks with several outputs, compressed: the same outputs on the data from far fewer neurons, at no larger cost.

The paper (2305.16534) proves a representer theorem for vector-valued variation spaces, with at most N^2 neurons for N points,
and bounds the widths of trained layers by ranks of the data's representations; from it a convex program compresses networks.

Checked: two-layer networks, trained here, are rewritten by ``boundcalc compress``. Proved for each result, rounding included:
its outputs on the data, its cost sum |v_k| |w_k|, and its width against rank(activations) rank(outputs), which is attained,
and against N^2, which is attained by as many outputs as points.

Not checked: that the paper's minimisers over all networks have these widths (the neurons are those of the given network),
layers of deep networks, of which each is such a problem, and the accuracy away from the data that the paper reports.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from boundcalc.statement import Theorem
from boundcalc.statements.extra_symbols import N
from boundcalc.statements.networks import REPRESENTER_WIDTH
from boundcalc.statements.sources import MULTI_OUTPUT
from boundcalc.style import BLUE, GREEN, ORANGE
from verify.compress.claims import outcomes as compressed_outcomes
from verify.compress.layer import Compressed, compress
from verify.compress.network import VectorNetwork
from verify.outcome import Outcome, Relation, judged, stated
from verify.siblings.sibling import Sibling

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Float = NDArray[np.float64]

# Points, outputs and neurons.
_CASES = ((40, 2, 600), (30, 3, 800), (25, 4, 800), (8, 8, 600))
_DIM = 5
_STEPS, _RATE, _DECAY = 1500, 0.002, 1e-3
_TOLERANCE = Fraction(1, 10**12)


@dataclass(frozen=True)
class Case:
    """A trained network and what is left of it."""

    points: int
    outputs: int
    neurons: int
    loss: float
    found: Compressed
    seen: float


def _trained(X: Float, Y: Float, neurons: int, rng: np.random.Generator) -> VectorNetwork:
    """Gradient descent on (1/2n) sum |f(x_i) - y_i|^2 with weight decay, from random weights."""
    parameters = [
        rng.standard_normal((neurons, _DIM)) / _DIM**0.5,
        rng.standard_normal(neurons) / 4,
        rng.standard_normal((neurons, Y.shape[1])) / neurons**0.5,
        np.zeros(Y.shape[1]),
    ]
    for _ in range(_STEPS):
        W, b, v, beta = parameters
        z = X @ W.T - b
        hidden = np.maximum(z, 0.0)
        residual = (hidden @ v + beta - Y) / len(X)
        back = (residual @ v.T) * (z > 0)
        gradients = [back.T @ X, -back.sum(axis=0), hidden.T @ residual, residual.sum(axis=0)]
        parameters = [p - _RATE * (g + _DECAY * p) for p, g in zip(parameters, gradients, strict=True)]
    return VectorNetwork(*parameters)


def _case(seed: int, index: int) -> Case:
    points, outputs, neurons = _CASES[index]
    rng = np.random.default_rng([seed, index])
    X = rng.standard_normal((points, _DIM))
    Y = np.sin(X @ rng.standard_normal((_DIM, outputs)))
    network = _trained(X, Y, neurons, rng)
    found = compress(network, X)
    seen = float(np.abs(network(X) - found.network(X)).max())
    return Case(points, outputs, neurons, 0.5 * float(((network(X) - Y) ** 2).sum(axis=1).mean()), found, seen)


def measure(seed: int) -> list[Case]:
    """Every size."""
    return [_case(seed, index) for index in range(len(_CASES))]


def facts(found: list[Case]) -> Mapping[str, object]:
    """Sizes, losses, and the differences that floats show."""
    return {
        "neurons": ", ".join(f"{one.neurons} -> {one.found.width}" for one in found),
        "points x outputs": ", ".join(f"{one.points} x {one.outputs}" for one in found),
        "losses": ", ".join(f"{one.loss:.2g}" for one in found),
        "costs": ", ".join(
            f"{float(one.found.cost_before.upper):.4g} -> {float(one.found.cost.upper):.4g}" for one in found
        ),
        "largest difference in floats": max(one.seen for one in found),
    }


def outcomes(found: list[Case], theorems: Mapping[str, Theorem]) -> list[Outcome]:
    """Outputs, cost and width of each network; the width against the number of points."""
    statement = theorems["representer-width"]
    judgements = []
    for one in found:
        where = f", {one.neurons} neurons, {one.points} points, {one.outputs} outputs"
        judgements += compressed_outcomes(one.found, statement, _TOLERANCE, "compress", where)
        bound = stated(statement.bound.expr, {N: one.points})
        judgements.append(
            judged("compress", statement.key, f"neurons, at most the number of points squared{where}", one.found.width,
                   Relation.AT_MOST, bound, statement.status)
        )  # fmt: skip
    return judgements


def draw(axes: Axes, found: list[Case]) -> None:
    """Neurons before and after, and the ranks' product."""
    places = np.arange(len(found))
    axes.bar(places - 0.2, [one.neurons for one in found], 0.35, color=BLUE, label="trained")
    axes.bar(places + 0.2, [one.found.width for one in found], 0.35, color=ORANGE, label="same outputs on the data")
    bounds = [one.found.feature_rank * one.found.output_rank for one in found]
    axes.plot(places + 0.2, bounds, "_", color=GREEN, markersize=22, label="rank times rank")
    axes.set_xticks(places, [f"{one.points} x {one.outputs}" for one in found])
    axes.set(xlabel="points x outputs", ylabel="neurons", ylim=(0, 1.4 * max(one.neurons for one in found)))
    axes.legend()


SIBLING = Sibling(
    "compress", "Compression of a layer", MULTI_OUTPUT, (REPRESENTER_WIDTH,), measure, facts, outcomes, draw
)
