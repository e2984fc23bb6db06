"""lambda_max along a training run: the Ritz value of a Lanczos iteration that starts from the last eigenvector.

A Ritz value lies below lambda_max, so these are measurements for traces; :func:`verify.hessian.sharpness` encloses.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from constructions.network import Network
from verify.hessian import GeluHessianOperator, HessianOperator
from verify.hessian.arrays import Array, Backend
from verify.hessian.lanczos import Krylov, lanczos
from verify.hessian.layout import from_live, to_live
from verify.training.setting import Activation

Float = NDArray[np.float64]

_TOLERANCE = 1e-8
_MOST_STEPS = 150
# Random part added to a warm start, so that a new top eigenvector is found whatever its direction.
_NOISE = 0.03


@dataclass(frozen=True, eq=False)
class TopEigenvalue:
    """A Ritz value with |H p - value p| = residual for the unit vector p (P,), in the order W row by row, b, v, beta."""

    value: float
    residual: float
    vector: Float


def top_eigenvalue(
    network: Network,
    X: Float,
    y: Float,
    *,
    activation: Activation = Activation.RELU,
    warm: Float | None = None,
    seed: int = 0,
    device: Any = None,
) -> TopEigenvalue:
    """The largest Hessian eigenvalue of L = (1/2n) sum_i (f(x_i) - y_i)^2, from below.

    Parameters
    ----------
    network : Network
    X, y : arrays (n, d) and (n,)
    activation : Activation
    warm : array (P,), optional
        ``vector`` of an earlier result for a network of the same shape.
    seed : int
        Of the random part of the start.
    device : torch device, optional
        Where the products are computed; numpy by default.

    Examples
    --------
    >>> top_eigenvalue(Network([[1.0]], [2.0], [3.0]), np.array([[0.5], [-0.5]]), np.zeros(2)).value  # no active neuron
    1.0
    """
    rng = np.random.default_rng(seed)
    bias = np.eye(1, network.parameter_count, network.parameter_count - 1)[0]
    if activation is Activation.GELU:
        smooth = GeluHessianOperator(network, X, y, device=device)
        begin = smooth @ bias if warm is None else warm
        krylov = _top(smooth.apply, smooth.backend.asarray(_mixed(begin, rng)), smooth.backend)
        return TopEigenvalue(krylov.value, krylov.residual, _unit(krylov.vector))
    operator = HessianOperator(network, X, y, device=device)
    problem, products = operator.problem, operator.products
    if problem.live_count == 0:
        return TopEigenvalue(1.0, 0.0, bias)
    known = np.empty(0) if warm is None else np.asarray(to_live(problem, warm))
    start = problem.backend.asarray(_mixed(known, rng)) if known.any() else products.start_vector(rng)
    krylov = _top(products.hessian, start, problem.backend)
    value, residual = (math.ldexp(x, problem.exponent) for x in (krylov.value, krylov.residual))
    # The output bias alone has curvature 1.
    return TopEigenvalue(max(value, 1.0), residual, _unit(np.asarray(from_live(problem, krylov.vector))))


def _top(product: Callable[[Array], Array], start: Array, backend: Backend) -> Krylov:
    return lanczos(lambda p: (product(p), p[:0]), start, backend, tolerance=_TOLERANCE, max_steps=_MOST_STEPS)


def _unit(vector: Float) -> Float:
    return np.asarray(vector / np.linalg.norm(vector))


def _mixed(start: Float, rng: np.random.Generator) -> Float:
    noise = rng.standard_normal(len(start))
    return np.asarray(_unit(start) + _NOISE * _unit(noise))
