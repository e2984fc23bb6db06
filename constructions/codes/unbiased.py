"""Mutually unbiased bases: d = 4^k, the axes and the sign vectors of a Kerdock code, d² + 2d points at cosine 1/√d.

The words of RM(1,m), m = 2k, form the vectors of an orthonormal basis with signs; adding quadratic forms with nonsingular
differences makes d/2 such bases, with inner products ±1/√d between different ones and to the axes (Levenshtein 1982;
Cameron & Seidel 1973). At d = 4 these are the 24 roots of D_4; 288 points at d = 16, 4224 at d = 64, 66 048 at d = 256.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from constructions.binary import kerdock_forms, reed_muller, words
from constructions.codes.family import Family, Int, axes, part
from constructions.spherical_code import SphericalCode


def _log(d: int) -> int:
    """The largest k with 4^k ≤ d."""
    return (d.bit_length() - 1) // 2


def _build(d: int, cosine: Fraction, rng: np.random.Generator, max_size: int) -> SphericalCode | None:
    k = _log(d)
    n = 4**k
    blocks: list[Int] = [axes(n, n, 2**k)]
    linear = words(reed_muller(1, 2 * k))
    for form in kerdock_forms(2 * k):
        if sum(map(len, blocks)) >= max_size:
            break
        blocks.append(1 - 2 * (linear ^ form).astype(np.int64))
    vectors = np.vstack(blocks)[:max_size]
    name = part(f"unbiased bases of R^{n}", len(vectors), n * n + 2 * n)
    return SphericalCode.from_integers(np.pad(vectors, ((0, 0), (0, d - n))), name)


FAMILY = Family(
    "unbiased",
    "mutually unbiased bases (Kerdock), 16^k + 2·4^k points at cosine 1/2^k in d >= 4^k, k = 2, ..., 6",
    _build,
    range(16, 4097),  # in d = 4 they are roots
    lambda d: Fraction(1, 2 ** _log(d)),
    lambda d, c: 16 ** _log(d) + 2 * 4 ** _log(d),
)
