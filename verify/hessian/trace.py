"""Upper bounds of the largest eigenvalue from a subspace and a trace, without any n x n matrix.

M(c) is positive semidefinite with a known trace. Let Q (n, m) have orthonormal columns, T = Q'MQ and B = (I - QQ')MQ.
The part of M outside the subspace is at most its own trace, tau = tr(M) - tr(T), times the identity, so for t > tau

    M < tI   if   T + B'B / (t - tau) < tI     (Schur complement).

With Q from the images J v_j of a Krylov basis, B is tiny in the direction of the top eigenvector and the bound is as
sharp as the arithmetic, once the few directions of Q leave less trace than the eigenvalue sought. The cost is that of
m more Hessian products, done as two large matrix products. Where the rest of the trace is somewhat too heavy, the
remainder B itself extends Q (block Krylov). Where it is far too heavy, the Frobenius norm takes its place: the part
outside is also at most tau = sqrt(|M|_F^2 - |T|_F^2). It needs the entries of M, but only to two digits or so, and these
come from float32 products at a fraction of the price of a factorisation in float64.

Rounding: Q needn't be orthonormal. With |Q'Q - I| <= e the exactly orthonormal Q (Q'Q)^-1/2 is within e of Q, and
|M| <= tr(M) carries this to T and B.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from verify.hessian.arrays import Array, times_pattern, to_numpy
from verify.hessian.krylov_bound import proved_level
from verify.hessian.problem import Problem
from verify.hessian.reduction import Reduction, eigenvalue_bound, reduce_at
from verify.hessian.rounding import SLACK, TINY, UNIT, gamma

_MAX_VECTORS = 96


@dataclass
class TraceCertificate:
    """Keeps the subspace, which grows from one call to the next up to ``limit`` vectors."""

    problem: Problem
    subspace: NDArray[np.float64]
    limit: int

    @classmethod
    def from_images(cls, problem: Problem, images: list[Array], limit: int = _MAX_VECTORS) -> TraceCertificate:
        """From the vectors J v_j of a Krylov basis."""
        stacked = np.stack([to_numpy(image) for image in images], axis=1).astype(np.float64)
        return cls(problem, _orthonormal(stacked), limit)

    def bound(self, c: float, target: float = 0.0) -> float:
        """A proved upper bound of lambda_max of the scaled Hessian with the computed c_k, sharp for c near lambda_max.

        The subspace grows until the bound is at most ``target``, or as sharp as rounding allows. inf where the trace
        outside the largest affordable subspace is too heavy.
        """
        parts = reduce_at(self.problem, c)
        if parts is None or not self.subspace.shape[1]:  # images that vanish in float32 span nothing
            return math.inf
        best, norm = math.inf, math.inf
        image = _apply(parts, self.subspace)
        while True:
            theta, remainder, sharp = self._attempt(parts, image, norm)
            if theta < math.inf:
                best = min(best, eigenvalue_bound(self.problem, c, theta))
            if best <= target or sharp or remainder is None:
                return best
            if best > c * (1 + 1e-3) and norm == math.inf and not self._nearly(parts, image):
                norm = _frobenius_bound(parts)
                if norm < math.inf:
                    continue
            wider = _orthonormal(np.concatenate([self.subspace, remainder], axis=1))
            if wider.shape[1] <= self.subspace.shape[1] or wider.shape[1] > self.limit:
                return best
            self.subspace = wider
            image = _apply(parts, wider)

    def _nearly(self, parts: Reduction, image: NDArray[np.float64]) -> bool:
        """Whether a few more directions may take the trace below t: three times the present ones, at 2 % of t each."""
        held = float(np.einsum("ia,ia->", self.subspace, image))
        return parts.trace - held < self.problem.n * parts.c * (1 + 0.06 * self.subspace.shape[1])

    def _attempt(
        self, parts: Reduction, F: NDArray[np.float64], norm: float
    ) -> tuple[float, NDArray[np.float64] | None, bool]:
        """(theta, B, sharp) from F = M Q: lambda_max(M) <= theta n c is proved, or theta is inf; B has the directions to
        add; sharp means that they can't improve theta by more than its rounding errors. ``norm`` bounds |M|_F."""
        problem, Q = self.problem, self.subspace
        n, m = Q.shape
        t = n * parts.c
        total = parts.trace_abs
        q_size = float(np.linalg.norm(Q)) * SLACK
        overlap = Q.T @ Q
        overlap.flat[:: m + 1] -= 1.0
        e_Q = float(np.linalg.norm(overlap)) * SLACK + gamma(n + 2) * q_size**2
        if not e_Q < 1e-6:
            return math.inf, None, False
        # Entry (i, a) of MQ: products over the points of a neuron, d + 1 terms, the neurons of a point; see _apply.
        rounding = gamma(problem.row_count + problem.column_count + 3 * problem.width + 32) + gamma(n + 4) * (
            n * problem.one**2 / total
        )
        q_shift = 3 * float((parts.q_error / parts.q_norm).max(initial=0.0)) * SLACK
        e_F = (rounding + q_shift) * total * q_size * SLACK
        F_size = float(np.linalg.norm(F)) * SLACK
        T = Q.T @ F
        T = (T + T.T) / 2
        e_T = (3 * total * e_Q + (1 + e_Q) * e_F + gamma(n + 3) * q_size * F_size) * SLACK
        # tr(M) <= parts.trace, and the trace of the exact T is at least that of the computed one minus m e_T.
        diagonal = float(np.abs(np.diag(T)).sum())
        tau = max(parts.trace - float(np.trace(T)), 0.0) + (m * e_T + gamma(m + 3) * (diagonal + parts.trace)) * SLACK
        if norm < math.inf:
            inside = max(0.0, float(np.linalg.norm(T)) * (1 - gamma(m * m + 8)) - math.sqrt(m) * e_T)
            tau = min(tau, math.sqrt(max(0.0, norm**2 - inside**2 * (1 - gamma(8)))) * SLACK + 1e-7 * norm)
        R = F - Q @ T
        T_size = float(np.linalg.norm(T)) * SLACK
        e_B = (2 * total * e_Q * (1 + e_Q) + e_F + e_T + gamma(m + 3) * (F_size + q_size * T_size)) * SLACK
        R_size = float(np.linalg.norm(R)) * SLACK

        # lambda_max(M) < b for every b > tau with T + B'B / (b - tau) < bI.
        spread = 2 * R_size * e_B + e_B**2 + gamma(n + 8) * R_size**2
        top = float(np.linalg.eigvalsh(T)[-1])
        b, shift = proved_level(T, R.T @ R, tau, top, e_T, spread, (T_size, R_size**2))
        return b / t * (1 + 4 * UNIT), R, b - top <= max(4 * shift, 1e-13 * b) and b < math.inf


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
    rows, Z, q = backend.asarray(Q.T), problem.Z.T, parts.q.T
    stacked = (rows[:, None, :] * Z).reshape(m * D, problem.n)
    T = times_pattern(stacked, problem.A).reshape(m, D, k)
    along = (q * T).sum(1)
    T *= problem.v * problem.v
    T += q * along[:, None, :]
    inner = times_pattern(T.reshape(m * D, k), problem.A, transposed=True).reshape(m, D, problem.n)
    inner *= Z
    out = inner.sum(1) + problem.one**2 * rows.sum(1)[:, None]
    return np.ascontiguousarray(to_numpy(out).T)


