"""Hull margins in exact rational arithmetic, by trying every face: for few points."""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations

import numpy as np


def solve(matrix: list[list[Fraction]], right: list[Fraction]) -> list[Fraction] | None:
    """The solution of a square system, None if it is singular."""
    rows = [[*row, value] for row, value in zip(matrix, right, strict=True)]
    for i in range(len(rows)):
        pivot = next((j for j in range(i, len(rows)) if rows[j][i] != 0), None)
        if pivot is None:
            return None
        rows[i], rows[pivot] = rows[pivot], rows[i]
        for j in range(len(rows)):
            if j != i and rows[j][i] != 0:
                factor = rows[j][i] / rows[i][i]
                rows[j] = [a - factor * b for a, b in zip(rows[j], rows[i], strict=True)]
    return [row[-1] / row[i] for i, row in enumerate(rows)]


def squared_margin(X: np.ndarray, row: int) -> Fraction:
    """The squared distance of x_row to the convex hull of the other points: the least over faces with a projection inside."""
    own = [Fraction(value) for value in X[row].tolist()]
    others = [
        [Fraction(value) - o for value, o in zip(x, own, strict=True)]
        for x in np.unique(np.delete(X, row, axis=0), axis=0).tolist()
    ]
    best: list[Fraction] = []
    for size in range(1, min(len(others), len(own) + 1) + 1):
        for face in combinations(others, size):
            gram = [[sum(a * b for a, b in zip(p, q, strict=True)) for q in face] + [Fraction(1)] for p in face]
            found = solve([*gram, [Fraction(1)] * size + [Fraction(0)]], [Fraction(0)] * size + [Fraction(1)])
            if found is None or min(found[:size]) < 0:
                continue
            nearest = [sum(c * p[k] for c, p in zip(found, face, strict=False)) for k in range(len(own))]
            best.append(sum(value * value for value in nearest))
    return min(best)


def hard_points(rng: np.random.Generator) -> np.ndarray:
    """Few points, some on a grid, under shifts of 1 ... 1e15 and units of 1e-12 ... 1e12 of each column."""
    n, d = int(rng.integers(2, 7)), int(rng.integers(1, 4))
    X = rng.standard_normal((n, d)) if rng.random() < 0.6 else rng.integers(0, 4, (n, d)).astype(float)
    units = 10.0 ** rng.uniform(-12, 12, d) if rng.random() < 0.7 else np.ones(d)
    shift = 10.0 ** rng.uniform(0, 15, d) * rng.choice([-1.0, 0.0, 1.0], d)
    return X * units + shift
