"""The same questions for GELU networks f(x) = sum_k v_k phi(w_k·x - b_k) + beta, phi(t) = t Phi(t).

phi is smooth and phi'' doesn't vanish, so every entry of the n x K matrices of phi, phi' and phi'' enters:

    H p = J'(J p)/n - (1/n) sum_i r_i (d^2 f_i) p,    d^2 f_i: (omega_k, omega_k) v_k phi''_ik z_i z_i',
                                                              (omega_k, v_k) phi'_ik z_i.

No activation pattern makes it finite-dimensional in c_k alone, and phi is transcendental: the lower end is a Ritz value
as computed, and the upper end holds with a stated probability, rounding apart. Neither is a proof.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse.linalg import LinearOperator

from verify.hessian.activation import augment
from verify.hessian.arrays import Array, Backend, backend_for, to_numpy
from verify.hessian.inputs import check_integer, check_positive, read_inputs
from verify.hessian.lanczos import lanczos
from verify.hessian.probabilistic import probable_bound
from verify.hessian.result import Sharpness


class GeluHessianOperator(LinearOperator):
    """Hessian of (1/2n) |y - f|^2 for the exact GELU, order (W row by row, b, v, beta).

    Examples
    --------
    >>> import numpy as np
    >>> from types import SimpleNamespace
    >>> net = SimpleNamespace(W=np.array([[2.0]]), b=np.array([0.5]), v=np.array([3.0]), beta=0.0)
    >>> H = GeluHessianOperator(net, np.array([[1.0], [-1.0]]), np.array([4.5, 0.0]))
    >>> bool(np.allclose(H @ np.eye(4), (H @ np.eye(4)).T))
    True
    """

    def __init__(self, network: Any, X: Any, y: Any, *, device: Any = None) -> None:
        inputs = read_inputs(network, X, y)
        backend: Backend = backend_for(X, device)
        self.backend = backend
        Z = augment(inputs.X)
        omega = np.concatenate([inputs.W, inputs.b[:, None]], axis=1)
        self.n, self.width = Z.shape
        self.neurons = len(omega)
        self.Z, self.omega, self.v = backend.asarray(Z), backend.asarray(omega), backend.asarray(inputs.v)
        t = self.Z @ self.omega.T
        density = backend.exp(-0.5 * t * t) * (1 / math.sqrt(2 * math.pi))
        # Phi(t) by the complementary branch of erf would only matter for t below -8, where phi is below 1e-14.
        distribution = 0.5 * (1 + backend.erf(t * math.sqrt(0.5)))
        self.phi = t * distribution
        self.slope = distribution + t * density
        self.curvature = (2 - t * t) * density
        self.r = backend.asarray(inputs.y) - self.phi @ self.v - inputs.beta
        size = self.neurons * (self.width + 1) + 1
        super().__init__(np.dtype(np.float64), (size, size))

    def _parts(self, p: Array) -> tuple[Array, Array, Array]:
        """(omega part (K, D), v part (K,), beta part) of a full vector."""
        K, d = self.neurons, self.width - 1
        w = p[: K * d].reshape(K, d)
        return self.backend.stack_rows([w.T, p[K * d : K * d + K]]).T, p[K * d + K : -1], p[-1]

    @np.errstate(under="ignore")
    def apply(self, p: Array) -> Array:
        """H p for a backend array (P,)."""
        p_omega, p_v, p_beta = self._parts(p)
        K, d, n = self.neurons, self.width - 1, self.n
        along = self.Z @ p_omega.T
        s = (self.slope * along) @ self.v + self.phi @ p_v + p_beta
        r = self.r[:, None]
        inner = self.slope * (self.v * s[:, None] - r * p_v) - r * self.curvature * self.v * along
        out_omega = inner.T @ self.Z / n
        out = self.backend.empty(self.shape[0])
        out[: K * d] = out_omega[:, :d].reshape(-1)
        out[K * d : K * d + K] = out_omega[:, d]
        out[K * d + K : -1] = (self.phi.T @ s - (self.slope * along).T @ self.r) / n
        out[-1] = s.sum() / n
        return out

    def _matvec(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(to_numpy(self.apply(self.backend.asarray(np.asarray(x).reshape(-1)))))

    def _adjoint(self) -> GeluHessianOperator:
        return self

    def negative_part(self) -> float:
        """A bound g with H + g I positive semidefinite: the least eigenvalue of the residual part's blocks."""
        weights = to_numpy(self.r)[:, None] * to_numpy(self.curvature) / self.n
        Z, v = to_numpy(self.Z), to_numpy(self.v)
        D = self.width
        worst = 0.0
        c = -(to_numpy(self.r)[:, None] * to_numpy(self.slope)).T @ Z / self.n
        for k in range(self.neurons):
            block = np.zeros((D + 1, D + 1))
            block[:D, :D] = -v[k] * (Z.T * weights[:, k]) @ Z
            block[:D, D] = block[D, :D] = c[k]
            worst = min(worst, float(np.linalg.eigvalsh(block)[0]))
        return -worst * (1 + 1e-12)


@np.errstate(under="ignore")  # whatever the caller has told numpy to do with it
def gelu_sharpness(
    network: Any,
    X: Any,
    y: Any,
    *,
    steps: int = 100,
    failure_probability: float = 1e-12,
    seed: int = 0,
    device: Any = None,
) -> Sharpness:
    """Lower estimate and probabilistic upper bound of lambda_max for a GELU network.

    Parameters
    ----------
    network, X, y, seed, device
        As for :func:`verify.hessian.sharpness`.
    steps : int
        Dimension of the Krylov space; the relative width is about (log(P / failure_probability) / (4 steps))^2.
    failure_probability : float in (0, 1)

    Examples
    --------
    >>> import numpy as np
    >>> from types import SimpleNamespace
    >>> net = SimpleNamespace(W=np.array([[2.0]]), b=np.array([0.5]), v=np.array([3.0]), beta=0.0)
    >>> found = gelu_sharpness(net, np.array([[1.0], [-1.0]]), np.array([4.5, 0.0]))
    >>> found.proved, found.failure_probability
    (False, 1e-12)
    """
    steps = check_integer("steps", steps, 2)
    probability = check_positive("failure_probability", failure_probability, below=1.0)
    rng = np.random.default_rng(check_integer("seed", seed, 0))
    operator = GeluHessianOperator(network, X, y, device=device)
    size = operator.shape[0]
    krylov = lanczos(
        lambda p: (operator.apply(p), p[:0]),
        operator.backend.asarray(rng.standard_normal(size)),
        operator.backend,
        tolerance=0.0,
        max_steps=steps,
    )
    upper = probable_bound(krylov.value, operator.negative_part(), size, krylov.steps, probability)
    vector = krylov.vector / np.linalg.norm(krylov.vector)
    vector.setflags(write=False)
    return Sharpness(
        lower=krylov.value,
        upper=upper,
        value=krylov.value,
        proved=False,
        method="probabilistic",
        failure_probability=probability,
        iterations=krylov.steps,
        residual=krylov.residual,
        kink_distance=math.inf,
        eigenvector=vector,
    )
