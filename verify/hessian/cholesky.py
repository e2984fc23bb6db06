"""Upper bounds of the largest eigenvalue by one Cholesky factorisation of the n x n matrix ncI - M(c).

Rounding errors are bounded in norm:

* A Hadamard product of Gram matrices computed with relative entry errors eps against |z_i||z_j| (A V^2 A')_ij is off
  by at most eps times the trace, since that matrix is positive semidefinite.
* YY' with computed Y: |Y Y' - Yc Yc'| <= 2 |Yc|_F |dY|_F + |dY|_F^2, and gamma(row_count) |Yc|_F^2 for the product.
* If a floating-point Cholesky factorisation of B runs to completion, then
  lambda_min(B) >= -gamma(n + 1)/(1 - gamma(n + 1)) tr(B) (Demmel 1989; Rump, BIT 46 (2006) 433-452). The constants
  are padded for libraries that multiply by reciprocals of pivots.
"""

from __future__ import annotations

from dataclasses import dataclass

import scipy.sparse

from verify.hessian.arrays import Array
from verify.hessian.problem import Problem
from verify.hessian.reduction import reduce_at
from verify.hessian.rounding import SLACK, TINY, gamma, up

__all__ = ["CholeskyCertificate", "build_cholesky", "cholesky_bytes"]


@dataclass(frozen=True)
class CholeskyCertificate:
    """The part of M(c) that doesn't depend on c, built once."""

    problem: Problem
    fixed: Array

    def excess(self, c: float) -> float:
        """Rough size of the gap between c and lambda_max that rounding makes necessary."""
        n = self.problem.n
        return c * (1.2 * gamma(n + 12) * n + 4 * gamma(self.problem.row_count + self.problem.width + 12))

    def proves_below(self, c: float) -> bool:
        """True only if lambda_max of the scaled Hessian with the computed c_k is proved to be below c."""
        problem = self.problem
        n = problem.n
        parts = reduce_at(problem, c)
        if parts is None:
            return False
        matrix = _gram(problem, parts.rows())
        matrix += self.fixed
        entries = (
            gamma(problem.row_count + problem.width + 12) * parts.trace
            + 2 * parts.y_norm * parts.y_error
            + parts.y_error**2
        )
        t = n * c
        # Rounding of nc, of the diagonal of B twice, and the factorisation of a matrix of trace at most nt.
        factorisation = gamma(n + 12) * n * t * (1 + gamma(n + 12))
        shift = (entries + gamma(4) * (t + parts.trace) + factorisation) * SLACK + n * TINY
        if not shift < t:
            return False
        return problem.backend.is_positive_definite(problem.backend.subtract_from_diagonal(t - up(shift), matrix))


def _gram(problem: Problem, rows: Array) -> Array:
    """rows @ rows.T as a dense matrix."""
    return (rows @ rows.T).toarray() if problem.sparse else problem.backend.gram(rows)


def cholesky_bytes(problem: Problem) -> int:
    """Memory that the certificate needs besides the problem: three n x n and two n x k matrices."""
    return 8 * (3 * problem.n**2 + (0 if problem.sparse else 2 * problem.n * problem.live_count))


def build_cholesky(problem: Problem) -> CholeskyCertificate:
    """Build one^2 11' + ZZ' o (A diag(v^2) A')."""
    fixed = _gram(problem, problem.A @ scipy.sparse.diags_array(problem.v) if problem.sparse else problem.A * problem.v)
    fixed *= problem.backend.gram(problem.Z)
    fixed += problem.one * problem.one
    return CholeskyCertificate(problem, fixed)
