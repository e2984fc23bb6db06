"""How flat the balances of a network can be at best: a certified lower bound, by duality.

The balance e^s multiplies v_k by e^(s_k) and omega_k = (w_k, b_k) by e^(-s_k): the function, the residuals and the
coupling D of the Hessian J'J/n + D stay (:mod:`verify.hessian.problem` has the notation). For c > max gamma_k, gamma_k = |c_k|,

    lambda_max < c  <=>  lambda_max(M) < 1,  M = J (c - D)^(-1) J' / n,

and for weights mu_j >= 0 of sum 1 and unit vectors q_j, with P_jk = Z_k' q_j, H_jk = h_k' q_j, m_jk = c_k·P_jk/c and
kappa_k = c/(c^2 - gamma_k^2), the mean of the q_j' M q_j at the balance e^s is

    (1/n) [ sum_j mu_j (1'q_j)^2/c + sum_k ( A_k e^(2 s_k) + B_k e^(-2 s_k) + 2 C_k ) ],
    A_k = v_k^2 sum_j mu_j (|P_jk|^2/c + kappa_k m_jk^2),  B_k = kappa_k sum_j mu_j H_jk^2,
    C_k = kappa_k v_k sum_j mu_j H_jk m_jk.

Each summand is at least 2 sqrt(A_k B_k) + 2 C_k >= 0 whatever s. If the total of these minima is at least 1, every balance
has lambda_max >= c. At zero residuals and one q >= 0 this is (1/n)[(1'q)^2 + 2 sum |a_k| G_q(w_k, b_k)].

(M is a maximum of functions that are convex in s, so {lambda_max <= c} is convex; where the top eigenvector q of the best
balance is simple, its summands are at their minima there, and one q closes the gap. Where it is not, a mixture does.)
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from verify.hessian.arrays import times_pattern, to_numpy
from verify.hessian.problem import Problem
from verify.hessian.products import LiveProducts
from verify.hessian.rounding import SLACK, TINY, gamma

Float = NDArray[np.float64]
Terms = tuple[Float, Float, Float, Float]  # per vector: bias part (m,), and A, B, C (m, k) of the module's text

_STEPS = 60


@dataclass(frozen=True)
class Moments:
    """Of vectors q_j with norms near 1: P (m, D, k), H (m, k), sums 1'q_j (m,), upper bounds of |q_j|^2, and of errors."""

    P: Float
    H: Float
    sums: Float
    squares: Float
    P_error: Float
    H_error: Float
    sums_error: Float


def moments(problem: Problem, products: LiveProducts, vectors: Float) -> Moments:
    """The moments of the rows of ``vectors`` (m, n)."""
    q = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    backend = problem.backend
    P = to_numpy(products.moments(backend.asarray(q))).astype(np.float64)
    omega = to_numpy(products.omega).astype(np.float64)
    H = (P * omega).sum(axis=1)
    # |q_i| |z_i| summed over the active points bounds every sum's absolute terms.
    size = np.abs(q) * problem.z_norm
    reach = np.stack([to_numpy(times_pattern(backend.asarray(row[None]), problem.A))[0] for row in size])
    P_error = gamma(problem.column_count + 4) * reach * math.sqrt(problem.width) * SLACK + TINY
    H_error = (gamma(problem.width + 2) * reach + P_error) * problem.omega_norm * SLACK + TINY
    ones = q.sum(axis=1)
    ones_error = gamma(problem.n) * np.abs(q).sum(axis=1) * SLACK
    squares = (q * q).sum(axis=1) * (1 + gamma(problem.n + 2))
    return Moments(P, H, ones, squares, P_error, H_error, ones_error)


def total_at(problem: Problem, found: Moments, mu: Float, c: float) -> float:
    """A rigorous lower bound of the dual value minus its right-hand side at ``c``; >= 0 proves lambda_max >= c everywhere.

    In units of the scaled Hessian with the computed c_k; c must exceed every gamma_k.
    """
    gammas = problem.c_norm
    kappa = c / ((c - gammas) * (c + gammas))
    if not (kappa > 0).all():
        return -math.inf
    coupling = to_numpy(problem.c).astype(np.float64)
    m = np.einsum("kd,jdk->jk", coupling, found.P) / c
    norm = np.sqrt((found.P**2).sum(axis=1))
    norm_low = np.maximum(norm * (1 - gamma(problem.width + 6)) - found.P_error, 0.0)
    m_error = (gamma(problem.width + 4) * norm + found.P_error) * gammas / c * SLACK + TINY
    m_low = np.maximum(np.abs(m) - m_error, 0.0)
    H_low = np.maximum(np.abs(found.H) - found.H_error, 0.0)
    v, weight = np.abs(problem.v_host), mu[:, None]
    a = v**2 * (weight * (norm_low**2 / c + kappa * m_low**2)).sum(axis=0)
    b = kappa * (weight * H_low**2).sum(axis=0)
    cross = kappa * problem.v_host * (weight * found.H * m).sum(axis=0)
    # |H m - computed| per vector, then the roundings of a few products and a sum over j.
    wrong = (
        np.abs(found.H) * m_error
        + found.H_error * (np.abs(m) + m_error)
        + gamma(len(mu) + 12) * np.abs(found.H) * np.abs(m)
    )
    cross = cross - kappa * v * (weight * wrong).sum(axis=0) * SLACK
    # 1 - gamma(30): kappa, squares, roots and the sums over j; each summand is at least 0 in truth.
    summands = np.maximum(2 * np.sqrt(a * b) * (1 - gamma(2 * len(mu) + 40)) + 2 * cross, 0.0)
    bias = problem.one**2 * float(mu @ np.maximum(np.abs(found.sums) - found.sums_error, 0.0) ** 2) / c
    total = (bias + float(summands.sum())) * (1 - gamma(problem.live_count + 40))
    return total - problem.n * float(mu @ found.squares) * (1 + gamma(8))


