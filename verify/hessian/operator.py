"""The Hessian of the loss as a matrix-free operator."""

from __future__ import annotations

from enum import Enum
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse.linalg import LinearOperator

from verify.hessian.arrays import Array, backend_for, is_torch_tensor, times_pattern, to_numpy
from verify.hessian.inputs import read_inputs
from verify.hessian.layout import from_live, to_live
from verify.hessian.problem import Problem, prepare
from verify.hessian.products import LiveProducts

__all__ = ["HessianOperator", "Part"]


class Part(Enum):
    """Which summand of H = J'J/n + D."""

    HESSIAN = "J'J/n + D"
    GAUSS_NEWTON = "J'J/n"
    RESIDUAL = "D"


class HessianOperator(LinearOperator):
    """Hessian of L = (1/2n) sum_i (y_i - f(x_i))^2 in the parameters (W row by row, b, v, beta).

    A scipy ``LinearOperator``: ``operator @ p`` for (P,) and (P, m). :meth:`apply` does the same for torch tensors on the
    operator's device. At a kink the neuron counts as inactive, as in automatic differentiation.

    Parameters
    ----------
    network : object with W (K, d), b (K,), v (K,), beta
    X, y : arrays (n, d) and (n,), numpy or torch
    part : Part
        The whole Hessian, its Gauss–Newton part, or its residual part.
    device : torch device, optional

    Examples
    --------
    >>> import numpy as np
    >>> from types import SimpleNamespace
    >>> net = SimpleNamespace(W=np.array([[2.0]]), b=np.array([0.5]), v=np.array([3.0]), beta=0.0)
    >>> H = HessianOperator(net, np.array([[1.0], [-1.0]]), np.array([4.5, 0.0]))
    >>> H.shape, H.trace()
    ((4, 4), 11.125)
    >>> H @ np.array([0.0, 0.0, 0.0, 1.0])
    array([ 1.5 , -1.5 ,  0.75,  1.  ])
    """

    def __init__(self, network: Any, X: Any, y: Any, *, part: Part = Part.HESSIAN, device: Any = None) -> None:
        problem = prepare(read_inputs(network, X, y), backend_for(X, device))
        self._setup(problem, LiveProducts(problem), Part(part))

    def _setup(self, problem: Problem, products: LiveProducts, part: Part) -> None:
        self.problem, self.products, self.part = problem, products, part
        size = problem.neurons * (problem.width + 1) + 1
        super().__init__(np.dtype(np.float64), (size, size))

    def restricted(self, part: Part) -> HessianOperator:
        """Another part of the same Hessian, without preparing it again."""
        other = HessianOperator.__new__(HessianOperator)
        other._setup(self.problem, self.products, Part(part))
        return other

    @property
    def gauss_newton(self) -> HessianOperator:
        """J'J/n."""
        return self.restricted(Part.GAUSS_NEWTON)

    @property
    def residual(self) -> HessianOperator:
        """D, the part that the residuals multiply."""
        return self.restricted(Part.RESIDUAL)

    def apply_live(self, vector: Array) -> Array:
        """The product in the live, scaled layout, for (P',) or (m, P')."""
        if self.part is Part.GAUSS_NEWTON:
            return self.products.gauss_newton(vector)
        if self.part is Part.RESIDUAL:
            return self.products.residual_part(vector)
        return self.products.hessian(vector)

    def apply(self, p: Array) -> Array:
        """The product with p (P,) or (P, m), numpy or torch; the result is of the same kind."""
        if p.ndim not in (1, 2) or p.shape[0] != self.shape[0]:
            raise ValueError(f"p must have shape ({self.shape[0]},) or ({self.shape[0]}, m), got {tuple(p.shape)}")
        problem, torch_input = self.problem, is_torch_tensor(p)
        if torch_input and problem.backend.name != "torch":
            raise TypeError("p is a torch tensor but the operator holds numpy arrays; pass device= or p.numpy()")
        rows = p if p.ndim == 1 else p.T
        live = to_live(problem, rows)
        if not torch_input:
            live = problem.backend.asarray(live)
        result = self.apply_live(live)
        full = from_live(problem, result if torch_input else to_numpy(result))
        if problem.exponent:
            full = full * 2.0 ** (problem.exponent // 2) * 2.0 ** (problem.exponent // 2)
        return full if p.ndim == 1 else full.T

    def _matvec(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(self.apply(np.asarray(x, dtype=np.float64).reshape(-1)))

    def _matmat(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(self.apply(np.asarray(x, dtype=np.float64)))

    def _adjoint(self) -> HessianOperator:
        return self

    def blocks(self) -> NDArray[np.float64]:
        """The diagonal blocks (K, d + 2, d + 2) of every neuron's (w_k, b_k, v_k).

        From S_k = sum_i A_ik z_i z_i' / n: v^2 S, v S omega + c, omega'S omega.
        """
        problem = self.problem
        D, k = problem.width, problem.live_count
        Z = problem.Z.T
        outer = (Z[:, None, :] * Z[None, :, :]).reshape(D * D, problem.n)
        S = to_numpy(times_pattern(outer, problem.A)).reshape(D, D, k).transpose(2, 0, 1) / problem.n
        v, omega, c = problem.v_host, to_numpy(problem.omega), to_numpy(problem.c)
        along = np.einsum("kij,kj->ki", S, omega)
        live = np.zeros((k, D + 1, D + 1))
        if self.part is not Part.RESIDUAL:
            live[:, :D, :D] = (v * v)[:, None, None] * S
            live[:, :D, D] = v[:, None] * along
            live[:, D, D] = (along * omega).sum(1)
        if self.part is not Part.GAUSS_NEWTON:
            live[:, :D, D] += c
        live[:, D, :D] = live[:, :D, D]
        blocks = np.zeros((problem.neurons, D + 1, D + 1))
        blocks[problem.live] = np.ldexp(live, problem.exponent)
        return blocks

    def diagonal(self) -> NDArray[np.float64]:
        """The diagonal (P,)."""
        blocks = np.einsum("kii->ki", self.blocks())
        d = self.problem.width - 1
        bias = 0.0 if self.part is Part.RESIDUAL else 1.0
        return np.concatenate([blocks[:, :d].ravel(), blocks[:, d], blocks[:, d + 1], [bias]])

    def trace(self) -> float:
        """The trace; that of the residual part is 0."""
        return float(self.diagonal().sum())
