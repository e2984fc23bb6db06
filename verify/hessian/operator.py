"""The Hessian of the loss as a matrix-free operator."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse.linalg import LinearOperator

from verify.hessian.arrays import Array, backend_for, is_torch_tensor, to_numpy
from verify.hessian.inputs import read_inputs
from verify.hessian.layout import from_live, to_live
from verify.hessian.problem import prepare
from verify.hessian.products import LiveProducts


class HessianOperator(LinearOperator):
    """Hessian of L = (1/2n) sum_i (y_i - f(x_i))^2 in the parameters (W row by row, b, v, beta).

    A scipy ``LinearOperator``: ``operator @ p`` for (P,) and (P, m). :meth:`apply` does the same for torch tensors on the
    operator's device. At a kink the neuron counts as inactive, as in automatic differentiation.

    Parameters
    ----------
    network : object with W (K, d), b (K,), v (K,), beta
    X, y : arrays (n, d) and (n,), numpy or torch
    device : torch device, optional

    Examples
    --------
    >>> import numpy as np
    >>> from types import SimpleNamespace
    >>> net = SimpleNamespace(W=np.array([[2.0]]), b=np.array([0.5]), v=np.array([3.0]), beta=0.0)
    >>> H = HessianOperator(net, np.array([[1.0], [-1.0]]), np.array([4.5, 0.0]))
    >>> H.shape
    (4, 4)
    >>> H @ np.array([0.0, 0.0, 0.0, 1.0])
    array([ 1.5 , -1.5 ,  0.75,  1.  ])
    """

    def __init__(self, network: Any, X: Any, y: Any, *, device: Any = None) -> None:
        self.problem = prepare(read_inputs(network, X, y), backend_for(X, device))
        self.products = LiveProducts(self.problem)
        size = self.problem.neurons * (self.problem.width + 1) + 1
        super().__init__(np.dtype(np.float64), (size, size))

    @np.errstate(under="ignore")
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
        result = self.products.hessian(live)
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
