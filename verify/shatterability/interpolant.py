"""Interpolating networks out of columns: what there is to start from, the fit, and whether it interpolates."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from constructions.network import Network
from verify.hessian.rounding import UNIT, gamma
from verify.shatterability.dictionary import Dictionary, neurons
from verify.shatterability.frame import Frame
from verify.shatterability.margins import HullMargins

Float = NDArray[np.float64]

_BLOCK_ENTRIES = 2**24
# A network counts as interpolating if its training loss is at most this share of the variance of the labels.
FIT = 1e-14


def simple_columns(frame: Frame, margins: HullMargins, rng: np.random.Generator) -> Dictionary:
    """Columns that interpolate anything: solitary neurons, and in some directions one kink between any two points."""
    points = frame.points
    extreme = np.flatnonzero(margins.extreme)
    u = margins.directions[extreme] * frame.factor
    level = np.einsum("ij,ij->i", u, points[extreme]) - 0.5 * margins.lower[extreme]
    parts = [np.column_stack([u, level])]
    for direction in rng.standard_normal((2, points.shape[1])):
        heights = np.unique(points @ direction)
        middle = 0.5 * (heights[1:] + heights[:-1])
        parts.append(np.column_stack([np.tile(direction, (len(middle), 1)), middle]))
    return neurons(frame, frame.inner(np.vstack(parts)))


def fitted_network(X: Float, y: Float, omega: Float, a: Float, log_balance: Float, beta: float) -> Network:
    """The network of neurons omega (K, r) in coordinates of the frame, its output weights corrected until it fits to rounding.

    Neuron k has the weight a_k and the output weight sqrt(|a_k|) exp(log_balance_k / 2), up to its sign.
    """
    root, half = np.sqrt(np.abs(a)), np.exp(0.5 * log_balance)
    inner = Frame.of(X).outer(omega) * (root / half)[:, None]
    network = Network(inner[:, :-1], inner[:, -1], np.sign(a) * root * half, beta)
    for _ in range(4):
        residual = y - network(X)
        # The least relative change of the output weights.
        columns = np.maximum(network.preactivations(X), 0.0) * network.v
        change = np.linalg.lstsq(columns, residual, rcond=1e-13)[0]
        better = Network(network.W, network.b, network.v * (1 + change), network.beta)
        if not np.abs(y - better(X)).max() < np.abs(residual).max():
            break
        network = better
    return network


def interpolation_loss(network: Network, X: Float, y: Float) -> float | None:
    """Its training loss (1/2n) sum (y - f)^2; None if it does not interpolate, rounding of its values included."""
    residual = np.abs(y - network(X))
    if not 0.5 * np.mean((residual + value_errors(network, X)) ** 2) <= FIT * float(np.var(y)) and np.ptp(y):
        return None
    return 0.5 * float(np.mean(residual**2))


def value_errors(network: Network, X: Float) -> Float:
    """Bounds of the rounding errors of the network's float64 values, shape (n,)."""
    d, width = network.W.shape[1], network.width
    errors = np.empty(len(X))
    step = max(1, _BLOCK_ENTRIES // width)
    for start in range(0, len(X), step):
        part = X[start : start + step]
        size = np.abs(part) @ np.abs(network.W).T + np.abs(network.b)
        before = network.preactivations(part)
        error = gamma(d + 4) * size
        errors[start : start + step] = ((before > -error) * error + gamma(width + 4) * np.maximum(before, 0)) @ np.abs(
            network.v
        )
    return np.asarray(errors + 4 * UNIT * abs(network.beta))
