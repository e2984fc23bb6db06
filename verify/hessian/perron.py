"""Upper bounds of the largest eigenvalue from a positive vector, in O(n K d).

With delta = max(0, max |x_i|^2 - 1), z_i·z_j = x_i·x_j + 1 >= -delta, so |z_i·z_j| <= z_i·z_j + 2 delta. On active pairs
z_i·omega_k > 0, so |Y_ik| <= Y+_ik = s_k (z_i·omega_k + (|v_k| gamma_k / c) max |z|) there, and M(c) is bounded entry by
entry by the nonnegative matrix

    N = one^2 11' + (ZZ' + 2 delta) o (A V^2 A') + Y+ Y+'.

Collatz and Wielandt: for every p > 0, lambda_max(M) <= rho(N) <= max_i (N p)_i / p_i. It is sharp where M is nonnegative
itself and p is close to its Perron vector, as at small residuals on the unit ball, and says little for large delta. Every
p gives a better one, N p. One application of N is two skinny products, and for p = 1 the first is at hand.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from verify.hessian.arrays import times_pattern, to_numpy
from verify.hessian.problem import Problem
from verify.hessian.reduction import Reduction, eigenvalue_bound, reduce_at
from verify.hessian.rounding import SLACK, TINY, gamma


@dataclass(frozen=True)
class PerronStep:
    """``bound`` is proved, ``estimate`` (about the level below which no p can take the bound) isn't; ``image`` is N p."""

    bound: float
    estimate: float
    image: NDArray[np.float64]


def positive_vector(image: NDArray[np.float64]) -> NDArray[np.float64]:
    """|J p| of a Ritz vector p, bounded away from 0: a positive vector near the Perron vector."""
    size = np.abs(image).astype(np.float64)
    return np.maximum(size / max(float(size.max()), TINY), 1e-3)


def perron_bound(problem: Problem, c: float, p: NDArray[np.float64]) -> float:
    """A proved upper bound of lambda_max of the scaled Hessian with the computed c_k, from any p > 0 and any c.

    It is sharp for c near lambda_max; inf unless c exceeds every gamma_k.
    """
    parts = reduce_at(problem, c)
    return math.inf if parts is None else perron_step(parts, p).bound


def perron_step(parts: Reduction, p: NDArray[np.float64] | None = None) -> PerronStep:
    """The bound from p > 0, by default p = 1.

    With a_k = sum_i A_ik p_i, T_k = sum_i A_ik p_i z_i and rho = max |z|, every sum over points of a neuron is off by at
    most gamma(column_count) a_k rho, x_k = (Y+'p)_k by that times s_k (|omega_k| + |v_k| gamma_k / c) =: w_k and the sums
    over neurons of a point by gamma(row_count): in all by the sum of the gammas times rho^2 sum_k A_ik (v_k^2 + w_k^2) a_k.
    The last coordinate of Z is one constant, so a_k is a part of T_k.
    """
    problem, c = parts.problem, parts.c
    backend, n, D = problem.backend, problem.n, problem.width
    last = float(to_numpy(problem.Z[:1, -1])[0])
    rho = float(problem.z_norm.max())
    if p is None:
        p, T = np.ones(n), problem.point_sums
    else:
        T = to_numpy(times_pattern(backend.asarray(p) * problem.Z.T, problem.A))
    near = 1 + gamma(n + problem.column_count + 8)
    a = T[-1] * (near / last)
    s, v2 = parts.s, problem.v_host**2
    omega = s * to_numpy(problem.omega.T)
    drift = s * np.abs(problem.v_host) * problem.c_norm * (rho / c * (1 + gamma(8)))
    w = (s * problem.omega_norm + drift / rho) * SLACK
    x = (omega * T).sum(0) + drift * a
    rounding = gamma(problem.row_count + problem.column_count + 2 * D + 24) * SLACK
    delta = max(0.0, rho**2 * (1 + gamma(8)) - 2 * last**2)
    # Everything in the last row is nonnegative.
    extra = drift * np.maximum(x, 0.0) + (2 * delta * v2 + rounding * rho**2 * (v2 + w * w)) * a
    back = to_numpy(times_pattern(backend.asarray(np.concatenate([v2 * T + omega * x, extra[None]])), problem.A, True))
    total = (to_numpy(problem.Z.T) * back[:D]).sum(0) + back[D] * (1 + rounding)
    total = total + problem.one**2 * float(p.sum()) * (1 + gamma(n + 4))
    total = total * (1 + gamma(8)) + TINY
    theta = float((total / p).max()) / (n * c) * (1 + gamma(8))
    estimate = float(p @ total) / float(p @ p) / (n * c)
    return PerronStep(eigenvalue_bound(problem, c, theta), eigenvalue_bound(problem, c, estimate), total)
