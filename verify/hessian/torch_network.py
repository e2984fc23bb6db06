"""Two-layer networks as torch modules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from constructions import _arguments as check
from verify.hessian.inputs import read_network

if TYPE_CHECKING:
    import torch


def network_to_torch(network: Any, dtype: torch.dtype | None = None) -> torch.nn.Sequential:
    """``nn.Sequential(Linear, ReLU, Linear)`` with the same function, in float64 unless said.

    Examples
    --------
    >>> import torch
    >>> from constructions.network import Network
    >>> network_to_torch(Network([[1.0, 2.0]], [0.5], [3.0], 0.25))(torch.ones(1, 2, dtype=torch.float64)).item()
    7.75
    """
    import torch

    W, b, v, beta = read_network(network)
    kind = torch.float64 if dtype is None else dtype
    if not isinstance(kind, torch.dtype) or not kind.is_floating_point:
        raise TypeError(f"dtype must be a floating-point type of torch, got {check.describe(dtype)}")
    K, d = W.shape
    module = torch.nn.Sequential(torch.nn.Linear(d, K, dtype=kind), torch.nn.ReLU(), torch.nn.Linear(K, 1, dtype=kind))
    with torch.no_grad():
        module[0].weight.copy_(torch.tensor(W))
        module[0].bias.copy_(torch.tensor(-b))
        module[2].weight.copy_(torch.tensor(v)[None])
        module[2].bias.fill_(beta)
    return module
