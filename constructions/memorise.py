"""Networks that fit given data and are flat: solitary neurons on the sphere, and the pair that no data can tell apart.

*Sphere.* n distinct points of norm 1 are interpolated by n neurons, each active at one point: w along x_i, offset in the
gap below 1 that the nearest other point leaves. Balanced against the Hessian, v_i² (|x_i|² + 1) = (activation)², such a
neuron adds at most 2√2 |y_i − β|/n to the largest eigenvalue 1 of the output bias.

*Pair.* Of disjoint caps of the unit ball, those that hold no sample carry atoms that no sample sees: a network with any
signs on them has residuals, gradients and Hessian of the constant function, so its sharpness is 1 (LQWP25, Prop. I.2, Cor. I.3).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from constructions import _arguments as check
from constructions.network import Network
from constructions.packing import Packing

Float = NDArray[np.float64]

_BLOCK = 1024


def nearest_inner_products(X: ArrayLike) -> Float:
    """Largest inner product of each row of X (n, d) with another row, shape (n,); −1 for a single row of norm 1."""
    points = check.array("X", X, (None, None))
    result = np.full(len(points), -1.0)
    if len(points) < 2:
        return result
    for start in range(0, len(points), _BLOCK):
        block = points[start : start + _BLOCK] @ points.T
        rows = np.arange(len(block))
        block[rows, start + rows] = -np.inf
        result[start : start + _BLOCK] = block.max(axis=1)
    return result


def sphere_interpolator(X: ArrayLike, y: ArrayLike, beta: float = 0.0, share: float = 0.5) -> Network:
    """The network with one neuron per point of the sphere that interpolates the labels: f(x_i) = y_i.

    Parameters
    ----------
    X : array_like, shape (n, d)
        Distinct points of norm 1.
    y : array_like, shape (n,)
    beta : float
        Output bias.
    share : float
        The kink stands at this share of the gap 1 − max_j x_i·x_j below the point; in (0, 1).

    Returns
    -------
    Network
        Neuron i: w = ρ x_i, b = ρ(1 − ε_i), v = (y_i − β)/(ρ ε_i), with v²·2 = (ρ ε_i)²: then the squared gradient at x_i is
        2√2 |y_i − β|, whatever the gap. Labels equal to β get v = 0 and ρ = 1.

    Raises
    ------
    ValueError
        If a point has not norm 1, or two points are equal or too near for floats to separate.

    Examples
    --------
    >>> f = sphere_interpolator([[1.0, 0.0], [0.0, 1.0]], [1.0, -2.0])
    >>> bool(np.allclose(f([[1.0, 0.0], [0.0, 1.0]]), [1.0, -2.0]))
    True
    """
    points = check.unit_rows("X", X)
    with np.errstate(over="ignore"):
        labels = check.array("y", y, (len(points),)) - check.finite("beta", beta)
    if not np.isfinite(labels).all():
        raise ValueError(f"y must differ from beta by numbers that float64 can hold, got beta = {beta!r}")
    share = check.finite("share", share, above=0.0)
    if share >= 1:
        raise ValueError(f"share must lie in (0, 1), got {share!r}")
    gap = np.einsum("ij,ij->i", points, points) - nearest_inner_products(points)
    if gap.min() < 1e-12:
        index = int(gap.argmin())
        raise ValueError(f"X must have distinct rows, row {index} is within {gap[index]:.3g} of another one")
    margin = share * gap
    offset = np.einsum("ij,ij->i", points, points) - margin
    # 2v² = a² with v a = |label|: a = 2^{1/4} |label|^{1/2} is the activation ρ·margin.
    activation = 2**0.25 * np.sqrt(np.abs(labels))
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        rho = np.where(labels != 0, activation / margin, 1.0)
    if not np.isfinite(rho).all():
        raise ValueError(f"share must leave neurons that float64 can hold, got {share!r}; pass a larger one")
    v = np.where(labels != 0, labels / np.where(activation > 0, activation, 1.0), 0.0)
    return Network(rho[:, None] * points, rho * offset, v, float(beta))


@dataclass(frozen=True, eq=False)
class InvisiblePair:
    """Two networks that agree on a sample and differ on the caps it misses.

    Attributes
    ----------
    plus, minus : Network
        β ± L Σ over the empty caps of the atoms.
    empty : ndarray of int64
        Indices of the caps without sample.
    """

    plus: Network
    minus: Network
    empty: NDArray[np.int64]


def invisible_pair(packing: Packing, X: ArrayLike, bound: float = 1.0) -> InvisiblePair:
    """The pair of Cor. I.3 for a drawn sample X (n, d): ±`bound` on every cap of the packing that holds no point.

    Raises
    ------
    ValueError
        If every cap holds a point: take lower caps, or fewer points.

    Examples
    --------
    >>> from fractions import Fraction
    >>> from constructions.packing import pack
    >>> pair = invisible_pair(pack(2, Fraction(1, 50)), [[0.0, 0.0], [1.0, 0.0]])
    >>> len(pair.empty), bool((pair.plus([[1.0, 0.0]]) == pair.minus([[1.0, 0.0]])).all())
    (14, True)
    """
    check.instance("packing", packing, Packing)
    points = check.array("X", X, (None, packing.dim))
    amplitude = check.finite("bound", bound, above=0.0)
    # No point at depth 0 or beyond, up to rounding: a point on a kink would count as inside.
    occupied = np.zeros(packing.size, dtype=bool)
    h = float(packing.height)
    if not h or not np.isfinite(amplitude / h):
        raise ValueError(
            f"bound over the height of the packing must be in the range of floats, got {amplitude!r} over {h:.6g}"
        )
    level = 1 - h
    step = max(1, 4_000_000 // packing.size)
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):  # of points far outside: NaN counts as inside
        norms = np.linalg.norm(points, axis=1)
        outer = points[norms >= level - 1e-12]
        for start in range(0, len(outer), step):
            products = outer[start : start + step] @ packing.centres.T
            occupied |= ~(products < level - 1e-12).all(axis=0)
    empty = np.flatnonzero(~occupied)
    if not empty.size:
        raise ValueError(
            f"X must leave a cap empty, but its {len(points)} points meet all {packing.size} caps of height "
            f"{float(packing.height):.4g}; pass a packing of lower caps, or fewer points"
        )
    plus, minus = (
        Network.from_atoms(packing.centres[empty], packing.height, np.full(len(empty), sign * amplitude))
        for sign in (1, -1)
    )
    return InvisiblePair(plus, minus, empty)
