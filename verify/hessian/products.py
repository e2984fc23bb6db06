"""Products with the scaled, live Hessian: two skinny matrix products each, no automatic differentiation.

For p = (p_w (D, k), p_v (k,), p_beta), flat in this order: s = J p = colsum(Z o (v p_w + p_v omega) A') + one p_beta, and
J's = (v T, colsum(T o omega), one sum(s)) with T = (s o Z) A. Only the 0/1 matrix A is large. Here Z, omega and c are
kept with one row per coordinate, (D, n) and (D, k): row-major BLAS runs fastest that way and numpy sums over rows.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from verify.hessian.arrays import Array, times_pattern
from verify.hessian.problem import Problem


class LiveProducts:
    """J p, J's, D p and H p of one problem, in a working precision.

    Vectors are backend arrays of shape (P,), or (m, P) for several at once; images J p have shape (n,) or (m, n).
    """

    def __init__(self, problem: Problem, dtype: Any = np.float64) -> None:
        self.problem = problem
        self.dtype = np.dtype(dtype)
        backend = problem.backend
        self.Z, self.omega, self.c = (backend.cast(a.T, dtype) for a in (problem.Z, problem.omega, problem.c))
        same = self.dtype == np.float64
        self.v, self.A = (a if same else backend.cast(a, dtype) for a in (problem.v, problem.A))
        self.count, self.width = problem.live_count, problem.width
        self.split = self.count * self.width

    def parts(self, p: Array) -> tuple[Array, Array, Array]:
        """Views (p_w (..., D, k), p_v (..., k), p_beta (...))."""
        return p[..., : self.split].reshape(*p.shape[:-1], self.width, self.count), p[..., self.split : -1], p[..., -1]

    def _assemble(self, w_part: Array, v_part: Array, beta_part: Array) -> Array:
        lead = tuple(w_part.shape[:-2])
        out = self.problem.backend.empty(*lead, self.problem.size, dtype=self.dtype)
        out_w, out_v, _ = self.parts(out)
        out_w[...] = w_part
        out_v[...] = v_part
        out[..., -1] = beta_part
        return out

    def jacobian(self, p: Array) -> Array:
        """J p."""
        p_w, p_v, p_beta = self.parts(p)
        right = self.v * p_w
        right += p_v[..., None, :] * self.omega
        lead = tuple(p.shape[:-1])
        flat = right.reshape(math.prod(lead) * self.width, self.count)
        inner = times_pattern(flat, self.A, transposed=True).reshape(*lead, self.width, self.problem.n)
        inner *= self.Z
        return inner.sum(-2) + self.problem.one * p_beta[..., None]

    def moments(self, s: Array) -> Array:
        """T = (s o Z) A, shape (..., D, k)."""
        lead = tuple(s.shape[:-1])
        stacked = (s[..., None, :] * self.Z).reshape(math.prod(lead) * self.width, self.problem.n)
        return times_pattern(stacked, self.A).reshape(*lead, self.width, self.count)

    def jacobian_transposed(self, s: Array) -> Array:
        """J's."""
        T = self.moments(s)
        return self._assemble(self.v * T, (T * self.omega).sum(-2), self.problem.one * s.sum(-1))

    def mean_gradient(self) -> Array:
        """J'1 / n, from sums that the problem holds."""
        problem, n = self.problem, self.problem.n
        T = problem.backend.cast(problem.backend.asarray(problem.point_sums * (1 / n)), self.dtype)
        return self._assemble(self.v * T, (T * self.omega).sum(-2), problem.one)

    def start_vector(self, rng: np.random.Generator) -> Array:
        """Where Lanczos starts: the gradient of the mean output, J'1 / n, plus a small random vector.

        At zero residual the top eigenvector is J'p with p close to its nonnegative Perron vector for data in the unit
        ball, so J'1 starts near it; the random part makes sure that no eigenvector is missed by symmetry.
        """
        start = self.mean_gradient()
        noise = self.problem.backend.asarray(rng.random(self.problem.size) - 0.5)
        norm = float((start @ start) ** 0.5)
        start *= 1.0 / norm if norm > 0 else 0.0  # no neuron is active, or all gradients underflow
        noise *= 1e-3 * float((noise @ noise) ** -0.5)
        start += noise
        return start

    def work(self, steps: int) -> float:
        """Operations of so many products with the Hessian: for every active pair D products and sums, twice."""
        problem = self.problem
        pairs = problem.A.nnz if problem.sparse else problem.n * self.count
        return 4.0 * pairs * problem.width * min(steps, problem.size)

    def hessian(self, p: Array) -> Array:
        """H p."""
        return self.hessian_with_image(p)[0]

    def hessian_with_image(self, p: Array) -> tuple[Array, Array]:
        """(H p, J p): the inner loop of every Krylov method."""
        p_w, p_v, _ = self.parts(p)
        s = self.jacobian(p)
        scaled = s / self.problem.n
        T = self.moments(scaled)
        out = self.problem.backend.empty(*p.shape[:-1], self.problem.size, dtype=self.dtype)
        out_w, out_v, _ = self.parts(out)
        out_w[...] = T * self.v
        out_w += self.c * p_v[..., None, :]
        T *= self.omega
        T += self.c * p_w
        out_v[...] = T.sum(-2)
        out[..., -1] = self.problem.one * scaled.sum(-1)
        return out, s
