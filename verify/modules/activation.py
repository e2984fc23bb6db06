"""Which units of a model fire, and how often: shattering layer by layer, for any torch module."""

from __future__ import annotations

import contextlib
import math
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.stats import spearmanr

from boundcalc.shown import Shown, aligned
from boundcalc.style import panels, styled
from verify.look import guide, neurons
from verify.modules.data import arguments, read_inputs
from verify.modules.problem import Intercepted, check_state, unwrapped
from verify.training.trace import RARE

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Activations that are off, or nearly, for negative arguments.
_GATES = {"relu", "leaky_relu", "relu6", "gelu", "silu", "elu"}


@dataclass(frozen=True)
class LayerActivation:
    """The units of one activation.

    Attributes
    ----------
    name : str
        Of the layer whose outputs it takes.
    rates : ndarray (K,)
        Share of the points, and of the positions of a convolution, at which a unit's argument is positive.
    norms : ndarray (K,)
        Norm of the weights into each unit, without the bias, times that of the weights out of it where the layer behind takes
        the units one by one.
    """

    name: str
    rates: NDArray[np.float64]
    norms: NDArray[np.float64]

    @property
    def dead(self) -> int:
        """Units that fire nowhere."""
        return int((self.rates == 0).sum())

    @property
    def rare(self) -> int:
        """Units that fire, but on at most 10 % of the data."""
        return int(((self.rates > 0) & (self.rates <= RARE)).sum())

    @property
    def median_rate(self) -> float:
        """Of the units that fire; nan if none does."""
        alive = self.rates[self.rates > 0]
        return float(np.median(alive)) if len(alive) else math.nan

    @property
    def rank_correlation(self) -> float:
        """Spearman's, of rate and norm, of the units that fire; negative where rare units have large weights."""
        alive = self.rates > 0
        if alive.sum() < 3 or np.ptp(self.rates[alive]) == 0 or np.ptp(self.norms[alive]) == 0:
            return math.nan
        return float(spearmanr(self.rates[alive], self.norms[alive]).statistic)

    @property
    def rare_share(self) -> float:
        """Share of the norms of all units that fire on those that fire rarely."""
        alive = self.rates > 0
        total = float(self.norms[alive].sum())
        return float(self.norms[alive & (self.rates <= RARE)].sum()) / total if total > 0 else math.nan


@dataclass(frozen=True, eq=False, repr=False)
class ModelActivation(Shown):
    """The activations of a model in the order of their calls.

    Attributes
    ----------
    layers : tuple of LayerActivation
    points : int
    """

    layers: tuple[LayerActivation, ...]
    points: int

    def __str__(self) -> str:
        head = ["layer", "units", "dead", f"on <= {RARE:.0%}", "median rate", "rank correlation", "norm on rare"]
        rows = [
            [layer.name, str(len(layer.rates)), str(layer.dead), str(layer.rare), f"{layer.median_rate:.3g}",
             f"{layer.rank_correlation:.2f}", f"{layer.rare_share:.1%}"]
            for layer in self.layers
        ]  # fmt: skip
        return "\n".join([f"activation on {self.points} points", *aligned([head, *rows])])

    @styled()
    def figure(self) -> Figure:
        """Activation rate against weight norm of the units that fire, one panel for each layer."""
        drawn, axes = panels(1, len(self.layers), (3.6, 3.2), f"{self.points} points")
        for axis, layer in zip(axes.flat, self.layers, strict=True):
            alive = layer.rates > 0
            neurons(
                axis, layer.rates[alive], layer.norms[alive], title=f"{layer.name}: {alive.sum()} of {len(alive)} alive"
            )
            guide(axis, x=RARE)
            axis.set(xlim=(-0.02, 1.02), ylabel="weight norm")
        return drawn


