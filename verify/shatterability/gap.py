"""How sharp a given network must be, for what it has learned.

For any two-layer network, lambda_max of the Hessian is at least lambda_max(J'J/n) - max gamma_k by Weyl's inequality, where
gamma_k = |(1/n) sum_(i active) r_i z_i| is the largest eigenvalue of neuron k's block of second derivatives, weighted by
the residuals r = y - f(X). The network interpolates its own outputs, so lambda_max(J'J/n) >= lambda*(f(X)). Hence

    lambda_max >= lambda*(f(X)) - max gamma_k >= lambda*(f(X)) - sqrt(R^2 + 1) sqrt(2 L).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from constructions.network import Network
from verify.hessian import Sharpness, sharpness
from verify.hessian.inputs import check_instance
from verify.outcome import Trust
from verify.shatterability.dictionary import augmented
from verify.shatterability.edge import MemorisationEdge, memorisation_edge
from verify.shatterability.table import check_data

Float = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class ModelGap:
    """The sharpness of a network against the least one for its own outputs.

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
    """

    sharpness: Sharpness
    edge: MemorisationEdge
    curvature: float
    loss: float
    evidence: Trust

    @property
    def bound(self) -> float:
        """lambda*(f(X)) - max gamma_k from below; lambda_max is at least 1 anyway."""
        return max(1.0, self.edge.lower - self.curvature)

    @property
    def gap(self) -> float:
        """lambda_max less the bound: how much of the sharpness what was learned does not explain."""
        return self.sharpness.value - self.bound


def model_gap(network: Network, X: Float, y: Float, *, tol: float = 0.005, time_limit: float = 300.0) -> ModelGap:
    """Compare lambda_max of a trained network with the bound from its own outputs.

    Parameters
    ----------
    network : Network
    X, y : array_like, shapes (n, d) and (n,)
    tol, time_limit : float
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
    values = network(X)
    residual = y - values
    active = (network.preactivations(X) > 0).astype(np.float64)
    curvature = float(np.linalg.norm((active * residual[:, None]).T @ augmented(X), axis=1).max()) / len(y)
    edge = memorisation_edge(X, values, tol=tol, time_limit=time_limit)
    return ModelGap(
        sharpness(network, X, y),
        edge,
        curvature,
        0.5 * float(np.mean(residual**2)),
        edge.lower_evidence.worse(Trust.FLOAT_CERTIFIED),
    )
