"""Losses as sums over points and what they are divided by, so that batches of any size add up to the loss of all data."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from boundcalc.exact import describe
from verify.hessian.losses import PointLoss, cross_entropy, huber, logistic, squared

Tensor = Any


@dataclass(frozen=True)
class Loss:
    """L = (sum of ``total`` over the batches) / (sum of ``count`` over the batches); without ``count`` nothing divides.

    Attributes
    ----------
    words : str
        The loss as results print it.
    total : function of outputs and targets, to a scalar tensor
    count : function of outputs and targets, to a number; or None
    align : function of outputs and targets, to the targets in the shape and type that the loss needs
    convex : bool
        Whether the loss is known to be a sum over points of functions convex in the outputs.
    kink : function of outputs and targets, to the least distance to a point where the loss is not twice differentiable
    points : function of the targets of all points and the number of outputs, to l and a factor: L is the factor times the sum of
        l over the points; for losses that :mod:`verify.hessian.losses` has
    squares : whether l is half the squared error
    """

    words: str
    total: Callable[[Tensor, Tensor], Tensor]
    count: Callable[[Tensor, Tensor], float] | None
    align: Callable[[Tensor, Tensor], Tensor]
    convex: bool = False
    kink: Callable[[Tensor, Tensor], float] | None = None
    points: Callable[[Tensor, int], tuple[PointLoss, Fraction]] | None = None
    squares: bool = False


def read_loss(loss: Any) -> Loss:
    """A loss of torch, the name "half-mse", or any callable, which is taken to be a mean over the points of its batch.

    Raises
    ------
    TypeError, ValueError
        For anything else, and for ``reduction="none"``.
    """
    forms = "loss must be 'half-mse', a loss of torch.nn, or a callable, got"
    if isinstance(loss, str):
        if loss != "half-mse":
            raise ValueError(f"{forms} {describe(loss)}")
        return Loss(
            "(1/2n) sum of squares, n points",
            lambda f, y: 0.5 * ((f - y) ** 2).sum(),
            _points,
            _like_outputs,
            convex=True,
            points=lambda y, _: (squared(_rows(y)), Fraction(1, len(y))),
            squares=True,
        )
    if isinstance(loss, type):
        raise TypeError(f"{forms} a class; pass {loss.__name__}()")
    if not callable(loss):
        raise TypeError(f"{forms} {describe(loss)}")
    plain = {
        functional.mse_loss: nn.MSELoss,
        functional.cross_entropy: nn.CrossEntropyLoss,
        functional.binary_cross_entropy_with_logits: nn.BCEWithLogitsLoss,
        functional.huber_loss: nn.HuberLoss,
        functional.nll_loss: nn.NLLLoss,
    }
    known = plain[loss]() if isinstance(loss, type(functional.mse_loss)) and loss in plain else loss
    reduction = getattr(known, "reduction", "mean")
    if reduction not in ("mean", "sum"):
        raise ValueError(f"loss must be a number: its reduction must be 'mean' or 'sum', got {describe(reduction)}")
    if type(known) in plain.values() and not _hooked(known):
        return _of_classes(known) if hasattr(known, "ignore_index") else _of_numbers(known)
    words = getattr(loss, "__name__", type(loss).__name__)
    words += "(reduction='sum')" if reduction == "sum" else ", taken as a mean over points"
    return Loss(words, partial(_called, loss), None if reduction == "sum" else _points, lambda _, y: y)


def _points(f: Tensor, y: Tensor) -> float:
    return float(len(y))


def _evaluated(loss: Any, f: Tensor, y: Tensor) -> Any:
    """A module's value, with its own tensors in the type and on the device of the outputs."""
    held = {**dict(loss.named_parameters()), **dict(loss.named_buffers())}
    held = {name: t.detach().to(f) if t.is_floating_point() else t for name, t in held.items()}
    return torch.func.functional_call(loss, held, (f, y))


