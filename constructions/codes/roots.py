"""Root systems: the largest of rank d, at 60°.

A_d has d(d+1) roots, D_d 2d(d−1), E_6, E_7, E_8 have 72, 126, 240. Orthogonal sums keep the 60° and beat the
irreducible systems in d = 9, 10, 11 (E_8 with A_1, A_2, D_3 = A_3); from d = 12 on D_d is the largest.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import islice, product
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from constructions.codes.family import ANY_DIM, Family, Int, T, all_signs, axes, on_supports, part
from constructions.spherical_code import SphericalCode

# Codewords of the [7,3] simplex code: the complements of the lines of the Fano plane.
_SIMPLEX_CODE = tuple(tuple(bin(word & point).count("1") % 2 for point in range(1, 8)) for word in range(1, 8))


def _d(n: int, max_size: int, scale: int = 1) -> Int:
    """±e_i ± e_j, i < j, in the order of j: squared norm 2 (times scale²)."""
    pairs = islice(((i, j) for j in range(n) for i in range(j)), -(-max_size // 4))
    return on_supports(pairs, scale * all_signs(2), n)[:max_size]


def _signed(words: Sequence[tuple[int, ...]]) -> Int:
    """±2e_i, and the supports of the words of weight 4 with all signs: squared norm 4."""
    length = len(words[0])
    return np.vstack([axes(length, length, 2), on_supports(map(np.flatnonzero, words), all_signs(4), length)])


def _e8() -> Int:
    """E_8 by Construction A from the extended [8,4] code: 16 + 14·16 vectors."""
    even = [(*word, 0) for word in _SIMPLEX_CODE]
    return _signed(even + [tuple(1 - bit for bit in word) for word in even])


def _e8_even() -> Int:
    """E_8 as D_8 with its spinors, doubled: squared norm 8, to stand beside doubled vectors of norm 2."""
    spinors = all_signs(8)
    return np.vstack([_d(8, 112, 2), spinors[spinors.prod(axis=1) == 1]])


def _block(first: Int, second: Int) -> Int:
    """Orthogonal sum."""
    left = np.pad(first, ((0, 0), (0, second.shape[1])))
    right = np.pad(second, ((0, 0), (first.shape[1], 0)))
    return np.vstack([left, right])


def _a2() -> tuple[Int, NDArray[np.float64]]:
    """A_2 as e_i − e_j in R^3 (squared norm 2), and as a hexagon in the plane."""
    vectors = np.array([[1, -1, 0], [1, 0, -1], [0, 1, -1]])
    plane = np.array([[1, 0], [0.5, sqrt(0.75)], [-0.5, sqrt(0.75)]])
    return np.vstack([vectors, -vectors]), np.vstack([plane, -plane])


def _e6() -> tuple[Int, NDArray[np.float64]]:
    """E_6 over the Eisenstein integers: ±θω^a e_i and ±(ω^a, ω^b, ω^c), θ = ω − ω², squared norm 3.

    1, ω, ω² stand in R^3 as (2,−1,−1), (−1,2,−1), (−1,−1,2), which multiplies squared norms by 6.
    """

    def vectors(omega: NDArray[T]) -> NDArray[T]:
        turned = np.roll(omega, -1, axis=0) - np.roll(omega, -2, axis=0)
        single = np.zeros((3, 3, 3, omega.shape[1]), dtype=omega.dtype)
        single[np.arange(3), :, np.arange(3)] = turned
        triples = omega[list(product(range(3), repeat=3))]
        half = np.vstack([single.reshape(9, -1), triples.reshape(27, -1)])
        return np.vstack([half, -half])

    plane = np.array([[1, 0], [-0.5, sqrt(0.75)], [-0.5, -sqrt(0.75)]])
    return vectors(3 * np.eye(3, dtype=np.int64) - 1), vectors(plane) / sqrt(3)


def _roots(d: int, max_size: int) -> SphericalCode:
    exact = SphericalCode.from_integers
    if d == 2:
        vectors, plane = _a2()
        return SphericalCode(plane, "roots A2", vectors)
    if d == 6:
        vectors, flat = _e6()
        return SphericalCode(flat, "roots E6", vectors)
    if d == 7:
        return exact(_signed(_SIMPLEX_CODE), "roots E7")  # Construction A from the [7,3] code: 14 + 7·16 vectors
    if d == 8:
        return exact(_e8(), "roots E8")
    if d == 9:
        return exact(_block(_e8(), np.array([[2], [-2]])), "roots E8+A1")
    if d == 10:
        vectors, plane = _a2()
        points = np.zeros((246, 10))
        points[:240, :8], points[240:, 8:] = exact(_e8_even(), "").points, plane
        return SphericalCode(points, "roots E8+A2", _block(_e8_even(), 2 * vectors))
    if d == 11:
        return exact(_block(_e8_even(), _d(3, 12, 2)), "roots E8+D3")
    whole = 2 * d * (d - 1)
    size = min(whole, max_size)
    return exact(_d(d, size), part(f"roots D{d}", size, whole))


def _build(d: int, cosine: Fraction, rng: np.random.Generator, max_size: int) -> SphericalCode | None:
    return _roots(d, max_size)


def _size(d: int, cosine: Fraction) -> int:
    known = {2: 6, 6: 72, 7: 126, 8: 240, 9: 242, 10: 246, 11: 252}
    return known.get(d, 2 * d * (d - 1))


FAMILY = Family("roots", "largest root system of rank d, at 60°", _build, ANY_DIM, Fraction(1, 2), _size)