def _frobenius_bound(parts: Reduction) -> float:
    """An upper bound of |M|_F from float32 products; inf where they overflow, don't fit, take long, or the pattern is
    compressed.

    Entry (i, j) is off by at most gamma of float32 times |z_i||z_j| sum_k A_ik A_jk (v_k^2 + |q_k|^2) and the like, a
    positive semidefinite matrix, whose Frobenius norm is at most its trace. Everything is divided by t = nc first.
    """
    problem = parts.problem
    if problem.sparse or not problem.backend.full_float32():
        return math.inf
    backend, t = problem.backend, problem.n * parts.c
    terms = problem.row_count + 2 * problem.width + 32
    unit = 2.0**-24
    n = problem.n
    # The two products go at twice the speed of those in double precision.
    slow = n * n * problem.live_count > backend.quick_work()
    if slow or terms * unit > 0.1 or not backend.fits(28 * n * n + 8 * n * problem.live_count):
        return math.inf
    z_max, root = float(problem.z_norm.max()), math.sqrt(t)
    single = np.float32
    with np.errstate(over="ignore", invalid="ignore"):
        points, active = backend.cast(problem.Z.T / z_max, single), backend.cast(problem.A.T, single)
        factor = backend.cast((parts.q * (z_max / root)), single) @ points
        factor *= active
        matrix = backend.gram(factor.T)
        active *= backend.cast(problem.v * (z_max / root), single)[:, None]
        fixed = backend.gram(active.T)
        fixed *= backend.gram(points.T)
        matrix += fixed
        matrix += problem.one**2 / t
        squares = float((backend.cast(matrix, np.float64) ** 2).sum())
    if not math.isfinite(squares):
        return math.inf
    error = terms * unit / (1 - terms * unit) * parts.trace_abs / t
    error += (2 * parts.y_norm + parts.y_error) * parts.y_error / t
    # Products below the range of float32 are lost or rounded to 2**-149: fewer than 2**60 of them.
    return t * ((math.sqrt(squares) + error) * SLACK + 2.0**-60)


def _orthonormal(columns: NDArray[np.float64]) -> NDArray[np.float64]:
    """An orthonormal basis of the span, nearly dependent directions left out."""
    scaled = columns / np.maximum(np.linalg.norm(columns, axis=0), TINY)
    Q, R = np.linalg.qr(scaled)
    keep = np.abs(np.diag(R)) > 1e-12
    return np.ascontiguousarray(Q[:, keep])
