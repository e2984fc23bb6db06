"""Binary linear codes by generator matrices: Reed–Muller, extended BCH, extended Golay; words, duals, Kerdock forms."""

from __future__ import annotations

from itertools import combinations
from math import comb

import numpy as np
from numpy.typing import ArrayLike, NDArray

from constructions import _arguments as check

Bits = NDArray[np.uint8]

# x^m + (lower terms), irreducible and primitive over GF(2); bit i is the coefficient of x^i.
_PRIMITIVE = {2: 7, 3: 11, 4: 19, 5: 37, 6: 67, 7: 131, 8: 285, 9: 529, 10: 1033, 11: 2053, 12: 4179}
MAX_LOG_LENGTH = max(_PRIMITIVE)


def reduced(generators: ArrayLike) -> Bits:
    """Row-reduced basis of the span of binary rows (k, n), by elimination over GF(2).

    Examples
    --------
    >>> reduced([[1, 1, 0], [1, 0, 1], [0, 1, 1]])
    array([[1, 0, 1],
           [0, 1, 1]], dtype=uint8)
    """
    rows = np.array(generators, dtype=np.uint8) % 2
    rank = 0
    for column in range(rows.shape[1]):
        pivot = rank + np.flatnonzero(rows[rank:, column])
        if not pivot.size:
            continue
        rows[[rank, pivot[0]]] = rows[[pivot[0], rank]]
        others = np.flatnonzero(rows[:, column])
        rows[others[others != rank]] ^= rows[rank]
        rank += 1
        if rank == len(rows):
            break
    return rows[:rank]


def words(generators: ArrayLike, most: int | None = None) -> Bits:
    """Codewords of independent generators (k, n): all 2^k, or the first `most` in the order of the messages.

    Examples
    --------
    >>> words([[1, 1, 0], [0, 1, 1]]).tolist()
    [[0, 0, 0], [1, 1, 0], [0, 1, 1], [1, 0, 1]]
    """
    rows = np.asarray(generators, dtype=np.uint8)
    result = np.zeros((1, rows.shape[1]), dtype=np.uint8)
    for row in rows:
        if most is not None and len(result) >= most:
            break
        result = np.vstack([result, result ^ row])
    return result if most is None else result[:most]


def dual(generators: ArrayLike) -> Bits:
    """A basis of the words orthogonal to all generators.

    Examples
    --------
    >>> dual([[1, 1, 1]]).tolist()
    [[1, 1, 0], [1, 0, 1]]
    """
    basis = reduced(generators)
    n = basis.shape[1]
    pivots = [int(np.flatnonzero(row)[0]) for row in basis]
    free = [j for j in range(n) if j not in set(pivots)]
    result = np.zeros((len(free), n), dtype=np.uint8)
    for i, j in enumerate(free):
        result[i, j] = 1
        result[i, pivots] = basis[:, j]
    return result


def points(m: int) -> Bits:
    """The 2^m points of F_2^m, shape (2^m, m), in binary order."""
    return ((np.arange(1 << m)[:, None] >> np.arange(m)) & 1).astype(np.uint8)


def reed_muller(order: int, m: int, most_rows: int | None = None) -> Bits:
    """Generators of RM(order, m): monomials of degree ≤ order on F_2^m, shape (Σ C(m, i), 2^m); distance 2^{m−order}.

    Examples
    --------
    >>> reed_muller(1, 2).tolist()
    [[1, 1, 1, 1], [0, 1, 0, 1], [0, 0, 1, 1]]
    """
    m = check.integer("m", m, 0)
    order = check.integer("order", order, 0)
    if order > m:
        raise ValueError(f"order must be at most m = {m}, got {order}")
    x = points(m)
    rows = []
    for degree in range(order + 1):
        for chosen in combinations(range(m), degree):
            rows.append(x[:, list(chosen)].all(axis=1))
            if most_rows is not None and len(rows) >= most_rows:
                return np.array(rows, dtype=np.uint8)
    return np.array(rows, dtype=np.uint8)


def reed_muller_dimension(order: int, m: int) -> int:
    """Σ_{i ≤ order} C(m, i)."""
    return sum(comb(m, i) for i in range(order + 1))


def golay() -> Bits:
    """Generators of the extended Golay code [24, 12, 8]: quadratic residues mod 23, and the parity.

    Examples
    --------
    >>> import collections
    >>> sorted(collections.Counter(words(golay()).sum(axis=1).tolist()).items())
    [(0, 1), (8, 759), (12, 2576), (16, 759), (24, 1)]
    """
    residues = {i * i % 23 for i in range(1, 23)}
    idempotent = np.array([1 if i in residues else 0 for i in range(23)], dtype=np.uint8)
    rows = np.array([np.roll(idempotent, i) for i in range(23)])
    extended = np.column_stack([rows, rows.sum(axis=1) % 2]).astype(np.uint8)
    return reduced(extended)


