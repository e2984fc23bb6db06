"""Upper bounds of the largest eigenvalue from a subspace and a trace, without any n x n matrix.

M(c) is positive semidefinite with a known trace. Let Q (n, m) have orthonormal columns, T = Q'MQ and B = (I - QQ')MQ.
The part of M outside the subspace is at most its own trace, tau = tr(M) - tr(T), times the identity, so for t > tau

    M < tI   if   T + B'B / (t - tau) < tI     (Schur complement).

With Q from the images J v_j of a Krylov basis, B is tiny in the direction of the top eigenvector and the bound is as
sharp as the arithmetic, once the few directions of Q leave less trace than the eigenvalue sought. The cost is that of
m more Hessian products, done as two large matrix products. Where the rest of the trace is too heavy, the remainder B
itself extends Q (block Krylov).

Rounding: Q needn't be orthonormal. With |Q'Q - I| <= e the exactly orthonormal Q (Q'Q)^-1/2 is within e of Q, and
|M| <= tr(M) carries this to T and B.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import lapack

from verify.hessian.arrays import Array, to_numpy
from verify.hessian.problem import Problem
from verify.hessian.reduction import Reduction, reduce_at
from verify.hessian.rounding import SLACK, TINY, gamma

__all__ = ["TraceCertificate"]

_MAX_VECTORS = 96


@dataclass
class TraceCertificate:
    """Keeps the subspace, which grows from one call to the next up to ``limit`` vectors.

    ``exhausted`` is set when the trace outside the largest subspace is too heavy: no c near the value will do.
    """

    problem: Problem
    subspace: NDArray[np.float64]
    limit: int
    exhausted: bool = False

    @classmethod
    def from_images(cls, problem: Problem, images: list[Array], limit: int = _MAX_VECTORS) -> TraceCertificate:
        """From the vectors J v_j of a Krylov basis."""
        stacked = np.stack([to_numpy(image) for image in images], axis=1).astype(np.float64)
        return cls(problem, _orthonormal(stacked), limit)

    def excess(self, c: float) -> float:
        """Rough size of the gap between c and lambda_max that rounding makes necessary."""
        problem = self.problem
        return c * 40 * gamma(problem.row_count + problem.column_count + 2 * problem.width + 24)

    def proves_below(self, c: float) -> bool:
        """True only if lambda_max of the scaled Hessian with the computed c_k is proved to be below c."""
        parts = reduce_at(self.problem, c)
        if parts is None:
            return False
        while True:
            done, remainder = self._attempt(parts)
            if done or remainder is None:
                return done
            wider = _orthonormal(np.concatenate([self.subspace, remainder], axis=1))
            if wider.shape[1] <= self.subspace.shape[1] or wider.shape[1] > self.limit:
                self.exhausted = True
                return False
            self.subspace = wider

    def _attempt(self, parts: Reduction) -> tuple[bool, NDArray[np.float64] | None]:
        """Whether the certificate holds, and if not for the weight of the trace, the directions to add."""
        problem, Q = self.problem, self.subspace
        n, m = Q.shape
        t = n * parts.c * (1 - gamma(2))
        F = _apply(parts, Q)
        total = parts.trace_abs
        q_size = float(np.linalg.norm(Q)) * SLACK
        overlap = Q.T @ Q
        overlap.flat[:: m + 1] -= 1.0
        e_Q = float(np.linalg.norm(overlap)) * SLACK + gamma(n + 2) * q_size**2
        if not e_Q < 1e-6:
            return False, None
        # Entry (i, a) of MQ: products over the points of a neuron, d + 1 terms, the neurons of a point; see below.
        rounding = gamma(problem.row_count + problem.column_count + 3 * problem.width + 32) + gamma(n + 4) * (
            n * problem.one**2 / total
        )
        q_shift = 2 * float((parts.q_error / parts.q_norm).max(initial=0.0)) * SLACK
        e_F = (rounding + q_shift) * total * q_size * SLACK
        F_size = float(np.linalg.norm(F)) * SLACK
        T = Q.T @ F
        T = (T + T.T) / 2
        e_T = (3 * total * e_Q + (1 + e_Q) * e_F + gamma(n + 3) * q_size * F_size) * SLACK
        # tr(M) <= parts.trace, and the trace of the exact T is at least that of the computed one minus m e_T.
        tau = parts.trace - float(np.trace(T)) + (m * e_T + gamma(m + 3) * float(np.abs(np.diag(T)).sum())) * SLACK
        tau = max(tau, 0.0) * (1 + gamma(4))
        R = F - Q @ T
        T_size = float(np.linalg.norm(T)) * SLACK
        e_B = (2 * total * e_Q * (1 + e_Q) + e_F + e_T + gamma(m + 3) * (F_size + q_size * T_size)) * SLACK
        if not tau < t * (1 - 1e-3):
            return False, R
        R_size = float(np.linalg.norm(R)) * SLACK
        room = (t - tau) * (1 - gamma(4))
        small = T + (R.T @ R) / room
        error = e_T + (2 * R_size * e_B + e_B**2 + gamma(n + 4) * R_size**2) / room + gamma(4) * (t + T_size)
        size = t + T_size + R_size**2 / room
        shift = (error + gamma(m + 12) * m * size) * SLACK + TINY
        test = -small
        test.flat[:: m + 1] += t - shift
        _, info = lapack.dpotrf(np.asfortranarray(test), lower=1)
        # A failure with little trace left is a matter of sharpness of B: more directions help that too.
        return info == 0, (R if info and R_size**2 / room > 1e-3 * error else None)


def _apply(parts: Reduction, Q: NDArray[np.float64]) -> NDArray[np.float64]:
    """M(c) Q as computed.

    With zeta_k^2 = sum_i A_ik |z_i|^2: T_k = sum_i A_ik q_i z_i is off by gamma(column_count + 2) zeta_k |q|, the
    bracket v_k^2 T_k + q_k (q_k·T_k) by that plus gamma(d + 5) times (v_k^2 + |q_k|^2) zeta_k |q|, and the sum over k
    by gamma(row_count + d + 4) more. The matrix of these bounds, sum_k (v_k^2 + |q_k|^2) (A_k|z|)(A_k|z|)', has norm at
    most its trace, ``trace_abs``: so the error in the Frobenius norm is at most the sum of the gammas times
    trace_abs |Q|_F. An error in q_k adds 2 |q_k| error_k in the place of |q_k|^2.
    """
    problem = parts.problem
    backend, k, D = problem.backend, problem.live_count, problem.width
    m = Q.shape[1]
    columns = backend.asarray(Q)
    stacked = (columns[:, None, :] * problem.Z[:, :, None]).reshape(problem.n, D * m)
    T = (problem.A.T @ stacked).reshape(k, D, m)
    along = (parts.q[:, :, None] * T).sum(1)
    T = (problem.v * problem.v)[:, None, None] * T + parts.q[:, :, None] * along[:, None, :]
    inner = (problem.A @ T.reshape(k, D * m)).reshape(problem.n, D, m)
    out = (problem.Z[:, :, None] * inner).sum(1) + problem.one**2 * columns.sum(0)[None, :]
    return np.asarray(to_numpy(out))


def _orthonormal(columns: NDArray[np.float64]) -> NDArray[np.float64]:
    """An orthonormal basis of the span, nearly dependent directions left out."""
    scaled = columns / np.maximum(np.linalg.norm(columns, axis=0), TINY)
    Q, R = np.linalg.qr(scaled)
    keep = np.abs(np.diag(R)) > 1e-12
    return np.ascontiguousarray(Q[:, keep])