def lower_bound(problem: Problem, found: Moments, mu: Float, upper: float) -> float:
    """The largest c up to ``upper`` that is proved, in the scaled units; the trivial bound where nothing more is."""
    trivial = max(problem.one**2, problem.gamma_max * (1 - gamma(problem.width + 8)))
    low, high = problem.gamma_max * (1 + 1e-9), upper
    if not low < high:
        return max(trivial - problem.c_error, 0.0)
    if total_at(problem, found, mu, high) >= 0:
        return max(high, trivial) - problem.c_error
    proved = trivial
    low = max(low, trivial)
    for _ in range(_STEPS):
        middle = (low + high) / 2
        if total_at(problem, found, mu, middle) >= 0:
            low = proved = middle
        else:
            high = middle
    return max(proved - problem.c_error, 0.0)


def best_mixture(problem: Problem, products: LiveProducts, vectors: Float, upper: float) -> tuple[float, Float]:
    """The proved bound, in scaled units, of the best mixture of the rows of ``vectors`` (m, n), and the logarithms of the
    balance that minimises it: the dual value at c = ``upper`` is concave in mu."""
    found = moments(problem, products, vectors)
    m = len(vectors)
    terms = _terms(problem, found, upper)
    mu = np.full(m, 1 / m)
    if m > 1:
        single = [_dual(terms, np.eye(m)[j])[0] for j in range(m)]
        mu = np.eye(m)[int(np.argmax(single))] * 0.9 + 0.1 / m

        def objective(x: Float) -> tuple[float, Float]:
            value, gradient = _dual(terms, np.maximum(x, 0.0))
            return -value, -gradient

        best = minimize(
            objective,
            mu,
            jac=True,
            method="SLSQP",
            bounds=[(0.0, 1.0)] * m,
            constraints=[{"type": "eq", "fun": lambda x: x.sum() - 1, "jac": lambda x: np.ones(m)}],
            options={"maxiter": 100, "ftol": 1e-13},
        )
        mu = np.maximum(best.x, 0.0)
        mu /= mu.sum()
        top = int(np.argmax(single))
        if _dual(terms, mu)[0] < single[top]:
            mu = np.eye(m)[top]
    a, b = mu @ terms[1], mu @ terms[2]
    with np.errstate(divide="ignore", invalid="ignore"):  # neurons without a best balance stay as they are
        log_factors = np.where((a > 0) & (b > 0), 0.25 * (np.log(b) - np.log(a)), 0.0)
    return lower_bound(problem, found, mu, upper), log_factors


def _terms(problem: Problem, found: Moments, c: float) -> Terms:
    gammas = problem.c_norm
    # Where lambda_max is as small as some gamma_k, only the search needs these numbers: they stay in range.
    kappa = c / np.maximum((c - gammas) * (c + gammas), 1e-12 * c * c)
    m = np.einsum("kd,jdk->jk", to_numpy(problem.c).astype(np.float64), found.P) / c
    v = problem.v_host
    return (
        problem.one**2 * found.sums**2 / c,
        v**2 * ((found.P**2).sum(axis=1) / c + kappa * m**2),
        kappa * found.H**2,
        kappa * v * found.H * m,
    )


def _dual(terms: Terms, mu: Float) -> tuple[float, Float]:
    """The dual value, not divided by n, and its gradient in mu."""
    bias, A, B, C = terms
    a, b, c = mu @ A, mu @ B, mu @ C
    root = np.sqrt(a * b)
    value = float(mu @ bias + 2 * (root + c).sum())
    ratio = np.sqrt(np.divide(b, a, out=np.zeros_like(a), where=a > 0))
    inverse = np.sqrt(np.divide(a, b, out=np.zeros_like(a), where=b > 0))
    return value, bias + A @ ratio + B @ inverse + 2 * C.sum(axis=1)
