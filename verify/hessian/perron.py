"""Upper bounds of the largest eigenvalue from a positive vector, in O(n K d).

With delta = max(0, max |x_i|^2 - 1), z_i·z_j = x_i·x_j + 1 >= -delta, so |z_i·z_j| <= z_i·z_j + 2 delta and M(c) is bounded
entry by entry by the nonnegative matrix

    N = one^2 11' + (ZZ' + 2 delta) o (A V^2 A') + |Y||Y|'.

Collatz and Wielandt: for every p > 0, lambda_max(M) <= rho(N) <= max_i (N p)_i / p_i. It is sharp where M is nonnegative
itself and p is close to its Perron vector, as at small residuals on the unit ball, and says little for large delta.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from verify.hessian.arrays import times_pattern, to_numpy
from verify.hessian.problem import Problem
from verify.hessian.reduction import eigenvalue_bound, reduce_at
from verify.hessian.rounding import SLACK, TINY, gamma

__all__ = ["perron_bound", "positive_vector"]


def positive_vector(image: NDArray[np.float64]) -> NDArray[np.float64]:
    """|J p| of a Ritz vector p, bounded away from 0: a positive vector near the Perron vector."""
    size = np.abs(image).astype(np.float64)
    return np.maximum(size / max(float(size.max()), TINY), 1e-3)


def perron_bound(problem: Problem, c: float, p: NDArray[np.float64]) -> float:
    """A proved upper bound of lambda_max of the scaled Hessian with the computed c_k, from any p > 0 and any c.

    It is sharp for c near lambda_max; inf unless c exceeds every gamma_k.

    Every term is nonnegative except inside Z (A (v^2 T)); that product is computed with the columns p |z| beside
    p z, so that its rounding error is bounded by the gammas times the same product with absolute values.
    """
    parts = reduce_at(problem, c)
    if parts is None:
        return math.inf
    backend, n, D = problem.backend, problem.n, problem.width
    pb, v2 = backend.asarray(p), problem.v * problem.v
    z_norm = backend.asarray(problem.z_norm)
    delta = _excess_radius(problem)
    # |Y| <= |computed Y| + e A with one number e for all pairs.
    e = float(problem.z_norm.max() * (parts.q_norm * gamma(D + 1) + parts.q_error).max()) * SLACK
    Z = backend.transposed(problem.Z)
    T = times_pattern(backend.stack_rows([pb * Z, pb * z_norm, pb]), problem.A)
    Y = abs(parts.Y)
    x = Y.T @ pb + e * T[D + 1]
    back = times_pattern(backend.stack_rows([v2 * T, x]), problem.A, transposed=True)
    rows = ((Z * back[:D]).sum(0), z_norm * back[D], back[D + 1], Y @ x + e * back[D + 2])
    main, scale, plain, from_Y = (to_numpy(row).astype(np.float64) for row in rows)
    rounding = gamma(problem.row_count + problem.column_count + 2 * D + 12)
    total = main + from_Y * (1 + rounding) + (scale * rounding + 2 * delta * plain) * SLACK
    total = total + problem.one**2 * float(p.sum()) * (1 + gamma(n + 4))
    total = total * (1 + gamma(8)) + TINY
    return eigenvalue_bound(problem, c, float((total / p).max()) / (n * c) * (1 + gamma(8)))


def _excess_radius(problem: Problem) -> float:
    """Bound on -min z_i·z_j, rounded up: max |x_i|^2 - (last column)^2 in the scaled units, or 0."""
    last = float(to_numpy(problem.Z[:1, -1])[0]) ** 2
    return max(0.0, (float((problem.z_norm**2).max()) * (1 + gamma(8)) - 2 * last))