def _called(loss: Any, f: Tensor, y: Tensor) -> Tensor:
    """The value of a loss that isn't known, as a sum."""
    try:
        modules = isinstance(loss, torch.nn.Module) and isinstance(f, torch.Tensor)
        value = _evaluated(loss, f, y) if modules else loss(f, y)
    except Exception as error:  # whatever somebody's function raises
        raise ValueError(f"loss can't be taken of the model's outputs and y: {error}") from error
    if not (isinstance(value, torch.Tensor) and value.numel() == 1 and value.is_floating_point()):
        shape = tuple(value.shape) if isinstance(value, torch.Tensor) else describe(value)
        raise ValueError(f"loss must give one real number for a batch, got {shape}; take its mean")
    return value.reshape(()) * (1 if getattr(loss, "reduction", "mean") == "sum" else len(y))


def _known(loss: Any, count: Callable[[Tensor, Tensor], float], align: Callable[[Tensor, Tensor], Tensor]) -> Loss:
    """What all losses of torch have in common."""
    weights = [w for w in (getattr(loss, "weight", None), getattr(loss, "pos_weight", None)) if w is not None]
    summed = copy.copy(loss)
    summed.reduction = "sum"
    return Loss(
        f"{type(loss).__name__}(reduction={loss.reduction!r})" + (", weighted" if weights else ""),
        partial(_evaluated, summed),
        count if loss.reduction == "mean" else None,
        align,
        convex=all(bool((w >= 0).all()) for w in weights),
    )


def _of_numbers(loss: Any) -> Loss:
    """A loss of torch that takes numbers for targets, as many as there are outputs."""
    found = _known(loss, lambda f, _: float(f.numel()), _like_outputs)

    def share(y: Tensor) -> Fraction:
        return Fraction(1, y.numel() if loss.reduction == "mean" else 1)

    if isinstance(loss, nn.MSELoss):
        return replace(found, points=lambda y, _: (squared(_rows(y)), 2 * share(y)), squares=True)
    if isinstance(loss, nn.HuberLoss):
        return replace(
            found,
            words=f"{found.words}, delta {loss.delta:g}",
            kink=lambda f, y: float(((f - y).abs() - loss.delta).abs().min()),
            points=lambda y, _: (huber(_rows(y), float(loss.delta)), share(y)),
        )
    weights = [1.0 if w is None else w for w in (loss.weight, loss.pos_weight)]
    if any(getattr(w, "ndim", 0) > 1 for w in weights):  # one for each place in a batch
        return found
    return replace(found, points=lambda y, _: (logistic(_rows(y), *map(_rows, weights)), share(y)))


