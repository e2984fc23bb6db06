"""A rigorous lower bound of the largest eigenvalue from any vector."""

from __future__ import annotations

import math

import numpy as np

from verify.hessian.arrays import Array, to_numpy
from verify.hessian.problem import Problem
from verify.hessian.products import LiveProducts
from verify.hessian.rounding import SLACK, TINY, gamma


def rayleigh_lower_bound(
    products: LiveProducts, p: Array, image: Array | None = None, image_error: float | None = None
) -> float:
    """A float below p'Hp / p'p, the Rayleigh quotient of the exact scaled Hessian; at least its value for p = e_beta.

    p'Hp = |J p|^2 / n + 2 sum_k p_vk c_k·p_wk. Entry i of J p is a sum of at most row_count (d + 1) + 1 terms, each
    with at most 3 roundings, in a nested order: its error is at most
    gamma(row_count + d + 6) (|z_i| sum_k (|v_k| |p_wk| + |p_vk| |omega_k|) + |p_beta|).
    The computed c_k replace c_k at the price c_error |p|^2. ``image`` is ``products.jacobian(p)`` if it is at hand, or
    any vector within ``image_error`` of the exact J p.
    """
    problem: Problem = products.problem
    base = problem.one * problem.one * (1 - 2e-16)
    n, width = problem.n, problem.width
    p_w, p_v, p_beta = (to_numpy(part) for part in products.parts(p))
    w_norm = np.sqrt((p_w * p_w).sum(0)) * SLACK + TINY
    v_abs = np.abs(p_v)
    norm2 = float((p_w * p_w).sum() + (p_v * p_v).sum() + p_beta * p_beta)
    if not norm2 > 0 or not math.isfinite(norm2):
        return base
    s = to_numpy(products.jacobian(p) if image is None else image)
    if image_error is None:
        reach = float((np.abs(problem.v_host) * w_norm + v_abs * problem.omega_norm).sum())
        s_error = (
            gamma(problem.row_count + width + 6) * (problem.z_norm * reach + abs(float(p_beta)) * problem.one) * SLACK
            + TINY
        )
        image_error = math.sqrt(float(s_error @ s_error))
    s_norm = math.sqrt(float(s @ s)) * (1 - gamma(n + 4))
    lost = image_error * SLACK
    gained = max(0.0, s_norm - lost) ** 2 / n * (1 - gamma(6))
    c = to_numpy(products.c)
    cross = 2 * float(((c * p_w).sum(0) * p_v).sum())
    cross_error = (
        gamma(width + problem.live_count + 4) * 2 * float((problem.c_norm * w_norm * v_abs).sum())
        + problem.c_error * norm2
    ) * SLACK + TINY
    numerator = (gained + cross - cross_error) - (gained + abs(cross) + cross_error) * gamma(4)
    if numerator <= 0:
        return base
    return max(base, numerator / (norm2 * (1 + gamma(problem.size + 4))) * (1 - gamma(4)))
