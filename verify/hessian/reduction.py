"""The reduction of the eigenvalue problem to the n data points, shared by the dense, trace and Perron certificates.

For c > max gamma_k, gamma_k = |c_k|, the matrix cI - D is positive definite and lambda_max(J'J/n + D) < c iff
lambda_max(J (cI - D)^-1 J') < n. On the span of (c_k, 0), (0, 1) the inverse is
[[c, gamma], [gamma, c]] / (c^2 - gamma^2), and 1/c elsewhere in block k; with rows (v_k A_ik z_i, h_ik) this gives
(times c)

    M(c) = one^2 11' + ZZ' o (A diag(v^2) A') + YY',   Y_ik = A_ik z_i·q_k,   q_k = s_k (omega_k + v_k c_k / c),
    s_k = c / sqrt(c^2 - gamma_k^2),

and lambda_max < c iff ncI - M(c) is positive definite. Replacing s_k by anything larger only enlarges M in the order of
semidefinite matrices, so s_k is rounded up and then counts as exact: M below is that matrix.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from verify.hessian.arrays import Array
from verify.hessian.problem import Problem
from verify.hessian.rounding import SLACK, TINY, UNIT, gamma

__all__ = ["Reduction", "eigenvalue_bound", "reduce_at"]


@dataclass(frozen=True)
class Reduction:
    """What bounds the computed parts of M(c).

    Attributes
    ----------
    q (k, D) : backend array, as computed
    q_norm, q_error : (k,) bounds on |q_k| and |q_k - computed q_k|
    Y (n, k) : backend array as computed, dense or CSR
    y_norm, y_error : bounds on the Frobenius norms of Y as computed, and of Y minus Y as computed
    trace : bound on the trace of M
    trace_abs : bound on n one^2 + sum_ik A_ik |z_i|^2 (v_k^2 + |q_k|^2), the scale of rounding errors
    """

    problem: Problem
    c: float
    q: Array
    q_norm: NDArray[np.float64]
    q_error: NDArray[np.float64]
    Y: Array
    y_norm: float
    y_error: float
    trace: float
    trace_abs: float


def eigenvalue_bound(problem: Problem, c: float, theta: float) -> float:
    """Upper bound of lambda_max(H) from lambda_max(M(c)) <= theta n c.

    For eigenvalues delta of D, |delta| <= g = max gamma_k, and c' > g: 1/(c' - delta) <= kappa / (c - delta) with
    kappa = (c + g)/(c' + g) for c' >= c and (c - g)/(c' - g) for c' <= c; and kappa theta <= 1 shows lambda_max <= c'.
    """
    g = problem.gamma_max
    sharp = (c + g) * theta - g if theta >= 1 else g + (c - g) * theta
    return (sharp + 4 * UNIT * (c + g) * max(theta, 1.0)) * (1 + 4 * UNIT)


def reduce_at(problem: Problem, c: float) -> Reduction | None:
    """M(c) in factored form; None unless c exceeds every gamma_k."""
    margin = c - problem.c_norm
    if not (margin > 0).all() or not math.isfinite(problem.n * c):
        return None
    backend, width, n = problem.backend, problem.width, problem.n
    # c - gamma, c + gamma, two quotients, two roots, a product: fewer than 16 roundings.
    s = np.sqrt(c / margin) * np.sqrt(c / (c + problem.c_norm)) * (1 + gamma(16))
    q = backend.asarray(s)[:, None] * (problem.omega + (problem.v / c)[:, None] * problem.c)
    q_norm = s * (problem.omega_norm + np.abs(problem.v_host) * problem.c_norm / c) * SLACK + TINY
    q_error = gamma(6) * q_norm + TINY
    if problem.sparse:
        pairs = problem.A.tocoo()
        Y = problem.A.copy()
        Y.data = np.einsum("mj,mj->m", problem.Z[pairs.row], q[pairs.col])
        squares = float(Y.data @ Y.data)
    else:
        Y = problem.Z @ q.T
        Y *= problem.A
        flat = Y.reshape(-1)
        squares = float(flat @ flat)
    y_norm = math.sqrt(squares) * SLACK + TINY
    # |dY|_F^2 <= sum_ik A_ik |z_i|^2 (gamma(d + 1) |q_k| + error_k)^2
    rows = np.stack([problem.v_host**2, q_norm**2, (gamma(width + 1) * q_norm + q_error) ** 2])
    sums = rows @ problem.neuron_weight
    y_error = math.sqrt(float(sums[2])) * SLACK + TINY
    ones = n * problem.one**2
    trace = (ones + float(sums[0]) + squares + (2 * y_norm + y_error) * y_error) * SLACK + TINY
    return Reduction(
        problem, c, q, q_norm, q_error, Y, y_norm, y_error, trace, (ones + float(sums[0] + sums[1])) * SLACK + TINY
    )
