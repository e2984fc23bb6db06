"""The empirical weight along a direction at every threshold at once.

For a direction u let z_1 <= ... <= z_n be the sorted values u·x_i. Between two of them the points beyond the threshold
stay the same, so share and moment are constant and the mean excess is linear in t: the weight's extremes lie at the
ends of these intervals. Sums over the points beyond come from one cumulative sum.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Profile:
    """Thresholds t in (-1, 1) and the one-sided limits of g_n(u, t) there, shape (m,) each."""

    t: Float
    weight: Float


def weight_profile(X: Float, u: Float) -> Profile:
    """g_n(u, t) at both ends of every interval between neighbouring values of u·x.

    Parameters
    ----------
    X : array (n, d)
        Points of the unit ball.
    u : array (d,)
        A unit vector.

    Examples
    --------
    Points -1/2 and 1/2 on the line: between them m = 1/4 at t = 0.25 (half the sample, 1/4 beyond), and p = 1/2, s = 1/4.

    >>> found = weight_profile(np.array([[-0.5], [0.5]]), np.array([1.0]))
    >>> found.t.tolist(), found.weight.round(4).tolist()
    ([-0.5, 0.5, -0.5, 0.5], [0.0, 0.0, 0.0, 0.0])
    >>> found = weight_profile(np.array([[-0.5], [0.0], [0.5]]), np.array([1.0]))
    >>> float(found.weight.max().round(4))  # at t = 0: m = 1/6, p = 1/3, s = 1/6
    0.0621
    """
    values = X @ u
    order = np.argsort(values, kind="stable")
    z, points = values[order], X[order]
    n = len(z)
    # Row i: sums over the points 0..i-1, those below.
    below = np.zeros((n + 1, X.shape[1]))
    np.cumsum(points, axis=0, out=below[1:])
    first = np.concatenate([[0.0], np.cumsum(z)])
    count = np.arange(n + 1.0)
    lower = np.sqrt(count**2 + np.einsum("nd,nd->n", below, below))
    above = below[-1] - below
    upper = np.sqrt((n - count) ** 2 + np.einsum("nd,nd->n", above, above))
    # With i points below: the limit at z_i from the right (i >= 1), at z_{i+1} from the left (i < n).
    rows = np.concatenate([np.arange(1, n + 1), np.arange(n)])
    t = np.concatenate([z, z])
    beyond = np.maximum(first[-1] - first[rows] - t * (n - count[rows]), 0)
    short = np.maximum(t * count[rows] - first[rows], 0)
    weight = np.minimum(beyond * upper[rows], short * lower[rows]) / float(n) ** 2
    inside = np.abs(t) < 1
    return Profile(t[inside], weight[inside])
