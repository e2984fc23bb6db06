"""How sharp a given network must be, for what it has learned.

For any two-layer network, lambda_max of the Hessian is at least lambda_max(J'J/n) - max gamma_k by Weyl's inequality, where
gamma_k = |(1/n) sum_(i active) r_i z_i| is the largest eigenvalue of neuron k's block of second derivatives, weighted by
the residuals r = y - f(X). The network interpolates its own outputs, so lambda_max(J'J/n) >= lambda*(f(X)). Hence

    lambda_max >= lambda*(f(X)) - max gamma_k >= lambda*(f(X)) - sqrt(R^2 + 1) sqrt(2 L).

These blocks have zero diagonals, so residuals don't touch the trace: it is at least tr*(f(X)), however far training has got.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from constructions.network import Network
from verify.hessian import Sharpness, sharpness
from verify.hessian.inputs import check_function, check_instance, check_integer, check_positive
from verify.outcome import Trust
from verify.shatterability.dictionary import augmented
from verify.shatterability.edge import MemorisationEdge, memorisation_edge
from verify.shatterability.margins import hull_margins
from verify.shatterability.table import check_data
from verify.shatterability.trace_edge import TraceEdge, network_trace, trace_edge

Float = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class ModelGap:
    """The sharpness and the trace of a network against the least ones for its own outputs.

    Attributes
    ----------
    sharpness : Sharpness
        lambda_max of the network, enclosed.
    edge : MemorisationEdge
        Enclosure of lambda*(f(X)).
    curvature : float
        max gamma_k.
    loss : float
        (1/2n) sum (y - f)^2.
    evidence : Trust
        Of ``bound``: the outputs f(X) are rounded, so it is float-certified at best.
    trace : float
        Of the network's Hessian, rounded up.
    trace_edge : TraceEdge
        Enclosure of tr*(f(X)).
    """

    sharpness: Sharpness
    edge: MemorisationEdge
    curvature: float
    loss: float
    evidence: Trust
    trace: float
    trace_edge: TraceEdge

    @property
    def bound(self) -> float:
        """lambda*(f(X)) - max gamma_k from below; lambda_max is at least 1 anyway."""
        return max(1.0, self.edge.lower - self.curvature)

    @property
    def gap(self) -> float:
        """lambda_max less the bound: how much of the sharpness what was learned does not explain."""
        return self.sharpness.value - self.bound

    @property
    def trace_gap(self) -> float:
        """The trace less tr*(f(X)) from below."""
        return self.trace - self.trace_edge.lower


def model_gap(
    network: Network,
    X: Float,
    y: Float,
    *,
    tol: float = 0.005,
    time_limit: float = 300.0,
    seed: int = 0,
    progress: Callable[[str], None] | None = None,
) -> ModelGap:
    """Compare lambda_max and the trace of a trained network with the least for its own outputs.

    Parameters
    ----------
    network : Network
    X, y : array_like, shapes (n, d) and (n,)
    tol, time_limit, seed, progress
        As for :func:`memorisation_edge`.

    Examples
    --------
    >>> X, y = np.array([[1.0], [-1.0]]), np.array([1.0, -1.0])
    >>> network = memorisation_edge(X, y).network
    >>> bool(abs(model_gap(network, X, y).gap) < 1e-6)
    True
    """
    check_instance("network", network, Network)
    X, y = check_data(X, y)
    tol, time_limit = check_positive("tol", tol, below=1), check_positive("time_limit", time_limit)
    check_function("progress", progress)
    seed = check_integer("seed", seed, 0)
    values = network(X)
    residual = y - values
    active = (network.preactivations(X) > 0).astype(np.float64)
    curvature = float(np.linalg.norm((active * residual[:, None]).T @ augmented(X), axis=1).max()) / len(y)
    margins = hull_margins(X, time_limit=time_limit / 4, progress=progress)
    edge = memorisation_edge(
        X, values, tol=tol, time_limit=time_limit / 2, seed=seed, margins=margins, progress=progress
    )  # fmt: skip
    return ModelGap(
        sharpness(network, X, y),
        edge,
        curvature,
        0.5 * float(np.mean(residual**2)),
        edge.lower_evidence.worse(Trust.FLOAT_CERTIFIED),
        network_trace(network, X)[0],
        trace_edge(X, values, tol=tol, time_limit=time_limit / 4, seed=seed, margins=margins, progress=progress),
    )
