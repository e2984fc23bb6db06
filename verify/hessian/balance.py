"""The flattest parametrisation of a network: v_k -> c_k v_k, w_k -> w_k / c_k moves lambda_max, not the function.

In the logarithms of the factors lambda_max is quasiconvex (:mod:`verify.hessian.balance_bound`): every local minimum is
global, and a mixture of top eigenvectors proves how close a balance comes to the best one. At zero loss on the unit ball
log lambda_max is convex and the minimum is the fixed point |v_k| |Z_k' p| = h_k' p of the Perron vector p.

The search is L-BFGS on log lambda_max with the gradient from the top eigenvector, in coordinates in which each neuron's own
term has unit curvature. Where eigenvalues meet, the minimum is a kink; there the bound's mixture gives the next balance
(cutting surfaces: each eigenvector q bounds lambda_max from below by a convex function of the balance that is minimised in
closed form).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from boundcalc.shown import Shown, show_lower, show_upper
from constructions.network import Network
from verify.hessian.arrays import backend_for, to_numpy
from verify.hessian.balance_bound import best_mixture
from verify.hessian.enclosure import sharpness
from verify.hessian.inputs import check_integer, check_positive, read_inputs
from verify.hessian.lanczos import lanczos
from verify.hessian.problem import Problem, prepare
from verify.hessian.products import LiveProducts
from verify.hessian.result import Sharpness

Float = NDArray[np.float64]

_LARGEST_LOG = 40.0
_KRYLOV_TOLERANCE = 1e-12
_KRYLOV_STEPS = 200
_KEPT = 8
_CUTS = 24


@dataclass(frozen=True, eq=False, repr=False)
class Balanced(Shown):
    """The flattest parametrisation found of a function, and how flat one can be.

    Attributes
    ----------
    sharpness : Sharpness
        Its lambda_max, enclosed.
    lower_bound : float
        No balance of the function has a smaller lambda_max.
    bound_proved : bool
        Whether that is a theorem about the float64 data; False where a point lies on a kink.
    iterations : int
        Top eigenvectors computed.
    """

    network: Network
    sharpness: Sharpness
    lower_bound: float
    bound_proved: bool
    iterations: int

    @property
    def gap(self) -> float:
        """How far, relative to the bound, the balance found may be from the flattest one."""
        return max(0.0, self.sharpness.upper / self.lower_bound - 1)

    def __str__(self) -> str:
        kind = "proved" if self.bound_proved else "not proved, as a point lies on a kink"
        return (
            f"flattest balance found, {self.network.width} neurons: {self.sharpness}\n"
            f"no balance is below {show_lower(self.lower_bound, 12)} ({kind}): gap {show_upper(self.gap, 2)}, "
            f"{self.iterations} eigenvectors"
        )


@np.errstate(under="ignore")  # whatever the caller has told numpy to do with it
def flattest_balance(
    network: Network,
    X: NDArray[np.float64],
    y: NDArray[np.float64],
    known: Sharpness | None = None,
    options: Mapping[str, Any] | None = None,
    *,
    tol: float = 1e-8,
    max_iterations: int = 120,
) -> Balanced:
    """The flattest of all v_k -> c_k v_k, (w_k, b_k) -> (w_k, b_k)/c_k, with a bound on how flat any of them is.

    Parameters
    ----------
    network : Network
    X, y : arrays (n, d) and (n,)
    known : Sharpness, optional
        That of ``network``, if it is known.
    options : mapping, optional
        Passed to :func:`verify.hessian.sharpness` for the enclosures.
    tol : float in (0, 1)
        Relative gap between lambda_max and the bound at which the search ends.
    max_iterations : int
        Most eigenvectors computed.

    Returns
    -------
    Balanced
        Equal to ``network`` as a function, up to the rounding of the factors; ``network`` itself if nothing flatter is found.

    Raises
    ------
    ValueError, TypeError
        As :func:`verify.hessian.sharpness`.

    Examples
    --------
    One neuron on one point: J'J = 1 + v^2 |z|^2 + h^2, least at |v||z| = h.

    >>> net = Network([[3.0, 0.0]], [0.0], [1.0])
    >>> found = flattest_balance(net, np.array([[1.0, 0.0]]), np.array([3.0]))
    >>> round(found.sharpness.value, 6), round(1 + 2 * 3 * 2**0.5, 6), found.gap < 1e-6
    (9.485281, 9.485281, True)
    """
    tol = check_positive("tol", tol, below=1.0)
    check_integer("max_iterations", max_iterations, 1)
    settings = dict(options or {})
    inputs = read_inputs(network, X, y)
    problem = prepare(inputs, backend_for(X, settings.get("device")))
    start = known or sharpness(network, X, y, **settings)
    if problem.live_count == 0:
        return Balanced(network, start, 1.0, True, 0)
    search = _Search(problem, tol, max_iterations)
    search.run()
    factors = np.ones(network.width)
    factors[problem.live] = np.exp(search.best_logs)
    # The bound holds for every balance of this function; its value of course also below what is enclosed next.
    bound = max(1.0, float(np.ldexp(search.bound, problem.exponent)))
    candidate = network.rescale(factors)
    found = sharpness(candidate, X, y, **settings)
    proved = not len(problem.pattern.kinks)
    if found.upper <= start.upper:
        return Balanced(candidate, found, min(bound, found.upper), proved, search.evaluations)
    return Balanced(network, start, min(bound, start.upper), proved, search.evaluations)


class _Stop(Exception):
    """The gap is closed, or the evaluations are used up."""


class _Search:
    """State of one minimisation: best balance, best bound, and the last eigenvectors as cuts."""

    def __init__(self, problem: Problem, tol: float, most: int) -> None:
        self.problem, self.tol, self.most = problem, tol, most
        self.products = LiveProducts(problem)
        self.n = problem.n
        self.evaluations = 0
        self.best = np.inf
        self.best_logs = np.zeros(problem.live_count)
        self.bound = 0.0
        self.cuts: list[Float] = []
        self.warm: Float | None = None

    def run(self) -> None:
        try:
            self.evaluate(np.zeros(self.problem.live_count))
            self.evaluate(self.improve_bound())
            self.quasi_newton()
            for _ in range(_CUTS):
                self.evaluate(self.improve_bound())
        except _Stop:
            pass
        self.improve_bound(last=True)

    def evaluate(self, logs: Float) -> tuple[float, Float]:
        """lambda_max at a balance and its gradient in the logarithms."""
        if self.evaluations >= self.most:
            raise _Stop
        self.evaluations += 1
        factors = np.exp(logs)
        backend = self.problem.backend
        omega = to_numpy(self.problem.omega) / factors[:, None]
        v = to_numpy(self.problem.v) * factors
        moved = replace(self.problem, omega=backend.asarray(np.ascontiguousarray(omega.T)).T, v=backend.asarray(v))
        products = LiveProducts(moved)
        start = self.warm
        if start is None:
            start = to_numpy(products.jacobian_transposed(backend.asarray(np.full(self.n, 1.0 / self.n))))
            start = start + 1e-6 * np.linalg.norm(start) * np.random.default_rng(0).standard_normal(len(start))
        krylov = lanczos(
            products.hessian_with_image,
            backend.asarray(start),
            backend,
            tolerance=_KRYLOV_TOLERANCE,
            max_steps=_KRYLOV_STEPS,
        )
        vector = np.asarray(to_numpy(backend.asarray(krylov.coefficients) @ krylov.basis), dtype=np.float64)
        vector /= np.linalg.norm(vector)
        noise = np.random.default_rng(self.evaluations).standard_normal(len(vector))
        self.warm = vector + 1e-6 * noise / np.linalg.norm(noise)
        image = products.jacobian(backend.asarray(vector))
        T = to_numpy(products.moments(image)).astype(np.float64)
        p_w, p_v, _ = (to_numpy(part) for part in products.parts(backend.asarray(vector)))
        # d lambda/d s_k = (2/n) sum_i (J p)_i (v_k A_ik z_i·p_w,k - h_ik p_v,k); D does not move.
        gradient = 2 / self.n * (v * (p_w * T).sum(axis=0) - p_v * (T * omega.T).sum(axis=0))
        value = krylov.value
        self.cuts = [*self.cuts[-_KEPT + 1 :], np.asarray(to_numpy(image), dtype=np.float64)]
        if value < self.best:
            self.best, self.best_logs = value, logs.copy()
        return value, gradient

    def improve_bound(self, last: bool = False) -> Float:
        """The bound from the kept eigenvectors; returns the balance that minimises their mixture.

        Raises
        ------
        _Stop
            If the gap is closed, unless this is the ``last`` call.
        """
        bound, logs = best_mixture(self.problem, self.products, np.stack(self.cuts), self.best)
        self.bound = max(self.bound, bound)
        if self.best <= self.bound * (1 + self.tol) and not last:
            raise _Stop
        return np.clip(logs, -_LARGEST_LOG, _LARGEST_LOG)

    def quasi_newton(self) -> None:
        origin = self.best_logs
        # Curvature of the last eigenvector's own terms: 4 times their common value where they balance.
        T = to_numpy(self.products.moments(self.problem.backend.asarray(self.cuts[-1]))).astype(np.float64)
        norms = np.sqrt((T**2).sum(axis=0))
        pull = np.abs((T * to_numpy(self.products.omega)).sum(axis=0) * self.problem.v_host) * norms
        own = 4 * pull / (self.n * self.best * float(self.cuts[-1] @ self.cuts[-1]))
        scale = 1 / np.sqrt(np.maximum(own, 1e-6 * max(float(own.max()), 1e-300)))
        scale /= max(float(scale.min()), 1e-300)

        def objective(y: Float) -> tuple[float, Float]:
            logs = np.clip(origin + scale * y, -_LARGEST_LOG, _LARGEST_LOG)
            value, gradient = self.evaluate(logs)
            if self.evaluations % 5 == 0:
                self.improve_bound()
            return float(np.log(value)), gradient * scale / value

        minimize(
            objective,
            np.zeros_like(origin),
            jac=True,
            method="L-BFGS-B",
            options={"maxiter": self.most, "ftol": 1e-15, "gtol": 1e-12, "maxcor": 12},
        )
