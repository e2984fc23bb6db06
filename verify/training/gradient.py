"""Loss and gradient of a batch in closed form: no automatic differentiation, all buffers allocated once.

For ReLU with A_ki = 1[z_i·omega_k > 0] and residual r = f - y,
f_i = z_i·sum_k A_ki v_k omega_k + beta and T_k = (1/n) sum_i A_ki r_i z_i, the gradients are v_k T_k in omega_k,
T_k·omega_k in v_k and mean r in beta: two products with A, one with D rows and one with D columns.

The same code runs on numpy and on torch: both name these functions alike, and the module is passed as ``xp``.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Array = Any  # numpy.ndarray or torch.Tensor


@dataclass(frozen=True)
class Namespace:
    """The array functions in use: ``xp`` is numpy or torch, ``empty`` allocates, ``erf(x, out=...)``."""

    xp: Any
    empty: Callable[..., Array]
    erf: Callable[..., Array]


def coordinate_first(T: Array) -> Array:
    """A view (D, B, K) of an array (B, K, D)."""
    return T.swapaxes(0, 2).swapaxes(1, 2)


class Gradient:
    """Buffers of one batch; after a call, ``loss`` (B,), ``omega`` (D, B, L), ``v`` (B, L) and ``beta`` (B,) hold the
    loss and its gradient at the parameters that were passed.

    Parameters
    ----------
    space : Namespace
    Z : (D, B, n)
    y : (B, n)
    width : int
        Neurons L that are held; the engine leaves dead ones out.
    """

    def __init__(self, space: Namespace, Z: Array, y: Array, width: int) -> None:
        D, B, n = Z.shape
        self.space, self.n, self.y = space, n, y
        empty = space.empty
        # Two copies of the points, in the order of each product.
        self.Z_rows, self.Z_points = empty(B, D, n), empty(B, n, D)
        self.Z_rows[...] = Z.swapaxes(0, 1)
        self.Z_points[...] = self.Z_rows.swapaxes(1, 2)
        self.A = empty(B, width, n)
        self.scaled, self.omega, self.work = empty(D, B, width), empty(D, B, width), empty(D, B, width)
        self.v, self.beta, self.loss = empty(B, width), empty(B), empty(B)
        self.residual, self.pull, self.square = empty(B, n), empty(B, n), empty(B, n)
        self.output, self.S, self.T = empty(B, D, n), empty(B, n, D), empty(B, width, D)

    def preactivations(self, omega: Array, out: Array) -> Array:
        """z_i·omega_k into ``out`` (B, L, n)."""
        return self.space.xp.matmul(omega.swapaxes(0, 1).swapaxes(1, 2), self.Z_rows, out=out)

    def _residuals(self, beta: Array) -> None:
        """From f - beta in ``residual`` to residuals, loss, the gradient in beta and the right side S = r z / n."""
        xp = self.space.xp
        self.residual += beta[:, None]
        self.residual -= self.y
        xp.multiply(self.residual, self.residual, out=self.square)
        xp.sum(self.square, 1, out=self.loss)
        self.loss *= 0.5 / self.n
        xp.multiply(self.residual, 1 / self.n, out=self.pull)
        xp.sum(self.pull, 1, out=self.beta)
        xp.multiply(self.Z_points, self.pull[:, :, None], out=self.S)


class ReluGradient(Gradient):
    """ReLU: ``A`` is the 0/1 pattern (B, L, n), which ``detect`` fills or the caller keeps up to date."""

    def detect(self, omega: Array) -> None:
        """Fill the pattern from scratch."""
        self.preactivations(omega, self.A)
        self.space.xp.greater(self.A, 0, out=self.A)

    def __call__(self, omega: Array, v: Array, beta: Array) -> None:
        xp = self.space.xp
        xp.multiply(omega, v, out=self.scaled)
        xp.matmul(self.scaled.swapaxes(0, 1), self.A, out=self.output)
        self.output *= self.Z_rows
        xp.sum(self.output, 1, out=self.residual)
        self._residuals(beta)
        xp.matmul(self.A, self.S, out=self.T)
        self.work[...] = coordinate_first(self.T)
        xp.multiply(self.work, v, out=self.omega)
        self.work *= omega
        xp.sum(self.work, 0, out=self.v)


class GeluGradient(Gradient):
    """GELU, phi(h) = h Phi(h): every pair counts, so activations and derivatives are dense."""

    def __init__(self, space: Namespace, Z: Array, y: Array, width: int) -> None:
        super().__init__(space, Z, y, width)
        B, n = y.shape
        self.values, self.slopes = space.empty(B, width, n), space.empty(B, width, n)

    def detect(self, omega: Array) -> None:
        """Activations into ``values`` and derivatives into ``slopes``; A is used as work space."""
        xp, h, phi, slope = self.space.xp, self.A, self.values, self.slopes
        self.preactivations(omega, h)
        xp.multiply(h, math.sqrt(0.5), out=phi)
        self.space.erf(phi, out=phi)
        phi += 1
        phi *= 0.5
        xp.multiply(h, h, out=slope)
        slope *= -0.5
        xp.exp(slope, out=slope)
        slope *= 1 / math.sqrt(2 * math.pi)
        slope *= h
        slope += phi
        phi *= h

    def __call__(self, omega: Array, v: Array, beta: Array) -> None:
        xp = self.space.xp
        xp.matmul(v[:, None, :], self.values, out=self.residual[:, None, :])
        self._residuals(beta)
        xp.matmul(self.slopes, self.S, out=self.T)
        self.work[...] = coordinate_first(self.T)
        xp.multiply(self.work, v, out=self.omega)
        xp.matmul(self.values, self.pull[:, :, None], out=self.v[:, :, None])


class Update:
    """The step of gradient descent: clipping as ``clip_grad_norm_``, decay as ``torch.optim.SGD``.

    Parameters
    ----------
    space : Namespace
    eta, decay, clip : (B,)
    biased : (B,)
        1 where the biases of the neurons, the last row of omega, are trained, else 0.
    """

    def __init__(self, space: Namespace, eta: Array, decay: Array, clip: Array, biased: Array) -> None:
        self.space, self.eta, self.clip = space, eta, clip
        self.keep, self.one = 1 - eta * decay, space.xp.ones_like(eta)
        # Whether any run decays or clips: neither costs anything where it is off.
        self.decays, self.clips = bool((decay != 0).any()), bool(space.xp.isfinite(clip).any())
        self.biased, self.fixes = biased, bool((biased == 0).any())

    def step(self, gradient: Gradient) -> Array:
        """The factors (B,) of each run's gradient, fixed biases left out: eta times the clipping coefficient."""
        if self.fixes:
            gradient.omega[-1] *= self.biased[:, None]
        if not self.clips:
            return self.eta
        xp = self.space.xp
        xp.multiply(gradient.omega, gradient.omega, out=gradient.work)
        square = xp.sum(gradient.work, (0, 2)) + xp.sum(gradient.v * gradient.v, 1) + gradient.beta * gradient.beta
        return self.eta * xp.minimum(self.clip / (xp.sqrt(square) + 1e-6), self.one)

    def apply(self, gradient: Gradient, factor: Array, omega: Array, v: Array, beta: Array) -> None:
        """Move the parameters in place; afterwards ``gradient`` holds the step that was subtracted."""
        if self.decays:
            omega *= self.keep[:, None]
            v *= self.keep[:, None]
            beta *= self.keep
        gradient.omega *= factor[:, None]
        gradient.v *= factor[:, None]
        gradient.beta *= factor
        omega -= gradient.omega
        v -= gradient.v
        beta -= gradient.beta
