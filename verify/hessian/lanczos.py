"""Lanczos with full reorthogonalisation.

Source: Parlett, The Symmetric Eigenvalue Problem, chapter 13. Rounding errors here cost accuracy of the Ritz pair,
never rigour: every bound is computed afterwards from the vector alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from verify.hessian.arrays import Array, Backend, to_numpy


@dataclass(frozen=True)
class Krylov:
    """An orthonormal Krylov basis and the projected matrix.

    Attributes
    ----------
    basis : backend array (m, P), rows orthonormal
    images : list of what ``apply`` returned second for each row
    alpha (m,), beta (m,) : diagonal and off-diagonal of the projection; beta[-1] is the norm of the remainder
    value, residual : the largest Ritz value and its residual norm
    coefficients (m,) : the Ritz vector is coefficients @ basis
    converged : bool
    projection (m, m) : apply(basis[j]) is projection[:, j] @ basis, plus beta[j] times the next vector, up to rounding
    weight (m,) : sums of the absolute coefficients that were subtracted, which bound that rounding
    remainder : backend array (P,), the vector that would come next, normalised where beta[-1] isn't negligible
    """

    basis: Array
    images: list[Array]
    alpha: NDArray[np.float64]
    beta: NDArray[np.float64]
    value: float
    residual: float
    coefficients: NDArray[np.float64]
    converged: bool
    projection: NDArray[np.float64]
    weight: NDArray[np.float64]
    remainder: Array

    @property
    def steps(self) -> int:
        return len(self.alpha)

    @property
    def vector(self) -> NDArray[np.float64]:
        """The Ritz vector (P,) on the host, in float64."""
        return np.asarray(self.coefficients @ to_numpy(self.basis).astype(np.float64, copy=False))

    @property
    def double(self) -> bool:
        """Whether the iteration ran in float64."""
        return "float64" in str(self.basis.dtype)


def ritz(alpha: NDArray[np.float64], beta: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Eigenvalues (ascending) and eigenvectors of the projected tridiagonal matrix."""
    T = np.diag(alpha)
    off = np.arange(len(alpha) - 1)
    T[off, off + 1] = T[off + 1, off] = beta[: len(alpha) - 1]
    values, vectors = np.linalg.eigh(T)
    return values, vectors


def lanczos(
    apply: Callable[[Array], tuple[Array, Array]],
    start: Array,
    backend: Backend,
    *,
    tolerance: float,
    max_steps: int,
    dtype: Any = np.float64,
    wanted: int = 1,
    extrapolate: bool = False,
    stop: Callable[[float, float], bool] | None = None,
) -> Krylov:
    """Run until the ``wanted`` largest Ritz values are within a relative ``tolerance`` of eigenvalues.

    The error of a Ritz value is at most its residual and, up to a constant, residual**2 / gap (Parlett, section 11.7);
    the smaller of the two with the Ritz values' own gap is the stopping rule. ``stop(value, residual)`` ends earlier.
    ``extrapolate`` (for ``wanted`` 1) adds the next step's gain to the value as far as the spectrum seen so far foretells it,
    and stops when the uncertain part of that gain is within ``tolerance``.
    """
    size = len(start)
    max_steps = max(1, min(max_steps, size))
    basis = backend.empty(min(max_steps, 8), size, dtype=dtype)
    vector = start / float((start @ start) ** 0.5)
    basis[0] = vector
    images: list[Array] = []
    alpha: list[float] = []
    beta: list[float] = []
    projection, weight = np.zeros((8, 8)), list[float]()
    values, vectors, residuals = np.zeros(1), np.ones((1, 1)), np.ones(1)
    converged = False
    while True:
        j = len(alpha)
        w, image = apply(basis[j])
        images.append(image)
        # Classical Gram-Schmidt, twice: orthogonal to working precision (Giraud et al. 2005).
        if j == len(projection):
            projection = np.pad(projection, (0, j))
        passes = []
        for _ in range(2):
            passes.append(basis[: j + 1] @ w)
            w -= passes[-1] @ basis[: j + 1]
        subtracted = to_numpy(backend.stack_rows(passes)).astype(np.float64)
        projection[: j + 1, j] = subtracted.sum(axis=0)
        weight.append(float(np.abs(subtracted).sum()))
        alpha.append(float(projection[j, j]))
        beta.append(float((w @ w) ** 0.5))
        if j:
            projection[j, j - 1] = beta[j - 1]
        values, vectors = ritz(np.array(alpha), np.array(beta))
        residuals = beta[-1] * np.abs(vectors[-1])
        scale = max(abs(values[0]), abs(values[-1]), np.finfo(np.float64).tiny)
        exhausted = j + 1 == size or beta[-1] <= 64 * float(np.finfo(dtype).eps) * scale
        gain = 0.0
        if extrapolate and j > 1 and not exhausted:
            gain, uncertain = _foretold(values, float(residuals[-1]))
            converged = uncertain <= tolerance * scale and float(residuals[-1]) <= 1e-4 * scale
        else:
            converged = exhausted or _settled(values, residuals, wanted, tolerance, scale)
        if converged or j + 1 == max_steps or (stop is not None and stop(float(values[-1]), float(residuals[-1]))):
            break
        if j + 1 == len(basis):
            larger = backend.empty(min(2 * len(basis), max_steps), size, dtype=dtype)
            larger[: j + 1] = basis
            basis = larger
        basis[j + 1] = w / beta[-1]
    m = len(alpha)
    return Krylov(
        basis=basis[:m],
        images=images,
        alpha=np.array(alpha),
        beta=np.array(beta),
        value=float(values[-1]) + (gain if converged else 0.0),
        residual=float(residuals[-1]),
        coefficients=vectors[:, -1],
        converged=converged,
        projection=projection[:m, :m],
        weight=np.array(weight),
        remainder=w / beta[-1] if beta[-1] > 0 else w,
    )


def _foretold(values: NDArray[np.float64], residual: float) -> tuple[float, float]:
    """(gain, uncertainty) of the largest Ritz value theta in the next step.

    The Schur complement adds residual**2 / (theta - rho), rho the Rayleigh quotient of the next vector. It is taken from
    the middle of the other Ritz values and 0, where most eigenvalues lie; half their range relative to the gap, but
    not less than a twentieth, is the uncertainty, and covers the later steps.
    """
    theta, second, least = float(values[-1]), max(float(values[-2]), 0.0), min(float(values[0]), 0.0)
    gap = theta - second
    if gap <= 0:
        return 0.0, residual
    gain = residual * (residual / (theta - (second + least) / 2))
    return gain, min(residual, residual * (residual / gap) * max((second - least) / (2 * gap), 0.05))


def _settled(
    values: NDArray[np.float64], residuals: NDArray[np.float64], wanted: int, tolerance: float, scale: float
) -> bool:
    if len(values) <= wanted or tolerance <= 0:
        return False
    errors = residuals[-wanted:]
    gap = np.maximum(np.diff(values[-wanted - 1 :]), np.finfo(np.float64).tiny)
    estimate = np.minimum(errors, errors * (errors / gap))
    return bool(np.all(estimate <= tolerance * scale) and np.all(errors <= 1e-4 * scale))
