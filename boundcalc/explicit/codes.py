"""Spherical codes with separation 60 degrees whose sizes are proved here by exact integer arithmetic.

* D_k: the 2k(k-1) vectors +-e_i +- e_j; inner products 0, +-1, norm 2.
* E6, E7, E8: 72, 126 and 240 vectors. E8 consists of the 112 vectors of D_8 and the 128 vectors (+-1/2)^8 with an even
  number of minus signs; E7 are those orthogonal to one of them, E6 those orthogonal to a hexagonal plane.
* Quadruples: the 2k vectors +-2 e_i and, for each quadruple of a set of quadruples that meet pairwise in at most two
  places, the 16 vectors (+-1)^4 on it. Norm 4 and inner products at most 2: 2 places in common give at most 2, the same
  quadruple with signs differing in one place gives 2, and +-2 e_i gives 2. So 2k + 16 q points with q quadruples.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from itertools import combinations

from boundcalc.explicit.leech import section_size

__all__ = ["kissing_code_size", "quadruples"]


# 51 quadruples from 12 places (base 12 digits) that meet pairwise in at most two: the greedy order finds fewer.
# Found by local search among sets with a symmetry of order 4; checked when it is read.
_TWELVE = (
    "0123 0147 015a 0168 019b 0246 0257 028b 034b 0359 0367 038a 0458 049a 056b 0789 07ab 1245 126b 1279 "
    "128a 1346 1357 139a 1489 14ab 1569 158b 167a 2348 2356 237a 239b 247b 2589 25ab 2678 269a 345a 3479 "
    "3689 36ab 378b 4567 459b 468b 478a 568a 579a 679b 89ab "
)


# Quadruples that cover every triple of 10 or 14 places exactly once (Steiner systems), as orbits of one permutation each:
# the cycle of 10 places; two cycles of 7 places. Found by exact cover; checked when they are used.
_CYCLIC = {
    10: ("0126 0134 0247", (1, 2, 3, 4, 5, 6, 7, 8, 9, 0)),
    14: (
        "013c 0125 017d 0189 01ab 789b 09bc 0279 039d 02ac 028d 038b 037a",
        (1, 2, 3, 4, 5, 6, 0, 8, 9, 10, 11, 12, 13, 7),
    ),
}


@lru_cache(maxsize=64)
def quadruples(k: int) -> tuple[tuple[int, ...], ...]:
    """Quadruples from k places that meet pairwise in at most two places: no triple lies in two of them.

    Greedily, from a Steiner system or a list, or from those on k + 1 places by leaving out the place that is used least.

    >>> [len(quadruples(k)) for k in (8, 9, 10, 11, 12, 13, 14, 16)]
    [14, 18, 30, 34, 51, 65, 91, 140]
    """
    if k == 12:
        return _compatible(_read(_TWELVE))
    if k in _CYCLIC:
        return _compatible(_orbits(*_CYCLIC[k]))
    greedy = _compatible(combinations(range(k), 4))
    if not 9 <= k <= 15:
        return greedy
    larger = quadruples(k + 1)
    drop = min(range(k + 1), key=lambda place: sum(place in q for q in larger))
    shortened = tuple(tuple(i - (i > drop) for i in q) for q in larger if drop not in q)
    return max(greedy, shortened, key=len)


def _read(words: str) -> list[tuple[int, ...]]:
    """Quadruples written with digits of base 14."""
    return [tuple(int(digit, 14) for digit in word) for word in words.split()]


def _orbits(words: str, permutation: tuple[int, ...]) -> list[tuple[int, ...]]:
    """All images of the quadruples under the powers of a permutation, each once."""
    found: list[tuple[int, ...]] = []
    for quadruple in _read(words):
        image = quadruple
        while image not in found:
            found.append(image)
            image = tuple(sorted(permutation[i] for i in image))
    return found


def _compatible(candidates: Iterable[tuple[int, ...]]) -> tuple[tuple[int, ...], ...]:
    """Those candidates, in order, that share no triple with one taken before."""
    chosen: list[tuple[int, ...]] = []
    triples: set[tuple[int, ...]] = set()
    for quadruple in candidates:
        inside = list(combinations(quadruple, 3))
        if not any(t in triples for t in inside):
            chosen.append(quadruple)
            triples.update(inside)
    return tuple(chosen)


def kissing_code_size(k: int) -> tuple[int, str]:
    """Size and name of the largest code here with inner products at most 1/2 in R^k, k >= 2.

    >>> kissing_code_size(16), kissing_code_size(48)
    ((4320, 'Leech section'), (393120, 'orthogonal Leech configurations'))
    """
    options = [(2 * k * (k - 1), f"D{k} roots")] if k >= 3 else [(6, "hexagon")]
    options += [
        (size, f"{name} roots") for name, dim, size in (("E6", 6, 72), ("E7", 7, 126), ("E8", 8, 240)) if dim == k
    ]
    if 9 <= k <= 24:
        options.append((2 * k + 16 * len(quadruples(k)), "quadruples"))
    if 15 <= k <= 24:
        options.append((section_size(k), "Leech section" if k < 24 else "Leech"))
    if k > 24:
        copies, rest = divmod(k, 24)
        size = copies * section_size(24) + (kissing_code_size(rest)[0] if rest > 1 else 2 * rest)
        options.append((size, "orthogonal Leech configurations"))
    return max(options, key=lambda pair: pair[0])
