"""Two-sided enclosure of the largest Hessian eigenvalue."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from verify.hessian.activation import one_sided_patterns
from verify.hessian.arrays import Array, backend_for, to_numpy
from verify.hessian.cholesky import build_cholesky, cholesky_bytes
from verify.hessian.components import Blocks, blocks_if_cheap, build_blocks
from verify.hessian.inputs import check_positive, check_seed, read_inputs
from verify.hessian.krylov_bound import (
    gauss_newton_trace,
    krylov_lower_bound,
    krylov_upper_bound,
    outside_trace,
)
from verify.hessian.lanczos import Krylov, lanczos
from verify.hessian.layout import from_live
from verify.hessian.perron import perron_bound, positive_vector
from verify.hessian.probabilistic import relative_error_bound
from verify.hessian.problem import Problem, prepare
from verify.hessian.products import LiveProducts
from verify.hessian.rayleigh import rayleigh_lower_bound
from verify.hessian.result import Certificate, Sharpness, true_bounds
from verify.hessian.rounding import UNIT
from verify.hessian.structure import build_structure
from verify.hessian.trace import TraceCertificate

__all__ = ["ENUMERATED_KINKS", "MEMORY_LIMIT", "sharpness", "start_vector", "top_krylov"]

# Up to this many kinks every one-sided Hessian is enclosed by itself; beyond, by a bound on what the choice changes.
ENUMERATED_KINKS = 6
# A relative width at which no further certificate is tried, even if ``tol`` is smaller: rounding sets a floor near it.
_WIDE_ENOUGH = 1e-8
_DENSE_POINTS = 4096
# The estimate is computed to this relative error even where ``tol`` asks for less.
_VALUE_ERROR = 1e-12
_MAX_STEPS = 400
_PROBABILISTIC_STEPS = 300
_FAILURE = 1e-12
MEMORY_LIMIT = 14 * 2**30


def sharpness(
    network: Any,
    X: Any,
    y: Any,
    *,
    certificate: Certificate | str = Certificate.AUTO,
    tol: float = 1e-10,
    seed: int = 0,
    device: Any = None,
    dtype: Any = None,
) -> Sharpness:
    """Enclose lambda_max of the Hessian of L = (1/2n) sum_i (y_i - f(x_i))^2 with respect to all parameters.

    Parameters
    ----------
    network : object with W (K, d), b (K,), v (K,), beta
        f(x) = sum_k v_k relu(w_k·x - b_k) + beta.
    X, y : arrays (n, d) and (n,), numpy or torch
    certificate : Certificate or its value
    tol : float in (0, 1)
        Relative width aimed at; rounding sets a floor of about n**2 * 1e-16 for the dense certificate.
    seed : int
        Seed of the random part of the start vector; results are deterministic for a seed.
    device : torch device, optional
        Compute with torch on this device; by default numpy, or the device of a torch ``X``.
    dtype : numpy dtype float64 (default) or float32
        Precision of the Krylov iteration. Bounds are computed in float64 whatever it is.

    Raises
    ------
    ValueError, TypeError
        For bad input, before any work. OverflowError if the eigenvalue exceeds the range of float64.

    Examples
    --------
    One dead neuron: only the output bias is felt, and lambda_max is 1.

    >>> import numpy as np
    >>> from types import SimpleNamespace
    >>> net = SimpleNamespace(W=np.array([[1.0, 0.0]]), b=np.array([2.0]), v=np.array([3.0]), beta=0.0)
    >>> result = sharpness(net, np.array([[0.5, 0.5], [-0.5, 0.1]]), np.zeros(2))
    >>> result.lower, result.upper, result.proved
    (1.0, 1.0, True)
    """
    kind = _certificate(certificate)
    tol = check_positive("tol", tol, below=1.0)
    check_seed(seed)
    precision = _dtype(dtype)
    inputs = read_inputs(network, X, y)
    backend = backend_for(X, device)
    problem = prepare(inputs, backend)
    if not 0 < len(problem.pattern.kinks) <= ENUMERATED_KINKS:
        return _enclose(problem, kind, tol, seed, precision)
    results = [
        _enclose(prepare(inputs, backend, pattern), kind, tol, seed, precision)
        for pattern in one_sided_patterns(problem.pattern)
    ]
    highest = max(results, key=lambda result: result.upper)
    return replace(highest, lower=min(result.lower for result in results), proved=all(r.proved for r in results))


def _enclose(problem: Problem, kind: Certificate, tol: float, seed: int, precision: np.dtype[Any]) -> Sharpness:
    """The enclosure for one activation pattern, widened for kinks that aren't enumerated."""
    rng = np.random.default_rng(seed)
    if problem.live_count == 0:
        vector = np.zeros(problem.size)
        vector[-1] = 1.0
        return _finish(problem, problem.one**2, problem.one**2, problem.one**2, "structure", 0, 0.0, vector)
    if kind in (Certificate.STRUCTURE, Certificate.AUTO):
        groups = build_blocks(problem) if kind is Certificate.STRUCTURE else blocks_if_cheap(problem)
        if groups is not None:
            return _by_structure(problem, groups, tol)
        if kind is Certificate.STRUCTURE:
            raise ValueError(
                "certificate 'structure' needs an activation graph with small components on the host; "
                "pass certificate='auto'"
            )
    products = LiveProducts(problem)
    if kind is Certificate.PROBABILISTIC:
        return _by_probability(problem, products, rng, tol)
    krylov = top_krylov(problem, products, rng, tol, precision)
    estimate, residual = krylov.value, krylov.residual
    if precision == np.float64:
        lower, vector = krylov_lower_bound(products, krylov)
    else:
        vector = krylov.coefficients @ to_numpy(krylov.basis).astype(np.float64)
        lower = rayleigh_lower_bound(products, problem.backend.asarray(vector))
        estimate, residual = _rayleigh_pair(products, vector)
    value = max(estimate, lower)
    upper, method = math.inf, kind.value
    for name, attempt in _attempts(kind, problem, krylov, value, tol):
        bound = attempt()
        if bound < upper:
            upper, method = bound, name
        if upper <= value * (1 + (tol if name == "krylov" else max(tol, _WIDE_ENOUGH))):
            break
    if kind is Certificate.AUTO and upper == math.inf:
        return _by_probability(problem, products, rng, tol)
    return _finish(problem, lower, upper, value, method, krylov.steps, residual, vector)


