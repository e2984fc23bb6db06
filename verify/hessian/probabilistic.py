"""Upper bounds of the largest eigenvalue that hold with a stated probability, for problems of any size.

Let A be positive semidefinite with largest eigenvalue L, b uniform on the unit sphere of R^P, and theta the largest Ritz
value of the Krylov space of dimension k. If theta < (1 - e) L =: a, then sum_i b_i^2 q(l_i)^2 (l_i - a) < 0 for every
polynomial q of degree below k. Choose q with q(x) sqrt(a - x) = sqrt(a) T_(2k-1)(sqrt(1 - x/a)), Chebyshev's polynomial,
which is odd: it is at most sqrt(a) in absolute value on [0, a], and at L the left side is
-sqrt(a) sinh((2k-1) artanh sqrt(e)) times the imaginary unit. Hence b_1^2 sinh^2 < 1 - b_1^2, that is

    b_1^2 < 1 / cosh^2((2k - 1) artanh sqrt(e)),

and b_1^2 has the Beta(1/2, (P-1)/2) distribution. (The bound of Kuczynski & Wozniakowski, SIAM J. Matrix Anal. Appl. 13
(1992), without the estimates of its last step.) The Hessian is made semidefinite by adding max gamma_k.
"""

from __future__ import annotations

import math

from scipy.special import betaincinv

from verify.hessian.inputs import check_positive


def relative_error_bound(parameters: int, krylov: int, probability: float) -> float:
    """The smallest relative error whose failure probability is at most ``probability``; 1.0 if none below 1.

    >>> [round(relative_error_bound(1000, steps, 1e-12), 3) for steps in (5, 60, 500)]
    [0.996, 0.067, 0.001]
    """
    if parameters < 2:
        return 0.0
    # cosh(phase)^-2 = x with I_x(1/2, (P-1)/2) = probability; slightly smaller x is safe.
    x = float(betaincinv(0.5, (parameters - 1) / 2, check_positive("probability", probability, below=1.0))) * (1 - 1e-9)
    if x <= 0.0:
        return 1.0
    phase = math.acosh(1 / math.sqrt(x)) if x < 1 else 0.0
    error = math.tanh(phase / (2 * krylov - 1)) ** 2
    return min(1.0, error * (1 + 1e-9))


def probable_bound(value: float, shift: float, parameters: int, krylov: int, probability: float) -> float:
    """What lambda_max(H) exceeds with at most that probability, from the Ritz value and a ``shift`` that makes H + shift
    positive semidefinite; inf where the Krylov space is too small to say anything."""
    error = relative_error_bound(parameters, krylov, probability)
    return (value + shift) / (1 - error) * (1 + 1e-12) - shift if error < 1 else math.inf
