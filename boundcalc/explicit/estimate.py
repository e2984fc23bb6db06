"""Values of the registered risks of estimators, in ball arithmetic."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from sympy import Symbol

from boundcalc.arb import Ball, ball
from boundcalc.enclosure import evaluate
from boundcalc.explicit.problem import Problem
from boundcalc.statement import Theorem
from boundcalc.symbols import B, C, d, n, sigma

# Below it 1 - (1 - eps)^d is d eps in a search.
_SMALL = math.log(1e-9)


def outside(dim: int, eps: Ball) -> Ball:
    """1 - (1 - eps)^d, without loss of digits for small eps."""
    return -(dim * (-eps).log1p()).expm1()


def log_outside(dim: int, log_eps: NDArray[np.float64]) -> NDArray[np.float64]:
    """Its logarithm in floats, also where eps is below them."""
    eps = np.exp(np.maximum(log_eps, -50.0))
    return np.where(log_eps < _SMALL, math.log(dim) + log_eps, np.log(-np.expm1(dim * np.log1p(-eps))))


def risk(theorem: Theorem, problem: Problem, values: Mapping[Symbol, Ball]) -> Ball:
    """The theorem's bound for every n at a problem, in units of B^2; ``values`` are those of the estimator's own symbols."""
    at = {
        d: ball(problem.d),
        n: ball(math.floor(problem.n)),
        sigma: ball(problem.sigma / problem.B),
        B: ball(1),
        C: ball(problem.budget),
    }
    return evaluate(theorem.bounds["mse, every n"].expr, {**at, **values})
