"""What a family of spherical codes is, and vectors that several families share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from math import acos, degrees, floor
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from constructions import _arguments as check
from constructions.spherical_code import SphericalCode

Int = NDArray[np.int64]
T = TypeVar("T", bound=np.generic)
Builder = Callable[[int, Fraction, np.random.Generator, int], SphericalCode | None]

ANY_DIM = range(2, 2**31)


@dataclass(frozen=True)
class Family:
    """A way to build codes.

    Attributes
    ----------
    name : str
        Name used on the command line.
    title : str
        One line of description.
    builder : callable (d, cosine, rng, max_size) -> SphericalCode or None
        None where nothing was found; may return more than `max_size` points.
    dims : range or tuple of int
        Dimensions in which the family has codes.
    least : Fraction or callable d -> Fraction
        Least cosine at which it has one.
    size : callable (d, cosine) -> int, optional
        Number of points of the whole code where it is known without building it.
    automatic : bool
        Whether `best_code` tries the family without being asked to be thorough.
    """

    name: str
    title: str
    builder: Builder
    dims: range | tuple[int, ...]
    least: Fraction | Callable[[int], Fraction] = Fraction(-1)
    size: Callable[[int, Fraction], int] | None = None
    automatic: bool = True

    def obstacle(self, d: int, cosine: Fraction) -> str | None:
        """Why the family has no code in R^d with inner products at most `cosine`, in words that say where it has; or None."""
        cosine = check.cosine(cosine)
        if d not in self.dims:
            return f"{self.name} exists {_where(self.dims)}, got d = {d}"
        least = self.least(d) if callable(self.least) else self.least
        if cosine < least:
            angle = floor(100 * degrees(acos(least))) / 100
            return f"{self.name} needs a cosine of at least {least}, got {cosine}: pass an angle of at most {angle:g}°"
        return None

    def known_size(self, d: int, cosine: Fraction) -> int | None:
        """Number of points of the whole code, 0 where there is none, None where only building it tells."""
        if self.obstacle(d, cosine) is not None:
            return 0
        return None if self.size is None else self.size(d, check.cosine(cosine))

    def build(self, d: int, cosine: Fraction, rng: np.random.Generator, max_size: int) -> SphericalCode | None:
        """A code of at most `max_size` points that is certified for `cosine`, or None."""
        cosine = check.cosine(cosine)
        code = self.builder(d, cosine, rng, max_size) if self.obstacle(d, cosine) is None else None
        if code is None:
            return None
        code = code.truncated(max_size)
        return code if code.certify_separation(cosine).holds else None


def _where(dims: range | tuple[int, ...]) -> str:
    if len(dims) == 1:
        return f"in d = {dims[0]} only"
    if isinstance(dims, tuple):
        return f"for d = {', '.join(map(str, dims))}"
    return f"for d >= {dims[0]}" if dims == ANY_DIM else f"for {dims[0]} <= d <= {dims[-1]}"


def part(name: str, count: int, whole: int) -> str:
    """The name of the first `count` points of a code of `whole` points."""
    return name if count == whole else f"{name}, first {count}"


def up_to(name: str, count: int, most: int) -> str:
    """The name of `count` points of a code that ends where nothing more fits, or with the `most` points asked for."""
    return f"{name}, first {count}" if count >= most else name


def first_rows(blocks: Iterable[NDArray[T]], most: int) -> NDArray[T]:
    """The first `most` rows of blocks that are made one after the other, no more of them than needed."""
    rows: list[NDArray[T]] = []
    count = 0
    for block in blocks:
        rows.append(block[: most - count])
        count += len(rows[-1])
        if count >= most:
            break
    return np.vstack(rows)


def axes(count: int, dim: int, scale: int) -> Int:
    """scale·e_i for i < count, and their negatives, in R^dim."""
    basis = scale * np.eye(count, dim, dtype=np.int64)
    return np.vstack([basis, -basis])


def all_signs(length: int) -> Int:
    """The 2^length sign vectors, from (1, …, 1) to (−1, …, −1)."""
    return np.array(list(product((1, -1), repeat=length)), dtype=np.int64)


def on_supports(supports: Iterable[Sequence[int] | Int], values: NDArray[T], dim: int) -> NDArray[T]:
    """Every row of `values` (S, k) on every one of the k-element supports: (number of supports · S, dim), of its dtype."""
    places = np.array(list(supports), dtype=np.int64).reshape(-1, values.shape[1])
    result = np.zeros((len(places), len(values), dim), dtype=values.dtype)
    result[np.arange(len(places))[:, None, None], np.arange(len(values))[:, None], places[:, None, :]] = values
    return result.reshape(-1, dim)
