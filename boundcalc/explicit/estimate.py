"""Values of the registered risks of estimators, in ball arithmetic."""

from __future__ import annotations

import math
from collections.abc import Mapping

from sympy import Symbol

from boundcalc.arb import Ball, ball
from boundcalc.enclosure import evaluate
from boundcalc.explicit.problem import Problem
from boundcalc.statement import Theorem
from boundcalc.symbols import B, C, d, n, sigma


def outside(dim: int, eps: Ball) -> Ball:
    """1 - (1 - eps)^d, without loss of digits for small eps."""
    return -(dim * (-eps).log1p()).expm1()


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
