"""Upper bounds of the largest eigenvalue by one Cholesky factorisation of an n x n matrix.

For c > max gamma_k, gamma_k = |c_k|, the matrix cI - D is positive definite and lambda_max(J'J/n + D) < c iff
lambda_max(J (cI - D)^-1 J') < n. On the span of (c_k, 0), (0, 1) the inverse is
[[c, gamma], [gamma, c]] / (c^2 - gamma^2), and 1/c elsewhere in block k; with rows (v_k A_ik z_i, h_ik) this gives
(times c)

    M(c) = one^2 11' + ZZ' o (A diag(v^2) A') + YY',   Y_ik = A_ik z_i·q_k,   q_k = s_k (omega_k + v_k c_k / c),
    s_k = c / sqrt(c^2 - gamma_k^2),

and lambda_max < c iff ncI - M(c) is positive definite. Replacing s_k by anything larger only enlarges M in the order
of semidefinite matrices, so s_k is rounded up and then counts as exact. The other rounding errors are bounded in norm:

* A product of positive semidefinite Gram matrices computed with relative entry errors eps against
  |z_i| |z_j| (A V^2 A')_ij is off by at most eps times the trace, since that matrix is positive semidefinite.
* YY' with computed Y: |Y Y' - Yc Yc'| <= 2 |Yc|_F |dY|_F + |dY|_F^2, and gamma(m) |Yc|_F^2 for the product.
* If a floating-point Cholesky factorisation of B runs to completion, then
  lambda_min(B) >= -gamma(n + 1)/(1 - gamma(n + 1)) tr(B) (Demmel 1989; Rump, BIT 46 (2006) 433-452). The constants
  are padded for libraries that multiply by reciprocals of pivots.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from verify.hessian.arrays import Array, to_numpy
from verify.hessian.problem import Problem
from verify.hessian.rounding import SLACK, TINY, gamma, up

__all__ = ["CholeskyCertificate", "Directions", "build_cholesky", "directions"]


@dataclass(frozen=True)
class Directions:
    """q_k of M(c) as computed (k, D), and bounds: ``norm`` (k,) of |q_k|, ``error`` (k,) of |q_k - computed q_k|."""

    q: Array
    norm: NDArray[np.float64]
    error: NDArray[np.float64]


def directions(problem: Problem, c: float) -> Directions | None:
    """The q_k for s_k rounded up; None unless c exceeds every gamma_k."""
    margin = c - problem.c_norm
    if not (margin > 0).all():
        return None
    # c - gamma, c + gamma, product, quotient, two square roots: below 8 roundings.
    s = np.sqrt(c / margin) * np.sqrt(c / (c + problem.c_norm)) * (1 + gamma(16))
    backend = problem.backend
    scale = backend.asarray(s)[:, None]
    q = scale * (problem.omega + (problem.v / c)[:, None] * problem.c)
    norm = s * (problem.omega_norm + np.abs(problem.v_host) * problem.c_norm / c) * SLACK + TINY
    return Directions(q, norm, gamma(6) * norm + TINY)


@dataclass(frozen=True)
class CholeskyCertificate:
    """The part of M(c) that doesn't depend on c, built once."""

    problem: Problem
    fixed: Array
    trace: float

    def excess(self, c: float) -> float:
        """Rough size of the gap between c and lambda_max that rounding makes necessary."""
        n = self.problem.n
        return 4 * (gamma(n + 9) * n * c + gamma(self.problem.row_count + self.problem.width + 12) * n * c)

    def proves_below(self, c: float) -> bool:
        """True only if lambda_max of the scaled Hessian with the computed c_k is proved to be below c."""
        problem = self.problem
        n, width, backend = problem.n, problem.width, problem.backend
        q = directions(problem, c)
        if q is None or not math.isfinite(n * c):
            return False
        dense = problem.A.toarray() if problem.sparse else problem.A
        Y = problem.Z @ q.q.T
        Y *= dense
        y_norm = math.sqrt(max(0.0, float((Y * Y).sum()))) * SLACK + TINY
        # |dY|_F^2 <= sum_ik A_ik |z_i|^2 (gamma(d + 1) |q_k| + error_k)^2
        per_neuron = (gamma(width + 1) * q.norm + q.error) ** 2
        weight = to_numpy(problem.A @ backend.asarray(per_neuron))
        y_error = math.sqrt(float((problem.z_norm**2 * weight).sum())) * SLACK + TINY
        matrix = backend.gram(Y)
        matrix += self.fixed
        trace = self.trace + y_norm**2 + n * problem.one**2
        entries = gamma(problem.row_count + width + 12) * trace + 2 * y_norm * y_error + y_error**2
        t = n * c
        # Rounding of nc, of the diagonal of B twice, and the factorisation of a matrix of trace at most nt.
        shift = (entries + gamma(4) * (t + trace) + gamma(n + 12) * n * t * (1 + gamma(n + 12))) * SLACK + n * TINY
        if not shift < t:
            return False
        return backend.is_positive_definite(backend.subtract_from_diagonal(t - up(shift), matrix))


def build_cholesky(problem: Problem) -> CholeskyCertificate:
    """Build one^2 11' + ZZ' o (A diag(v^2) A')."""
    dense = problem.A.toarray() if problem.sparse else problem.A
    fixed = problem.backend.gram(dense * problem.v)
    fixed *= problem.backend.gram(problem.Z)
    trace = float(fixed.diagonal().sum()) * (1 + gamma(problem.row_count + problem.width + problem.n + 8)) * SLACK
    fixed += problem.one * problem.one
    return CholeskyCertificate(problem, fixed, trace)
