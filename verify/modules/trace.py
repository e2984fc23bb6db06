"""The exact trace of the Hessian from first derivatives, for networks that are affine in the parameters of each layer.

Where the outputs are affine in the parameters of every layer as long as the others are fixed, off kinks, and no tensor is shared,
the residual part of the Hessian has zero diagonal blocks, and with rows s of S_i^(1/2) for each point

    tr Hessian = sum_i sum_s |d(s·f_i)/d parameters|^2:

first derivatives alone, no random vectors. For a dense layer the square is |delta|^2 |h|^2, with its input h and delta, the
derivative by its output; for others it is taken of the layer alone, one point at a time.

Whether a module is such a network is seen from what it does: which functions of torch it calls, and that its layers' own
derivatives add up to those of the module.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from verify.modules.problem import Intercepted, ModuleLoss

Tensor = Any
# Functions of torch that are piecewise linear in all that depends on parameters, or only look at shapes.
_LINEAR = {
    *("linear", "conv1d", "conv2d", "conv3d", "batch_norm", "relu", "relu_", "leaky_relu", "leaky_relu_", "hardtanh", "relu6"),
    *("max_pool1d", "max_pool2d", "max_pool3d", "avg_pool1d", "avg_pool2d", "avg_pool3d", "adaptive_avg_pool1d"),
    *("adaptive_avg_pool2d", "adaptive_avg_pool3d", "adaptive_max_pool1d", "adaptive_max_pool2d", "threshold", "dropout"),
    *("flatten", "view", "reshape", "size", "dim", "unflatten", "permute", "transpose", "contiguous", "squeeze", "unsqueeze"),
    *("add", "add_", "__add__", "__radd__", "__iadd__", "sub", "__sub__", "__rsub__", "neg", "cat", "concat", "stack"),
    *("mean", "sum", "pad", "__getitem__", "chunk", "split", "clamp", "maximum", "minimum", "max_pool1d_with_indices"),
    *("max_pool2d_with_indices", "boolean_dispatch", "fn", "__get__", "is_floating_point", "T", "_max_pool2d", "requires_grad"),
    *("_max_pool1d", "dropout2d", "clone", "to", "__len__", "numel", "identity", "shape", "ndim", "__bool__"),
}  # fmt: skip
# Functions that are linear where every argument but the first is a number.
_SCALED = {"mul", "mul_", "__mul__", "__rmul__", "__imul__", "div", "div_", "__truediv__", "__itruediv__"}
_MOST_OUTPUTS = 100


def exact_trace(problem: ModuleLoss) -> float | str:
    """The trace of the Hessian of the loss, or why it doesn't follow from first derivatives."""
    layers = {name: part for name, part in problem.model.named_modules() if list(part.parameters(recurse=False))}
    kinds = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d, nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)
    strange = [
        type(part).__name__
        for part in layers.values()
        if type(part) not in kinds or ("running_mean" in part._buffers and part.running_mean is None)
    ]
    if strange:
        return f"{strange[0]} is not known to be affine in its parameters alone"
    if not problem.loss.convex:
        return "the loss is not known to be convex in the outputs"
    if problem.tied:
        return "parameters are tied"
    total = 0.0
    for at, (inputs, y) in enumerate(problem.batches):
        seen, called, out = _observed(problem, layers, inputs, problem.values)
        if called - _LINEAR:
            return f"it calls {', '.join(sorted(called - _LINEAR)[:3])}, which may not be piecewise linear"
        if any(len(calls) != 1 for calls in seen.values()):
            return "a layer is called more or less than once"
        if out.ndim != 2:
            return "its outputs are not rows of numbers"
        if out.shape[1] > _MOST_OUTPUTS:
            return f"{out.shape[1]} outputs are more than {_MOST_OUTPUTS}, with a backward pass for each"
        root = square_root(second_derivatives(problem, at, out, y)[1])
        if root is None:
            return "the loss is not convex in the outputs"
        if at == 0 and not _adds_up(problem, layers):
            return "its parameters act elsewhere than in their layers"
        ends = [calls[0][1] for calls in seen.values()]
        parts = [_squares(problem, layers[name], calls[0][0]) for name, calls in seen.items()]
        for column in range(root.shape[1]):
            deltas = torch.autograd.grad(out, ends, root[:, column], retain_graph=True, allow_unused=True)
            total += sum(part(delta) for part, delta in zip(parts, deltas, strict=True) if delta is not None)
    return total


def square_root(second: Tensor) -> Tensor | None:
    """Rows of S^(1/2), up to a rotation, for positive semidefinite S (n, c, c); None if they aren't."""
    values, vectors = torch.linalg.eigh(second)
    if float(values.min()) < -1e-10 * float(values.abs().max()):
        return None
    root: Tensor = (vectors * values.clamp(min=0).sqrt().unsqueeze(-2)).transpose(-1, -2)
    return root


