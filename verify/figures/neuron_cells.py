"""Cells of the figures that look at neurons: their settings, their cost, their sweep."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from verify.figures.base import Inputs
from verify.figures.neuron_training import run_neuron_cell
from verify.sweep import Sweep
from verify.training.setting import Activation, Init
from verify.training.trace import spread_steps

__all__ = ["SWEEP_NAME", "neuron_cell", "neuron_sweep"]

SWEEP_NAME = "neurons"
_CALL_SECONDS = 6e-5
_TRACES = 40


def neuron_cell(
    inputs: Inputs,
    *,
    dim: int,
    n: int,
    width: int,
    eta: float,
    steps: int,
    decay: float = 0.0,
    activation: Activation = Activation.RELU,
    sharpness: bool = False,
) -> dict[str, Any]:
    """The setting of one training with sigma = 1, the linear target and clipping at 50."""
    return {
        "dim": dim,
        "n": n,
        "width": width,
        "seed": inputs.seed,
        "repeats": [0],
        "eta": eta,
        "decay": decay,
        "clip": 50.0,
        "sigma": 1.0,
        "target": "linear",
        "init": Init.LINEAR.value,
        "activation": activation.value,
        "steps": steps,
        "trace_at": spread_steps(steps, _TRACES),
        "sharpness": sharpness,
        "fresh": 4096,
        "device": inputs.device,
    }


def neuron_seconds(setting: Mapping[str, Any]) -> float:
    """Estimated time of a cell on one core; right within a factor of about four.

    Examples
    --------
    >>> cell = {"dim": 10, "n": 512, "width": 2048, "steps": 20000, "trace_at": [], "repeats": [0]}
    >>> 10 < neuron_seconds(cell | {"activation": "relu", "sharpness": False}) < 100
    True
    """
    pairs = setting["n"] * setting["width"]
    # ReLU: a call, and the products with the pattern. GELU: every pair, and erf.
    pair = 8e-9 if setting["activation"] == Activation.GELU.value else 1e-10 * (setting["dim"] + 2)
    traces = len(setting["trace_at"]) * pairs * (3e-7 if setting["sharpness"] else 2e-8)
    return float(len(setting["repeats"]) * (setting["steps"] * (_CALL_SECONDS + pair * pairs) + traces))


def neuron_sweep(cells: Sequence[Mapping[str, Any]], device: str) -> Sweep:
    """The sweep of these cells."""
    return Sweep(SWEEP_NAME, tuple(cells), run_neuron_cell, seconds=neuron_seconds if device == "cpu" else None)
