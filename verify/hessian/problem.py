"""The Hessian of the loss as exact data plus error bounds: what every certificate starts from.

With z_i = (x_i, -1), omega_k = (w_k, b_k), A_ik = 1[z_i·omega_k > 0], h_ik = A_ik z_i·omega_k, residual r = y - f and
c_k = -(1/n) sum_i r_i A_ik z_i, the Hessian of L = (1/2n) |y - f|^2 is J'J/n + D: row i of J is
(v_k A_ik z_i, h_ik over all k, 1) and D couples omega_k and v_k by c_k. (d^2 f_i / d omega_k d v_k = A_ik z_i.)

J depends on the float64 data by products that certificates bound themselves. Only D needs the residuals, which are
computed here; the computed c_k replaces c_k, and by Weyl's inequality no eigenvalue moves by more than
max_k |c_k - computed c_k| <= ``c_error``.

Neurons that are active on no point have zero rows in J and D: they are left out.

Magnitudes above 2**64 are scaled away by exact powers of two: with z' = z 2**-f, omega' = omega 2**-e, v' = v 2**-e,
y' = y 2**-(2e+f), beta' likewise, and 2**-(e+f) in place of the last column 1 of J, every entry of the Hessian is
multiplied by 2**-2(e+f).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import scipy.sparse
from numpy.typing import NDArray

from verify.hessian.activation import Pattern, augment, dense_pattern, one_sided_patterns
from verify.hessian.arrays import Array, Backend, backend_for, times_pattern, to_numpy
from verify.hessian.inputs import Inputs, read_inputs
from verify.hessian.rounding import SLACK, TINY, gamma
from verify.hessian.sparse_pattern import estimate_density, sparse_pattern

# Below this share of active pairs a compressed matrix multiplies faster than a dense one.
SPARSE_BELOW = 0.04
_DENSE_ENTRIES = 2 * 10**7
_DENSE_LIMIT = 2**29
# Up to this many kinks every one-sided Hessian is looked at by itself.
_ENUMERATED_KINKS = 6


class Measured(Protocol):
    """What the certificates need to know of a scaled Hessian J'J/n + D; see :class:`Problem`."""

    @property
    def backend(self) -> Backend: ...
    @property
    def pattern(self) -> Pattern: ...
    @property
    def n(self) -> int: ...
    @property
    def size(self) -> int: ...
    @property
    def sparse(self) -> bool: ...
    @property
    def row_count(self) -> int: ...
    @property
    def width(self) -> int: ...
    @property
    def gamma_max(self) -> float: ...
    @property
    def jacobian_square(self) -> float: ...
    @property
    def image_error(self) -> float: ...
    @property
    def product_error(self) -> float: ...
    @property
    def c_error(self) -> float: ...
    @property
    def kink_jacobian(self) -> float: ...
    @property
    def kink_curvature(self) -> float: ...


