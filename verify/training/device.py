"""Gradient descent on a CUDA device with torch: the whole batch in one CUDA graph of many steps.

The algorithm is that of the host engine without its lists: on such a device a dense product costs less than the
bookkeeping. Everything in a step, divergence included, is a fixed sequence of device operations, so that a captured
graph can replay it without the host. The engine also runs on torch's CPU device, without graphs.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from verify.training.gradient import Array, GeluGradient, Namespace, ReluGradient, Update
from verify.training.setting import Activation
from verify.training.stack import Stack

# Steps in the long graph; what is left over is replayed step by step.
_GRAPH_STEPS = 16
_WARM_UP = 3


class DeviceEngine:
    """Steps a stack of runs on a torch device; attributes as for the host engine.

    Parameters
    ----------
    stack : Stack
    device : str
        "cuda", "cuda:1", ..., or "cpu".
    graphs : bool, optional
        Whether steps are captured in CUDA graphs; by default on CUDA devices.
    """

    def __init__(self, stack: Stack, device: str, graphs: bool | None = None) -> None:
        import torch

        self._torch, self._device = torch, torch.device(device)
        self.stack, self.step = stack, 0
        self._dtype = torch.float64 if stack.Z.dtype == np.float64 else torch.float32
        send = self._send
        self._omega, self._v, self._beta = send(stack.omega), send(stack.v), send(stack.beta)
        self._limit = send(stack.limit)
        self._gone = torch.zeros(stack.count, dtype=torch.bool, device=self._device)
        self._gone_at = torch.full((stack.count,), -1, dtype=torch.int64, device=self._device)
        self._clock = torch.zeros((), dtype=torch.int64, device=self._device)
        space = Namespace(
            torch, lambda *shape: torch.empty(shape, dtype=self._dtype, device=self._device), torch.special.erf
        )
        kind = ReluGradient if stack.activation is Activation.RELU else GeluGradient
        self._gradient = kind(space, send(stack.Z), send(stack.y), stack.width)
        self._update = Update(space, send(stack.eta), send(stack.decay), send(stack.clip), send(stack.biased))
        captured = self._device.type == "cuda" if graphs is None else graphs
        self._graphs = [(count, self._capture(count)) for count in (_GRAPH_STEPS, 1)] if captured else []

    def _send(self, value: NDArray[Any]) -> Array:
        return self._torch.tensor(value, device=self._device)

    @property
    def diverged_at(self) -> NDArray[np.int64]:
        """The step at which each run diverged, -1 for none."""
        return np.asarray(self._gone_at.cpu().numpy(), dtype=np.int64)

    def _one_step(self) -> None:
        gradient, torch = self._gradient, self._torch
        gradient.detect(self._omega)
        gradient(self._omega, self._v, self._beta)
        bad = ~(gradient.loss < self._limit)
        self._gone_at.copy_(torch.where(bad & ~self._gone, self._clock, self._gone_at))
        self._gone |= bad
        # Filled, not multiplied: 0 * NaN is NaN. A run that is gone stays at zero.
        for array in (self._omega, gradient.omega, self._v, gradient.v):
            array.masked_fill_(self._gone[:, None], 0)
        for array in (self._beta, gradient.beta):
            array.masked_fill_(self._gone, 0)
        factor = self._update.step(gradient)
        self._update.apply(gradient, factor, self._omega, self._v, self._beta)
        self._clock += 1

    def _mutable(self) -> list[Array]:
        return [self._omega, self._v, self._beta, self._gone, self._gone_at, self._clock]

    def _capture(self, count: int) -> Any:
        """A graph of ``count`` steps. Warming up and capturing must not move the parameters: they are put back."""
        cuda = self._torch.cuda
        with cuda.device(self._device):
            before = [array.clone() for array in self._mutable()]
            side = cuda.Stream()
            side.wait_stream(cuda.current_stream())
            with cuda.stream(side):
                for _ in range(_WARM_UP):
                    self._one_step()
            cuda.current_stream().wait_stream(side)
            graph = cuda.CUDAGraph()
            with cuda.graph(graph):
                for _ in range(count):
                    self._one_step()
            for array, old in zip(self._mutable(), before, strict=True):
                array.copy_(old)
        return graph

    def advance(self, steps: int) -> None:
        """Take that many steps."""
        self.step += steps
        for count, graph in self._graphs:
            while steps >= count:
                graph.replay()
                steps -= count
        for _ in range(steps):
            self._one_step()

    def parameters(self) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
        """Copies of omega (D, B, K), v (B, K) and beta (B,) on the host."""
        omega, v, beta = (np.array(array.cpu().numpy()) for array in (self._omega, self._v, self._beta))
        return omega, v, beta

    def state(self) -> dict[str, NDArray[Any]]:
        """Everything that later steps depend on."""
        omega, v, beta = self.parameters()
        return {"omega": omega, "v": v, "beta": beta, "step": np.array(self.step), "diverged_at": self.diverged_at}

    def restore(self, state: dict[str, NDArray[Any]]) -> None:
        """Continue from a saved state. Arrays are filled in place: captured graphs hold their addresses."""
        self.step = int(state["step"])
        for array, name in ((self._omega, "omega"), (self._v, "v"), (self._beta, "beta")):
            array.copy_(self._send(state[name]))
        self._gone_at.copy_(self._send(state["diverged_at"]))
        self._gone.copy_(self._gone_at >= 0)
        self._clock.fill_(self.step)