def activation(model: Any, data: Any) -> ModelActivation:
    """How often each unit in front of a ReLU (leaky ReLU, GELU, SiLU, ELU) fires, beside the norm of its weights.

    Parameters
    ----------
    model : torch.nn.Module
    data : as for :func:`verify.certify`, or the inputs alone

    Raises
    ------
    ValueError, TypeError
        If the model can't be called with the data, or has no such activation behind a dense layer or a convolution.

    Examples
    --------
    >>> import torch
    >>> model = torch.nn.Sequential(torch.nn.Linear(1, 2), torch.nn.ReLU(), torch.nn.Linear(2, 1))
    >>> _ = model[0].weight.data.fill_(1.0), model[0].bias.data.copy_(torch.tensor([-0.5, -9.0]))
    >>> found = activation(model, torch.linspace(0, 1, 11)[:, None])
    >>> found.layers[0].rates.round(3).tolist(), found.layers[0].dead
    ([0.455, 0.0], 1)
    """
    module, _ = unwrapped(model)
    check_state(module)
    first = next((p for p in module.parameters() if p.is_floating_point()), None)
    if first is None:
        raise ValueError("model must have parameters, got none")
    kinds = (torch.nn.Linear, torch.nn.Conv1d, torch.nn.Conv2d, torch.nn.Conv3d)
    counter, points = _Counter(), 0
    for inputs in read_inputs(data, first.dtype, first.device):
        args, named = arguments(module, inputs)
        with contextlib.ExitStack() as hooks:
            for name, part in module.named_modules():
                if isinstance(part, kinds):
                    hooks.callback(part.register_forward_pre_hook(partial(counter.enter, name)).remove)
            try:
                with torch.no_grad(), torch.random.fork_rng(devices=[]), Intercepted(counter.call):
                    module(*args, **named)
            except (RuntimeError, TypeError, IndexError) as error:
                raise ValueError(f"model can't be evaluated on the data: {error}") from error
        counter.end()
        points += len(next(iter(inputs.values())) if isinstance(inputs, dict) else inputs[0])
    if not counter.found:
        raise ValueError("model must have a ReLU, or its like, behind a dense layer or a convolution, got none")
    return ModelActivation(tuple(count.result() for count in counter.found), points)


@dataclass
class _Count:
    """Of one activation: its layer, how often each unit was on and how often it was seen, and norms of weights."""

    name: str
    norms: Any
    on: Any = 0
    seen: int = 0

    def result(self) -> LayerActivation:
        return LayerActivation(self.name, (self.on / self.seen).numpy(), self.norms.numpy())


@dataclass
class _Counter:
    """Notes the layer that was entered last, and what the activation behind it is called with; calls come in the same order in
    each batch."""

    found: list[_Count] = field(default_factory=list)
    fresh: bool = True
    calls: int = 0
    layer: tuple[str, Any] | None = None
    behind: _Count | None = None

    def enter(self, name: str, layer: Any, _: Any) -> None:
        """What is in front of a layer passes through its weights."""
        if self.behind is not None and self.fresh:
            weight = layer.weight.detach().double().cpu()
            outward = weight.reshape(*weight.shape[:2], -1)
            if outward.shape[1] == len(self.behind.norms):
                self.behind.norms = self.behind.norms * outward.norm(dim=(0, 2))
        self.layer, self.behind = (name, layer), None

    def call(self, function: Any, args: Any, kwargs: dict[str, Any]) -> Any:
        """Of a function of torch."""
        if getattr(function, "__name__", "").rstrip("_") in _GATES and self.layer is not None:
            z = (args or tuple(kwargs.values()))[0].detach()
            name, layer = self.layer
            units = z.movedim(-1 if layer.weight.ndim == 2 else 1, 0).flatten(1)
            if len(units) == len(layer.weight):
                if self.fresh:
                    self.found.append(_Count(name, layer.weight.detach().double().cpu().flatten(1).norm(dim=1)))
                self.behind = self.found[self.calls]
                self.behind.on = self.behind.on + (units > 0).sum(1).double().cpu()
                self.behind.seen += units.shape[1]
                self.calls += 1
                self.layer = None
        return function(*args, **kwargs)

    def end(self) -> None:
        """Of a batch."""
        self.fresh, self.calls, self.layer, self.behind = not self.found, 0, None, None