@dataclass(frozen=True)
class Problem:
    """Scaled, live part of a problem; see the module's text. Host arrays unless said.

    Attributes
    ----------
    backend : Backend
    Z, omega, v, c, A : backend arrays (n, D), (k, D), (k,), (k, D), (n, k) with D = d + 1, each the transpose of a
        contiguous array; A may be scipy CSR
    z_norm (n,), omega_norm (k,), c_norm (k,) : norms, rounded up
    point_sums (D, k) : sum_i A_ik z_i, as computed
    neuron_weight (k,) : sum_i A_ik |z_i|^2, within SLACK
    one : the last column of J
    c_error : bound on |c_k - computed c_k| for every k
    row_count : largest number of neurons active on one point; column_count : of points per neuron
    exponent : the true Hessian is 2**exponent times the scaled one
    live : indices of the live neurons among ``neurons``
    """

    backend: Backend
    Z: Array
    omega: Array
    v: Array
    c: Array
    A: Array
    z_norm: NDArray[np.float64]
    omega_norm: NDArray[np.float64]
    c_norm: NDArray[np.float64]
    v_host: NDArray[np.float64]
    point_sums: NDArray[np.float64]
    neuron_weight: NDArray[np.float64]
    one: float
    c_error: float
    row_count: int
    column_count: int
    exponent: int
    live: NDArray[np.int64]
    neurons: int
    pattern: Pattern
    kink_jacobian: float
    kink_curvature: float

    @property
    def n(self) -> int:
        return len(self.z_norm)

    @property
    def width(self) -> int:
        """d + 1."""
        return int(self.Z.shape[1])

    @property
    def live_count(self) -> int:
        return len(self.live)

    @property
    def size(self) -> int:
        """Number of parameters of the live part, K'(d + 2) + 1."""
        return self.live_count * (self.width + 1) + 1

    @property
    def sparse(self) -> bool:
        return scipy.sparse.issparse(self.A)

    @property
    def jacobian_square(self) -> float:
        """Bound on |J|^2 / n, from the trace."""
        weights = self.v_host**2 + self.omega_norm**2
        return (self.one**2 + float(weights @ self.neuron_weight) / self.n) * SLACK

    @property
    def jacobian_scale(self) -> float:
        """sqrt(n one^2 + sum_ik A_ik |z_i|^2 (v_k^2 + |omega_k|^2)): bounds |J|, and the absolute products in its rows."""
        return math.sqrt(self.n * self.jacobian_square)

    @property
    def image_error(self) -> float:
        """Bound on |J p - computed J p| for |p| <= 1.

        Entry i of J p sums row_count terms of D products with 3 roundings each, so it is off by at most
        gamma(row_count + D + 6) times |z_i| sum_k A_ik (|v_k||p_wk| + |p_vk||omega_k|) + one |p_beta|; Cauchy and Schwarz.
        """
        return gamma(self.row_count + self.width + 8) * self.jacobian_scale * SLACK + TINY

    @property
    def product_error(self) -> float:
        """Bound on |H p - computed H p| for |p| <= 1.

        J's has its error bounded like that of J p, except that the last entry sums n terms; D p by gamma(D + 2) |D||p| and
        the two parts are added.
        """
        square = self.jacobian_square
        together = gamma(self.row_count + self.column_count + 3 * self.width + 32)
        last = gamma(self.n + 4) * self.one * math.sqrt(square)
        return (together * (square + 2 * self.gamma_max) + last) * SLACK + TINY

    @property
    def gamma_max(self) -> float:
        """The largest norm of a computed c_k, rounded up: the norm of D."""
        return float(self.c_norm.max(initial=0.0))


