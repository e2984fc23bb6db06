"""Both bounds of the largest eigenvalue from a Lanczos run alone: no further product with the Hessian.

Upper bound. Let H = J'J/n + D, Q (P, m) an orthonormal basis, Pi = QQ', T = Q'HQ and B = (I - Pi)HQ. The part of
J'J/n outside the basis is semidefinite, so at most its own trace, and |D| = max gamma_k. With
tau = tr(J'J)/n - tr(Q'J'JQ)/n + max gamma_k, for every b > tau

    lambda_max(H) < b   if   T + B'B / (b - tau) < bI     (Schur complement).

For a Krylov basis B is one column, beta_m q_(m+1), and T is the projection: everything is at hand. This is as sharp as
the arithmetic once the trace outside is below lambda_max.

Rounding. The run gives HQ = QC + beta q e_m' + Delta for the vectors as computed, Delta being the errors of the products
and of the orthogonalisation. With |[Q q]'[Q q] - I| <= e the exactly orthonormal Q(Q'Q)^-1/2 is within e of Q; so the exact
T is within 2.2 e |C| + 1.1 (beta e + |Delta|) of C, and the exact B within 1.1 (beta e + |Delta|) of beta q e_m' without
its part in the span. tr((Q'Q)^-1 Q'J'JQ) >= tr(Q'J'JQ) / (1 + e).
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from verify.hessian.arrays import Array, to_numpy
from verify.hessian.lanczos import Krylov
from verify.hessian.problem import Measured, Problem, squares_on_pattern
from verify.hessian.products import LiveProducts
from verify.hessian.rayleigh import rayleigh_lower_bound
from verify.hessian.rounding import SLACK, TINY, gamma

# Inner products of long vectors are summed in this many pieces, which makes their error bounds that much smaller.
_PIECES = 32


def gauss_newton_trace(problem: Problem) -> float:
    """Upper bound of tr(J'J) / n: one^2 + (1/n) sum_ik A_ik (v_k^2 |z_i|^2 + (z_i·omega_k)^2)."""
    weights = problem.neuron_weight
    # Preactivations are off by at most gamma(d + 1) |z_i||omega_k|.
    error = gamma(problem.width) * math.sqrt(float(problem.omega_norm**2 @ weights)) * SLACK + TINY
    hidden = math.sqrt(squares_on_pattern(problem, problem.omega)) * SLACK + error
    return (problem.one**2 + (float(problem.v_host**2 @ weights) + hidden**2) / problem.n) * SLACK


def outside_trace(problem: Measured, images: list[Array], trace: float) -> float:
    """About the tau of the module's text, for a run in progress."""
    held = sum(float((image * image).sum()) for image in images) / problem.n
    return trace - held + problem.gamma_max


def krylov_lower_bound(products: LiveProducts, krylov: Krylov) -> tuple[float, Array]:
    """A proved lower bound from the Ritz vector, and that vector (float64, backend).

    Its image under J is the same combination of the images at hand. Basis vectors have norms within 1e-4 of 1, having been
    divided by their computed norms; combining m of them costs gamma(m + 2) times the sum of the absolute coefficients.
    """
    problem, backend = products.problem, products.problem.backend
    weights = krylov.coefficients
    combine = backend.asarray(weights)
    vector = combine @ krylov.basis
    image = combine @ backend.stack_rows(list(krylov.images))
    spread = float(np.abs(weights).sum()) * (1 + 1e-3)
    combined = 3 * gamma(krylov.steps + 4) * problem.jacobian_scale
    return rayleigh_lower_bound(products, vector, image, (problem.image_error + combined) * spread), vector


def krylov_upper_bound(problem: Measured, krylov: Krylov, trace: float) -> float:
    """A proved upper bound of lambda_max of the scaled Hessian with the computed c_k; inf if rounding prevents it.

    ``trace`` bounds tr(J'J) / n. At least tau, so useless where the trace outside the Krylov space exceeds lambda_max.
    """
    m, beta = krylov.steps, float(krylov.beta[-1]) * SLACK
    negligible = beta <= 1e-13 * abs(krylov.value)
    rows = krylov.basis if negligible else problem.backend.stack_rows([krylov.basis, krylov.remainder])
    overlap, rounding = _gram(rows)
    overlap.flat[:: len(overlap) + 1] -= 1.0
    e = (float(np.linalg.norm(overlap)) + rounding * len(overlap)) * SLACK
    if not e < 1e-6:
        return math.inf
    # Each of two passes of Gram-Schmidt: the combination of j + 1 vectors, one subtraction; the division by beta; sums.
    each = gamma(m + 16) * float((krylov.weight + 4 * krylov.beta).max())
    delta = math.sqrt(m) * (problem.product_error + each) * (1 + 1e-3)
    if negligible:
        delta, beta = delta + beta, 0.0
    C = krylov.projection
    size = float(np.linalg.norm(C)) * SLACK
    e_T = (2.2 * e * size + 1.1 * (beta * e + delta)) * SLACK
    e_B = 1.1 * (beta * e + delta) * SLACK
    held = 0.0
    for image in krylov.images:
        s = to_numpy(image)
        norm = math.sqrt(float(s @ s)) * (1 - gamma(len(s) + 4))
        held += max(0.0, norm - problem.image_error * (1 + 1e-3)) ** 2 * (1 - gamma(m + 8))
    outside = trace - held / problem.n / (1 + e)
    tau = (max(outside, 0.0) + gamma(8) * trace + problem.gamma_max) * SLACK + TINY
    square = np.zeros_like(C)
    square[-1, -1] = beta**2 * (1 + 3 * e)
    if not math.isfinite(size + e_T + e_B + tau + square[-1, -1]):
        return math.inf
    spread = 2.1 * beta * e_B + e_B**2
    return proved_level((C + C.T) / 2, square, tau, krylov.value, e_T, spread, (size, square[-1, -1]))[0]


def proved_level(
    T: NDArray[np.float64],
    square: NDArray[np.float64],
    tau: float,
    low: float,
    error: float,
    spread: float,
    sizes: tuple[float, float],
) -> tuple[float, float]:
    """Some b, near the smallest, with T + square / (b - tau) < bI proved for all T and squares within the errors.

    Parameters
    ----------
    T, square : arrays (m, m)
        As computed; ``square`` stands for B'B.
    low : float
        No smaller b is tried; and none near ``tau``.
    error, spread : float
        Bounds on the norms of exact minus computed T and B'B.
    sizes : float, float
        Bounds on |T| and |square|.

    Returns
    -------
    float, float
        b, inf where it can't be proved; and by how much it was shifted for the errors.
    """
    m = len(T)

    def projected(b: float) -> NDArray[np.float64]:
        return T + square / (b - tau)

    def shift(b: float) -> float:
        rounding = gamma(m + 16) * (m + 1) * (b + sizes[0] + sizes[1] / (b - tau))
        return (error + spread / (b - tau) + rounding) * SLACK + TINY

    # The level is guessed from eigenvalues; the Cholesky factorisation proves it.
    def needed(b: float) -> float:
        return float(np.linalg.eigvalsh(projected(b))[-1]) + 1.5 * shift(b)

    b = _smallest_level(needed, max(low, tau * (1 + 1e-3) + TINY))
    test = -projected(b)
    test.flat[:: m + 1] += b - shift(b)
    try:
        np.linalg.cholesky(test)
    except np.linalg.LinAlgError:
        return math.inf, math.inf
    return b, shift(b)


def _smallest_level(needed: Callable[[float], float], low: float) -> float:
    """Some b >= low with b >= needed(b), near the smallest, for a decreasing function; ``low`` itself if that will do."""
    high = needed(low)
    if high <= low:
        return low
    for _ in range(20):
        # Below the fixed point ``needed`` lies above it, and the other way round.
        width = high - low
        low = max(low, needed(high))
        if high - low > width / 2:
            middle = (low + high) / 2
            value = needed(middle)
            low, high = (max(low, value), middle) if value <= middle else (middle, min(high, value))
        else:
            high = min(high, needed(low))
        if high - low <= 1e-14 * high:
            break
    return high


def _gram(rows: Array) -> tuple[NDArray[np.float64], float]:
    """rows @ rows.T, summed in pieces, and a bound on the error of its entries for rows of norm at most 1.01."""
    size = rows.shape[1]
    step = max(1024, -(-size // _PIECES))
    total: Array = 0.0
    for at in range(0, size, step):
        part = rows[:, at : at + step]
        total = total + part @ part.T
    pieces = -(-size // step)
    return np.asarray(to_numpy(total), dtype=np.float64), gamma(step + pieces + 2) * 1.03
