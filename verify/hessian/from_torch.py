"""Two-layer networks from torch modules: what a network can't represent is refused by name, never changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from constructions.network import Network

if TYPE_CHECKING:
    import torch


_MOST_INPUTS = 2048
CERTIFY = (
    "verify.certify(module, 'half-mse', (X, y)) takes any module, and torch.nn.CrossEntropyLoss() in place of 'half-mse' "
    "labels of classes"
)


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

    first, act, second = _layers(module)
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
    return Network(_host(first.weight), -_host(first.bias), _host(second.weight)[0], float(_host(second.bias)[0]))


def _host(tensor: torch.Tensor) -> NDArray[np.float64]:
    """A copy in float64."""
    return tensor.detach().cpu().double().numpy().copy()


@dataclass(frozen=True)
class TwoLayers:
    """f(x) = V act(W x + b) + beta, act(t) = t for t > 0 and ``slope`` t otherwise.

    Attributes
    ----------
    W (K, d), b (K,), V (c, K), beta (c,)
    slope : float
    trainable : which of W, b, V and beta are
    """

    W: NDArray[np.float64]
    b: NDArray[np.float64]
    V: NDArray[np.float64]
    beta: NDArray[np.float64]
    slope: float
    trainable: tuple[bool, bool, bool, bool]

    @property
    def size(self) -> int:
        """How many numbers are trainable."""
        parts = zip((self.W, self.b, self.V, self.beta), self.trainable, strict=True)
        return sum(part.size for part, free in parts if free)


def two_layers(module: Any) -> TwoLayers:
    """A module that computes just that, of any number of outputs, with biases or not, which are 0 then, frozen or not.

    Raises
    ------
    TypeError, ValueError
        If the module is anything else, with the reason.
    """
    from torch import nn

    first, act, second = _layers(module)
    numbers: list[NDArray[np.float64]] = []
    for layer in (first, second):
        numbers += [_host(layer.weight), np.zeros(layer.out_features) if layer.bias is None else _host(layer.bias)]
    slope = 0.0 if type(act) is nn.ReLU else float(getattr(act, "negative_slope", 1.0))
    w, b, v, o = (p is not None and p.requires_grad for layer in (first, second) for p in (layer.weight, layer.bias))
    W, hidden, V, beta = numbers
    return TwoLayers(W, hidden, V, beta, slope, (w, b, v, o))


def _layers(module: Any) -> tuple[Any, Any, Any]:
    """The layers Linear, ReLU or LeakyReLU or Identity, Linear of a module that computes just that; they share no parameter.

    In front of a single layer stands the frozen identity.
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
    return ValueError(f"module must be nn.Sequential(Linear, ReLU, Linear), {reason}; {CERTIFY}")


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
