"""Shells of lattices: integer vectors of one norm, in any d ≥ 2, and shells of E_8 and of the Barnes–Wall lattice BW16.

Two different vectors of squared norm m in a lattice of least squared norm μ have inner product at most m − μ/2. In Z^d the
difference of two vectors of equal norm has even squared norm, so μ = 2 there: cos ≤ 1 − 1/m, with r_d(m) points.
E_8: cos ≤ 1 − 1/(2k) with 240 σ₃(k) points of squared norm 2k; BW16: the 61 440 vectors of its second norm, cos ≤ 2/3.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from functools import cache
from itertools import combinations, product
from math import isqrt

import numpy as np

from constructions.binary import reed_muller, words
from constructions.codes.family import Family, Int, first_rows, part
from constructions.codes.leech import signed
from constructions.codes.quadruples import blocks
from constructions.spherical_code import SphericalCode

_MOST_NORM = 40
_MOST_E8 = 6
_BW16_SECOND = 61_440
_SIGNS = 1 << 12  # sign patterns at a time


@cache
def representations(d: int, most: int) -> tuple[int, ...]:
    """r_d(0), …, r_d(most): integer vectors of each squared norm in R^d.

    Examples
    --------
    >>> representations(3, 6)
    (1, 6, 12, 8, 6, 24, 24)
    """
    result = [1] + [0] * most
    base = [0] * (most + 1)
    for x in range(isqrt(most) + 1):
        base[x * x] = 1 if x == 0 else 2
    power, exponent = base, d
    while exponent:
        if exponent & 1:
            result = _multiply(result, power)
        power = _multiply(power, power)
        exponent >>= 1
    return tuple(result)


def _multiply(first: list[int], second: list[int]) -> list[int]:
    return [sum(first[i] * second[m - i] for i in range(m + 1)) for m in range(len(first))]


def _partitions(total: int, largest: int, parts: int) -> Iterator[tuple[int, ...]]:
    """Nonincreasing positive integers whose squares sum to `total`."""
    if total == 0:
        yield ()
    elif parts:
        for x in range(min(largest, isqrt(total)), 0, -1):
            for rest in _partitions(total - x * x, x, parts - 1):
                yield (x, *rest)


def _arrangements(values: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
    """Distinct orders of the values."""
    if not values:
        yield ()
        return
    for x in sorted(set(values), reverse=True):
        rest = list(values)
        rest.remove(x)
        for tail in _arrangements(tuple(rest)):
            yield (x, *tail)


def _integer_shell(d: int, norm: int) -> Iterator[Int]:
    """The integer vectors of that squared norm in R^d, some at a time."""
    for values in sorted(_partitions(norm, norm, d), key=len):
        k = len(values)
        choices = (
            (order, place, start)
            for order in _arrangements(values)
            for place in combinations(range(d), k)
            for start in range(0, 1 << k, _SIGNS)
        )
        for order, place, start in choices:
            patterns = np.arange(start, min(1 << k, start + _SIGNS))
            block = np.zeros((len(patterns), d), dtype=np.int64)
            block[:, list(place)] = (1 - 2 * ((patterns[:, None] >> np.arange(k)) & 1)) * np.array(order)
            yield block


def _e8_shell(k: int) -> Int:
    """x mod 2 in the extended Hamming code, squared norm 4k: coordinate by coordinate, pruned by the norm left."""
    supports: list[tuple[int, ...]] = [(0,) * 8, (1,) * 8]
    supports += [tuple(int(i in block) for i in range(8)) for block in blocks(8)]
    shells = []
    for support in supports:
        rows, left = np.zeros((1, 0), dtype=np.int64), np.array([4 * k])
        for index, odd in enumerate(support):
            reach = isqrt(4 * k)
            values = np.array([v for v in range(-reach, reach + 1) if v % 2 == odd])
            remaining = left[:, None] - values**2
            i, j = np.nonzero(remaining >= sum(support[index + 1 :]))
            rows, left = np.column_stack([rows[i], values[j]]), remaining[i, j]
        shells.append(rows[left == 0])
    return np.vstack(shells)


def _bw16_second() -> Int:
    """±1 on an octad of RM(1,4) and ±2 in one place off it, with sum ≡ 0 mod 4."""
    code = words(reed_muller(1, 4))
    octads = code[code.sum(axis=1) == 8]
    # 8 − 2·(minus signs) ± 2 ≡ 0 mod 4: the number of minus signs on the octad is odd.
    vectors = signed(octads, 1).astype(np.int64) // 2
    off = np.argsort(vectors != 0, axis=1, kind="stable")[:, :8]
    result = np.tile(vectors, (16, 1, 1))
    for block, (place, sign) in zip(result, product(range(8), (2, -2)), strict=True):
        block[np.arange(len(block)), off[:, place]] = sign
    return result.reshape(-1, 16)


def _sigma3(k: int) -> int:
    return sum(x**3 for x in range(1, k + 1) if k % x == 0)


def _choice(d: int, cosine: Fraction) -> tuple[int, str, int]:
    """(size, lattice, norm) of the largest shell."""
    most = min(_MOST_NORM, int(1 / (1 - cosine)))
    sizes = representations(d, most)
    best = max((sizes[m], "Z", -m) for m in range(1, most + 1)) if most else (0, "Z", -1)
    if d == 8:
        k = min(_MOST_E8, int(1 / (2 * (1 - cosine))))
        best = max(best, *((240 * _sigma3(i), "E", -i) for i in range(1, k + 1)), (0, "", 0))
    if d == 16 and cosine >= Fraction(2, 3):
        best = max(best, (_BW16_SECOND, "BW", -6))
    return best[0], best[1], -best[2]


def _build(d: int, cosine: Fraction, rng: np.random.Generator, max_size: int) -> SphericalCode | None:
    size, lattice, norm = _choice(d, cosine)
    if lattice == "E":
        return SphericalCode.from_integers(_e8_shell(norm), f"shell of E8, norm {2 * norm}")
    if lattice == "BW":
        return SphericalCode.from_integers(_bw16_second(), "shell of BW16, norm 6")
    vectors = first_rows(_integer_shell(d, norm), max_size)
    return SphericalCode.from_integers(vectors, part(f"shell of Z^{d}, norm {norm}", len(vectors), size))


FAMILY = Family(
    "shells", "shells of Z^d, E8 and BW16, d >= 2", _build, range(2, 4097), Fraction(0), lambda d, c: _choice(d, c)[0]
)
