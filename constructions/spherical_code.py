"""Finite sets of unit vectors with a certificate for their largest inner product."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import frexp, ldexp

import numpy as np
from numpy.typing import ArrayLike, NDArray

from constructions import _arguments as check
from constructions.cached import cached_property
from constructions.certificate import InnerProductBound, SeparationCertificate, integer_directions, max_inner_product

_NORM_TOLERANCE = 1e-9


def _integers(name: str, vectors: ArrayLike) -> NDArray[np.int64]:
    """Integer rows, none of them zero, with squared norms below 2^52: what is computed of them in 64 bits is exact."""
    floats = check.array(name, vectors, (None, None))
    if not floats.size or not floats.any(axis=1).all():
        raise ValueError(f"{name} must be a non-empty matrix of nonzero rows, got shape {floats.shape}")
    if (floats != np.floor(floats)).any():
        raise ValueError(f"{name} must hold integers, got fractions; multiply them by a common denominator")
    if np.abs(floats).max() >= 2.0**26 or not (np.square(floats).sum(axis=1) < 2.0**52).all():
        raise ValueError(f"{name} must have squared norms below 2^52, so that products of them are exact; divide them")
    return floats.astype(np.int64, order="C")


def _square_norms(vectors: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.asarray(np.einsum("ij,ij->i", vectors, vectors))


def _distance_to_image(rows: NDArray[np.float64], points: NDArray[np.float64]) -> float:
    """How far the points (N, d) are from an isometric image of the rows (N, D); from the rows themselves where D = d."""
    if rows.shape == points.shape:
        return float(np.abs(points - rows).max())
    values, vectors = np.linalg.eigh(rows.T @ rows)
    kept = values > 1e-9 * values[-1]
    basis, values = vectors[:, kept], values[kept]  # of the space that the rows span
    image = basis.T @ rows.T @ points / values[:, None]  # least squares: points = rows @ basis @ image
    skew = np.abs(image @ image.T - np.eye(len(image))).max()
    return float(max(skew, np.abs(rows @ basis @ image - points).max()))


@dataclass(frozen=True, eq=False)
class SphericalCode:
    """N unit vectors in R^d.

    Attributes
    ----------
    points : ndarray of float64, shape (N, d)
        Read-only; rows have norm 1 up to rounding (relative error below 1e-9, in general below 1e-13).
    family : str
        Name of the construction, with its parameters.
    exact : ndarray of int64, shape (N, D), or None
        Read-only integer vectors whose directions are the code itself, where there are such: it is they that are certified.
        D equals d when the coordinates are the same up to scale, and exceeds it when the code spans a d-dimensional
        subspace of R^D (A_2 in x + y + z = 0); `points` are then the rounding of an isometric image (`rounded`).
    known : InnerProductBound or None
        Largest inner product of a code without integer coordinates that its construction proves (a regular pentagon), of
        which `points` are the rounding.

    What is certified is `exact` or `known` where there is one of them, else the exactly normalised rows of `points`.

    Examples
    --------
    >>> code = SphericalCode.from_integers([[1, 0], [-1, 0], [0, 1]], "three axes")
    >>> code.size, code.dim, code.max_inner_product().upper
    (3, 2, Fraction(0, 1))
    """

    points: NDArray[np.float64]
    family: str
    exact: NDArray[np.int64] | None = None
    known: InnerProductBound | None = None

    def __post_init__(self) -> None:
        points = check.frozen(check.array("points", self.points, (None, None)))
        if not points.size:
            raise ValueError(f"points must have at least one row and one column, got shape {points.shape}")
        worst = float(np.abs(np.einsum("ij,ij->i", points, points) - 1).max())
        if worst > 2 * _NORM_TOLERANCE:
            raise ValueError(f"points must have rows of norm 1, got one whose squared norm is off by {worst:.3g}")
        if self.known is not None:
            check.instance("known", self.known, InnerProductBound)
        if self.exact is not None:
            exact = _integers("exact", self.exact)
            if len(exact) != len(points) or exact.shape[1] < points.shape[1]:
                raise ValueError(
                    f"exact must have {len(points)} rows in at least {points.shape[1]} coordinates, got shape {exact.shape}"
                )
            gap = _distance_to_image(exact / np.sqrt(_square_norms(exact))[:, None], points)
            if gap > _NORM_TOLERANCE:
                raise ValueError(
                    "exact must equal points but for the norms of its rows and an isometry of the space that it spans, "
                    f"got a difference of {gap:.3g}"
                )
            exact.setflags(write=False)
            object.__setattr__(self, "exact", exact)
        object.__setattr__(self, "points", points)

    @classmethod
    def from_integers(cls, vectors: ArrayLike, family: str) -> SphericalCode:
        """Code along integer vectors, in floats that keep the directions exactly.

        The scale 1/√m is rounded to so few bits that its integer multiples are floats: the rows are then exact
        multiples of the integer vectors, and only their norm is rounded.
        """
        integers = _integers("vectors", vectors)
        norms = _square_norms(integers)
        different = np.unique(norms)
        bits = 53 - int(np.abs(integers).max()).bit_length()
        scales = []
        for norm in different:
            mantissa, exponent = frexp(int(norm) ** -0.5)
            scales.append(ldexp(round(ldexp(mantissa, bits)), exponent - bits))
        scale = np.array(scales)[np.searchsorted(different, norms)]
        return cls(np.asarray(integers * scale[:, None], dtype=np.float64), family, integers)

    @property
    def size(self) -> int:
        """Number of points N."""
        return int(self.points.shape[0])

    @property
    def dim(self) -> int:
        """Dimension d of the space."""
        return int(self.points.shape[1])

    def max_inner_product(self) -> InnerProductBound:
        """Rigorous largest inner product of the code (computed once)."""
        return self._bound

    def certify_separation(self, cosine: Fraction) -> SeparationCertificate:
        """Whether all inner products of the code are at most `cosine`, rigorously."""
        return self._bound.at_most(cosine)

    def certify_rows(self, cosine: Fraction) -> SeparationCertificate:
        """The same of the floats: of the exactly normalised rows of `points`, which may round the code.

        Examples
        --------
        >>> from constructions.codes import build
        >>> hexagon = build("roots", 2, 60)
        >>> hexagon.rounded, hexagon.certify_separation(Fraction(1, 2)).holds, hexagon.certify_rows(Fraction(1, 2)).holds
        (True, True, False)
        """
        return self._rows_bound.at_most(cosine)

    @cached_property
    def rounded(self) -> bool:
        """Whether `points` round the code that is certified; else their rows, exactly normalised, are that code."""
        if self.exact is None:
            return self.known is not None
        directions = integer_directions(self.points)
        own = self.exact // np.gcd.reduce(self.exact, axis=1)[:, None]
        return directions is None or not np.array_equal(directions, own)

    @cached_property
    def _bound(self) -> InnerProductBound:
        return self.known or max_inner_product(self.points if self.exact is None else self.exact)

    @cached_property
    def _rows_bound(self) -> InnerProductBound:
        return max_inner_product(self.points) if self.rounded else self._bound

    def truncated(self, size: int) -> SphericalCode:
        """The first `size` points (the code itself if it has no more)."""
        size = check.integer("size", size, 1)
        if size >= self.size:
            return self
        exact = None if self.exact is None else self.exact[:size]
        return SphericalCode(self.points[:size], f"{self.family}, first {size}", exact, self.known)
