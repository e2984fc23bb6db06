"""604 points at 60° in d = 11: D8, three layers of lifted spinors, and slices with a tilted frame of R³; in Z[√2].

Squared norm 16 in R^8 ⊕ R³. The first eight coordinates are four pairs, numbered by F_4 = {0, 1, ω, ω + 1}.

* ±4e_s for s < 8, and (±2⁴) on the unions of two pairs: 112 vectors.
* (±2³) on three places from three pairs and ±2 in a coordinate k of R³: 8 triples for every k, 384 vectors. Spinors of E8 would
  have ±1 throughout, or (±2⁴) on the eight words with one place from every pair and an even number of odd ones; here a triple is
  such a word w without its place in the pair ω·s(w) + k, s(w) the sum of the pairs where w is odd. Triples of the same k share a
  place at most: words w, w' that differ in the pairs i and j have s(w') = s(w) + i + j, so that not both lack i or j.
* (±2, ±2) on a pair and ±2√2 f, f in an orthonormal frame of R³ with entries of at most 1/√2: 96 vectors.
* 2√2(±f ± f') for two vectors of the frame: 12 vectors.

The frame is (1/√2, 1/√2, 0), (−1/2, 1/2, 1/√2), (1/2, −1/2, 1/√2). 604 is the record: F. Bianchi, Y. Kwon, A. Pappu and J. Zou,
arXiv:2606.10402, 2026, found by agents on EinsteinArena; more of this size by The Station, arXiv:2608.23691. The parts are from a
public account of such a configuration (github.com/Yolan67/Mathe-Problem, 2026); the choice of the triples is this library's.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations, product

import numpy as np

from constructions.codes.family import Family, Int, all_signs, axes, on_supports
from constructions.codes.quadruples import signed_blocks
from constructions.quadratic import quadratic_code
from constructions.spherical_code import SphericalCode

SIZE = 604
_TIMES_OMEGA = (0, 2, 3, 1)  # in F_4 = {0, 1, 2, 3}, where addition is ^ and 2 is ω


def triples(k: int) -> list[tuple[int, ...]]:
    """The eight triples of the layer k, of the places 2·pair + parity.

    Examples
    --------
    >>> triples(0)[:3]
    [(2, 4, 6), (0, 2, 7), (0, 3, 4)]
    """
    found = []
    for word in product((0, 1), repeat=4):
        if sum(word) % 2 == 0:
            s = 0
            for pair in range(4):
                s ^= pair * word[pair]
            found.append(tuple(2 * pair + word[pair] for pair in range(4) if pair != _TIMES_OMEGA[s] ^ k))
    return found


def frame() -> tuple[Int, Int]:
    """Rows 2√2 f, whole + surd·√2."""
    return np.array([[2, 2, 0], [0, 0, 2], [0, 0, 2]]), np.array([[0, 0, 0], [-1, 1, 0], [1, -1, 0]])


def vectors() -> tuple[Int, Int]:
    """The 604 rows whole + surd·√2, both of shape (604, 11)."""
    pairs = [(2 * i, 2 * i + 1) for i in range(4)]
    fours = signed_blocks((first + second for first, second in combinations(pairs, 2)), 11)
    layers = [signed_blocks(((*triple, 8 + k) for triple in triples(k)), 11) for k in range(3)]
    whole = [axes(8, 11, 4), 2 * fours, *(2 * layer for layer in layers)]
    surd = [np.zeros_like(part) for part in whole]
    signs = np.vstack([axes(3, 3, 1), on_supports(combinations(range(3), 2), all_signs(2), 3)])  # ±f, then ±f ± f'
    corners = np.pad(on_supports(pairs, 2 * all_signs(2), 8), ((0, 0), (0, 3)))
    for parts, rows in zip((whole, surd), frame(), strict=True):
        heights = np.pad(signs @ rows, ((0, 0), (8, 0)))
        base = corners if parts is whole else np.zeros_like(corners)
        parts += [(base[:, None] + heights[:6]).reshape(-1, 11), heights[6:]]
    return np.vstack(whole), np.vstack(surd)


def _build(d: int, cosine: Fraction, rng: np.random.Generator, max_size: int) -> SphericalCode | None:
    return quadratic_code(*vectors(), 2, "D8, lifted spinors and slices")


FAMILY = Family(
    "spinors",
    "D8, lifted spinors and slices: 604 points at 60°, d = 11",
    _build,
    (11,),
    Fraction(1, 2),
    lambda d, c: SIZE,
)
