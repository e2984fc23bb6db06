"""Which pairs of rows may have the largest cosine: float32, then float64 products with a-priori error bounds."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from constructions._products import largest, tiles

UNIT_ROUNDOFF = Fraction(1, 2**53)
_SINGLE_ROUNDOFF = Fraction(1, 2**24)
_MAX_EXACT_PAIRS = 50_000  # near-ties evaluated exactly; above, the a-priori enclosure is returned
_DENSE_TILE = 16  # a tile is formed again in float64 if more than one in 16 entries passes the float32 screen
_GATHER = 100_000  # pairs evaluated in float64 at a time

Float = NDArray[np.float64]


def near_ties(rows: Float, absolute: bool) -> Ties:
    """The pairs of normalised rows whose inner product, or its absolute value, may be the largest.

    Raises
    ------
    ValueError
        If there are so many columns that the error bound says nothing.
    """
    error = screening_error(rows.shape[1])
    if error >= Fraction(1, 4):
        raise ValueError(f"points must have fewer columns than 10^14, got {rows.shape[1]}")
    # Twice the error, rounded up, plus the rounding of the subtraction.
    window = float(2 * error) * (1 + 2**-50) + 2**-51
    unit, ties = _normalised(rows), Ties(window)
    single = error + _single_error(rows.shape[1])
    if single >= Fraction(1, 64) or not _screen(unit, absolute, ties, float(single) * (1 + 2**-50) + 2**-51):
        ties = Ties(window)
        _screen_double(unit, absolute, ties)
    return ties


def screening_error(d: int) -> Fraction:
    """A bound on |computed − true| cosine here, for entries scaled to max |x| in [1/2, 1).

    With u = 2^-53 and γ_k = ku/(1−ku) (Higham, Accuracy and Stability, Lemma 3.1: any order of summation, with or
    without fused multiply-add; conventional products, as in every common BLAS, not fast ones of Strassen's kind): the
    squared norm has relative error γ_{d+1} (all terms are nonnegative), its correctly rounded root at most
    γ_{d+1}/2 + u, and the entry divided by it one u more: in all γ_{d+4} per normalised entry. The product of two such
    rows thus moves by 2γ_{d+4} + γ_{d+4}², and its summation adds γ_d times Σ|y_k z_k| ≤ (1+γ_{d+4})². Sum < γ_{3d+10}.
    Underflow (gradual or flushed to zero) adds at most 4d·2^-1022 here and as much in the norms. 3d+20 in place of
    3d+10 covers both with room to spare.
    """
    k = 3 * d + 20
    return k * UNIT_ROUNDOFF / (1 - k * UNIT_ROUNDOFF)


def _normalised(rows: Float) -> Float:
    _, exponent = np.frexp(np.abs(rows).max(axis=1))
    scaled = np.ldexp(rows, -exponent[:, None])  # exact, but for entries below 2^-1022, see screening_error
    return scaled / np.sqrt(np.einsum("ij,ij->i", scaled, scaled))[:, None]


def _single_error(d: int) -> Fraction:
    """A bound on |float32 − true| cosine: rounding the float64 rows to float32, then γ_d in u = 2^-24, as above.

    Rounding moves a product by 2u + u², its summation by γ_d(1+u)²: below γ_{d+3}. 8 in place of 3 covers underflow
    (2d·2^-126 at most) and the errors of the float64 rows, d·2^-49, for d below 10^6.
    """
    k = d + 8
    return k * _SINGLE_ROUNDOFF / (1 - k * _SINGLE_ROUNDOFF)


class Ties:
    """The pairs within the screening error of the largest product so far, in float64."""

    def __init__(self, window: float) -> None:
        self.window = window
        self.largest = -np.inf
        self.found: list[tuple[NDArray[np.intp], NDArray[np.intp], Float]] = []
        self.count = 0
        self.overflow = False

    def add(self, i: NDArray[np.intp], j: NDArray[np.intp], value: Float) -> None:
        if not len(value):
            return
        self.largest = max(self.largest, float(value.max()))
        if self.overflow:
            return
        keep = value >= self.largest - self.window
        self.found.append((i[keep], j[keep], value[keep]))
        self.count += int(keep.sum())
        if self.count > _MAX_EXACT_PAIRS:
            self.found = [_above(part, self.largest - self.window) for part in self.found]
            self.count = sum(len(part[0]) for part in self.found)
            self.overflow = self.count > _MAX_EXACT_PAIRS

    def pairs(self) -> list[tuple[int, int]]:
        last = [_above(part, self.largest - self.window) for part in self.found]
        return [(int(i), int(j)) for first, second, _ in last for i, j in zip(first, second, strict=True)]


def _above(
    part: tuple[NDArray[np.intp], NDArray[np.intp], Float], least: float
) -> tuple[NDArray[np.intp], NDArray[np.intp], Float]:
    keep = part[2] >= least
    return part[0][keep], part[1][keep], part[2][keep]


def _screen(unit: Float, absolute: bool, ties: Ties, single_error: float) -> bool:
    """Feed `ties` every pair whose product may be the largest; False if too many are for float32 to help.

    An entry of a float32 tile is passed over only if it lies more than twice its error below the largest of its tile or
    of what was found before: the float64 value of that one is then larger, by more than the float64 screen discards.
    """
    dense = seen = 0
    for i, j, block in tiles(unit.astype(np.float32), None, 0.0 if absolute else -np.inf):
        seen += 1
        top = largest(block, absolute)
        least = max(ties.largest - ties.window - single_error, top - 2 * single_error - ties.window)
        if top < least:
            continue
        first, second = _pairs((np.abs(block) if absolute else block) >= least, i, j)
        if len(first) * _DENSE_TILE <= block.size:
            for start in range(0, len(first), _GATHER):
                a, b = first[start : start + _GATHER], second[start : start + _GATHER]
                value = np.einsum("ij,ij->i", unit[a], unit[b])
                ties.add(a, b, np.abs(value) if absolute else value)
            if ties.overflow:  # float64 products have to find the largest, which then need not be told from the others
                return False
            continue
        dense += 1
        if dense >= 8 and 2 * dense > seen:
            return False
        _double_tile(unit, i, j, block.shape, absolute, ties)
    return True


def _pairs(near: NDArray[np.bool_], i: int, j: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Indices of the entries marked in a tile, those above the diagonal only."""
    first, second = np.nonzero(near)
    first, second = first + i, second + j
    above = first < second
    return first[above], second[above]


def _double_tile(unit: Float, i: int, j: int, shape: tuple[int, ...], absolute: bool, ties: Ties) -> None:
    block = unit[i : i + shape[0]] @ unit[j : j + shape[1]].T
    block[np.arange(shape[0])[:, None] + i >= np.arange(shape[1]) + j] = 0.0 if absolute else -np.inf
    _add_tile(block, i, j, absolute, ties)


def _screen_double(unit: Float, absolute: bool, ties: Ties) -> None:
    for i, j, block in tiles(unit, None, 0.0 if absolute else -np.inf):
        _add_tile(block, i, j, absolute, ties)


def _add_tile(block: NDArray[np.float64] | NDArray[np.float32], i: int, j: int, absolute: bool, ties: Ties) -> None:
    top = largest(block, absolute)
    if top < ties.largest - ties.window:
        return
    if ties.overflow:  # the pairs are no longer kept, only their largest product
        ties.largest = max(ties.largest, top)
        return
    near = (np.abs(block) if absolute else block) >= max(ties.largest, top) - ties.window
    first, second = _pairs(near, i, j)
    value = np.asarray(block[first - i, second - j], dtype=np.float64)
    ties.add(first, second, np.abs(value) if absolute else value)
