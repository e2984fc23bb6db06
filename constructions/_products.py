"""All pairwise products of rows, tile by tile: in single or double precision, with antipodal rows taken once."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

_TILE_ROWS = 512
_TILE_COLUMNS = 4096  # 8 MB of float32 with 512 rows: stays near the caches

Real = NDArray[np.float64] | NDArray[np.float32]


def antipodal_half(rows: NDArray[np.generic]) -> NDArray[np.generic] | None:
    """One row of each pair {x, −x} if the rows are such pairs, else None; exact, entry by entry.

    Examples
    --------
    >>> antipodal_half(np.array([[1, 0], [0, -2], [-1, 0], [0, 2]])).tolist()
    [[0, 2], [1, 0]]
    """
    if len(rows) % 2:
        return None
    lead = np.take_along_axis(rows, (rows != 0).argmax(axis=1)[:, None], axis=1)
    signs = np.sign(lead)
    canonical = np.ascontiguousarray(rows * signs + np.zeros(1, dtype=rows.dtype))  # the sum turns −0.0 into 0.0
    keys = canonical.view(np.dtype((np.void, canonical.dtype.itemsize * canonical.shape[1])))[:, 0]
    order = np.argsort(keys, kind="stable")
    even, odd = order[0::2], order[1::2]
    if (signs[even] + signs[odd]).any() or not np.array_equal(canonical[even], canonical[odd]):
        return None
    return canonical[even]


def tiles(first: Real, second: Real | None, absent: float) -> Iterator[tuple[int, int, Real]]:
    """Tiles (i, j, first[i:i+m] @ second[j:j+k].T); the buffer is reused, so use each before the next.

    Without `second`, the pairs i < j of `first`: entries on and below the diagonal read `absent`.
    """
    other = first if second is None else second
    buffer = np.empty(_TILE_ROWS * _TILE_COLUMNS, dtype=first.dtype)
    for i in range(0, len(first), _TILE_ROWS):
        left = first[i : i + _TILE_ROWS]
        for j in range(0 if second is not None else i, len(other), _TILE_COLUMNS):
            right = other[j : j + _TILE_COLUMNS]
            block = buffer[: len(left) * len(right)].reshape(len(left), len(right))
            np.matmul(left, right.T, out=block)
            if second is None and j < i + len(left):
                block[np.arange(len(left))[:, None] + i >= np.arange(len(right)) + j] = absent
            yield i, j, block


def largest(block: Real, absolute: bool) -> float:
    """Largest entry, or largest absolute value."""
    top = float(block.max())
    return max(top, -float(block.min())) if absolute else top