def second_derivatives(problem: ModuleLoss, at: int, out: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """First (n, c) and second (n, c, c) derivatives of the batch's part of the loss by the outputs."""
    with torch.enable_grad():
        out = out.detach().requires_grad_()
        first = torch.autograd.grad(problem.loss.total(out, y) * problem.shares[at], out, create_graph=True)[0]
        if not first.requires_grad:
            return first.detach(), torch.zeros(*out.shape, out.shape[-1], dtype=out.dtype, device=out.device)
        columns = [
            torch.autograd.grad(first[:, o].sum(), out, retain_graph=True, materialize_grads=True)[0]
            for o in range(out.shape[1])
        ]
    second = torch.stack(columns, 1)
    return first.detach(), (second + second.transpose(1, 2)) / 2


def _observed(
    problem: ModuleLoss, layers: dict[str, Any], inputs: Any, parameters: list[Tensor]
) -> tuple[dict[str, list[tuple[Tensor, Tensor]]], set[str], Tensor]:
    """The layers' inputs and outputs in each call, the names of functions that are called, and the model's outputs."""
    seen: dict[str, list[tuple[Tensor, Tensor]]] = {name: [] for name in layers}
    called: set[str] = set()

    def note(function: Any, args: Any, kwargs: dict[str, Any]) -> Any:
        name = getattr(function, "__name__", str(function))
        if name not in _SCALED or kwargs or not all(isinstance(factor, (int, float)) for factor in args[1:]):
            called.add(name)
        return function(*args, **kwargs)

    with torch.enable_grad(), contextlib.ExitStack() as hooks:
        for name, part in layers.items():
            hooks.callback(part.register_forward_hook(_note(seen[name])).remove)
        out = problem.outputs(inputs, parameters, watch=Intercepted(note))
    return seen, called, out


def _note(calls: list[tuple[Tensor, Tensor]]) -> Any:
    """A hook that notes inputs and output; what follows gets a copy of the output, which it may change in place."""

    def hook(_: Any, inputs: tuple[Tensor, ...], out: Tensor) -> Tensor:
        with torch._C.DisableTorchFunction():  # the model didn't ask for these
            out = out if out.requires_grad else out.detach().requires_grad_()
            calls.append((inputs[0].detach().clone(), out))
            return out.clone()

    return hook


def _adds_up(problem: ModuleLoss, layers: dict[str, Any]) -> bool:
    """Whether the derivatives of a random function of the outputs by all parameters are those through each layer's output."""
    seen, _, out = _observed(problem, layers, problem.batches[0][0], problem.parameters)
    weights = torch.randn(out.shape, dtype=torch.float64, generator=torch.Generator().manual_seed(0)).to(out)
    whole = torch.autograd.grad(out, problem.parameters, weights, retain_graph=True, materialize_grads=True)
    scale, left = max(float(value.norm()) for value in whole), set(range(len(whole)))
    for name, part in layers.items():
        tensors, places = problem.tensors(part)
        if not places:
            continue
        x, end = seen[name][0]
        delta = torch.autograd.grad(out, end, weights, retain_graph=True, allow_unused=True)[0]
        leaves = [tensors[key].clone().requires_grad_() for key in places]
        with torch.enable_grad():
            again = torch.func.functional_call(part, tensors | dict(zip(places, leaves, strict=True)), (x,))
        found = torch.autograd.grad(again, leaves, torch.zeros_like(again) if delta is None else delta)
        if any(not float((g - whole[at]).norm()) <= 1e-9 * scale for g, at in zip(found, places.values(), strict=True)):
            return False
        left -= set(places.values())
    return not left


def _squares(problem: ModuleLoss, part: Any, x: Tensor) -> Callable[[Tensor], float]:
    """sum_i |derivative of delta_i·layer(x_i) by the layer's trainable parameters|^2 as a function of delta."""
    tensors, places = problem.tensors(part)
    weight, bias = "weight" in places, "bias" in places
    if type(part) is nn.Linear and x.ndim == 2:
        size = weight * (x * x).sum(1) + bias
        return lambda delta: float(((delta * delta).sum(1) * size).sum())
    plain = type(part) is nn.Conv2d and part.groups == 1 and part.padding_mode == "zeros"
    if plain and not isinstance(part.padding, str):
        patches = nn.functional.unfold(x, part.kernel_size, part.dilation, part.padding, part.stride)
        count = patches.shape[2]
        # Positions by positions, or outputs by entries of patches: the smaller matrices.
        gram = patches.transpose(1, 2) @ patches if count**2 <= part.out_channels * patches.shape[1] else None

        def squares(delta: Tensor) -> float:
            flat = delta.flatten(2)
            if gram is not None:
                return float(((flat.transpose(1, 2) @ flat) * (weight * gram + bias)).sum())
            found = float(torch.linalg.vector_norm(flat @ patches.transpose(1, 2))) ** 2 if weight else 0.0
            return found + float(torch.linalg.vector_norm(flat.sum(2))) ** 2 * bias

        return squares

    free = {key: tensors[key] for key in places}

    def end(free: dict[str, Tensor], x: Tensor, delta: Tensor) -> Tensor:
        return (torch.func.functional_call(part, tensors | free, (x[None],)) * delta).sum()

    def by_points(delta: Tensor) -> float:
        gradients = torch.func.vmap(torch.func.grad(end), (None, 0, 0))(free, x, delta[:, None]) if free else {}
        return sum(float((value * value).sum()) for value in gradients.values())

    return by_points
