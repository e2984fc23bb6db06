"""The result of a sharpness computation."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from boundcalc.shown import Shown, show_interval, show_upper
from verify.hessian.problem import Measured, Problem
from verify.hessian.rounding import SLACK, UNIT, up
from verify.outcome import Interval, Trust


class Certificate(Enum):
    """How the upper bound of lambda_max is obtained.

    AUTO takes the cheapest rigorous one that applies, and PROBABILISTIC where none does. It leaves CHOLESKY out where that
    takes more than the memory there is, or minutes: ask for it by name.
    STRUCTURE: connected components of the activation graph, or the whole P x P matrix of a small network.
    KRYLOV: the Lanczos run itself and the trace. TRACE: a larger subspace, that holds most of the trace.
    CHOLESKY: one factorisation per bound, n x n or P x P. PERRON: a positive vector, for points in the unit ball.
    PROBABILISTIC: Lanczos from a random vector.
    NONE: no upper bound (inf); the value and the rigorous lower bound alone, in half the time.
    """

    AUTO = "auto"
    STRUCTURE = "structure"
    KRYLOV = "krylov"
    TRACE = "trace"
    CHOLESKY = "cholesky"
    PERRON = "perron"
    PROBABILISTIC = "probabilistic"
    NONE = "none"


@dataclass(frozen=True, eq=False, repr=False)
class Sharpness(Shown):
    """An enclosure of the largest eigenvalue of the Hessian of the loss.

    Attributes
    ----------
    lower, upper : float
        ``lower <= lambda_max <= upper``. The lower bound is always rigorous; the upper one if ``proved``.
    value : float
        The best estimate: the Ritz value and what the next step would add, inside the enclosure; usually right to 1e-12.
    proved : bool
        Whether ``upper`` is a theorem about the float64 data: all rounding errors are bounded.
    method : str
        The certificate behind ``upper``.
    failure_probability : float
        0.0 if ``proved``; otherwise the probability, over the random start, that lambda_max exceeds ``upper``.
    iterations : int
        Hessian-vector products made.
    residual : float
        |H p - value p| for the unit eigenvector estimate, in units of the Hessian.
    kink_distance : float
        min |w_k·x_i - b_k| over all pairs. At 0 the loss isn't twice differentiable; the enclosure then holds for
        every one-sided Hessian, each pair on a kink counted as active or inactive.
    eigenvector : ndarray (P,)
        Unit vector in the order W (row by row), b, v, beta.
    """

    lower: float
    upper: float
    value: float
    proved: bool
    method: str
    failure_probability: float
    iterations: int
    residual: float
    kink_distance: float
    eigenvector: NDArray[np.float64]

    @property
    def trust(self) -> Trust:
        """PROVED if every rounding error is bounded, FLOAT_CERTIFIED if the upper end may fail with a stated probability."""
        return Trust.PROVED if self.failure_probability == 0 else Trust.FLOAT_CERTIFIED

    @property
    def interval(self) -> Interval:
        """The enclosure as :func:`verify.outcome.judge` takes it: its ends are the exact binary numbers."""
        return Interval(self.lower, self.upper, trust=self.trust)

    def __str__(self) -> str:
        kind = (
            "proved"
            if self.trust is Trust.PROVED
            else f"fails with probability {show_upper(self.failure_probability, 2)}"
        )
        return (
            f"lambda_max in {show_interval(self.lower, self.upper, 12)} ({self.method}, {kind})\n"
            f"estimate {self.value:.12g}, residual {self.residual:.2g}, {self.iterations} Hessian-vector products\n"
            f"least distance to a kink {self.kink_distance:.3g}, eigenvector of {len(self.eigenvector)} entries"
        )


def kink_slack(problem: Measured, upper: float) -> float:
    """How far any one-sided choice can move an eigenvalue from its value with all kinks inactive, if that is <= upper.

    |J - J0| <= kink_jacobian and |D - D0| <= kink_curvature, so at most (2 |J0| |J - J0| + |J - J0|^2) / n + |D - D0|,
    where |J0|^2 / n <= lambda_max + |D0|, and at most the trace of J0'J0 / n.
    """
    if not len(problem.pattern.kinks):
        return 0.0
    reach = math.sqrt(min(upper + problem.gamma_max + problem.c_error, problem.jacobian_square) * SLACK)
    change = problem.kink_jacobian / math.sqrt(problem.n)
    return ((2 * reach + change) * change + problem.kink_curvature) * SLACK


def true_bounds(problem: Problem, lower: float, upper: float) -> tuple[float, float]:
    """From bounds of the scaled Hessian to those of the true one.

    ``upper`` belongs to the Hessian with the computed c_k, which is within c_error; ``lower`` accounts for that already.

    Raises
    ------
    OverflowError
        If a finite bound is beyond the range of float64.
    """
    upper = up(upper + problem.c_error) if problem.live_count else upper
    slack = kink_slack(problem, upper)
    if slack:
        upper, lower = up(upper + slack), max((lower - slack) * (1 - 2 * UNIT), 0.0)
    try:
        lower, upper = math.ldexp(lower, problem.exponent), math.ldexp(upper, problem.exponent)
    except OverflowError as error:
        raise OverflowError(
            f"lambda_max is about {lower:.3g} * 2**{problem.exponent}, beyond the range of float64; rescale the network"
        ) from error
    # The output bias alone has curvature 1.
    return max(lower, 1.0), max(upper, 1.0)
