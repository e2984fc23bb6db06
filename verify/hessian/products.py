"""Products with the scaled, live Hessian: two skinny matrix products each, no automatic differentiation.

For p = (p_w (k, D), p_v (k,), p_beta), flat in this order: s = J p = rowsum(Z o A(v p_w + p_v omega)) + one p_beta, and
J's = (v T, rowsum(T o omega), one sum(s)) with T = A'(s o Z). Only the 0/1 matrix A is large.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from verify.hessian.arrays import Array
from verify.hessian.problem import Problem

__all__ = ["LiveProducts"]


class LiveProducts:
    """J p, J's, D p and H p of one problem, in a working precision.

    Vectors are backend arrays of shape (P,) or, for several at once, (P, m).
    """

    def __init__(self, problem: Problem, dtype: Any = np.float64) -> None:
        self.problem = problem
        self.dtype = np.dtype(dtype)
        cast = (lambda a: a) if self.dtype == np.float64 else (lambda a: problem.backend.cast(a, dtype))
        self.Z, self.omega, self.v, self.c, self.A = map(
            cast, (problem.Z, problem.omega, problem.v, problem.c, problem.A)
        )
        self.AT = self.A.T.tocsr() if problem.sparse else self.A.T
        self.count, self.width = problem.live_count, problem.width
        self.split = self.count * self.width

    def parts(self, p: Array) -> tuple[Array, Array, Array]:
        """Views (p_w (k, D, ...), p_v (k, ...), p_beta (...))."""
        tail = tuple(p.shape[1:])
        return p[: self.split].reshape(self.count, self.width, *tail), p[self.split : -1], p[-1]

    def jacobian(self, p: Array) -> Array:
        """J p, shape (n,) or (n, m)."""
        p_w, p_v, p_beta = self.parts(p)
        if p.ndim == 1:
            right = self.v[:, None] * p_w + p_v[:, None] * self.omega
            return (self.Z * (self.A @ right)).sum(1) + self.problem.one * p_beta
        m = p.shape[1]
        right = self.v[:, None, None] * p_w + p_v[:, None, :] * self.omega[:, :, None]
        inner = (self.A @ right.reshape(self.count, self.width * m)).reshape(-1, self.width, m)
        return (self.Z[:, :, None] * inner).sum(1) + self.problem.one * p_beta

    def moments(self, s: Array) -> Array:
        """T = A'(s o Z), shape (k, D) or (k, D, m)."""
        if s.ndim == 1:
            return self.AT @ (s[:, None] * self.Z)
        m = s.shape[1]
        stacked = (s[:, None, :] * self.Z[:, :, None]).reshape(-1, self.width * m)
        return (self.AT @ stacked).reshape(self.count, self.width, m)

    def jacobian_transposed(self, s: Array) -> Array:
        """J's, shape (P,) or (P, m)."""
        T, tail = self.moments(s), tuple(s.shape[1:])
        out = self.problem.backend.empty(self.problem.size, *tail, dtype=self.dtype)
        ones = [1] * len(tail)
        out[: self.split] = (self.v.reshape(-1, 1, *ones) * T).reshape(self.split, *tail)
        out[self.split : -1] = (T * self.omega.reshape(self.count, self.width, *ones)).sum(1)
        out[-1] = self.problem.one * s.sum(0)
        return out

    def residual_part(self, p: Array) -> Array:
        """D p."""
        p_w, p_v, _ = self.parts(p)
        tail = tuple(p.shape[1:])
        ones = [1] * len(tail)
        c = self.c.reshape(self.count, self.width, *ones)
        out = self.problem.backend.empty(self.problem.size, *tail, dtype=self.dtype)
        out[: self.split] = (c * p_v.reshape(self.count, 1, *tail)).reshape(self.split, *tail)
        out[self.split : -1] = (c * p_w).sum(1)
        out[-1] = 0.0
        return out

    def gauss_newton(self, p: Array) -> Array:
        """J'J p / n."""
        return self.jacobian_transposed(self.jacobian(p) / self.problem.n)

    def hessian(self, p: Array) -> Array:
        """H p."""
        return self.hessian_with_image(p)[0]

    def hessian_with_image(self, p: Array) -> tuple[Array, Array]:
        """(H p, J p) for one vector: the inner loop of every Krylov method."""
        if p.ndim != 1:
            s = self.jacobian(p)
            return self.jacobian_transposed(s / self.problem.n) + self.residual_part(p), s
        p_w, p_v, p_beta = self.parts(p)
        right = self.v[:, None] * p_w
        right += p_v[:, None] * self.omega
        inner = self.A @ right
        inner *= self.Z
        s = inner.sum(1) + self.problem.one * p_beta
        scaled = s / self.problem.n
        T = self.AT @ (scaled[:, None] * self.Z)
        out = self.problem.backend.empty(self.problem.size, dtype=self.dtype)
        out_w, out_v, _ = self.parts(out)
        out_w[:] = T * self.v[:, None] + self.c * p_v[:, None]
        T *= self.omega
        T += self.c * p_w
        out_v[:] = T.sum(1)
        out[-1] = self.problem.one * scaled.sum()
        return out, s