def _rayleigh_pair(products: LiveProducts, vector: NDArray[np.float64]) -> tuple[float, float]:
    """Rayleigh quotient and residual norm in float64, of a vector found in float32."""
    unit = vector / np.linalg.norm(vector)
    image = to_numpy(products.hessian(products.problem.backend.asarray(unit)))
    value = float(unit @ image)
    return value, float(np.linalg.norm(image - value * unit))


def _attempts(
    kind: Certificate, problem: Problem, krylov: Krylov, value: float, tol: float
) -> Iterator[tuple[str, Callable[[], float]]]:
    """The certificates to try in turn, each with its search for an upper bound."""
    # Sparse patterns spread the trace over many equal eigenvalues, and make the dense matrix cheap.
    skip_trace = kind is Certificate.AUTO and problem.sparse and problem.n <= _DENSE_POINTS
    if kind in (Certificate.AUTO, Certificate.KRYLOV) and krylov.double:
        whole = gauss_newton_trace(problem)
        if kind is Certificate.KRYLOV or outside_trace(problem, krylov.images, whole) < value:
            yield "krylov", lambda: krylov_upper_bound(problem, krylov, whole)
    if kind in (Certificate.AUTO, Certificate.TRACE) and not skip_trace:
        # m vectors cost about 4 n K (d + 1) m operations, the dense certificate 2 n^2 K.
        limit = 96 if kind is Certificate.TRACE else min(96, max(24, problem.n // (2 * problem.width)))
        trace = TraceCertificate.from_images(problem, krylov.images, limit)

        near = max(value, problem.gamma_max * (1 + 1e-6)) * (1 + 1e-13)
        yield "trace", lambda: trace.bound(near, value * (1 + tol))
    if kind in (Certificate.AUTO, Certificate.PERRON):
        p = positive_vector(np.tensordot(krylov.coefficients, np.stack([to_numpy(s) for s in krylov.images]), 1))

        above = max(value, problem.gamma_max * (1 + 1e-6)) * (1 + 1e-13)
        yield "perron", lambda: perron_bound(problem, above, p)
    if kind in (Certificate.AUTO, Certificate.CHOLESKY):
        needed = cholesky_bytes(problem)
        if needed <= MEMORY_LIMIT:
            yield "cholesky", lambda: _by_cholesky(problem, value, tol)
        elif kind is Certificate.CHOLESKY:
            raise ValueError(
                f"certificate 'cholesky' needs {needed / 2**30:.3g} GiB for {problem.n} points and {problem.size} "
                f"parameters of live neurons, over the limit of {MEMORY_LIMIT / 2**30:.3g} GiB; pass certificate='auto'"
            )


def _by_cholesky(problem: Problem, value: float, tol: float) -> float:
    certificate = build_cholesky(problem)
    return _search(certificate.proves_below, value, tol, certificate.excess(value), problem)


def _by_probability(problem: Problem, products: LiveProducts, rng: np.random.Generator, tol: float) -> Sharpness:
    """Lanczos from a Gaussian vector, until the bound is within ``tol`` or the steps are used up."""
    backend = problem.backend
    start = backend.asarray(rng.standard_normal(problem.size))
    krylov = lanczos(
        products.hessian_with_image, start, backend, tolerance=0.0, max_steps=_PROBABILISTIC_STEPS, wanted=1
    )
    vector = krylov.coefficients @ to_numpy(krylov.basis)
    lower = rayleigh_lower_bound(products, backend.asarray(vector))
    shift = problem.gamma_max
    error = relative_error_bound(problem.size, krylov.steps, _FAILURE)
    value = max(krylov.value, lower)
    upper = (value + shift) / (1 - error) * (1 + 1e-12) - shift if error < 1 else math.inf
    return _finish(
        problem,
        lower,
        upper,
        value,
        "probabilistic",
        krylov.steps,
        krylov.residual,
        vector,
        failure_probability=_FAILURE,
    )


def _certificate(value: Certificate | str) -> Certificate:
    try:
        return Certificate(value)
    except ValueError:
        names = ", ".join(repr(item.value) for item in Certificate)
        raise ValueError(f"certificate must be one of {names}, got {value!r}") from None


def _dtype(value: Any) -> np.dtype[Any]:
    chosen = np.dtype(np.float64 if value is None else value)
    if chosen not in (np.dtype(np.float64), np.dtype(np.float32)):
        raise ValueError(f"dtype must be float64 or float32, got {value!r}")
    return chosen


def start_vector(problem: Problem, products: LiveProducts, rng: np.random.Generator) -> Array:
    """The gradient of the mean output, J'1 / n, plus a small random vector, normalised.

    At zero residual the top eigenvector is J'p with p close to its nonnegative Perron vector for data in the unit
    ball, so J'1 starts near it; the random part makes sure that no eigenvector is missed by symmetry.
    """
    backend = problem.backend
    start = products.mean_gradient()
    noise = backend.asarray(rng.random(problem.size) - 0.5)
    start *= float((start @ start) ** -0.5)
    noise *= 1e-3 * float((noise @ noise) ** -0.5)
    start += noise
    return start


def top_krylov(
    problem: Problem, products: LiveProducts, rng: np.random.Generator, tol: float, dtype: Any = np.float64
) -> Krylov:
    """Lanczos for the largest eigenvalue, in the working precision ``dtype``."""
    start = start_vector(problem, products, rng)
    working = products if np.dtype(dtype) == np.float64 else LiveProducts(problem, dtype)
    return lanczos(
        working.hessian_with_image,
        start if working is products else problem.backend.cast(start, dtype),
        problem.backend,
        tolerance=max(min(tol, _VALUE_ERROR) / 2, 4 * UNIT),
        max_steps=_MAX_STEPS,
        dtype=dtype,
        extrapolate=True,
    )


def _by_structure(problem: Problem, groups: list[Blocks], tol: float) -> Sharpness:
    certificate = build_structure(problem, groups)
    value, vector = certificate.solve()
    products = LiveProducts(problem)
    lower = rayleigh_lower_bound(products, vector)
    remainder = products.hessian(vector) - value * vector
    excess = 64 * UNIT * value * max(group.g.shape[1] for group in groups)
    upper = _search(certificate.proves_below, max(value, lower), tol, excess, problem)
    return _finish(problem, lower, upper, value, "structure", 1, float(np.linalg.norm(remainder)), vector)


def _search(
    proves_below: Callable[[float], bool],
    value: float,
    tol: float,
    excess: float,
    problem: Problem,
) -> float:
    """The first c of a growing sequence above ``value`` that is proved; inf if none is within a factor 2**20.

    I - G(c) has its smallest eigenvalue above (c - lambda_max) / (c + max gamma_k): to absorb an absolute error
    ``excess`` in c I - ..., c must exceed lambda_max by at most twice that.
    """
    step = max(tol * value / 2, 2 * excess)
    base = max(value, problem.gamma_max)
    while step <= base * 2**20:
        c = base + step
        if proves_below(c):
            return c
        step *= 4
    return math.inf


def _finish(
    problem: Problem,
    lower: float,
    upper: float,
    value: float,
    method: str,
    iterations: int,
    residual: float,
    vector: Array,
    failure_probability: float = 0.0,
) -> Sharpness:
    """Bounds of the true Hessian, and the vector in the full parameter layout."""
    lower, upper = true_bounds(problem, lower, upper)
    scale = problem.exponent
    value, residual = math.ldexp(value, scale), math.ldexp(residual, scale)
    return Sharpness(
        lower=lower,
        upper=upper,
        value=min(max(value, lower), upper),
        proved=failure_probability == 0.0 and math.isfinite(upper),
        method=method,
        failure_probability=failure_probability,
        iterations=iterations,
        residual=residual,
        kink_distance=problem.pattern.distance,
        eigenvector=_to_full(problem, vector),
    )


def _to_full(problem: Problem, vector: Array) -> NDArray[np.float64]:
    """The unit vector in the full parameter layout."""
    full = from_live(problem, np.asarray(to_numpy(vector), dtype=np.float64))
    full /= np.linalg.norm(full)
    full.setflags(write=False)
    return full
