"""Arguments shared by every function of the package, checked before any work."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from constructions import _arguments as check
from verify.hessian.arrays import is_torch_tensor, to_numpy
from verify.hessian.from_torch import CERTIFY, network_from_torch


@dataclass(frozen=True)
class Inputs:
    """Network and data as float64 arrays: W (K, d), b (K,), v (K,), beta, X (n, d), y (n,)."""

    W: NDArray[np.float64]
    b: NDArray[np.float64]
    v: NDArray[np.float64]
    beta: float
    X: NDArray[np.float64]
    y: NDArray[np.float64]


def read_array(name: str, value: Any, shape: tuple[int | None, ...]) -> NDArray[np.float64]:
    """An array of real numbers, of numpy or torch or lists, as finite float64 of a shape (None for any length).

    Raises
    ------
    TypeError, ValueError
        Naming the argument: what float64 can't hold is refused, never changed.
    """
    if is_torch_tensor(value):
        try:
            value = to_numpy(value)
        except (TypeError, RuntimeError) as error:
            raise TypeError(f"{name} must be a dense tensor of real numbers, got {value.dtype}: {error}") from error
    return check.array(name, value, shape)


def _float64(name: str, value: Any, ndim: int) -> NDArray[np.float64]:
    """The same, of floating-point numbers only."""
    array = read_array(name, value, (None,) * ndim)
    if not is_torch_tensor(value) and np.asarray(value).dtype.kind != "f":
        raise TypeError(f"{name} must hold floating-point numbers, got integers; pass {name}.astype(float)")
    return array


def _is_module(network: Any) -> bool:
    return callable(getattr(network, "named_parameters", None)) and not hasattr(network, "W")


def read_network(
    network: Any,
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], float]:
    """W, b, v and beta of a network, checked: anything that has them, or a torch module of that form."""
    if _is_module(network):
        network = network_from_torch(network)
    for name in ("W", "b", "v", "beta"):
        if not hasattr(network, name):
            raise TypeError(
                f"network must have the attributes W, b, v, beta, got {type(network).__name__} without {name}"
            )
    W, b, v = (
        _float64(f"network.{name}", getattr(network, name), ndim) for name, ndim in (("W", 2), ("b", 1), ("v", 1))
    )
    beta = float(read_array("network.beta", network.beta, ()))
    if b.shape != W.shape[:1] or v.shape != W.shape[:1]:
        raise ValueError(f"network.b and network.v must have shape {W.shape[:1]}, got {b.shape} and {v.shape}")
    return W, b, v, beta


def read_inputs(network: Any, X: Any, y: Any) -> Inputs:
    """Check a network and data; nothing is copied or modified."""
    W, b, v, beta = read_network(network)
    try:
        data, labels = _float64("X", X, 2), _float64("y", y, 1)
    except (TypeError, ValueError) as error:
        if not _is_module(network):
            raise
        raise type(error)(f"{error}; {CERTIFY}") from error
    if not data.size:
        raise ValueError(f"X must hold at least one point, got shape {data.shape}")
    if data.shape[1] != W.shape[1]:
        raise ValueError(f"X must have as many columns as network.W, got shapes {data.shape} and {W.shape}")
    if labels.shape != data.shape[:1]:
        raise ValueError(f"y must have shape {data.shape[:1]}, one label per row of X, got {labels.shape}")
    if is_torch_tensor(X) and is_torch_tensor(y) and X.device != y.device:
        raise ValueError(f"X and y must be on one device, got {X.device} and {y.device}")
    return Inputs(W, b, v, beta, data, labels)


check_number, check_flag, check_function = check.finite, check.flag, check.function
check_instance, check_entries, check_members = check.instance, check.entries, check.members


def check_positive(name: str, value: Any, below: float = math.inf) -> float:
    """``value`` as a float in (0, below)."""
    number = check_number(name, value)
    if not 0 < number < below:
        limit = "positive and finite" if below == math.inf else f"in (0, {below:g})"
        raise ValueError(f"{name} must be {limit}, got {value!r}")
    return number


def check_dtype(value: Any) -> np.dtype[Any]:
    """``value`` as numpy's float64 or float32; float64 for None."""
    try:
        dtype = np.dtype(np.float64 if value is None else value)
    except Exception as error:
        raise TypeError(f"dtype must be float64 or float32, got {check.describe(value)}") from error
    if dtype not in (np.dtype(np.float64), np.dtype(np.float32)):
        raise ValueError(f"dtype must be float64 or float32, got {value!r}")
    return dtype


def check_integer(name: str, value: Any, least: int, most: int | None = None) -> int:
    """``value`` as an int from ``least`` to ``most``."""
    limit = f"an integer from {least}" + ("" if most is None else f" to {most}")
    if isinstance(value, (bool, np.timedelta64)) or not isinstance(value, (int, np.integer)):
        raise TypeError(f"{name} must be {limit}, got {check.describe(value)}")
    if value < least or (most is not None and value > most):
        raise ValueError(f"{name} must be {limit}, got {value!r}")
    return int(value)
