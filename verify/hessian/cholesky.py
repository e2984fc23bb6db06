"""Upper bounds of the largest eigenvalue by one Cholesky factorisation, of ncI - M(c) (n x n) or of cI - H (P x P).

Rounding errors are bounded in norm:

* A Hadamard product of Gram matrices computed with relative entry errors eps against |z_i||z_j| (A V^2 A')_ij is off
  by at most eps times the trace, since that matrix is positive semidefinite.
* YY' with computed Y: |Y Y' - Yc Yc'| <= 2 |Yc|_F |dY|_F + |dY|_F^2, and gamma(row_count) |Yc|_F^2 for the product;
  J'J likewise, with gamma(n) or less where it is summed in pieces.
* If a floating-point Cholesky factorisation of B runs to completion, then
  lambda_min(B) >= -gamma(n + 1)/(1 - gamma(n + 1)) tr(B) (Demmel 1989; Rump, BIT 46 (2006) 433-452), in whatever order
  its inner products are summed, so also for blocked factorisations. The constants are padded for libraries that
  multiply by reciprocals of pivots.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Protocol

import numpy as np
import scipy.sparse

from verify.hessian.arrays import Array
from verify.hessian.problem import Measured, Problem
from verify.hessian.reduction import reduce_at
from verify.hessian.rounding import SLACK, TINY, gamma, up

# Rows of J formed at once, in numbers (64 MiB); at least so many points.
_CHUNK, _FEWEST = 2**23, 256


class Factored(Protocol):
    """M(c) but for the part that doesn't depend on c, as :class:`verify.hessian.reduction.Reduction` has it."""

    def rows(self) -> Array: ...
    @property
    def trace(self) -> float: ...
    @property
    def y_norm(self) -> float: ...
    @property
    def y_error(self) -> float: ...


@dataclass(frozen=True)
class DataCertificate:
    """n x n, or a row for each output of a point: the part of M(c) that doesn't depend on c, built once, and the rest."""

    problem: Measured
    fixed: Array
    reduce: Callable[[float], Factored | None]

    def excess(self, c: float) -> float:
        """Rough size of the gap between c and lambda_max that rounding makes necessary."""
        n = len(self.fixed)
        return c * (1.2 * gamma(n + 12) * n + 4 * gamma(self.problem.row_count + self.problem.width + 12))

    def proves_below(self, c: float) -> bool:
        """True only if lambda_max of the scaled Hessian with the computed c_k is proved to be below c."""
        problem = self.problem
        n = len(self.fixed)
        parts = self.reduce(c)
        if parts is None:
            return False
        matrix = _gram(problem, parts.rows())
        matrix += self.fixed
        entries = (
            gamma(problem.row_count + problem.width + 12) * parts.trace
            + 2 * parts.y_norm * parts.y_error
            + parts.y_error**2
        )
        t = problem.n * c
        # Rounding of nc, of the diagonal of B twice, and the factorisation of a matrix of trace at most nt.
        factorisation = gamma(n + 12) * n * t * (1 + gamma(n + 12))
        shift = (entries + gamma(4) * (t + parts.trace) + factorisation) * SLACK + n * TINY
        if not shift < t:
            return False
        return problem.backend.is_positive_definite(problem.backend.subtract_from_diagonal(t - up(shift), matrix))


@dataclass(frozen=True)
class ParameterCertificate:
    """P x P: the Hessian itself.

    Attributes
    ----------
    hessian (P, P) : backend array, as computed for the computed c_k
    error : bound on the norm of exact minus computed
    largest : bound on the absolute diagonal entries as computed
    """

    problem: Measured
    hessian: Array
    error: float
    largest: float

    def excess(self, c: float) -> float:
        """Rough size of the gap between c and lambda_max that rounding makes necessary."""
        P = self.problem.size
        return 1.2 * gamma(P + 12) * P * c + self.error + 4 * gamma(4) * (c + self.largest)

    def proves_below(self, c: float) -> bool:
        """True only if lambda_max of the scaled Hessian with the computed c_k is proved to be below c."""
        backend, P = self.problem.backend, self.problem.size
        # D has no diagonal, and that of J'J/n isn't negative: the trace of cI - H is at most Pc.
        factorisation = gamma(P + 12) * P * c * (1 + gamma(P + 12))
        shift = (self.error + gamma(4) * (c + self.largest) + factorisation) * SLACK + P * TINY
        if not shift < c:
            return False
        matrix = backend.empty(P, P)
        matrix[...] = self.hessian
        return backend.is_positive_definite(backend.subtract_from_diagonal(c - up(shift), matrix))


