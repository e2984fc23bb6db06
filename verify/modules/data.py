"""Data in the forms that users have it, as batches of tensors."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import torch
from torch.utils.data import Dataset, IterableDataset

from boundcalc.exact import describe

Batch = tuple[Any, Any]
_FORMS = "(X, y) of tensors, arrays or data frames, a DataLoader, or a list of such pairs"


def _is_array(value: Any) -> bool:
    return hasattr(value, "__array__") or hasattr(value, "to_numpy")


def as_tensor(name: str, value: Any, dtype: Any, device: Any) -> Any:
    """A tensor, array or data frame as a tensor: floating-point numbers in ``dtype``, whole numbers as they are."""
    if not isinstance(value, torch.Tensor):
        if not _is_array(value):
            raise TypeError(f"{name} must be a tensor, an array or a data frame, got {describe(value)}")
        try:
            array = np.asarray(value.to_numpy() if hasattr(value, "to_numpy") else value)
        except Exception as error:  # whatever somebody's type raises
            raise TypeError(
                f"{name} must be a tensor, an array or a data frame, got {describe(value)}: {error}"
            ) from error
        if array.dtype.kind not in "biuf":
            raise TypeError(f"{name} must hold real numbers, got {array.dtype}; convert its columns to numbers")
        kind = {"f": np.float64, "b": np.bool_}.get(array.dtype.kind, np.int64)
        value = torch.from_numpy(np.array(array, dtype=kind))
    if value.is_complex() or value.layout != torch.strided or value.is_meta:
        remedy = "" if value.is_complex() or value.is_meta else f"; pass {name}.to_dense()"
        raise TypeError(
            f"{name} must be a dense tensor of real numbers, got {value.dtype} in layout {value.layout} on {value.device}{remedy}"
        )
    value = (value.clone() if value.is_inference() else value).detach()
    return value.to(device=device, dtype=dtype if value.is_floating_point() else None)


def _inputs(value: Any, dtype: Any, device: Any, name: str = "X") -> tuple[Any, ...] | dict[str, Any]:
    """What the model is called with: one tensor, several, or named ones."""
    if isinstance(value, Mapping):
        return {str(key): as_tensor(f"{name}[{key!r}]", part, dtype, device) for key, part in value.items()}
    parts = value if isinstance(value, (tuple, list)) and len(value) else (value,)
    return tuple(as_tensor(name, part, dtype, device) for part in parts)


def arguments(model: Any, inputs: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """What the module is called with: a dict is its keywords, or its one argument where it doesn't take such keywords."""
    if not isinstance(inputs, dict):
        return inputs, {}
    try:
        signature = inspect.signature(model.forward)
        signature.bind(inputs)
    except (TypeError, ValueError):  # not to be called with one argument, or not known
        return (), inputs
    try:
        signature.bind(**inputs)
    except TypeError:
        return (dict(inputs),), {}
    return (), inputs


def read_batches(data: Any, dtype: Any, device: Any) -> list[Batch]:
    """Pairs of the model's inputs (a tuple or a dict of tensors) and the targets; a loader is gone through once.

    Raises
    ------
    TypeError, ValueError
        For other forms, empty batches, and inputs and targets of different lengths.
    """
    if isinstance(data, Dataset) and not isinstance(data, IterableDataset):
        raise TypeError(
            f"data must be {_FORMS}, got the dataset {type(data).__name__}; pass DataLoader(dataset, batch_size=1000)"
        )
    if isinstance(data, (tuple, list)) and len(data) == 2 and _is_array(data[1]):
        pairs: Iterable[Any] = [data]
    elif isinstance(data, Iterable) and not _is_array(data) and not isinstance(data, (str, bytes, Mapping)):
        pairs = data
    else:
        raise TypeError(f"data must be {_FORMS}, got {describe(data)}")
    batches = []
    for pair in pairs:
        if not (isinstance(pair, (tuple, list)) and len(pair) == 2):
            remedy = "; pass ((batch, batch['labels']) for batch in loader)" if isinstance(pair, Mapping) else ""
            raise TypeError(f"data must be {_FORMS}, got a batch that is {describe(pair)}{remedy}")
        inputs, targets = _inputs(pair[0], dtype, device), as_tensor("y", pair[1], dtype, device)
        parts = inputs.values() if isinstance(inputs, dict) else inputs
        sizes = {len(part) if part.ndim else 0 for part in (*parts, targets)}
        if len(sizes) != 1 or 0 in sizes:
            shapes = ", ".join(str(tuple(part.shape)) for part in (*parts, targets))
            several = bool(targets.ndim) and any(part.ndim and len(part) and len(targets) > len(part) for part in parts)
            remedy = "; several targets of a point belong into one row of y" if several else ""
            if not targets.ndim:
                remedy = "; for single points pass DataLoader(points, batch_size=1000)"
            raise ValueError(f"X and y must have as many rows, at least one, got shapes {shapes}{remedy}")
        batches.append((inputs, targets))
    if not batches:
        raise ValueError(f"data must be {_FORMS}, got no batch; a generator can be gone through only once")
    return batches


def read_inputs(data: Any, dtype: Any, device: Any) -> list[tuple[Any, ...] | dict[str, Any]]:
    """What the model is called with, batch by batch, of data with targets or of inputs alone."""
    if _is_array(data) or isinstance(data, Mapping):
        return [_inputs(data, dtype, device, "data")]
    return [inputs for inputs, _ in read_batches(data, dtype, device)]
