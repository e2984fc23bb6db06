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

__all__ = ["kissing_code_size", "quadruples"]


# 51 quadruples from 12 places (base 12 digits) that meet pairwise in at most two: the greedy order finds fewer.
# Found by local search among sets with a symmetry of order 4; checked when it is read.
_TWELVE = (
    "0123 0147 015a 0168 019b 0246 0257 028b 034b 0359 0367 038a 0458 049a 056b 0789 07ab 1245 126b 1279 "
    "128a 1346 1357 139a 1489 14ab 1569 158b 167a 2348 2356 237a 239b 247b 2589 25ab 2678 269a 345a 3479 "
    "3689 36ab 378b 4567 459b 468b 478a 568a 579a 679b 89ab "
)


@lru_cache(maxsize=64)
def quadruples(k: int) -> tuple[tuple[int, ...], ...]:
    """Quadruples from k places that meet pairwise in at most two places: no triple lies in two of them.

    Greedily, or from those on k + 1 places by leaving out the place that is used least.

    >>> [len(quadruples(k)) for k in (8, 11, 12, 16)]
    [14, 34, 51, 140]
    """
    if k == 12:
        return _compatible([tuple(int(digit, 12) for digit in word) for word in _TWELVE.split()])
    greedy = _compatible(combinations(range(k), 4))
    if not 9 <= k <= 15:
        return greedy
    larger = quadruples(k + 1)
    drop = min(range(k + 1), key=lambda place: sum(place in q for q in larger))
    shortened = tuple(tuple(i - (i > drop) for i in q) for q in larger if drop not in q)
    return max(greedy, shortened, key=len)


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
    """Size and name of the largest code here with inner products at most 1/2 in R^k, k >= 2."""
    options = [(2 * k * (k - 1), f"D{k} roots")] if k >= 3 else [(6, "hexagon")]
    options += [
        (size, f"{name} roots") for name, dim, size in (("E6", 6, 72), ("E7", 7, 126), ("E8", 8, 240)) if dim == k
    ]
    if 9 <= k <= 24:
        options.append((2 * k + 16 * len(quadruples(k)), "quadruples"))
    return max(options, key=lambda pair: pair[0])