def _gram(problem: Measured, rows: Array) -> Array:
    """rows @ rows.T as a dense matrix."""
    return (rows @ rows.T).toarray() if problem.sparse else problem.backend.gram(rows)


def work_for_data(problem: Problem) -> float:
    """Operations of the certificate in the space of the data, at one level."""
    n = float(problem.n)
    return (0.0 if problem.sparse else 2 * n * n * problem.live_count) + n**3 / 3


def _work_for_parameters(problem: Problem) -> float:
    P = float(problem.size)
    return problem.n * P * P + P**3 / 3


def _by_parameters(problem: Problem) -> bool:
    """Whether the P x P formulation is the smaller one and needs less arithmetic (always, where P <= n/2)."""
    return problem.size < problem.n and _work_for_parameters(problem) < work_for_data(problem)


def cholesky_work(problem: Problem) -> float:
    """Operations of the certificate at one level: the matrix and its factorisation."""
    return _work_for_parameters(problem) if _by_parameters(problem) else work_for_data(problem)


def cholesky_bytes(problem: Problem) -> int:
    """Memory that the certificate needs besides the problem."""
    if _by_parameters(problem):
        # The Hessian, its copy and, while it is built, the part from some points; or the copy that is factorised.
        return 8 * (3 * problem.size**2 + max(_CHUNK, _FEWEST * problem.size))
    # Three n x n matrices, or two where the factorisation is in place, and two n x k matrices.
    copies = 2 if problem.backend.factorises_in_place(problem.n) else 3
    return 8 * (copies * problem.n**2 + (0 if problem.sparse else 2 * problem.n * problem.live_count))


def build_cholesky(problem: Problem) -> DataCertificate | ParameterCertificate:
    """The cheaper of the two formulations."""
    return build_for_parameters(problem) if _by_parameters(problem) else build_for_data(problem)


def build_for_data(problem: Problem) -> DataCertificate:
    """Build one^2 11' + ZZ' o (A diag(v^2) A')."""
    fixed = _gram(problem, problem.A @ scipy.sparse.diags_array(problem.v) if problem.sparse else problem.A * problem.v)
    fixed *= problem.backend.gram(problem.Z)
    fixed += problem.one * problem.one
    return DataCertificate(problem, fixed, partial(reduce_at, problem))


def build_for_parameters(problem: Problem) -> ParameterCertificate:
    """Build J'J/n + D, from some points at a time.

    The rows of J are off by |dJ|_F^2 <= gamma(d + 1)^2 sum_ik A_ik |z_i|^2 (|v_k| + |omega_k|)^2; an entry of J'J sums
    ``step`` products at a time and then the pieces.
    """
    backend, n, D, k, P = problem.backend, problem.n, problem.width, problem.live_count, problem.size
    step = min(n, max(_FEWEST, _CHUNK // P))
    hessian = backend.zeros(P, P)
    for at in range(0, n, step):
        part = slice(at, min(at + step, n))
        active = problem.A[part].toarray().T if problem.sparse else problem.A[part].T
        points = problem.Z[part].T
        rows = backend.empty(P, part.stop - at)
        weighted = active * problem.v[:, None]
        for j in range(D):
            rows[j * k : (j + 1) * k] = weighted * points[j]
        rows[D * k : -1] = (problem.omega @ points) * active
        rows[-1] = problem.one
        hessian += backend.gram(rows)
    trace = float(hessian.diagonal().sum()) * SLACK
    hessian /= n
    largest = float(abs(hessian.diagonal()).max()) * SLACK
    last = np.arange(k)
    for j in range(D):
        above, below = backend.index(j * k + last), backend.index(D * k + last)
        hessian[above, below] += problem.c[:, j]
        hessian[below, above] += problem.c[:, j]
    weights = (np.abs(problem.v_host) + problem.omega_norm) ** 2
    off = gamma(D + 1) * float(np.sqrt(weights @ problem.neuron_weight)) * SLACK
    pieces = -(-n // step)
    product = gamma(step + pieces + 6) * trace
    error = ((2 * trace**0.5 + off) * off + product) / n + gamma(4) * (trace / n + problem.gamma_max)
    return ParameterCertificate(problem, hessian, error * SLACK + TINY, largest)
