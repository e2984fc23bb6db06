"""Pairwise disjoint caps of the unit ball, with their certificate."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from math import isqrt

import numpy as np
from numpy.typing import ArrayLike, NDArray

from constructions import _arguments as check
from constructions._products import tiles
from constructions.angle import Exact, cosine_at
from constructions.certificate import SeparationCertificate
from constructions.codes import best_code, build, default_size, member
from constructions.rounding import decimal_below
from constructions.spherical_code import SphericalCode

_BLOCK_ENTRIES = 4_000_000
_SCREEN_ABOVE = 10**8  # pairs of points and centres from which on points outside all caps are sorted out in float32
_BALL_TOLERANCE = 1e-9
_HEIGHT_MARGIN = Fraction(1, 10**9)
_ROUNDING = Fraction(1, 10**12)  # more than the rounding of rows changes inner products


def separation_limit(height: Fraction) -> Fraction:
    """Largest inner product 2(1−h)² − 1 of the centres of disjoint caps of height h.

    A cap has angular radius θ = arccos(1−h), and two are disjoint (up to a common boundary point) exactly if their
    centres are at angle at least 2θ.

    Examples
    --------
    >>> separation_limit(Fraction(1, 10))
    Fraction(31, 50)
    """
    return 2 * (1 - check.height(height)) ** 2 - 1


def largest_height(cosine: Fraction) -> Fraction:
    """A height h, a relative 1e-9 below the largest one, whose caps are disjoint if their centres have that largest cosine.

    Parameters
    ----------
    cosine : Fraction
        Largest inner product of the centres, in [-1, 1).

    Returns
    -------
    Fraction
        A decimal of 12 significant digits with `separation_limit(h) >= cosine`; exactly 1 for -1.

    Examples
    --------
    >>> float(largest_height(Fraction(0)))  # 1 - cos 45°
    0.29289321852
    """
    s = check.cosine(cosine)
    if s == -1:
        return Fraction(1)
    # 1 − √x = (1 − x)/(1 + √x), x = (1+s)/2, with the root rounded up: h is rounded down, without cancellation.
    x = (1 + s) / 2
    scale = 1 << 128
    root = Fraction(isqrt(x.numerator * scale * scale // x.denominator) + 1, scale)
    return decimal_below((1 - x) / (1 + root) * (1 - _HEIGHT_MARGIN))


@dataclass(frozen=True, eq=False)
class Packing:
    """Disjoint caps {x : u_i·x ≥ 1 − h} of the unit ball.

    Attributes
    ----------
    code : SphericalCode
        The centres u_i: the rows of its `points`.
    height : Fraction
        Common height h in (0, 1].
    certificate : SeparationCertificate
        That of the rows at `separation_limit(height)`; its `holds` is True.

    Raises
    ------
    ValueError
        If the caps are not certified disjoint.
    """

    code: SphericalCode
    height: Fraction
    certificate: SeparationCertificate = field(init=False)

    def __post_init__(self) -> None:
        check.instance("code", self.code, SphericalCode)
        object.__setattr__(self, "height", check.height(self.height))
        certificate = self.code.certify_rows(self.separation_limit)
        object.__setattr__(self, "certificate", certificate)
        if certificate.holds is not True:
            found = certificate.bound
            raise ValueError(
                f"caps of height {self.height} around the {self.size} points of {self.code.family} must be certified "
                f"disjoint: the largest inner product lies in [{float(found.lower)!r}, {float(found.upper)!r}], "
                f"the limit is {float(certificate.cosine)!r}; pass a smaller height or a code of larger separation"
            )

    @property
    def centres(self) -> NDArray[np.float64]:
        """Centres, shape (N, d), read-only."""
        return self.code.points

    @property
    def size(self) -> int:
        """Number of caps N."""
        return self.code.size

    @property
    def dim(self) -> int:
        """Dimension d."""
        return self.code.dim

    @property
    def separation_limit(self) -> Fraction:
        """2(1−h)² − 1."""
        return separation_limit(self.height)

    def active(self, X: ArrayLike) -> NDArray[np.int64]:
        """Index of the cap that holds each point, or -1.

        Parameters
        ----------
        X : array_like, shape (n, d)
            Points of the closed unit ball.

        Returns
        -------
        ndarray of int64, shape (n,)
        """
        points = self._points(X)
        result = np.full(len(points), -1, dtype=np.int64)
        for rows, nearest, depth in self._near(points):
            result[rows[depth >= 0]] = nearest[depth >= 0]
        return result

    def counts(self, X: ArrayLike) -> NDArray[np.int64]:
        """Number of the points X (n, d) in each cap, shape (N,)."""
        active = self.active(X)
        return np.bincount(active[active >= 0], minlength=self.size).astype(np.int64)

    def evaluate(self, X: ArrayLike, signs: ArrayLike) -> NDArray[np.float64]:
        """f_ξ(x) = Σ_i ξ_i (u_i·x − (1−h))_+ / h on points of the unit ball.

        Parameters
        ----------
        X : array_like, shape (n, d)
            Points of the closed unit ball, where at most one term is positive.
        signs : array_like, shape (N,)
            Coefficients ξ_i (any real numbers).

        Returns
        -------
        ndarray of float64, shape (n,)
        """
        points = self._points(X)
        coefficients = check.array("signs", signs, (self.size,))
        result = np.zeros(len(points))
        for rows, nearest, depth in self._near(points):
            result[rows] = coefficients[nearest] * np.maximum(depth, 0.0) / float(self.height)
        return result

    def empirical_weight(
        self,
        X: ArrayLike,
        offsets: ArrayLike,
        directions: ArrayLike | None = None,
        active: NDArray[np.int64] | None = None,
    ) -> NDArray[np.float64]:
        """g_n(v_i, t_j) of the sample X (n, d) for half-spaces {v_i·x > t_j} that lie in cap i, shape (N, J).

        A point with v_i·x > t_j lies in cap i alone: sums over {v_i·x > t_j} have few terms, and those over the other
        side are the sums over all points without them. The same as `network.empirical_weight`, in O(n) per offset.

        Parameters
        ----------
        X : array_like, shape (n, d)
        offsets : array_like, shape (J,)
        directions : array_like, shape (N, d), optional
            Unit vectors v_i; by default the centres.
        active : ndarray of int64, shape (n,), optional
            What `active(X)` returns, if it is known.

        Examples
        --------
        >>> pack(1, Fraction(1, 2)).empirical_weight([[0.75], [-0.25]], [0.5]).round(6).tolist()
        [[0.078125], [0.0]]
        """
        points = self._points(X)
        if not len(points):
            raise ValueError("X must have at least one row, got none")
        v = self.centres if directions is None else check.array("directions", directions, (self.size, self.dim))
        levels = check.array("offsets", offsets, (None,))
        if len(levels) and not 1 - float(self.height) - _BALL_TOLERANCE <= levels.min() <= levels.max() <= 1:
            raise ValueError(f"offsets must lie in [1 - h, 1], got {levels.min()!r} to {levels.max()!r}")
        holds = self.active(points) if active is None else active
        rows = np.flatnonzero(holds >= 0)
        which, inner = holds[rows], points[rows]
        s = np.einsum("ij,ij->i", inner, v[which])
        live, where = np.unique(which, return_inverse=True)  # caps without points have weight 0
        n, mean = len(points), points.mean(axis=0)
        result = np.zeros((self.size, len(levels)))
        for j, t in enumerate(levels):
            on, caps = np.flatnonzero(s > t), where[s > t]
            share = np.bincount(caps, minlength=len(live)) / n
            tie = np.bincount(where[s == t], minlength=len(live)) / n
            excess = np.bincount(caps, s[on] - t, minlength=len(live)) / n
            moment = np.column_stack([np.bincount(caps, column, minlength=len(live)) for column in inner[on].T]) / n
            other = excess + (t - v[live] @ mean)
            sides = (
                excess * np.sqrt(share**2 + (moment**2).sum(axis=1)),
                other * np.sqrt((1 - share - tie) ** 2 + ((mean - moment) ** 2).sum(axis=1)),
            )
            result[live, j] = np.minimum(*sides)
        return result

    def _points(self, X: ArrayLike) -> NDArray[np.float64]:
        points = check.array("X", X, (None, self.dim))
        if len(points):
            largest = float(np.einsum("ij,ij->i", points, points).max()) ** 0.5
            if largest > 1 + _BALL_TOLERANCE:
                raise ValueError(f"X must lie in the closed unit ball, got a point of norm {largest!r}")
        return points

    def _near(
        self, points: NDArray[np.float64]
    ) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float64]]]:
        """Blocks (rows, nearest centre, depth u·x − (1−h)) of the points whose norm lets them lie in a cap."""
        level = 1 - float(self.height)
        norms = np.sqrt(np.einsum("ij,ij->i", points, points))
        outer = np.flatnonzero(norms >= level - 1e-12)  # |u·x| ≤ |x|, up to rounding
        if len(outer) * self.size > _SCREEN_ABOVE:
            outer = outer[self._reaches(points[outer], level)]
        step = max(1, _BLOCK_ENTRIES // self.size)
        for start in range(0, len(outer), step):
            rows = outer[start : start + step]
            products = points[rows] @ self.centres.T
            nearest = products.argmax(axis=1)
            yield rows, nearest, products[np.arange(len(rows)), nearest] - level

    def _reaches(self, points: NDArray[np.float64], level: float) -> NDArray[np.bool_]:
        """False only where u·x < level for every centre u, with a margin for the rounding of float32 products."""
        # d products and d − 1 sums of terms whose absolute values sum to at most 1, and two conversions.
        bar = np.float32(level - (self.dim + 4) * 2.0**-23)
        first, second = points.astype(np.float32), self.centres.astype(np.float32)
        result = np.zeros(len(points), dtype=bool)
        for i, _, block in tiles(first, second, 0.0):
            if float(block.max()) >= bar:  # most tiles of thin caps are empty: one maximum is cheaper than one per row
                result[i : i + len(block)] |= block.max(axis=1) >= bar
        return result


def pack(
    d: int,
    height: Fraction | None = None,
    *,
    angle: Exact | None = None,
    cosine: Exact | None = None,
    family: str = "auto",
    seed: int = 0,
    max_size: int | None = None,
) -> Packing:
    """Certified packing of caps of a height, or of caps that fit centres at an angle.

    Parameters
    ----------
    d : int
        Dimension.
    height : Fraction
        Cap height in (0, 1].
    angle, cosine : number or text
        In the place of `height`: caps as high as centres at that angle in degrees, or with that largest inner product,
        allow (`largest_height`: rounded down by a relative 1e-9). `angle=60` thus means caps of angular radius 30°.
    family : str
        "auto" for the largest code of all families, or the name of one.
    seed : int
        Seed of the randomised families.
    max_size : int, optional
        Largest number of caps.

    Raises
    ------
    TypeError, ValueError
        If not exactly one of height, angle and cosine is given, or it is outside its domain; if the family has no code
        there, or the caps are not certified disjoint.

    Examples
    --------
    >>> pack(12, Fraction(13, 100)).size  # centres at 59.1° or more
    840
    >>> packing = pack(12, angle=60)
    >>> packing.size, float(packing.height)  # 1 - cos 30°
    (840, 0.133974596081)
    """
    if sum(value is None for value in (height, angle, cosine)) != 2:
        raise TypeError("pass exactly one of height, angle (in degrees) and cosine")
    h = largest_height(cosine_at(angle, cosine)) if height is None else check.height(height)
    d, limit = check.integer("d", d, 1), separation_limit(h)

    def code_at(cosine: Fraction) -> SphericalCode:
        if isinstance(family, str) and family == "auto":
            most = default_size(d) if max_size is None else max_size
            return best_code(d, cosine=cosine, seed=seed, max_size=most)
        return build(member(family, "family").name, d, cosine=cosine, seed=seed, max_size=max_size)

    code = code_at(limit)
    if code.certify_rows(limit).holds is not True:  # the code attains the limit, which its rounding misses
        code = code_at(max(limit - _ROUNDING, Fraction(-1)))
    return Packing(code, h)
