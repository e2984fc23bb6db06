"""Two-layer networks from torch modules: what a network can't represent is refused by name, never changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from constructions.network import Network

if TYPE_CHECKING:
    import torch


_MOST_INPUTS = 2048


def network_from_torch(module: Any) -> Network:
    """The network of ``nn.Sequential(Linear(d, K), ReLU(), Linear(K, 1))``; the module isn't touched.

    torch adds its biases and the library subtracts b, so b = -bias. All parameters of a network are trainable, and each has
    its own: what has fewer, or does something else on the way, is refused rather than changed. Nested Sequentials,
    Identity and Flatten of rows are read through.

    Raises
    ------
    TypeError, ValueError
        If the module is anything else, with the reason; :func:`verify.certify` takes any module.

    Examples
    --------
    >>> import torch
    >>> net = torch.nn.Sequential(torch.nn.Linear(3, 5), torch.nn.ReLU(), torch.nn.Linear(5, 1))
    >>> network_from_torch(net).W.shape
    (5, 3)
    """
    from torch import nn

    first, act, second = two_layers(module)
    if type(act) is not nn.ReLU:
        raise _refused(f"got the layers {', '.join(type(layer).__name__ for layer in _leaves(module, ''))}")
    if second.out_features != 1 or second.in_features != first.out_features:
        raise _refused(
            f"which maps {first.out_features} neurons to 1 output, got Linear({second.in_features}, {second.out_features})"
        )
    for name, layer in (("first", first), ("second", second)):
        if layer.bias is None:
            raise _refused(f"with biases, got bias=False in the {name} layer: a network's biases are trainable")
    if not all(p.requires_grad for layer in (first, second) for p in layer.parameters()):
        raise _refused("all of it trainable, got a frozen parameter (requires_grad=False)")
    return Network(host(first.weight), -host(first.bias), host(second.weight)[0], float(host(second.bias)[0]))


def host(tensor: torch.Tensor) -> np.ndarray[Any, np.dtype[np.float64]]:
    """A copy in float64."""
    return tensor.detach().cpu().double().numpy().copy()


def two_layers(module: Any) -> tuple[Any, Any, Any]:
    """The layers Linear, ReLU or LeakyReLU or Identity, Linear of a module that computes just that; they share no parameter.

    In front of a single layer stands the frozen identity.

    Raises
    ------
    TypeError, ValueError
        If the module is anything else, with the reason.
    """
    from torch import nn

    if not isinstance(module, nn.Module):
        raise TypeError(f"module must be nn.Sequential(Linear, ReLU, Linear), got {type(module).__name__}")
    layers = _leaves(module, "")
    kinds = [type(layer) for layer in layers]
    if kinds == [nn.Linear] and layers[0].in_features <= _MOST_INPUTS:
        d = layers[0].in_features
        layers.insert(0, nn.utils.skip_init(nn.Linear, d, d, bias=False).requires_grad_(False))
        nn.init.eye_(layers[0].weight)
        kinds = [nn.Linear, nn.Linear]
    if kinds == [nn.Linear, nn.Linear]:
        layers.insert(1, nn.Identity())
    elif len(kinds) != 3 or kinds[::2] != [nn.Linear, nn.Linear] or kinds[1] not in (nn.ReLU, nn.LeakyReLU):
        raise _refused(f"got the layers {', '.join(kind.__name__ for kind in kinds)}")
    first, act, second = layers
    parameters = [p for layer in (first, second) for p in layer.parameters()]
    if len({p.data_ptr() for p in parameters}) < len(parameters):
        raise _refused("with parameters of their own, got tied ones")
    if not all(p.is_floating_point() for p in parameters):
        raise _refused(f"of real numbers, got {first.weight.dtype}")
    if second.in_features != first.out_features:
        raise _refused(f"got {first.out_features} neurons and a layer of {second.in_features}")
    return first, act, second


def _refused(reason: str) -> ValueError:
    return ValueError(
        f"module must be nn.Sequential(Linear, ReLU, Linear), {reason}; "
        "verify.certify(module, 'half-mse', (X, y)) takes any module"
    )


def _leaves(module: Any, name: str) -> list[Any]:
    """The layers in order, through nested Sequentials; what has hooks or a forward of its own is refused."""
    from torch import nn

    kind, where = type(module).__name__, f" in {name!r}" if name else ""
    if isinstance(module, (nn.DataParallel, nn.parallel.DistributedDataParallel)) or hasattr(module, "_orig_mod"):
        inside = "_orig_mod" if hasattr(module, "_orig_mod") else "module"
        raise _refused(f"got {kind}{where}, which wraps one; pass its attribute {inside}")
    if module._forward_hooks or module._forward_pre_hooks or module._backward_hooks or module._backward_pre_hooks:
        raise _refused(f"without hooks, got one on {kind}{where} (weight_norm and spectral_norm are hooks)")
    if "forward" in vars(module):
        raise _refused(f"got a forward of its own on {kind}{where}")
    if hasattr(module, "parametrizations"):
        raise _refused(f"got parametrized tensors on {kind}{where}, such as weight_norm")
    if type(module) is nn.Sequential:
        return [
            leaf for part, child in module._modules.items() for leaf in _leaves(child, f"{name}.{part}".lstrip("."))
        ]
    of_rows = type(module) is nn.Flatten and (module.start_dim, module.end_dim) == (1, -1)
    return [] if of_rows or type(module) is nn.Identity else [module]