def _choose_pattern(inputs: Inputs, Z: NDArray[np.float64], omega: NDArray[np.float64], backend: Backend) -> Pattern:
    """Dense where it fits comfortably or most pairs are active, compressed otherwise."""
    n, neurons = len(Z), len(omega)
    if n * neurons > _DENSE_ENTRIES and backend.name == "numpy":
        with np.errstate(over="ignore", invalid="ignore"):
            density = estimate_density(inputs.X, inputs.W, inputs.b)
        if density < SPARSE_BELOW:
            return sparse_pattern(Z, omega)
    needed = 8 * n * neurons
    if needed > 8 * _DENSE_LIMIT or not backend.fits(3 * needed):  # signs, numbers, and what is made of them
        limit = min(8 * _DENSE_LIMIT, backend.memory_left() // 3)
        raise ValueError(
            f"X and network: the activation pattern of {n} points and {neurons} neurons needs {needed / 2**30:.3g} GiB, over "
            f"the limit of {limit / 2**30:.3g} GiB here; use fewer points"
        )
    return dense_pattern(Z, omega, backend)


def _norms_up(columns: NDArray[np.float64]) -> NDArray[np.float64]:
    """The norms of the columns, rounded up."""
    return np.sqrt((columns * columns).sum(axis=0)) * (1 + gamma(len(columns) + 4)) + TINY


# Squares of small parts of this may underflow by more than TINY covers once a root is taken.
_LEAST = 2.0**-440


def squares_on_pattern(problem: Problem, weights: Array) -> float:
    """sum_ik A_ik (z_i·q_k)^2 for weights q (k, D), as computed."""
    if problem.sparse:
        pairs = problem.A.tocoo()
        values = np.einsum("mj,mj->m", problem.Z[pairs.row], weights[pairs.col])
        return float(values @ values)
    return problem.backend.squares_on_pattern(weights, problem.Z, problem.A)


def _looks_dead(active: Array, sample: int = 16) -> bool:
    """Whether over a tenth of the neurons are active on none of a few evenly spaced points."""
    rows = active[:: max(1, active.shape[0] // sample)]
    return bool(np.mean(np.asarray(to_numpy(rows.any(0)))) < 0.9)


def _live_part(backend: Backend, active: Array, *, thorough: bool) -> tuple[Array, NDArray[np.int64], int]:
    """The 0/1 matrix of the neurons kept, in float64, their indices, and a bound on the points of a neuron.

    Neurons that are dead are left out where that changes anything: all of them if ``thorough``, else not if they seem to
    be few, since their zero columns do no harm and the search for them takes a pass over the pattern.
    """
    n, neurons = active.shape
    if scipy.sparse.issparse(active):
        counts = np.bincount(active.indices, minlength=neurons)
        live = np.flatnonzero(counts > 0)
        return (active[:, live] if len(live) < neurons else active), live, int(counts.max(initial=0))
    live, rows = np.arange(neurons), active.T
    if neurons and (thorough or _looks_dead(active)):
        live = np.flatnonzero(np.asarray(to_numpy(rows.any(1))))
        rows = rows[backend.index(live)] if len(live) < neurons else rows
    if backend.name == "numpy" and np.count_nonzero(rows) < SPARSE_BELOW * n * len(live):
        neuron, point = np.divmod(np.flatnonzero(rows), n)
        compressed = scipy.sparse.csr_array((np.ones(len(point)), (point, neuron)), shape=(n, len(live)))
        return compressed, live, int(np.bincount(neuron, minlength=1).max())
    return backend.cast(rows, np.float64).T, live, n


def _exponent(values: NDArray[np.float64]) -> int:
    return int(np.frexp(np.abs(values).max(initial=0.0))[1])


def _times_power_of_two(values: NDArray[np.float64], exponent: int) -> NDArray[np.float64]:
    return np.ldexp(values, exponent) if exponent else values


def prepare(inputs: Inputs, backend: Backend, pattern: Pattern | None = None) -> Problem:
    """Activation pattern, residuals and residual couplings, with bounds on their rounding errors."""
    # One row per coordinate: numpy and row-major BLAS run fastest over the points and the neurons.
    points = np.ascontiguousarray(augment(inputs.X).T)
    weights = np.concatenate([inputs.W.T, inputs.b[None]])
    width, n = points.shape
    neurons = weights.shape[1]
    pattern = pattern or _choose_pattern(inputs, points.T, weights.T, backend)
    largest = max(_exponent(weights), _exponent(inputs.v))
    A, live, column_count = _live_part(backend, pattern.active, thorough=largest > 64)

    # Scaling by powers of two, only where something is beyond 2**64.
    v, f = inputs.v, max(0, _exponent(points) - 1)
    if f > 64:
        # Points that no neuron sees may as well lie at 0.
        seen = to_numpy(A.sum(1)).ravel() > 0
        seen[pattern.kinks[:, 0]] = True
        points[:-1, ~seen] = 0.0
        f = max(0, _exponent(points) - 1)
    if len(live) < neurons:
        used = np.union1d(live, pattern.kinks[:, 1])
        largest = max(_exponent(weights[:, used]), _exponent(v[used]))
        weights, v = np.ascontiguousarray(weights[:, live]), v[live]
    labels = max(_exponent(inputs.y), _exponent(np.array([inputs.beta])))
    if max(f, largest, labels) <= 64:
        e = f = 0
    else:
        e = max(0, largest, -((f - labels) // 2))
    weights, v = _times_power_of_two(weights, -e), _times_power_of_two(v, -e)
    points, one = _times_power_of_two(points, -f), float(np.ldexp(1.0, -(e + f)))
    y, beta = _times_power_of_two(inputs.y, -(2 * e + f)), float(np.ldexp(inputs.beta, -(2 * e + f)))

    z_norm, omega_norm = _norms_up(points), _norms_up(weights)
    # One product gives f = rowsum(Z o A(v omega)), the number of active neurons, and the sums of |v_k||omega_k| over
    # them, which bound its error: f_i sums row_count products of d + 1 terms, then beta and y are subtracted.
    right = np.concatenate([weights * v, (np.abs(v) * omega_norm)[None], np.ones((1, len(live)))])
    product = to_numpy(times_pattern(backend.asarray(right), A, transposed=True))
    output, reach = (points * product[:width]).sum(0), product[width]
    row_count = int(product[width + 1].max(initial=0))
    residual = y - beta - output
    residual_error = gamma(row_count + width + 5) * (z_norm * reach + abs(beta) + np.abs(y)) * SLACK + TINY
    # c_k sums column_count terms; its error in norm is at most (1/n) sum_i A_ik (gamma |r_i| + error of r_i) |z_i|.
    spread = (gamma(column_count + 4) * np.abs(residual) + residual_error) * z_norm
    left = np.concatenate([residual * points, points, spread[None], (z_norm**2)[None]])
    sums = to_numpy(times_pattern(backend.asarray(left), A))
    c = sums[:width] * (-1.0 / n)
    c_error = (
        float(sums[2 * width].max(initial=0.0)) / n * SLACK
        + gamma(3) * float(np.abs(c).sum(axis=0).max(initial=0.0)) * SLACK
        + TINY
    )

    kink_jacobian, kink_curvature = _kink_terms(
        pattern, points.T, _times_power_of_two(inputs.v, -e), z_norm, residual, residual_error
    )
    problem = Problem(
        backend=backend,
        Z=backend.asarray(points).T,
        omega=backend.asarray(weights).T,
        v=backend.asarray(v),
        c=backend.asarray(c).T,
        point_sums=sums[width : 2 * width],
        neuron_weight=sums[2 * width + 1],
        A=A,
        z_norm=z_norm,
        omega_norm=omega_norm,
        c_norm=_norms_up(c),
        v_host=v,
        one=one,
        c_error=c_error,
        row_count=row_count,
        column_count=column_count,
        exponent=2 * (e + f),
        live=live,
        neurons=neurons,
        pattern=pattern,
        kink_jacobian=kink_jacobian,
        kink_curvature=kink_curvature,
    )
    if f > 64:
        pull = float(v**2 @ problem.neuron_weight) + squares_on_pattern(problem, problem.omega)
        if one**2 + pull / n + problem.gamma_max < _LEAST:
            raise OverflowError(
                "lambda_max must be within 2**440 of the largest squared entry of X, got less; rescale X"
            )
    return problem


def one_sided_problems(network: Any, X: Any, y: Any, device: Any = None) -> Iterator[Problem]:
    """The problem; with a few kinks one for every choice of sides, each kink counted as active or inactive.

    Beyond, the choice is bounded by ``kink_jacobian`` and ``kink_curvature``.
    """
    inputs, backend = read_inputs(network, X, y), backend_for(X, device)
    problem = prepare(inputs, backend)
    if 0 < len(problem.pattern.kinks) <= _ENUMERATED_KINKS:
        for pattern in one_sided_patterns(problem.pattern):
            yield prepare(inputs, backend, pattern)
    else:
        yield problem


def _kink_terms(
    pattern: Pattern,
    Z: NDArray[np.float64],
    v: NDArray[np.float64],
    z_norm: NDArray[np.float64],
    residual: NDArray[np.float64],
    residual_error: NDArray[np.float64],
) -> tuple[float, float]:
    """Bounds on |J - J0| and |D - D0| over all one-sided choices A_ik in {0, 1} at the kinks.

    A kink has h_ik = 0, so the choice adds v_k z_i to row i of J, in block k, and -r_i z_i / n to c_k.
    """
    if not len(pattern.kinks):
        return 0.0, 0.0
    i, k = pattern.kinks.T
    jacobian = float(np.sqrt(((np.abs(v[k]) * z_norm[i]) ** 2).sum())) * SLACK + TINY
    pull = np.bincount(k, weights=(np.abs(residual[i]) + residual_error[i]) * z_norm[i])
    return jacobian, float(pull.max()) / len(Z) * SLACK + TINY
