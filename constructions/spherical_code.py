"""Finite sets of unit vectors with a certificate for their largest inner product."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import frexp, ldexp

import numpy as np
from numpy.typing import ArrayLike, NDArray

from constructions import _arguments as check
from constructions.cached import cached_property
from constructions.certificate import InnerProductBound, SeparationCertificate, max_inner_product

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
    exact : ndarray of int64, shape (N, D), or None
        Read-only integer vectors whose directions are the ideal configuration that the floats approximate, where there are
        such. D equals d when the coordinates are the same up to scale, and exceeds it when the code spans a d-dimensional
        subspace of R^D (A_2 in x + y + z = 0): then the code is an isometric image. `max_inner_product(exact)` is the cosine
        of the ideal configuration.

    Examples
    --------
    >>> code = SphericalCode.from_integers([[1, 0], [-1, 0], [0, 1]], "three axes")
    >>> code.size, code.dim, code.max_inner_product().upper
    (3, 2, Fraction(0, 1))
    """

    points: NDArray[np.float64]
    family: str
    exact: NDArray[np.int64] | None = None

    def __post_init__(self) -> None:
        points = check.frozen(check.array("points", self.points, (None, None)))
        if not points.size:
            raise ValueError(f"points must have at least one row and one column, got shape {points.shape}")
        worst = float(np.abs(np.einsum("ij,ij->i", points, points) - 1).max())
        if worst > 2 * _NORM_TOLERANCE:
            raise ValueError(f"points must have rows of norm 1, got one whose squared norm is off by {worst:.3g}")
        if self.exact is not None:
            exact = _integers("exact", self.exact)
            if len(exact) != len(points) or exact.shape[1] < points.shape[1]:
                raise ValueError(
                    f"exact must have {len(points)} rows in at least {points.shape[1]} coordinates, got shape {exact.shape}"
                )
            if exact.shape == points.shape:
                gap = float(np.abs(points - exact / np.sqrt(_square_norms(exact))[:, None]).max())
                if gap > _NORM_TOLERANCE:
                    raise ValueError(
                        f"exact must equal points but for the norms of its rows, got a difference of {gap:.3g}"
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
        exact = None if self.exact is None else self.exact[:size]
        return SphericalCode(self.points[:size], f"{self.family}, first {size}", exact)
