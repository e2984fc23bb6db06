"""The few array functions whose names differ between numpy and torch; torch is imported only for torch input."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_triangular

from constructions import memory
from constructions._arguments import describe

_GRAM_BLOCK, _FACTOR_BLOCK, _LARGEST_FACTORISED = 4096, 2048, 4096

Array = Any  # numpy.ndarray or torch.Tensor


def is_torch_tensor(value: object) -> bool:
    """Whether ``value`` is a torch tensor, without importing torch (a tensor can't exist before torch is imported)."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(value, torch.Tensor)


def to_numpy(value: Any) -> NDArray[Any]:
    """A numpy copy-free view where possible; torch tensors are detached and moved to the host."""
    if is_torch_tensor(value):
        return np.asarray(value.detach().cpu().numpy())
    return np.asarray(value)


class _Alike:
    """Array functions of numpy on the host, or of torch on a device: those that the two have alike."""

    name: ClassVar[str]

    @property
    def xp(self) -> Any:
        """The module numpy or torch."""
        return sys.modules[self.name]

    def where(self, dtype: Any) -> dict[str, Any]:
        """The keywords of a new array of this numpy dtype."""
        return {"dtype": dtype}

    def memory_left(self) -> int:
        """Bytes that may still be taken."""
        return memory.available()

    def fits(self, wanted: int) -> bool:
        """Whether so many bytes can be had, with something to spare for the work around it."""
        return wanted <= memory.ALWAYS_THERE or wanted <= 0.9 * self.memory_left()

    def quick_work(self) -> float:
        """Operations on large matrices that take well under a minute: half of one on a core with 3e10 a second."""
        return 1e12

    def empty(self, *shape: int, dtype: Any = np.float64) -> Array:
        return self.xp.empty(shape, **self.where(dtype))

    def zeros(self, *shape: int, dtype: Any = np.float64) -> Array:
        return self.xp.zeros(shape, **self.where(dtype))

    def exp(self, value: Array) -> Array:
        return self.xp.exp(value)

    def stack_rows(self, parts: list[Array]) -> Array:
        return self.xp.concatenate([p if p.ndim == 2 else p[None] for p in parts])


@dataclass(frozen=True)
class NumpyBackend(_Alike):
    """numpy on the host."""

    name = "numpy"

    def full_float32(self) -> bool:
        """Whether float32 products round to float32 and nothing coarser."""
        return True

    def asarray(self, value: NDArray[Any], dtype: Any = np.float64) -> Array:
        return np.ascontiguousarray(value, dtype=dtype)

    def index(self, indices: NDArray[np.int64]) -> Array:
        """``indices`` in the form that the backend's arrays are indexed with."""
        return indices

    def erf(self, value: Array) -> Array:
        from scipy.special import erf

        return erf(value)

    def cast(self, value: Array, dtype: Any) -> Array:
        return value.astype(dtype, copy=False)

    def signs(
        self, points: NDArray[np.float64], omega: NDArray[np.float64], *, each: bool
    ) -> tuple[Array, NDArray[np.float64]]:
        """omega @ points.T > 0 as a boolean (K, n) array, and the least absolute value of every row; unless ``each``, of a
        whole block of rows, which is quicker to find. In blocks that stay in cache."""
        neurons, n = len(omega), len(points)
        positive, smallest = np.empty((neurons, n), dtype=bool), np.empty(neurons)
        step = max(8, 2**16 // n)
        buffer, right = np.empty((min(step, neurons), n)), np.ascontiguousarray(points.T)
        for at in range(0, neurons, step):
            block = buffer[: min(step, neurons - at)]
            np.matmul(omega[at : at + step], right, out=block)
            np.greater(block, 0.0, out=positive[at : at + step])
            smallest[at : at + step] = np.abs(block, out=block).min(axis=1 if each else None)
        return positive, smallest

    def squares_on_pattern(self, weights: Array, points: Array, active: Array) -> float:
        """sum_ik A_ik (z_i·q_k)^2 for weights q (k, D), points z (n, D) and dense A (n, k), in blocks that stay in cache."""
        neurons, n = len(weights), len(points)
        total, step = 0.0, max(8, 2**16 // n)
        buffer, right, rows = np.empty((min(step, neurons), n)), np.ascontiguousarray(points.T), active.T
        for at in range(0, neurons, step):
            block = buffer[: min(step, neurons - at)]
            np.matmul(weights[at : at + step], right, out=block)
            block *= rows[at : at + step]
            total += float(np.vdot(block, block))
        return total

    def gram(self, rows: Array) -> Array:
        """rows @ rows.T; numpy hands this to the symmetric rank-k update, at half the cost.

        In blocks of rows above a size: ``rows @ rows.T`` for 20000 float64 rows was seen to end the process with a
        segmentation fault (numpy 2.4 with its own OpenBLAS, x86_64); the cause isn't known.
        """
        n, step = len(rows), _GRAM_BLOCK
        if n <= 2 * step:
            return rows @ rows.T
        out = np.empty((n, n), dtype=rows.dtype)
        for at in range(0, n, step):
            end = min(at + step, n)
            np.matmul(rows[at:end], rows[:end].T, out=out[at:end, :end])
            out[:at, at:end] = out[at:end, :at].T
        return out

    def factorises_in_place(self, size: int) -> bool:
        """Whether a Cholesky factorisation of this size needs no second matrix."""
        return size > _LARGEST_FACTORISED

    def is_positive_definite(self, matrix: Array) -> bool:
        """Whether a Cholesky factorisation runs to completion. May overwrite the matrix."""
        if self.factorises_in_place(len(matrix)):
            return _factorise_in_blocks(matrix)
        try:
            np.linalg.cholesky(matrix)
        except np.linalg.LinAlgError:
            return False
        return True

    def subtract_from_diagonal(self, diagonal: float, matrix: Array) -> Array:
        """diagonal * I - matrix, in place."""
        np.negative(matrix, out=matrix)
        matrix.flat[:: matrix.shape[0] + 1] += diagonal
        return matrix


def _factorise_in_blocks(matrix: NDArray[np.float64]) -> bool:
    """Whether the right-looking blocked Cholesky factorisation of the lower triangle runs to completion; overwrites it.

    For 20000 rows LAPACK's own (``dpotrf`` of scipy 1.17, x86_64) was seen to end the process with a segmentation fault.
    Every entry of the factor comes from the same sum of products as in any other Cholesky factorisation, only in
    another order, and substitution divides by pivots: a-priori bounds for any order of evaluation cover it.
    """
    n, step = len(matrix), _FACTOR_BLOCK
    for at in range(0, n, step):
        end = min(at + step, n)
        try:
            pivot = np.linalg.cholesky(matrix[at:end, at:end])
        except np.linalg.LinAlgError:
            return False
        if not np.isfinite(pivot).all():
            return False
        panel = matrix[end:, at:end]
        for row in range(0, n - end, step):
            part = slice(row, row + step)
            panel[part] = solve_triangular(pivot, panel[part].T, lower=True, check_finite=False).T
            below = panel[: row + step]
            matrix[end + row : end + row + step, end : end + len(below)] -= panel[part] @ below.T
    return True


@dataclass(frozen=True)
class TorchBackend(_Alike):
    """torch on the device of the data."""

    device: Any
    name = "torch"

    @property
    def on_card(self) -> bool:
        return bool(self.xp.device(self.device).type == "cuda")

    def quick_work(self) -> float:
        return 1e14 if self.on_card else super().quick_work()

    def memory_left(self) -> int:
        return int(self.xp.cuda.mem_get_info(self.device)[0]) if self.on_card else memory.available()

    def where(self, dtype: Any) -> dict[str, Any]:
        return {"dtype": getattr(self.xp, np.dtype(dtype).name), "device": self.device}

    def full_float32(self) -> bool:
        """False where the caller has allowed TF32 or bfloat16 inside float32 products."""
        return bool(self.xp.get_float32_matmul_precision() == "highest")

    def asarray(self, value: NDArray[Any], dtype: Any = np.float64) -> Array:
        return self.xp.tensor(np.ascontiguousarray(value, dtype=dtype), device=self.device)

    def index(self, indices: NDArray[np.int64]) -> Array:
        return self.xp.tensor(indices, device=self.device)

    def erf(self, value: Array) -> Array:
        return self.xp.special.erf(value)

    def cast(self, value: Array, dtype: Any) -> Array:
        return value.to(self.where(dtype)["dtype"])

    def signs(
        self, points: NDArray[np.float64], omega: NDArray[np.float64], *, each: bool
    ) -> tuple[Array, NDArray[np.float64]]:
        values = self.asarray(omega) @ self.asarray(points).T
        smallest = values.abs().amin(dim=1).cpu().numpy() if len(omega) else np.empty(0)
        return values > 0, smallest

    def squares_on_pattern(self, weights: Array, points: Array, active: Array) -> float:
        values = (weights @ points.T) * active.T
        return float((values * values).sum())

    def gram(self, rows: Array) -> Array:
        return rows @ rows.T

    def factorises_in_place(self, size: int) -> bool:
        return False

    def is_positive_definite(self, matrix: Array) -> bool:
        _, info = self.xp.linalg.cholesky_ex(matrix)
        return bool((info == 0).item())

    def subtract_from_diagonal(self, diagonal: float, matrix: Array) -> Array:
        matrix.neg_()
        matrix.diagonal().add_(diagonal)
        return matrix


Backend = NumpyBackend | TorchBackend


def backend_for(X: Any, device: Any) -> Backend:
    """numpy unless ``device`` is given or ``X`` is a torch tensor.

    >>> backend_for([[1.0]], None).name
    'numpy'
    """
    if device is None and not is_torch_tensor(X):
        return NumpyBackend()
    try:
        import torch  # noqa: F401
    except ImportError as error:
        raise ValueError(
            f"device {describe(device)} needs torch, which isn't installed; leave device out for numpy"
        ) from error
    return TorchBackend(X.device if device is None else torch_device(device))


def torch_device(device: Any) -> Any:
    """A device of torch that is there."""
    import torch

    try:
        chosen = torch.device(device)
        torch.empty(0, device=chosen)
    except Exception as error:  # whatever torch raises for a foreign object, or a device that isn't there
        raise ValueError(
            f"device must name a device that torch has here, such as 'cpu' or 'cuda', got {describe(device)}"
        ) from error
    return chosen


def times_pattern(rows: Array, A: Array, transposed: bool = False) -> Array:
    """rows @ A or rows @ A.T for rows of shape (m, n) or (m, k); A compressed, or dense with contiguous columns."""
    if not isinstance(A, np.ndarray) and hasattr(A, "tocsr"):
        # scipy multiplies a compressed matrix from the left only.
        return np.ascontiguousarray((A @ rows.T).T) if transposed else np.ascontiguousarray((A.T @ rows.T).T)
    if transposed:
        return rows @ A.T
    if isinstance(A, np.ndarray) and 16 <= len(rows) <= 32:
        # OpenBLAS takes a fifth less time for some twenty columns than for as many rows.
        return np.ascontiguousarray((A.T @ np.ascontiguousarray(rows.T)).T)
    return rows @ A
