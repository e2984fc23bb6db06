"""Two-layer networks from torch modules and back. The only file here that needs torch at import of its functions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from constructions import _arguments as check
from constructions.network import Network
from verify.hessian.inputs import read_network

if TYPE_CHECKING:
    import torch


def network_from_torch(module: Any) -> Network:
    """The network of ``nn.Sequential(Linear(d, K), ReLU(), Linear(K, 1))``, biases optional; the module isn't touched.

    torch adds its biases and the library subtracts b, so b = -bias.

    Raises
    ------
    TypeError, ValueError
        If the module is anything else.

    Examples
    --------
    >>> import torch
    >>> net = torch.nn.Sequential(torch.nn.Linear(3, 5), torch.nn.ReLU(), torch.nn.Linear(5, 1, bias=False))
    >>> network_from_torch(net).W.shape
    (5, 3)
    """
    from torch import nn

    if not isinstance(module, nn.Sequential):
        raise TypeError(f"module must be nn.Sequential(Linear, ReLU, Linear), got {type(module).__name__}")
    layers = list(module)
    if [type(layer) for layer in layers] != [nn.Linear, nn.ReLU, nn.Linear]:
        names = ", ".join(type(layer).__name__ for layer in layers)
        raise ValueError(f"module must be nn.Sequential(Linear, ReLU, Linear), got Sequential({names})")
    first, _, second = layers
    if second.out_features != 1 or second.in_features != first.out_features:
        raise ValueError(
            f"module must map {first.out_features} neurons to 1 output, got Linear({second.in_features}, "
            f"{second.out_features})"
        )

    def host(tensor: torch.Tensor | None, size: int) -> np.ndarray[Any, np.dtype[np.float64]]:
        return np.zeros(size) if tensor is None else tensor.detach().cpu().double().numpy().copy()

    bias = host(first.bias, first.out_features)
    beta = float(host(second.bias, 1)[0])
    return Network(host(first.weight, 0), -bias, host(second.weight, 0)[0], beta)


def network_to_torch(network: Any, dtype: torch.dtype | None = None) -> torch.nn.Sequential:
    """``nn.Sequential(Linear, ReLU, Linear)`` with the same function, in float64 unless said.

    Examples
    --------
    >>> import torch
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
