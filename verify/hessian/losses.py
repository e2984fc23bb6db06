"""Convex losses of a point by its outputs: first and second derivatives with bounds on all their errors.

L = (1/n) sum_i l_i(f_i). The outputs are known up to errors e_io. With rho_i and S_i the exact first and second derivatives at
the exact outputs, every loss gives computed rho_i and F_i, and bounds on |rho_i - computed rho_i| and |S_i - F_i'F_i|.

Softmax, with p = x / sum x, x_o = exp(f_o - max f), weights t_o >= 0 of the classes and T = sum t:

    rho_o = p_o sum_(j != o) t_j - t_o sum_(j != o) p_j,    S = T (diag p - p p') = sum_o F_o F_o',
    F_o = sqrt(T p_o q_(o+1) / q_o) (e_o - x_(>o) / q_(o+1)),    q_o = sum_(j >= o) x_j,

the Cholesky factor in closed form. Nothing is subtracted but the two terms of rho_o, one of which is 0 for labels: small
probabilities keep their digits. Errors of f of at most a move each p_o by a factor within exp(+-2a); and
S = T sum_(o < j) p_o p_j (e_o - e_j)(e_o - e_j)', so that S lies within factors exp(+-4a), as matrices are ordered.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from verify.hessian.rounding import SLACK, TINY, UNIT, gamma

Floats = NDArray[np.float64]
# More than what is lost where squares underflow before a root is taken.
ROOT = 2.0**-470
_LN2_HIGH, _LN2_LOW = float.fromhex("0x1.62e42feep-1"), float.fromhex("0x1.a39ef35793c76p-33")
_LOWEST = -600.0


@dataclass(frozen=True)
class Derivatives:
    """``first`` (n, c) and ``factor`` (n, m, c) as computed, with the bounds ``first_error`` and ``error`` (n,) of the module's
    text."""

    first: Floats
    first_error: Floats
    factor: Floats
    error: Floats


# From the computed outputs (n, c) and bounds of their errors. ValueError where these leave the derivatives open.
PointLoss = Callable[[Floats, Floats], Derivatives]


def norms(rows: Floats) -> Floats:
    """Norms along the last axis, rounded up."""
    return np.sqrt((rows * rows).sum(axis=-1)) * (1 + gamma(rows.shape[-1] + 4)) + ROOT


def squared(y: Floats) -> PointLoss:
    """(1/2) |f - y|^2."""
    return huber(y, math.inf)


def huber(y: Floats, delta: float) -> PointLoss:
    """(1/2) r^2 where |r| <= delta and delta (|r| - delta/2) elsewhere, r = f - y, of each output."""

    def derivatives(f: Floats, e: Floats) -> Derivatives:
        r = f - y
        error = e + UNIT * np.abs(r)
        if (np.abs(np.abs(r) - delta) <= error * SLACK + TINY).any():
            raise ValueError("a residual is at the kink of Huber's loss, within rounding")
        first = np.clip(r, -delta, delta)
        factor = (np.abs(r) < delta)[:, :, None] * np.eye(f.shape[1])
        return Derivatives(first, norms(error * SLACK), factor, np.zeros(len(f)))

    return derivatives


def logistic(y: Floats, weight: Floats, positive: Floats) -> PointLoss:
    """weight * (positive * y * softplus(-f) + (1 - y) * softplus(f)) of each output; weights broadcast to (n, c)."""

    def derivatives(f: Floats, e: Floats) -> Derivatives:
        yes, no = positive * y * weight, (1 - y) * weight
        if min(yes.min(), no.min()) < 0:
            raise ValueError("the loss is convex for y between 0 and 1 only")
        x = exp_below(-np.abs(f))
        large, small = 1 / (1 + x), x / (1 + x)
        up, down = np.where(f > 0, large, small), np.where(f > 0, small, large)
        change = _growth(e + gamma(160))
        curvature = (yes + no) * large * small
        factor = np.sqrt(curvature)[:, :, None] * np.eye(f.shape[1])
        first = no * up - yes * down
        first_error = (no * up + yes * down) * change + UNIT * np.abs(first) + (yes + no) * TINY
        error = (curvature * change + (yes + no) * TINY).max(axis=1)
        return Derivatives(first, norms(first_error * SLACK), factor, error * SLACK)

    return derivatives


def cross_entropy(targets: Floats) -> PointLoss:
    """-sum_o t_o log p_o with softmax p; ``targets`` t (n, c), each within gamma(6) of what is meant."""
    if targets.min() < 0:
        raise ValueError("the loss is convex for targets of at least 0 only")

    def derivatives(f: Floats, e: Floats) -> Derivatives:
        c = f.shape[1]
        below = f - f.max(axis=1, keepdims=True)
        x = exp_below(below)
        a = e.max(axis=1) + gamma(64) + UNIT * np.minimum(-below, -_LOWEST).max(axis=1)
        tails = np.cumsum(x[:, ::-1], axis=1)[:, ::-1]
        p, total = x / tails[:, :1], targets.sum(axis=1)
        others = np.ones((c, c)) - np.eye(c)
        gain, loss = p * (targets @ others), targets * (p @ others)
        first = gain - loss
        change = _growth(2 * a + gamma(2 * c + 20))[:, None]
        first_error = (gain + loss) * change + UNIT * np.abs(first) + total[:, None] * TINY
        factor = np.zeros((len(f), c - 1, c))
        for o in range(c - 1):
            size = np.sqrt(total * (p[:, o] * (tails[:, o + 1] / tails[:, o])))
            factor[:, o, o] = size
            factor[:, o, o + 1 :] = -size[:, None] * (x[:, o + 1 :] / tails[:, o + 1 :][:, :1])
        error = (factor**2).sum(axis=(1, 2)) * _growth(4 * a + gamma(6 * c + 40)) + total * TINY
        return Derivatives(first, norms(first_error * SLACK), factor, error * SLACK)

    return derivatives


def _growth(exponent: Floats) -> Floats:
    """At least exp(a) - 1."""
    if (exponent > 1).any():
        raise ValueError("the outputs are too large for float64: their rounding errors exceed 1/4")
    return (exponent + exponent**2) * SLACK


def exp_below(x: Floats) -> Floats:
    """exp(x) for x <= 0, times 1 + theta with |theta| <= gamma(64), and to within 2**-864 below -600.

    By elementary operations only, so that nothing rests on what a library says of its functions: x = k ln 2 + r, |r| < .3467. k
    times the first 32 bits of ln 2 is exact, so r is off by less than .72 units; 15 terms of the series leave less than .002
    units and cost less than 2 * 29.
    """
    x = np.maximum(x, _LOWEST)
    k = np.rint(x * 1.4426950408889634)
    r = (x - k * _LN2_HIGH) - k * _LN2_LOW
    value = np.zeros_like(r)
    for j in range(14, -1, -1):
        value = value * r + 1 / math.factorial(j)
    scaled: Floats = np.ldexp(value, k.astype(np.int64))
    return scaled
