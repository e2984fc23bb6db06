"""Two-sided enclosure of the largest Hessian eigenvalue."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from boundcalc.exact import describe
from verify.hessian.arrays import Array, to_numpy
from verify.hessian.components import Blocks, blocks_if_cheap, build_blocks
from verify.hessian.inputs import check_dtype, check_integer, check_positive
from verify.hessian.krylov_bound import krylov_lower_bound
from verify.hessian.ladder import dense_rung, first_proved, krylov_rungs, levels
from verify.hessian.lanczos import Krylov, lanczos
from verify.hessian.layout import from_live
from verify.hessian.probabilistic import probable_bound
from verify.hessian.problem import Problem, one_sided_problems
from verify.hessian.products import LiveProducts
from verify.hessian.rayleigh import rayleigh_lower_bound
from verify.hessian.result import Certificate, Sharpness, true_bounds
from verify.hessian.rounding import UNIT
from verify.hessian.structure import build_structure

# A relative width at which no further certificate is tried, even if ``tol`` is smaller: rounding sets a floor near it.
_WIDE_ENOUGH = 1e-8
# The estimate is computed to this relative error even where ``tol`` asks for less.
_VALUE_ERROR = 1e-12
_MAX_STEPS = 400
_PROBABILISTIC_STEPS = 300
_FAILURE = 1e-12


@np.errstate(under="ignore")  # whatever the caller has told numpy to do with it
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
        f(x) = sum_k v_k relu(w_k·x - b_k) + beta. Or a torch module of just that form; :func:`verify.certify` takes any other.
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
    check_integer("seed", seed, 0)
    precision = check_dtype(dtype)
    results = [_enclose(problem, kind, tol, seed, precision) for problem in one_sided_problems(network, X, y, device)]
    highest = max(results, key=lambda result: result.upper)
    return replace(
        highest,
        lower=min(result.lower for result in results),
        proved=all(result.proved for result in results),
        failure_probability=min(1.0, sum(result.failure_probability for result in results)),
    )


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
        return _by_probability(problem, products, rng)
    krylov = _top_krylov(problem, products, rng, tol, precision)
    estimate, residual = krylov.value, krylov.residual
    if precision == np.float64:
        lower, vector = krylov_lower_bound(products, krylov)
    else:
        vector = krylov.vector
        lower = rayleigh_lower_bound(products, problem.backend.asarray(vector))
        estimate, residual = _rayleigh_pair(products, vector)
    value = max(estimate, lower)
    upper, method = math.inf, kind.value
    near = max(value, problem.gamma_max * (1 + 1e-6)) * (1 + 1e-13)
    for name, attempt in chain(
        krylov_rungs(problem, krylov, near, value * (1 + tol), kind),
        dense_rung(
            problem,
            lambda dense: levels(problem, value, tol, dense.excess(value)),
            kind,
            instead=products.work(_PROBABILISTIC_STEPS),
        ),
    ):
        bound = attempt()
        if bound < upper:
            upper, method = bound, name
        if upper <= value * (1 + (tol if name == "krylov" else max(tol, _WIDE_ENOUGH))):
            break
    if kind is Certificate.AUTO and upper == math.inf:
        return _by_probability(problem, products, rng)
    return _finish(problem, lower, upper, value, method, krylov.steps, residual, vector)


def _rayleigh_pair(products: LiveProducts, vector: NDArray[np.float64]) -> tuple[float, float]:
    """Rayleigh quotient and residual norm in float64, of a vector found in float32."""
    unit = vector / np.linalg.norm(vector)
    image = to_numpy(products.hessian(products.problem.backend.asarray(unit)))
    value = float(unit @ image)
    return value, float(np.linalg.norm(image - value * unit))


def _by_probability(problem: Problem, products: LiveProducts, rng: np.random.Generator) -> Sharpness:
    """Lanczos from a Gaussian vector."""
    backend = problem.backend
    start = backend.asarray(rng.standard_normal(problem.size))
    krylov = lanczos(products.hessian_with_image, start, backend, tolerance=0.0, max_steps=_PROBABILISTIC_STEPS)
    lower = rayleigh_lower_bound(products, backend.asarray(krylov.vector))
    value = max(krylov.value, lower)
    upper = probable_bound(value, problem.gamma_max, problem.size, krylov.steps, _FAILURE)
    return _finish(
        problem, lower, upper, value, "probabilistic", krylov.steps, krylov.residual, krylov.vector, failure=_FAILURE
    )


def _certificate(value: Certificate | str) -> Certificate:
    try:
        return Certificate(value)
    except Exception:  # whatever a comparison with the names raises
        names = ", ".join(repr(item.value) for item in Certificate)
        raise ValueError(f"certificate must be one of {names}, got {describe(value)}") from None


def _top_krylov(
    problem: Problem, products: LiveProducts, rng: np.random.Generator, tol: float, dtype: Any = np.float64
) -> Krylov:
    """Lanczos for the largest eigenvalue, in the working precision ``dtype``."""
    start = products.start_vector(rng)
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
    upper = first_proved(certificate.proves_below, levels(problem, max(value, lower), tol, excess))
    return _finish(problem, lower, upper, value, "structure", 1, float(np.linalg.norm(remainder)), vector)


def _finish(
    problem: Problem,
    lower: float,
    upper: float,
    value: float,
    method: str,
    iterations: int,
    residual: float,
    vector: Array,
    failure: float = 0.0,
) -> Sharpness:
    """Bounds of the true Hessian, and the vector in the full parameter layout."""
    lower, upper = true_bounds(problem, lower, upper)
    scale = problem.exponent
    value, residual = math.ldexp(value, scale), math.ldexp(residual, scale)
    full = from_live(problem, np.asarray(to_numpy(vector), dtype=np.float64))
    full /= np.linalg.norm(full)
    full.setflags(write=False)
    return Sharpness(
        lower=lower,
        upper=upper,
        value=min(max(value, lower), upper),
        proved=failure == 0.0 and math.isfinite(upper),
        method=method,
        failure_probability=failure,
        iterations=iterations,
        residual=residual,
        kink_distance=problem.pattern.distance,
        eigenvector=full,
    )
