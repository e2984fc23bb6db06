"""Order of the parameters in vectors.

Full: W row by row (K d), b (K), v (K), beta: K (d + 2) + 1 entries. Live: one row per coordinate of omega = (w, b),
(d + 1, k), then v (k), beta, for the k neurons that a problem keeps. Both work on numpy arrays and torch tensors (..., P).
"""

from __future__ import annotations

import numpy as np

from verify.hessian.arrays import Array, Backend, NumpyBackend, is_torch_tensor
from verify.hessian.problem import Problem


def _places(problem: Problem, vector: Array) -> tuple[Backend, Array]:
    """The backend of a vector, and where each entry of the live layout stands in the full one."""
    d, K, live = problem.width - 1, problem.neurons, problem.live
    parts = [(live * d + np.arange(d)[:, None]).ravel(), K * d + live, K * (d + 1) + live, np.array([K * (d + 2)])]
    backend: Backend = problem.backend if is_torch_tensor(vector) else NumpyBackend()
    return backend, backend.index(np.concatenate(parts))


def from_live(problem: Problem, vector: Array) -> Array:
    """From the live to the full layout, zeros for neurons left out."""
    backend, places = _places(problem, vector)
    full = backend.zeros(*vector.shape[:-1], problem.neurons * (problem.width + 1) + 1)
    full[..., places] = backend.cast(vector, np.float64)
    return full


def to_live(problem: Problem, full: Array) -> Array:
    """The live part of vectors in the full layout."""
    backend, places = _places(problem, full)
    return backend.cast(full[..., places], np.float64)
