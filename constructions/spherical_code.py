"""Finite sets of unit vectors with a certificate for their largest inner product."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from math import frexp, ldexp

import numpy as np
from numpy.typing import ArrayLike, NDArray

from constructions import _arguments as check
from constructions.certificate import (
    InnerProductBound,
    SeparationCertificate,
    integer_gram_maximum,
    max_inner_product,
)

_NORM_TOLERANCE = 1e-9


@dataclass(frozen=True, eq=False)
class ExactForm:
    """Integer vectors whose directions are the code.

    Attributes
    ----------
    vectors : ndarray of int64, shape (N, D)
        Read-only. D equals the dimension d of the code when the coordinates are the same up to scale, and exceeds it
        when the code spans a d-dimensional subspace of R^D (A_2 in x + y + z = 0): then the code is an isometric image.
    """

    vectors: NDArray[np.int64]

    def __post_init__(self) -> None:
        vectors = _integers(self.vectors)
        if not vectors.any(axis=1).all():
            raise ValueError("every row of vectors must be nonzero")
        vectors.setflags(write=False)
        object.__setattr__(self, "vectors", vectors)

    def max_inner_product(self) -> Fraction:
        """Largest inner product of two different normalised rows, exactly (-1 for a single row).

        Where rows of several norms make it irrational, it is rounded up by less than 2^-126.

        Examples
        --------
        >>> ExactForm(np.array([[1, 1, 0], [1, 0, 1]])).max_inner_product()
        Fraction(1, 2)
        """
        if len(self.vectors) == 1:
            return Fraction(-1)
        square_norms = _square_norms(self.vectors)
        if (square_norms != square_norms[0]).any():
            return max_inner_product(self.vectors).upper
        return Fraction(integer_gram_maximum(self.vectors), int(square_norms[0]))


def _integers(vectors: ArrayLike) -> NDArray[np.int64]:
    """A copy of integer vectors with squared norms below 2^53: what is computed of them in 64 bits is exact."""
    floats = check.array("vectors", vectors, (None, None))
    if not floats.size:
        raise ValueError(f"vectors must be a non-empty matrix, got shape {floats.shape}")
    if (floats != np.floor(floats)).any():
        raise ValueError("vectors must hold integers, got fractions; multiply them by a common denominator")
    if np.abs(floats).max() >= 2.0**26 or not (np.square(floats).sum(axis=1) < 2.0**52).all():
        raise ValueError("vectors must have squared norms below 2^52, so that products of them are exact; divide them")
    return floats.astype(np.int64)


def _square_norms(vectors: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.asarray(np.einsum("ij,ij->i", vectors, vectors))


def _unit(vectors: NDArray[np.int64]) -> NDArray[np.float64]:
    return np.asarray(vectors / np.sqrt(_square_norms(vectors))[:, None])


@dataclass(frozen=True, eq=False)
class SphericalCode:
    """N unit vectors in R^d.

    Attributes
    ----------
    points : ndarray of float64, shape (N, d)
        Read-only; rows have norm 1 up to rounding (relative error below 1e-9, in general below 1e-13). What is
        certified is the configuration of the exactly normalised rows.
    family : str
        Name of the construction, with its parameters.
    exact : ExactForm or None
        The ideal configuration that the floats approximate, where it has integer coordinates.

    Examples
    --------
    >>> code = SphericalCode.from_integers([[1, 0], [-1, 0], [0, 1]], "three axes")
    >>> code.size, code.dim, code.max_inner_product().upper
    (3, 2, Fraction(0, 1))
    """

    points: NDArray[np.float64]
    family: str
    exact: ExactForm | None = None

    def __post_init__(self) -> None:
        points = check.frozen(check.array("points", self.points, (None, None)))
        if not points.size:
            raise ValueError(f"points must have at least one row and one column, got shape {points.shape}")
        worst = float(np.abs(np.einsum("ij,ij->i", points, points) - 1).max())
        if worst > 2 * _NORM_TOLERANCE:
            raise ValueError(f"points must have rows of norm 1, got one whose squared norm is off by {worst:.3g}")
        if self.exact is not None:
            size, ambient = self.exact.vectors.shape
            if size != len(points) or ambient < points.shape[1]:
                raise ValueError(
                    f"exact must have {len(points)} rows in at least {points.shape[1]} coordinates, "
                    f"got shape {self.exact.vectors.shape}"
                )
            if ambient == points.shape[1]:
                gap = float(np.abs(points - _unit(self.exact.vectors)).max())
                if gap > _NORM_TOLERANCE:
                    raise ValueError(f"points must equal exact.vectors over their norms, got a difference of {gap:.3g}")
        object.__setattr__(self, "points", points)

    @classmethod
    def from_integers(cls, vectors: ArrayLike, family: str) -> SphericalCode:
        """Code along integer vectors, in floats that keep the directions exactly.

        The scale 1/√m is rounded to so few bits that its integer multiples are floats: the rows are then exact
        multiples of the integer vectors, and only their norm is rounded.
        """
        exact = ExactForm(_integers(vectors))
        integers = exact.vectors
        norms = _square_norms(integers)
        different = np.unique(norms)
        bits = 53 - int(np.abs(integers).max()).bit_length()
        scales = []
        for norm in different:
            mantissa, exponent = frexp(int(norm) ** -0.5)
            scales.append(ldexp(round(ldexp(mantissa, bits)), exponent - bits))
        scale = np.array(scales)[np.searchsorted(different, norms)]
        return cls(np.asarray(integers * scale[:, None], dtype=np.float64), family, exact)

    @property
    def size(self) -> int:
        """Number of points N."""
        return int(self.points.shape[0])

    @property
    def dim(self) -> int:
        """Dimension d of the space."""
        return int(self.points.shape[1])

    def max_inner_product(self) -> InnerProductBound:
        """Rigorous largest inner product of the normalised rows of `points` (computed once)."""
        return self._bound

    def certify_separation(self, cosine: Fraction) -> SeparationCertificate:
        """Whether all inner products of the normalised rows are at most `cosine`, rigorously."""
        return self._bound.at_most(cosine)

    @cached_property
    def _bound(self) -> InnerProductBound:
        return max_inner_product(self.points)

    def truncated(self, size: int) -> SphericalCode:
        """The first `size` points (the code itself if it has no more)."""
        size = check.integer("size", size, 1)
        if size >= self.size:
            return self
        exact = None if self.exact is None else ExactForm(self.exact.vectors[:size])
        return SphericalCode(self.points[:size], f"{self.family}, first {size}", exact)