def powers_of_root(m: int) -> NDArray[np.int64]:
    """α^0, …, α^{2^m − 2} for a primitive α of GF(2^m), as bit patterns."""
    if m not in _PRIMITIVE:
        raise ValueError(f"m must be from 2 to {MAX_LOG_LENGTH}, got {m}")
    value, result = 1, []
    for _ in range((1 << m) - 1):
        result.append(value)
        value <<= 1
        if value >> m:
            value ^= _PRIMITIVE[m]
    return np.array(result)


def _cosets(m: int, designed: int) -> tuple[set[int], list[int]]:
    """Exponents of the roots of the narrow-sense BCH code of that designed distance, and coset leaders."""
    n = (1 << m) - 1
    roots: set[int] = set()
    leaders = []
    for i in range(1, designed):
        if i % n not in roots:
            leaders.append(i % n)
            j = i % n
            while j not in roots:
                roots.add(j)
                j = 2 * j % n
    return roots, leaders


def bch_dimension(m: int, designed: int) -> int:
    """Dimension of the BCH code of length 2^m − 1 with zeros α, …, α^{designed−1}.

    Examples
    --------
    >>> bch_dimension(4, 5), bch_dimension(8, 31)
    (7, 139)
    """
    return (1 << m) - 1 - len(_cosets(m, designed)[0])


def extended_bch(m: int, designed: int, most_rows: int | None = None) -> Bits:
    """Generators of the BCH code of odd designed distance, extended by the parity: length 2^m, distance designed + 1.

    The first row is the word of ones (which is in the code, since 1 is no zero of it and the length is odd), so that
    any leading part of the code is closed under complements.

    Examples
    --------
    >>> w = words(extended_bch(4, 5)).sum(axis=1)
    >>> int(w[w > 0].min()), len(w)
    (6, 128)
    """
    designed = check.integer("designed", designed, 3)
    if designed % 2 == 0 or designed >= 1 << m:
        raise ValueError(f"designed must be odd and below 2^m = {1 << m}, got {designed}")
    power = powers_of_root(m)
    n = len(power)
    log = {int(p): i for i, p in enumerate(power)}
    roots, leaders = _cosets(m, designed)
    generator = np.array([1], dtype=np.int64)
    for leader in leaders:
        # Minimal polynomial: the product of x − α^j over the coset, with coefficients in GF(2^m) that end in GF(2).
        factor = [1]
        j = leader
        while True:
            shifted = [0, *factor]
            scaled = [0 if c == 0 else int(power[(log[c] + j) % n]) for c in factor] + [0]
            factor = [a ^ b for a, b in zip(shifted, scaled, strict=True)]
            j = 2 * j % n
            if j == leader:
                break
        generator = np.convolve(generator, factor) % 2
    k = n - len(roots)
    rows = [np.ones(n, dtype=np.uint8)]
    for i in range(k - 1 if most_rows is None else min(k - 1, most_rows - 1)):
        row = np.zeros(n, dtype=np.uint8)
        row[i : i + len(generator)] = generator
        rows.append(row)
    matrix = np.array(rows)
    # The ones are a combination of all k shifts (their sum has (x^n−1)/(x−1) as multiple of the generator only with the
    # last shift), so the first k − 1 shifts and the ones are independent.
    return np.column_stack([matrix, matrix.sum(axis=1) % 2]).astype(np.uint8)


def kerdock_forms(m: int) -> NDArray[np.uint8]:
    """Values of 2^{m−1} quadratic forms on F_2^m, m even, whose pairwise differences are nonsingular; (2^{m−1}, 2^m).

    Q_a(x, ε) = Σ_{j=1}^{(m−2)/2} Tr((ax)^{2^j + 1}) + ε Tr(ax) on GF(2^{m−1}) × GF(2) (Kerdock 1972; MacWilliams and
    Sloane, Ch. 15).

    Raises
    ------
    ValueError
        If m is odd, below 4 or above 12.
    """
    m = check.integer("m", m, 4)
    if m % 2 or m > 12:
        raise ValueError(f"m must be even and at most 12, got {m}")
    power = powers_of_root(m - 1)
    n = len(power)
    log = np.full(n + 1, -1)
    log[power] = np.arange(n)

    def trace(exponent: NDArray[np.int64]) -> NDArray[np.int64]:
        total = np.zeros_like(exponent)
        for i in range(m - 1):
            total ^= power[(exponent << i) % n]
        return total & 1  # the trace is 0 or 1

    k = np.arange(n)
    diagonal = np.zeros(n, dtype=np.int64)
    for j in range(1, (m - 2) // 2 + 1):
        diagonal ^= trace(k * ((1 << j) + 1) % n)
    linear = trace(k)
    forms = np.zeros((n + 1, 2, n + 1), dtype=np.uint8)
    for a in range(1, n + 1):
        product = (log[a] + log[1:]) % n  # exponent of a·x for x = 1, …, n
        forms[a, 0, 1:] = diagonal[product]
        forms[a, 1, 1:] = diagonal[product] ^ linear[product]
    return forms.reshape(n + 1, 2 * (n + 1))
