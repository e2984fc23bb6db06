"""Sign codes: subsets of {−1, 1}^N with large Hamming distance (Varshamov–Gilbert)."""

from __future__ import annotations

from dataclasses import dataclass
from math import log2

import numpy as np
from numpy.typing import ArrayLike, NDArray

from constructions import _arguments as check
from constructions import memory

_DEFAULT_WORDS = 64
_LEXICOGRAPHIC = 16  # up to this length all 2^N words are searched in order
_BATCH = 256
_MAX_BATCHES = 400


@dataclass(frozen=True, eq=False)
class SignCode:
    """Words of {−1, 1}^N.

    Attributes
    ----------
    words : ndarray of int8, shape (M, N)
        Read-only.
    min_distance : int
        Least Hamming distance of two different words, counted over all pairs (N for a single word).
    """

    words: NDArray[np.int8]
    min_distance: int

    @property
    def size(self) -> int:
        """Number of words M."""
        return int(self.words.shape[0])

    @property
    def length(self) -> int:
        """Word length N."""
        return int(self.words.shape[1])


def distances(words: ArrayLike) -> NDArray[np.int64]:
    """Pairwise Hamming distances of sign words (M, N): an (M, M) integer matrix.

    Examples
    --------
    >>> distances([[1, 1, 1], [1, -1, -1]])
    array([[0, 2],
           [2, 0]])
    """
    signs = _signs(words)
    return (signs.shape[1] - _products(signs, signs)) // 2


def gilbert_size(length: int, distance: int) -> int:
    """Number of words that the Gilbert bound guarantees: ⌈2^N / Σ_{j<δ} C(N, j)⌉.

    A maximal code of minimum distance δ is covered by its balls of radius δ − 1. With δ = ⌈N/8⌉ the logarithm to base 2 is
    at least N/8 (Varshamov–Gilbert as in Tsybakov 2009, Lemma 2.9).

    Examples
    --------
    >>> gilbert_size(8, 1), gilbert_size(8, 8)
    (256, 2)
    """
    length = check.integer("length", length, 1)
    distance = _distance(distance, length)
    volume = term = 1
    for j in range(1, distance):
        term = term * (length - j + 1) // j
        volume += term
    return -(-(1 << length) // volume)


def varshamov_gilbert(length: int, size: int | None = None, min_distance: int | None = None, seed: int = 0) -> SignCode:
    """Sign words with pairwise Hamming distance at least `min_distance`, counted over all pairs.

    Words of up to 16 signs are taken in lexicographic order, which attains at least the Gilbert bound. Longer ones are
    drawn uniformly and kept if they are far from those kept before.

    Parameters
    ----------
    length : int
        Word length N ≥ 1.
    size : int, optional
        Number of words; by default min(64, ⌈Gilbert bound⌉).
    min_distance : int, optional
        By default ⌈N/8⌉.
    seed : int
        Seed of the draw.

    Raises
    ------
    ValueError
        If that many words were not found, with the number found and the number guaranteed to exist.

    Examples
    --------
    >>> code = varshamov_gilbert(264)
    >>> code.size, code.min_distance >= 33
    (64, True)
    """
    length = check.integer("length", length, 1)
    seed = check.integer("seed", seed, 0)
    distance = -(-length // 8) if min_distance is None else _distance(min_distance, length)
    memory.require_array("length", _BATCH, length, copies=3)
    if size is None:
        # The balls have at most 2^(N H(share)) words, H the binary entropy: no need to count them where they are small.
        share = (distance - 1) / length
        spare = length * (1 - _entropy(share)) if share < 0.5 else 0.0
        wanted = _DEFAULT_WORDS if spare > 8 else min(_DEFAULT_WORDS, gilbert_size(length, distance))
    else:
        wanted = check.integer("size", size, 1)
        memory.require_array("size", wanted, wanted, copies=3)
    rng = np.random.default_rng(seed)
    words = np.empty((0, length), dtype=np.int8)
    if length <= _LEXICOGRAPHIC:
        numbers = np.arange(1 << length)
        everything = (1 - 2 * ((numbers[:, None] >> np.arange(length)) & 1)).astype(np.int8)
        words = _extend(words, everything, distance, wanted)
    else:
        for _ in range(_MAX_BATCHES):
            if len(words) >= wanted:
                break
            draw = (2 * rng.integers(0, 2, size=(_BATCH, length), dtype=np.int8) - 1).astype(np.int8)
            words = _extend(words, draw, distance, wanted)
    if len(words) < wanted:
        raise ValueError(
            f"size must be attainable: {wanted} words of length {length} at distance {distance} were asked for, "
            f"{len(words)} were found, and 2^{log2(gilbert_size(length, distance)):.6g} are guaranteed to exist; "
            "pass a smaller size or min_distance"
        )
    pairwise = distances(words)
    off = pairwise[~np.eye(len(words), dtype=bool)]
    words.setflags(write=False)
    return SignCode(words, int(off.min()) if off.size else length)


def _entropy(share: float) -> float:
    return 0.0 if share in (0, 1) else -share * log2(share) - (1 - share) * log2(1 - share)


def _distance(value: int, length: int) -> int:
    distance = check.integer("min_distance", value, 1)
    if distance > length:
        raise ValueError(f"min_distance must be at most the length {length}, got {distance}")
    return distance


def _signs(words: ArrayLike) -> NDArray[np.int8]:
    signs = check.array("words", words, (None, None))
    if not signs.size or not np.isin(signs, (-1, 1)).all():
        raise ValueError(f"words must be a non-empty matrix of entries -1 and 1, got shape {signs.shape}")
    return signs.astype(np.int8)


def _products(first: NDArray[np.int8], second: NDArray[np.int8]) -> NDArray[np.int64]:
    """Inner products, exact: all partial sums are integers of at most N < 2^53."""
    return (first.astype(np.float64) @ second.astype(np.float64).T).astype(np.int64)


def _extend(words: NDArray[np.int8], candidates: NDArray[np.int8], distance: int, wanted: int) -> NDArray[np.int8]:
    """`words` and the candidates that keep the distance, in order, up to `wanted` words."""
    length = words.shape[1]
    most = length - 2 * distance  # largest inner product at that distance
    alive = np.ones(len(candidates), dtype=bool)
    if len(words):
        alive = _products(candidates, words).max(axis=1) <= most
    kept: list[NDArray[np.int8]] = []
    while len(words) + len(kept) < wanted and alive.any():
        index = int(np.argmax(alive))
        kept.append(candidates[index])
        alive[index] = False
        alive &= _products(candidates, candidates[index : index + 1])[:, 0] <= most
    return np.vstack([words, *(word[None] for word in kept)])
