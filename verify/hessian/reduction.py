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
import scipy.sparse
from numpy.typing import NDArray

from boundcalc.cached import cached_property
from verify.hessian.arrays import Array
from verify.hessian.problem import Problem, squares_on_pattern
from verify.hessian.rounding import SLACK, TINY, UNIT, gamma


@dataclass(frozen=True)
class Reduction:
    """M(c) in factored form, and what bounds its parts. Whatever needs a pass over all pairs is computed on demand.

    Attributes
    ----------
    s (k,) : rounded up
    q (k, D) : backend array, as computed
    q_norm, q_error : (k,) bounds on |q_k| and |q_k - computed q_k|
    """

    problem: Problem
    c: float
    s: NDArray[np.float64]
    q: Array
    q_norm: NDArray[np.float64]
    q_error: NDArray[np.float64]

    def rows(self) -> Array:
        """Y (n, k) as computed, dense or CSR."""
        problem = self.problem
        if problem.sparse:
            pairs = problem.A.tocoo()
            Y = scipy.sparse.csr_array(problem.A)
            Y.data = np.einsum("mj,mj->m", problem.Z[pairs.row], self.q[pairs.col])
            return Y
        Y = (self.q @ problem.Z.T).T
        Y *= problem.A
        return Y

    @cached_property
    def y_error(self) -> float:
        """Bound on |Y - computed Y| in the Frobenius norm.

        |dY|_F^2 <= sum_ik A_ik |z_i|^2 (gamma(d + 1) |q_k| + error_k)^2
        """
        each = gamma(self.problem.width + 1) * self.q_norm + self.q_error
        return math.sqrt(float(each**2 @ self.problem.neuron_weight)) * SLACK + TINY

    @cached_property
    def y_norm(self) -> float:
        """Bound on the Frobenius norm of Y, exact or computed."""
        return math.sqrt(squares_on_pattern(self.problem, self.q)) * SLACK + 2 * self.y_error

    @cached_property
    def trace(self) -> float:
        """Bound on the trace of M."""
        problem = self.problem
        fixed = problem.n * problem.one**2 + float(problem.v_host**2 @ problem.neuron_weight)
        return (fixed + self.y_norm**2) * SLACK + TINY

    @cached_property
    def trace_abs(self) -> float:
        """Bound on n one^2 + sum_ik A_ik |z_i|^2 (v_k^2 + |q_k|^2), the scale of rounding errors."""
        problem = self.problem
        pairs = float((problem.v_host**2 + self.q_norm**2) @ problem.neuron_weight)
        return (problem.n * problem.one**2 + pairs) * SLACK + TINY


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
    backend = problem.backend
    # c - gamma, c + gamma, two quotients, two roots, a product: fewer than 16 roundings.
    s = np.sqrt(c / margin) * np.sqrt(c / (c + problem.c_norm)) * (1 + gamma(16))
    q = (backend.asarray(s) * (problem.omega.T + (problem.v / c) * problem.c.T)).T
    q_norm = s * (problem.omega_norm + np.abs(problem.v_host) * problem.c_norm / c) * SLACK + TINY
    return Reduction(problem, c, s, q, q_norm, gamma(6) * q_norm + TINY)
