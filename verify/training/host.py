"""Gradient descent on the host with numpy: one batch that fits the cache."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import erf

from verify.training.gradient import GeluGradient, Namespace, ReluGradient, Update
from verify.training.margins import SignMargins
from verify.training.setting import Activation
from verify.training.stack import Stack

# Arrays are copied to a smaller width when it falls below this share.
_SHRINK = 0.9


def _fast_erf() -> Callable[..., NDArray[Any]]:
    """torch's vectorised erf where torch is installed, about 20 times as fast as scipy's in float32."""
    try:
        import torch
    except ImportError:
        return erf

    def vectorised(x: NDArray[Any], out: NDArray[Any]) -> NDArray[Any]:
        torch.erf(torch.from_numpy(x), out=torch.from_numpy(out))
        return out

    return vectorised


class HostEngine:
    """Steps a stack of runs.

    A ReLU neuron that is active on no point has no gradient: it stands still, or shrinks by weight decay, which changes no
    sign. Such neurons are left out of all products for good. ``live`` (B, L) lists those that are held, padded with dead
    ones where runs of the batch differ.

    Attributes
    ----------
    step : int
        Steps taken.
    diverged_at : (B,) int64
        The step at which a run's loss left all bounds, -1 for none. Such a run stands still with zero parameters.
    """

    def __init__(self, stack: Stack) -> None:
        self.stack, self.step = stack, 0
        self._omega, self._v = stack.omega.copy(), stack.v.copy()
        self._eta = stack.eta.copy()
        self.beta = stack.beta.copy()
        self.diverged_at = np.full(stack.count, -1, np.int64)
        self._hold(np.tile(np.arange(stack.width), (stack.count, 1)))
        self._margins = (
            SignMargins(self._gradient, self._omega_live) if isinstance(self._gradient, ReluGradient) else None
        )
        self._set_update()

    def _set_update(self) -> None:
        self._update = Update(self._space(), self._eta, self.stack.decay, self.stack.clip, self.stack.biased)

    def _space(self) -> Namespace:
        dtype = self.stack.Z.dtype
        function = erf if self.stack.activation is Activation.RELU else _fast_erf()
        return Namespace(np, lambda *shape: np.empty(shape, dtype), function)

    def _hold(self, live: NDArray[np.int64]) -> None:
        """Copy the parameters of the neurons ``live`` into arrays of that width."""
        runs = np.arange(len(live))[:, None]
        self.live = live
        self._omega_live = np.ascontiguousarray(self._omega[:, runs, live])
        self._v_live = np.ascontiguousarray(self._v[runs, live])
        kind = ReluGradient if self.stack.activation is Activation.RELU else GeluGradient
        self._gradient = kind(self._space(), self.stack.Z, self.stack.y, live.shape[1])

    def _write_back(self) -> None:
        runs = np.arange(len(self.live))[:, None]
        self._omega[:, runs, self.live] = self._omega_live
        self._v[runs, self.live] = self._v_live

    def advance(self, steps: int) -> None:
        """Take that many steps."""
        with np.errstate(over="ignore", invalid="ignore", under="ignore"):
            for _ in range(steps):
                self._one_step()

    def _one_step(self) -> None:
        gradient, update, margins = self._gradient, self._update, self._margins
        omega, v, beta = self._omega_live, self._v_live, self.beta
        if margins is None:
            gradient.detect(omega)
        else:
            margins.fill(omega)
        gradient(omega, v, beta)
        if not (gradient.loss < self.stack.limit).all():
            self._freeze()
        factor = update.step(gradient)
        if update.decays and v.shape[1] < self.stack.width:
            self._omega *= update.keep[:, None]
            self._v *= update.keep[:, None]
        update.apply(gradient, factor, omega, v, beta)
        self.step += 1
        if margins is not None and margins.moved(
            omega, gradient.omega, update.keep if update.decays else None, self.diverged_at >= 0
        ):
            self._shrink(margins)

    def _freeze(self) -> None:
        """Stop the runs whose loss is beyond bounds."""
        gone = ~(self._gradient.loss < self.stack.limit)
        self.diverged_at[gone & (self.diverged_at < 0)] = self.step
        for array in (self._omega, self._omega_live, self._gradient.omega):
            array[:, gone] = 0
        for array in (self._v, self._v_live, self._gradient.v, self.beta, self._gradient.beta, self._eta):
            array[gone] = 0
        self._set_update()

    def _shrink(self, margins: SignMargins) -> None:
        """Leave dead neurons out, if there are enough new ones."""
        alive = margins.alive
        needed = max(1, int(alive.sum(1).max()))
        if needed > _SHRINK * alive.shape[1]:
            return
        chosen = np.sort(np.argsort(~alive, axis=1, kind="stable")[:, :needed], axis=1)
        self._write_back()
        self._hold(np.take_along_axis(self.live, chosen, axis=1))
        gradient = self._gradient
        if isinstance(gradient, ReluGradient):
            margins.shrink(gradient, chosen)

    def parameters(self) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
        """Copies of omega (D, B, K), v (B, K) and beta (B,)."""
        self._write_back()
        return self._omega.copy(), self._v.copy(), self.beta.copy()

    def state(self) -> dict[str, NDArray[Any]]:
        """Everything that later steps depend on."""
        omega, v, beta = self.parameters()
        numbers = {"step": np.array(self.step), "diverged_at": self.diverged_at.copy(), "live": self.live}
        margins = {} if self._margins is None else self._margins.state()
        return {"omega": omega, "v": v, "beta": beta, **numbers, **margins}

    def restore(self, state: dict[str, NDArray[Any]]) -> None:
        """Continue from a saved state; the next steps have the same bits as without the interruption."""
        self.step = int(state["step"])
        self._omega, self._v, self.beta = (state[name].copy() for name in ("omega", "v", "beta"))
        self.diverged_at = state["diverged_at"].copy()
        self._eta = np.where(self.diverged_at >= 0, 0, self.stack.eta).astype(self.stack.eta.dtype)
        self._set_update()
        self._hold(state["live"].copy())
        gradient = self._gradient
        if isinstance(gradient, ReluGradient):
            self._margins = SignMargins(gradient, self._omega_live)
            self._margins.restore(state)
