"""Order of the parameters in vectors.

Full: W row by row (K d), b (K), v (K), beta: K (d + 2) + 1 entries. Live: one row per coordinate of omega = (w, b),
(d + 1, k), then v (k), beta, for the k neurons that a problem keeps. Both work on numpy arrays and torch tensors (..., P).
"""

from __future__ import annotations

from verify.hessian.arrays import Array, Backend, NumpyBackend, is_torch_tensor
from verify.hessian.problem import Problem


def _index(problem: Problem, vector: Array) -> Array:
    if problem.live_count == problem.neurons:
        return slice(None)
    return problem.backend.index(problem.live) if is_torch_tensor(vector) else problem.live


def from_live(problem: Problem, vector: Array) -> Array:
    """From the live to the full layout, zeros for neurons left out."""
    backend: Backend = problem.backend if is_torch_tensor(vector) else NumpyBackend()
    d, K, k = problem.width - 1, problem.neurons, problem.live_count
    lead, live = tuple(vector.shape[:-1]), _index(problem, vector)
    full = backend.zeros(*lead, K * (d + 2) + 1)
    full[..., : K * d].reshape(*lead, K, d)[..., live, :] = vector[..., : k * d].reshape(*lead, d, k).swapaxes(-1, -2)
    full[..., K * d : K * (d + 1)][..., live] = vector[..., k * d : k * (d + 1)]
    full[..., K * (d + 1) : -1][..., live] = vector[..., k * (d + 1) : -1]
    full[..., -1] = vector[..., -1]
    return full


def to_live(problem: Problem, full: Array) -> Array:
    """The live part of vectors in the full layout."""
    backend: Backend = problem.backend if is_torch_tensor(full) else NumpyBackend()
    d, K, k = problem.width - 1, problem.neurons, problem.live_count
    lead, live = tuple(full.shape[:-1]), _index(problem, full)
    vector = backend.empty(*lead, problem.size)
    w = full[..., : K * d].reshape(*lead, K, d)[..., live, :]
    vector[..., : k * d].reshape(*lead, d, k)[...] = w.swapaxes(-1, -2)
    vector[..., k * d : k * (d + 1)] = full[..., K * d : K * (d + 1)][..., live]
    vector[..., k * (d + 1) : -1] = full[..., K * (d + 1) : -1][..., live]
    vector[..., -1] = full[..., -1]
    return vector
