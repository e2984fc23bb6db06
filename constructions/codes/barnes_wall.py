"""Minimal vectors of the Barnes–Wall lattices in d = 2^m ≥ 16, at 60°: 4320, 146 880, 9 694 080, … points.

Up to scale they are 2^{(m−k)/2} (−1)^{Q(x)} on the points x of a k-flat of F_2^m, zero elsewhere, for k ≡ m mod 2 and
Q a polynomial of degree at most 2 on the flat (Broué & Enguehard 1973): real stabiliser states of m qubits.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import combinations, product
from math import prod

import numpy as np
from numpy.typing import NDArray

from constructions.binary import points, reed_muller, words
from constructions.codes.family import Family, Int, first_rows, part
from constructions.spherical_code import SphericalCode


def size(m: int) -> int:
    """2^m ∏_{0 ≤ i < m} (2^i + 1), the kissing number of the Barnes–Wall lattice of dimension 2^m.

    Examples
    --------
    >>> [size(m) for m in (2, 3, 4, 5)]
    [24, 240, 4320, 146880]
    """
    return 2**m * prod(2**i + 1 for i in range(m))


def _subspaces(k: int, m: int) -> Iterator[NDArray[np.uint8]]:
    """Reduced bases (k, m) of the k-dimensional subspaces of F_2^m."""
    for pivots in combinations(range(m), k):
        free = [(i, j) for i in range(k) for j in range(pivots[i] + 1, m) if j not in pivots]
        for bits in product((0, 1), repeat=len(free)):
            basis = np.zeros((k, m), dtype=np.uint8)
            basis[np.arange(k), list(pivots)] = 1
            for (i, j), bit in zip(free, bits, strict=True):
                basis[i, j] = bit
            yield basis


def _blocks(m: int, most: int) -> Iterator[Int]:
    for k in range(m % 2, m + 1, 2):
        forms = reed_muller(min(2, k), k)
        signs = 1 - 2 * words(forms, most).astype(np.int64)
        inside = points(k).astype(np.int64)
        for basis in _subspaces(k, m):
            pivots = [int(np.flatnonzero(row)[0]) for row in basis]
            others = [j for j in range(m) if j not in pivots]
            directions = inside @ basis % 2
            for shift in points(m - k):
                origin = np.zeros(m, dtype=np.int64)
                origin[others] = shift
                flat = (directions ^ origin) @ (1 << np.arange(m))
                block = np.zeros((len(signs), 1 << m), dtype=np.int64)
                block[:, flat] = signs << ((m - k) // 2)
                yield block


def _build(d: int, cosine: Fraction, rng: np.random.Generator, max_size: int) -> SphericalCode | None:
    m = d.bit_length() - 1
    vectors = first_rows(_blocks(m, max_size), max_size)
    return SphericalCode.from_integers(vectors, part(f"Barnes-Wall BW{d}", len(vectors), size(m)))


FAMILY = Family(
    "barnes-wall",
    "minimal vectors of the Barnes-Wall lattices at 60°, d = 16, 32, ..., 4096",
    _build,
    tuple(2**m for m in range(4, 13)),  # smaller ones are roots
    Fraction(1, 2),
    lambda d, c: size(d.bit_length() - 1),
)
