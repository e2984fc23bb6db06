"""Affine functions, which cost nothing.

f(x) = b + w.x with |b| <= rho B and |w| <= (1 - rho) B, independent priors: cos^2 on the interval and the ground state
of :mod:`boundcalc.explicit.ball_prior` on the ball. 1 and x are orthogonal in L2(P) with E x x^T = I/(d + 2), so van
Trees' inequality gives

    risk >= 1/(n/sigma^2 + pi^2/(rho B)^2) + d/(n/sigma^2 + (d + 2) J_d/((1 - rho) B)^2),

the first term 0 at rho = 0: per coordinate of w the information is n/(sigma^2 (d + 2)) + J_d/((1 - rho) B)^2, and its
error counts 1/(d + 2). The prior's information for b is pi^2/(rho B)^2.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from boundcalc.arb import Ball, ball
from boundcalc.explicit.ball_prior import information, information_float
from boundcalc.explicit.caps import Caps
from boundcalc.explicit.family import Design, Family, NotApplicable
from boundcalc.explicit.problem import Effort, Problem

_STEPS = 256


@dataclass(frozen=True)
class AffinePrior(Design):
    """Share of the sup norm that the intercept takes, in [0, 1)."""

    BITS = 128
    share: Fraction

    def __str__(self) -> str:
        return f"the intercept takes {self.share} of B"

    def bound(self, problem: Problem) -> Ball:
        """The bound above, in units of B^2."""
        if not 0 <= self.share < 1:
            raise ArithmeticError(f"the share of the intercept must lie in [0, 1), got {self.share}")
        nu, d = ball(problem.nu), problem.d
        slope = d / (nu + (d + 2) * information(d) / ball(1 - self.share) ** 2)
        if self.share == 0:
            return slope
        return slope + 1 / (nu + (Ball.pi() / ball(self.share)) ** 2)


def ceiling(problem: Problem, extra: tuple[Caps, ...]) -> float:
    """(d + 1)/nu."""
    return math.log(problem.d + 1) - problem.log_nu


def search(problem: Problem, effort: Effort, extra: tuple[Caps, ...], floor: float) -> Design | NotApplicable:
    """The best share on a fixed grid: fixed, so that the bound is monotone in n, sigma and B."""
    # Divided by nu for n beyond the float range: 1/(1 + x/nu).
    share = np.arange(_STEPS) / _STEPS
    d = problem.d
    inverse = np.exp(np.clip(-problem.log_nu, -600.0, 600.0))
    slope = d / (1 + (d + 2) * information_float(d) * inverse / (1 - share) ** 2)
    safe = np.maximum(share, 1 / _STEPS)
    intercept = np.where(share > 0, 1 / (1 + (np.pi / safe) ** 2 * inverse), 0.0)
    return AffinePrior(Fraction(int((slope + intercept).argmax()), _STEPS))


FAMILY = Family(
    key="affine",
    title="Affine functions",
    statement="1/(n/sigma^2 + pi^2/(rho B)^2) + d/(n/sigma^2 + (d + 2) J_d/((1 - rho) B)^2) for every rho in [0, 1), with "
    "J_d the least Fisher information per coordinate of a prior on the unit ball.",
    conditions=("none: affine functions have weighted variation norm 0",),
    proof=__doc__,
    boundary_localised=False,
    search=search,
    ceiling=ceiling,
)
