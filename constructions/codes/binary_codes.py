"""Binary linear codes as sign vectors: words at Hamming distance δ in length n have inner product 1 − 2δ/n.

Reed–Muller (with the Hadamard code RM(1,m) at 90°), extended BCH, their shortenings, and the Golay code, in any d up to
4096. A code shorter than d stands in the first coordinates. Distances are those that theory guarantees; the points that
are built are certified one by one.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from constructions.binary import (
    MAX_LOG_LENGTH,
    bch_dimension,
    extended_bch,
    golay,
    reed_muller,
    reed_muller_dimension,
    words,
)
from constructions.codes.family import Family, part
from constructions.spherical_code import SphericalCode


@dataclass(frozen=True)
class BinaryCode:
    """A binary linear code with its guaranteed distance.

    Attributes
    ----------
    kind : str
        "Reed-Muller", "BCH" or "Golay".
    length, dimension, distance : int
    parameters : tuple of int
        (order, m); (designed distance, m, shortened places); (shortened places,).
    """

    kind: str
    length: int
    dimension: int
    distance: int
    parameters: tuple[int, ...]

    @property
    def inner_product(self) -> Fraction:
        """1 − 2δ/n."""
        return 1 - Fraction(2 * self.distance, self.length)

    def words(self, most: int) -> NDArray[np.uint8]:
        """At most `most` words."""
        rows = max(1, (most - 1).bit_length())
        if self.kind == "Reed-Muller":
            return words(reed_muller(self.parameters[0], self.parameters[1], rows), most)
        if self.kind == "Golay":
            basis = golay()
            cut = self.parameters[0]
            # The reduced basis has its pivots first: the later rows vanish on the first `cut` places.
            return words(basis[cut:, cut:], most)
        designed, m, cut = self.parameters
        generators = extended_bch(m, designed, min(rows + 1, self.dimension + cut))
        if not cut:
            return words(generators[:rows], most)
        # Shifts of the generator polynomial that vanish on the last `cut` places before the parity.
        keep = [*range((1 << m) - 1 - cut), (1 << m) - 1]
        return words(generators[1 : min(rows, self.dimension) + 1][:, keep], most)


def candidates(d: int, cosine: Fraction) -> list[BinaryCode]:
    """Codes of length at most d whose sign vectors have inner products at most `cosine`, largest first."""
    found = []
    share = (1 - cosine) / 2
    for m in range(2, min(MAX_LOG_LENGTH, d.bit_length()) + 1):
        n = 1 << m
        if n <= d:
            orders = [r for r in range(1, m + 1) if Fraction(1, 1 << r) >= share]
            if orders:
                r = max(orders)
                found.append(BinaryCode("Reed-Muller", n, reed_muller_dimension(r, m), 1 << (m - r), (r, m)))
        for length in {min(n, d), n} if n <= 2 * d else set():
            cut = n - length
            designed = max(3, int(-(-share * length // 1)) - 1)
            designed += 1 - designed % 2
            if length > d or designed >= n:
                continue
            dimension = bch_dimension(m, designed) - cut
            if dimension >= (2 if cut else 1):
                found.append(BinaryCode("BCH", length, dimension, designed + 1, (designed, m, cut)))
    for cut in range(8):
        if 24 - cut <= d:
            found.append(BinaryCode("Golay", 24 - cut, 12 - cut, 8, (cut,)))
    found = [code for code in found if code.inner_product <= cosine]
    return sorted(found, key=lambda code: (-code.dimension, code.length))


def _build(d: int, cosine: Fraction, rng: np.random.Generator, max_size: int) -> SphericalCode | None:
    code = candidates(d, cosine)[0]
    found = code.words(max_size)
    vectors = np.zeros((len(found), d), dtype=np.int64)
    vectors[:, : code.length] = 1 - 2 * found.astype(np.int64)
    name = f"{code.kind} [{code.length}, {code.dimension}, {code.distance}]"
    return SphericalCode.from_integers(vectors, part(name, len(found), 1 << code.dimension))


FAMILY = Family(
    "binary",
    "sign vectors of Reed-Muller, BCH and Golay codes, 4 <= d <= 4096",
    _build,
    range(4, (1 << MAX_LOG_LENGTH) + 1),
    Fraction(0),
    lambda d, c: 1 << candidates(d, c)[0].dimension,
)