def _of_classes(loss: Any) -> Loss:
    """A loss of torch that takes labels or probabilities of classes."""
    w, ignored, smoothing = loss.weight, loss.ignore_index, getattr(loss, "label_smoothing", 0.0)

    def labels(f: Tensor, y: Tensor) -> float:
        if y.is_floating_point():
            return float(f.numel() // f.shape[min(1, f.ndim - 1)])
        seen = y[y != ignored]
        return float(len(seen) if w is None else w.detach().to(f)[seen].sum())

    found = _known(loss, labels, partial(_classes, ignored))
    if isinstance(loss, nn.NLLLoss):
        return found

    def total(f: Tensor, y: Tensor) -> Tensor:
        fits = f.ndim > 1 and f.shape[1] > 1 and (w is None or len(w) == f.shape[1])
        if fits and not (smoothing or y.is_floating_point()):
            return _of_labels(f, y, None if w is None else w.detach().to(f), ignored)
        return found.total(f, y)

    def points(y: Tensor, c: int) -> tuple[PointLoss, Fraction]:
        each = np.ones(c) if w is None else w.detach().double().cpu().numpy()
        if y.is_floating_point():
            shares, seen, count = _rows(y), np.ones((len(y), 1)), Fraction(len(y))
        else:
            shares = (y.cpu().numpy()[:, None] == np.arange(c)).astype(float)
            seen = (y != ignored).cpu().numpy()[:, None]
            shares *= seen
            count = sum((Fraction(t) * int(m) for t, m in zip(each, shares.sum(0), strict=True)), Fraction(0))
        targets = each * (shares * (1 - smoothing) + smoothing / c) * seen
        return cross_entropy(targets), 1 / count if loss.reduction == "mean" else Fraction(1)

    extra = f", label smoothing {smoothing:g}" if smoothing else ""
    return replace(found, words=found.words + extra, total=total, points=points)


def _of_labels(f: Tensor, y: Tensor, weight: Tensor | None, ignored: int) -> Tensor:
    """The sum of cross-entropies for labels, as log(1 + sum over other classes of exp(f_j - f_y)).

    Derivatives of log softmax are differences from 1 where the label's probability is near 1, as after training: rounding is
    then far above that of the small numbers that remain.
    """
    kept = y != ignored
    labels = y.where(kept, 0)
    at = labels.unsqueeze(1)
    losses = functional.softplus(
        f.scatter(1, at, -float("inf")).logsumexp(1) - f.gather(1, at).squeeze(1), threshold=40
    )
    total: Tensor = (losses * (kept if weight is None else kept * weight[labels])).sum()
    return total


def _hooked(module: Any) -> bool:
    return bool(module._forward_hooks or module._forward_pre_hooks or "forward" in vars(module))


def _rows(values: Any) -> Any:
    """Targets or weights as rows of float64 on the host, (n, c); one row where they have fewer axes."""
    array = np.asarray(values.detach().double().cpu().numpy() if hasattr(values, "detach") else values)
    return array if array.ndim == 2 else array.reshape(1, -1)


def _like_outputs(f: Tensor, y: Tensor) -> Tensor:
    """Targets of the outputs' shape; (n,) and (n, 1) are the same numbers, which torch would broadcast to (n, n)."""
    _check_outputs(f)
    if y.shape != f.shape and {y.ndim, f.ndim} == {1, 2} and y.numel() == f.numel():
        y = y.reshape(f.shape)
    if y.shape != f.shape:
        raise ValueError(
            f"y must have the shape of the model's outputs, {tuple(f.shape)}, got {tuple(y.shape)}; "
            "for class labels pass CrossEntropyLoss"
        )
    return y.to(f.dtype)


def _classes(ignored: int, f: Tensor, y: Tensor) -> Tensor:
    """Class labels as integers (n,), or probabilities of the outputs' shape."""
    _check_outputs(f)
    if y.is_floating_point():
        if y.shape != f.shape:
            raise ValueError(
                f"y must be integer labels, or probabilities of shape {tuple(f.shape)}, got floating-point numbers of "
                f"shape {tuple(y.shape)}; pass y.long() or y.astype(int) for labels"
            )
        return y.to(f.dtype)
    if f.ndim == 2 and y.shape == (len(f), 1):
        y = y[:, 0]
    if y.shape != (f.shape[0], *f.shape[2:]):
        remedy = "; pass y.argmax(1), or y.float() for probabilities" if y.shape == f.shape else ""
        raise ValueError(
            f"y must be {len(f)} labels for outputs of shape {tuple(f.shape)}, got {tuple(y.shape)}{remedy}"
        )
    y, classes = y.long(), f.shape[min(1, f.ndim - 1)]
    wrong = y[((y < 0) | (y >= classes)) & (y != ignored)]
    if len(wrong):
        raise ValueError(f"y must hold labels from 0 to {classes - 1}, or {ignored} to ignore, got {int(wrong[0])}")
    return y


def _check_outputs(f: Any) -> None:
    """Refuse outputs that a loss of torch can't be taken of."""
    if not isinstance(f, torch.Tensor):
        raise TypeError(
            f"model must give one tensor for this loss, got {describe(f)}; pass loss=lambda out, y: ... of the part that counts"
        )
    if not f.ndim or not f.is_floating_point():
        raise TypeError(
            f"model must give a row of real numbers for each point, got {f.dtype} of shape {tuple(f.shape)}"
        )
